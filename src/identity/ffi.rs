//! The C face of identities.

#![allow(
    unsafe_code,
    non_camel_case_types,
    missing_docs,
    clippy::missing_safety_doc,
    reason = "a C face: names, comments and rules are those of the header"
)]

use std::ffi::c_char;
use std::mem::MaybeUninit;
use std::sync::Arc;

use super::Identity;
pub use super::describe::ffi::*;
pub use super::parts::ffi::*;
pub use super::server::ffi::*;
use crate::ffi::{
    self, arg, clear, give_secret, give_text, guard, guard_or, text, zec_error, zec_signer, zec_string_list,
};

/// Key, certificate, trusted CAs and controller addresses of an identity.
pub struct zec_identity {
    pub(crate) identity: Identity,
}

impl zec_identity {
    /// A handle that C owns from now on.
    pub(crate) fn give(identity: Identity) -> *mut Self {
        Box::into_raw(Box::new(Self { identity }))
    }
}

/// Reads an identity file, of at most 8 MiB; clients made from it keep it there (zec_client_options).
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_identity_load(
    path: *const c_char,
    out: Option<&mut MaybeUninit<*mut zec_identity>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let path = unsafe { ffi::path(path, "path") }?;
        out.write(zec_identity::give(Identity::load(path)?));
        Ok(())
    })
}

/// Reads the text of an identity file. `file:` references in it are relative to the current folder.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_identity_from_json(
    identity_json: *const c_char,
    out: Option<&mut MaybeUninit<*mut zec_identity>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let json = unsafe { text(identity_json, "identity_json") }?;
        out.write(zec_identity::give(Identity::from_json(json)?));
        Ok(())
    })
}

/// Reads an identity file whose key `signer` has: in place of the key it has the signer's reference.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_identity_load_with_signer(
    path: *const c_char,
    signer: Option<&zec_signer>,
    out: Option<&mut MaybeUninit<*mut zec_identity>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let path = unsafe { ffi::path(path, "path") }?;
        let signer = Arc::clone(&arg(signer, "signer")?.signer);
        out.write(zec_identity::give(Identity::load_with_signer(path, signer)?));
        Ok(())
    })
}

/// The same for the text of an identity file. `file:` references in it are relative to the current folder.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_identity_from_json_with_signer(
    identity_json: *const c_char,
    signer: Option<&zec_signer>,
    out: Option<&mut MaybeUninit<*mut zec_identity>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let json = unsafe { text(identity_json, "identity_json") }?;
        let signer = Arc::clone(&arg(signer, "signer")?.signer);
        out.write(zec_identity::give(Identity::from_json_with_signer(json, signer)?));
        Ok(())
    })
}

/// Writes the identity file: whole or not at all, in place of what is there. A new file is readable by its owner only;
/// one that is there keeps owner and mode. Waits at most 10 s for another process that writes it. The file `NAME.lock`
/// beside it stays. If the identity was loaded from that file, what another process changed in it since then stays, too;
/// ZEC_ERR_IDENTITY if both changed the same.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_identity_save(
    identity: Option<&zec_identity>,
    path: *const c_char,
) -> Option<Box<zec_error>> {
    guard(|| {
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let path = unsafe { ffi::path(path, "path") }?;
        let identity = arg(identity, "identity")?;
        identity.identity.save(path)
    })
}

/// The text of the identity file, private key included. Free it with zec_string_free(), which wipes it.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_identity_to_json(
    identity: Option<&zec_identity>,
    out: Option<&mut MaybeUninit<*mut c_char>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let identity = arg(identity, "identity")?;
        out.write(give_secret(&identity.identity.to_json())?);
        Ok(())
    })
}

/// The user name that an enrollment by "updb" gave the identity: that of the enrollment, where the controller tells it,
/// or else the one that was asked for. *out is NULL for any other identity, also once it was loaded from its file; free
/// it with zec_string_free().
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_identity_username(
    identity: Option<&zec_identity>,
    out: Option<&mut MaybeUninit<*mut c_char>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let identity = arg(identity, "identity")?;
        if let Some(username) = identity.identity.username() {
            out.write(give_text(username)?);
        }
        Ok(())
    })
}

/// The addresses of the controllers as `https://host:port`, the preferred one first. There is always one.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_identity_controllers(
    identity: Option<&zec_identity>,
    out: Option<&mut MaybeUninit<*mut zec_string_list>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let identity = arg(identity, "identity")?;
        out.write(zec_string_list::publish(identity.identity.controllers()));
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub extern "C" fn zec_identity_free(identity: Option<Box<zec_identity>>) {
    guard_or((), || drop(identity));
}
