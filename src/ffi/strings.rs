//! Text that crosses the border, in both directions.

use std::ffi::{CString, c_char};
use std::slice;

use zeroize::Zeroize;

use super::guard::guard_or;
use crate::error::Error;
use crate::secret::Secret;

/// No text a caller hands in is longer: far above any identity file, and it bounds the search for the missing NUL.
const MAX_TEXT: usize = 16 * 1024 * 1024;

/// As many items as one array of a caller may hold.
const MAX_ITEMS: usize = 10_000;

/// The text of a required argument.
///
/// # Safety
/// `pointer` is NULL or points to bytes that are readable up to their NUL, and stay so for `'a`.
pub(crate) unsafe fn text<'a>(pointer: *const c_char, name: &str) -> Result<&'a str, Error> {
    // SAFETY: the same promise is asked of the caller.
    let text = unsafe { optional_text(pointer, name) }?;
    text.ok_or_else(|| Error::InvalidArgument(format!("argument {name} is NULL")))
}

/// The text of an argument or option that may be absent.
///
/// # Safety
/// As for [`text`].
pub(crate) unsafe fn optional_text<'a>(pointer: *const c_char, name: &str) -> Result<Option<&'a str>, Error> {
    if pointer.is_null() {
        return Ok(None);
    }
    // SAFETY: strnlen reads no further than the NUL, up to which the caller promised readable bytes.
    let len = unsafe { libc::strnlen(pointer, MAX_TEXT + 1) };
    if len > MAX_TEXT {
        return Err(Error::InvalidArgument(format!("argument {name} is longer than {MAX_TEXT} bytes")));
    }
    // SAFETY: strnlen has just read these bytes.
    let bytes = unsafe { slice::from_raw_parts(pointer.cast::<u8>(), len) };
    let text = std::str::from_utf8(bytes)
        .map_err(|e| Error::InvalidArgument(format!("argument {name} is not UTF-8 (at byte {})", e.valid_up_to())))?;
    Ok(Some(text))
}

/// The secret of a required argument. An empty one is a setting that nobody filled in: sent, it would count as wrong.
///
/// # Safety
/// As for [`text`].
pub(crate) unsafe fn secret(pointer: *const c_char, name: &str) -> Result<Secret, Error> {
    // SAFETY: the same promise is asked of the caller.
    match unsafe { text(pointer, name) }? {
        "" => Err(Error::InvalidArgument(format!("argument {name} is empty"))),
        text => Ok(Secret::new(text)),
    }
}

/// The path of a required argument.
///
/// # Safety
/// As for [`text`].
pub(crate) unsafe fn path<'a>(pointer: *const c_char, name: &str) -> Result<&'a str, Error> {
    // SAFETY: the same promise is asked of the caller.
    not_empty(unsafe { text(pointer, name) }?, name)
}

/// The path of an option that may be absent.
///
/// # Safety
/// As for [`text`].
pub(crate) unsafe fn optional_path<'a>(pointer: *const c_char, name: &str) -> Result<Option<&'a str>, Error> {
    // SAFETY: the same promise is asked of the caller.
    unsafe { optional_text(pointer, name) }?.map(|path| not_empty(path, name)).transpose()
}

/// An empty path is a setting that nobody filled in; the system's "no such file" would not say which.
fn not_empty<'a>(path: &'a str, name: &str) -> Result<&'a str, Error> {
    if path.is_empty() {
        return Err(Error::InvalidArgument(format!("argument {name} is empty; expected the path of a file")));
    }
    Ok(path)
}

/// The texts of an array that may be absent; its elements may not.
///
/// # Safety
/// `pointer` is NULL or points to `len` pointers, each as for [`text`].
pub(crate) unsafe fn texts<'a>(pointer: *const *const c_char, len: usize, name: &str) -> Result<Vec<&'a str>, Error> {
    // SAFETY: the same promise is asked of the caller.
    let pointers = unsafe { pointers(pointer, len, name) }?;
    // SAFETY: the caller promised the same of each element.
    let one = |(at, &text_at)| unsafe { text(text_at, &format!("{name}[{at}]")) };
    pointers.iter().enumerate().map(one).collect()
}

