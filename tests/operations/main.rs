//! Each operation from end to end, against controllers of all versions: what comes back, and what a refusal says.

mod about;
mod current_identity;
mod enrollment;
mod posture;
mod raw;
mod service_parts;
mod sessions;
#[path = "../support/mod.rs"]
mod support;

use ziti_edge_client::{ApiError, Error};
use ziti_edge_testkit::{Policy, ServiceSpec};

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
