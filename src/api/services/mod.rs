//! Services the identity may use.
//!
//! | operation | Rust | C |
//! |---|---|---|
//! | `GET /services` | [`Services::list`], [`Services::page`], [`Services::iter`] | `zec_services_list`, `zec_services_page`, `zec_services_for_each` |
//! | `GET /services/{id}` | [`Services::get`] | `zec_services_get` |
//! | `PUT /services/{id}` | [`Services::update`] | `zec_services_update` |
//! | `PATCH /services/{id}` | [`Services::patch`] | `zec_services_patch` |
//! | `DELETE /services/{id}` | [`Services::delete`] | `zec_services_delete` |
//!
//! What changed is told by [`Services::changed_since`] (`zec_services_changed_since`) and [`Services::watch`]
//! (`zec_service_watch_new`), with the help of `GET /current-api-session/service-updates`.

mod block;
pub(crate) mod change;
pub(crate) mod config;
mod decode;
pub(crate) mod edge_routers;
#[cfg(feature = "capi")]
pub(crate) mod ffi;
mod model;
mod pages;
pub(crate) mod posture;
pub(crate) mod query;
#[cfg(test)]
pub(super) mod recorded;
pub(crate) mod terminators;
#[cfg(test)]
pub(super) mod tests;
pub(crate) mod watch;

pub use change::{ServicePatch, ServiceUpdate};
pub use config::{
    AddressTranslation, CheckAction, Config, DialOptions, HostProxy, HostV1, HostV2, HttpCheck, InterceptV1,
    ListenOptions, PortCheck, PortRange, TunnelerClientV1, TunnelerServerV1,
};
#[cfg(test)]
pub(super) use decode::MEMBERS;
pub use model::{Iter, OwnedService, Permission, Service, ServiceList};
pub use pages::ServiceRows;
pub use posture::{PostureQuery, PostureQueryProcess, PostureQuerySet};
pub use query::ServiceQuery;
pub use terminators::{Terminator, Terminators};
pub use watch::{RemovedService, ServiceChanges, ServiceStamp, ServiceWatch};

use block::{Field, List};
use pages::Limits;

use crate::client::Client;
use crate::error::Error;
use crate::wire::request::entity_path;
use crate::wire::{Body, Method, Request};

/// The services of a client's identity.
#[derive(Debug, Clone, Copy)]
pub struct Services<'a> {
    client: &'a Client,
}

impl<'a> Services<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// All services that this identity may dial or host and that match the query, each once.
    ///
    /// `GET /services` (listServices), 500 at a time, within one deadline.
    ///
    /// Services may come and go while the pages are read. If that shows, the list is read again, at most twice:
    /// a service that was there all the time is then in the list. With a `limit` or `skip` in its filter the list
    /// is the part that the filter cuts out (controllers cut a `limit` above 500 to 500), in a single request.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a query with a limit or an offset, and for a list of more rows than the client's
    /// `max_rows`, or of more than 1 GiB. [`Error::Decode`] for one of more than the controller pages through (100,000): narrow it with a
    /// filter. [`Error::LoginPending`] if the login still wants a factor.
    pub fn list(&self, query: &ServiceQuery) -> Result<ServiceList, Error> {
        let call = self.client.call();
        let limits = Limits { max_rows: self.client.max_rows(), check: &|| call.check() };
        self.client.noting(pages::list(query, limits, |request, body| self.client.send(&call, request, body).map(drop)))
    }

    /// One page of the services that match the query, in the controller's order.
    ///
    /// `GET /services` (listServices)
    ///
    /// [`ServiceList::total`] says how many there are in all.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a limit of 0. [`Error::LoginPending`] if the login still wants a factor.
    pub fn page(&self, query: &ServiceQuery) -> Result<ServiceList, Error> {
        let request = query.one_page()?;
        let call = self.client.call();
        let limits = Limits { max_rows: self.client.max_rows(), check: &|| call.check() };
        let send = |request: &Request, body: &mut Vec<u8>| self.client.send(&call, request, body).map(drop);
        self.client.noting(pages::single(&request, limits, send))
    }

    /// The services that match the query one by one, fetched as they are asked for.
    ///
    /// `GET /services` (listServices), 500 at a time.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a query with a limit or an offset.
    pub fn iter(&self, query: &ServiceQuery) -> Result<ServiceRows<'a>, Error> {
        ServiceRows::new(self.client, query)
    }

    /// The service with this id, with the configs that the login asked for.
    ///
    /// `GET /services/{id}` (detailService)
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for what cannot be an id. A service that this identity may not use is [`Error::Api`]
    /// with status 404, like one that is not there.
    pub fn get(&self, id: &str) -> Result<OwnedService, Error> {
        let request = Request::get(entity_path("/services", id)?);
        let (_, body) = self.client.exchange(&request)?;
        decode::one(&request.operation(), &body).map(OwnedService::new)
    }

    /// Replaces a service. No controller seen so far lets a client do it. Known from the API document only.
    ///
    /// `PUT /services/{id}` (updateService)
    ///
    /// # Errors
    /// [`Error::Unsupported`] from all controllers seen so far, which answer with 501.
    pub fn update(&self, id: &str, service: &ServiceUpdate) -> Result<(), Error> {
        self.client.run(&change(Method::Put, id)?.body(Body::json(service)))
    }

    /// Changes a service in part. No controller seen so far lets a client do it. Known from the API document only.
    ///
    /// `PATCH /services/{id}` (patchService)
    ///
    /// # Errors
    /// As for [`update`](Services::update).
    pub fn patch(&self, id: &str, service: &ServicePatch) -> Result<(), Error> {
        self.client.run(&change(Method::Patch, id)?.body(Body::json(service)))
    }

    /// Deletes a service. No controller seen so far lets a client do it. Known from the API document only.
    ///
    /// `DELETE /services/{id}` (deleteService)
    ///
    /// # Errors
    /// As for [`update`](Services::update).
    pub fn delete(&self, id: &str) -> Result<(), Error> {
        self.client.run(&change(Method::Delete, id)?)
    }

    /// The stamp of now if it is another than `since`, or if there is none yet: something may have changed. `None` if
    /// nothing did.
    ///
    /// `GET /current-api-session/service-updates` (listServiceUpdates)
    ///
    /// Ask for the stamp before the services, not after, or a change in between is missed. [`watch`](Services::watch)
    /// does so.
    ///
    /// # Errors
    /// Any of a call.
    pub fn changed_since(&self, since: Option<&ServiceStamp>) -> Result<Option<ServiceStamp>, Error> {
        watch::changed_since(self.client, &self.client.call(), since)
    }

    /// A watch over the services that match the query. Does no I/O: that is for [`ServiceWatch::poll`].
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a query with a limit or an offset.
    pub fn watch(&self, query: ServiceQuery) -> Result<ServiceWatch, Error> {
        ServiceWatch::new(self.client, query)
    }
}

fn change(method: Method, id: &str) -> Result<Request, Error> {
    Ok(Request::new(method, entity_path("/services", id)?))
}
