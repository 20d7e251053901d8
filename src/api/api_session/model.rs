//! What is said of a session. The session itself is also what a login answers, and lives with it.

pub use crate::login::{ApiSession, AuthQuery};

use crate::secret::Secret;
use crate::wire::Timestamp;
use crate::wire::fields::{Fields, Model};

/// A token that says that a TOTP code was given.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TotpToken {
    /// The token, a JWT.
    pub token: Secret,
    /// When the code was given.
    pub issued_at: Option<Timestamp>,
}

impl Model for TotpToken {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self { token: fields.get("token"), issued_at: fields.get("issuedAt") }
    }
}

/// Whether services changed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServiceUpdates {
    /// When something last changed that may show in the identity's services, by the controller's clock. Not before the
    /// login and the start of the controller, and it may change though nothing shows.
    pub last_change_at: Timestamp,
}

impl Model for ServiceUpdates {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self { last_change_at: fields.get("lastChangeAt") }
    }
}
