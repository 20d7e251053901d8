//! What `GET /services/{id}/terminators` answers.

use serde_json::{Map, Value};

use crate::api::list::Row;
use crate::wire::fields::{Fields, Model};
use crate::wire::{EntityRef, Timestamp};

/// One place at which a service is hosted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Terminator {
    /// The id.
    pub id: String,
    /// Which instance of the service it is, where its host gave it a name to be dialed by; else empty.
    pub identity: Option<String>,
    /// The router that it is reached through.
    pub router_id: Option<String>,
    /// The service.
    pub service_id: Option<String>,
    /// The service with its name.
    pub service: Option<EntityRef>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When it was last changed.
    pub updated_at: Option<Timestamp>,
    /// What is attached to it.
    pub tags: Map<String, Value>,
}

impl Row for Terminator {
    fn key(&self) -> &str {
        &self.id
    }
}

impl Model for Terminator {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self {
            id: fields.get("id"),
            identity: fields.get("identity"),
            router_id: fields.get("routerId"),
            service_id: fields.get("serviceId"),
            service: fields.get("service"),
            created_at: fields.get("createdAt"),
            updated_at: fields.get("updatedAt"),
            tags: fields.get("tags"),
        }
    }
}
