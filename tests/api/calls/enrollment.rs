//! Becoming an identity.

use ziti_edge_client::api::enrollment::EnrollBody;
use ziti_edge_client::{Client, EnrollOptions, Enrollment, EnrollmentMethod, Secret};
use ziti_edge_testkit::{Created, ExternalSigner, IdentityOptions};

use super::{Call, Scene};
use crate::support::{client_of, csr};

fn created(scene: &Scene, method: &str) -> Created {
    let method = method.to_owned();
    scene.controller.create_identity_with(IdentityOptions { name: "bob".to_owned(), method, ..Default::default() })
}

fn token_of(created: &Created) -> Secret {
    Secret::new(created.token.clone())
}

/// A client of somebody whose certificate an authority has issued that the controller trusts.
fn of_authority(scene: &Scene) -> Client {
    let papers = scene.controller.add_authority("partner").issue("bob");
    client_of(&scene.controller, &papers.certificate, &papers.key)
}

/// A token of a signer whose tokens enroll in both ways.
fn external_token(scene: &Scene) -> Secret {
    let signer =
        ExternalSigner { enrolls_to_certificate: true, enrolls_to_token: true, ..ExternalSigner::named("idp") };
    let id = scene.controller.add_external_signer(signer);
    Secret::new(scene.controller.external_token(&id, &serde_json::json!({"sub": "bob"})).unwrap())
}

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
    Call::new("client enroll", |scene| {
        let (csr, key) = csr("bob");
        let token = token_of(&created(scene, "ott"));
        let enrolled =
            scene.client.enrollments().enroll(EnrollmentMethod::Ott, Some(&token), &EnrollBody::new().csr(&csr))?;
        client_of(&scene.controller, &enrolled.cert.unwrap(), &key).authenticate().map(drop)
    })
    .case("by itself")
    .query("method=ott&token=*")
    .headers(&[("content-type", "text/plain")])
    .body("-----BEGIN CERTIFICATE REQUEST-----*"),
    Call::new("client enrollOtt", |scene| {
        let (csr, key) = csr("bob");
        let enrolled = scene.client.enrollments().ott(&token_of(&created(scene, "ott")), &csr)?;
        client_of(&scene.controller, &enrolled.cert.unwrap(), &key).authenticate().map(drop)
    })
    .body(r#"{"token":"*","clientCsr":"-----BEGIN CERTIFICATE REQUEST-----*"}"#),
    Call::new("client enrollOttCa", |scene| {
        let client = of_authority(scene);
        client.enrollments().ottca(&token_of(&created(scene, "ottca")))?;
        client.authenticate().map(drop)
    })
    .body(r#"{"token":"*"}"#),
    Call::new("client enrollOttCa", |scene| scene.client.enrollments().ottca(&token_of(&created(scene, "ottca"))))
        .case("a certificate of the network")
        .body(r#"{"token":"*"}"#)
        .refused(400, "CERTIFICATE_FAILED_VALIDATION"),
    Call::new("client enrollCa", |scene| of_authority(scene).enrollments().ca()).refused(500, "HTTP_500"),
    Call::new("client enrollUpdb", |scene| {
        let token = token_of(&created(scene, "updb"));
        let enrolled = scene.client.enrollments().updb(&token, "chosen", &Secret::new("Passw0rd!"))?;
        assert_eq!(enrolled.username.as_deref(), Some("bob"), "whatever was chosen");
        Ok(())
    })
    .query("token=*")
    .body(r#"{"username":"chosen","password":"Passw0rd!"}"#),
    Call::new("client enrollErOtt", |scene| {
        let router = scene.controller.create_router();
        let (csr, _) = csr(&router.id);
        scene.client.enrollments().erott(&token_of(&router), &csr, &csr).map(drop)
    })
    .body(r#"{"token":"*","clientCsr":"*","serverCsr":"*"}"#)
    .refused(400, "MISSING_OR_INVALID_CSR"),
    Call::new("client enrollToken", |scene| {
        let (csr, key) = csr("bob");
        let enrolled = scene.client.enrollments().token(&external_token(scene), Some(&csr), None)?;
        assert!(enrolled.ca.is_some());
        client_of(&scene.controller, &enrolled.cert.unwrap(), &key).authenticate().map(drop)
    })
    .headers(&[("authorization", "Bearer *.*.*")])
    .body(r#"{"clientCsr":"-----BEGIN CERTIFICATE REQUEST-----*"}"#),
    Call::new("client enrollToken", |scene| {
        scene.client.enrollments().token(&external_token(scene), None, Some("signer")).map(drop)
    })
    .case("with a signer")
    .headers(&[("ziti-token-issuer-id", "signer")])
    .body("{}")
    .refused(400, "INVALID_ENROLLMENT_TOKEN"),
    Call::new("client extendRouterEnrollment", |scene| {
        let router = scene.controller.create_router();
        let (csr, key) = csr(&router.id);
        let body = EnrollBody::new().cert_csr(&csr).server_cert_csr(&csr);
        let enrolled = scene.client.enrollments().enroll(EnrollmentMethod::ErOtt, Some(&token_of(&router)), &body)?;
        let client = client_of(&scene.controller, &enrolled.cert.unwrap(), &key);
        let renewed = client.enrollments().extend_router(&csr, &csr)?;
        assert!(renewed.cert.is_some() && renewed.server_cert.is_some() && renewed.ca.is_none());
        Ok(())
    })
    .body(r#"{"certCsr":"*","serverCertCsr":"*"}"#),
    Call::new("client extendRouterEnrollment", |scene| {
        scene.client.enrollments().extend_router("csr", "csr").map(drop)
    })
    .case("by an identity")
    .body(r#"{"certCsr":"csr","serverCertCsr":"csr"}"#)
    .refused(401, "UNAUTHORIZED"),
    Call::new("client getEnrollmentJwks", |scene| scene.client.enrollments().jwks().map(drop)).not_there(),
    Call::new("client enrollmentChallenge", |scene| {
        scene.client.enrollments().challenge("e04cf28e-ef01-4f26-abae-d15fd31d3fcb", "key").map(drop)
    })
    .body(r#"{"nonce":"e04cf28e-ef01-4f26-abae-d15fd31d3fcb","keyId":"key"}"#)
    .not_there(),
    Call::new("client listNetworkJWTs", |scene| {
        let jwts = scene.client.network_jwts().list()?;
        let enrollment = Enrollment::parse(&jwts[0].token)?;
        assert_eq!(enrollment.issuer(), scene.controller.url());
        Ok(())
    }),
];