/// The pointers of an array that may be absent.
///
/// # Safety
/// `pointer` is NULL or points to `len` pointers, which stay readable for `'a`.
pub(crate) unsafe fn pointers<'a, T>(
    pointer: *const *const T,
    len: usize,
    name: &str,
) -> Result<&'a [*const T], Error> {
    if pointer.is_null() {
        return match len {
            0 => Ok(&[]),
            _ => Err(Error::InvalidArgument(format!("argument {name} is NULL, but {name}_len is {len}"))),
        };
    }
    if len > MAX_ITEMS {
        return Err(Error::InvalidArgument(format!("argument {name}_len is over {MAX_ITEMS}")));
    }
    // SAFETY: the caller promised an array of this length.
    Ok(unsafe { slice::from_raw_parts(pointer, len) })
}

/// The bytes of an argument that may be absent.
///
/// # Safety
/// `pointer` is NULL or points to `len` bytes that stay readable for `'a`.
pub(crate) unsafe fn bytes<'a>(pointer: *const u8, len: usize, name: &str) -> Result<Option<&'a [u8]>, Error> {
    if pointer.is_null() {
        return match len {
            0 => Ok(None),
            _ => Err(Error::InvalidArgument(format!("argument {name} is NULL, but {name}_len is {len}"))),
        };
    }
    if len > MAX_TEXT {
        return Err(Error::InvalidArgument(format!("argument {name} is longer than {MAX_TEXT} bytes")));
    }
    // SAFETY: the caller promised so many bytes.
    Ok(Some(unsafe { slice::from_raw_parts(pointer, len) }))
}

/// Text for C. A NUL inside would hide the rest, so it becomes U+FFFD.
pub(crate) fn c_string(text: &str) -> CString {
    CString::new(text).unwrap_or_else(|_| {
        CString::new(text.replace('\0', "\u{FFFD}")).expect("the line above took all NUL bytes out")
    })
}

/// A secret text that C owns from now on, in the one place that [`zec_string_free`] wipes.
pub(crate) fn give_secret(secret: &Secret) -> Result<*mut c_char, Error> {
    give_text(secret.expose())
}

/// A text that C owns from now on; secret or not, its end is the same.
pub(crate) fn give_text(text: &str) -> Result<*mut c_char, Error> {
    // The exact capacity, so that no reallocation leaves a copy behind.
    let mut bytes = Vec::with_capacity(text.len() + 1);
    bytes.extend_from_slice(text.as_bytes());
    bytes.push(0);
    CString::from_vec_with_nul(bytes).map(CString::into_raw).map_err(|refused| {
        refused.into_bytes().zeroize();
        Error::InvalidArgument("the text holds a NUL and cannot be given to C".into())
    })
}

/// Wipes a text that is yours and frees it. Do not change its length before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zec_string_free(string: *mut c_char) {
    guard_or((), || {
        if !string.is_null() {
            // SAFETY: a text that is the caller's came from give_secret and was not freed (header, "Ownership").
            unsafe { CString::from_raw(string) }.into_bytes().zeroize();
        }
    });
}

#[cfg(test)]
mod tests {
    use std::ffi::CStr;

    use super::*;

    fn read(bytes: &CStr) -> Result<&str, Error> {
        // SAFETY: a CStr is NUL-terminated.
        unsafe { text(bytes.as_ptr(), "jwt") }
    }

    #[test]
    fn text_comes_in_as_it_is() {
        assert_eq!(read(c"caf\u{e9}").unwrap(), "café");
        assert_eq!(read(c"").unwrap(), "");
    }

    #[test]
    fn text_that_is_not_utf8_is_refused_by_name_and_place() {
        let error = read(c"ab\xff").unwrap_err();
        assert_eq!(error.to_string(), "argument jwt is not UTF-8 (at byte 2)");
    }

