//! Which rows of a list are wanted.

use crate::error::Error;
use crate::wire::page::LARGEST_PAGE;
use crate::wire::{Filter, Request};

/// Which rows of a list are wanted, and in which order. The default wants all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
#[must_use]
pub struct ListQuery {
    filter: Option<Filter>,
    sort: Option<String>,
    limit: Option<u64>,
    offset: Option<u64>,
}

impl ListQuery {
    /// All rows.
    pub fn new() -> Self {
        Self::default()
    }

    /// Only rows that match: a [`Filter`], or a text in the controller's language such as `name contains "db"`, which
    /// is sent as it is.
    pub fn filter(mut self, filter: impl Into<Filter>) -> Self {
        self.filter = Some(filter.into());
        self
    }

    /// Sorted by a field, such as `name` or `createdAt desc`. By id if nothing else is said.
    pub fn sort(mut self, sort: impl Into<String>) -> Self {
        self.sort = Some(sort.into());
        self
    }

    /// At most this many in a page. Controllers send at most 500, which is the default. For `page` only.
    pub fn limit(mut self, limit: u64) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Without this many at the beginning; controllers go up to 100,000. For `page` only.
    pub fn offset(mut self, offset: u64) -> Self {
        self.offset = Some(offset);
        self
    }

    /// The request for the page that was asked for.
    pub(crate) fn one_page(&self, list: Request) -> Result<Request, Error> {
        // A controller takes 0 for its own default of 10.
        if self.limit == Some(0) {
            return Err(Error::InvalidArgument("limit: must be at least 1".to_owned()));
        }
        self.check_filter()?;
        let limit = self.limit.unwrap_or(LARGEST_PAGE).to_string();
        Ok(self.put(list, &limit, self.offset.unwrap_or(0)))
    }

    /// The request for the page of a whole list that starts at `offset`.
    pub(crate) fn page_at(&self, list: Request, offset: u64) -> Request {
        self.put(list, &LARGEST_PAGE.to_string(), offset)
    }

    /// The request for what the filter itself cuts out, in one answer.
    pub(crate) fn own_window(&self, list: Request) -> Request {
        self.put(list, "-1", 0)
    }

    /// A whole list has no limit and no offset.
    pub(crate) fn check_whole(&self) -> Result<(), Error> {
        if self.limit.is_some() || self.offset.is_some() {
            return Err(Error::InvalidArgument(
                "limit and offset: a list fetches every page; ask for a single page instead".to_owned(),
            ));
        }
        self.check_filter()
    }

    fn check_filter(&self) -> Result<(), Error> {
        self.filter.iter().try_for_each(|filter| filter.checked().map(drop))
    }

    /// True if the filter has a `limit` or `skip` of its own, which the controller obeys before those of the query:
    /// each page would be the same.
    pub(crate) fn has_own_window(&self) -> bool {
        let Some(filter) = &self.filter else { return false };
        // Every second part lies between quotes; an escaped quote leaves an empty word more or less, no more.
        let unescaped = filter.to_string().replace("\\\\", "").replace("\\\"", "");
        let outside = unescaped.split('"').step_by(2);
        let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-');
        outside
            .flat_map(|part| part.split(|c| !is_word(c)))
            .any(|word| word.eq_ignore_ascii_case("limit") || word.eq_ignore_ascii_case("skip"))
    }

    fn put(&self, list: Request, limit: &str, offset: u64) -> Request {
        let mut request = list.query("limit", limit).query("offset", &offset.to_string());
        if let Some(filter) = &self.filter {
            request = request.query("filter", &filter.to_string());
        }
        if let Some(sort) = &self.sort {
            request = request.query("sort", sort);
        }
        request
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(request: Request) -> String {
        request.target("").expose().to_owned()
    }

    #[test]
    fn the_request_of_a_page_holds_all_that_was_asked() {
        let query = ListQuery::new().filter("name = \"a&b\"").sort("name desc").limit(20).offset(40);
        assert_eq!(
            target(query.one_page(Request::get("/sessions")).unwrap()),
            "/sessions?limit=20&offset=40&filter=name%20%3D%20%22a%26b%22&sort=name%20desc"
        );
        let query = ListQuery::default();
        assert_eq!(target(query.one_page(Request::get("/sessions")).unwrap()), "/sessions?limit=500&offset=0");
        assert_eq!(target(query.page_at(Request::get("/sessions"), 500)), "/sessions?limit=500&offset=500");
        assert_eq!(target(query.own_window(Request::get("/sessions"))), "/sessions?limit=-1&offset=0");
    }

    #[test]
    fn numbers_that_mean_something_else_to_a_controller_are_refused() {
        assert!(matches!(
            ListQuery::new().limit(0).one_page(Request::get("/sessions")),
            Err(Error::InvalidArgument(_))
        ));
        assert!(ListQuery::new().limit(5).check_whole().unwrap_err().to_string().contains("every page"));
        assert!(ListQuery::new().offset(0).check_whole().is_err());
        assert!(ListQuery::new().filter("true").check_whole().is_ok());
    }

    #[test]
    fn a_limit_or_skip_in_the_filter_is_seen() {
        let has = |filter: &str| ListQuery::new().filter(filter).has_own_window();
        for filter in
            ["true limit 2", "true LIMIT none", "name = \"a\" sort by name skip 3", "true\tlimit\n2", "(true)limit 2"]
        {
            assert!(has(filter), "{filter}");
        }
        for filter in [
            "",
            "name = \"limit 2\"",
            "name = \"a\\\" limit 2\"",
            "name = \"a\\\\\" or name = \"skip 1\"",
            "tags.limit = 2",
            "limits = 1 or skipped = true",
        ] {
            assert!(!has(filter), "{filter}");
        }
        assert!(has("name = \"a\\\\\" limit 2"));
        assert!(!ListQuery::new().has_own_window());
    }
}
