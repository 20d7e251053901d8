//! The session is also what a login answers, and lives with it.

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