    #[test]
    fn missing_text_is_an_error_only_where_it_is_required() {
        // SAFETY: NULL is allowed.
        let (required, optional) = unsafe { (text(std::ptr::null(), "jwt"), optional_text(std::ptr::null(), "jwt")) };
        assert_eq!(required.unwrap_err().to_string(), "argument jwt is NULL");
        assert_eq!(optional.unwrap(), None);
    }

    #[test]
    fn an_empty_path_is_refused_by_name() {
        // SAFETY: the texts are NUL-terminated, and NULL is allowed.
        let (empty, given, absent) = unsafe {
            let options = "options.path";
            (path(c"".as_ptr(), "path"), path(c"a".as_ptr(), "path"), optional_path(std::ptr::null(), options))
        };
        assert_eq!(empty.unwrap_err().to_string(), "argument path is empty; expected the path of a file");
        assert_eq!((given.unwrap(), absent.unwrap()), ("a", None));
    }

    #[test]
    fn text_without_an_end_is_refused() {
        let long = CString::new(vec![b'a'; MAX_TEXT + 1]).unwrap();
        assert!(read(&long).unwrap_err().to_string().contains("longer than"));
        let longest = CString::new(vec![b'a'; MAX_TEXT]).unwrap();
        assert_eq!(read(&longest).unwrap().len(), MAX_TEXT);
    }

    #[test]
    fn an_array_names_the_element_that_is_wrong() {
        let array = [c"a".as_ptr(), std::ptr::null()];
        // SAFETY: the array holds as many pointers as its length says.
        let (good, bad) =
            unsafe { (texts(array.as_ptr(), 1, "config_types"), texts(array.as_ptr(), 2, "config_types")) };
        assert_eq!(good.unwrap(), ["a"]);
        assert_eq!(bad.unwrap_err().to_string(), "argument config_types[1] is NULL");
    }

    #[test]
    fn an_array_that_is_missing_or_endless_is_refused() {
        // SAFETY: NULL is allowed, and the pointer is not read where the length is refused.
        let (none, missing, endless) = unsafe {
            let array = [c"a".as_ptr()];
            let null = std::ptr::null();
            (texts(null, 0, "x"), texts(null, 3, "x"), texts(array.as_ptr(), usize::MAX, "x"))
        };
        assert!(none.unwrap().is_empty());
        assert_eq!(missing.unwrap_err().to_string(), "argument x is NULL, but x_len is 3");
        assert!(endless.unwrap_err().to_string().contains("x_len is over"));
    }

    #[test]
    fn bytes_that_are_missing_or_endless_are_refused() {
        // SAFETY: NULL is allowed, and the pointer is not read where the length is refused.
        let (none, missing, given, endless) = unsafe {
            let (null, bytes_of) = (std::ptr::null(), b"ab".as_ptr());
            (bytes(null, 0, "x"), bytes(null, 3, "x"), bytes(bytes_of, 2, "x"), bytes(bytes_of, usize::MAX, "x"))
        };
        assert_eq!((none.unwrap(), given.unwrap()), (None, Some(&b"ab"[..])));
        assert_eq!(missing.unwrap_err().to_string(), "argument x is NULL, but x_len is 3");
        assert!(endless.unwrap_err().to_string().contains("x is longer than"));
    }

    #[test]
    fn a_nul_inside_does_not_hide_the_rest() {
        assert_eq!(c_string("a\0b").to_str().unwrap(), "a\u{FFFD}b");
        assert_eq!(c_string("ab").to_str().unwrap(), "ab");
    }

    #[test]
    fn a_secret_is_given_whole_or_not_at_all() {
        let given = give_secret(&Secret::new("key")).unwrap();
        // SAFETY: it was just made and is NUL-terminated.
        assert_eq!(unsafe { CStr::from_ptr(given) }, c"key");
        // SAFETY: it was just made and is freed once.
        unsafe { zec_string_free(given) };
        assert!(give_secret(&Secret::new("k\0y")).is_err());
    }
}
