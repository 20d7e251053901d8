//! The C face of sessions.

#![allow(
    unsafe_code,
    non_camel_case_types,
    missing_docs,
    clippy::missing_safety_doc,
    reason = "a C face: names, comments and rules are those of the header"
)]

use std::ffi::c_char;
use std::mem::MaybeUninit;

use super::{ServiceUpdates, TotpToken};
use crate::ffi::{Arena, Root, View, arg, clear, give, guard, guard_or, publish, release, text, zec_client, zec_error};
use crate::login::{ApiSession, AuthQuery};
use crate::secret::Secret;
use crate::wire::Timestamp;

/// A factor that a login still wants. Each text may be NULL.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_auth_query {
    /// "MFA", "TOTP" or "EXT-JWT"; other words may come.
    pub type_id: *const c_char,
    /// Who asks: "ziti", or "url" for an identity provider.
    pub provider: *const c_char,
    pub http_method: *const c_char,
    /// Where the factor is answered: below the API for "ziti", else the identity provider.
    pub http_url: *const c_char,
    /// What a code is made of: "alpha", "numeric" or "alphaNumeric".
    pub format: *const c_char,
    /// The fewest characters a code has, or 0.
    pub min_length: u64,
    /// The most characters a code has, or 0.
    pub max_length: u64,
    pub client_id: *const c_char,
    pub scopes: *const *const c_char,
    pub scopes_len: usize,
    /// The id of the signer whose token is wanted.
    pub id: *const c_char,
    /// 1 if the identity has TOTP set up, 0 if not, -1 if the controller did not say.
    pub is_totp_enrolled: i32,
    /// True if the client has supplied this factor, and it is refused or has expired. Controllers do not say so.
    pub is_refused: bool,
}

/// A login as the controller sees it. Each text but `id` and `tags_json` may be NULL.
#[repr(C)]
pub struct zec_api_session {
    /// It proves nothing: that is what the token is for, which stays inside the client.
    pub id: *const c_char,
    pub identity_id: *const c_char,
    pub identity_name: *const c_char,
    pub authenticator_id: *const c_char,
    /// The factors that are still wanted; empty once the login is complete.
    pub auth_queries: *const *const zec_auth_query,
    pub auth_queries_len: usize,
    /// Seconds since 1970, by the controller's clock; or 0 if the controller did not say.
    pub expires_at_unix: i64,
    /// How many seconds the session lasts from its start, or up to controller 1.7 from its last use; or 0. Not what is
    /// left of it.
    pub expiration_seconds: u64,
    /// The config types that service lists of this session hold: ids, or the word "all".
    pub config_types: *const *const c_char,
    pub config_types_len: usize,
    /// The address that the controller saw the login come from.
    pub ip_address: *const c_char,
    /// True if the login needs a TOTP code.
    pub is_mfa_required: bool,
    /// True if the login has had its TOTP code.
    pub is_mfa_complete: bool,
    /// True if the certificate of this login can be renewed at the controller.
    pub is_cert_extendable: bool,
    /// True if an administrator asks for the certificate to be renewed.
    pub is_cert_extend_requested: bool,
    /// True if an administrator asks for the certificate to be renewed with a new key.
    pub is_cert_key_roll_requested: bool,
    /// True if the certificate was shown without its intermediates.
    pub improper_client_cert_chain: bool,
    /// This and the times below are as the controller wrote them (RFC 3339).
    pub expires_at: *const c_char,
    pub created_at: *const c_char,
    pub updated_at: *const c_char,
    pub last_activity_at: *const c_char,
    pub cached_last_activity_at: *const c_char,
    /// What an administrator attached to the session, as a JSON object.
    pub tags_json: *const c_char,
}

impl Root for zec_api_session {
    type Kept = Arena;
}

impl View for zec_auth_query {
    type Model = AuthQuery;

    fn view(query: &AuthQuery, arena: &mut Arena) -> Self {
        let AuthQuery {
            type_id,
            provider,
            http_method,
            http_url,
            format,
            min_length,
            max_length,
            client_id,
            scopes,
            id,
            is_totp_enrolled,
            is_refused,
        } = query;
        Self {
            type_id: arena.optional_str(type_id.as_deref()),
            provider: arena.optional_str(provider.as_deref()),
            http_method: arena.optional_str(http_method.as_deref()),
            http_url: arena.optional_str(http_url.as_deref()),
            format: arena.optional_str(format.as_deref()),
            min_length: min_length.unwrap_or(0),
            max_length: max_length.unwrap_or(0),
            client_id: arena.optional_str(client_id.as_deref()),
            scopes: arena.strs(scopes.iter().map(String::as_str)),
            scopes_len: scopes.len(),
            id: arena.optional_str(id.as_deref()),
            is_totp_enrolled: is_totp_enrolled.map_or(-1, i32::from),
            is_refused: *is_refused,
        }
    }
}

impl zec_api_session {
    /// The session for C, without its token.
    pub(crate) fn publish(session: &ApiSession) -> *mut Self {
        publish(Arena::new(), |arena| Self::view(session, arena))
    }

