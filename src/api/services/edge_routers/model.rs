//! What `GET /services/{id}/edge-routers` answers.

use crate::api::edge_router::EdgeRouter;
use crate::wire::fields::{Fields, Model};

/// A list inside of an object, which no pages are cut of.
pub(crate) struct ServiceEdgeRouters {
    pub(super) edge_routers: Vec<EdgeRouter>,
}

impl Model for ServiceEdgeRouters {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self { edge_routers: fields.get("edgeRouters") }
    }
}
