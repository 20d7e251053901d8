//! The identity providers that a network trusts, for which no login is needed.
//!
//! | operation | Rust | C |
//! |---|---|---|
//! | `GET /external-jwt-signers` | [`ExternalJwtSigners::list`], [`ExternalJwtSigners::page`], [`ExternalJwtSigners::iter`] | `zec_external_jwt_signers_list`, `zec_external_jwt_signers_page`, `zec_external_jwt_signers_for_each` |
//!
//! Filter only by fields that services have too, such as `name`: controllers check this filter against the fields of
//! services, and refuse any other with `INVALID_FILTER`, also those that they call filterable.

#[cfg(feature = "capi")]
pub(crate) mod ffi;
mod model;
#[cfg(test)]
mod tests;

pub use model::ExternalJwtSigner;

use crate::api::list::{self, List, ListQuery, Rows};
use crate::client::Client;
use crate::error::Error;
use crate::wire::Request;

/// The identity providers of a network.
#[derive(Debug, Clone, Copy)]
pub struct ExternalJwtSigners<'a> {
    client: &'a Client,
}

impl<'a> ExternalJwtSigners<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// All enabled identity providers that match the query.
    ///
    /// `GET /external-jwt-signers` (listExternalJwtSigners), 500 at a time, within one deadline.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a query with a limit or an offset.
    pub fn list(&self, query: &ListQuery) -> Result<List<ExternalJwtSigner>, Error> {
        list::all(self.client, request(), query)
    }

    /// One page of the enabled identity providers that match the query.
    ///
    /// `GET /external-jwt-signers` (listExternalJwtSigners)
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a limit of 0.
    pub fn page(&self, query: &ListQuery) -> Result<List<ExternalJwtSigner>, Error> {
        list::page(self.client, request(), query)
    }

    /// The enabled identity providers that match the query one by one, fetched as they are asked for.
    ///
    /// `GET /external-jwt-signers` (listExternalJwtSigners), 500 at a time.
    ///
    /// # Errors
    /// As for [`list`](ExternalJwtSigners::list).
    pub fn iter(&self, query: &ListQuery) -> Result<Rows<'a, ExternalJwtSigner>, Error> {
        list::iter(self.client, request(), query)
    }
}

fn request() -> Request {
    Request::get("/external-jwt-signers").without_login()
}
