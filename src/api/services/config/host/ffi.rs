//! The C face of `host.v1` and `host.v2`.

#![allow(
    unsafe_code,
    non_camel_case_types,
    missing_docs,
    clippy::missing_safety_doc,
    reason = "a C face: names, comments and rules are those of the header"
)]

use std::ffi::c_char;
use std::mem::MaybeUninit;

use super::{AddressTranslation, HostProxy, HostV1, HostV2, ListenOptions};
use crate::api::services::config::ffi::give_config;
use crate::api::services::config::health::ffi::{zec_http_check, zec_port_check};
use crate::api::services::config::intercept::ffi::zec_port_range;
use crate::api::services::ffi::zec_service;
use crate::ffi::{Arena, Root, View, guard, guard_or, release, zec_error};

/// Forwarded addresses whose first bits are those of `from` get those of `to`. Each text may be NULL.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_address_translation {
    /// An IP address.
    pub from: *const c_char,
    /// An IP address of the same kind.
    pub to: *const c_char,
    /// How many bits are replaced, or -1.
    pub prefix_length: i32,
}

impl View for zec_address_translation {
    type Model = AddressTranslation;

    fn view(model: &AddressTranslation, arena: &mut Arena) -> Self {
        let AddressTranslation { from, to, prefix_length } = model;
        Self {
            from: arena.optional_str(from.as_deref()),
            to: arena.optional_str(to.as_deref()),
            prefix_length: prefix_length.map_or(-1, i32::from),
        }
    }
}

/// How a service is hosted. Each text may be NULL, each number is -1 if it is not set.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_listen_options {
    /// True to make the terminator addressable by the name of the hosting identity.
    pub bind_using_edge_identity: bool,
    /// What the terminator costs: the cheapest is taken first.
    pub cost: i32,
    /// The name by which the terminator is addressed; may hold variables such as "$tunneler_id.name".
    pub identity: *const c_char,
    /// How long connecting may take, such as "5s".
    pub connect_timeout: *const c_char,
    /// How long connecting may take; `connect_timeout` wins.
    pub connect_timeout_seconds: i64,
    /// "default", "required" or "failed".
    pub precedence: *const c_char,
    /// At how many edge routers to host.
    pub max_connections: i64,
}

impl View for zec_listen_options {
    type Model = ListenOptions;

    fn view(model: &ListenOptions, arena: &mut Arena) -> Self {
        let ListenOptions {
            bind_using_edge_identity,
            identity,
            connect_timeout,
            connect_timeout_seconds,
            cost,
            precedence,
            max_connections,
        } = model;
        Self {
            bind_using_edge_identity: *bind_using_edge_identity,
            cost: cost.map_or(-1, i32::from),
            identity: arena.optional_str(identity.as_deref()),
            connect_timeout: arena.optional_str(connect_timeout.as_deref()),
            connect_timeout_seconds: connect_timeout_seconds.unwrap_or(-1),
            precedence: arena.optional_str(precedence.as_deref()),
            max_connections: max_connections.unwrap_or(-1),
        }
    }
}

/// A proxy between the hosting side and the place it connects to. Each text may be NULL.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_host_proxy {
    /// "http".
    pub kind: *const c_char,
    /// "host:port".
    pub address: *const c_char,
}

impl View for zec_host_proxy {
    type Model = HostProxy;

    fn view(model: &HostProxy, arena: &mut Arena) -> Self {
        let HostProxy { kind, address } = model;
        Self { kind: arena.optional_str(kind.as_deref()), address: arena.optional_str(address.as_deref()) }
    }
}

