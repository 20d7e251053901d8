//! The C face of what one can say about an enrollment.

#![allow(
    unsafe_code,
    non_camel_case_types,
    missing_docs,
    reason = "a C face: names, comments and rules are those of the header"
)]

use std::ffi::{c_char, c_void};
use std::mem::offset_of;
use std::ptr;
use std::sync::Arc;

use super::EnrollOptions;
use crate::enroll::EnrollmentMethod;
use crate::error::Error;
use crate::ffi::{
    Options, Userdata, arg, array, optional_text, reach, read_options, store, zec_cancel, zec_save_callback,
    zec_signer, zec_userdata_free,
};
use crate::identity::{KeyChoice, PrivateKey};
use crate::secret::Secret;

/// How to enroll. For zec_enroll_options.method: as the token says, the default; or, if the token says "network" or "ca" or
/// there is only an address, one of those that need no one-time token: no identity, only the network's CA bundle
/// (ZEC_METHOD_NETWORK); a third-party certificate (_CA); an external JWT (_TOKEN). Any other has to be that of the token.
pub const ZEC_METHOD_OF_TOKEN: u32 = 0;
pub const ZEC_METHOD_NETWORK: u32 = 1;
pub const ZEC_METHOD_CA: u32 = 2;
pub const ZEC_METHOD_TOKEN: u32 = 3;
pub const ZEC_METHOD_OTT: u32 = 4;
pub const ZEC_METHOD_OTTCA: u32 = 5;
pub const ZEC_METHOD_UPDB: u32 = 6;
pub const ZEC_METHOD_EROTT: u32 = 7;

/// The values of zec_enroll_options.key_kind and server_key_kind. A new ECDSA key on P-256, the default, or on P-384; a
/// new Ed25519 key; a new RSA key, which needs a library that was built with `aws-lc-rs`; the key in `key`; the key that
/// `signer` has.
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
    /// Other than 0: trust the system's roots too when verifying controllers, not only the network's CA bundle, which a
    /// network may lack then. Without one in the identity its clients need the same option.
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
    /// `http://[user:password@]host:port`, or the same with `socks5://`, where names are looked up here, or
    /// `socks5h://`, where the proxy does that. Or "environment": the proxy that `https_proxy` names, else `all_proxy`,
    /// each also in upper case, for all hosts but those in `no_proxy`; if there is none, no proxy. Default: no proxy.
    pub proxy: *const c_char,
    /// Which key the identity gets: ZEC_KEY_...
    pub key_kind: u32,
    /// For ZEC_KEY_RSA: 2048 (the default), 3072 or 4096.
    pub key_bits: u32,
    /// For ZEC_KEY_EXISTING, which the methods "ottca" and "ca" need unless there is a signer: a private key in PKCS#8,
    /// SEC1 or PKCS#1, as PEM text or DER.
    pub key: *const u8,
    /// For ZEC_KEY_SIGNER. The identity keeps it; the handle may be freed.
    pub signer: *const zec_signer,
    /// How many bytes `key` has.
    pub key_len: u64,
    /// For an address in place of a token: PEM of the CA certificates that vouch for the controller when it is met.
    /// Default: the system's roots.
    pub ca: *const c_char,
    /// For "ottca" and "ca": PEM of the certificate that a third-party CA has issued, and after it the intermediates.
    pub certificate: *const c_char,
    /// For "ca": the name that the identity shall have, which counts where the CA's pattern for names asks for it.
    pub name: *const c_char,
    /// For "updb": the user name; that of the enrollment counts, see zec_identity_username().
    pub username: *const c_char,
    /// For "updb": the password that the user shall have. It is stored nowhere.
    pub password: *const c_char,
    /// For "token": what an external JWT signer has issued. It is stored nowhere.
    pub external_jwt: *const c_char,
    /// For "token": the id of the signer, where the JWT's issuer does not tell. No controller was seen to take it.
    pub signer_id: *const c_char,
    /// For "erott" with ZEC_KEY_EXISTING as server_key_kind: as `key`, for the router's server side.
    pub server_key: *const u8,
    /// How many bytes `server_key` has.
    pub server_key_len: u64,
    /// For "erott": which key the router's server side gets: ZEC_KEY_..., but for ZEC_KEY_SIGNER.
    pub server_key_kind: u32,
    /// For ZEC_KEY_RSA as server_key_kind: as `key_bits`.
    pub server_key_bits: u32,
    /// How to enroll: ZEC_METHOD_...
    pub method: u32,
    /// For "token", other than 0: asks for no certificate: the identity will log in by such tokens.
    pub without_certificate: u32,
}

// SAFETY: integers, pointers and functions that may be NULL; the last field ends where the struct ends.
unsafe impl Options for zec_enroll_options {
    const END: usize = offset_of!(Self, without_certificate) + size_of::<u32>();
}

/// The options in Rust, and how to enroll if that is not what the token says.
pub(crate) struct Wanted {
    pub(crate) options: EnrollOptions,
    pub(crate) method: Option<EnrollmentMethod>,
}

