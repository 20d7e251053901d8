//! Enrollment, operation by operation.
//!
//! [`Enrollment`](crate::Enrollment) is the whole way: it checks the token, meets a controller that nothing vouches for
//! yet, makes and keeps the key, and stores the identity. Here is only what the API has: each method sends one request,
//! over the connections of the client, with the certificate of its identity where it has one, and without a login.
//! Nothing is stored, and none of these requests is ever sent twice: **where an answer is lost, the token may be
//! spent.**
//!
//! Controllers differ. [`enroll`](Enrollments::enroll) works with all of them; of the others each says where it does
//! not.
//!
//! | operation | Rust | C |
//! |---|---|---|
//! | `POST /enroll` | [`Enrollment::enroll`](crate::Enrollment::enroll), [`Enrollments::enroll`] | `zec_identity_enroll`, `zec_enrollments_enroll` |
//! | `POST /enroll/ott` | [`Enrollments::ott`] | `zec_enrollments_ott` |
//! | `POST /enroll/ottca` | [`Enrollments::ottca`] | `zec_enrollments_ottca` |
//! | `POST /enroll/ca` | [`Enrollments::ca`] | `zec_enrollments_ca` |
//! | `POST /enroll/updb` | [`Enrollments::updb`] | `zec_enrollments_updb` |
//! | `POST /enroll/erott` | [`Enrollments::erott`] | `zec_enrollments_erott` |
//! | `POST /enroll/token` | [`Enrollments::token`] | `zec_enrollments_token` |
//! | `POST /enroll/extend/router` | [`Enrollments::extend_router`] | `zec_enrollments_extend_router` |

#[cfg(feature = "capi")]
pub(crate) mod ffi;
mod model;
pub(crate) mod network_jwts;
pub(crate) mod proof;
#[cfg(test)]
pub(super) mod recorded;
#[cfg(test)]
mod tests;

pub use model::EnrollBody;
pub use network_jwts::{NetworkJwt, NetworkJwts};
pub use proof::{Jwk, Jwks, NonceSignature};

pub use crate::enroll::answer::Enrolled;

use crate::client::Client;
use crate::enroll::{EnrollmentMethod, answer};
use crate::error::Error;
use crate::secret::Secret;
use crate::wire::request::bearer;
use crate::wire::{Body, Request};
use model::{Credentials, OneTime, OneTimeRouter, RouterCsrs, TokenCsr};

/// The enrollment operations as the API has them.
#[derive(Debug, Clone, Copy)]
pub struct Enrollments<'a> {
    client: &'a Client,
}

