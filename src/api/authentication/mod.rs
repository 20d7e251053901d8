//! Logging in and out.
//!
//! | operation | Rust | C |
//! |---|---|---|
//! | `POST /authenticate` | [`Client::authenticate`](crate::Client::authenticate) | `zec_client_authenticate` |
//! | `DELETE /current-api-session` | [`Client::logout`](crate::Client::logout) | `zec_client_logout` |
//!
//! A login belongs to the client and not to a resource: any call logs in by itself where it has to, and again when
//! the session has ended. `authenticate` is for those who want to know at once whether the credentials are good,
//! and which factors are still wanted: a [`Login::Pending`] names them.

#[cfg(feature = "capi")]
pub(crate) mod ffi;

pub use crate::login::{ApiSession, AuthQuery, Login};

use crate::client::Client;

/// The identity providers of a network.
#[derive(Debug, Clone, Copy)]
pub struct ExternalJwtSigners<'a> {
    client: &'a Client,
}

impl<'a> ExternalJwtSigners<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }
}
