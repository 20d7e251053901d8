//! What the operations on authenticators answer.

use serde_json::{Map, Value};

use crate::api::list::Row;
use crate::wire::fields::{Fields, Model};
use crate::wire::{EntityRef, Timestamp};

/// One way in which an identity can log in: a certificate, or user name and password.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Authenticator {
    /// The id.
    pub id: String,
    /// `cert` or `updb`, which is user name and password; other words may come.
    pub method: Option<String>,
    /// The id of the identity.
    pub identity_id: Option<String>,
    /// The identity.
    pub identity: Option<EntityRef>,
    /// The name to log in with, if there is one.
    pub username: Option<String>,
    /// The certificate as PEM, if it is one; its intermediates may follow.
    pub cert_pem: Option<String>,
    /// The SHA-1 of the certificate, in hexadecimal.
    pub fingerprint: Option<String>,
    /// True if the network issued the certificate, so that it can be extended.
    pub is_issued_by_network: bool,
    /// True if an administrator asks for the certificate to be extended.
    pub is_extend_requested: bool,
    /// True if an administrator asks for it to be extended with a new key.
    pub is_key_roll_requested: bool,
    /// When an administrator asked.
    pub extend_requested_at: Option<Timestamp>,
    /// True if the key changed when the certificate was last extended.
    pub last_extend_rolled_keys: bool,
    /// True if at the last login the certificate came with all that leads to a CA of the network.
    pub last_auth_resolved_to_root: bool,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When it was last changed.
    pub updated_at: Option<Timestamp>,
    /// What is attached to it.
    pub tags: Map<String, Value>,
}

impl Row for Authenticator {
    fn key(&self) -> &str {
        &self.id
    }
}

impl Model for Authenticator {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self {
            id: fields.get("id"),
            method: fields.get("method"),
            identity_id: fields.get("identityId"),
            identity: fields.get("identity"),
            username: fields.get("username"),
            cert_pem: fields.get("certPem"),
            fingerprint: fields.get("fingerprint"),
            is_issued_by_network: fields.get("isIssuedByNetwork"),
            is_extend_requested: fields.get("isExtendRequested"),
            is_key_roll_requested: fields.get("isKeyRollRequested"),
            extend_requested_at: fields.get("extendRequestedAt"),
            last_extend_rolled_keys: fields.get("lastExtendRolledKeys"),
            last_auth_resolved_to_root: fields.get("lastAuthResolvedToRoot"),
            created_at: fields.get("createdAt"),
            updated_at: fields.get("updatedAt"),
            tags: fields.get("tags"),
        }
    }
}

/// A certificate that is to replace the one of an authenticator.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExtendedCertificate {
    /// The certificate as PEM, with its intermediates after it; from 1.3 without them.
    pub client_cert: String,
    /// The CA certificates of the network, as PEM.
    pub ca: Option<String>,
}

impl Model for ExtendedCertificate {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self { client_cert: fields.get("clientCert"), ca: fields.get("ca") }
    }
}
