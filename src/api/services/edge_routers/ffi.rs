//! The C face of the edge routers of a service.

#![allow(
    unsafe_code,
    non_camel_case_types,
    missing_docs,
    clippy::missing_safety_doc,
    reason = "a C face: names, comments and rules are those of the header"
)]

use std::ffi::c_char;
use std::mem::MaybeUninit;

use crate::api::edge_router::ffi::zec_edge_router_list;
use crate::api::list::List;
use crate::ffi::{arg, clear, guard, optional_text, text, zec_client, zec_error};
use crate::secret::Secret;

/// The edge routers through which this identity may reach the service, without the addresses for a session, in one
/// answer. `session_token` may be NULL; else the controller checks that it is good and of this login, too. Controllers
/// 1.3 and 1.6 refuse the tokens that they gave out themselves to a login that is not OIDC.
/// GET /services/{id}/edge-routers (listServiceEdgeRouters)
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_services_edge_routers(
    client: Option<&zec_client>,
    id: *const c_char,
    session_token: *const c_char,
    out: Option<&mut MaybeUninit<*mut zec_edge_router_list>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let id = unsafe { text(id, "id") }?;
        let client = arg(client, "client")?;
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let token = unsafe { optional_text(session_token, "session_token") }?.map(Secret::new);
        let routers = client.client.services().edge_routers(id, token.as_ref())?;
        let total = routers.len() as u64;
        out.write(zec_edge_router_list::publish(&List::new(routers, total)));
        Ok(())
    })
}
