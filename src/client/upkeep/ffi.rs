//! The C face of what keeps a client going.

#![allow(
    unsafe_code,
    non_camel_case_types,
    missing_docs,
    clippy::missing_safety_doc,
    reason = "a C face: names, comments and rules are those of the header"
)]

use std::ffi::{c_char, c_void};
use std::mem::MaybeUninit;
use std::ptr;

use super::event::{Event, Maintenance};
use crate::client::ffi::zec_client;
use crate::ffi::{
    Arena, Root, Userdata, View, arg, clear, code, give, guard, guard_or, milliseconds, release, zec_code, zec_error,
};

/// Something that changed about a client's login or identity, or failed to, without being asked for.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_event {
    /// "login_renewed", "login_needs_factor", "login_failed", "certificate_renewed", "renewal_recovered",
    /// "certificate_reloaded", "renewal_failed", "controllers_changed", "controllers_failed", "ca_added", "ca_removed"
    /// or "ca_failed"; other words may come.
    pub kind: *const c_char,
    /// The same in words, with what is new. No secrets.
    pub message: *const c_char,
    /// What went wrong; ZEC_OK if nothing did.
    pub code: zec_code,
}

impl Root for zec_event {
    type Kept = Arena;
}

impl View for zec_event {
    type Model = Event;

    fn view(event: &Event, arena: &mut Arena) -> Self {
        let Event { kind, message, error } = event;
        Self {
            kind: kind.word().as_ptr(),
            message: arena.str(message),
            code: error.as_ref().map_or(zec_code::ZEC_OK, code),
        }
    }
}

/// What zec_client_maintain() did.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_maintenance {
    /// What changed and what failed, in order; empty if there was nothing to do.
    pub events: *const *const zec_event,
    pub events_len: usize,
    /// When it wants to be called again, from now on. Calling it earlier or later does no harm.
    pub next_ms: u64,
}

impl Root for zec_maintenance {
    type Kept = Arena;
}

impl View for zec_maintenance {
    type Model = Maintenance;

    fn view(maintenance: &Maintenance, arena: &mut Arena) -> Self {
        let Maintenance { next, events } = maintenance;
        Self { events: arena.views(events), events_len: events.len(), next_ms: milliseconds(*next) }
    }
}

/// Is told of an event once what it tells is done. It may use this library, its client included.
pub type zec_event_callback = Option<unsafe extern "C" fn(event: *const zec_event, userdata: *mut c_void)>;

type EventFn = unsafe extern "C" fn(*const zec_event, *mut c_void);

/// What tells the caller of events, if that wants to know.
pub(crate) fn teller(
    callback: zec_event_callback,
    userdata: Userdata,
) -> Option<impl Fn(&Event) + Send + Sync + 'static> {
    let callback: EventFn = callback?;
    Some(move |event: &Event| {
        let mut arena = Arena::new();
        let record = zec_event::view(event, &mut arena);
        // SAFETY: the caller gave callback and userdata for each other; the record lives until it returns.
        unsafe { callback(&raw const record, userdata.data()) };
    })
}

/// Does all that is due, and says when it wants to be called next: renews the login before it ends and the certificate
/// (zec_client_renew_if_due()); takes over the list of the controllers and their CA certificates.
///
/// Nothing of this happens by itself, and a client works without it, as long as its certificate, its controllers and
/// their CA do. It has the time limit of one call for all it does. What fails is told as an event, holds up nothing
/// else, and is tried again later. Whatever changes the identity is saved at once, where it is kept, and used from then
/// on. While a login fails, or waits for a factor, what needs one waits with it, and one event tells of both. A call on
/// another thread that is busy with the same is waited for, so that nothing is done twice; from inside of a callback of
/// its own it does nothing.
///
/// Controllers and CA certificates are only taken from a controller whose certificate the network's CA bundle verifies.
/// New CA certificates are trusted beside the old ones, which go once all controllers that can be reached were verified
/// without them, for a day.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_client_maintain(
    client: Option<&zec_client>,
    out: Option<&mut MaybeUninit<*mut zec_maintenance>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let client = arg(client, "client")?;
        out.write(give::<zec_maintenance>(&client.client.maintain()));
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn zec_maintenance_free(maintenance: *mut zec_maintenance) {
    guard_or((), || {
        // SAFETY: a root is NULL or was not freed yet (header, "Ownership").
        unsafe { release(maintenance) };
    });
}

/// Renews the certificate now, whether or not it is due. The new one, and its key if that is new, too, are kept beside
/// the identity before they are confirmed, and take its place once they have logged in; should anything fail, the old
/// ones stay. A client without `path` or `save` is ZEC_ERR_INVALID_ARGUMENT, a certificate that the network did not
/// issue ZEC_ERR_UNSUPPORTED. If the new one is in use but cannot be saved yet, that is the error, and an event tells it.
///
/// POST /current-identity/authenticators/{id}/extend (extendCurrentIdentityAuthenticator) and …/extend-verify
/// (extendVerifyCurrentIdentityAuthenticator)
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_client_renew(
    client: Option<&zec_client>,
    out: Option<&mut MaybeUninit<*mut zec_event>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let client = arg(client, "client")?;
        out.write(give::<zec_event>(&client.client.renew()?));
        Ok(())
    })
}

/// The same if it is due: if an administrator asks for it, its end is near, or a renewal was interrupted. *out is NULL
/// if it is not, or if another thread did it meanwhile.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_client_renew_if_due(
    client: Option<&zec_client>,
    out: Option<&mut MaybeUninit<*mut zec_event>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let client = arg(client, "client")?;
        out.write(client.client.renew_if_due()?.as_ref().map_or(ptr::null_mut(), give::<zec_event>));
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn zec_event_free(event: *mut zec_event) {
    guard_or((), || {
        // SAFETY: a root is NULL or was not freed yet (header, "Ownership").
        unsafe { release(event) };
    });
}
