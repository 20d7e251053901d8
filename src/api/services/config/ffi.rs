//! The C face of configs of any type.

#![allow(
    unsafe_code,
    non_camel_case_types,
    missing_docs,
    clippy::missing_safety_doc,
    reason = "a C face: names, comments and rules are those of the header"
)]

use std::ffi::c_char;
use std::mem::MaybeUninit;

use super::{Config, raw, read};
use crate::api::services::ffi::zec_service;
use crate::error::Error;
use crate::ffi::{Arena, Root, View, arg, clear, give, give_text, guard, text, zec_error};

/// Name and configs of a service.
fn parts(service: &zec_service) -> Result<(&str, &str), Error> {
    // SAFETY: the texts of a record end with NUL and live as long as it does (header, "Strings").
    let name = unsafe { text(service.name, "service.name") }?;
    // SAFETY: as above.
    let configs = unsafe { text(service.config_json, "service.config_json") }?;
    Ok((name, configs))
}

/// Gives the config of one type to C, or NULL.
pub(super) fn give_config<V>(service: Option<&zec_service>, out: Option<&mut MaybeUninit<*mut V>>) -> Result<(), Error>
where
    V: View<Model: Config> + Root<Kept = Arena>,
{
    let out = clear(arg(out, "out")?);
    let (name, configs) = parts(arg(service, "service")?)?;
    if let Some(config) = read::<V::Model>(name, configs)? {
        out.write(give::<V>(&config));
    }
    Ok(())
}

/// The config of this type as JSON. `*out` is NULL after a success if the service has none, or it was not asked for.
/// Free it with zec_string_free(). No I/O.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_service_raw_config(
    service: Option<&zec_service>,
    config_type: *const c_char,
    out: Option<&mut MaybeUninit<*mut c_char>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let config_type = unsafe { text(config_type, "config_type") }?;
        let (name, configs) = parts(arg(service, "service")?)?;
        if let Some(config) = raw(name, configs, config_type)? {
            out.write(give_text(config)?);
        }
        Ok(())
    })
}
