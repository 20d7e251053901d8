//! The C face of enrollment.

#![allow(
    unsafe_code,
    non_camel_case_types,
    missing_docs,
    clippy::missing_safety_doc,
    reason = "a C face: names, comments and rules are those of the header"
)]

use std::ffi::{c_char, c_void};
use std::mem::{MaybeUninit, offset_of};
use std::ptr;
use std::sync::Arc;

use super::{EnrollOptions, Enrollment};
use crate::error::Error;
use crate::ffi::{
    self, Arena, Options, Root, Userdata, arg, array, cancel_token, clear, guard, guard_or, limit, proxy, publish,
    read_options, release, store, text, unix_seconds, zec_cancel, zec_error, zec_identity, zec_save_callback,
    zec_signer, zec_userdata_free,
};
use crate::identity::{KeyChoice, PrivateKey, Store};

/// The values of zec_enroll_options.key_kind. A new ECDSA key on P-256, the default, or on P-384; a new Ed25519 key; a
/// new RSA key, which needs a library that was built with `aws-lc-rs`; the key in `key`; the key that `signer` has.
pub const ZEC_KEY_P256: u32 = 0;
pub const ZEC_KEY_P384: u32 = 1;
pub const ZEC_KEY_ED25519: u32 = 2;
pub const ZEC_KEY_RSA: u32 = 3;
pub const ZEC_KEY_EXISTING: u32 = 4;
pub const ZEC_KEY_SIGNER: u32 = 5;

/// Longer than any private key.
const MAX_KEY: usize = 1024 * 1024;
const DEFAULT_RSA_BITS: u32 = 2048;

/// How to enroll; zero and NULL mean the default. Begin with ZEC_ENROLL_OPTIONS_INIT.
/// Without `path` or `save` a crash can lose the identity after the token is spent.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_enroll_options {
    /// Set by the _INIT macro.
    pub size: usize,
    /// Other than 0: trust the system's roots too when verifying controllers, not only the network's CA bundle.
    pub trust_system_roots: u32,
    /// The most time the whole enrollment may take. Default 30,000.
    pub timeout_ms: u64,
    /// The identity file to write. One that is there already is never replaced: that is ZEC_ERR_IDENTITY. Beside it,
    /// `NAME.lock` stays; `NAME.pending` holds the new key until the enrollment is through, and is kept while the token
    /// may be spent.
    pub path: *const c_char,
    /// Is given the identity, in place of `path`; not both.
    pub save: zec_save_callback,
    /// Passed to `save`.
    pub userdata: *mut c_void,
    /// Frees `userdata` when it is no longer needed, also if the call fails, unless it fails because of `size`. May be
    /// NULL.
    pub userdata_free: zec_userdata_free,
    /// Ends the enrollment.
    pub cancel: *const zec_cancel,
    /// `http://[user:password@]host:port`. Default: none, whatever the environment says.
    pub proxy: *const c_char,
    /// Which key the identity gets: ZEC_KEY_...
    pub key_kind: u32,
    /// For ZEC_KEY_RSA: 2048 (the default), 3072 or 4096.
    pub key_bits: u32,
    /// For ZEC_KEY_EXISTING: a private key in PKCS#8, SEC1 or PKCS#1, as PEM text or DER.
    pub key: *const u8,
    /// For ZEC_KEY_SIGNER. The identity keeps it; the handle may be freed.
    pub signer: *const zec_signer,
    /// How many bytes `key` has.
    pub key_len: u64,
}

// SAFETY: integers, pointers and functions that may be NULL; the last field ends where the struct ends.
unsafe impl Options for zec_enroll_options {
    const END: usize = offset_of!(Self, key_len) + size_of::<u64>();
}

impl zec_enroll_options {
    /// # Safety
    /// As for [`read_options`], and the strings and the handle in it are valid or NULL.
    unsafe fn rust(options: *const Self) -> Result<EnrollOptions, Error> {
        // SAFETY: the same promise is asked of the caller.
        let options = unsafe { read_options(options, "options") }?;
        let Self {
            size: _,
            trust_system_roots,
            timeout_ms,
            path,
            save,
            userdata,
            userdata_free,
            cancel,
            proxy: url,
            key_kind,
            key_bits,
            key,
            signer,
            key_len,
        } = options;
        // First of all, so that its destructor runs whatever is wrong with the rest.
        let userdata = Userdata::new(userdata, userdata_free);
        Ok(EnrollOptions {
            // SAFETY: a string is NULL or NUL-terminated; callbacks run on any thread (header, "Threads").
            store: unsafe { store(path, save, userdata) }?,
            timeout: limit(timeout_ms),
            // SAFETY: a handle is NULL or was not freed yet (header, "Ownership").
            cancel: unsafe { cancel_token(cancel) },
            // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
            proxy: unsafe { proxy(url, "options.proxy") }?,
            trust_system_roots: trust_system_roots != 0,
            // SAFETY: an array is as long as its length says, a handle was not freed yet (header, "Ownership").
            key: unsafe { key_choice(key_kind, key_bits, (key, key_len), signer) }?,
        })
    }
}

