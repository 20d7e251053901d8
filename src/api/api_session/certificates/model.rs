//! What the operations on session certificates answer.

use serde_json::{Map, Value};

use crate::api::list::Row;
use crate::wire::Timestamp;
use crate::wire::fields::{Fields, Model};

/// A certificate that stands for a session.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionCertificate {
    /// The id.
    pub id: String,
    /// The certificate as PEM; its intermediates may follow.
    pub certificate: String,
    /// Its SHA-1, in hexadecimal.
    pub fingerprint: Option<String>,
    /// Whom it names, such as `CN=alice`.
    pub subject: Option<String>,
    /// When it begins to be valid.
    pub valid_from: Option<Timestamp>,
    /// When it ends.
    pub valid_to: Option<Timestamp>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When it was last changed.
    pub updated_at: Option<Timestamp>,
    /// What is attached to it.
    pub tags: Map<String, Value>,
}

impl Row for SessionCertificate {
    fn key(&self) -> &str {
        &self.id
    }
}

impl Model for SessionCertificate {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self {
            id: fields.get("id"),
            certificate: fields.get("certificate"),
            fingerprint: fields.get("fingerprint"),
            subject: fields.get("subject"),
            valid_from: fields.get("validFrom"),
            valid_to: fields.get("validTo"),
            created_at: fields.get("createdAt"),
            updated_at: fields.get("updatedAt"),
            tags: fields.get("tags"),
        }
    }
}

/// A certificate that was just issued for a session.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewSessionCertificate {
    /// The id.
    pub id: String,
    /// The certificate as PEM, with its intermediates after it.
    pub certificate: String,
    /// The CA certificates of the network, as PEM.
    pub cas: Option<String>,
}

impl Model for NewSessionCertificate {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self { id: fields.get("id"), certificate: fields.get("certificate"), cas: fields.get("cas") }
    }
}
