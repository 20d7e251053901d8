//! The C face of identities without a file of their own.

#![allow(
    unsafe_code,
    non_camel_case_types,
    missing_docs,
    clippy::missing_safety_doc,
    reason = "a C face: names, comments and rules are those of the header"
)]

use std::ffi::{c_char, c_void};
use std::mem::{MaybeUninit, offset_of};
use std::sync::Arc;

use super::IdentityParts;
use crate::error::Error;
use crate::ffi::{
    Options, Userdata, arg, clear, guard, optional_text, read_options, store, texts, zec_error, zec_identity,
    zec_save_callback, zec_signer, zec_userdata_free,
};
use crate::identity::Identity;

/// What an identity is put together from, where there is no identity file. Begin with ZEC_IDENTITY_PARTS_INIT.
///
/// `key`, `certificate` and `ca` are PEM text (with or without `pem:` before it), a path (with or without `file:`), or
/// `env:` and the name of an environment variable that holds one of these. They are read once, by the call.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_identity_parts {
    /// Set by the _INIT macro.
    pub size: usize,
    /// Addresses as `https://host:port`, the preferred one first. At least one.
    pub controllers: *const *const c_char,
    pub controllers_len: usize,
    /// The config types that logins ask for. Default: all.
    pub config_types: *const *const c_char,
    pub config_types_len: usize,
    /// The private key, not encrypted. It needs the certificate.
    pub key: *const c_char,
    /// The certificate of the key, and the intermediates after it.
    pub certificate: *const c_char,
    /// The network's CA certificates.
    pub ca: *const c_char,
    /// The identity file to write when the identity changes. Default: it is kept nowhere.
    pub path: *const c_char,
    /// Is given the identity when it changes, in place of `path`; not both.
    pub save: zec_save_callback,
    /// Passed to `save`.
    pub userdata: *mut c_void,
    /// Frees `userdata` when it is no longer needed, also if the call fails, unless it fails because of `size`. May be
    /// NULL.
    pub userdata_free: zec_userdata_free,
    /// Who signs with a key that stays where it is, in place of `key`; not both.
    pub signer: *const zec_signer,
}

// SAFETY: integers, pointers and functions that may be NULL; the last field ends where the struct ends.
unsafe impl Options for zec_identity_parts {
    const END: usize = offset_of!(Self, signer) + size_of::<*const zec_signer>();
}

impl zec_identity_parts {
    /// # Safety
    /// As for [`read_options`], and the strings in it are valid or NULL.
    unsafe fn rust(parts: *const Self) -> Result<IdentityParts, Error> {
        // SAFETY: the same promise is asked of the caller.
        let parts = unsafe { read_options(parts, "parts") }?;
        let Self {
            size: _,
            controllers,
            controllers_len,
            config_types,
            config_types_len,
            key,
            certificate,
            ca,
            path,
            save,
            userdata,
            userdata_free,
            signer,
        } = parts;
        // First of all, so that its destructor runs whatever is wrong with the rest.
        let userdata = Userdata::new(userdata, userdata_free);
        // SAFETY: a string is NULL or NUL-terminated; callbacks run on any thread (header, "Threads").
        let store = unsafe { store(path, save, userdata) }?;
        // SAFETY: an array is NULL or as long as its length says (header, "Strings").
        let controllers = unsafe { texts(controllers, controllers_len, "parts.controllers") }?;
        // SAFETY: as above.
        let config_types = unsafe { texts(config_types, config_types_len, "parts.config_types") }?;
        let made = controllers.into_iter().fold(IdentityParts::new(), IdentityParts::controller);
        let made = config_types.into_iter().fold(made, IdentityParts::config_type);
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let made = unsafe { optional_text(key, "parts.key") }?.into_iter().fold(made, IdentityParts::key);
        // SAFETY: as above.
        let certificate = unsafe { optional_text(certificate, "parts.certificate") }?;
        let made = certificate.into_iter().fold(made, IdentityParts::certificate);
        // SAFETY: as above.
        let made = unsafe { optional_text(ca, "parts.ca") }?.into_iter().fold(made, IdentityParts::ca);
        // SAFETY: a handle is NULL or was not freed yet (header, "Ownership").
        let signer = unsafe { signer.as_ref() }.map(|signer| Arc::clone(&signer.signer));
        let made = signer.into_iter().fold(made, IdentityParts::signer);
        Ok(store.into_iter().fold(made, IdentityParts::store))
    }
}

/// Puts an identity together from what an identity file would hold, without one.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_identity_from_parts(
    parts: *const zec_identity_parts,
    out: Option<&mut MaybeUninit<*mut zec_identity>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let given = !parts.is_null();
        // SAFETY: options begin with their size and hold valid strings (header, "Ownership").
        let parts = unsafe { zec_identity_parts::rust(parts) };
        let out = clear(arg(out, "out")?);
        arg(given.then_some(()), "parts")?;
        out.write(zec_identity::give(Identity::from_parts(&parts?)?));
        Ok(())
    })
}

/// The same identity with other controllers, the preferred one first, as `https://host:port`. Nothing is written before
/// it is saved.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_identity_with_controllers(
    identity: Option<&zec_identity>,
    controllers: *const *const c_char,
    controllers_len: usize,
    out: Option<&mut MaybeUninit<*mut zec_identity>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let identity = arg(identity, "identity")?;
        // SAFETY: an array is NULL or as long as its length says (header, "Strings").
        let controllers = unsafe { texts(controllers, controllers_len, "controllers") }?;
        out.write(zec_identity::give(identity.identity.with_controllers(&controllers)?));
        Ok(())
    })
}
