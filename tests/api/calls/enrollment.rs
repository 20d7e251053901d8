//! Becoming an identity.

use ziti_edge_client::{Client, EnrollOptions, Enrollment};

use super::Call;

pub(super) const CALLS: &[Call] = &[
    Call::new("client enroll", |scene| {
        let token = scene.controller.create_identity("bob");
        let identity = Enrollment::parse(&token)?.enroll(&EnrollOptions::new())?;
        Client::new(&identity)?.authenticate().map(drop)
    })
    .query("method=ott&token=*")
    .body("-----BEGIN CERTIFICATE REQUEST-----\n*\n-----END CERTIFICATE REQUEST-----\n"),
    Call::new("client enroll", |scene| {
        let enrollment = Enrollment::parse(&scene.controller.create_identity("bob"))?;
        enrollment.enroll(&EnrollOptions::new())?;
        enrollment.enroll(&EnrollOptions::new()).map(drop)
    })
    .case("a spent token")
    .query("method=ott&token=*")
    .body("*")
    .refused(400, "INVALID_ENROLLMENT_TOKEN"),
];
