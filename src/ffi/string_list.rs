//! Several texts as the whole result of a call.

use std::ffi::c_char;

use super::arena::Arena;
use super::guard::guard_or;
use super::record::{Root, publish, release};

/// Texts in a row.
#[repr(C)]
pub struct zec_string_list {
    pub items: *const *const c_char,
    pub len: usize,
}

impl Root for zec_string_list {
    type Kept = Arena;
}

impl zec_string_list {
    /// The texts for C.
    pub(crate) fn publish<'a>(texts: impl Iterator<Item = &'a str>) -> *mut Self {
        publish(Arena::new(), |arena: &mut Arena| {
            let mut len = 0;
            let items = arena.strs(texts.inspect(|_| len += 1));
            Self { items, len }
        })
    }
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn zec_string_list_free(list: *mut zec_string_list) {
    guard_or((), || {
        // SAFETY: a root is NULL or was not freed yet (header, "Ownership").
        unsafe { release(list) };
    });
}
