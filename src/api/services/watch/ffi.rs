//! The C face of what changed among services.

#![allow(
    unsafe_code,
    non_camel_case_types,
    missing_docs,
    clippy::missing_safety_doc,
    reason = "a C face: names, comments and rules are those of the header"
)]

use std::ffi::c_char;
use std::mem::MaybeUninit;

use super::{RemovedService, ServiceChanges, ServiceStamp, ServiceWatch};
use crate::api::services::ffi::{Rows, zec_service};
use crate::api::services::query::ffi::zec_service_query;
use crate::ffi::{
    Arena, Root, View, arg, clear, give_text, guard, guard_or, optional_text, publish, release, zec_client, zec_error,
};

/// A stamp of now if it is another than `since`, or if `since` is NULL: something may have changed. `*out` is NULL after
/// a success if nothing did. Ask for the stamp before the services, not after, or a change in between is missed. Stamps
/// are only ever the same or not, never earlier or later. Free it with zec_string_free().
/// GET /current-api-session/service-updates (listServiceUpdates)
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_services_changed_since(
    client: Option<&zec_client>,
    since: *const c_char,
    out: Option<&mut MaybeUninit<*mut c_char>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let client = arg(client, "client")?;
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let since = unsafe { optional_text(since, "since") }?.map(ServiceStamp::new);
        if let Some(stamp) = client.client.services().changed_since(since.as_ref())? {
            out.write(give_text(stamp.as_str())?);
        }
        Ok(())
    })
}

/// Tells which services came, changed and went since it was last asked.
pub struct zec_service_watch {
    watch: ServiceWatch,
}

/// A service that is gone, or may no longer be used.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_removed_service {
    pub id: *const c_char,
    /// The name that it had.
    pub name: *const c_char,
}

impl View for zec_removed_service {
    type Model = RemovedService;

    fn view(model: &RemovedService, arena: &mut Arena) -> Self {
        let RemovedService { id, name } = model;
        Self { id: arena.str(id), name: arena.str(name) }
    }
}

/// What a poll found. All lengths are 0 if nothing changed.
#[repr(C)]
pub struct zec_service_changes {
    /// Services that were not there before.
    pub added: *const *const zec_service,
    pub added_len: usize,
    /// Services of which something is different now, as they are now.
    pub changed: *const *const zec_service,
    pub changed_len: usize,
    pub removed: *const *const zec_removed_service,
    pub removed_len: usize,
}

/// What the record of changes points to.
pub(crate) struct Kept {
    added: Rows,
    changed: Rows,
    removed: Vec<RemovedService>,
    arena: Arena,
}

impl Root for zec_service_changes {
    type Kept = Kept;
}

impl Kept {
    fn new(changes: ServiceChanges) -> Self {
        let ServiceChanges { added, changed, removed } = changes;
        Self { added: Rows::new(added), changed: Rows::new(changed), removed, arena: Arena::new() }
    }

    fn view(&mut self) -> zec_service_changes {
        let (added, changed) = (self.added.view(), self.changed.view());
        zec_service_changes {
            added: added.items,
            added_len: added.len,
            changed: changed.items,
            changed_len: changed.len,
            removed: self.arena.views(&self.removed),
            removed_len: self.removed.len(),
        }
    }
}

/// A watch over the services that match the query. No I/O. `query` may be NULL; it must have no `limit` and no
/// `offset`. The client may be freed before the watch.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_service_watch_new(
    client: Option<&zec_client>,
    query: *const zec_service_query,
    out: Option<&mut MaybeUninit<*mut zec_service_watch>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let client = arg(client, "client")?;
        // SAFETY: a query begins with its size and holds valid strings (header, "Ownership").
        let query = unsafe { zec_service_query::rust(query) }?;
        let watch = client.client.services().watch(query)?;
        out.write(Box::into_raw(Box::new(zec_service_watch { watch })));
        Ok(())
    })
}

/// What changed since the last poll that succeeded; in the first one all services are added. A poll that finds nothing
/// new is one small request. After a failure the watch is as before, and the next poll tells all that this one would
/// have told. One thread at a time may poll a watch. A service has changed if anything that the controller says of it
/// differs, configs and the outcome of posture checks included, but not how much longer a check holds. What time alone
/// changes, such as a check whose time is over, may show only with the next change of something else.
/// GET /current-api-session/service-updates (listServiceUpdates), then GET /services (listServices), page by page
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_service_watch_poll(
    watch: Option<&mut zec_service_watch>,
    out: Option<&mut MaybeUninit<*mut zec_service_changes>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let watch = arg(watch, "watch")?;
        out.write(publish(Kept::new(watch.watch.poll()?), Kept::view));
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn zec_service_changes_free(changes: *mut zec_service_changes) {
    guard_or((), || {
        // SAFETY: a root is NULL or was not freed yet (header, "Ownership").
        unsafe { release(changes) };
    });
}

#[unsafe(no_mangle)]
pub extern "C" fn zec_service_watch_free(watch: Option<Box<zec_service_watch>>) {
    guard_or((), || drop(watch));
}
