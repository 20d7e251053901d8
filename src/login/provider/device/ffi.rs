//! The C face of logins on another device.

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

use super::DeviceLogin;
use crate::error::Error;
use crate::ffi::{arg, c_string, clear, guard, guard_or, limit, milliseconds, zec_error};
use crate::login::provider::settings::ffi::zec_provider_options;
use crate::login::provider::token::ffi::zec_provider_token;

/// A login at an identity provider on another device: show the user code and address, then call
/// zec_device_login_wait(), or zec_device_login_poll() now and then.
pub struct zec_device_login {
    login: DeviceLogin,
    user_code: CString,
    verification_uri: CString,
    verification_uri_complete: Option<CString>,
}

/// Begins a login: asks the provider for its OpenID configuration, and for a code. A provider that has no such login is
/// ZEC_ERR_UNSUPPORTED.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_device_login_begin(
    options: *const zec_provider_options,
    out: Option<&mut MaybeUninit<*mut zec_device_login>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        // SAFETY: options begin with their size and hold valid strings and handles (header, "Ownership").
        let (settings, options) = unsafe { zec_provider_options::rust(options) }?;
        let login = DeviceLogin::begin(&settings, &options)?;
        out.write(Box::into_raw(Box::new(zec_device_login {
            user_code: c_string(login.user_code()),
            verification_uri: c_string(login.verification_uri()),
            verification_uri_complete: login.verification_uri_complete().map(c_string),
            login,
        })));
        Ok(())
    })
}

/// What the user has to enter. NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn zec_device_login_user_code(login: Option<&zec_device_login>) -> *const c_char {
    guard_or(ptr::null(), || login.map_or(ptr::null(), |login| login.user_code.as_ptr()))
}

/// Where the user has to enter it. NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn zec_device_login_verification_uri(login: Option<&zec_device_login>) -> *const c_char {
    guard_or(ptr::null(), || login.map_or(ptr::null(), |login| login.verification_uri.as_ptr()))
}

/// The same address with the code in it; NULL if the provider has none.
#[unsafe(no_mangle)]
pub extern "C" fn zec_device_login_verification_uri_complete(login: Option<&zec_device_login>) -> *const c_char {
    guard_or(ptr::null(), || {
        let complete = login.and_then(|login| login.verification_uri_complete.as_ref());
        complete.map_or(ptr::null(), |complete| complete.as_ptr())
    })
}

/// How long the code is still good; 0 once it is not, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn zec_device_login_expires_in_ms(login: Option<&zec_device_login>) -> u64 {
    guard_or(0, || login.map_or(0, |login| milliseconds(login.login.expires_in())))
}

/// How long to wait between two polls: it grows if the provider asks for that. 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn zec_device_login_interval_ms(login: Option<&zec_device_login>) -> u64 {
    guard_or(0, || login.map_or(0, |login| milliseconds(login.login.interval())))
}

/// Asks once whether the user is done; *out is NULL if not. Within the interval after the last time it does not ask at
/// all. A user who says no is ZEC_ERR_API with the code "access_denied", a code that is over "expired_token".
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_device_login_poll(
    login: Option<&zec_device_login>,
    out: Option<&mut MaybeUninit<*mut zec_provider_token>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let token = arg(login, "login")?.login.poll()?;
        out.write(token.map_or(ptr::null_mut(), zec_provider_token::give));
        Ok(())
    })
}

/// Waits until the user is done, at most `timeout_ms`, which must not be 0; after ZEC_ERR_TIMEOUT it may be called
/// again. All else as for zec_device_login_poll().
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_device_login_wait(
    login: Option<&zec_device_login>,
    timeout_ms: u64,
    out: Option<&mut MaybeUninit<*mut zec_provider_token>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let login = arg(login, "login")?;
        let timeout = limit(timeout_ms).ok_or_else(|| Error::InvalidArgument("argument timeout_ms is 0".into()))?;
        out.write(zec_provider_token::give(login.login.wait(timeout)?));
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub extern "C" fn zec_device_login_free(login: Option<Box<zec_device_login>>) {
    guard_or((), || drop(login));
}
