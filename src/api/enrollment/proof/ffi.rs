//! The C face of what controllers are to prove at an enrollment, which none does yet.

#![allow(
    unsafe_code,
    non_camel_case_types,
    missing_docs,
    clippy::missing_safety_doc,
    reason = "a C face: names, comments and rules are those of the header"
)]

use std::ffi::c_char;
use std::mem::MaybeUninit;

use super::{Jwk, Jwks, NonceSignature};
use crate::ffi::{Arena, Root, View, arg, clear, give, guard, guard_or, release, text, zec_client, zec_error};

/// One public key, in the words of RFC 7517. Each text may be NULL. Known from the API document only.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_jwk {
    /// "RSA" or "EC".
    pub kty: *const c_char,
    pub kid: *const c_char,
    /// Such as "RS256".
    pub alg: *const c_char,
    /// The member `use`: "sig" or "enc".
    pub key_use: *const c_char,
    /// Such as "verify".
    pub key_ops: *const *const c_char,
    pub key_ops_len: usize,
    pub n: *const c_char,
    pub e: *const c_char,
    pub crv: *const c_char,
    pub x: *const c_char,
    pub y: *const c_char,
    /// Its certificate with the intermediates, each in base64.
    pub x5c: *const *const c_char,
    pub x5c_len: usize,
    pub x5t: *const c_char,
    /// The member `x5t#S256`.
    pub x5t_s256: *const c_char,
    pub x5u: *const c_char,
}

impl View for zec_jwk {
    type Model = Jwk;

    fn view(model: &Jwk, arena: &mut Arena) -> Self {
        let Jwk { kty, kid, alg, key_use, key_ops, n, e, crv, x, y, x5c, x5t, x5t_s256, x5u } = model;
        Self {
            kty: arena.optional_str(kty.as_deref()),
            kid: arena.optional_str(kid.as_deref()),
            alg: arena.optional_str(alg.as_deref()),
            key_use: arena.optional_str(key_use.as_deref()),
            key_ops: arena.strs(key_ops.iter().map(String::as_str)),
            key_ops_len: key_ops.len(),
            n: arena.optional_str(n.as_deref()),
            e: arena.optional_str(e.as_deref()),
            crv: arena.optional_str(crv.as_deref()),
            x: arena.optional_str(x.as_deref()),
            y: arena.optional_str(y.as_deref()),
            x5c: arena.strs(x5c.iter().map(String::as_str)),
            x5c_len: x5c.len(),
            x5t: arena.optional_str(x5t.as_deref()),
            x5t_s256: arena.optional_str(x5t_s256.as_deref()),
            x5u: arena.optional_str(x5u.as_deref()),
        }
    }
}

/// The public keys of a controller. Known from the API document only.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_jwks {
    pub keys: *const *const zec_jwk,
    pub keys_len: usize,
}

impl Root for zec_jwks {
    type Kept = Arena;
}

impl View for zec_jwks {
    type Model = Jwks;

    fn view(model: &Jwks, arena: &mut Arena) -> Self {
        let Jwks { keys } = model;
        Self { keys: arena.views(keys), keys_len: keys.len() }
    }
}

/// A nonce that a controller has signed. Each text may be NULL. Known from the API document only.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_nonce_signature {
    pub signature: *const c_char,
    pub algorithm: *const c_char,
    /// The id of the key.
    pub kid: *const c_char,
    /// The CA certificates that vouch for the key.
    pub ca_pool: *const c_char,
}

impl Root for zec_nonce_signature {
    type Kept = Arena;
}

impl View for zec_nonce_signature {
    type Model = NonceSignature;

    fn view(model: &NonceSignature, arena: &mut Arena) -> Self {
        let NonceSignature { signature, algorithm, kid, ca_pool } = model;
        Self {
            signature: arena.optional_str(signature.as_deref()),
            algorithm: arena.optional_str(algorithm.as_deref()),
            kid: arena.optional_str(kid.as_deref()),
            ca_pool: arena.optional_str(ca_pool.as_deref()),
        }
    }
}

/// The keys by which the controller signs its enrollment tokens. ZEC_ERR_UNSUPPORTED from every controller that was
/// ever seen.
/// GET /enroll/jwks (getEnrollmentJwks)
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_enrollments_jwks(
    client: Option<&zec_client>,
    out: Option<&mut MaybeUninit<*mut zec_jwks>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let client = arg(client, "client")?;
        out.write(give(&client.client.enrollments().jwks()?));
        Ok(())
    })
}

/// Has the controller sign `nonce`, a UUID, with the key named `key_id`. ZEC_ERR_UNSUPPORTED from every controller that
/// was ever seen.
/// POST /enroll/challenge (enrollmentChallenge)
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_enrollments_challenge(
    client: Option<&zec_client>,
    nonce: *const c_char,
    key_id: *const c_char,
    out: Option<&mut MaybeUninit<*mut zec_nonce_signature>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let nonce = unsafe { text(nonce, "nonce") }?;
        // SAFETY: as above.
        let key_id = unsafe { text(key_id, "key_id") }?;
        let client = arg(client, "client")?;
        out.write(give(&client.client.enrollments().challenge(nonce, key_id)?));
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn zec_jwks_free(jwks: *mut zec_jwks) {
    guard_or((), || {
        // SAFETY: a root is NULL or was not freed yet (header, "Ownership").
        unsafe { release(jwks) };
    });
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn zec_nonce_signature_free(signature: *mut zec_nonce_signature) {
    guard_or((), || {
        // SAFETY: a root is NULL or was not freed yet (header, "Ownership").
        unsafe { release(signature) };
    });
}
