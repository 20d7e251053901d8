//! The C face of how a client is doing.

#![allow(
    unsafe_code,
    non_camel_case_types,
    missing_docs,
    clippy::missing_safety_doc,
    reason = "a C face: names, comments and rules are those of the header"
)]

use std::ffi::c_char;
use std::mem::MaybeUninit;
use std::time::Duration;

use super::{ControllerStatus, Counters, Failed, LoginStatus, Status, in_milliseconds};
use crate::client::ffi::zec_client;
use crate::ffi::{
    Arena, Root, View, arg, clear, give, guard, guard_or, or_minus_one, release, unix_seconds, zec_error,
};
use crate::trust::display_time;

/// One controller of a client.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_controller_status {
    /// As `https://host:port`.
    pub url: *const c_char,
    /// How long ago it answered last, whatever it said; -1 if it did not yet.
    pub answered_ago_ms: i64,
    /// Why it could not be used last, or NULL.
    pub failure: *const c_char,
    /// How long ago that was; -1 without one.
    pub failed_ago_ms: i64,
    /// How much longer it is asked last because it failed; -1 if it is asked in turn.
    pub avoided_for_ms: i64,
}

impl View for zec_controller_status {
    type Model = ControllerStatus;

    fn view(status: &ControllerStatus, arena: &mut Arena) -> Self {
        let ControllerStatus { url, answered, failed, avoided_for } = status;
        let (failure, failed_ago_ms) = failure(failed.as_ref(), arena);
        Self {
            url: arena.str(url),
            answered_ago_ms: ms(*answered),
            failure,
            failed_ago_ms,
            avoided_for_ms: ms(*avoided_for),
        }
    }
}

/// What a client and its derived ones did since it was made.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_counters {
    /// Requests to controllers, those included that got no answer.
    pub requests: u64,
    /// Connections that were begun.
    pub connections: u64,
    /// Requests that were sent once more, because a kept connection turned out to be closed.
    pub retries: u64,
    /// Requests that went to another controller, because one failed.
    pub failovers: u64,
    /// Logins that were made.
    pub logins: u64,
    /// Logins that were refused, or could not be made.
    pub failed_logins: u64,
    /// Logins that were renewed without a new one.
    pub refreshes: u64,
    /// Logins that a controller called over when they were used.
    pub expired_logins: u64,
}

impl zec_counters {
    fn view(counters: &Counters) -> Self {
        let Counters { requests, connections, retries, failovers, logins, failed_logins, refreshes, expired_logins } =
            *counters;
        Self { requests, connections, retries, failovers, logins, failed_logins, refreshes, expired_logins }
    }
}

/// How a client is doing. Ages and times left are by the clock that nobody sets, but for those of the certificate. No
/// secrets.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_status {
    /// As the login says, else as the certificate does if that tells it; or NULL.
    pub identity_id: *const c_char,
    /// As the login says; or NULL.
    pub identity_name: *const c_char,
    /// The one that would be asked first at the front.
    pub controllers: *const *const zec_controller_status,
    pub controllers_len: usize,
    /// "none", "complete", "pending" or "rejected"; other words may come.
    pub login_state: *const c_char,
    /// Other than 0 while a thread logs in; the state is that from before.
    pub login_in_flight: u32,
    /// Other than 0 if an answer has told the controllers' clock.
    pub is_clock_known: u32,
    /// What a "pending" login still wants, in words.
    pub login_factors: *const *const c_char,
    pub login_factors_len: usize,
    /// The controller that made the login, or NULL.
    pub login_controller: *const c_char,
    /// How long the login lasts, at least; -1 without one.
    pub login_expires_in_ms: i64,
    /// The refusal by which the login is "rejected", or NULL.
    pub login_refusal: *const c_char,
    /// How long ago that was; -1 without one.
    pub login_refused_ago_ms: i64,
    /// When the identity's certificate ends, as RFC 3339; NULL without one.
    pub certificate_ends: *const c_char,
    /// The same in seconds since 1970; 0 without one.
    pub certificate_ends_unix: i64,
    /// How long that is from now by the local clock, 0 once it is over; -1 without one.
    pub certificate_left_ms: i64,
    /// By how many seconds the controllers' clock is ahead of the local one, as their last answer told; negative if it is
    /// behind.
    pub clock_ahead_seconds: i64,
    /// Why a call that needed a controller failed last, or NULL.
    pub last_error: *const c_char,
    /// How long ago that was; -1 without one.
    pub last_error_ago_ms: i64,
    pub counters: zec_counters,
    /// All of this as one JSON object, in one line.
    pub json: *const c_char,
}

impl Root for zec_status {
    type Kept = Arena;
}

impl View for zec_status {
    type Model = Status;

    fn view(status: &Status, arena: &mut Arena) -> Self {
        let json = arena.str(&status.to_json());
        let Status {
            identity_id,
            identity_name,
            controllers,
            login: LoginStatus { state, in_flight, factors, controller, expires_in, refusal },
            certificate_ends,
            certificate_left,
            clock_ahead_seconds,
            last_error,
            counters,
        } = status;
        let (login_refusal, login_refused_ago_ms) = failure(refusal.as_ref(), arena);
        let (last_error, last_error_ago_ms) = failure(last_error.as_ref(), arena);
        Self {
            identity_id: arena.optional_str(identity_id.as_deref()),
            identity_name: arena.optional_str(identity_name.as_deref()),
            controllers: arena.views(controllers),
            controllers_len: controllers.len(),
            login_state: arena.str(state.as_str()),
            login_in_flight: u32::from(*in_flight),
            is_clock_known: u32::from(clock_ahead_seconds.is_some()),
            login_factors: arena.strs(factors.iter().map(String::as_str)),
            login_factors_len: factors.len(),
            login_controller: arena.optional_str(controller.as_deref()),
            login_expires_in_ms: ms(*expires_in),
            login_refusal,
            login_refused_ago_ms,
            certificate_ends: arena.optional_str(certificate_ends.map(display_time).as_deref()),
            certificate_ends_unix: certificate_ends.map_or(0, unix_seconds),
            certificate_left_ms: ms(*certificate_left),
            clock_ahead_seconds: clock_ahead_seconds.unwrap_or(0),
            last_error,
            last_error_ago_ms,
            counters: zec_counters::view(counters),
            json,
        }
    }
}

fn failure(failed: Option<&Failed>, arena: &mut Arena) -> (*const c_char, i64) {
    let message = arena.optional_str(failed.map(|failed| failed.message.as_str()));
    (message, ms(failed.map(|failed| failed.ago)))
}

/// -1 stands for none.
fn ms(duration: Option<Duration>) -> i64 {
    or_minus_one(duration.map(in_milliseconds))
}

/// How a client is doing, as far as it knows: no I/O, and no call under way is waited for. It may be called from inside
/// of any callback, too.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_client_status(
    client: Option<&zec_client>,
    out: Option<&mut MaybeUninit<*mut zec_status>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let client = arg(client, "client")?;
        out.write(give::<zec_status>(&client.client.status()));
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn zec_status_free(status: *mut zec_status) {
    guard_or((), || {
        // SAFETY: a root is NULL or was not freed yet (header, "Ownership").
        unsafe { release(status) };
    });
}
