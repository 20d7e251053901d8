//! Who is asking, and what it may reach the network by.

use super::Call;
use super::routes::Route;
use crate::answers::{Answer, Refusal};
use crate::page::Query;
use crate::routers::EdgeRouter;

const IDENTITY: &[&str] = &["current-identity"];

pub(super) const ROUTES: &[Route] = &[
    Route::get(IDENTITY, "getCurrentIdentity", |call, _| call.current_identity()).on_both(),
    Route::get(&["current-identity", "edge-routers"], "getCurrentIdentityEdgeRouters", |call, _| call.edge_routers()),
];

impl Call<'_> {
    fn current_identity(&self) -> Result<Answer, Refusal> {
        self.in_session(|session| {
            let state = self.state();
            let id = &session.login.identity_id;
            let identity = state.identities.iter().find(|identity| identity.id == *id);
            let identity = identity.ok_or_else(|| Refusal::not_found(format!("identity with id {id} not found")))?;
            Ok(Answer::data_without_meta(&identity.document(self.manners())))
        })
    }

    fn edge_routers(&self) -> Result<Answer, Refusal> {
        self.in_session(|_| {
            let query = Query::<EdgeRouter>::parse(self.request, self.manners())?;
            let state = self.state();
            Ok(query.page(state.routers.0.iter(), |router| router.of_identity(self.shared.started)))
        })
    }
}
