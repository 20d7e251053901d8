//! What `GET /external-jwt-signers` answers.

use serde_json::{Map, Value};

use crate::api::list::Row;
use crate::wire::Timestamp;
use crate::wire::fields::{Fields, Model};

/// An identity provider that a network trusts, and what a client needs to log in there.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExternalJwtSigner {
    /// The id.
    pub id: String,
    /// The name.
    pub name: Option<String>,
    /// Where its users log in.
    pub external_auth_url: Option<String>,
    /// Where its OpenID configuration is, if that is not below its address.
    pub open_id_configuration_url: Option<String>,
    /// The client id to log in with.
    pub client_id: Option<String>,
    /// Whom its tokens have to be for.
    pub audience: Option<String>,
    /// The scopes to ask for.
    pub scopes: Vec<String>,
    /// Which of its tokens the controller wants: `ACCESS` or `ID`. `None` means `ACCESS`.
    pub target_token: Option<String>,
    /// True if its tokens enroll identities that get a certificate.
    pub enroll_to_cert_enabled: bool,
    /// True if its tokens enroll identities that go on logging in by such tokens.
    pub enroll_to_token_enabled: bool,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When it was last changed.
    pub updated_at: Option<Timestamp>,
    /// What an administrator attached to it.
    pub tags: Map<String, Value>,
}

impl Row for ExternalJwtSigner {
    fn key(&self) -> &str {
        &self.id
    }
}

impl Model for ExternalJwtSigner {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self {
            id: fields.get("id"),
            name: fields.get("name"),
            external_auth_url: fields.get("externalAuthUrl"),
            open_id_configuration_url: fields.get("openIdConfigurationUrl"),
            client_id: fields.get("clientId"),
            audience: fields.get("audience"),
            scopes: fields.get("scopes"),
            target_token: fields.get("targetToken"),
            enroll_to_cert_enabled: fields.get("enrollToCertEnabled"),
            enroll_to_token_enabled: fields.get("enrollToTokenEnabled"),
            created_at: fields.get("createdAt"),
            updated_at: fields.get("updatedAt"),
            tags: fields.get("tags"),
        }
    }
}
