//! The C face of `ziti-tunneler-client.v1` and `ziti-tunneler-server.v1`.

#![allow(
    unsafe_code,
    non_camel_case_types,
    missing_docs,
    clippy::missing_safety_doc,
    reason = "a C face: names, comments and rules are those of the header"
)]

use std::ffi::c_char;
use std::mem::MaybeUninit;

use super::{TunnelerClientV1, TunnelerServerV1};
use crate::api::services::config::ffi::give_config;
use crate::api::services::config::health::ffi::{zec_http_check, zec_port_check};
use crate::api::services::ffi::zec_service;
use crate::ffi::{Arena, Root, View, guard, guard_or, release, zec_error};

/// What a tunneler intercepts for a service, over TCP and UDP ("ziti-tunneler-client.v1").
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_tunneler_client_v1 {
    /// An IP address or a DNS name, or NULL.
    pub hostname: *const c_char,
    /// The port, or -1.
    pub port: i32,
}

impl View for zec_tunneler_client_v1 {
    type Model = TunnelerClientV1;

    fn view(model: &TunnelerClientV1, arena: &mut Arena) -> Self {
        let TunnelerClientV1 { hostname, port } = model;
        Self { hostname: arena.optional_str(hostname.as_deref()), port: port.map_or(-1, i32::from) }
    }
}

impl Root for zec_tunneler_client_v1 {
    type Kept = Arena;
}

/// Where a tunneler that hosts a service connects to ("ziti-tunneler-server.v1"). Each text may be NULL.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_tunneler_server_v1 {
    /// "tcp" or "udp".
    pub protocol: *const c_char,
    /// An IP address or a host name.
    pub hostname: *const c_char,
    /// The port, or -1.
    pub port: i32,
    pub port_checks: *const *const zec_port_check,
    pub port_checks_len: usize,
    pub http_checks: *const *const zec_http_check,
    pub http_checks_len: usize,
}

impl View for zec_tunneler_server_v1 {
    type Model = TunnelerServerV1;

    fn view(model: &TunnelerServerV1, arena: &mut Arena) -> Self {
        let TunnelerServerV1 { protocol, hostname, port, port_checks, http_checks } = model;
        Self {
            protocol: arena.optional_str(protocol.as_deref()),
            hostname: arena.optional_str(hostname.as_deref()),
            port: port.map_or(-1, i32::from),
            port_checks: arena.views(port_checks),
            port_checks_len: port_checks.len(),
            http_checks: arena.views(http_checks),
            http_checks_len: http_checks.len(),
        }
    }
}

impl Root for zec_tunneler_server_v1 {
    type Kept = Arena;
}

/// The config of type "ziti-tunneler-client.v1". `*out` is NULL after a success if the service has none, or it was not asked for.
/// No I/O.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_service_tunneler_client_v1(
    service: Option<&zec_service>,
    out: Option<&mut MaybeUninit<*mut zec_tunneler_client_v1>>,
) -> Option<Box<zec_error>> {
    guard(|| give_config(service, out))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn zec_tunneler_client_v1_free(client: *mut zec_tunneler_client_v1) {
    guard_or((), || {
        // SAFETY: a root is NULL or was not freed yet (header, "Ownership").
        unsafe { release(client) };
    });
}

/// The config of type "ziti-tunneler-server.v1". `*out` is NULL after a success if the service has none, or it was not asked for.
/// No I/O.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_service_tunneler_server_v1(
    service: Option<&zec_service>,
    out: Option<&mut MaybeUninit<*mut zec_tunneler_server_v1>>,
) -> Option<Box<zec_error>> {
    guard(|| give_config(service, out))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn zec_tunneler_server_v1_free(server: *mut zec_tunneler_server_v1) {
    guard_or((), || {
        // SAFETY: a root is NULL or was not freed yet (header, "Ownership").
        unsafe { release(server) };
    });
}
