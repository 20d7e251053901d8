//! The C face of changing services.

#![allow(
    unsafe_code,
    non_camel_case_types,
    missing_docs,
    clippy::missing_safety_doc,
    reason = "a C face: names, comments and rules are those of the header"
)]

use std::ffi::c_char;
use std::mem::offset_of;

use serde_json::{Map, Value};

use super::{ServicePatch, ServiceUpdate};
use crate::error::Error;
use crate::ffi::{Options, arg, guard, optional_text, read_options, text, texts, zec_client, zec_error};

/// All that can be said of a service; zero and NULL mean nothing, or the default. Begin with ZEC_SERVICE_UPDATE_INIT.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_service_update {
    /// Set by the _INIT macro.
    pub size: usize,
    /// Required.
    pub name: *const c_char,
    /// The ids of its configs.
    pub configs: *const *const c_char,
    pub configs_len: usize,
    /// Other than 0: data has to be encrypted from end to end.
    pub encryption_required: u64,
    /// After how many milliseconds without data a connection is closed; 0 is never.
    pub max_idle_time_ms: i64,
    /// The attributes that policies select the service by.
    pub role_attributes: *const *const c_char,
    pub role_attributes_len: usize,
    /// What is attached to it, as a JSON object.
    pub tags_json: *const c_char,
    /// How the network picks among the terminators, such as "smartrouting".
    pub terminator_strategy: *const c_char,
}

// SAFETY: integers and pointers; the last field ends where the struct ends.
unsafe impl Options for zec_service_update {
    const END: usize = offset_of!(Self, terminator_strategy) + size_of::<*const c_char>();
}

impl zec_service_update {
    /// # Safety
    /// As for [`read_options`], and the strings in it are valid or NULL.
    unsafe fn rust(service: *const Self) -> Result<ServiceUpdate, Error> {
        // SAFETY: the same promise is asked of the caller.
        let service = unsafe { read_options(service, "service") }?;
        let Self {
            size: _,
            name,
            configs,
            configs_len,
            encryption_required,
            max_idle_time_ms,
            role_attributes,
            role_attributes_len,
            tags_json,
            terminator_strategy,
        } = service;
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let name = unsafe { text(name, "service.name") }?;
        // SAFETY: as above, and the array is as long as its length says.
        let configs = unsafe { texts(configs, configs_len, "service.configs") }?;
        // SAFETY: as above.
        let role_attributes = unsafe { texts(role_attributes, role_attributes_len, "service.role_attributes") }?;
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let tags = unsafe { optional_object(tags_json, "service.tags_json") }?;
        // SAFETY: as above.
        let terminator_strategy = unsafe { optional_text(terminator_strategy, "service.terminator_strategy") }?;
        Ok(ServiceUpdate {
            name: name.to_owned(),
            configs: owned(configs),
            encryption_required: encryption_required != 0,
            max_idle_time_millis: max_idle_time_ms,
            role_attributes: owned(role_attributes),
            tags: tags.unwrap_or_default(),
            terminator_strategy: terminator_strategy.map(str::to_owned),
        })
    }
}

/// What is changed of a service: NULL leaves as it is. Begin with ZEC_SERVICE_PATCH_INIT.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_service_patch {
    /// Set by the _INIT macro.
    pub size: usize,
    pub name: *const c_char,
    /// The ids of its configs. To take all away, point to something and leave the length 0.
    pub configs: *const *const c_char,
    pub configs_len: usize,
    /// Points to 0, or to another number if data has to be encrypted from end to end.
    pub encryption_required: *const i32,
    /// Points to how many milliseconds without data close a connection; 0 is never.
    pub max_idle_time_ms: *const i64,
    /// The attributes that policies select the service by. To take all away, as with `configs`.
    pub role_attributes: *const *const c_char,
    pub role_attributes_len: usize,
    /// What is attached to it, as a JSON object.
    pub tags_json: *const c_char,
    /// How the network picks among the terminators, such as "smartrouting".
    pub terminator_strategy: *const c_char,
}

// SAFETY: integers and pointers; the last field ends where the struct ends.
unsafe impl Options for zec_service_patch {
    const END: usize = offset_of!(Self, terminator_strategy) + size_of::<*const c_char>();
}

