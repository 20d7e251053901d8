//! The C face of what logs in.

#![allow(
    unsafe_code,
    non_camel_case_types,
    missing_docs,
    clippy::missing_safety_doc,
    reason = "a C face: names, comments and rules are those of the header"
)]

use std::ffi::{CString, c_char, c_void};
use std::mem::{MaybeUninit, offset_of};
use std::ptr;

use zeroize::{Zeroize, Zeroizing};

use super::credentials::{Credentials, JwtRequest, JwtSource, LoginFlow};
use crate::error::Error;
use crate::ffi::{
    Options, Userdata, arg, clear, guard, guard_or, optional_text, read_options, secret, words_of, zec_error,
    zec_userdata_free,
};
use crate::secret::Secret;

/// The kind of login that suits the controller.
pub const ZEC_LOGIN_FLOW_AUTO: u64 = 0;
/// A session that one controller keeps.
pub const ZEC_LOGIN_FLOW_LEGACY: u64 = 1;
/// Tokens by OpenID Connect, which all controllers of a network know.
pub const ZEC_LOGIN_FLOW_OIDC: u64 = 2;

/// As many bytes as a token has that can be sent, its NUL included.
const MAX_TOKEN: usize = 16 * 1024;
/// As many bytes of a message as there is room for, its NUL included.
const MAX_MESSAGE: usize = 512;

/// What a zec_jwt_callback is told.
#[repr(C)]
pub struct zec_jwt_request {
    /// The id of the signer whose token is wanted; NULL for a login, for which any signer of the network will do.
    pub signer: *const c_char,
    /// What is left of the call's time limit. Nothing interrupts the callback, so keeping to the time is up to it.
    pub ms_left: u64,
    /// True if the token that was supplied last is refused, or has expired: it is of no use to supply it again.
    pub refused: bool,
}

/// What a zec_jwt_callback fills in. It is all zero before, and wiped afterwards.
#[repr(C)]
pub struct zec_jwt {
    /// The token, with a NUL at its end.
    pub token: [c_char; 16384],
    /// Why there is none: text that becomes part of the error's message.
    pub message: [c_char; 512],
}

/// Writes an external JWT to `out`. Returns 0 if there is one, any other number to end the call with ZEC_ERR_IDENTITY;
/// number and `out->message` appear in the error. It runs on the thread of the call that needs the token, perhaps on
/// several at once. It may use this library, except for the client on whose behalf it runs.
pub type zec_jwt_callback =
    Option<unsafe extern "C" fn(request: *const zec_jwt_request, out: *mut zec_jwt, userdata: *mut c_void) -> i32>;

type JwtFn = unsafe extern "C" fn(*const zec_jwt_request, *mut zec_jwt, *mut c_void) -> i32;

/// Where external JWTs come from. Clients that use it keep it.
pub struct zec_jwt_source {
    pub(crate) source: JwtSource,
}

impl zec_jwt_source {
    /// A handle that C owns from now on.
    pub(crate) fn give(source: JwtSource) -> *mut Self {
        Box::into_raw(Box::new(Self { source }))
    }
}

/// Makes a source of one token. When that expires, or is refused, a client needs new credentials.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_jwt_source_token(
    jwt: *const c_char,
    out: Option<&mut MaybeUninit<*mut zec_jwt_source>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let jwt = unsafe { secret(jwt, "jwt") }?;
        out.write(zec_jwt_source::give(JwtSource::token(jwt)));
        Ok(())
    })
}

/// Makes a source that asks `supply` for a token whenever one is needed, and once more if that one is refused.
/// `userdata` is passed to it, and freed by `userdata_free`, which may be NULL, when nothing uses the source any more,
/// also if the call fails.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_jwt_source_supplier(
    supply: zec_jwt_callback,
    userdata: *mut c_void,
    userdata_free: zec_userdata_free,
    out: Option<&mut MaybeUninit<*mut zec_jwt_source>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        // First of all, so that its destructor runs whatever is wrong with the rest.
        let userdata = Userdata::new(userdata, userdata_free);
        let out = clear(arg(out, "out")?);
        let supply = arg(supply, "supply")?;
        let source = JwtSource::supplier(move |request| supplied(supply, &userdata, request));
        out.write(zec_jwt_source::give(source));
        Ok(())
    })
}

/// Clients that use the source go on using it.
#[unsafe(no_mangle)]
pub extern "C" fn zec_jwt_source_free(source: Option<Box<zec_jwt_source>>) {
    guard_or((), || drop(source));
}

