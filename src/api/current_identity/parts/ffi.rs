//! The C face of what an identity is made of.

#![allow(
    unsafe_code,
    non_camel_case_types,
    missing_docs,
    clippy::missing_safety_doc,
    reason = "a C face: names, comments and rules are those of the header"
)]

use std::collections::BTreeMap;
use std::ffi::c_char;

use super::{EnvInfo, NetworkInterface, OpenEnrollment, SdkInfo};
use crate::ffi::{Arena, View, or_minus_one};

/// An enrollment that was not used yet. Whoever has its token can become this identity. Each text may be NULL.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_open_enrollment {
    pub id: *const c_char,
    /// A secret: the token alone. Wiped when the identity is freed, like the next; copies are yours to wipe.
    pub token: *const c_char,
    /// A secret: the token as it is handed out, for zec_identity_enroll().
    pub jwt: *const c_char,
    /// Until when it can be used, as the controller wrote it (RFC 3339).
    pub expires_at: *const c_char,
    /// For "ottca": the CA whose certificates it takes.
    pub ca_id: *const c_char,
    pub ca_name: *const c_char,
}

impl View for zec_open_enrollment {
    type Model = OpenEnrollment;

    fn view(model: &OpenEnrollment, arena: &mut Arena) -> Self {
        let OpenEnrollment { id, token, jwt, expires_at, ca_id, ca } = model;
        Self {
            id: arena.optional_str(id.as_deref()),
            token: arena.optional_secret(token.as_ref()),
            jwt: arena.optional_secret(jwt.as_ref()),
            expires_at: arena.time(expires_at.as_ref()),
            ca_id: arena.optional_str(ca_id.as_deref()),
            ca_name: arena.name_of(ca.as_ref()),
        }
    }
}

/// What a login told of its host. Each text may be NULL.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_env_info {
    /// The processor, such as "x86_64".
    pub arch: *const c_char,
    /// The domain it is a member of.
    pub domain: *const c_char,
    pub hostname: *const c_char,
    /// The operating system, such as "linux".
    pub os: *const c_char,
    pub os_release: *const c_char,
    pub os_version: *const c_char,
}

impl View for zec_env_info {
    type Model = EnvInfo;

    fn view(model: &EnvInfo, arena: &mut Arena) -> Self {
        let EnvInfo { arch, domain, hostname, os, os_release, os_version } = model;
        Self {
            arch: arena.optional_str(arch.as_deref()),
            domain: arena.optional_str(domain.as_deref()),
            hostname: arena.optional_str(hostname.as_deref()),
            os: arena.optional_str(os.as_deref()),
            os_release: arena.optional_str(os_release.as_deref()),
            os_version: arena.optional_str(os_version.as_deref()),
        }
    }
}

/// What a login told of its program. Each text may be NULL.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_sdk_info {
    pub app_id: *const c_char,
    pub app_version: *const c_char,
    /// The branch that the library was built from.
    pub branch: *const c_char,
    /// The revision that the library was built from.
    pub revision: *const c_char,
    /// The library, such as "ziti-edge-client".
    pub sdk_type: *const c_char,
    /// The version of the library.
    pub version: *const c_char,
}

impl View for zec_sdk_info {
    type Model = SdkInfo;

    fn view(model: &SdkInfo, arena: &mut Arena) -> Self {
        let SdkInfo { app_id, app_version, branch, revision, sdk_type, version } = model;
        Self {
            app_id: arena.optional_str(app_id.as_deref()),
            app_version: arena.optional_str(app_version.as_deref()),
            branch: arena.optional_str(branch.as_deref()),
            revision: arena.optional_str(revision.as_deref()),
            sdk_type: arena.optional_str(sdk_type.as_deref()),
            version: arena.optional_str(version.as_deref()),
        }
    }
}

/// A network interface of the host of an identity.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_network_interface {
    /// Such as "eth0", or NULL.
    pub name: *const c_char,
    /// The MAC address, or NULL.
    pub hardware_address: *const c_char,
    /// The largest packet that it takes, in bytes; 0 if the controller did not say.
    pub mtu: u64,
    /// Its number at its host, or -1 if the controller did not say.
    pub index: i64,
    /// True if it is switched on.
    pub is_up: bool,
    /// True if it is connected.
    pub is_running: bool,
    /// True if it leads back to the host itself.
    pub is_loopback: bool,
    /// True if it can send to all of its network.
    pub is_broadcast: bool,
    /// True if it can send to groups.
    pub is_multicast: bool,
    /// Its IP addresses with their networks.
    pub addresses: *const *const c_char,
    pub addresses_len: usize,
}

impl View for zec_network_interface {
    type Model = NetworkInterface;

    fn view(model: &NetworkInterface, arena: &mut Arena) -> Self {
        let NetworkInterface {
            name,
            hardware_address,
            mtu,
            index,
            is_up,
            is_running,
            is_loopback,
            is_broadcast,
            is_multicast,
            addresses,
        } = model;
        Self {
            name: arena.optional_str(name.as_deref()),
            hardware_address: arena.optional_str(hardware_address.as_deref()),
            mtu: mtu.unwrap_or(0),
            index: or_minus_one(*index),
            is_up: *is_up,
            is_running: *is_running,
            is_loopback: *is_loopback,
            is_broadcast: *is_broadcast,
            is_multicast: *is_multicast,
            addresses: arena.strs(addresses.iter().map(String::as_str)),
            addresses_len: addresses.len(),
        }
    }
}

/// What going to a service costs where this identity hosts it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_hosting_cost {
    pub service_id: *const c_char,
    /// 0 to 65535.
    pub cost: u64,
}

/// Whether a service is to be reached through this identity where it hosts it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_hosting_precedence {
    pub service_id: *const c_char,
    /// "default", "required" or "failed"; other words may come.
    pub precedence: *const c_char,
}

pub(in super::super) fn costs(costs: &BTreeMap<String, u64>, arena: &mut Arena) -> *const *const zec_hosting_cost {
    let one = |(id, &cost): (&String, &u64)| zec_hosting_cost { service_id: arena.str(id), cost };
    let records: Vec<_> = costs.iter().map(one).collect();
    arena.list(&records)
}

pub(in super::super) fn precedences(
    precedences: &BTreeMap<String, String>,
    arena: &mut Arena,
) -> *const *const zec_hosting_precedence {
    let one = |(id, precedence): (&String, &String)| zec_hosting_precedence {
        service_id: arena.str(id),
        precedence: arena.str(precedence),
    };
    let records: Vec<_> = precedences.iter().map(one).collect();
    arena.list(&records)
}
