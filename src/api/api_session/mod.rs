//! The session of the current login.
//!
//! | operation | Rust | C |
//! |---|---|---|
//! | `GET /current-api-session` | [`CurrentApiSession::get`] | `zec_current_api_session_get` |

#[cfg(feature = "capi")]
pub(crate) mod ffi;
mod model;
#[cfg(test)]
pub(super) mod recorded;

pub use model::{ApiSession, AuthQuery};

use crate::client::Client;
use crate::error::Error;
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
    /// Works for a login that still waits for a factor, too: `auth_queries` names what is wanted. Up to
    /// controller 1.7 asking keeps the session alive.
    ///
    /// # Errors
    /// [`Error::Rejected`] if a login is needed and refused.
    pub fn get(&self) -> Result<ApiSession, Error> {
        self.client.fetch(&Request::get("/current-api-session").with_partial_login().on_management())
    }
}

/// The certificates of the session of a client's login.
#[derive(Debug, Clone, Copy)]
pub struct SessionCertificates<'a> {
    client: &'a Client,
}

impl<'a> SessionCertificates<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }
}