impl zec_service_patch {
    /// # Safety
    /// As for [`read_options`], and the strings and numbers it points to are valid or NULL.
    unsafe fn rust(service: *const Self) -> Result<ServicePatch, Error> {
        // SAFETY: the same promise is asked of the caller.
        let service = unsafe { read_options(service, "service") }?;
        let Self {
            size: _,
            name,
            configs,
            configs_len,
            encryption_required,
            max_idle_time_ms,
            role_attributes,
            role_attributes_len,
            tags_json,
            terminator_strategy,
        } = service;
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let name = unsafe { optional_text(name, "service.name") }?;
        // SAFETY: as above, and the array is as long as its length says.
        let config_ids = unsafe { texts(configs, configs_len, "service.configs") }?;
        // SAFETY: as above.
        let attributes = unsafe { texts(role_attributes, role_attributes_len, "service.role_attributes") }?;
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let tags = unsafe { optional_object(tags_json, "service.tags_json") }?;
        // SAFETY: as above.
        let terminator_strategy = unsafe { optional_text(terminator_strategy, "service.terminator_strategy") }?;
        Ok(ServicePatch {
            name: name.map(str::to_owned),
            configs: (!configs.is_null()).then(|| owned(config_ids)),
            // SAFETY: what is handed in is NULL or valid until the call returns (header, "Ownership").
            encryption_required: unsafe { encryption_required.as_ref() }.map(|&required| required != 0),
            // SAFETY: as above.
            max_idle_time_millis: unsafe { max_idle_time_ms.as_ref() }.copied(),
            role_attributes: (!role_attributes.is_null()).then(|| owned(attributes)),
            tags,
            terminator_strategy: terminator_strategy.map(str::to_owned),
        })
    }
}

fn owned(texts: Vec<&str>) -> Vec<String> {
    texts.into_iter().map(str::to_owned).collect()
}

/// A JSON object that may be absent.
///
/// # Safety
/// As for [`text`].
unsafe fn optional_object(json: *const c_char, name: &str) -> Result<Option<Map<String, Value>>, Error> {
    // SAFETY: the same promise is asked of the caller.
    let json = unsafe { optional_text(json, name) }?;
    let object = json.map(serde_json::from_str).transpose();
    object.map_err(|_| Error::InvalidArgument(format!("argument {name} is no JSON object")))
}

/// Replaces a service. No controller seen so far lets a client do it: ZEC_ERR_UNSUPPORTED.
/// PUT /services/{id} (updateService)
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_services_update(
    client: Option<&zec_client>,
    id: *const c_char,
    service: *const zec_service_update,
) -> Option<Box<zec_error>> {
    guard(|| {
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let id = unsafe { text(id, "id") }?;
        arg((!service.is_null()).then_some(()), "service")?;
        let client = arg(client, "client")?;
        // SAFETY: it begins with its size and holds valid strings (header, "Ownership").
        let service = unsafe { zec_service_update::rust(service) }?;
        client.client.services().update(id, &service)
    })
}

/// Changes a service in part. No controller seen so far lets a client do it: ZEC_ERR_UNSUPPORTED.
/// PATCH /services/{id} (patchService)
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_services_patch(
    client: Option<&zec_client>,
    id: *const c_char,
    service: *const zec_service_patch,
) -> Option<Box<zec_error>> {
    guard(|| {
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let id = unsafe { text(id, "id") }?;
        arg((!service.is_null()).then_some(()), "service")?;
        let client = arg(client, "client")?;
        // SAFETY: it begins with its size and holds valid strings (header, "Ownership").
        let service = unsafe { zec_service_patch::rust(service) }?;
        client.client.services().patch(id, &service)
    })
}

/// Deletes a service. No controller seen so far lets a client do it: ZEC_ERR_UNSUPPORTED.
/// DELETE /services/{id} (deleteService)
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_services_delete(client: Option<&zec_client>, id: *const c_char) -> Option<Box<zec_error>> {
    guard(|| {
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let id = unsafe { text(id, "id") }?;
        arg(client, "client")?.client.services().delete(id)
    })
}
