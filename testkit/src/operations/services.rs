//! Services, and what controllers do not let a client do with them.

use super::Call;
use super::routes::Route;
use crate::answers::{Answer, Refusal};
use crate::http::Request;
use crate::page::Query;
use crate::sessions::Session;

pub(super) const ROUTES: &[Route] = &[
    Route::get(&["services"], "listServices", |call, _| call.list_services()),
    Route::get(&["services", "{id}"], "detailService", |call, id| call.service(id)),
    Route::put(&["services", "{id}"], "updateService", |call, _| call.missing_in_session("service.UpdateService")),
    Route::patch(&["services", "{id}"], "patchService", |call, _| call.missing_in_session("service.PatchService")),
    Route::delete(&["services", "{id}"], "deleteService", |call, _| call.missing_in_session("service.DeleteService")),
];

impl Call<'_> {
    fn list_services(&self) -> Result<Answer, Refusal> {
        self.in_session(|session| {
            if !self.request.accepts(&["application/json"]) {
                let accept = self.request.header("accept").unwrap_or_default();
                return Err(Refusal::not_acceptable(self.manners(), accept, "application/json"));
            }
            let query = Query::parse(self.request, self.manners())?;
            let mut guard = self.state();
            let state = &mut *guard;
            if state.moves.on && query.offset > 0 {
                state.move_rows(self.now);
            }
            // Where checks decide, rows change with every response and with the time.
            let key = (!state.catalog.checked).then(|| page_key(self.request, session));
            if let Some(body) = key.as_ref().and_then(|key| state.pages.get(state.catalog.revision, key)) {
                return Ok(Answer { body, ..Answer::new(200, "application/json", "") });
            }
            let wanted = self.request.parameters("configTypes");
            let wanted = if wanted.is_empty() { &session.login.config_types } else { &wanted };
            let (endpoint, shown) = (state.posture.of(session, self.manners(), self.now), state.catalog.shown(wanted));
            let visible = state.catalog.iter().filter(|service| service.visible_to(endpoint.identity_id));
            let page = query.page(visible, |service| service.row(&endpoint, &shown));
            if let Some(key) = key {
                state.pages.keep(key, page.body.clone());
            }
            Ok(page)
        })
    }

    fn service(&self, id: &str) -> Result<Answer, Refusal> {
        self.in_session(|session| {
            let state = self.state();
            let endpoint = state.posture.of(session, self.manners(), self.now);
            let service = state.catalog.get(id).filter(|service| service.visible_to(endpoint.identity_id));
            let service = service.ok_or_else(|| Refusal::not_found(format!("service with id {id} not found")))?;
            Ok(Answer::data(&service.detail(&endpoint, &state.catalog.shown(&session.login.config_types))))
        })
    }
}

/// Everything but the services themselves that decides what a page holds.
fn page_key(request: &Request, session: &Session) -> String {
    let query = request.query.as_deref().unwrap_or_default();
    format!("{query} {} {:?}", session.login.identity_id, session.login.config_types)
}
