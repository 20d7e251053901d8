//! The C face of keeping refresh tokens.

#![allow(
    unsafe_code,
    non_camel_case_types,
    missing_docs,
    reason = "a C face: names, comments and rules are those of the header"
)]

use std::ffi::{c_char, c_void};

use super::Keeper;
use crate::ffi::{Userdata, hand_over};

/// Keeps a refresh token for the next start, in the place of the one before; `refresh_token` is wiped when the callback
/// returns. It is NULL once the provider takes the last one no more. Returns 0 once it is kept; any other number is
/// logged, and the login goes on. It runs before the token is used, on the thread of the call that got it, one call at a
/// time for each login. `ms_left` is what is left of that call's time limit; nothing interrupts the callback, so keeping
/// to the time is up to it, and the token should be kept even if it is 0. It may use this library, except for the
/// token of the same login and for clients that log in by it.
pub type zec_refresh_token_callback =
    Option<unsafe extern "C" fn(refresh_token: *const c_char, ms_left: u64, userdata: *mut c_void) -> i32>;

/// What keeps refresh tokens, if the caller wants them. The destructor of `userdata` runs in any case.
pub(in crate::login::provider) fn keeper(callback: zec_refresh_token_callback, userdata: Userdata) -> Keeper {
    let Some(callback) = callback else { return Keeper::default() };
    Keeper::of(move |token, left| hand_over(callback, "refresh token", &userdata, token, left))
}
