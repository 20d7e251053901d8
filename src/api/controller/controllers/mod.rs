//! The controllers of a network.
//!
//! | operation | Rust | C |
//! |---|---|---|
//! | `GET /controllers` | [`Controllers::list`], [`Controllers::page`], [`Controllers::iter`] | `zec_controllers_list`, `zec_controllers_page`, `zec_controllers_for_each` |

#[cfg(feature = "capi")]
pub(crate) mod ffi;
mod model;

pub use model::{ApiAddress, ControllerNode};

use crate::api::list::{self, List, ListQuery, Rows};
use crate::client::Client;
use crate::error::Error;
use crate::wire::Request;

/// The controllers of a network.
#[derive(Debug, Clone, Copy)]
pub struct Controllers<'a> {
    client: &'a Client,
}

impl<'a> Controllers<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// All controllers of the network that match the query. Empty where there is no cluster.
    ///
    /// `GET /controllers` (listControllers), 500 at a time, within one deadline.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a query with a limit or an offset.
    pub fn list(&self, query: &ListQuery) -> Result<List<ControllerNode>, Error> {
        list::all(self.client, request(), query)
    }

    /// One page of the controllers that match the query.
    ///
    /// `GET /controllers` (listControllers)
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a limit of 0.
    pub fn page(&self, query: &ListQuery) -> Result<List<ControllerNode>, Error> {
        list::page(self.client, request(), query)
    }

    /// The controllers that match the query one by one, fetched as they are asked for.
    ///
    /// `GET /controllers` (listControllers), 500 at a time.
    ///
    /// # Errors
    /// As for [`list`](Controllers::list).
    pub fn iter(&self, query: &ListQuery) -> Result<Rows<'a, ControllerNode>, Error> {
        list::iter(self.client, request(), query)
    }
}

fn request() -> Request {
    Request::get("/controllers")
}