impl<'a> Enrollments<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// Enrolls by any method, in the form that every controller understands.
    ///
    /// `POST /enroll` (enroll). All methods but `ca` need the one-time token, which is the `jti` of the enrollment token.
    /// `ottca` and `ca` enroll the certificate of the client's identity.
    ///
    /// # Errors
    /// [`Error::Api`] with the controller's code, such as `INVALID_ENROLLMENT_TOKEN`; [`Error::InvalidArgument`] for a
    /// body of two kinds, and for the methods `network` and `token`, which are not enrolled by here: controllers of 1.3
    /// take what they do not know for `ott`, and the token would be spent.
    pub fn enroll(
        &self,
        method: EnrollmentMethod,
        token: Option<&Secret>,
        body: &EnrollBody<'_>,
    ) -> Result<Enrolled, Error> {
        check_method(method)?;
        let mut request = post("/enroll").query("method", method.as_str()).body(body.to_body()?);
        if let Some(token) = token {
            request = request.secret_query("token", token);
        }
        if let Some(password) = body.secret() {
            request = request.hide(password);
        }
        self.enrolled(&request)
    }

    /// Has the network certify a key; `csr` is the certificate request as PEM.
    ///
    /// `POST /enroll/ott` (enrollOtt). Controllers before 1.5 do not find the token; [`enroll`](Enrollments::enroll)
    /// works with them.
    ///
    /// # Errors
    /// As for [`enroll`](Enrollments::enroll).
    pub fn ott(&self, token: &Secret, csr: &str) -> Result<Enrolled, Error> {
        let body = OneTime { token: token.expose(), client_csr: Some(csr) };
        self.enrolled(&post("/enroll/ott").body(Body::json(&body)).hide(token))
    }

    /// Enrolls the certificate of the client's identity, which the CA that the token names has issued.
    ///
    /// `POST /enroll/ottca` (enrollOttCa). Controllers before 1.5 do not find the token;
    /// [`enroll`](Enrollments::enroll) works with them.
    ///
    /// # Errors
    /// As for [`enroll`](Enrollments::enroll); code `CERT_IN_USE` if the certificate is enrolled already.
    pub fn ottca(&self, token: &Secret) -> Result<(), Error> {
        let body = OneTime { token: token.expose(), client_csr: None };
        self.client.run(&post("/enroll/ottca").body(Body::json(&body)).hide(token))
    }

    /// Enrolls the certificate of the client's identity, which any CA with automatic enrollment has issued.
    ///
    /// `POST /enroll/ca` (enrollCa). No controller that was ever seen carries it out: those before 1.5 refuse what
    /// has no media type, and look for a token otherwise; later ones fail with status 500.
    /// [`enroll`](Enrollments::enroll) with method `ca` works. Known from the API document only.
    ///
    /// # Errors
    /// As for [`enroll`](Enrollments::enroll).
    pub fn ca(&self) -> Result<(), Error> {
        self.client.run(&post("/enroll/ca"))
    }

    /// Sets the password of an identity. The answer holds the user name, which is that of the enrollment, whatever
    /// `username` says.
    ///
    /// `POST /enroll/updb` (enrollUpdb)
    ///
    /// # Errors
    /// As for [`enroll`](Enrollments::enroll), which works with controllers before 1.5, too; from them this one is
    /// [`Error::Unsupported`].
    pub fn updb(&self, token: &Secret, username: &str, password: &Secret) -> Result<Enrolled, Error> {
        let body = Body::json(&Credentials { username, password: password.expose() });
        self.enrolled(&post("/enroll/updb").secret_query("token", token).body(body).hide(password))
    }

    /// Enrolls a router: has the network certify a key for its client side and one for its server side.
    ///
    /// `POST /enroll/erott` (enrollErOtt), for routers only. No controller that was ever seen carries it out: those
    /// before 1.5 do not find the token, later ones lose the certificate requests and answer `MISSING_OR_INVALID_CSR`.
    /// [`enroll`](Enrollments::enroll) with method `erott` works. Known from the API document only.
    ///
    /// # Errors
    /// As for [`enroll`](Enrollments::enroll).
    pub fn erott(&self, token: &Secret, client_csr: &str, server_csr: &str) -> Result<Enrolled, Error> {
        let body = OneTimeRouter { token: token.expose(), client_csr, server_csr };
        self.enrolled(&post("/enroll/erott").body(Body::json(&body)).hide(token))
    }

    /// Makes an identity for the holder of an external JWT. With a certificate request it gets a certificate; without
    /// one the answer is empty, and the identity logs in by such tokens.
    ///
    /// `POST /enroll/token` (enrollToken). `signer_id` names the [external JWT
    /// signer](crate::api::authentication::ExternalJwtSigner) where the token's issuer does not tell. Which of the two
    /// ways a signer allows, it says itself.
    ///
    /// # Errors
    /// [`Error::Api`] with code `INVALID_ENROLLMENT_NOT_ALLOWED` or `ENROLLMENT_IDENTITY_ALREADY_ENROLLED`, among
    /// others; [`Error::Unsupported`], or status 404, from controllers before 2.0.
    pub fn token(&self, jwt: &Secret, csr: Option<&str>, signer_id: Option<&str>) -> Result<Enrolled, Error> {
        let mut request = post("/enroll/token").header("authorization", &bearer(jwt));
        if let Some(id) = signer_id {
            request = request.header("ziti-token-issuer-id", &Secret::new(id));
        }
        self.enrolled(&request.body(Body::json(&TokenCsr { client_csr: csr })))
    }

    /// Renews the certificates of a router.
    ///
    /// `POST /enroll/extend/router` (extendRouterEnrollment), for routers only: the client's identity has to be one.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] for everybody else.
    pub fn extend_router(&self, cert_csr: &str, server_cert_csr: &str) -> Result<Enrolled, Error> {
        let body = Body::json(&RouterCsrs { cert_csr, server_cert_csr });
        self.enrolled(&post("/enroll/extend/router").body(body))
    }

    fn enrolled(&self, request: &Request) -> Result<Enrolled, Error> {
        self.ask(request, answer::read)
    }

    fn ask<T>(&self, request: &Request, read: fn(&str, &[u8]) -> Result<T, Error>) -> Result<T, Error> {
        let (_, body) = self.client.exchange(request)?;
        read(&request.operation(), &body)
    }
}

fn check_method(method: EnrollmentMethod) -> Result<(), Error> {
    let why = match method {
        EnrollmentMethod::Network => "sends no request",
        EnrollmentMethod::Token => "is an operation of its own",
        _ => return Ok(()),
    };
    Err(Error::InvalidArgument(format!("enrollment by {method} {why}: expected ott, ottca, ca, updb or erott")))
}

fn post(path: &str) -> Request {
    Request::post(path).without_login()
}
