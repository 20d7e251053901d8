//! The edge routers that an identity may use, whatever the service.

#[cfg(feature = "capi")]
pub(crate) mod ffi;

use crate::api::edge_router::EdgeRouter;
use crate::api::list::{self, List, ListQuery, Rows};
use crate::client::Client;
use crate::error::Error;
use crate::wire::Request;

/// The edge routers that policies allow an identity. Not all of them serve each service: see
/// [`Services::edge_routers`](crate::api::services::Services::edge_routers).
#[derive(Debug, Clone, Copy)]
pub struct IdentityEdgeRouters<'a> {
    client: &'a Client,
}

impl<'a> IdentityEdgeRouters<'a> {
    pub(super) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// All edge routers of the identity that match the query.
    ///
    /// `GET /current-identity/edge-routers` (getCurrentIdentityEdgeRouters), 500 at a time, within one deadline. The API
    /// document has no pages here; controllers have.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a query with a limit or an offset. [`Error::LoginPending`] if the login still
    /// wants a factor.
    pub fn list(&self, query: &ListQuery) -> Result<List<EdgeRouter>, Error> {
        list::all(self.client, request(), query)
    }

    /// One page of the edge routers that match the query.
    ///
    /// `GET /current-identity/edge-routers` (getCurrentIdentityEdgeRouters)
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a limit of 0. [`Error::LoginPending`] if the login still wants a factor.
    pub fn page(&self, query: &ListQuery) -> Result<List<EdgeRouter>, Error> {
        list::page(self.client, request(), query)
    }

    /// The edge routers that match the query one by one, fetched as they are asked for.
    ///
    /// `GET /current-identity/edge-routers` (getCurrentIdentityEdgeRouters), 500 at a time.
    ///
    /// # Errors
    /// As for [`list`](IdentityEdgeRouters::list).
    pub fn iter(&self, query: &ListQuery) -> Result<Rows<'a, EdgeRouter>, Error> {
        list::iter(self.client, request(), query)
    }
}

fn request() -> Request {
    Request::get("/current-identity/edge-routers")
}
