//! The C face of what a controller says of itself.

#![allow(
    unsafe_code,
    non_camel_case_types,
    missing_docs,
    clippy::missing_safety_doc,
    reason = "a C face: names, comments and rules are those of the header"
)]

use std::collections::BTreeMap;
use std::ffi::c_char;
use std::mem::MaybeUninit;

use super::{ApiVersion, CaCertificates, Protocol, Version};
use crate::ffi::{
    Arena, Root, View, arg, clear, give, guard, guard_or, publish, release, zec_client, zec_error, zec_string_list,
};

/// Where one version of an API is served. `path` may be NULL.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_api_version {
    /// Such as "edge-client".
    pub binding: *const c_char,
    /// Such as "v1".
    pub version: *const c_char,
    /// The path below every address of the controller.
    pub path: *const c_char,
    /// Where the controller believes it is reached. May lack the path, and may be empty.
    pub api_base_urls: *const *const c_char,
    pub api_base_urls_len: usize,
}

/// Which software a controller runs, which APIs it serves, and what it can do. Each text may be NULL.
#[repr(C)]
pub struct zec_version_info {
    /// Such as "v2.0.3"; development builds say "v0.0.0".
    pub version: *const c_char,
    pub revision: *const c_char,
    /// In any form.
    pub build_date: *const c_char,
    /// What it was built with, such as "go1.26.1".
    pub runtime_version: *const c_char,
    /// What the controller can do, such as "OIDC_AUTH"; unknown words may come.
    pub capabilities: *const *const c_char,
    pub capabilities_len: usize,
    pub api_versions: *const *const zec_api_version,
    pub api_versions_len: usize,
}

impl Root for zec_version_info {
    type Kept = Arena;
}

impl zec_api_version {
    fn view(binding: &str, version: &str, api: &ApiVersion, arena: &mut Arena) -> Self {
        // The key of the map says the version, as controllers leave it out inside.
        let ApiVersion { version: _, path, api_base_urls } = api;
        Self {
            binding: arena.str(binding),
            version: arena.str(version),
            path: arena.optional_str(path.as_deref()),
            api_base_urls: arena.strs(api_base_urls.iter().map(String::as_str)),
            api_base_urls_len: api_base_urls.len(),
        }
    }
}

impl zec_version_info {
    fn publish(version: &Version) -> *mut Self {
        publish(Arena::new(), |arena| Self::view(version, arena))
    }

    fn view(version: &Version, arena: &mut Arena) -> Self {
        let Version { api_versions, capabilities, version, revision, build_date, runtime_version } = version;
        let apis = api_versions.iter().flat_map(|(binding, apis)| apis.iter().map(move |api| (binding, api)));
        let apis: Vec<_> =
            apis.map(|(binding, (version, api))| zec_api_version::view(binding, version, api, arena)).collect();
        Self {
            version: arena.optional_str(version.as_deref()),
            revision: arena.optional_str(revision.as_deref()),
            build_date: arena.optional_str(build_date.as_deref()),
            runtime_version: arena.optional_str(runtime_version.as_deref()),
            capabilities: arena.strs(capabilities.iter().map(String::as_str)),
            capabilities_len: capabilities.len(),
            api_versions: arena.list(&apis),
            api_versions_len: apis.len(),
        }
    }
}

/// Where a controller can be reached by one protocol. `address` may be NULL.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_protocol {
    /// Such as "https".
    pub name: *const c_char,
    /// Host and port.
    pub address: *const c_char,
}

/// The protocols of a controller, by name.
#[repr(C)]
pub struct zec_protocol_list {
    pub items: *const *const zec_protocol,
    pub len: usize,
}

impl Root for zec_protocol_list {
    type Kept = Arena;
}

impl zec_protocol_list {
    fn publish(protocols: &BTreeMap<String, Protocol>) -> *mut Self {
        publish(Arena::new(), |arena: &mut Arena| {
            let view = |(name, Protocol { address }): (&String, &Protocol)| zec_protocol {
                name: arena.str(name),
                address: arena.optional_str(address.as_deref()),
            };
            let records: Vec<_> = protocols.iter().map(view).collect();
            Self { items: arena.list(&records), len: records.len() }
        })
    }
}

/// The CA certificates of a network.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_ca_certificates {
    /// All that can be used, each once, as PEM. Roots and intermediates in any order.
    pub pem: *const c_char,
    /// What could not be read or used, and why: one line for each of the first twenty.
    pub problems: *const *const c_char,
    pub problems_len: usize,
}

impl Root for zec_ca_certificates {
    type Kept = Arena;
}

impl View for zec_ca_certificates {
    type Model = CaCertificates;

    fn view(model: &CaCertificates, arena: &mut Arena) -> Self {
        let CaCertificates { pem, problems } = model;
        Self {
            pem: arena.str(pem),
            problems: arena.strs(problems.iter().map(String::as_str)),
            problems_len: problems.len(),
        }
    }
}

/// The same as zec_controller_version(), from the first page of the API. Needs no login.
/// GET / (listRoot)
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_controller_root(
    client: Option<&zec_client>,
    out: Option<&mut MaybeUninit<*mut zec_version_info>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let client = arg(client, "client")?;
        out.write(zec_version_info::publish(&client.client.controller().root()?));
        Ok(())
    })
}

/// Which software the controller runs, which APIs it serves and where, and what it can do. Needs no login.
/// GET /version (listVersion)
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_controller_version(
    client: Option<&zec_client>,
    out: Option<&mut MaybeUninit<*mut zec_version_info>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let client = arg(client, "client")?;
        out.write(zec_version_info::publish(&client.client.controller().version()?));
        Ok(())
    })
}

/// All capabilities that the software of the controller knows, such as "OIDC_AUTH"; which of them it has, is said by
/// zec_controller_version(). Needs no login. Free them with zec_string_list_free().
/// GET /enumerated-capabilities (listEnumeratedCapabilities)
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_controller_capabilities(
    client: Option<&zec_client>,
    out: Option<&mut MaybeUninit<*mut zec_string_list>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let client = arg(client, "client")?;
        let capabilities = client.client.controller().capabilities()?;
        out.write(zec_string_list::publish(capabilities.iter().map(String::as_str)));
        Ok(())
    })
}

/// Where the controller can be reached. Needs no login.
/// GET /protocols (listProtocols)
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_controller_protocols(
    client: Option<&zec_client>,
    out: Option<&mut MaybeUninit<*mut zec_protocol_list>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let client = arg(client, "client")?;
        out.write(zec_protocol_list::publish(&client.client.controller().protocols()?));
        Ok(())
    })
}

/// The CA certificates of the network as the controller has them now. The client goes on trusting what its identity
/// names. Needs no login.
/// GET /.well-known/est/cacerts (listWellKnownCas)
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_controller_ca_certificates(
    client: Option<&zec_client>,
    out: Option<&mut MaybeUninit<*mut zec_ca_certificates>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let client = arg(client, "client")?;
        out.write(give(&client.client.controller().ca_certificates()?));
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn zec_version_info_free(version: *mut zec_version_info) {
    guard_or((), || {
        // SAFETY: a root is NULL or was not freed yet (header, "Ownership").
        unsafe { release(version) };
    });
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn zec_protocol_list_free(protocols: *mut zec_protocol_list) {
    guard_or((), || {
        // SAFETY: a root is NULL or was not freed yet (header, "Ownership").
        unsafe { release(protocols) };
    });
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn zec_ca_certificates_free(certificates: *mut zec_ca_certificates) {
    guard_or((), || {
        // SAFETY: a root is NULL or was not freed yet (header, "Ownership").
        unsafe { release(certificates) };
    });
}
