//! The C face of the API documents of a controller.

#![allow(
    unsafe_code,
    non_camel_case_types,
    missing_docs,
    clippy::missing_safety_doc,
    reason = "a C face: names, comments and rules are those of the header"
)]

use std::ffi::c_char;
use std::mem::MaybeUninit;

use super::{Spec, SpecBody};
use crate::ffi::{Arena, Root, View, arg, clear, give, guard, guard_or, publish, release, text, zec_client, zec_error};

/// An API document that a controller serves. Each text but `id` and `tags_json` may be NULL.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_spec {
    /// Such as "edge-client".
    pub id: *const c_char,
    pub name: *const c_char,
    /// This and `updated_at`: when the controller was started, as it wrote it (RFC 3339).
    pub created_at: *const c_char,
    pub updated_at: *const c_char,
    /// A JSON object.
    pub tags_json: *const c_char,
}

impl Root for zec_spec {
    type Kept = Arena;
}

impl View for zec_spec {
    type Model = Spec;

    fn view(model: &Spec, arena: &mut Arena) -> Self {
        let Spec { id, name, created_at, updated_at, tags } = model;
        Self {
            id: arena.str(id),
            name: arena.optional_str(name.as_deref()),
            created_at: arena.time(created_at.as_ref()),
            updated_at: arena.time(updated_at.as_ref()),
            tags_json: arena.json(tags),
        }
    }
}

/// The API documents of a controller.
#[repr(C)]
pub struct zec_spec_list {
    pub items: *const *const zec_spec,
    pub len: usize,
}

impl Root for zec_spec_list {
    type Kept = Arena;
}

impl zec_spec_list {
    fn publish(specs: &[Spec]) -> *mut Self {
        publish(Arena::new(), |arena: &mut Arena| Self { items: arena.views(specs), len: specs.len() })
    }
}

/// The text of an API document.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_spec_body {
    /// What it is, such as "application/json", or NULL.
    pub media_type: *const c_char,
    /// The document as it came.
    pub text: *const c_char,
}

impl Root for zec_spec_body {
    type Kept = Arena;
}

impl View for zec_spec_body {
    type Model = SpecBody;

    fn view(model: &SpecBody, arena: &mut Arena) -> Self {
        let SpecBody { media_type, text } = model;
        Self { media_type: arena.optional_str(media_type.as_deref()), text: arena.str(text) }
    }
}

/// The API documents that the controller names. Needs no login.
/// GET /specs (listSpecs)
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_specs_list(
    client: Option<&zec_client>,
    out: Option<&mut MaybeUninit<*mut zec_spec_list>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let client = arg(client, "client")?;
        out.write(zec_spec_list::publish(&client.client.specs().list()?));
        Ok(())
    })
}

/// What the controller says of an API document. It may have more than it lists. Needs no login.
/// GET /specs/{id} (detailSpec)
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_specs_get(
    client: Option<&zec_client>,
    id: *const c_char,
    out: Option<&mut MaybeUninit<*mut zec_spec>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let id = unsafe { text(id, "id") }?;
        let client = arg(client, "client")?;
        out.write(give(&client.client.specs().get(id)?));
        Ok(())
    })
}

/// The text of an API document, which is asked for as JSON. Needs no login.
/// GET /specs/{id}/spec (detailSpecBody)
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_specs_body(
    client: Option<&zec_client>,
    id: *const c_char,
    out: Option<&mut MaybeUninit<*mut zec_spec_body>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let id = unsafe { text(id, "id") }?;
        let client = arg(client, "client")?;
        out.write(give(&client.client.specs().body(id)?));
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn zec_spec_free(spec: *mut zec_spec) {
    guard_or((), || {
        // SAFETY: a root is NULL or was not freed yet (header, "Ownership").
        unsafe { release(spec) };
    });
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn zec_spec_list_free(list: *mut zec_spec_list) {
    guard_or((), || {
        // SAFETY: a root is NULL or was not freed yet (header, "Ownership").
        unsafe { release(list) };
    });
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn zec_spec_body_free(body: *mut zec_spec_body) {
    guard_or((), || {
        // SAFETY: a root is NULL or was not freed yet (header, "Ownership").
        unsafe { release(body) };
    });
}
