//! What the session operations answer.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::api::edge_router::EdgeRouter;
use crate::api::list::Row;
use crate::error::{Error, shown};
use crate::secret::Secret;
use crate::wire::fields::{Fields, Model};
use crate::wire::{EntityRef, Timestamp};

/// The leave to dial or to host one service.
#[derive(Clone)]
#[non_exhaustive]
pub struct Session {
    /// The id.
    pub id: String,
    /// What edge routers ask for. Where it is the same as the id, it is only a stand-in: see
    /// [`Sessions::list`](super::Sessions::list).
    pub token: Secret,
    /// What the session is for, in the controller's word; [`session_type`](Session::session_type) knows it.
    pub kind: Option<String>,
    /// The service.
    pub service_id: Option<String>,
    /// The service with its name. The answer that makes a session leaves it out since controller 2.0.
    pub service: Option<EntityRef>,
    /// The login that the session belongs to.
    pub api_session_id: Option<String>,
    /// The same as a reference, where the controller gives one.
    pub api_session: Option<EntityRef>,
    /// The identity.
    pub identity_id: Option<String>,
    /// The edge routers to reach the service through. Empty if none is there for it.
    pub edge_routers: Vec<EdgeRouter>,
    /// The policies that allow it. Only lists and [`get`](super::Sessions::get) have them, and only in networks that
    /// have any posture check at all.
    pub service_policies: Vec<EntityRef>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When it was last changed.
    pub updated_at: Option<Timestamp>,
    /// What is attached to it.
    pub tags: Map<String, Value>,
}

/// Leaves out what belongs into no log: the token, and the ids by which sessions are known.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("kind", &self.kind)
            .field("service_id", &self.service_id)
            .field("identity_id", &self.identity_id)
            .field("edge_routers", &self.edge_routers)
            .finish_non_exhaustive()
    }
}

impl Session {
    /// What the session is for; `None` for a word that this library does not know.
    pub fn session_type(&self) -> Option<SessionType> {
        self.kind.as_deref()?.parse().ok()
    }
}

impl Row for Session {
    fn key(&self) -> &str {
        &self.id
    }
}

impl Model for Session {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self {
            id: fields.get("id"),
            token: fields.get("token"),
            kind: fields.get("type"),
            service_id: fields.get("serviceId"),
            service: fields.get("service"),
            api_session_id: fields.get("apiSessionId"),
            api_session: fields.get("apiSession"),
            identity_id: fields.get("identityId"),
            edge_routers: fields.get("edgeRouters"),
            service_policies: fields.get("servicePolicies"),
            created_at: fields.get("createdAt"),
            updated_at: fields.get("updatedAt"),
            tags: fields.get("tags"),
        }
    }
}

/// What a session is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub enum SessionType {
    /// To use the service.
    Dial,
    /// To host the service.
    Bind,
}

impl SessionType {
    /// The word for it in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            SessionType::Dial => "Dial",
            SessionType::Bind => "Bind",
        }
    }
}

impl fmt::Display for SessionType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for SessionType {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self, Error> {
        let known = [SessionType::Dial, SessionType::Bind].into_iter().find(|known| known.as_str() == word);
        known.ok_or_else(|| Error::InvalidArgument(format!("session type {}: expected Dial or Bind", shown(word))))
    }
}
