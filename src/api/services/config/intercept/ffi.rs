//! The C face of `intercept.v1`.

#![allow(
    unsafe_code,
    non_camel_case_types,
    missing_docs,
    clippy::missing_safety_doc,
    reason = "a C face: names, comments and rules are those of the header"
)]

use std::ffi::c_char;
use std::mem::MaybeUninit;

use super::{DialOptions, InterceptV1, PortRange};
use crate::api::services::config::ffi::give_config;
use crate::api::services::ffi::zec_service;
use crate::ffi::{Arena, Root, View, guard, guard_or, release, zec_error};

/// Ports from `low` to `high`, both included.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_port_range {
    pub low: u16,
    pub high: u16,
}

impl View for zec_port_range {
    type Model = PortRange;

    fn view(model: &PortRange, _: &mut Arena) -> Self {
        let PortRange { low, high } = *model;
        Self { low, high }
    }
}

/// How a service is dialed.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_dial_options {
    /// The terminator identity to dial, or NULL; may hold variables such as "$dst_hostname".
    pub identity: *const c_char,
    /// How long connecting may take, or -1.
    pub connect_timeout_seconds: i64,
}

impl View for zec_dial_options {
    type Model = DialOptions;

    fn view(model: &DialOptions, arena: &mut Arena) -> Self {
        let DialOptions { identity, connect_timeout_seconds } = model;
        Self {
            identity: arena.optional_str(identity.as_deref()),
            connect_timeout_seconds: connect_timeout_seconds.unwrap_or(-1),
        }
    }
}

/// What a tunneler intercepts for a service ("intercept.v1").
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_intercept_v1 {
    /// "tcp", "udp".
    pub protocols: *const *const c_char,
    pub protocols_len: usize,
    /// IP addresses, CIDR blocks, DNS names, and wildcards such as "*.example.test".
    pub addresses: *const *const c_char,
    pub addresses_len: usize,
    pub port_ranges: *const *const zec_port_range,
    pub port_ranges_len: usize,
    /// How the service is dialed, or NULL.
    pub dial_options: *const zec_dial_options,
    /// The source address that the hosting side is to use, or NULL; may hold variables such as "$src_ip".
    pub source_ip: *const c_char,
    /// Addresses or CIDR blocks of the only clients to intercept; empty for all.
    pub allowed_source_addresses: *const *const c_char,
    pub allowed_source_addresses_len: usize,
}

impl View for zec_intercept_v1 {
    type Model = InterceptV1;

    fn view(model: &InterceptV1, arena: &mut Arena) -> Self {
        let InterceptV1 { protocols, addresses, port_ranges, dial_options, source_ip, allowed_source_addresses } =
            model;
        Self {
            protocols: arena.strs(protocols.iter().map(String::as_str)),
            protocols_len: protocols.len(),
            addresses: arena.strs(addresses.iter().map(String::as_str)),
            addresses_len: addresses.len(),
            port_ranges: arena.views(port_ranges),
            port_ranges_len: port_ranges.len(),
            dial_options: arena.optional_view(dial_options.as_ref()),
            source_ip: arena.optional_str(source_ip.as_deref()),
            allowed_source_addresses: arena.strs(allowed_source_addresses.iter().map(String::as_str)),
            allowed_source_addresses_len: allowed_source_addresses.len(),
        }
    }
}

impl Root for zec_intercept_v1 {
    type Kept = Arena;
}

/// The config of type "intercept.v1". `*out` is NULL after a success if the service has none, or it was not asked for.
/// No I/O.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_service_intercept_v1(
    service: Option<&zec_service>,
    out: Option<&mut MaybeUninit<*mut zec_intercept_v1>>,
) -> Option<Box<zec_error>> {
    guard(|| give_config(service, out))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn zec_intercept_v1_free(intercept: *mut zec_intercept_v1) {
    guard_or((), || {
        // SAFETY: a root is NULL or was not freed yet (header, "Ownership").
        unsafe { release(intercept) };
    });
}
