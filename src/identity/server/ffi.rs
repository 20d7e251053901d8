//! The C face of the server side of a router.

#![allow(
    unsafe_code,
    non_camel_case_types,
    missing_docs,
    clippy::missing_safety_doc,
    reason = "a C face: names, comments and rules are those of the header"
)]

use std::ffi::c_char;
use std::mem::MaybeUninit;

use crate::ffi::{Arena, Root, arg, clear, guard, guard_or, publish, release, zec_error, zec_identity};

/// The server side of a router that was enrolled by "erott": `id.server_cert` and `id.server_key` of its identity file.
#[repr(C)]
pub struct zec_server_certificate {
    /// The certificate with its intermediates, as PEM.
    pub certificate: *const c_char,
    /// Its private key, as PEM. It is wiped when this is freed.
    pub key: *const c_char,
}

impl Root for zec_server_certificate {
    type Kept = Arena;
}

/// The server side of a router. *out is NULL for any other identity.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_identity_server_certificate(
    identity: Option<&zec_identity>,
    out: Option<&mut MaybeUninit<*mut zec_server_certificate>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let identity = arg(identity, "identity")?;
        if let Some(server) = identity.identity.server_certificate()? {
            out.write(publish(Arena::new(), |arena: &mut Arena| zec_server_certificate {
                certificate: arena.str(&server.certificate),
                key: arena.secret(&server.key),
            }));
        }
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn zec_server_certificate_free(certificate: *mut zec_server_certificate) {
    guard_or((), || {
        // SAFETY: a root is NULL or was not freed yet (header, "Ownership").
        unsafe { release(certificate) };
    });
}
