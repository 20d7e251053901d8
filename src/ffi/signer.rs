//! A signer of the caller: a key that never comes here.

use std::ffi::{c_char, c_void};
use std::mem::{MaybeUninit, offset_of};
use std::slice;
use std::sync::Arc;
use std::time::Duration;

use super::callback::{Userdata, words_of, zec_userdata_free};
use super::error::zec_error;
use super::guard::{arg, clear, guard, guard_or};
use super::options::{Options, read_options};
use super::strings::text;
use crate::error::Error;
use crate::identity::{Signer, SigningScheme};

/// The ways to sign, by the numbers that TLS has for them. ECDSA_P256_SHA256 and the like say curve or padding, and the
/// hash of the message. RSA_PSS has the same hash in its mask, and a salt as long as the hash.
pub const ZEC_SCHEME_ECDSA_P256_SHA256: u16 = 0x0403;
pub const ZEC_SCHEME_ECDSA_P384_SHA384: u16 = 0x0503;
pub const ZEC_SCHEME_ECDSA_P521_SHA512: u16 = 0x0603;
pub const ZEC_SCHEME_ED25519: u16 = 0x0807;
pub const ZEC_SCHEME_RSA_PKCS1_SHA256: u16 = 0x0401;
pub const ZEC_SCHEME_RSA_PKCS1_SHA384: u16 = 0x0501;
pub const ZEC_SCHEME_RSA_PKCS1_SHA512: u16 = 0x0601;
pub const ZEC_SCHEME_RSA_PSS_SHA256: u16 = 0x0804;
pub const ZEC_SCHEME_RSA_PSS_SHA384: u16 = 0x0805;
pub const ZEC_SCHEME_RSA_PSS_SHA512: u16 = 0x0806;

/// As many bytes as the longest signature has.
const MAX_SIGNATURE: usize = 1024;
/// As many bytes of a message as there is room for, its NUL included.
const MAX_MESSAGE: usize = 512;
/// More than the longest RSA key needs.
const MAX_PUBLIC_KEY: usize = 16 * 1024;
/// More than there are.
const MAX_SCHEMES: usize = 64;

/// What a zec_sign_callback fills in. It is all zero before.
#[repr(C)]
pub struct zec_signature {
    /// The signature. One by ECDSA is DER, or the two numbers side by side as PKCS#11 has them.
    pub bytes: [u8; 1024],
    pub len: usize,
    /// Why there is none: text that becomes part of the error's message.
    pub message: [c_char; 512],
}

/// Signs `message`, which is not hashed yet, by one of the schemes of the signer, and writes the signature to `out`.
/// Returns 0 if there is one, any other number to end the call with ZEC_ERR_IDENTITY; number and `out->message` appear
/// in the error. `ms_left` is what is left of the call's time limit. Nothing interrupts the callback, so keeping to the
/// time is up to it. It may use this library, except for the client on whose behalf it runs.
pub type zec_sign_callback = Option<
    unsafe extern "C" fn(
        scheme: u16,
        message: *const u8,
        message_len: usize,
        ms_left: u64,
        out: *mut zec_signature,
        userdata: *mut c_void,
    ) -> i32,
>;

type SignFn = unsafe extern "C" fn(u16, *const u8, usize, u64, *mut zec_signature, *mut c_void) -> i32;

/// A key that stays where it is, and the function that signs with it. Begin with ZEC_SIGNER_OPTIONS_INIT. Everything
/// but `userdata` and `userdata_free` has to be set.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_signer_options {
    /// Set by the _INIT macro.
    pub size: usize,
    /// What identity files say in place of the key: a scheme, a colon and the name of the key, such as
    /// `pkcs11:token=work;object=alice`. What follows a question mark is never shown.
    pub reference: *const c_char,
    /// The public key: DER of its SubjectPublicKeyInfo.
    pub public_key: *const u8,
    pub public_key_len: usize,
    /// The ways in which the key can sign (ZEC_SCHEME_...), the preferred one first. To enroll, one of
    /// ECDSA_P256_SHA256, ECDSA_P384_SHA384, ED25519 and RSA_PKCS1_SHA256 has to be among them; TLS 1.3 wants an RSA
    /// key to know one of RSA_PSS. Numbers that are not known here are passed over.
    pub schemes: *const u16,
    pub schemes_len: usize,
    pub sign: zec_sign_callback,
    /// Passed to `sign`.
    pub userdata: *mut c_void,
    /// Frees `userdata` when nothing uses the signer any more, also if the call fails, unless it fails because of
    /// `size`. May be NULL.
    pub userdata_free: zec_userdata_free,
}

