//! Which rows of a list are asked for, and the page of them.

use std::cmp::Reverse;
use std::marker::PhantomData;

use serde::Serialize;

use crate::answers::{Answer, Refusal};
use crate::filter::{Filter, Limit, Listed};
use crate::http::Request;
use crate::manners::{Invalid, Version};

const DEFAULT_LIMIT: i64 = 10;
const LARGEST_LIMIT: i64 = 500;
const LARGEST_OFFSET: i64 = 100_000;
const UNLIMITED: i64 = i64::MAX;

/// The part of a list of `T` that a request asks for.
#[derive(Debug)]
pub(crate) struct Query<T> {
    pub(crate) limit: i64,
    pub(crate) offset: i64,
    filter: Filter,
    rows: PhantomData<T>,
}

impl<T: Listed> Query<T> {
    pub(crate) fn parse(request: &Request, version: Version) -> Result<Self, Refusal> {
        let limit = integer(request, "limit", version)?;
        let offset = integer(request, "offset", version)?;
        let text = request.parameter("filter").unwrap_or_default();
        let invalid = |message: String| {
            Refusal::new(400, "INVALID_FILTER", "The filter query supplied is invalid").because(message)
        };
        let mut filter = Filter::parse::<T>(&text).map_err(invalid)?;
        if let Some(sort) = request.parameter("sort").filter(|sort| !sort.is_empty()) {
            let invalid = |message: String| {
                Refusal::new(400, "INVALID_SORT_IDENTIFIER", "The sort order supplied is invalid").because(message)
            };
            filter.sort = Filter::parse::<T>(&format!("true sort by {sort}")).map_err(invalid)?.sort;
        }
        let limit = match filter.limit {
            Some(Limit::None) => -1,
            Some(Limit::Rows(rows)) => rows,
            None => limit.unwrap_or(DEFAULT_LIMIT),
        };
        let limit = match limit {
            -1 => UNLIMITED,
            ..=0 => DEFAULT_LIMIT,
            limit => limit.min(LARGEST_LIMIT),
        };
        let offset = filter.skip.or(offset).unwrap_or(0).clamp(0, LARGEST_OFFSET);
        Ok(Self { limit, offset, filter, rows: PhantomData })
    }

    /// The page of `rows`, each as `show` shows it.
    pub(crate) fn page<'a, S: Serialize>(
        &self,
        rows: impl Iterator<Item = &'a T>,
        show: impl FnMut(&'a T) -> S,
    ) -> Answer
    where
        T: 'a,
    {
        let mut rows: Vec<&T> = rows.filter(|row| self.filter.matches(*row)).collect();
        for (field, descending) in self.filter.sort.iter().rev() {
            let key = |row: &&T| row.value(field).to_string();
            if *descending {
                rows.sort_by_cached_key(|row| Reverse(key(row)));
            } else {
                rows.sort_by_cached_key(key);
            }
        }
        let total = rows.len();
        let wanted = rows.into_iter().skip(usize::try_from(self.offset).unwrap_or(usize::MAX));
        let wanted = wanted.take(usize::try_from(self.limit).unwrap_or(usize::MAX));
        let data: Vec<_> = wanted.map(show).collect();
        let pagination = Pagination { limit: self.limit, offset: self.offset, total_count: total };
        Answer::json(200, &Page { data, meta: Meta { filterable_fields: T::FIELDS, pagination } })
    }
}

fn integer(request: &Request, name: &str, version: Version) -> Result<Option<i64>, Refusal> {
    let Some(text) = request.parameter(name).filter(|text| !text.is_empty()) else { return Ok(None) };
    let wrong = |_| {
        let reason = format!("{name} in query must be of type int64: {text:?}");
        Refusal::invalid(version, Invalid::WrongType, name, &reason, &text)
    };
    text.parse().map(Some).map_err(wrong)
}

#[derive(Serialize)]
struct Page<T> {
    data: Vec<T>,
    meta: Meta,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Meta {
    filterable_fields: &'static [&'static str],
    pagination: Pagination,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Pagination {
    limit: i64,
    offset: i64,
    total_count: usize,
}
