//! Who hosts a service.
//!
//! | operation | Rust | C |
//! |---|---|---|
//! | `GET /services/{id}/terminators` | [`Terminators::list`], [`Terminators::page`], [`Terminators::iter`] | `zec_services_terminators`, `zec_services_terminators_page`, `zec_services_terminators_for_each` |

#[cfg(feature = "capi")]
pub(crate) mod ffi;
mod model;
#[cfg(test)]
pub(in crate::api) mod recorded;

pub use model::Terminator;

use super::Services;
use crate::api::list::{self, List, ListQuery, Rows};
use crate::client::Client;
use crate::error::Error;
use crate::wire::Request;
use crate::wire::request::entity_path;

impl<'a> Services<'a> {
    /// The terminators of the service with this id.
    pub fn terminators(&self, id: impl Into<String>) -> Terminators<'a> {
        Terminators { client: self.client, service_id: id.into() }
    }
}

/// The terminators of a service: one for each program that hosts it, and each router that it hosts it through.
#[derive(Debug, Clone)]
pub struct Terminators<'a> {
    client: &'a Client,
    service_id: String,
}

impl<'a> Terminators<'a> {
    /// All terminators of the service that match the query.
    ///
    /// `GET /services/{id}/terminators` (listServiceTerminators), 500 at a time, within one deadline.
    ///
    /// Filters have names of their own: what a terminator shows as `identity` is `instanceId` there.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a query with a limit or an offset, and for what cannot be an id. A service that
    /// this identity may not use is [`Error::Api`] with status 404, like one that is not there.
    pub fn list(&self, query: &ListQuery) -> Result<List<Terminator>, Error> {
        list::all(self.client, self.request()?, query)
    }

    /// One page of the terminators that match the query.
    ///
    /// `GET /services/{id}/terminators` (listServiceTerminators)
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a limit of 0; else as for [`list`](Terminators::list).
    pub fn page(&self, query: &ListQuery) -> Result<List<Terminator>, Error> {
        list::page(self.client, self.request()?, query)
    }

    /// The terminators that match the query one by one, fetched as they are asked for.
    ///
    /// `GET /services/{id}/terminators` (listServiceTerminators), 500 at a time.
    ///
    /// # Errors
    /// As for [`list`](Terminators::list).
    pub fn iter(&self, query: &ListQuery) -> Result<Rows<'a, Terminator>, Error> {
        list::iter(self.client, self.request()?, query)
    }

    fn request(&self) -> Result<Request, Error> {
        Ok(Request::get(format!("{}/terminators", entity_path("/services", &self.service_id)?)))
    }
}
