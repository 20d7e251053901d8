//! Structs that the caller fills in, and what several of them have in common.

use std::ffi::c_char;
use std::mem::MaybeUninit;
use std::ptr;
use std::slice;
use std::time::Duration;

use super::cancel::zec_cancel;
use super::strings::optional_text;
use crate::error::Error;
use crate::transport::{CancelToken, Proxy, Reach};

/// No struct will ever be so large; a larger size is a field that nobody set.
const MAX_SIZE: usize = 4096;

/// A struct that the caller fills in: `repr(C)`, its first field `size: usize`, new fields only at its end and without
/// padding between them: an older library takes whatever stands there for an option that it does not have.
///
/// # Safety
/// All bytes zero is a value of the type, as is any other pattern that C can write.
pub(crate) unsafe trait Options: Copy {
    /// Where the last field ends. It has to be where the struct ends: a later field in what was padding would be read
    /// from callers that never set it.
    const END: usize;
}

/// A copy of the caller's struct, or all zero for NULL. What an older header does not have is zero; what a newer
/// header has and this library does not must be zero.
///
/// # Safety
/// `options` is NULL or points to as many readable bytes as its `size` says.
pub(crate) unsafe fn read_options<T: Options>(options: *const T, name: &str) -> Result<T, Error> {
    const { assert!(T::END == size_of::<T>(), "the struct ends with padding") };
    let mut value = MaybeUninit::<T>::zeroed();
    if !options.is_null() {
        // SAFETY: each such struct begins with its size, which has to be set (header, "Ownership").
        let size = unsafe { options.cast::<usize>().read() };
        if size < size_of::<usize>() || size > MAX_SIZE || size % size_of::<usize>() != 0 {
            let message = format!("argument {name}: its size is not set; begin with the _INIT macro of its type");
            return Err(Error::InvalidArgument(message));
        }
        // SAFETY: the caller promised `size` bytes.
        let bytes = unsafe { slice::from_raw_parts(options.cast::<u8>(), size) };
        let (known, unknown) = bytes.split_at(size.min(size_of::<T>()));
        if unknown.iter().any(|&byte| byte != 0) {
            let message = format!("argument {name} uses an option that this version of the library does not have");
            return Err(Error::Unsupported(message));
        }
        // SAFETY: `known` is at most as long as the value.
        unsafe { ptr::copy_nonoverlapping(known.as_ptr(), value.as_mut_ptr().cast(), known.len()) };
    }
    // SAFETY: zero and all that C can write are values of the type, as its Options says.
    Ok(unsafe { value.assume_init() })
}

/// A time limit in milliseconds; 0 means the default.
pub(crate) fn limit(milliseconds: u64) -> Option<Duration> {
    (milliseconds != 0).then(|| Duration::from_millis(milliseconds))
}

/// The cancel token of an options struct; NULL means none.
///
/// # Safety
/// `cancel` is NULL or a handle that is not freed during the call.
pub(crate) unsafe fn cancel_token(cancel: *const zec_cancel) -> Option<CancelToken> {
    // SAFETY: the same promise is asked of the caller.
    unsafe { cancel.as_ref() }.map(|cancel| cancel.token.clone())
}

/// What options say in place of a proxy's address.
const FROM_ENVIRONMENT: &str = "environment";

/// The proxy of an options struct; NULL means none.
///
/// # Safety
/// As for [`text`](super::strings::text).
pub(crate) unsafe fn proxy(url: *const c_char, name: &str) -> Result<Option<Proxy>, Error> {
    // SAFETY: the same promise is asked of the caller.
    match unsafe { optional_text(url, name) }? {
        None => Ok(None),
        Some(FROM_ENVIRONMENT) => Proxy::from_environment(),
        Some(url) => Proxy::parse(url).map(Some),
    }
}

/// How a call goes that is made without a client: the fields `timeout_ms`, `cancel` and `proxy` of its options.
///
/// # Safety
/// As for [`cancel_token`] and [`proxy`].
pub(crate) unsafe fn reach(timeout_ms: u64, cancel: *const zec_cancel, url: *const c_char) -> Result<Reach, Error> {
    Ok(Reach {
        timeout: limit(timeout_ms),
        // SAFETY: the same promise is asked of the caller.
        cancel: unsafe { cancel_token(cancel) },
        // SAFETY: as above.
        proxy: unsafe { proxy(url, "options.proxy") }?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[repr(C)]
    #[derive(Clone, Copy)]
    struct Old {
        size: usize,
        timeout: u64,
    }

    #[repr(C)]
    #[derive(Clone, Copy)]
    struct New {
        size: usize,
        timeout: u64,
        name: *const c_char,
    }

    // SAFETY: integers.
    unsafe impl Options for Old {
        const END: usize = size_of::<Self>();
    }
    // SAFETY: integers and a pointer.
    unsafe impl Options for New {
        const END: usize = size_of::<Self>();
    }

    #[test]
    fn null_means_all_defaults() {
        // SAFETY: NULL is allowed.
        let read = unsafe { read_options::<New>(ptr::null(), "options") }.unwrap();
        assert_eq!((read.size, read.timeout, read.name.is_null()), (0, 0, true));
    }

    #[test]
    fn the_struct_of_an_older_header_is_accepted() {
        let old = Old { size: size_of::<Old>(), timeout: 5 };
        // SAFETY: `old` has as many bytes as its size says.
        let read = unsafe { read_options::<New>(ptr::from_ref(&old).cast(), "options") }.unwrap();
        assert_eq!((read.timeout, read.name.is_null()), (5, true));
    }

    #[test]
    fn the_struct_of_a_newer_header_is_accepted_unless_it_uses_what_is_new() {
        let mut new = New { size: size_of::<New>(), timeout: 5, name: ptr::null() };
        // SAFETY: `new` has as many bytes as its size says.
        let read = unsafe { read_options::<Old>(ptr::from_ref(&new).cast(), "options") }.unwrap();
        assert_eq!(read.timeout, 5);
        new.name = c"x".as_ptr();
        // SAFETY: as above.
        let refused = unsafe { read_options::<Old>(ptr::from_ref(&new).cast(), "options") };
        assert!(matches!(refused, Err(Error::Unsupported(message)) if message.contains("argument options")));
    }

    #[test]
    fn a_size_that_nobody_set_is_refused() {
        for size in [0, 1, size_of::<usize>() + 1, MAX_SIZE + size_of::<usize>(), usize::MAX] {
            let old = Old { size, timeout: 5 };
            // SAFETY: nothing behind such a size is read.
            let refused = unsafe { read_options::<Old>(&old, "query") };
            let Err(Error::InvalidArgument(message)) = refused else { panic!("{size} was accepted") };
            assert!(message.contains("argument query: its size is not set"), "{message}");
        }
    }
}
