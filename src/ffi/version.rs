//! Which version of the library is linked.

use std::ffi::{CStr, c_char};

use super::guard::guard_or;

const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
    Ok(version) => version,
    Err(_) => panic!("a version holds no NUL"),
};

/// The version of the library that is linked, such as "0.1.0"; ZEC_VERSION is the one that was compiled against.
#[unsafe(no_mangle)]
pub extern "C" fn zec_version() -> *const c_char {
    guard_or(c"".as_ptr(), || VERSION.as_ptr())
}