// SAFETY: integers, pointers and functions that may be NULL; the last field ends where the struct ends.
unsafe impl Options for zec_signer_options {
    const END: usize = offset_of!(Self, userdata_free) + size_of::<zec_userdata_free>();
}

/// Signs with a key that this process need not have. Enrollments and identities that use it keep it.
pub struct zec_signer {
    pub(crate) signer: Arc<dyn Signer>,
}

/// Makes a signer. Asks nothing of it yet.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_signer_new(
    options: *const zec_signer_options,
    out: Option<&mut MaybeUninit<*mut zec_signer>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        // SAFETY: options begin with their size and hold valid pointers (header, "Ownership").
        let signer = unsafe { CallbackSigner::new(options) };
        let out = clear(arg(out, "out")?);
        out.write(Box::into_raw(Box::new(zec_signer { signer: Arc::new(signer?) })));
        Ok(())
    })
}

/// Enrollments and identities that use the signer go on using it.
#[unsafe(no_mangle)]
pub extern "C" fn zec_signer_free(signer: Option<Box<zec_signer>>) {
    guard_or((), || drop(signer));
}

struct CallbackSigner {
    reference: String,
    public_key: Vec<u8>,
    schemes: Vec<SigningScheme>,
    sign: SignFn,
    userdata: Userdata,
}

impl CallbackSigner {
    /// # Safety
    /// As for [`read_options`], and the text and the arrays in it are valid or NULL.
    unsafe fn new(options: *const zec_signer_options) -> Result<Self, Error> {
        if options.is_null() {
            return Err(Error::InvalidArgument("argument options is NULL".to_owned()));
        }
        // SAFETY: the same promise is asked of the caller.
        let options = unsafe { read_options(options, "options") }?;
        let zec_signer_options {
            size: _,
            reference,
            public_key,
            public_key_len,
            schemes,
            schemes_len,
            sign,
            userdata,
            userdata_free,
        } = options;
        // First of all, so that its destructor runs whatever is wrong with the rest.
        let userdata = Userdata::new(userdata, userdata_free);
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let reference = unsafe { text(reference, "options.reference") }?.to_owned();
        // SAFETY: an array is as long as its length says (header, "Ownership").
        let public_key = unsafe { array(public_key, public_key_len, MAX_PUBLIC_KEY, "options.public_key") }?.to_vec();
        // SAFETY: as above.
        let schemes = unsafe { array(schemes, schemes_len, MAX_SCHEMES, "options.schemes") }?;
        let schemes = schemes.iter().filter_map(|number| SigningScheme::from_number(*number)).collect();
        let sign = arg(sign, "options.sign")?;
        Ok(Self { reference, public_key, schemes, sign, userdata })
    }
}

/// The elements of a required array.
///
/// # Safety
/// `pointer` is NULL or points to `len` elements that stay as they are for `'a`.
pub(crate) unsafe fn array<'a, T>(pointer: *const T, len: usize, most: usize, name: &str) -> Result<&'a [T], Error> {
    if pointer.is_null() {
        return Err(Error::InvalidArgument(format!("argument {name} is NULL")));
    }
    if len > most {
        return Err(Error::InvalidArgument(format!("argument {name}_len is over {most}")));
    }
    // SAFETY: the caller promised an array of this length.
    Ok(unsafe { slice::from_raw_parts(pointer, len) })
}

impl Signer for CallbackSigner {
    fn reference(&self) -> String {
        self.reference.clone()
    }

    fn public_key(&self) -> Result<Vec<u8>, String> {
        Ok(self.public_key.clone())
    }

    fn schemes(&self) -> Vec<SigningScheme> {
        self.schemes.clone()
    }

    fn sign(&self, scheme: SigningScheme, message: &[u8], left: Duration) -> Result<Vec<u8>, String> {
        let ms_left = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
        let mut made = Box::new(zec_signature { bytes: [0; MAX_SIGNATURE], len: 0, message: [0; MAX_MESSAGE] });
        let (message, len, userdata) = (message.as_ptr(), message.len(), self.userdata.data());
        // SAFETY: the caller gave callback and userdata for each other; message and signature live until it returns.
        let answer = unsafe { (self.sign)(scheme.number(), message, len, ms_left, &raw mut *made, userdata) };
        if answer != 0 {
            return Err(words_of(&made.message, "sign", answer));
        }
        let signature = made.bytes.get(..made.len);
        signature.map(<[u8]>::to_vec).ok_or_else(|| format!("it says that it wrote {} bytes", made.len))
    }
}
