//! What `GET /controllers` answers.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::api::list::Row;
use crate::wire::Timestamp;
use crate::wire::fields::{Fields, Model};

/// One controller of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ControllerNode {
    /// The id.
    pub id: String,
    /// The name.
    pub name: Option<String>,
    /// Where routers reach it, such as `tls:ctrl.example.test:6262`.
    pub ctrl_address: Option<String>,
    /// Its certificate, as PEM.
    pub cert_pem: Option<String>,
    /// The SHA-1 of its certificate, in hexadecimal.
    pub fingerprint: Option<String>,
    /// True if the cluster can reach it.
    pub is_online: bool,
    /// True if it is to lead the cluster when it can.
    pub is_preferred_leader: bool,
    /// When it last joined the cluster.
    pub last_joined_at: Option<Timestamp>,
    /// Where it serves its APIs: binding such as `edge-client` to addresses.
    pub api_addresses: BTreeMap<String, Vec<ApiAddress>>,
    /// When it was first seen.
    pub created_at: Option<Timestamp>,
    /// When it was last changed.
    pub updated_at: Option<Timestamp>,
    /// What an administrator attached to it.
    pub tags: Map<String, Value>,
}

impl Row for ControllerNode {
    fn key(&self) -> &str {
        &self.id
    }
}

impl Model for ControllerNode {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self {
            id: fields.get("id"),
            name: fields.get("name"),
            ctrl_address: fields.get("ctrlAddress"),
            cert_pem: fields.get("certPem"),
            fingerprint: fields.get("fingerprint"),
            is_online: fields.get("isOnline"),
            is_preferred_leader: fields.get("isPreferredLeader"),
            last_joined_at: fields.get("lastJoinedAt"),
            api_addresses: fields.get("apiAddresses"),
            created_at: fields.get("createdAt"),
            updated_at: fields.get("updatedAt"),
            tags: fields.get("tags"),
        }
    }
}

/// Where one version of an API is served.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApiAddress {
    /// Such as `v1`.
    pub version: Option<String>,
    /// The address with the path.
    pub url: Option<String>,
}

impl Model for ApiAddress {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self { version: fields.get("version"), url: fields.get("url") }
    }
}
