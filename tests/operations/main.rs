//! Each operation from end to end, against controllers of all versions: what comes back, and what a refusal says.

mod current_identity;
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

/// A service with these policies.
fn service(name: &str, policies: Vec<Policy>) -> ServiceSpec {
    ServiceSpec { name: name.to_owned(), policies, ..ServiceSpec::default() }
}