impl zec_enroll_options {
    /// # Safety
    /// As for [`read_options`], and the strings, arrays and handles in it are valid or NULL.
    pub(crate) unsafe fn rust(options: *const Self) -> Result<Wanted, Error> {
        // SAFETY: the same promise is asked of the caller.
        let options = unsafe { read_options(options, "options") }?;
        // First of all, so that its destructor runs whatever is wrong with the rest.
        let userdata = Userdata::new(options.userdata, options.userdata_free);
        let own = (options.key_kind, options.key_bits, options.key, options.key_len, options.signer);
        let server =
            (options.server_key_kind, options.server_key_bits, options.server_key, options.server_key_len, ptr::null());
        let is_server_key = server.0 != ZEC_KEY_P256 || server.1 != 0 || !server.2.is_null() || server.3 != 0;
        let options_in_rust = EnrollOptions {
            // SAFETY: a string is NULL or NUL-terminated; callbacks run on any thread (header, "Threads").
            store: unsafe { store(options.path, options.save, userdata) }?,
            // SAFETY: a handle is NULL or was not freed yet, a string is NUL-terminated (header, "Ownership", "Strings").
            reach: unsafe { reach(options.timeout_ms, options.cancel, options.proxy) }?,
            trust_system_roots: options.trust_system_roots != 0,
            // SAFETY: an array is as long as its length says, a handle was not freed yet (header, "Ownership").
            key: unsafe { key_choice("", own) }?,
            // SAFETY: as above; there is no signer.
            server_key: is_server_key.then(|| unsafe { key_choice("server_", server) }).transpose()?,
            without_certificate: options.without_certificate != 0,
            // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
            ..unsafe { options.texts() }?
        };
        let method = Some(options.method).filter(|method| *method != ZEC_METHOD_OF_TOKEN);
        let method = method.map(|method| method_of(method, "options.method")).transpose()?;
        Ok(Wanted { options: options_in_rust, method })
    }

    /// # Safety
    /// The strings are NULL or NUL-terminated.
    unsafe fn texts(&self) -> Result<EnrollOptions, Error> {
        let read = |pointer: *const c_char, name: &str| {
            // SAFETY: the same promise is asked of the caller.
            unsafe { optional_text(pointer, name) }.map(|text| text.map(str::to_owned))
        };
        Ok(EnrollOptions {
            ca: read(self.ca, "options.ca")?,
            certificate: read(self.certificate, "options.certificate")?,
            name: read(self.name, "options.name")?,
            username: read(self.username, "options.username")?,
            password: read(self.password, "options.password")?.map(Secret::new),
            external_jwt: read(self.external_jwt, "options.external_jwt")?.map(Secret::new),
            signer_id: read(self.signer_id, "options.signer_id")?,
            ..EnrollOptions::default()
        })
    }
}

/// One of ZEC_METHOD_..., other than that of the token.
pub(crate) fn method_of(number: u32, name: &str) -> Result<EnrollmentMethod, Error> {
    Ok(match number {
        ZEC_METHOD_NETWORK => EnrollmentMethod::Network,
        ZEC_METHOD_CA => EnrollmentMethod::Ca,
        ZEC_METHOD_TOKEN => EnrollmentMethod::Token,
        ZEC_METHOD_OTT => EnrollmentMethod::Ott,
        ZEC_METHOD_OTTCA => EnrollmentMethod::OttCa,
        ZEC_METHOD_UPDB => EnrollmentMethod::Updb,
        ZEC_METHOD_EROTT => EnrollmentMethod::ErOtt,
        unknown => {
            let message = format!("argument {name} is {unknown}; expected one of ZEC_METHOD_...");
            return Err(Error::InvalidArgument(message));
        }
    })
}

/// Kind, bits, key with its length, and signer.
type KeyFields = (u32, u32, *const u8, u64, *const zec_signer);

/// # Safety
/// The key is NULL or has as many bytes as its length says; the signer is NULL or a handle that was not freed.
unsafe fn key_choice(prefix: &str, (kind, bits, key, key_len, signer): KeyFields) -> Result<KeyChoice, Error> {
    let only_for = |is_set: bool, name: &str, needed: u32, kind_name: &str| match is_set && kind != needed {
        true => {
            let message = format!("argument options.{name} is set, but options.{prefix}key_kind is not {kind_name}");
            Err(Error::InvalidArgument(message))
        }
        false => Ok(()),
    };
    let name = format!("{prefix}key");
    only_for(bits != 0, &format!("{name}_bits"), ZEC_KEY_RSA, "ZEC_KEY_RSA")?;
    only_for(!key.is_null() || key_len != 0, &name, ZEC_KEY_EXISTING, "ZEC_KEY_EXISTING")?;
    only_for(!signer.is_null(), "signer", ZEC_KEY_SIGNER, "ZEC_KEY_SIGNER")?;
    Ok(match kind {
        ZEC_KEY_P256 => KeyChoice::P256,
        ZEC_KEY_P384 => KeyChoice::P384,
        ZEC_KEY_ED25519 => KeyChoice::Ed25519,
        ZEC_KEY_RSA => KeyChoice::Rsa { bits: if bits == 0 { DEFAULT_RSA_BITS } else { bits } },
        ZEC_KEY_EXISTING => {
            let length = usize::try_from(key_len).unwrap_or(usize::MAX);
            // SAFETY: the same promise is asked of the caller.
            let key = unsafe { array(key, length, MAX_KEY, &format!("options.{name}")) }?;
            KeyChoice::Existing(PrivateKey::parse(key)?)
        }
        ZEC_KEY_SIGNER => {
            // SAFETY: as above.
            let signer = arg(unsafe { signer.as_ref() }, "options.signer")?;
            KeyChoice::Signer(Arc::clone(&signer.signer))
        }
        unknown => {
            let message = format!("argument options.{name}_kind is {unknown}; expected one of ZEC_KEY_...");
            return Err(Error::InvalidArgument(message));
        }
    })
}
