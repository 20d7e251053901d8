//! The edge routers that a service is reached through.
//!
//! | operation | Rust | C |
//! |---|---|---|
//! | `GET /services/{id}/edge-routers` | [`Services::edge_routers`] | `zec_services_edge_routers` |

#[cfg(feature = "capi")]
pub(crate) mod ffi;
mod model;
#[cfg(test)]
pub(in crate::api) mod recorded;

pub(crate) use model::ServiceEdgeRouters;

use super::Services;
use crate::api::edge_router::EdgeRouter;
use crate::error::Error;
use crate::secret::Secret;
use crate::wire::Request;
use crate::wire::request::entity_path;

impl Services<'_> {
    /// The edge routers through which this identity may reach the service, without the addresses for a session.
    ///
    /// `GET /services/{id}/edge-routers` (listServiceEdgeRouters)
    ///
    /// All of them come in one answer. With the token of a session the controller checks that the token is good and of
    /// this login, too. Controllers 1.3 and 1.6 refuse the tokens that they gave out themselves to a login that is not
    /// OIDC: leave it out there.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for what cannot be an id. [`Error::Unauthorized`] for a token that the controller does
    /// not take. A service that this identity may not use is [`Error::Api`] with status 404, like one that is not there.
    pub fn edge_routers(&self, id: &str, session_token: Option<&Secret>) -> Result<Vec<EdgeRouter>, Error> {
        let request = Request::get(format!("{}/edge-routers", entity_path("/services", id)?));
        let request = session_token.iter().fold(request, |request, token| request.header("session-token", token));
        self.client.fetch::<ServiceEdgeRouters>(&request).map(|answer| answer.edge_routers)
    }
}
