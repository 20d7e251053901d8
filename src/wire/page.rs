//! `meta.pagination`, and walking through pages without duplicates.

use std::collections::HashSet;
use std::hash::{BuildHasher, Hash, RandomState};

use serde::Deserialize;

use crate::error::Error;

/// The largest page a controller sends.
pub(crate) const LARGEST_PAGE: u64 = 500;

/// As many bytes of pages as a list keeps. A million rows fit; pages that are full of something else do not: each of them
/// may be inflated from next to nothing.
const LARGEST_LIST: u64 = 1024 * 1024 * 1024;

/// How often a list is walked through again because it changed on the way.
const EXTRA_PASSES: u32 = 2;

/// The `meta` of a page.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Meta {
    #[serde(default)]
    pagination: Option<Pagination>,
}

/// Which part of a list a page is. The limit may be 9223372036854775807: "none".
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Pagination {
    pub(crate) offset: Option<u64>,
    pub(crate) total_count: Option<u64>,
}

impl From<Meta> for Pagination {
    fn from(meta: Meta) -> Self {
        meta.pagination.unwrap_or_default()
    }
}

/// Walks through the pages of a list; knows nothing of requests and rows.
///
/// A list that changes on the way shifts: a row may come twice, and when rows before the offset go away, a row
/// slips past. So where the total changed or a row came twice, the list is walked through again, at most twice,
/// and what is new is added. Every row that is there the whole time is found, unless the list changes in each
/// pass, or loses one row and gains another between the same two pages, which nothing shows.
pub(crate) struct Pager {
    operation: String,
    max_rows: u64,
    /// How many bytes of pages may be kept; `None` if the rows are not.
    max_bytes: Option<u64>,
    /// Where the next page begins; `None` once the walk is over.
    offset: Option<u64>,
    total: Option<u64>,
    kept: u64,
    /// How many of the rows that are kept came before this page.
    kept_before: u64,
    /// The length of all pages of which rows are kept.
    bytes: u64,
    pages: u64,
    /// How many passes have ended.
    passes: u32,
    /// True if the list changed during this pass.
    moved: bool,
    seen: Ids,
    seen_again: Ids,
}

impl Pager {
    pub(crate) fn new(operation: String, max_rows: u64) -> Self {
        Self {
            operation,
            max_rows,
            max_bytes: Some(LARGEST_LIST),
            offset: Some(0),
            total: None,
            kept: 0,
            kept_before: 0,
            bytes: 0,
            pages: 0,
            passes: 0,
            moved: false,
            seen: Ids::default(),
            seen_again: Ids::default(),
        }
    }

    /// For rows that are not kept: their pages may be of any length in all.
    pub(crate) fn one_by_one(self) -> Self {
        Self { max_bytes: None, ..self }
    }

    /// The offset of the page to ask for, or `None` if all pages are there.
    pub(crate) fn next_offset(&self) -> Option<u64> {
        self.offset
    }

    /// How many rows there are, as the controller counted last.
    pub(crate) fn total(&self) -> u64 {
        self.total.unwrap_or(self.kept)
    }

    /// True if the row with this id is to be kept: it did not come before.
    pub(crate) fn is_new(&mut self, id: &str) -> bool {
        if self.passes > 0 && !self.seen_again.insert(id) {
            self.moved = true;
            return false;
        }
        let is_new = self.seen.insert(id);
        self.moved |= !is_new && self.passes == 0;
        self.kept += u64::from(is_new);
        is_new
    }

    /// Takes note of a page of so many bytes that was read: `rows` came in it, kept or not.
    pub(crate) fn page_read(&mut self, rows: u64, bytes: usize, pagination: &Pagination) -> Result<(), Error> {
        let Some(offset) = self.offset else { return Ok(()) };
        self.pages += 1;
        if self.kept > self.kept_before {
            self.kept_before = self.kept;
            self.bytes = self.bytes.saturating_add(bytes as u64);
        }
        self.check(offset, pagination)?;
        let total = pagination.total_count;
        self.moved |= offset > 0 && total != self.total;
        self.total = total;
        let next = offset.saturating_add(rows);
        if rows > 0 && total.is_none_or(|total| next < total) {
            self.offset = Some(next);
        } else {
            // An empty page before the end is a list that changed, or a controller that miscounts.
            self.moved |= total.is_some_and(|total| next < total);
            self.end_pass();
        }
        Ok(())
    }

    fn end_pass(&mut self) {
        self.passes += 1;
        let again = self.moved && self.passes <= EXTRA_PASSES;
        self.offset = again.then_some(0);
        self.moved = false;
        self.seen_again = Ids::default();
        if again {
            log::debug!("{}: the list changed while it was read, reading it again", self.operation);
        }
    }

    /// Stops what would never end, or would end as a list that looks whole and is not.
    fn check(&self, asked: u64, pagination: &Pagination) -> Result<(), Error> {
        let decode = |path: &str, message: String| Error::Decode {
            operation: self.operation.clone(),
            path: path.to_owned(),
            message,
        };
        if let Some(offset) = pagination.offset.filter(|&offset| offset != asked) {
            let message = format!(
                "the page starts at row {offset} where row {asked} was asked for; narrow the list with a filter"
            );
            return Err(decode("meta.pagination.offset", message));
        }
        let rows = self.kept.max(pagination.total_count.unwrap_or(0));
        if rows > self.max_rows {
            return Err(too_many_rows(&self.operation, rows, self.max_rows));
        }
        if self.max_bytes.is_some_and(|most| self.bytes > most) {
            return Err(Error::InvalidArgument(format!(
                "{}: the list is longer than {} MiB; narrow it with a filter, or take its rows one by one",
                self.operation,
                LARGEST_LIST >> 20
            )));
        }
        // Pages of 500 are usual; a controller that sends one row at a time would go on for ever.
        let most_pages = self.max_rows / 100 + 1000;
        if self.pages > most_pages {
            return Err(decode("data", format!("the list has not ended after {most_pages} pages")));
        }
        Ok(())
    }
}

/// The list would be larger than its caller allows.
pub(crate) fn too_many_rows(operation: &str, rows: u64, max_rows: u64) -> Error {
    Error::InvalidArgument(format!(
        "{operation}: the list has {rows} rows, more than max_rows ({max_rows}) allows; raise max_rows or narrow the \
         list with a filter"
    ))
}

/// Makes 128 bits of keyed hash that stand for a value. Two of a million values would meet once in 10^26 lists, and
/// nobody who does not know the keys can make them meet.
#[derive(Default)]
pub(crate) struct Fingerprints {
    keys: [RandomState; 2],
}

impl Fingerprints {
    pub(crate) fn of(&self, value: impl Hash) -> [u64; 2] {
        [self.keys[0].hash_one(&value), self.keys[1].hash_one(&value)]
    }
}

/// A set of ids that owns none of them.
#[derive(Default)]
struct Ids {
    fingerprints: Fingerprints,
    hashes: HashSet<[u64; 2]>,
}

impl Ids {
    /// False if the id is in the set already.
    fn insert(&mut self, id: &str) -> bool {
        self.hashes.insert(self.fingerprints.of(id))
    }
}

#[cfg(test)]
mod tests;
