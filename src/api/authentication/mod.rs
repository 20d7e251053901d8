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

pub(crate) mod external_jwt_signers;
#[cfg(feature = "capi")]
pub(crate) mod ffi;
#[cfg(test)]
pub(super) mod recorded;

pub use crate::login::{ApiSession, AuthQuery, Login};
pub use external_jwt_signers::{ExternalJwtSigner, ExternalJwtSigners};
