//! The C face of logging in and out.

#![allow(
    unsafe_code,
    non_camel_case_types,
    missing_docs,
    clippy::missing_safety_doc,
    reason = "a C face: names, comments and rules are those of the header"
)]

use std::ffi::c_char;
use std::mem::MaybeUninit;

use crate::LoggedOut;
use crate::ffi::{
    Arena, Root, arg, clear, guard, guard_or, publish, release, secret, zec_api_session, zec_auth_query, zec_client,
    zec_error, zec_string_list,
};

/// Logs in with the client's credentials, also if there is a login; later calls use the session. Optional: a call that
/// needs a login makes one. If `auth_queries` is not empty, the login waits for those factors. A refusal is
/// ZEC_ERR_REJECTED; a password that was refused is not sent again before zec_client_set_credentials() or
/// zec_client_retry_now(). One that nobody has judged, as its answers were lost, is sent by other calls three times in a
/// row, after which they end with ZEC_ERR_IDENTITY; by this one it is sent again.
/// POST /authenticate (authenticate)
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_client_authenticate(
    client: Option<&zec_client>,
    out: Option<&mut MaybeUninit<*mut zec_api_session>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let client = arg(client, "client")?;
        out.write(zec_api_session::publish(client.client.authenticate()?.session()));
        Ok(())
    })
}

/// Gives the login the TOTP or recovery code that it waits for; later calls use it. Logs in first if there is no login.
/// `auth_queries` of `out` is empty if no other factor is wanted. A wrong code is ZEC_ERR_API with the code
/// "MFA_INVALID_TOKEN", or "INVALID TOTP CODE" over OIDC, and changes nothing. After a lost answer the code is not sent
/// again, as a recovery code works once.
/// POST /authenticate/mfa (authenticateMfa)
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_client_authenticate_mfa(
    client: Option<&zec_client>,
    code: *const c_char,
    out: Option<&mut MaybeUninit<*mut zec_api_session>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let code = unsafe { secret(code, "code") }?;
        let client = arg(client, "client")?;
        out.write(zec_api_session::publish(client.client.authenticate_mfa(&code)?.session()));
        Ok(())
    })
}

/// Ends the session, if there is one; the next call that needs one logs in anew. Calls under way on other threads end as
/// they began: what they log in for is theirs alone, and is ended with them. Over OIDC the tokens are forgotten and the
/// refresh token is revoked, as far as the controller can; an access token that a refresh has brought may be good for
/// somebody who has seen it until its time is over. If the call fails the session is used no more all the same.
/// DELETE /current-api-session (deleteCurrentApiSession)
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_client_logout(client: Option<&zec_client>) -> Option<Box<zec_error>> {
    guard(|| arg(client, "client")?.client.logout())
}

/// Ends the login of this client and, as far as the controllers do, all others of its identity, made over OIDC by this
/// or any other program. Logs in first if there is no login. Controllers of 2.0 end all access tokens of the identity
/// that were made until then, and no refresh token but this client's: other clients go on with a refresh. Those before
/// 2.0 end this client's refresh token only. `before` is set to true if the controller had done so before: it does so
/// only once for an identity. ZEC_ERR_UNSUPPORTED if the login is a session that one controller keeps.
/// POST /oidc/end_session
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_client_logout_everywhere(
    client: Option<&zec_client>,
    before: Option<&mut MaybeUninit<bool>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let before = arg(before, "before")?;
        before.write(false);
        let ended = arg(client, "client")?.client.logout_everywhere()?;
        before.write(ended == LoggedOut::Before);
        Ok(())
    })
}

/// Factors that a login still wants.
#[repr(C)]
pub struct zec_auth_query_list {
    pub items: *const *const zec_auth_query,
    pub len: usize,
}

impl Root for zec_auth_query_list {
    type Kept = Arena;
}

/// The factors for which the login of a call waits: an error with the code ZEC_ERR_LOGIN_PENDING. Empty for every other
/// error, and for NULL.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_error_factors(
    error: Option<&zec_error>,
    out: Option<&mut MaybeUninit<*mut zec_auth_query_list>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let factors = error.map_or(&[][..], zec_error::factors);
        out.write(publish(Arena::new(), |arena: &mut Arena| zec_auth_query_list {
            items: arena.views(factors),
            len: factors.len(),
        }));
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn zec_auth_query_list_free(list: *mut zec_auth_query_list) {
    guard_or((), || {
        // SAFETY: a root is NULL or was not freed yet (header, "Ownership").
        unsafe { release(list) };
    });
}

/// What is known here that may matter to a refusal of the credentials (ZEC_ERR_REJECTED), such as that the certificate
/// expired or when the last login succeeded; one sentence for each, all of them in the message, too. Controllers do not
/// say why they refuse. Empty for every other error, and for NULL.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_error_known_facts(
    error: Option<&zec_error>,
    out: Option<&mut MaybeUninit<*mut zec_string_list>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let known = error.map_or(&[][..], zec_error::known);
        out.write(zec_string_list::publish(known.iter().map(String::as_str)));
        Ok(())
    })
}
