//! What controllers are to prove at an enrollment. No controller that was ever seen does it: all answer 501.
//!
//! | operation | Rust | C |
//! |---|---|---|
//! | `GET /enroll/jwks` | [`Enrollments::jwks`] | `zec_enrollments_jwks` |
//! | `POST /enroll/challenge` | [`Enrollments::challenge`] | `zec_enrollments_challenge` |

#[cfg(feature = "capi")]
pub(crate) mod ffi;
mod model;

pub use model::{Jwk, Jwks, NonceSignature};

use serde::Serialize;

use super::{Enrollments, post};
use crate::error::Error;
use crate::wire::{Body, Request, envelope};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Challenge<'a> {
    nonce: &'a str,
    key_id: &'a str,
}

impl Enrollments<'_> {
    /// The keys by which a controller signs its enrollment tokens.
    ///
    /// `GET /enroll/jwks` (getEnrollmentJwks)
    ///
    /// # Errors
    /// [`Error::Unsupported`] from every controller that was ever seen.
    pub fn jwks(&self) -> Result<Jwks, Error> {
        self.ask(&Request::get("/enroll/jwks").without_login(), envelope::bare)
    }

    /// Has the controller sign `nonce`, a UUID, with the key named `key_id`.
    ///
    /// `POST /enroll/challenge` (enrollmentChallenge)
    ///
    /// # Errors
    /// [`Error::Unsupported`] from every controller that was ever seen.
    pub fn challenge(&self, nonce: &str, key_id: &str) -> Result<NonceSignature, Error> {
        self.ask(&post("/enroll/challenge").body(Body::json(&Challenge { nonce, key_id })), envelope::bare)
    }
}
