//! The C face of the terminators of a service.

#![allow(
    unsafe_code,
    non_camel_case_types,
    missing_docs,
    clippy::missing_safety_doc,
    reason = "a C face: names, comments and rules are those of the header"
)]

use std::ffi::{c_char, c_void};
use std::mem::MaybeUninit;

use super::Terminator;
use crate::api::list::List;
use crate::ffi::{
    Arena, Root, View, arg, clear, for_each, guard, guard_or, publish, release, text, zec_client, zec_error,
    zec_list_query,
};

/// One place at which a service is hosted. Each text but `id` and `tags_json` may be NULL.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_terminator {
    pub id: *const c_char,
    /// Which instance of the service it is, where its host gave it a name to be dialed by; else empty.
    pub identity: *const c_char,
    /// The router that it is reached through.
    pub router_id: *const c_char,
    pub service_id: *const c_char,
    pub service_name: *const c_char,
    /// As the controller wrote it (RFC 3339); and the next likewise.
    pub created_at: *const c_char,
    pub updated_at: *const c_char,
    /// What is attached to it, as a JSON object.
    pub tags_json: *const c_char,
}

impl View for zec_terminator {
    type Model = Terminator;

    fn view(model: &Terminator, arena: &mut Arena) -> Self {
        let Terminator { id, identity, router_id, service_id, service, created_at, updated_at, tags } = model;
        Self {
            id: arena.str(id),
            identity: arena.optional_str(identity.as_deref()),
            router_id: arena.optional_str(router_id.as_deref()),
            service_id: arena.optional_str(service_id.as_deref()),
            service_name: arena.name_of(service.as_ref()),
            created_at: arena.time(created_at.as_ref()),
            updated_at: arena.time(updated_at.as_ref()),
            tags_json: arena.json(tags),
        }
    }
}

/// Terminators, in the order in which the controller sent them. `len` is 0 if there is none.
#[repr(C)]
pub struct zec_terminator_list {
    pub items: *const *const zec_terminator,
    pub len: usize,
    /// How many match in all: for a page, how far to go on.
    pub total: u64,
}

impl Root for zec_terminator_list {
    type Kept = Arena;
}

impl zec_terminator_list {
    fn publish(list: &List<Terminator>) -> *mut Self {
        publish(Arena::new(), |arena: &mut Arena| Self {
            items: arena.views(list),
            len: list.len(),
            total: list.total(),
        })
    }
}

/// Is shown one terminator, which is valid until it returns. Any answer but 0 ends the call, as a success.
pub type zec_terminator_callback =
    Option<unsafe extern "C" fn(terminator: *const zec_terminator, userdata: *mut c_void) -> i32>;

/// All terminators of the service that match the query: one for each program that hosts it, and each router that it
/// hosts it through. In filters the `identity` of a terminator is called `instanceId`. `query` may be NULL; it must have
/// no `limit` and no `offset`.
/// GET /services/{id}/terminators (listServiceTerminators), page by page
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_services_terminators(
    client: Option<&zec_client>,
    id: *const c_char,
    query: *const zec_list_query,
    out: Option<&mut MaybeUninit<*mut zec_terminator_list>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let id = unsafe { text(id, "id") }?;
        let client = arg(client, "client")?;
        // SAFETY: a query begins with its size and holds valid strings (header, "Ownership").
        let query = unsafe { zec_list_query::rust(query) }?;
        out.write(zec_terminator_list::publish(&client.client.services().terminators(id).list(&query)?));
        Ok(())
    })
}

/// One page of the terminators of the service that match the query. `query` may be NULL.
/// GET /services/{id}/terminators (listServiceTerminators)
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_services_terminators_page(
    client: Option<&zec_client>,
    id: *const c_char,
    query: *const zec_list_query,
    out: Option<&mut MaybeUninit<*mut zec_terminator_list>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let id = unsafe { text(id, "id") }?;
        let client = arg(client, "client")?;
        // SAFETY: a query begins with its size and holds valid strings (header, "Ownership").
        let query = unsafe { zec_list_query::rust(query) }?;
        out.write(zec_terminator_list::publish(&client.client.services().terminators(id).page(&query)?));
        Ok(())
    })
}

/// Shows the terminators of the service that match the query to `callback` one by one, without keeping them all.
/// `query` may be NULL; it must have no `limit` and no `offset`. The time limit holds for all pages and all that the
/// callback does.
/// GET /services/{id}/terminators (listServiceTerminators), page by page
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_services_terminators_for_each(
    client: Option<&zec_client>,
    id: *const c_char,
    query: *const zec_list_query,
    callback: zec_terminator_callback,
    userdata: *mut c_void,
) -> Option<Box<zec_error>> {
    guard(|| {
        let callback = arg(callback, "callback")?;
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let id = unsafe { text(id, "id") }?;
        let client = arg(client, "client")?;
        // SAFETY: a query begins with its size and holds valid strings (header, "Ownership").
        let query = unsafe { zec_list_query::rust(query) }?;
        let rows = client.client.services().terminators(id).iter(&query)?.within_one_call();
        // SAFETY: callback and userdata were given for each other (header, "Threads").
        for_each::<zec_terminator>(rows, |terminator| unsafe { callback(terminator, userdata) })
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn zec_terminator_list_free(list: *mut zec_terminator_list) {
    guard_or((), || {
        // SAFETY: a root is NULL or was not freed yet (header, "Ownership").
        unsafe { release(list) };
    });
}
