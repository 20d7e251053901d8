//! The C face of logins in a browser.

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

use zeroize::Zeroize;

use super::ProviderLogin;
use crate::ffi::{arg, c_string, clear, guard, guard_or, text, zec_error};
use crate::login::provider::settings::ffi::zec_provider_options;
use crate::login::provider::token::ffi::zec_provider_token;

/// A login at an identity provider in a browser, with no browser of its own: have the user open
/// zec_provider_login_url(), then call zec_provider_login_complete() with the address that the browser is sent back to.
/// zec_loopback_wait() can catch that.
pub struct zec_provider_login {
    pub(crate) login: ProviderLogin,
    url: CString,
}

impl Drop for zec_provider_login {
    fn drop(&mut self) {
        std::mem::take(&mut self.url).into_bytes().zeroize();
    }
}

/// Begins a login: asks the provider for its OpenID configuration, and makes what ties the browser's answer to this
/// login (state, nonce, PKCE). `redirect_uri` has to be one that the provider knows of the application: `http://` on
/// this machine, `https://`, or of a scheme of the application's own.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_provider_login_begin(
    options: *const zec_provider_options,
    redirect_uri: *const c_char,
    out: Option<&mut MaybeUninit<*mut zec_provider_login>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let redirect_uri = unsafe { text(redirect_uri, "redirect_uri") }?;
        // SAFETY: options begin with their size and hold valid strings and handles (header, "Ownership").
        let (settings, options) = unsafe { zec_provider_options::rust(options) }?;
        let login = ProviderLogin::begin(&settings, redirect_uri, &options)?;
        let url = c_string(login.login_url());
        out.write(Box::into_raw(Box::new(zec_provider_login { login, url })));
        Ok(())
    })
}

/// What the user has to open in a browser. It belongs into no log. NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn zec_provider_login_url(login: Option<&zec_provider_login>) -> *const c_char {
    guard_or(ptr::null(), || login.map_or(ptr::null(), |login| login.url.as_ptr()))
}

/// Ends the login with the whole address to which the provider sent the browser back: checks that it answers this
/// login, else it is ZEC_ERR_INVALID_ARGUMENT and the right one may still come; and exchanges its code for tokens. What
/// the provider refuses is ZEC_ERR_API with its code, such as "access_denied".
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_provider_login_complete(
    login: Option<&zec_provider_login>,
    redirect_url: *const c_char,
    out: Option<&mut MaybeUninit<*mut zec_provider_token>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let redirect_url = unsafe { text(redirect_url, "redirect_url") }?;
        let login = arg(login, "login")?;
        out.write(zec_provider_token::give(login.login.complete(redirect_url)?));
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub extern "C" fn zec_provider_login_free(login: Option<Box<zec_provider_login>>) {
    guard_or((), || drop(login));
}