fn supplied(supply: JwtFn, userdata: &Userdata, request: &JwtRequest) -> Result<Secret, String> {
    // An id that holds a NUL is none that a controller makes.
    let signer = request.signer.as_deref().and_then(|signer| CString::new(signer).ok());
    let told = zec_jwt_request {
        signer: signer.as_deref().map_or(ptr::null(), |signer| signer.as_ptr()),
        ms_left: u64::try_from(request.left.as_millis()).unwrap_or(u64::MAX),
        refused: request.refused,
    };
    let mut made = Box::new(zec_jwt { token: [0; MAX_TOKEN], message: [0; MAX_MESSAGE] });
    // SAFETY: the caller gave callback and userdata for each other; request and answer live until it returns.
    let answer = unsafe { supply(&raw const told, &raw mut *made, userdata.data()) };
    let read = match answer {
        0 => token(&made.token),
        _ => Err(words_of(&made.message, "supply", answer)),
    };
    made.token.zeroize();
    read
}

/// What the callback wrote, up to its NUL.
fn token(written: &[c_char; MAX_TOKEN]) -> Result<Secret, String> {
    let len = written.iter().position(|&byte| byte == 0).ok_or("its token has no NUL at its end")?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(len));
    bytes.extend(written[..len].iter().map(|byte| byte.to_ne_bytes()[0]));
    let text = std::str::from_utf8(&bytes).map_err(|_| "its token is not UTF-8")?;
    Ok(Secret::new(text))
}

/// By what a client logs in. Begin with ZEC_CREDENTIALS_INIT, and set either user name and password, or `jwt`, or
/// nothing: then it is the certificate of the identity, which is shown to controllers in this case only.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_credentials {
    /// Set by the _INIT macro.
    pub size: usize,
    pub username: *const c_char,
    /// Kept in memory that is wiped.
    pub password: *const c_char,
    /// External JWTs to log in with. May be freed while clients use it.
    pub jwt: *const zec_jwt_source,
}

// SAFETY: an integer and pointers that may be NULL; the last field ends where the struct ends.
unsafe impl Options for zec_credentials {
    const END: usize = offset_of!(Self, jwt) + size_of::<*const zec_jwt_source>();
}

impl zec_credentials {
    /// # Safety
    /// As for [`read_options`], and the strings and the handle in it are valid or NULL.
    pub(crate) unsafe fn rust(credentials: *const Self, name: &str) -> Result<Credentials, Error> {
        // SAFETY: the same promise is asked of the caller.
        let Self { size: _, username, password, jwt } = unsafe { read_options(credentials, name) }?;
        // SAFETY: as above; a string is NULL or NUL-terminated (header, "Strings").
        let username = unsafe { optional_text(username, &format!("{name}.username")) }?;
        // SAFETY: as above.
        let password = unsafe { optional_text(password, &format!("{name}.password")) }?;
        // SAFETY: a handle is NULL or was not freed yet (header, "Ownership").
        let jwt = unsafe { jwt_source(jwt) };
        match (username, password, jwt) {
            (None, None, None) => Ok(Credentials::certificate()),
            (Some(""), Some(_), None) => Err(Error::InvalidArgument(format!("argument {name}.username is empty"))),
            // It would count as a wrong one.
            (Some(_), Some(""), None) => Err(Error::InvalidArgument(format!("argument {name}.password is empty"))),
            (Some(username), Some(password), None) => Ok(Credentials::password(username, password)),
            (None, None, Some(source)) => Ok(Credentials::external_jwt(source)),
            _ => {
                let message = format!("{name}: expected username and password, or jwt, or nothing");
                Err(Error::InvalidArgument(message))
            }
        }
    }
}

/// The source of a handle that may be absent.
///
/// # Safety
/// `source` is NULL or a handle that is not freed during the call.
pub(crate) unsafe fn jwt_source(source: *const zec_jwt_source) -> Option<JwtSource> {
    // SAFETY: the same promise is asked of the caller.
    unsafe { source.as_ref() }.map(|source| source.source.clone())
}

/// The kind of login by its number.
pub(crate) fn login_flow(number: u64, name: &str) -> Result<LoginFlow, Error> {
    match number {
        ZEC_LOGIN_FLOW_AUTO => Ok(LoginFlow::Auto),
        ZEC_LOGIN_FLOW_LEGACY => Ok(LoginFlow::Legacy),
        ZEC_LOGIN_FLOW_OIDC => Ok(LoginFlow::Oidc),
        other => Err(Error::InvalidArgument(format!("argument {name} is {other}, which is no kind of a login"))),
    }
}
