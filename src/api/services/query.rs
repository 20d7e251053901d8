//! Which services are wanted.

use crate::error::Error;
use crate::wire::Request;
use crate::wire::page::LARGEST_PAGE;

/// Which services are wanted, and with which of their configs. The default is all, with the configs that the
/// login asked for.
#[derive(Debug, Clone, Default)]
#[must_use]
#[non_exhaustive]
pub struct ServiceQuery {
    filter: Option<String>,
    sort: Option<String>,
    config_types: Vec<String>,
    limit: Option<u64>,
    offset: Option<u64>,
}

impl ServiceQuery {
    /// All services.
    pub fn new() -> Self {
        Self::default()
    }

    /// Only services that match a filter in the controller's language, such as `name contains "db"` or
    /// `anyOf(roleAttributes) = "web"`.
    ///
    /// The text is sent as it is: quote what comes from elsewhere.
    pub fn filter(mut self, filter: impl Into<String>) -> Self {
        self.filter = Some(filter.into());
        self
    }

    /// Sorted by a field, such as `name` or `createdAt desc`. By default services come sorted by id.
    pub fn sort(mut self, sort: impl Into<String>) -> Self {
        self.sort = Some(sort.into());
        self
    }

    /// With configs of these types, by name or id; `all` for every type.
    pub fn config_types<I>(mut self, types: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        self.config_types = types.into_iter().map(Into::into).collect();
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
    pub(super) fn one_page(&self) -> Result<Request, Error> {
        // A controller takes 0 for its own default of 10.
        if self.limit == Some(0) {
            return Err(Error::InvalidArgument("limit: must be at least 1".to_owned()));
        }
        let limit = self.limit.unwrap_or(LARGEST_PAGE).to_string();
        Ok(self.request(&limit, self.offset.unwrap_or(0)))
    }

    /// The request for the page of a whole list that starts at `offset`.
    pub(super) fn page_at(&self, offset: u64) -> Request {
        self.request(&LARGEST_PAGE.to_string(), offset)
    }

    /// The request for what the filter itself cuts out, in one answer.
    pub(super) fn own_window(&self) -> Request {
        self.request("-1", 0)
    }

    /// A whole list has no limit and no offset.
    pub(super) fn check_whole(&self) -> Result<(), Error> {
        if self.limit.is_some() || self.offset.is_some() {
            return Err(Error::InvalidArgument(
                "limit and offset: a list fetches every page; ask for a single page instead".to_owned(),
            ));
        }
        Ok(())
    }

    /// True if the filter has a `limit` or `skip` of its own, which the controller obeys before those of the query:
    /// each page would be the same.
    pub(super) fn has_own_window(&self) -> bool {
        let Some(filter) = &self.filter else { return false };
        // Every second part lies between quotes; an escaped quote leaves an empty word more or less, no more.
        let unescaped = filter.replace("\\\\", "").replace("\\\"", "");
        let outside = unescaped.split('"').step_by(2);
        let is_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-');
        outside
            .flat_map(|part| part.split(|c| !is_word(c)))
            .any(|word| word.eq_ignore_ascii_case("limit") || word.eq_ignore_ascii_case("skip"))
    }

    fn request(&self, limit: &str, offset: u64) -> Request {
        let mut request =
            Request::get("/services").compress().query("limit", limit).query("offset", &offset.to_string());
        if let Some(filter) = &self.filter {
            request = request.query("filter", filter);
        }
        if let Some(sort) = &self.sort {
            request = request.query("sort", sort);
        }
        // Repeated, because the controller takes a list with commas for one name.
        self.config_types.iter().fold(request, |request, name| request.query("configTypes", name))
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
        let query = ServiceQuery::new()
            .filter("name = \"a&b\"")
            .sort("name desc")
            .config_types(["intercept.v1", "host.v1"])
            .limit(20)
            .offset(40);
        assert_eq!(
            target(query.one_page().unwrap()),
            "/services?limit=20&offset=40&filter=name%20%3D%20%22a%26b%22&sort=name%20desc\
             &configTypes=intercept.v1&configTypes=host.v1"
        );
        assert_eq!(target(ServiceQuery::default().one_page().unwrap()), "/services?limit=500&offset=0");
    }

    #[test]
    fn numbers_that_mean_something_else_to_a_controller_are_refused() {
        assert!(matches!(ServiceQuery::new().limit(0).one_page(), Err(Error::InvalidArgument(_))));
        assert!(ServiceQuery::new().limit(5).check_whole().unwrap_err().to_string().contains("every page"));
        assert!(ServiceQuery::new().offset(0).check_whole().is_err());
        assert!(ServiceQuery::new().filter("true").check_whole().is_ok());
    }

    #[test]
    fn a_limit_or_skip_in_the_filter_is_seen() {
        let has = |filter: &str| ServiceQuery::new().filter(filter).has_own_window();
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
        assert!(!ServiceQuery::new().has_own_window());
    }
}
