//! Pages of services: all of them, one of them, or one after the other as they are asked for.

use std::fmt;

use super::block::{Block, Builder};
use super::decode;
use super::model::{OwnedService, ServiceList};
use super::query::ServiceQuery;
use crate::client::Client;
use crate::error::Error;
use crate::transport::Call;
use crate::wire::Request;
use crate::wire::page::{Pager, too_many_rows};

/// Sends a request and puts the body of its answer into the buffer.
pub(super) trait Fetch: FnMut(&Request, &mut Vec<u8>) -> Result<(), Error> {}

impl<F: FnMut(&Request, &mut Vec<u8>) -> Result<(), Error>> Fetch for F {}

/// What a list may cost.
#[derive(Clone, Copy)]
pub(super) struct Limits<'a> {
    pub(super) max_rows: u64,
    /// Fails once the call is over. Looked at while a page is read, too: one that holds far more than it should takes
    /// longer than a cancel may.
    pub(super) check: &'a dyn Fn() -> Result<(), Error>,
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

/// All services that match, each once.
pub(super) fn list(query: &ServiceQuery, limits: Limits<'_>, mut fetch: impl Fetch) -> Result<ServiceList, Error> {
    query.check_whole()?;
    if query.has_own_window() {
        return single(&query.own_window(), limits, fetch);
    }
    let mut walk = Walk::new(query, limits.max_rows);
    let mut services = ServiceList::default();
    while let Some(block) = walk.next_page(limits, &mut fetch)? {
        services.push(block);
    }
    services.set_total(walk.pager.total());
    Ok(services)
}

/// The page that was asked for.
pub(super) fn single(request: &Request, limits: Limits<'_>, mut fetch: impl Fetch) -> Result<ServiceList, Error> {
    let mut body = Vec::new();
    fetch(request, &mut body)?;
    let operation = request.operation();
    let mut row = 0;
    let page = decode::page(&operation, &body, &mut Builder::default(), &mut |_| {
        row += 1;
        limits.allow(row, &operation).map(|()| true)
    })?;
    let mut services = ServiceList::default();
    services.set_total(page.pagination.total_count.unwrap_or(page.rows));
    services.push(page.block);
    Ok(services)
}

/// A walk through the pages of a list, with the buffers that all of them use.
pub(super) struct Walk {
    query: ServiceQuery,
    operation: String,
    pager: Pager,
    body: Vec<u8>,
    builder: Builder,
}

impl Walk {
    pub(super) fn new(query: &ServiceQuery, max_rows: u64) -> Self {
        let operation = query.page_at(0).operation();
        let pager = Pager::new(operation.clone(), max_rows);
        Self { query: query.clone(), operation, pager, body: Vec::new(), builder: Builder::default() }
    }

    /// The services of the next page that did not come before; `None` after the last page.
    pub(super) fn next_page(&mut self, limits: Limits<'_>, mut fetch: impl Fetch) -> Result<Option<Block>, Error> {
        let Some(offset) = self.pager.next_offset() else { return Ok(None) };
        let own_window = self.query.has_own_window();
        let request = if own_window { self.query.own_window() } else { self.query.page_at(offset) };
        fetch(&request, &mut self.body)?;
        let (operation, pager) = (&self.operation, &mut self.pager);
        let mut row = 0;
        let mut page = decode::page(operation, &self.body, &mut self.builder, &mut |id| {
            row += 1;
            limits.allow(row, operation).map(|()| pager.is_new(id))
        })?;
        if own_window {
            // What the filter cuts out is all there is, whatever matches beside it.
            page.pagination.total_count = Some(page.rows);
            page.pagination.offset = None;
        }
        self.pager.page_read(page.rows, self.body.len(), &page.pagination)?;
        Ok(Some(page.block))
    }

    /// The same as part of a call.
    pub(super) fn next_page_of(&mut self, client: &Client, call: &Call) -> Result<Option<Block>, Error> {
        let limits = Limits { max_rows: client.max_rows(), check: &|| call.check() };
        client.noting(self.next_page(limits, |request, body| client.send(call, request, body).map(drop)))
    }
}

/// Services, one by one. Each page is fetched when its first service is asked for, as a call of its own with a time
/// limit of its own. The first error is the last thing that comes.
///
/// Services may come and go while the pages are read. If that shows, the list is read again, at most twice: a service
/// that was there all the time comes, and none comes twice.
#[must_use = "nothing is fetched before a service is asked for"]
pub struct ServiceRows<'a> {
    client: &'a Client,
    walk: Walk,
    /// What is left of the page, and where it goes on.
    page: Option<(Block, usize)>,
    call: Option<Call>,
    ended: bool,
}

impl<'a> ServiceRows<'a> {
    pub(super) fn new(client: &'a Client, query: &ServiceQuery) -> Result<Self, Error> {
        query.check_whole()?;
        let mut walk = Walk::new(query, client.max_rows());
        walk.pager = walk.pager.one_by_one();
        Ok(Self { client, walk, page: None, call: None, ended: false })
    }

    /// All pages within one deadline, which begins now.
    #[cfg(feature = "capi")]
    pub(super) fn within_one_call(mut self) -> Self {
        self.call = Some(self.client.call());
        self
    }

    fn next_page(&mut self) -> Result<Option<Block>, Error> {
        match &self.call {
            Some(call) => self.walk.next_page_of(self.client, call),
            None => self.walk.next_page_of(self.client, &self.client.call()),
        }
    }
}

impl Iterator for ServiceRows<'_> {
    type Item = Result<OwnedService, Error>;

    fn next(&mut self) -> Option<Result<OwnedService, Error>> {
        loop {
            if let Some((block, row)) = &mut self.page
                && *row < block.len()
            {
                let service = block.only(block.row(*row));
                *row += 1;
                return Some(Ok(OwnedService::new(service)));
            }
            if self.ended {
                return None;
            }
            match self.next_page() {
                Ok(Some(block)) => self.page = Some((block, 0)),
                Ok(None) => self.ended = true,
                Err(error) => {
                    self.ended = true;
                    return Some(Err(error));
                }
            }
        }
    }
}

impl fmt::Debug for ServiceRows<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceRows").field("query", &self.walk.query).finish_non_exhaustive()
    }
}
