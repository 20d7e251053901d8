//! One edge router.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::api::list::Row;
use crate::wire::Timestamp;
use crate::wire::fields::{Fields, Model};

/// An edge router, through which a data plane reaches services.
///
/// Each answer shows another part of it: only that of a session has [`urls`](EdgeRouter::urls), only that on the own
/// identity has id, times and tags.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EdgeRouter {
    /// The id.
    pub id: Option<String>,
    /// The name, which no other router of the network has.
    pub name: String,
    /// The host name or address. Empty where the answer does not know it.
    pub hostname: Option<String>,
    /// True if the router is connected to the controller.
    pub is_online: bool,
    /// How far the router knows what the controller knows, such as `SYNC_DONE`.
    pub sync_status: Option<String>,
    /// What the network reckons for going through it.
    pub cost: Option<u64>,
    /// True if no traffic between other routers goes through it.
    pub no_traversal: Option<bool>,
    /// True if an administrator has turned it off.
    pub disabled: Option<bool>,
    /// Where it takes connections: protocol such as `tls` to an address such as `tls://router.test:3022`.
    pub supported_protocols: BTreeMap<String, String>,
    /// Where to connect for a session: protocol to address.
    pub urls: BTreeMap<String, String>,
    /// What an administrator attached to it for applications.
    pub app_data: Map<String, Value>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When it was last changed.
    pub updated_at: Option<Timestamp>,
    /// What an administrator attached to it.
    pub tags: Map<String, Value>,
}

impl Row for EdgeRouter {
    fn key(&self) -> &str {
        self.id.as_deref().unwrap_or(&self.name)
    }
}

impl Model for EdgeRouter {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self {
            id: fields.get("id"),
            name: fields.get("name"),
            hostname: fields.get("hostname"),
            is_online: fields.get("isOnline"),
            sync_status: fields.get("syncStatus"),
            cost: fields.get("cost"),
            no_traversal: fields.get("noTraversal"),
            disabled: fields.get("disabled"),
            supported_protocols: fields.get("supportedProtocols"),
            urls: fields.get("urls"),
            app_data: fields.get("appData"),
            created_at: fields.get("createdAt"),
            updated_at: fields.get("updatedAt"),
            tags: fields.get("tags"),
        }
    }
}
