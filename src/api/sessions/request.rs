//! What session is wanted.

use serde::Serialize;
use serde_json::{Map, Value};

use super::SessionType;

/// Which service a session is wanted with, and what for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[must_use]
pub struct SessionRequest {
    service_id: String,
    #[serde(rename = "type")]
    session_type: SessionType,
    #[serde(skip_serializing_if = "Map::is_empty")]
    tags: Map<String, Value>,
}

impl SessionRequest {
    /// A session of this kind with the service of this id.
    pub fn new(service_id: impl Into<String>, session_type: SessionType) -> Self {
        Self { service_id: service_id.into(), session_type, tags: Map::new() }
    }

    /// What to attach to the session.
    pub fn tags(mut self, tags: Map<String, Value>) -> Self {
        self.tags = tags;
        self
    }
}
