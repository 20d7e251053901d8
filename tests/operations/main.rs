//! Each operation from end to end, against controllers of all versions: what comes back, and what a refusal says.

mod about;
mod authenticators;
mod current_identity;
mod elsewhere;
mod enrollment;
mod factors;
mod lists;
mod management;
mod mfa;
mod posture;
mod raw;
mod service_parts;
mod services;
mod session_certificates;
mod sessions;
#[path = "../support/mod.rs"]
mod support;

use rcgen::{CertificateParams, KeyPair};
use support::ENOUGH;
use ziti_edge_client::api::authenticators::Authenticator;
use ziti_edge_client::api::list::ListQuery;
use ziti_edge_client::api::services::ServiceQuery;
use ziti_edge_client::{ApiError, Client, Error, Identity};
use ziti_edge_testkit::{IdentityOptions, Policy, ServiceSpec, TestController};

/// The controller's answer, which has to be a refusal with this status and code.
fn refusal<T: std::fmt::Debug>(result: Result<T, Error>, status: u16, code: &str) -> ApiError {
    let error = result.unwrap_err();
    let answer = error.answer().unwrap_or_else(|| panic!("no answer of a controller: {error}"));
    assert_eq!((answer.status, answer.code.as_str()), (status, code), "{error}");
    answer.clone()
}

/// Status and code of a refusal.
fn status_and_code<T: std::fmt::Debug>(outcome: Result<T, Error>) -> (u16, String) {
    let error = outcome.unwrap_err();
    let ApiError { status, code, .. } = error.answer().unwrap_or_else(|| panic!("{error:?}"));
    (*status, code.clone())
}

/// A service with these policies.
fn service(name: &str, policies: Vec<Policy>) -> ServiceSpec {
    ServiceSpec { name: name.to_owned(), policies, ..ServiceSpec::default() }
}

/// An operation that needs a complete login.
fn list(client: &Client) -> Result<usize, Error> {
    client.services().list(&ServiceQuery::new()).map(|services| services.len())
}

/// A new key as PEM, and a certificate request for it.
fn key_and_csr() -> (String, String) {
    let key = KeyPair::generate().expect("the system has random numbers");
    let csr = CertificateParams::default().serialize_request(&key).expect("the key can sign");
    (key.serialize_pem(), csr.pem().expect("a request can be written"))
}

/// A client of an identity that has this password beside its certificate.
fn client_with_password(controller: &TestController, password: &str, is_admin: bool) -> Client {
    let options =
        IdentityOptions { name: "alice".into(), password: Some(password.into()), is_admin, ..Default::default() };
    let identity = Identity::from_json(&controller.enrolled_identity_json_with(options)).expect("it is whole");
    Client::builder(&identity).timeout(ENOUGH).build().expect("the identity is complete")
}

/// The only authenticator with this method.
fn own(client: &Client, method: &str) -> Authenticator {
    let all = client.authenticators().list(&ListQuery::new()).unwrap().into_vec();
    let mut fitting = all.into_iter().filter(|own| own.method.as_deref() == Some(method));
    let (own, other) = (fitting.next().expect("there is one"), fitting.next());
    assert_eq!(other, None);
    own
}
