//! The C face of edge routers.

#![allow(
    unsafe_code,
    non_camel_case_types,
    missing_docs,
    clippy::missing_safety_doc,
    reason = "a C face: names, comments and rules are those of the header"
)]

use std::collections::BTreeMap;
use std::ffi::{c_char, c_void};

use super::EdgeRouter;
use crate::api::list::List;
use crate::ffi::{Arena, Root, View, guard_or, or_minus_one, publish, release};

/// Where an edge router takes connections of one protocol.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_router_address {
    /// Such as "tls".
    pub protocol: *const c_char,
    /// Such as "tls://router.test:3022".
    pub url: *const c_char,
}

/// An edge router, through which a data plane reaches services. Each text but `name` and the JSON may be NULL: each
/// answer shows another part of a router.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_edge_router {
    /// Only routers of the own identity have one.
    pub id: *const c_char,
    /// No other router of the network has it.
    pub name: *const c_char,
    /// Empty where the answer does not know it.
    pub hostname: *const c_char,
    /// How far the router knows what the controller knows, such as "SYNC_DONE".
    pub sync_status: *const c_char,
    /// What the network reckons for going through it, or -1 if the controller did not say.
    pub cost: i64,
    /// True if the router is connected to the controller.
    pub is_online: bool,
    /// 1 if no traffic between other routers goes through it, 0 if some may, -1 if the controller did not say.
    pub no_traversal: i32,
    /// 1 if an administrator has turned it off, 0 if not, -1 if the controller did not say.
    pub disabled: i32,
    /// Where it takes connections.
    pub supported_protocols: *const *const zec_router_address,
    pub supported_protocols_len: usize,
    /// Where to connect for a session; empty in answers that are not about a session.
    pub urls: *const *const zec_router_address,
    pub urls_len: usize,
    /// What an administrator attached to it for applications, as a JSON object.
    pub app_data_json: *const c_char,
    /// As the controller wrote it (RFC 3339); and the next likewise.
    pub created_at: *const c_char,
    pub updated_at: *const c_char,
    /// What an administrator attached to it, as a JSON object.
    pub tags_json: *const c_char,
}

impl View for zec_edge_router {
    type Model = EdgeRouter;

    fn view(model: &EdgeRouter, arena: &mut Arena) -> Self {
        let EdgeRouter {
            id,
            name,
            hostname,
            is_online,
            sync_status,
            cost,
            no_traversal,
            disabled,
            supported_protocols,
            urls,
            app_data,
            created_at,
            updated_at,
            tags,
        } = model;
        Self {
            id: arena.optional_str(id.as_deref()),
            name: arena.str(name),
            hostname: arena.optional_str(hostname.as_deref()),
            sync_status: arena.optional_str(sync_status.as_deref()),
            cost: or_minus_one(*cost),
            is_online: *is_online,
            no_traversal: no_traversal.map_or(-1, i32::from),
            disabled: disabled.map_or(-1, i32::from),
            supported_protocols: addresses(supported_protocols, arena),
            supported_protocols_len: supported_protocols.len(),
            urls: addresses(urls, arena),
            urls_len: urls.len(),
            app_data_json: arena.json(app_data),
            created_at: arena.time(created_at.as_ref()),
            updated_at: arena.time(updated_at.as_ref()),
            tags_json: arena.json(tags),
        }
    }
}

fn addresses(urls: &BTreeMap<String, String>, arena: &mut Arena) -> *const *const zec_router_address {
    let one =
        |(protocol, url): (&String, &String)| zec_router_address { protocol: arena.str(protocol), url: arena.str(url) };
    let records: Vec<_> = urls.iter().map(one).collect();
    arena.list(&records)
}

/// Edge routers, in the order in which the controller sent them. `len` is 0 if there is none.
#[repr(C)]
pub struct zec_edge_router_list {
    pub items: *const *const zec_edge_router,
    pub len: usize,
    /// How many match in all: for a page, how far to go on.
    pub total: u64,
}

impl Root for zec_edge_router_list {
    type Kept = Arena;
}

impl zec_edge_router_list {
    pub(crate) fn publish(list: &List<EdgeRouter>) -> *mut Self {
        publish(Arena::new(), |arena: &mut Arena| Self {
            items: arena.views(list),
            len: list.len(),
            total: list.total(),
        })
    }
}

/// Is shown one edge router, which is valid until it returns. Any answer but 0 ends the call, as a success.
pub type zec_edge_router_callback =
    Option<unsafe extern "C" fn(router: *const zec_edge_router, userdata: *mut c_void) -> i32>;

#[unsafe(no_mangle)]
pub unsafe extern "C" fn zec_edge_router_list_free(list: *mut zec_edge_router_list) {
    guard_or((), || {
        // SAFETY: a root is NULL or was not freed yet (header, "Ownership").
        unsafe { release(list) };
    });
}
