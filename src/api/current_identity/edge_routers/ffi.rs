//! The C face of the edge routers of the own identity.

#![allow(
    unsafe_code,
    non_camel_case_types,
    missing_docs,
    clippy::missing_safety_doc,
    reason = "a C face: names, comments and rules are those of the header"
)]

use std::ffi::c_void;
use std::mem::MaybeUninit;

use crate::api::edge_router::ffi::{zec_edge_router, zec_edge_router_callback, zec_edge_router_list};
use crate::ffi::{arg, clear, for_each, guard, zec_client, zec_error, zec_list_query};

/// All edge routers that the identity may use and that match the query. Not all of them serve each service: see
/// zec_services_edge_routers(). `query` may be NULL; it must have no `limit` and no `offset`.
/// GET /current-identity/edge-routers (getCurrentIdentityEdgeRouters), page by page
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_current_identity_edge_routers(
    client: Option<&zec_client>,
    query: *const zec_list_query,
    out: Option<&mut MaybeUninit<*mut zec_edge_router_list>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let client = arg(client, "client")?;
        // SAFETY: a query begins with its size and holds valid strings (header, "Ownership").
        let query = unsafe { zec_list_query::rust(query) }?;
        let routers = client.client.current_identity().edge_routers().list(&query)?;
        out.write(zec_edge_router_list::publish(&routers));
        Ok(())
    })
}

/// One page of the edge routers that the identity may use and that match the query. `query` may be NULL.
/// GET /current-identity/edge-routers (getCurrentIdentityEdgeRouters)
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_current_identity_edge_routers_page(
    client: Option<&zec_client>,
    query: *const zec_list_query,
    out: Option<&mut MaybeUninit<*mut zec_edge_router_list>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let client = arg(client, "client")?;
        // SAFETY: a query begins with its size and holds valid strings (header, "Ownership").
        let query = unsafe { zec_list_query::rust(query) }?;
        let routers = client.client.current_identity().edge_routers().page(&query)?;
        out.write(zec_edge_router_list::publish(&routers));
        Ok(())
    })
}

/// Shows the edge routers that match the query to `callback` one by one, without keeping them all. `query` may be NULL;
/// it must have no `limit` and no `offset`. The time limit holds for all pages and all that the callback does.
/// GET /current-identity/edge-routers (getCurrentIdentityEdgeRouters), page by page
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_current_identity_edge_routers_for_each(
    client: Option<&zec_client>,
    query: *const zec_list_query,
    callback: zec_edge_router_callback,
    userdata: *mut c_void,
) -> Option<Box<zec_error>> {
    guard(|| {
        let callback = arg(callback, "callback")?;
        let client = arg(client, "client")?;
        // SAFETY: a query begins with its size and holds valid strings (header, "Ownership").
        let query = unsafe { zec_list_query::rust(query) }?;
        let rows = client.client.current_identity().edge_routers().iter(&query)?.within_one_call();
        // SAFETY: callback and userdata were given for each other (header, "Threads").
        for_each::<zec_edge_router>(rows, |router| unsafe { callback(router, userdata) })
    })
}