    fn view(session: &ApiSession, arena: &mut Arena) -> Self {
        let ApiSession {
            id,
            token: _,
            identity_id,
            identity_name,
            authenticator_id,
            config_types,
            ip_address,
            auth_queries,
            is_mfa_required,
            is_mfa_complete,
            is_cert_extendable,
            is_cert_extend_requested,
            is_cert_key_roll_requested,
            improper_client_cert_chain,
            created_at,
            updated_at,
            last_activity_at,
            cached_last_activity_at,
            expires_at,
            expiration_seconds,
            tags,
        } = session;
        Self {
            id: arena.str(id),
            identity_id: arena.optional_str(identity_id.as_deref()),
            identity_name: arena.optional_str(identity_name.as_deref()),
            authenticator_id: arena.optional_str(authenticator_id.as_deref()),
            auth_queries: arena.views(auth_queries),
            auth_queries_len: auth_queries.len(),
            expires_at_unix: expires_at.as_ref().and_then(Timestamp::unix_seconds).unwrap_or(0),
            expiration_seconds: expiration_seconds.unwrap_or(0),
            config_types: arena.strs(config_types.iter().map(String::as_str)),
            config_types_len: config_types.len(),
            ip_address: arena.optional_str(ip_address.as_deref()),
            is_mfa_required: *is_mfa_required,
            is_mfa_complete: *is_mfa_complete,
            is_cert_extendable: *is_cert_extendable,
            is_cert_extend_requested: *is_cert_extend_requested,
            is_cert_key_roll_requested: *is_cert_key_roll_requested,
            improper_client_cert_chain: *improper_client_cert_chain,
            expires_at: arena.time(expires_at.as_ref()),
            created_at: arena.time(created_at.as_ref()),
            updated_at: arena.time(updated_at.as_ref()),
            last_activity_at: arena.time(last_activity_at.as_ref()),
            cached_last_activity_at: arena.time(cached_last_activity_at.as_ref()),
            tags_json: arena.json(tags),
        }
    }
}

/// The session as the controller sees it now, also while it waits for a factor. If it waits no more, because the factor
/// was given by zec_client_request(), other calls go on with it from here on. Up to controller 1.7 asking keeps it alive.
/// GET /current-api-session (getCurrentAPISession)
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_current_api_session_get(
    client: Option<&zec_client>,
    out: Option<&mut MaybeUninit<*mut zec_api_session>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let client = arg(client, "client")?;
        out.write(zec_api_session::publish(&client.client.current_api_session().get()?));
        Ok(())
    })
}

/// A token that says that a TOTP code was given. It is secret, so freeing wipes it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_totp_token {
    /// A JWT.
    pub token: *const c_char,
    /// When the code was given, as the controller wrote it (RFC 3339), or NULL.
    pub issued_at: *const c_char,
}

impl Root for zec_totp_token {
    type Kept = Arena;
}

impl View for zec_totp_token {
    type Model = TotpToken;

    fn view(model: &TotpToken, arena: &mut Arena) -> Self {
        let TotpToken { token, issued_at } = model;
        Self { token: arena.secret(token), issued_at: arena.time(issued_at.as_ref()) }
    }
}

/// Proves by a TOTP code that the user is there, and gives a token that says so. Only controllers since 1.7 have it,
/// and only for logins by OIDC; any other login is ZEC_ERR_API with the code "INVALID_BACKING_TOKEN_TYPE".
/// POST /current-api-session/totp-token (createTotpToken)
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_current_api_session_create_totp_token(
    client: Option<&zec_client>,
    code: *const c_char,
    out: Option<&mut MaybeUninit<*mut zec_totp_token>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let code = Secret::new(unsafe { text(code, "code") }?);
        let client = arg(client, "client")?;
        out.write(give::<zec_totp_token>(&client.client.current_api_session().create_totp_token(&code)?));
        Ok(())
    })
}

/// Whether services changed.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_service_updates {
    /// When something last changed that may show in the identity's services, by the controller's clock (RFC 3339). It may
    /// change though nothing shows.
    pub last_change_at: *const c_char,
}

impl View for zec_service_updates {
    type Model = ServiceUpdates;

    fn view(model: &ServiceUpdates, arena: &mut Arena) -> Self {
        let ServiceUpdates { last_change_at } = model;
        Self { last_change_at: arena.str(last_change_at.as_str()) }
    }
}

impl Root for zec_service_updates {
    type Kept = Arena;
}

/// When something last changed that may show in the identity's services. Only whether it is the same as before says
/// something: see zec_services_changed_since().
/// GET /current-api-session/service-updates (listServiceUpdates)
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_current_api_session_service_updates(
    client: Option<&zec_client>,
    out: Option<&mut MaybeUninit<*mut zec_service_updates>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let client = arg(client, "client")?;
        out.write(give(&client.client.current_api_session().service_updates()?));
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn zec_totp_token_free(token: *mut zec_totp_token) {
    guard_or((), || {
        // SAFETY: a root is NULL or was not freed yet (header, "Ownership").
        unsafe { release(token) };
    });
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn zec_service_updates_free(updates: *mut zec_service_updates) {
    guard_or((), || {
        // SAFETY: a root is NULL or was not freed yet (header, "Ownership").
        unsafe { release(updates) };
    });
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn zec_api_session_free(session: *mut zec_api_session) {
    guard_or((), || {
        // SAFETY: a root is NULL or was not freed yet (header, "Ownership").
        unsafe { release(session) };
    });
}
