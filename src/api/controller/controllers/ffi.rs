//! The C face of the controllers of a network.

#![allow(
    unsafe_code,
    non_camel_case_types,
    missing_docs,
    clippy::missing_safety_doc,
    reason = "a C face: names, comments and rules are those of the header"
)]

use std::ffi::{c_char, c_void};
use std::mem::MaybeUninit;

use super::{ApiAddress, ControllerNode};
use crate::api::list::List;
use crate::ffi::{
    Arena, Root, View, arg, clear, for_each, guard, guard_or, publish, release, zec_client, zec_error, zec_list_query,
};

/// Where a controller serves one version of an API. Each text but `binding` may be NULL.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_api_address {
    /// Such as "edge-client".
    pub binding: *const c_char,
    /// Such as "v1".
    pub version: *const c_char,
    /// The address with the path.
    pub url: *const c_char,
}

/// One controller of a cluster. Each text but `id` and `tags_json` may be NULL.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_controller {
    pub id: *const c_char,
    pub name: *const c_char,
    /// Where routers reach it, such as "tls:ctrl.example.test:6262".
    pub ctrl_address: *const c_char,
    /// Its certificate, as PEM.
    pub cert_pem: *const c_char,
    /// The SHA-1 of its certificate, in hexadecimal.
    pub fingerprint: *const c_char,
    /// True if the cluster can reach it.
    pub is_online: bool,
    /// True if it is to lead the cluster when it can.
    pub is_preferred_leader: bool,
    /// Where it serves its APIs.
    pub api_addresses: *const *const zec_api_address,
    pub api_addresses_len: usize,
    /// This and the times below are as the controller wrote them (RFC 3339).
    pub last_joined_at: *const c_char,
    pub created_at: *const c_char,
    pub updated_at: *const c_char,
    /// What an administrator attached to it, as a JSON object.
    pub tags_json: *const c_char,
}

impl View for zec_controller {
    type Model = ControllerNode;

    fn view(model: &ControllerNode, arena: &mut Arena) -> Self {
        let ControllerNode {
            id,
            name,
            ctrl_address,
            cert_pem,
            fingerprint,
            is_online,
            is_preferred_leader,
            last_joined_at,
            api_addresses,
            created_at,
            updated_at,
            tags,
        } = model;
        let addresses = api_addresses.iter().flat_map(|(binding, apis)| apis.iter().map(move |api| (binding, api)));
        let addresses: Vec<_> = addresses.map(|(binding, api)| address(binding, api, arena)).collect();
        Self {
            id: arena.str(id),
            name: arena.optional_str(name.as_deref()),
            ctrl_address: arena.optional_str(ctrl_address.as_deref()),
            cert_pem: arena.optional_str(cert_pem.as_deref()),
            fingerprint: arena.optional_str(fingerprint.as_deref()),
            is_online: *is_online,
            is_preferred_leader: *is_preferred_leader,
            api_addresses: arena.list(&addresses),
            api_addresses_len: addresses.len(),
            last_joined_at: arena.time(last_joined_at.as_ref()),
            created_at: arena.time(created_at.as_ref()),
            updated_at: arena.time(updated_at.as_ref()),
            tags_json: arena.json(tags),
        }
    }
}

fn address(binding: &str, api: &ApiAddress, arena: &mut Arena) -> zec_api_address {
    let ApiAddress { version, url } = api;
    zec_api_address {
        binding: arena.str(binding),
        version: arena.optional_str(version.as_deref()),
        url: arena.optional_str(url.as_deref()),
    }
}

/// Controllers, in the order in which the controller sent them. `len` is 0 if there is none.
#[repr(C)]
pub struct zec_controller_list {
    pub items: *const *const zec_controller,
    pub len: usize,
    /// How many match in all: for a page, how far to go on.
    pub total: u64,
}

impl Root for zec_controller_list {
    type Kept = Arena;
}

impl zec_controller_list {
    fn publish(list: &List<ControllerNode>) -> *mut Self {
        publish(Arena::new(), |arena: &mut Arena| Self {
            items: arena.views(list),
            len: list.len(),
            total: list.total(),
        })
    }
}

/// Is shown one controller, which is valid until it returns. Any answer but 0 ends the call, as a success.
pub type zec_controller_callback =
    Option<unsafe extern "C" fn(controller: *const zec_controller, userdata: *mut c_void) -> i32>;

/// All controllers of the network that match the query; none where there is no cluster. `query` may be NULL; it must
/// have no `limit` and no `offset`.
/// GET /controllers (listControllers), page by page
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_controllers_list(
    client: Option<&zec_client>,
    query: *const zec_list_query,
    out: Option<&mut MaybeUninit<*mut zec_controller_list>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let client = arg(client, "client")?;
        // SAFETY: a query begins with its size and holds valid strings (header, "Ownership").
        let query = unsafe { zec_list_query::rust(query) }?;
        out.write(zec_controller_list::publish(&client.client.controllers().list(&query)?));
        Ok(())
    })
}

/// One page of the controllers that match the query. `query` may be NULL.
/// GET /controllers (listControllers)
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_controllers_page(
    client: Option<&zec_client>,
    query: *const zec_list_query,
    out: Option<&mut MaybeUninit<*mut zec_controller_list>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let client = arg(client, "client")?;
        // SAFETY: a query begins with its size and holds valid strings (header, "Ownership").
        let query = unsafe { zec_list_query::rust(query) }?;
        out.write(zec_controller_list::publish(&client.client.controllers().page(&query)?));
        Ok(())
    })
}

/// Shows the controllers that match the query to `callback` one by one, without keeping them all. `query` may be NULL;
/// it must have no `limit` and no `offset`. The time limit holds for all pages and all that the callback does.
/// GET /controllers (listControllers), page by page
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_controllers_for_each(
    client: Option<&zec_client>,
    query: *const zec_list_query,
    callback: zec_controller_callback,
    userdata: *mut c_void,
) -> Option<Box<zec_error>> {
    guard(|| {
        let callback = arg(callback, "callback")?;
        let client = arg(client, "client")?;
        // SAFETY: a query begins with its size and holds valid strings (header, "Ownership").
        let query = unsafe { zec_list_query::rust(query) }?;
        let rows = client.client.controllers().iter(&query)?.within_one_call();
        // SAFETY: callback and userdata were given for each other (header, "Threads").
        for_each::<zec_controller>(rows, |controller| unsafe { callback(controller, userdata) })
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn zec_controller_list_free(list: *mut zec_controller_list) {
    guard_or((), || {
        // SAFETY: a root is NULL or was not freed yet (header, "Ownership").
        unsafe { release(list) };
    });
}