/// Where a tunneler that hosts a service connects to ("host.v1"). Protocol, address and port are each either fixed, or
/// forwarded from the side that dials; what is forwarded has to be among what is allowed. Each text may be NULL.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_host_v1 {
    /// "tcp" or "udp".
    pub protocol: *const c_char,
    /// An IP address or a host name.
    pub address: *const c_char,
    /// The port, or -1.
    pub port: i32,
    /// True to use the protocol that was intercepted, in place of `protocol`; and likewise for the next two.
    pub forward_protocol: bool,
    pub forward_address: bool,
    pub forward_port: bool,
    /// What may be forwarded.
    pub allowed_protocols: *const *const c_char,
    pub allowed_protocols_len: usize,
    /// IP addresses, CIDR blocks, DNS names and wildcards.
    pub allowed_addresses: *const *const c_char,
    pub allowed_addresses_len: usize,
    pub allowed_port_ranges: *const *const zec_port_range,
    pub allowed_port_ranges_len: usize,
    /// What becomes of forwarded addresses.
    pub forward_address_translations: *const *const zec_address_translation,
    pub forward_address_translations_len: usize,
    /// The source addresses that clients may ask for; the hosting side makes local routes for them.
    pub allowed_source_addresses: *const *const c_char,
    pub allowed_source_addresses_len: usize,
    pub port_checks: *const *const zec_port_check,
    pub port_checks_len: usize,
    pub http_checks: *const *const zec_http_check,
    pub http_checks_len: usize,
    /// How the service is hosted, or NULL.
    pub listen_options: *const zec_listen_options,
    /// The proxy to connect through, or NULL.
    pub proxy: *const zec_host_proxy,
}

impl View for zec_host_v1 {
    type Model = HostV1;

    fn view(model: &HostV1, arena: &mut Arena) -> Self {
        let HostV1 {
            protocol,
            forward_protocol,
            allowed_protocols,
            address,
            forward_address,
            forward_address_translations,
            allowed_addresses,
            port,
            forward_port,
            allowed_port_ranges,
            allowed_source_addresses,
            port_checks,
            http_checks,
            listen_options,
            proxy,
        } = model;
        Self {
            protocol: arena.optional_str(protocol.as_deref()),
            address: arena.optional_str(address.as_deref()),
            port: port.map_or(-1, i32::from),
            forward_protocol: *forward_protocol,
            forward_address: *forward_address,
            forward_port: *forward_port,
            allowed_protocols: arena.strs(allowed_protocols.iter().map(String::as_str)),
            allowed_protocols_len: allowed_protocols.len(),
            allowed_addresses: arena.strs(allowed_addresses.iter().map(String::as_str)),
            allowed_addresses_len: allowed_addresses.len(),
            allowed_port_ranges: arena.views(allowed_port_ranges),
            allowed_port_ranges_len: allowed_port_ranges.len(),
            forward_address_translations: arena.views(forward_address_translations),
            forward_address_translations_len: forward_address_translations.len(),
            allowed_source_addresses: arena.strs(allowed_source_addresses.iter().map(String::as_str)),
            allowed_source_addresses_len: allowed_source_addresses.len(),
            port_checks: arena.views(port_checks),
            port_checks_len: port_checks.len(),
            http_checks: arena.views(http_checks),
            http_checks_len: http_checks.len(),
            listen_options: arena.optional_view(listen_options.as_ref()),
            proxy: arena.optional_view(proxy.as_ref()),
        }
    }
}

impl Root for zec_host_v1 {
    type Kept = Arena;
}

/// Where a tunneler that hosts a service connects to, with one terminator for each place ("host.v2").
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_host_v2 {
    /// The places. They are freed with this.
    pub terminators: *const *const zec_host_v1,
    pub terminators_len: usize,
}

impl View for zec_host_v2 {
    type Model = HostV2;

    fn view(model: &HostV2, arena: &mut Arena) -> Self {
        let HostV2 { terminators } = model;
        Self { terminators: arena.views(terminators), terminators_len: terminators.len() }
    }
}

impl Root for zec_host_v2 {
    type Kept = Arena;
}

/// The config of type "host.v1". `*out` is NULL after a success if the service has none, or it was not asked for.
/// No I/O.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_service_host_v1(
    service: Option<&zec_service>,
    out: Option<&mut MaybeUninit<*mut zec_host_v1>>,
) -> Option<Box<zec_error>> {
    guard(|| give_config(service, out))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn zec_host_v1_free(host: *mut zec_host_v1) {
    guard_or((), || {
        // SAFETY: a root is NULL or was not freed yet (header, "Ownership").
        unsafe { release(host) };
    });
}

/// The config of type "host.v2". `*out` is NULL after a success if the service has none, or it was not asked for.
/// No I/O.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_service_host_v2(
    service: Option<&zec_service>,
    out: Option<&mut MaybeUninit<*mut zec_host_v2>>,
) -> Option<Box<zec_error>> {
    guard(|| give_config(service, out))
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn zec_host_v2_free(host: *mut zec_host_v2) {
    guard_or((), || {
        // SAFETY: a root is NULL or was not freed yet (header, "Ownership").
        unsafe { release(host) };
    });
}
