//! The session of the current login.
//!
//! | operation | Rust | C |
//! |---|---|---|
//! | `GET /current-api-session` | [`CurrentApiSession::get`] | `zec_current_api_session_get` |
//! | `POST /current-api-session/totp-token` | [`CurrentApiSession::create_totp_token`] | `zec_current_api_session_create_totp_token` |
//! | `GET /current-api-session/service-updates` | [`CurrentApiSession::service_updates`] | `zec_current_api_session_service_updates` |

pub(crate) mod certificates;
#[cfg(feature = "capi")]
pub(crate) mod ffi;
mod model;
#[cfg(test)]
pub(super) mod recorded;

pub use certificates::{NewSessionCertificate, SessionCertificate, SessionCertificates};
pub use model::{ApiSession, AuthQuery, ServiceUpdates, TotpToken};

use crate::client::Client;
use crate::error::Error;
use crate::login::{Generation, with_code};
use crate::secret::Secret;
use crate::wire::Request;

/// The session of a client's login.
#[derive(Debug, Clone, Copy)]
pub struct CurrentApiSession<'a> {
    client: &'a Client,
}

impl<'a> CurrentApiSession<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// The session as the controller sees it now.
    ///
    /// `GET /current-api-session` (getCurrentAPISession)
    ///
    /// Works for a login that still waits for a factor, too: `auth_queries` names what is wanted. If there is nothing
    /// any more, because the factor was given some other way, other calls go on with the login from here on. Up to
    /// controller 1.7 asking keeps the session alive.
    ///
    /// # Errors
    /// [`Error::Rejected`] if a login is needed and refused.
    pub fn get(&self) -> Result<ApiSession, Error> {
        let request = Request::get("/current-api-session").with_partial_login().on_management();
        self.client.about_login(Generation::look_at_session, &request)
    }

    /// When something last changed that may show in the identity's services.
    ///
    /// `GET /current-api-session/service-updates` (listServiceUpdates)
    ///
    /// Only whether it is the same as before says something: see
    /// [`Services::changed_since`](super::services::Services::changed_since).
    ///
    /// # Errors
    /// [`Error::LoginPending`] if the login still wants a factor.
    pub fn service_updates(&self) -> Result<ServiceUpdates, Error> {
        self.client.fetch(&service_updates())
    }

    /// Proves by a TOTP code that the user is there, and returns a token that says so.
    ///
    /// `POST /current-api-session/totp-token` (createTotpToken)
    ///
    /// Only controllers since 1.7 have it, and only for logins by OIDC.
    ///
    /// # Errors
    /// [`Error::Api`] with the code `INVALID_BACKING_TOKEN_TYPE` for any other login, `MFA_NOT_ENROLLED` without a
    /// second factor and `MFA_INVALID_TOKEN` for a wrong code. Older controllers: [`Error::Unsupported`] from 1.6, and
    /// [`Error::Api`] with status 404 from 1.3.
    pub fn create_totp_token(&self, code: &Secret) -> Result<TotpToken, Error> {
        self.client.fetch(&with_code(Request::post("/current-api-session/totp-token"), code))
    }
}

pub(super) fn service_updates() -> Request {
    Request::get("/current-api-session/service-updates")
}
