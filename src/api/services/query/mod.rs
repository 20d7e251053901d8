//! Which services are wanted.

#[cfg(feature = "capi")]
pub(crate) mod ffi;

use crate::api::list::ListQuery;
use crate::error::Error;
use crate::wire::{Filter, Request};

/// Which services are wanted, and with which of their configs. The default is all, with the configs that the
/// login asked for.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct ServiceQuery {
    rows: ListQuery,
    config_types: Vec<String>,
    role_filter: Vec<String>,
    role_semantic: Option<String>,
}

impl ServiceQuery {
    /// All services.
    pub fn new() -> Self {
        Self::default()
    }

    /// Only services that match: a [`Filter`], or a text in the controller's language such as `name contains "db"` or
    /// `anyOf(roleAttributes) = "web"`, which is sent as it is.
    pub fn filter(mut self, filter: impl Into<Filter>) -> Self {
        self.rows = self.rows.filter(filter);
        self
    }

    /// Sorted by a field, such as `name` or `createdAt desc`. By default services come sorted by id.
    pub fn sort(mut self, sort: impl Into<String>) -> Self {
        self.rows = self.rows.sort(sort);
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
        self.rows = self.rows.limit(limit);
        self
    }

    /// Without this many at the beginning; controllers go up to 100,000. For `page` only.
    pub fn offset(mut self, offset: u64) -> Self {
        self.rows = self.rows.offset(offset);
        self
    }

    /// Role attributes or ids to select by, and how: `AllOf` or `AnyOf`. All controllers seen so far take these
    /// parameters and ignore them: filter by `anyOf(roleAttributes) = "web"` instead.
    pub fn roles<I>(mut self, roles: I, semantic: impl Into<String>) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        self.role_filter = roles.into_iter().map(Into::into).collect();
        self.role_semantic = Some(semantic.into());
        self
    }

    /// The request for the page that was asked for.
    pub(in crate::api::services) fn one_page(&self) -> Result<Request, Error> {
        self.rows.one_page(services()).map(|request| self.finish(request))
    }

    /// The request for the page of a whole list that starts at `offset`.
    pub(in crate::api::services) fn page_at(&self, offset: u64) -> Request {
        self.finish(self.rows.page_at(services(), offset))
    }

    /// The request for what the filter itself cuts out, in one answer.
    pub(in crate::api::services) fn own_window(&self) -> Request {
        self.finish(self.rows.own_window(services()))
    }

    /// A whole list has no limit and no offset.
    pub(in crate::api::services) fn check_whole(&self) -> Result<(), Error> {
        self.rows.check_whole()
    }

    /// True if the filter cuts out a part of the list by itself.
    pub(in crate::api::services) fn has_own_window(&self) -> bool {
        self.rows.has_own_window()
    }

    /// Lists are repeated parameters, because the controller takes one with commas for one name.
    fn finish(&self, request: Request) -> Request {
        let repeated = |request: Request, name: &'static str, values: &[String]| {
            values.iter().fold(request, |request, value| request.query(name, value))
        };
        let request = repeated(request, "configTypes", &self.config_types);
        let request = repeated(request, "roleFilter", &self.role_filter);
        self.role_semantic.iter().fold(request, |request, semantic| request.query("roleSemantic", semantic))
    }
}

fn services() -> Request {
    Request::get("/services").long_answer()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_request_holds_all_that_was_asked() {
        let query = ServiceQuery::new()
            .filter(Filter::name().eq("a&b"))
            .sort("name desc")
            .config_types(["intercept.v1", "host.v1"])
            .roles(["#web", "@id"], "AnyOf")
            .limit(20)
            .offset(40);
        assert_eq!(
            query.one_page().unwrap().target("").expose(),
            "/services?limit=20&offset=40&filter=name%20%3D%20%22a%26b%22&sort=name%20desc\
             &configTypes=intercept.v1&configTypes=host.v1&roleFilter=%23web&roleFilter=%40id&roleSemantic=AnyOf"
        );
        let query = ServiceQuery::default();
        assert_eq!(query.one_page().unwrap().target("").expose(), "/services?limit=500&offset=0");
        assert_eq!(query.own_window().target("").expose(), "/services?limit=-1&offset=0");
    }
}
