//! Becoming an identity.

use serde_json::json;
use ziti_edge_client::api::enrollment::{EnrollBody, Enrolled};
use ziti_edge_client::{Client, Enrollment, EnrollmentMethod, Error, Secret};

use super::Call;
use crate::network::{Network, unique};
use crate::outcome::Outcome;
use crate::papers::{Authority, NewRouter, Signer, enrollment_token, key_and_csr};

/// The token is not looked for where it is.
const UNKNOWN: Outcome = Outcome::Refused(400, "INVALID_ENROLLMENT_TOKEN");

pub(super) const CALLS: &[Call] = &[
    Call::new("client enroll", |network| {
        let (key, csr) = key_and_csr("own");
        let token = enrollment_token(network, "ott", json!(true));
        let enrolled = enroll(&network.new_client(), EnrollmentMethod::Ott, &token, &EnrollBody::new().csr(&csr))?;
        network.client_of(&enrolled.cert.unwrap(), &key).authenticate().map(drop)
    })
    .case("by ott"),
    Call::new("client enroll", |network| {
        let token = enrollment_token(network, "ott", json!(true));
        let client = network.new_client();
        enroll(&client, EnrollmentMethod::Ott, &token, &EnrollBody::new().csr(&key_and_csr("own").1))?;
        enroll(&client, EnrollmentMethod::Ott, &token, &EnrollBody::new().csr(&key_and_csr("own").1)).map(drop)
    })
    .case("by ott twice")
    .refused(400, "INVALID_ENROLLMENT_TOKEN"),
    Call::new("client enroll", |network| {
        let authority = Authority::register(network);
        let client = of(network, &authority);
        enroll(
            &client,
            EnrollmentMethod::OttCa,
            &enrollment_token(network, "ottca", json!(authority.id)),
            &EnrollBody::new(),
        )?;
        client.authenticate().map(drop)
    })
    .case("by ottca"),
    Call::new("client enroll", |network| {
        let client = of(network, &Authority::register(network));
        client.enrollments().enroll(EnrollmentMethod::Ca, None, &EnrollBody::new())?;
        adopt(network, &client)
    })
    .case("by ca"),
    Call::new("client enroll", |network| {
        let (name, password) = (unique("user"), Secret::new("Passw0rd!"));
        let token = enrollment_token(network, "updb", json!(name));
        let body = EnrollBody::new().username(&name).password(&password);
        let enrolled = enroll(&network.new_client(), EnrollmentMethod::Updb, &token, &body)?;
        assert!(enrolled.username.is_none_or(|username| username == name));
        Ok(())
    })
    .case("by updb"),
    Call::new("client enroll", |network| renewable_router(network).map(drop)).case("by erott"),
    Call::new("client enrollOtt", |network| {
        let (key, csr) = key_and_csr("own");
        let token = enrollment_token(network, "ott", json!(true));
        let enrolled = network.new_client().enrollments().ott(&token, &csr)?;
        network.client_of(&enrolled.cert.unwrap(), &key).authenticate().map(drop)
    })
    .at_1_3(UNKNOWN),
    Call::new("client enrollOttCa", |network| {
        let authority = Authority::register(network);
        let client = of(network, &authority);
        client.enrollments().ottca(&enrollment_token(network, "ottca", json!(authority.id)))?;
        client.authenticate().map(drop)
    })
    .at_1_3(UNKNOWN),
    Call::new("client enrollOttCa", |network| {
        let token = enrollment_token(network, "ottca", json!(Authority::register(network).id));
        network.new_client().enrollments().ottca(&token)
    })
    .case("with a certificate of the network")
    .refused(400, "CERTIFICATE_FAILED_VALIDATION")
    .at_1_3(UNKNOWN),
    Call::new("client enrollCa", |network| of(network, &Authority::register(network)).enrollments().ca())
        .refused(500, "HTTP_500")
        .at_1_3(Outcome::Refused(400, "INVALID_CONTENT_TYPE")),
    Call::new("client enrollUpdb", |network| {
        let name = unique("user");
        let token = enrollment_token(network, "updb", json!(name));
        let enrolled = network.new_client().enrollments().updb(&token, "chosen", &Secret::new("Passw0rd!"))?;
        assert_eq!(enrolled.username, Some(name), "whatever was chosen");
        Ok(())
    })
    .at_1_3(Outcome::NotThere),
    Call::new("client enrollErOtt", |network| {
        let router = NewRouter::register(network);
        let (_, csr) = key_and_csr(&router.id);
        network.new_client().enrollments().erott(&router.token, &csr, &csr).map(drop)
    })
    .refused(400, "MISSING_OR_INVALID_CSR")
    .at_1_3(UNKNOWN),
    Call::new("client enrollToken", |network| {
        let (key, csr) = key_and_csr("own");
        let token = Signer::register(network).token(&unique("subject"));
        let enrolled = network.new_client().enrollments().token(&token, Some(&csr), None)?;
        assert!(enrolled.ca.is_some_and(|ca| ca.contains("-----BEGIN CERTIFICATE-----")));
        adopt(network, &network.client_of(&enrolled.cert.unwrap(), &key))
    })
    .at_1_6(Outcome::NotThere)
    .at_1_3(Outcome::Refused(404, "NOT_FOUND")),
    Call::new("client enrollToken", |network| {
        let subject = unique("subject");
        let token = Signer::register(network).token(&subject);
        let enrolled = network.new_client().enrollments().token(&token, None, None)?;
        let made = network.admin.find(&format!("identities?filter=externalId%3D%22{subject}%22")).unwrap();
        network.admin.adopt(format!("identities/{}", made[0]["id"].as_str().expect("it is there now")));
        assert!(enrolled.cert.is_none(), "such identities log in by tokens");
        network.new_client().enrollments().token(&token, None, None).map(drop)
    })
    .case("to log in by tokens twice")
    .refused(409, "ENROLLMENT_IDENTITY_ALREADY_ENROLLED")
    .at_1_6(Outcome::NotThere)
    .at_1_3(Outcome::Refused(404, "NOT_FOUND")),
    Call::new("client extendRouterEnrollment", |network| {
        let (client, csr) = renewable_router(network)?;
        let renewed = client.enrollments().extend_router(&csr, &csr)?;
        assert!(renewed.cert.is_some() && renewed.server_cert.is_some());
        Ok(())
    }),
    Call::new("client extendRouterEnrollment", |network| {
        let (_, csr) = key_and_csr("no-router");
        network.new_client().enrollments().extend_router(&csr, &csr).map(drop)
    })
    .case("by an identity")
    .refused(401, "UNAUTHORIZED"),
    Call::new("client getEnrollmentJwks", |network| network.new_client().enrollments().jwks().map(drop)).not_there(),
    Call::new("client enrollmentChallenge", |network| {
        network.new_client().enrollments().challenge("e04cf28e-ef01-4f26-abae-d15fd31d3fcb", "key").map(drop)
    })
    .not_there(),
    Call::new("client listNetworkJWTs", |network| {
        let client = network.new_client();
        let jwts = client.network_jwts().list()?;
        let enrollment = Enrollment::parse(&jwts[0].token)?;
        assert!(
            client.identity().controllers().any(|address| address.starts_with(enrollment.issuer())),
            "{enrollment:?}"
        );
        Ok(())
    }),
];

