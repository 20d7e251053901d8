//! The C face of catching the browser that comes back.

#![allow(
    unsafe_code,
    non_camel_case_types,
    missing_docs,
    clippy::missing_safety_doc,
    reason = "a C face: names, comments and rules are those of the header"
)]

use std::ffi::{CString, c_char};
use std::mem::MaybeUninit;
use std::ptr;

use super::LoopbackListener;
use crate::error::Error;
use crate::ffi::{arg, c_string, clear, give_secret, guard, guard_or, limit, text, zec_error};
use crate::login::provider::authorization::ffi::zec_provider_login;

/// Waits on this machine for the browser that a provider sends back. It listens from the moment it is made.
pub struct zec_loopback {
    listener: LoopbackListener,
    redirect_uri: CString,
}

impl zec_loopback {
    /// A handle that C owns from now on.
    fn give(listener: LoopbackListener) -> *mut Self {
        let redirect_uri = c_string(&listener.redirect_uri());
        Box::into_raw(Box::new(Self { listener, redirect_uri }))
    }
}

/// Listens on 127.0.0.1 at this port, or at any free one for 0; the redirect address ends with "/auth/callback". A port
/// that is taken is ZEC_ERR_TRANSPORT.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_loopback_bind(
    port: u16,
    out: Option<&mut MaybeUninit<*mut zec_loopback>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        out.write(zec_loopback::give(LoopbackListener::bind(port)?));
        Ok(())
    })
}

/// Listens at a redirect address: `http://`, then `127.0.0.1`, `localhost` or `[::1]`, a port, and a path. Without a
/// port, or with 0, at any free one.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_loopback_at(
    redirect_uri: *const c_char,
    out: Option<&mut MaybeUninit<*mut zec_loopback>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let redirect_uri = unsafe { text(redirect_uri, "redirect_uri") }?;
        out.write(zec_loopback::give(LoopbackListener::at(redirect_uri)?));
        Ok(())
    })
}

/// The redirect address to begin a login with. NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn zec_loopback_redirect_uri(loopback: Option<&zec_loopback>) -> *const c_char {
    guard_or(ptr::null(), || loopback.map_or(ptr::null(), |loopback| loopback.redirect_uri.as_ptr()))
}

/// Waits at most `timeout_ms`, which must not be 0, for the browser that answers `login`, and tells its user to go back
/// to the program. All else is refused, and the wait goes on; the cancel token of the login ends it. The result is what
/// zec_provider_login_complete() wants; free it with zec_string_free(), which wipes it.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_loopback_wait(
    loopback: Option<&zec_loopback>,
    login: Option<&zec_provider_login>,
    timeout_ms: u64,
    out: Option<&mut MaybeUninit<*mut c_char>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let login = arg(login, "login")?;
        let loopback = arg(loopback, "loopback")?;
        let timeout = limit(timeout_ms).ok_or_else(|| Error::InvalidArgument("argument timeout_ms is 0".into()))?;
        out.write(give_secret(&loopback.listener.wait(&login.login, timeout)?)?);
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub extern "C" fn zec_loopback_free(loopback: Option<Box<zec_loopback>>) {
    guard_or((), || drop(loopback));
}
