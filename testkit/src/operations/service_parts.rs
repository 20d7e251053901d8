//! What belongs to a service: its terminators, the edge routers that serve it, and when any of it changed.

use serde_json::{Value, json};

use super::Call;
use super::routes::Route;
use crate::answers::{Answer, Refusal};
use crate::clock;
use crate::page::Query;
use crate::routers::EdgeRouter;
use crate::services::Service;
use crate::sessions::Session;
use crate::state::State;
use crate::terminators::{self, Placed};

pub(super) const ROUTES: &[Route] = &[
    Route::get(&["services", "{id}", "terminators"], "listServiceTerminators", |call, id| call.terminators(id)),
    Route::get(&["services", "{id}", "edge-routers"], "listServiceEdgeRouters", |call, id| call.service_routers(id)),
    Route::get(&["current-api-session", "service-updates"], "listServiceUpdates", |call, _| call.service_updates()),
];

impl Call<'_> {
    fn terminators(&self, id: &str) -> Result<Answer, Refusal> {
        self.in_session(|session| {
            let state = self.state();
            let placed = terminators::of(visible(&state, session, id)?);
            let query = Query::<Placed<'_>>::parse(self.request, self.manners())?;
            Ok(query.page(placed.iter(), |placed| placed.document()))
        })
    }

    /// All of them, whatever the query says.
    fn service_routers(&self, id: &str) -> Result<Answer, Refusal> {
        self.in_session(|session| {
            self.check_session_token(session)?;
            let state = self.state();
            let routers = state.routers.serving(visible(&state, session, id)?);
            let routers: Vec<Value> = routers.map(EdgeRouter::of_service).collect();
            // Null rather than an empty list, as the real controller has it.
            Ok(Answer::data(&json!({"edgeRouters": (!routers.is_empty()).then_some(routers)})))
        })
    }

    fn service_updates(&self) -> Result<Answer, Refusal> {
        self.in_session(|session| {
            let stamp = self.state().catalog.changes.stamp(&session.login.identity_id, session.created());
            Ok(Answer::data(&json!({"lastChangeAt": clock::json(stamp)})))
        })
    }
}

fn visible<'a>(state: &'a State, session: &Session, id: &str) -> Result<&'a Service, Refusal> {
    let service = state.catalog.get(id).filter(|service| service.visible_to(&session.login.identity_id));
    service.ok_or_else(Refusal::nothing_there)
}
