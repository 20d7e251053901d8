//! The C face of what there is to tell of an identity.

#![allow(
    unsafe_code,
    non_camel_case_types,
    missing_docs,
    clippy::missing_safety_doc,
    reason = "a C face: names, comments and rules are those of the header"
)]

use std::ffi::c_char;
use std::mem::MaybeUninit;
use std::ptr;

use super::{CertificateDescription, IdentityDescription};
use crate::ffi::{Arena, Root, arg, clear, guard, guard_or, publish, release, unix_seconds, zec_error, zec_identity};
use crate::trust::display_time;

/// What a certificate says.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_certificate_description {
    /// Whom it is for, as `CN=...,O=...`.
    pub subject: *const c_char,
    pub issuer: *const c_char,
    /// In hex.
    pub serial: *const c_char,
    /// Whom it is for, such as `spiffe://NETWORK/identity/ID`; or NULL.
    pub spiffe_id: *const c_char,
    pub not_before: *const c_char,
    /// Seconds since 1970.
    pub not_before_unix: i64,
    pub not_after: *const c_char,
    /// Seconds since 1970.
    pub not_after_unix: i64,
}

/// What there is to tell of an identity. No secrets.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_identity_description {
    /// The common name of the certificate: the identity's id if it was enrolled by this library, else whatever its
    /// maker chose. NULL without a certificate.
    pub name: *const c_char,
    /// The id of the identity, where the certificate tells it (of controllers from 2.0 on); or NULL.
    pub id: *const c_char,
    /// As `https://host:port`, the preferred one first.
    pub controllers: *const *const c_char,
    pub controllers_len: usize,
    /// The config types that logins ask for; none means all.
    pub config_types: *const *const c_char,
    pub config_types_len: usize,
    /// Such as "ECDSA P-256", "RSA 4096" or "Ed25519". NULL without a key.
    pub key_kind: *const c_char,
    /// What it logs in with, without the intermediates. NULL without a certificate.
    pub certificate: *const zec_certificate_description,
    /// The subjects of the CA certificates.
    pub authorities: *const *const c_char,
    pub authorities_len: usize,
    /// The identity file, or NULL.
    pub store: *const c_char,
    /// Who else can read or replace its files, as things are now; one sentence for each.
    pub warnings: *const *const c_char,
    pub warnings_len: usize,
    /// All of this as one JSON object, in one line.
    pub json: *const c_char,
}

impl Root for zec_identity_description {
    type Kept = Arena;
}

impl zec_certificate_description {
    fn view(description: &CertificateDescription, arena: &mut Arena) -> Self {
        let CertificateDescription { subject, issuer, serial, spiffe_id, not_before, not_after } = description;
        Self {
            subject: arena.str(subject),
            issuer: arena.str(issuer),
            serial: arena.str(serial),
            spiffe_id: arena.optional_str(spiffe_id.as_deref()),
            not_before: arena.str(&display_time(*not_before)),
            not_before_unix: unix_seconds(*not_before),
            not_after: arena.str(&display_time(*not_after)),
            not_after_unix: unix_seconds(*not_after),
        }
    }
}

impl zec_identity_description {
    pub(crate) fn view(description: &IdentityDescription, arena: &mut Arena) -> Self {
        let json = arena.str(&description.to_json());
        let IdentityDescription {
            name,
            id,
            controllers,
            config_types,
            key_kind,
            certificate,
            authorities,
            store,
            warnings,
        } = description;
        let certificate = certificate.as_ref().map(|certificate| zec_certificate_description::view(certificate, arena));
        Self {
            name: arena.optional_str(name.as_deref()),
            id: arena.optional_str(id.as_deref()),
            controllers: arena.strs(controllers.iter().map(String::as_str)),
            controllers_len: controllers.len(),
            config_types: arena.strs(config_types.iter().map(String::as_str)),
            config_types_len: config_types.len(),
            key_kind: arena.optional_str(key_kind.as_deref()),
            certificate: certificate.map_or(ptr::null(), |certificate| arena.one(certificate)),
            authorities: arena.strs(authorities.iter().map(String::as_str)),
            authorities_len: authorities.len(),
            store: arena.optional_str(store.as_ref().map(|path| path.to_string_lossy()).as_deref()),
            warnings: arena.strs(warnings.iter().map(String::as_str)),
            warnings_len: warnings.len(),
            json,
        }
    }
}

/// What there is to tell of an identity: name, controllers, key kind, certificate, CA bundle.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_identity_describe(
    identity: Option<&zec_identity>,
    out: Option<&mut MaybeUninit<*mut zec_identity_description>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let description = arg(identity, "identity")?.identity.describe();
        out.write(publish(Arena::new(), |arena| zec_identity_description::view(&description, arena)));
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn zec_identity_description_free(description: *mut zec_identity_description) {
    guard_or((), || {
        // SAFETY: a root is NULL or was not freed yet (header, "Ownership").
        unsafe { release(description) };
    });
}
