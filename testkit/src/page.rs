//! Which rows of a list are asked for, and the page of them.

use std::cmp::Reverse;

use serde::Serialize;

use crate::answers::{Answer, Refusal};
use crate::filter::{self, Filter, Limit};
use crate::http::Request;
use crate::manners::{Invalid, Version};
use crate::services::{Service, Shown};

const DEFAULT_LIMIT: i64 = 10;
const LARGEST_LIMIT: i64 = 500;
const LARGEST_OFFSET: i64 = 100_000;
const UNLIMITED: i64 = i64::MAX;

/// The part of a list that a request asks for.
#[derive(Debug)]
pub(crate) struct Query {
    pub(crate) limit: i64,
    pub(crate) offset: i64,
    filter: Filter,
}

impl Query {
    pub(crate) fn parse(request: &Request, version: Version) -> Result<Self, Refusal> {
        let limit = integer(request, "limit", version)?;
        let offset = integer(request, "offset", version)?;
        let text = request.parameter("filter").unwrap_or_default();
        let invalid = |message: String| {
            Refusal::new(400, "INVALID_FILTER", "The filter query supplied is invalid").because(message)
        };
        let mut filter = Filter::parse(&text).map_err(invalid)?;
        if let Some(sort) = request.parameter("sort").filter(|sort| !sort.is_empty()) {
            let invalid = |message: String| {
                Refusal::new(400, "INVALID_SORT_IDENTIFIER", "The sort order supplied is invalid").because(message)
            };
            filter.sort = Filter::parse(&format!("true sort by {sort}")).map_err(invalid)?.sort;
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
        Ok(Self { limit, offset, filter })
    }

    /// The page of `services` that `identity` gets.
    pub(crate) fn page<'a>(
        &self,
        services: impl Iterator<Item = &'a Service>,
        identity: &str,
        shown: &Shown,
    ) -> Answer {
        let visible = services.filter(|service| service.visible_to(identity) && self.filter.matches(service));
        let mut rows: Vec<&Service> = visible.collect();
        for (field, descending) in self.filter.sort.iter().rev() {
            let key = |service: &&Service| filter::value_of(service, field).to_string();
            if *descending {
                rows.sort_by_cached_key(|service| Reverse(key(service)));
            } else {
                rows.sort_by_cached_key(key);
            }
        }
        let total = rows.len();
        let wanted = rows.into_iter().skip(usize::try_from(self.offset).unwrap_or(usize::MAX));
        let wanted = wanted.take(usize::try_from(self.limit).unwrap_or(usize::MAX));
        let data: Vec<_> = wanted.map(|service| service.row(identity, shown)).collect();
        let pagination = Pagination { limit: self.limit, offset: self.offset, total_count: total };
        Answer::json(200, &Page { data, meta: Meta { filterable_fields: filter::fields(), pagination } })
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
