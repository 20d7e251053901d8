//! The C face of the tokens by which anybody may join a network.

#![allow(
    unsafe_code,
    non_camel_case_types,
    missing_docs,
    clippy::missing_safety_doc,
    reason = "a C face: names, comments and rules are those of the header"
)]

use std::ffi::c_char;
use std::mem::MaybeUninit;

use super::NetworkJwt;
use crate::ffi::{Arena, Root, View, arg, clear, guard, guard_or, publish, release, zec_client, zec_error};

/// A token by which anybody may join a network. `name` may be NULL.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_network_jwt {
    pub name: *const c_char,
    /// The token, for zec_enrollment_parse(). No secret: the controller hands it to everybody.
    pub token: *const c_char,
}

impl View for zec_network_jwt {
    type Model = NetworkJwt;

    fn view(model: &NetworkJwt, arena: &mut Arena) -> Self {
        let NetworkJwt { name, token } = model;
        Self { name: arena.optional_str(name.as_deref()), token: arena.str(token) }
    }
}

/// The tokens by which anybody may join a network.
#[repr(C)]
pub struct zec_network_jwt_list {
    pub items: *const *const zec_network_jwt,
    pub len: usize,
}

impl Root for zec_network_jwt_list {
    type Kept = Arena;
}

impl zec_network_jwt_list {
    fn publish(jwts: &[NetworkJwt]) -> *mut Self {
        publish(Arena::new(), |arena: &mut Arena| Self { items: arena.views(jwts), len: jwts.len() })
    }
}

/// The tokens by which anybody may join the network. Needs no login. Controllers before 1.3 do not have it.
/// GET /network-jwts (listNetworkJWTs)
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_network_jwts_list(
    client: Option<&zec_client>,
    out: Option<&mut MaybeUninit<*mut zec_network_jwt_list>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let client = arg(client, "client")?;
        out.write(zec_network_jwt_list::publish(&client.client.network_jwts().list()?));
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn zec_network_jwt_list_free(list: *mut zec_network_jwt_list) {
    guard_or((), || {
        // SAFETY: a root is NULL or was not freed yet (header, "Ownership").
        unsafe { release(list) };
    });
}
