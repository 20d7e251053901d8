//! Which rows of a list are wanted.

use std::ffi::c_char;
use std::mem::{MaybeUninit, offset_of};

use super::guard::{arg, clear, guard};
use super::options::{Options, read_options};
use super::strings::{give_text, optional_text, text};
use super::zec_error;
use crate::api::list::ListQuery;
use crate::error::Error;
use crate::wire::filter::quoted;

/// Which rows of a list are wanted; zero and NULL mean the default. Begin with ZEC_LIST_QUERY_INIT.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_list_query {
    /// Set by the _INIT macro.
    pub size: usize,
    /// For a page: at most this many. Controllers send at most 500, which is the default.
    pub limit: u64,
    /// For a page: without this many at the beginning.
    pub offset: u64,
    /// Only rows that match a filter in the controller's language, such as `name contains "db"`. What comes from
    /// elsewhere has to be quoted: see zec_filter_quote().
    pub filter: *const c_char,
    /// Sorted by a field, such as `name` or `createdAt desc`.
    pub sort: *const c_char,
}

// SAFETY: integers and pointers; the last field ends where the struct ends.
unsafe impl Options for zec_list_query {
    const END: usize = offset_of!(Self, sort) + size_of::<*const c_char>();
}

impl zec_list_query {
    /// # Safety
    /// As for [`read_options`], and the strings in it are valid or NULL.
    pub(crate) unsafe fn rust(query: *const Self) -> Result<ListQuery, Error> {
        // SAFETY: the same promise is asked of the caller.
        let Self { size: _, limit, offset, filter, sort } = unsafe { read_options(query, "query") }?;
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let filter = unsafe { optional_text(filter, "query.filter") }?;
        // SAFETY: as above.
        let sort = unsafe { optional_text(sort, "query.sort") }?;
        let given = |number: u64| (number != 0).then_some(number);
        let query = given(limit).into_iter().fold(ListQuery::new(), ListQuery::limit);
        let query = given(offset).into_iter().fold(query, ListQuery::offset);
        let query = filter.into_iter().fold(query, ListQuery::filter);
        Ok(sort.into_iter().fold(query, ListQuery::sort))
    }
}

/// The text in double quotes and escaped, as a filter wants values. Free it with zec_string_free(). A text with a
/// backslash right before an f, n, r or t is ZEC_ERR_INVALID_ARGUMENT: no controller can be asked for it.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_filter_quote(
    value: *const c_char,
    out: Option<&mut MaybeUninit<*mut c_char>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let value = unsafe { text(value, "value") }?;
        out.write(give_text(&quoted(value).map_err(Error::InvalidArgument)?)?);
        Ok(())
    })
}
