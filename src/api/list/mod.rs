//! Lists: all pages, one page, or row by row.
//!
//! What all lists but that of services have in common; services come by the ten thousand and have a shape of their own.

mod query;

pub use query::ListQuery;

use std::fmt;
use std::iter::FusedIterator;
use std::ops::Deref;

use crate::client::Client;
use crate::error::Error;
use crate::transport::Call;
use crate::wire::fields::Model;
use crate::wire::page::{Pager, too_many_rows};
use crate::wire::{Request, envelope};

/// A model that comes in lists.
pub(crate) trait Row: Model {
    /// What tells a row from all others of its list.
    fn key(&self) -> &str;
}

/// Rows of a list, in the order in which the controller sent them. Behaves like a slice of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List<T> {
    items: Vec<T>,
    total: u64,
}

impl<T> List<T> {
    pub(crate) fn new(items: Vec<T>, total: u64) -> Self {
        Self { items, total }
    }

    /// How many rows match in all, as the controller counted last.
    ///
    /// For a page this says how far to go on. For a whole list it differs from the number of rows only if rows came or
    /// went meanwhile.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The rows alone.
    pub fn into_vec(self) -> Vec<T> {
        self.items
    }
}

impl<T> Deref for List<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.items
    }
}

impl<T> IntoIterator for List<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a List<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.iter()
    }
}

/// All rows that match, each once, within one deadline. `list` is the request without its query for rows.
pub(crate) fn all<T: Row>(client: &Client, list: Request, query: &ListQuery) -> Result<List<T>, Error> {
    query.check_whole()?;
    let call = client.call();
    if query.has_own_window() {
        return single(client, &call, &query.own_window(list));
    }
    let mut walk = Walk::new(client, list, query.clone());
    let mut items = Vec::new();
    while let Some(rows) = walk.next_page(&call)? {
        items.extend(rows);
    }
    Ok(List::new(items, walk.pager.total()))
}

/// The page that was asked for.
pub(crate) fn page<T: Row>(client: &Client, list: Request, query: &ListQuery) -> Result<List<T>, Error> {
    single(client, &client.call(), &query.one_page(list)?)
}

/// The rows that match, fetched page by page as they are asked for.
pub(crate) fn iter<'a, T: Row>(client: &'a Client, list: Request, query: &ListQuery) -> Result<Rows<'a, T>, Error> {
    query.check_whole()?;
    let mut walk = Walk::new(client, list, query.clone());
    walk.pager = walk.pager.one_by_one();
    Ok(Rows { walk, next_page: Walk::next_page, page: Vec::new().into_iter(), ended: false })
}

fn single<T: Row>(client: &Client, call: &Call, request: &Request) -> Result<List<T>, Error> {
    let mut body = Vec::new();
    client.send(call, request, &mut body)?;
    let operation = request.operation();
    let (items, pagination) = client.noting(envelope::rows_once::<T>(&operation, &mut body))?;
    let rows = items.len() as u64;
    if rows > client.max_rows() {
        return Err(too_many_rows(&operation, rows, client.max_rows()));
    }
    Ok(List::new(items, pagination.total_count.unwrap_or(rows)))
}

/// A walk through the pages of a list.
struct Walk<'a> {
    client: &'a Client,
    list: Request,
    query: ListQuery,
    pager: Pager,
    body: Vec<u8>,
}

impl<'a> Walk<'a> {
    fn new(client: &'a Client, list: Request, query: ListQuery) -> Self {
        let pager = Pager::new(list.operation(), client.max_rows());
        Self { client, list, query, pager, body: Vec::new() }
    }

    /// The rows of the next page that did not come before; `None` after the last page.
    fn next_page<T: Row>(&mut self, call: &Call) -> Result<Option<Vec<T>>, Error> {
        let Some(offset) = self.pager.next_offset() else { return Ok(None) };
        let list = self.list.clone();
        let own_window = self.query.has_own_window();
        let request = if own_window { self.query.own_window(list) } else { self.query.page_at(list, offset) };
        self.client.send(call, &request, &mut self.body)?;
        let read = envelope::rows_once::<T>(&request.operation(), &mut self.body);
        let (mut rows, mut pagination) = self.client.noting(read)?;
        let came = rows.len() as u64;
        if own_window {
            // What the filter cuts out is all there is, whatever matches beside it.
            pagination.total_count = Some(came);
            pagination.offset = None;
        }
        rows.retain(|row| self.pager.is_new(row.key()));
        self.pager.page_read(came, self.body.len(), &pagination)?;
        Ok(Some(rows))
    }
}

type NextPage<'a, T> = fn(&mut Walk<'a>, &Call) -> Result<Option<Vec<T>>, Error>;

/// The rows of a list, one by one. Each page is fetched when its first row is asked for, as a call of its own with a
/// time limit of its own. The first error is the last thing that comes.
///
/// Rows may come and go while the pages are read. If that shows, the list is read again, at most twice: a row that was
/// there all the time comes, and none comes twice.
#[must_use = "nothing is fetched before a row is asked for"]
pub struct Rows<'a, T> {
    walk: Walk<'a>,
    next_page: NextPage<'a, T>,
    page: std::vec::IntoIter<T>,
    ended: bool,
}

impl<'a, T> Rows<'a, T> {
    /// All rows within one deadline, which begins now.
    #[cfg(feature = "capi")]
    pub(crate) fn within_one_call(mut self) -> impl Iterator<Item = Result<T, Error>> + use<'a, T> {
        let call = self.walk.client.call();
        std::iter::from_fn(move || self.advance(Some(&call)))
    }

    /// The next row. A page that is fetched for it is part of `call`, or a call of its own.
    fn advance(&mut self, call: Option<&Call>) -> Option<Result<T, Error>> {
        loop {
            if let Some(row) = self.page.next() {
                return Some(Ok(row));
            }
            if self.ended {
                return None;
            }
            let client = self.walk.client;
            let fetched = match call {
                Some(call) => (self.next_page)(&mut self.walk, call),
                None => (self.next_page)(&mut self.walk, &client.call()),
            };
            match fetched {
                Ok(Some(rows)) => self.page = rows.into_iter(),
                Ok(None) => self.ended = true,
                Err(error) => {
                    self.ended = true;
                    return Some(Err(error));
                }
            }
        }
    }
}

impl<T> Iterator for Rows<'_, T> {
    type Item = Result<T, Error>;

    fn next(&mut self) -> Option<Result<T, Error>> {
        self.advance(None)
    }
}

impl<T> FusedIterator for Rows<'_, T> {}

impl<T> fmt::Debug for Rows<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows").field("list", &self.walk.list.operation()).field("query", &self.walk.query).finish()
    }
}
