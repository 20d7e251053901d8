//! The C face of what a login at an identity provider brings.

#![allow(
    unsafe_code,
    non_camel_case_types,
    missing_docs,
    clippy::missing_safety_doc,
    reason = "a C face: names, comments and rules are those of the header"
)]

use std::ffi::c_char;
use std::mem::MaybeUninit;

use super::{ProviderToken, Snapshot};
use crate::ffi::{
    Arena, Root, View, arg, clear, give, give_secret, guard, guard_or, milliseconds, or_minus_one, release, secret,
    zec_error,
};
use crate::login::credentials::JwtSource;
use crate::login::ffi::zec_jwt_source;
use crate::login::provider::settings::ffi::zec_provider_options;

/// What a login at an identity provider brought: the token that controllers want, and what renews it. Any number of
/// threads may use it at once.
pub struct zec_provider_token {
    pub(crate) token: ProviderToken,
}

impl zec_provider_token {
    /// A handle that C owns from now on.
    pub(crate) fn give(token: ProviderToken) -> *mut Self {
        Box::into_raw(Box::new(Self { token }))
    }
}

/// The tokens as they were at one moment. All of it is wiped when it is freed.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_provider_tokens {
    /// The one that controllers want, expired or not.
    pub token: *const c_char,
    /// NULL if none came, and so are the next three.
    pub access_token: *const c_char,
    pub id_token: *const c_char,
    /// Providers may give another one with each refresh, and then this one is used up: keep the newest.
    pub refresh_token: *const c_char,
    /// What the provider calls the user. Nobody has checked the signature of the token that says so.
    pub subject: *const c_char,
    /// How long `token` is still good; 0 once it is not, -1 if the provider did not say.
    pub expires_in_ms: i64,
}

impl Root for zec_provider_tokens {
    type Kept = Arena;
}

impl View for zec_provider_tokens {
    type Model = Snapshot;

    fn view(tokens: &Snapshot, arena: &mut Arena) -> Self {
        let Snapshot { token, access_token, id_token, refresh_token, subject, expires_in } = tokens;
        Self {
            token: arena.secret(token),
            access_token: arena.optional_secret(access_token.as_ref()),
            id_token: arena.optional_secret(id_token.as_ref()),
            refresh_token: arena.optional_secret(refresh_token.as_ref()),
            subject: arena.optional_str(subject.as_deref()),
            expires_in_ms: or_minus_one(expires_in.map(milliseconds)),
        }
    }
}

/// Tokens for a refresh token that was kept from an earlier login, so that nobody has to be asked again. One that is no
/// good any more is ZEC_ERR_API with the code "invalid_grant".
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_provider_token_from_refresh_token(
    options: *const zec_provider_options,
    refresh_token: *const c_char,
    out: Option<&mut MaybeUninit<*mut zec_provider_token>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let refresh_token = unsafe { secret(refresh_token, "refresh_token") }?;
        // SAFETY: options begin with their size and hold valid strings and handles (header, "Ownership").
        let (settings, options) = unsafe { zec_provider_options::rust(options) }?;
        let token = ProviderToken::from_refresh_token(&settings, &options, &refresh_token)?;
        out.write(zec_provider_token::give(token));
        Ok(())
    })
}

/// The tokens as they are now. No I/O.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_provider_token_get(
    token: Option<&zec_provider_token>,
    out: Option<&mut MaybeUninit<*mut zec_provider_tokens>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let token = arg(token, "token")?;
        out.write(give::<zec_provider_tokens>(&token.token.snapshot()));
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn zec_provider_tokens_free(tokens: *mut zec_provider_tokens) {
    guard_or((), || {
        // SAFETY: a root is NULL or was not freed yet (header, "Ownership").
        unsafe { release(tokens) };
    });
}

/// The token that controllers want, renewed if it is near its end; or in any case, if it was `refused`. One that is not
/// over yet is given also if it cannot be renewed. Free it with zec_string_free(), which wipes it.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_provider_token_current(
    token: Option<&zec_provider_token>,
    refused: bool,
    out: Option<&mut MaybeUninit<*mut c_char>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let token = arg(token, "token")?;
        out.write(give_secret(&token.token.current(refused)?)?);
        Ok(())
    })
}

/// Gets new tokens, whether or not the old ones are over. Without a refresh token it is ZEC_ERR_UNSUPPORTED.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_provider_token_refresh(token: Option<&zec_provider_token>) -> Option<Box<zec_error>> {
    guard(|| arg(token, "token")?.token.refresh())
}

/// Makes a source that gives clients the token that controllers want, and renews it at the provider when it is near its
/// end or refused. `token` may be freed; while it is kept, it has the newest refresh token.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_jwt_source_provider(
    token: Option<&zec_provider_token>,
    out: Option<&mut MaybeUninit<*mut zec_jwt_source>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let token = arg(token, "token")?;
        out.write(zec_jwt_source::give(JwtSource::provider(&token.token)));
        Ok(())
    })
}

/// Sources that were made of it go on using it.
#[unsafe(no_mangle)]
pub extern "C" fn zec_provider_token_free(token: Option<Box<zec_provider_token>>) {
    guard_or((), || drop(token));
}
