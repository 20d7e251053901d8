//! Services the identity may use.
//!
//! | operation | Rust | C |
//! |---|---|---|
//! | `GET /services` | [`Services::list`], [`Services::page`] | `zec_services_list`, `zec_services_page` |
//! | `GET /services/{id}` | [`Services::get`] | `zec_services_get` |

mod block;
pub(crate) mod config;
mod decode;
pub(crate) mod edge_routers;
#[cfg(feature = "capi")]
pub(crate) mod ffi;
mod model;
pub(crate) mod posture;
mod query;
#[cfg(test)]
pub(super) mod recorded;
pub(crate) mod terminators;
#[cfg(test)]
pub(super) mod tests;

#[cfg_attr(not(any(feature = "capi", test)), expect(unused_imports, reason = "for the C records"))]
pub(crate) use block::{Field, List};
pub use config::{
    AddressTranslation, CheckAction, Config, DialOptions, HostProxy, HostV1, HostV2, HttpCheck, InterceptV1,
    ListenOptions, PortCheck, PortRange, TunnelerClientV1, TunnelerServerV1,
};
#[cfg(test)]
pub(super) use decode::MEMBERS;
pub use model::{Iter, OwnedService, Permission, Service, ServiceList};
pub use posture::{PostureQuery, PostureQueryProcess, PostureQuerySet};
pub use query::ServiceQuery;
pub use terminators::{Terminator, Terminators};

use crate::client::Client;
use crate::error::Error;
use crate::wire::Request;
use crate::wire::page::{Pager, too_many_rows};
use crate::wire::request::entity_path;

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
    /// `max_rows`. [`Error::Decode`] for one of more than the controller pages through (100,000): narrow it with a
    /// filter. [`Error::LoginPending`] if the login still wants a factor.
    pub fn list(&self, query: &ServiceQuery) -> Result<ServiceList, Error> {
        let call = self.client.call();
        let limits = Limits { max_rows: self.client.max_rows(), check: &|| call.check() };
        list(query, limits, |request, body| self.client.send(&call, request, body).map(drop))
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
        single(&request, limits, |request, body| self.client.send(&call, request, body).map(drop))
    }

    /// The service with this id, with the configs that the login asked for.
    ///
    /// `GET /services/{id}` (detailService)
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for what cannot be an id. A service that this identity may not use is [`Error::Api`] with status 404, like one that is not there.
    pub fn get(&self, id: &str) -> Result<OwnedService, Error> {
        let request = Request::get(entity_path("/services", id)?);
        let mut body = Vec::new();
        self.client.send(&self.client.call(), &request, &mut body)?;
        decode::one(&request.operation(), &body).map(OwnedService::new)
    }
}

/// Sends a request and puts the body of its answer into the buffer.
trait Fetch: FnMut(&Request, &mut Vec<u8>) -> Result<(), Error> {}

impl<F: FnMut(&Request, &mut Vec<u8>) -> Result<(), Error>> Fetch for F {}

/// What a list may cost.
#[derive(Clone, Copy)]
struct Limits<'a> {
    max_rows: u64,
    /// Fails once the call is over. Looked at while a page is read, too: one that holds far more than it should takes
    /// longer than a cancel may.
    check: &'a dyn Fn() -> Result<(), Error>,
}

/// Reading so many rows takes about a millisecond.
const ROWS_BETWEEN_CHECKS: u64 = 1024;

impl Limits<'_> {
    /// May this row of a page be read, the first being 1?
    fn allow(&self, row: u64, operation: &str) -> Result<(), Error> {
        if row > self.max_rows {
            return Err(too_many_rows(operation, row, self.max_rows));
        }
        if row.is_multiple_of(ROWS_BETWEEN_CHECKS) {
            return (self.check)();
        }
        Ok(())
    }
}

fn list(query: &ServiceQuery, limits: Limits<'_>, mut fetch: impl Fetch) -> Result<ServiceList, Error> {
    query.check_whole()?;
    if query.has_own_window() {
        return single(&query.own_window(), limits, fetch);
    }
    let operation = query.page_at(0).operation();
    let mut pager = Pager::new(operation.clone(), limits.max_rows);
    let mut body = Vec::new();
    let mut builder = block::Builder::default();
    let mut services = ServiceList::default();
    while let Some(offset) = pager.next_offset() {
        fetch(&query.page_at(offset), &mut body)?;
        let mut row = 0;
        let page = decode::page(&operation, &body, &mut builder, &mut |id| {
            row += 1;
            limits.allow(row, &operation).map(|()| pager.is_new(id))
        })?;
        pager.page_read(page.rows, &page.pagination)?;
        services.push(page.block);
    }
    services.set_total(pager.total());
    Ok(services)
}

fn single(request: &Request, limits: Limits<'_>, mut fetch: impl Fetch) -> Result<ServiceList, Error> {
    let mut body = Vec::new();
    fetch(request, &mut body)?;
    let operation = request.operation();
    let mut row = 0;
    let page = decode::page(&operation, &body, &mut block::Builder::default(), &mut |_| {
        row += 1;
        limits.allow(row, &operation).map(|()| true)
    })?;
    let mut services = ServiceList::default();
    services.set_total(page.pagination.total_count.unwrap_or(page.rows));
    services.push(page.block);
    Ok(services)
}
