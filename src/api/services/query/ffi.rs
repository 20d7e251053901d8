//! The C face of queries for services.

#![allow(
    unsafe_code,
    non_camel_case_types,
    missing_docs,
    clippy::missing_safety_doc,
    reason = "a C face: names, comments and rules are those of the header"
)]

use std::ffi::c_char;
use std::mem::offset_of;

use super::ServiceQuery;
use crate::error::Error;
use crate::ffi::{Options, optional_text, read_options, texts};

/// Which services are wanted; zero and NULL mean the default. Begin with ZEC_SERVICE_QUERY_INIT.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_service_query {
    /// Set by the _INIT macro.
    pub size: usize,
    /// For a page: at most this many. Controllers send at most 500, which is the default.
    pub limit: u64,
    /// For a page: without this many at the beginning.
    pub offset: u64,
    /// Only services that match a filter in the controller's language, such as `name contains "db"`. What comes from
    /// elsewhere has to be quoted: see zec_filter_quote().
    pub filter: *const c_char,
    /// Sorted by a field, such as `name` or `createdAt desc`.
    pub sort: *const c_char,
    /// With configs of these types, by name or id; "all" for every type. Default: those of the client's options.
    pub config_types: *const *const c_char,
    pub config_types_len: usize,
    /// Role attributes such as "#web" or ids such as "@4FTq" to select by. All controllers seen so far ignore this and
    /// the next: filter by `anyOf(roleAttributes) = "web"` instead.
    pub role_filter: *const *const c_char,
    pub role_filter_len: usize,
    /// "AllOf" or "AnyOf".
    pub role_semantic: *const c_char,
    /// Must be 0: without it the struct would end with padding where pointers have four bytes.
    pub reserved: usize,
}

// SAFETY: integers and pointers; the last field ends where the struct ends.
unsafe impl Options for zec_service_query {
    const END: usize = offset_of!(Self, reserved) + size_of::<usize>();
}

impl zec_service_query {
    /// # Safety
    /// As for [`read_options`], and the strings in it are valid or NULL.
    pub(in crate::api::services) unsafe fn rust(query: *const Self) -> Result<ServiceQuery, Error> {
        // SAFETY: the same promise is asked of the caller.
        let query = unsafe { read_options(query, "query") }?;
        let Self {
            size: _,
            limit,
            offset,
            filter,
            sort,
            config_types,
            config_types_len,
            role_filter,
            role_filter_len,
            role_semantic,
            reserved,
        } = query;
        if reserved != 0 {
            return Err(Error::Unsupported("argument query.reserved must be 0".to_owned()));
        }
        let given = |number: u64| (number != 0).then_some(number);
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let filter = unsafe { optional_text(filter, "query.filter") }?;
        // SAFETY: as above.
        let sort = unsafe { optional_text(sort, "query.sort") }?;
        // SAFETY: as above, and the array is as long as its length says.
        let config_types = unsafe { texts(config_types, config_types_len, "query.config_types") }?;
        // SAFETY: as above.
        let role_filter = unsafe { texts(role_filter, role_filter_len, "query.role_filter") }?;
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let role_semantic = unsafe { optional_text(role_semantic, "query.role_semantic") }?;
        let query = ServiceQuery::new().config_types(config_types);
        let query = given(limit).into_iter().fold(query, ServiceQuery::limit);
        let query = given(offset).into_iter().fold(query, ServiceQuery::offset);
        let query = filter.into_iter().fold(query, ServiceQuery::filter);
        let mut query = sort.into_iter().fold(query, ServiceQuery::sort);
        query.role_filter = role_filter.into_iter().map(str::to_owned).collect();
        query.role_semantic = role_semantic.map(str::to_owned);
        Ok(query)
    }
}