/// # Safety
/// The key is NULL or has as many bytes as its length says; the signer is NULL or a handle that was not freed.
unsafe fn key_choice(
    kind: u32,
    bits: u32,
    (key, key_len): (*const u8, u64),
    signer: *const zec_signer,
) -> Result<KeyChoice, Error> {
    let only_for = |is_set: bool, name: &str, needed: u32, kind_name: &str| match is_set && kind != needed {
        true => {
            let message = format!("argument options.{name} is set, but options.key_kind is not {kind_name}");
            Err(Error::InvalidArgument(message))
        }
        false => Ok(()),
    };
    only_for(bits != 0, "key_bits", ZEC_KEY_RSA, "ZEC_KEY_RSA")?;
    only_for(!key.is_null() || key_len != 0, "key", ZEC_KEY_EXISTING, "ZEC_KEY_EXISTING")?;
    only_for(!signer.is_null(), "signer", ZEC_KEY_SIGNER, "ZEC_KEY_SIGNER")?;
    Ok(match kind {
        ZEC_KEY_P256 => KeyChoice::P256,
        ZEC_KEY_P384 => KeyChoice::P384,
        ZEC_KEY_ED25519 => KeyChoice::Ed25519,
        ZEC_KEY_RSA => KeyChoice::Rsa { bits: if bits == 0 { DEFAULT_RSA_BITS } else { bits } },
        ZEC_KEY_EXISTING => {
            // SAFETY: the same promise is asked of the caller.
            let key = unsafe { array(key, usize::try_from(key_len).unwrap_or(usize::MAX), MAX_KEY, "options.key") }?;
            KeyChoice::Existing(PrivateKey::parse(key)?)
        }
        ZEC_KEY_SIGNER => {
            // SAFETY: as above.
            let signer = arg(unsafe { signer.as_ref() }, "options.signer")?;
            KeyChoice::Signer(Arc::clone(&signer.signer))
        }
        unknown => {
            let message = format!("argument options.key_kind is {unknown}; expected one of ZEC_KEY_...");
            return Err(Error::InvalidArgument(message));
        }
    })
}

/// What an enrollment token says. Nothing of it is proved before zec_identity_enroll() has met the issuer.
#[repr(C)]
pub struct zec_enrollment {
    /// How it enrolls: "ott" is what zec_identity_enroll() can do; or "ottca", "ca", "updb", "erott", "network".
    pub method: *const c_char,
    /// The controller that made the token, as `https://host:port`.
    pub issuer: *const c_char,
    /// The id of the identity that enrolls.
    pub subject: *const c_char,
    /// Seconds since 1970, by the controller's clock; or 0 if the token does not expire.
    pub expires_at_unix: i64,
}

impl Root for zec_enrollment {
    type Kept = Arena;
}

impl zec_enrollment {
    fn view(enrollment: &Enrollment, arena: &mut Arena) -> Self {
        Self {
            method: arena.str(enrollment.method().as_str()),
            issuer: arena.str(enrollment.issuer()),
            subject: arena.str(enrollment.subject()),
            expires_at_unix: enrollment.expires_at().map_or(0, unix_seconds),
        }
    }
}

/// Reads an enrollment token, the text of a `.jwt` file. No I/O.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_enrollment_parse(
    jwt: *const c_char,
    out: Option<&mut MaybeUninit<*mut zec_enrollment>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let jwt = unsafe { text(jwt, "jwt") }?;
        let enrollment = Enrollment::parse(jwt)?;
        out.write(publish(Arena::new(), |arena| zec_enrollment::view(&enrollment, arena)));
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn zec_enrollment_free(enrollment: *mut zec_enrollment) {
    guard_or((), || {
        // SAFETY: a root is NULL or was not freed yet (header, "Ownership").
        unsafe { release(enrollment) };
    });
}

/// How far an earlier enrollment into `path` with this token came: "nothing" (it was not tried, or came to its end),
/// "key_kept" (the token is as it was), "answer_lost" (it may be spent: zec_identity_resume() asks again) or
/// "certificate_issued" (zec_identity_enroll() stores the identity); others may come. *out is not to be freed.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_enrollment_pending(
    jwt: *const c_char,
    path: *const c_char,
    out: Option<&mut MaybeUninit<*const c_char>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = arg(out, "out")?;
        out.write(ptr::null());
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let jwt = unsafe { text(jwt, "jwt") }?;
        // SAFETY: as above.
        let path = unsafe { ffi::path(path, "path") }?;
        let state = Enrollment::parse(jwt)?.pending(&Store::file(path))?;
        out.write(state.word().as_ptr());
        Ok(())
    })
}

/// Goes on with an enrollment that was interrupted, with the key and request in `NAME.pending` beside `options->path`:
/// sends the request also where the controller may have been given it before, which zec_identity_enroll() does not.
/// The problem "token_not_known" means then that it was carried out, and its certificate lost, or that the token is gone.
/// POST /enroll (enroll)
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_identity_resume(
    jwt: *const c_char,
    options: *const zec_enroll_options,
    out: Option<&mut MaybeUninit<*mut zec_identity>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        // SAFETY: options begin with their size and hold valid strings and handles (header, "Ownership").
        let options = unsafe { zec_enroll_options::rust(options) };
        let out = clear(arg(out, "out")?);
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let jwt = unsafe { text(jwt, "jwt") }?;
        let options = options?;
        out.write(zec_identity::give(Enrollment::parse(jwt)?.resume(&options)?));
        Ok(())
    })
}

/// Redeems an enrollment token: makes a key, obtains a certificate, stores both. `options` may be NULL.
/// Once the token is on its way, a time limit, a cancel or a broken connection is ZEC_ERR_ENROLLMENT with the problem
/// "maybe_spent", not the code of its own: another try with this token may be refused, and is up to
/// zec_identity_resume().
/// POST /enroll (enroll)
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_identity_enroll(
    jwt: *const c_char,
    options: *const zec_enroll_options,
    out: Option<&mut MaybeUninit<*mut zec_identity>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        // SAFETY: options begin with their size and hold valid strings and handles (header, "Ownership").
        let options = unsafe { zec_enroll_options::rust(options) };
        let out = clear(arg(out, "out")?);
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let jwt = unsafe { text(jwt, "jwt") }?;
        let options = options?;
        out.write(zec_identity::give(Enrollment::parse(jwt)?.enroll(&options)?));
        Ok(())
    })
}
