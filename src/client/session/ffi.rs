//! The C face of sessions that are kept, and of what others need to use them.

#![allow(
    unsafe_code,
    non_camel_case_types,
    missing_docs,
    clippy::missing_safety_doc,
    reason = "a C face: names, comments and rules are those of the header"
)]

use std::ffi::{c_char, c_void};
use std::mem::MaybeUninit;
use std::ptr;
use std::time::Duration;

use zeroize::Zeroizing;

use super::SessionCredentials;
use crate::client::ffi::zec_client;
use crate::ffi::{
    Arena, Root, Userdata, View, arg, clear, give, give_secret, guard, guard_or, milliseconds, release, text, zec_error,
};
use crate::secret::Secret;

/// Keeps the session for the next process, as zec_client_save_session() gives it; `saved` is wiped when the callback
/// returns. It is NULL once the client gave the session up. `ms_left` is what is left of the call's time limit: nothing
/// interrupts the callback, so keeping to the time is up to it. Returns 0 once the session is kept; any other number is
/// logged, and the session is used all the same. It runs on the thread of the call that made the session, before the
/// session is used. Others that have something to tell it wait for it, each within the time of its call: what it is given
/// last is right. It may use this library, except for the client on whose behalf it runs.
pub type zec_session_change_callback =
    Option<unsafe extern "C" fn(saved: *const c_char, ms_left: u64, userdata: *mut c_void) -> i32>;

type SessionFn = unsafe extern "C" fn(*const c_char, u64, *mut c_void) -> i32;

/// What keeps sessions, if the caller wants them.
pub(crate) fn keeper(
    callback: zec_session_change_callback,
    userdata: Userdata,
) -> Option<impl Fn(Option<&Secret>, Duration) -> Result<(), String> + Send + Sync + 'static> {
    let callback: SessionFn = callback?;
    Some(move |saved: Option<&Secret>, left: Duration| {
        let text = saved.map(|saved| {
            let mut text = Zeroizing::new(Vec::with_capacity(saved.expose().len() + 1));
            text.extend_from_slice(saved.expose().as_bytes());
            text.push(0);
            text
        });
        let pointer = text.as_ref().map_or(ptr::null(), |text| text.as_ptr().cast());
        // SAFETY: the caller gave callback and userdata for each other; the text is NUL-terminated.
        match unsafe { callback(pointer, milliseconds(left), userdata.data()) } {
            0 => Ok(()),
            answer => Err(format!("the session callback returned {answer}")),
        }
    })
}

/// What another part of a program needs to use the login of a client. Wiped when it is freed.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_session_credentials {
    /// "legacy": `token` is the value of the header `zt-session`, good at `controller` only. "oidc": an access token
    /// for `Authorization: Bearer`, which all controllers of the network know. Other words may come.
    pub kind: *const c_char,
    /// What proves the login: whoever has it can do all that the identity may.
    pub token: *const c_char,
    /// The external JWT that has to come with it as `Authorization: Bearer`, or NULL.
    pub second_factor_jwt: *const c_char,
    /// How long the token is good, as far as is known.
    pub left_ms: u64,
    /// The controller that made the login, as `https://host:port`.
    pub controller: *const c_char,
    pub api_session_id: *const c_char,
    /// The id of the identity that is logged in, or NULL.
    pub identity_id: *const c_char,
    /// The CA certificates of the network as PEM; empty where only the system's roots are trusted.
    pub ca: *const c_char,
    /// The certificate chain of the identity as PEM, leaf first, or NULL.
    pub certificate: *const c_char,
    /// How the key of that certificate is reached, which stays where it is: "pem", in the text of the identity;
    /// "signer", which signs with it; "none" without a certificate.
    pub key: *const c_char,
    /// All controllers of the network that the identity names, the preferred one first.
    pub controllers: *const *const c_char,
    pub controllers_len: usize,
}

impl Root for zec_session_credentials {
    type Kept = Arena;
}

impl View for zec_session_credentials {
    type Model = SessionCredentials;

    fn view(credentials: &SessionCredentials, arena: &mut Arena) -> Self {
        let SessionCredentials {
            kind,
            token,
            second_factor_jwt,
            left,
            controller,
            api_session_id,
            identity_id,
            ca,
            controllers,
            certificate,
            key,
        } = credentials;
        Self {
            kind: arena.str(kind.word()),
            token: arena.secret(token),
            second_factor_jwt: arena.optional_secret(second_factor_jwt.as_ref()),
            left_ms: milliseconds(*left),
            controller: arena.str(controller),
            api_session_id: arena.str(api_session_id),
            identity_id: arena.optional_str(identity_id.as_deref()),
            ca: arena.str(ca),
            certificate: arena.optional_str(certificate.as_deref()),
            key: arena.str(key.word()),
            controllers: arena.strs(controllers.iter().map(String::as_str)),
            controllers_len: controllers.len(),
        }
    }
}

/// What another part of a program needs to use this login, such as one that dials services. Logs in if there is no
/// login, and renews one that is due for it; so is a legacy session that is near its end, unless its controller moves that
/// when it is used, or the next one would want a code of its user. ZEC_ERR_LOGIN_PENDING if the login waits for a factor. Who needs a
/// certificate of the session's own has one made by zec_session_certificates_create().
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_client_credentials(
    client: Option<&zec_client>,
    out: Option<&mut MaybeUninit<*mut zec_session_credentials>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let client = arg(client, "client")?;
        out.write(give::<zec_session_credentials>(&client.client.credentials()?));
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn zec_session_credentials_free(credentials: *mut zec_session_credentials) {
    guard_or((), || {
        // SAFETY: a root is NULL or was not freed yet (header, "Ownership").
        unsafe { release(credentials) };
    });
}

/// The session as text that another process of the same identity can take up by zec_client_resume_session(). *out is
/// NULL if there is none. The text is as secret as a password; free it with zec_string_free(), which wipes it. No I/O.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_client_save_session(
    client: Option<&zec_client>,
    out: Option<&mut MaybeUninit<*mut c_char>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let saved = arg(client, "client")?.client.save_session();
        out.write(saved.as_ref().map(give_secret).transpose()?.unwrap_or(ptr::null_mut()));
        Ok(())
    })
}

/// Goes on with a session that was saved, in the place of the one there is: nobody has to log in, or give a code again,
/// unless a call finds that the controller does not know the session any more. If it cannot be used here,
/// zec_error_session_problem() says why, and the client stays as it was. No I/O.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_client_resume_session(
    client: Option<&zec_client>,
    saved: *const c_char,
) -> Option<Box<zec_error>> {
    guard(|| {
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let saved = Secret::new(unsafe { text(saved, "saved") }?);
        arg(client, "client")?.client.resume_session(&saved)
    })
}