fn enroll(client: &Client, method: EnrollmentMethod, token: &Secret, body: &EnrollBody<'_>) -> Result<Enrolled, Error> {
    client.enrollments().enroll(method, Some(token), body)
}

/// A client with a certificate of the authority, which the network does not know yet.
fn of(network: &Network, authority: &Authority) -> Client {
    let papers = authority.issue(&unique("guest"));
    network.client_of(&papers.certificate, &papers.key)
}

/// Has the administrator take over an identity that came to be by its own enrollment.
fn adopt(network: &Network, client: &Client) -> Result<(), Error> {
    network.admin.adopt(format!("identities/{}", client.current_identity().get()?.id));
    Ok(())
}

/// A client with the certificate of a router that has just enrolled, and a certificate request for another.
fn renewable_router(network: &Network) -> Result<(Client, String), Error> {
    let router = NewRouter::register(network);
    let (key, csr) = key_and_csr(&router.id);
    let body = EnrollBody::new().cert_csr(&csr).server_cert_csr(&csr);
    let enrolled = enroll(&network.new_client(), EnrollmentMethod::ErOtt, &router.token, &body)?;
    assert!(enrolled.server_cert.is_some() && enrolled.ca.is_some(), "{enrolled:?}");
    Ok((network.client_of(&enrolled.cert.unwrap(), &key), csr))
}
