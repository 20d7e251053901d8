//! Functions of the caller that the library calls.

use std::ffi::{c_char, c_void};
use std::ptr;
use std::time::Duration;

use zeroize::Zeroizing;

use super::strings::optional_path;
use crate::error::Error;
use crate::identity::Store;
use crate::secret::Secret;

/// Keeps the text of an identity file, private key included. Returns 0 once it is kept, any other number to stop what
/// was going on; the number appears in the error. `identity_json` is wiped when the callback returns.
/// `ms_left` is what is left of the call's time limit. Nothing interrupts the callback, so keeping to the time is up
/// to it; the text should be kept even if it is 0, as an enrollment token is spent by then.
/// It may use this library, except for the client on whose behalf it runs.
pub type zec_save_callback =
    Option<unsafe extern "C" fn(identity_json: *const c_char, ms_left: u64, userdata: *mut c_void) -> i32>;

/// Is given what it has to keep, the milliseconds left, and its userdata.
pub(crate) type KeepFn = unsafe extern "C" fn(*const c_char, u64, *mut c_void) -> i32;

/// Frees `userdata`. Runs once, on the thread that let go of it last.
pub type zec_userdata_free = Option<unsafe extern "C" fn(userdata: *mut c_void)>;

/// The caller's data, and its destructor, which runs when this is dropped.
pub(crate) struct Userdata {
    data: *mut c_void,
    free: zec_userdata_free,
}

impl Userdata {
    pub(crate) fn new(data: *mut c_void, free: zec_userdata_free) -> Self {
        Self { data, free }
    }

    /// What to pass to the callback.
    pub(crate) fn data(&self) -> *mut c_void {
        self.data
    }
}

// SAFETY: the library only passes it on; callbacks may run on any thread (header, "Threads").
unsafe impl Send for Userdata {}
// SAFETY: callbacks may run on several threads at once (header, "Threads").
unsafe impl Sync for Userdata {}

impl Drop for Userdata {
    fn drop(&mut self) {
        if let Some(free) = self.free {
            // SAFETY: the caller gave the destructor for this data, and a drop happens once.
            unsafe { free(self.data) };
        }
    }
}

/// The store of an options struct: the file, or what hands the text of the identity file to the caller.
///
/// # Safety
/// `path` as for [`text`](super::strings::text); `save` may be called with `userdata` on any thread.
pub(crate) unsafe fn store(
    path: *const c_char,
    save: zec_save_callback,
    userdata: Userdata,
) -> Result<Option<Store>, Error> {
    // SAFETY: the same promise is asked of the caller.
    let path = unsafe { optional_path(path, "options.path") }?;
    match (path, save) {
        (None, None) => Ok(None),
        (Some(path), None) => Ok(Some(Store::file(path))),
        (None, Some(save)) => {
            Ok(Some(Store::hook(move |json, left| hand_over(save, "save", &userdata, Some(json), left))))
        }
        (Some(_), Some(_)) => {
            let message = "options.path and options.save exclude each other; set one of them";
            Err(Error::InvalidArgument(message.into()))
        }
    }
}

/// Has the callback of this name keep a text, or be told by NULL that there is none.
pub(crate) fn hand_over(
    callback: KeepFn,
    name: &str,
    userdata: &Userdata,
    text: Option<&Secret>,
    left: Duration,
) -> Result<(), String> {
    let ms_left = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
    let text = text.map(|text| {
        let mut terminated = Zeroizing::new(Vec::with_capacity(text.expose().len() + 1));
        terminated.extend_from_slice(text.expose().as_bytes());
        terminated.push(0);
        terminated
    });
    let pointer = text.as_ref().map_or(ptr::null(), |text| text.as_ptr().cast());
    // SAFETY: the caller gave callback and userdata for each other; the text is NULL or NUL-terminated.
    match unsafe { callback(pointer, ms_left, userdata.data) } {
        0 => Ok(()),
        answer => Err(format!("the {name} callback returned {answer}")),
    }
}

/// Why a callback failed: what it wrote, up to its NUL, and the number that it returned.
pub(crate) fn words_of(message: &[c_char], callback: &str, answer: i32) -> String {
    let bytes: Vec<u8> = message.iter().map(|&byte| byte.to_ne_bytes()[0]).take_while(|&byte| byte != 0).collect();
    match String::from_utf8_lossy(&bytes).trim() {
        "" => format!("the {callback} callback returned {answer}"),
        words => format!("{words} (the {callback} callback returned {answer})"),
    }
}
