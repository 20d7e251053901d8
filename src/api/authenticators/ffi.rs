//! The C face of authenticators.

#![allow(
    unsafe_code,
    non_camel_case_types,
    missing_docs,
    clippy::missing_safety_doc,
    reason = "a C face: names, comments and rules are those of the header"
)]

use std::ffi::{c_char, c_void};
use std::mem::{MaybeUninit, offset_of};

use serde_json::{Map, Value};

use super::{Authenticator, AuthenticatorChange, ExtendedCertificate};
use crate::api::list::List;
use crate::error::Error;
use crate::ffi::{
    Arena, Options, Root, View, arg, clear, for_each, give, guard, guard_or, optional_text, publish, read_options,
    release, text, zec_client, zec_error, zec_list_query,
};
use crate::secret::Secret;

/// One way in which an identity can log in: a certificate, or user name and password. Each text but `id` and
/// `tags_json` may be NULL.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_authenticator {
    pub id: *const c_char,
    /// "cert", or "updb" for user name and password; other words may come.
    pub method: *const c_char,
    pub identity_id: *const c_char,
    pub identity_name: *const c_char,
    /// The name to log in with.
    pub username: *const c_char,
    /// The certificate as PEM; its intermediates may follow.
    pub cert_pem: *const c_char,
    /// The SHA-1 of the certificate, in hexadecimal.
    pub fingerprint: *const c_char,
    /// True if the network issued the certificate, so that it can be extended.
    pub is_issued_by_network: bool,
    /// True if an administrator asks for the certificate to be extended.
    pub is_extend_requested: bool,
    /// True if an administrator asks for it to be extended with a new key.
    pub is_key_roll_requested: bool,
    /// True if the key changed when the certificate was last extended.
    pub last_extend_rolled_keys: bool,
    /// True if at the last login the certificate came with all that leads to a CA of the network.
    pub last_auth_resolved_to_root: bool,
    /// When an administrator asked. This and the times below are as the controller wrote them (RFC 3339).
    pub extend_requested_at: *const c_char,
    pub created_at: *const c_char,
    pub updated_at: *const c_char,
    /// What is attached to it, as a JSON object.
    pub tags_json: *const c_char,
}

impl Root for zec_authenticator {
    type Kept = Arena;
}

impl View for zec_authenticator {
    type Model = Authenticator;

    fn view(model: &Authenticator, arena: &mut Arena) -> Self {
        let Authenticator {
            id,
            method,
            identity_id,
            identity,
            username,
            cert_pem,
            fingerprint,
            is_issued_by_network,
            is_extend_requested,
            is_key_roll_requested,
            extend_requested_at,
            last_extend_rolled_keys,
            last_auth_resolved_to_root,
            created_at,
            updated_at,
            tags,
        } = model;
        let name = identity.as_ref().and_then(|identity| identity.name.as_deref());
        Self {
            id: arena.str(id),
            method: arena.optional_str(method.as_deref()),
            identity_id: arena.optional_str(identity_id.as_deref()),
            identity_name: arena.optional_str(name),
            username: arena.optional_str(username.as_deref()),
            cert_pem: arena.optional_str(cert_pem.as_deref()),
            fingerprint: arena.optional_str(fingerprint.as_deref()),
            is_issued_by_network: *is_issued_by_network,
            is_extend_requested: *is_extend_requested,
            is_key_roll_requested: *is_key_roll_requested,
            last_extend_rolled_keys: *last_extend_rolled_keys,
            last_auth_resolved_to_root: *last_auth_resolved_to_root,
            extend_requested_at: arena.time(extend_requested_at.as_ref()),
            created_at: arena.time(created_at.as_ref()),
            updated_at: arena.time(updated_at.as_ref()),
            tags_json: arena.json(tags),
        }
    }
}

/// Authenticators, in the order in which the controller sent them. `len` is 0 if there is none.
#[repr(C)]
pub struct zec_authenticator_list {
    pub items: *const *const zec_authenticator,
    pub len: usize,
    /// How many match in all: for a page, how far to go on.
    pub total: u64,
}

impl Root for zec_authenticator_list {
    type Kept = Arena;
}

impl zec_authenticator_list {
    fn publish(list: &List<Authenticator>) -> *mut Self {
        publish(Arena::new(), |arena: &mut Arena| Self {
            items: arena.views(list),
            len: list.len(),
            total: list.total(),
        })
    }
}

/// A certificate that is to replace the one of an authenticator.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_extended_certificate {
    /// PEM, with the intermediates after it; from controllers of 1.3 without them.
    pub client_cert: *const c_char,
    /// The CA certificates of the network as PEM, or NULL.
    pub ca: *const c_char,
}

impl Root for zec_extended_certificate {
    type Kept = Arena;
}

impl View for zec_extended_certificate {
    type Model = ExtendedCertificate;

    fn view(model: &ExtendedCertificate, arena: &mut Arena) -> Self {
        let ExtendedCertificate { client_cert, ca } = model;
        Self { client_cert: arena.str(client_cert), ca: arena.optional_str(ca.as_deref()) }
    }
}

/// New values for an authenticator by user name and password. Begin with ZEC_AUTHENTICATOR_CHANGE_INIT.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_authenticator_change {
    /// Set by the _INIT macro.
    pub size: usize,
    /// The password that is right so far.
    pub current_password: *const c_char,
    /// The name to log in with. Default: as it is.
    pub username: *const c_char,
    /// The new password. Default: as it is.
    pub password: *const c_char,
    /// All tags, as a JSON object. Default: as they are.
    pub tags_json: *const c_char,
}

// SAFETY: an integer and pointers; the last field ends where the struct ends.
unsafe impl Options for zec_authenticator_change {
    const END: usize = offset_of!(Self, tags_json) + size_of::<*const c_char>();
}

impl zec_authenticator_change {
    /// # Safety
    /// As for [`read_options`], and the strings in it are valid or NULL.
    unsafe fn rust(change: *const Self) -> Result<AuthenticatorChange, Error> {
        let change = (!change.is_null()).then_some(change);
        // SAFETY: the same promise is asked of the caller.
        let change = unsafe { read_options(arg(change, "change")?, "change") }?;
        let Self { size: _, current_password, username, password, tags_json } = change;
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let current_password = unsafe { text(current_password, "change.current_password") }?;
        // SAFETY: as above.
        let username = unsafe { optional_text(username, "change.username") }?;
        // SAFETY: as above.
        let password = unsafe { optional_text(password, "change.password") }?;
        // SAFETY: as above.
        let tags = unsafe { optional_text(tags_json, "change.tags_json") }?.map(tags).transpose()?;
        let change = AuthenticatorChange::new(Secret::new(current_password));
        let change = username.into_iter().fold(change, AuthenticatorChange::username);
        let change = password.map(Secret::new).into_iter().fold(change, AuthenticatorChange::password);
        Ok(tags.into_iter().fold(change, AuthenticatorChange::tags))
    }
}

fn tags(json: &str) -> Result<Map<String, Value>, Error> {
    serde_json::from_str(json)
        .map_err(|_| Error::InvalidArgument("argument change.tags_json is not a JSON object".to_owned()))
}

/// Is shown one authenticator, which is valid until it returns. Any answer but 0 ends the call, as a success.
pub type zec_authenticator_callback =
    Option<unsafe extern "C" fn(authenticator: *const zec_authenticator, userdata: *mut c_void) -> i32>;

/// All authenticators that match the query. `query` may be NULL; it must have no `limit` and no `offset`.
/// GET /current-identity/authenticators (listCurrentIdentityAuthenticators), page by page
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_authenticators_list(
    client: Option<&zec_client>,
    query: *const zec_list_query,
    out: Option<&mut MaybeUninit<*mut zec_authenticator_list>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let client = arg(client, "client")?;
        // SAFETY: a query begins with its size and holds valid strings (header, "Ownership").
        let query = unsafe { zec_list_query::rust(query) }?;
        out.write(zec_authenticator_list::publish(&client.client.authenticators().list(&query)?));
        Ok(())
    })
}

/// One page of the authenticators that match the query. `query` may be NULL.
/// GET /current-identity/authenticators (listCurrentIdentityAuthenticators)
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_authenticators_page(
    client: Option<&zec_client>,
    query: *const zec_list_query,
    out: Option<&mut MaybeUninit<*mut zec_authenticator_list>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let client = arg(client, "client")?;
        // SAFETY: a query begins with its size and holds valid strings (header, "Ownership").
        let query = unsafe { zec_list_query::rust(query) }?;
        out.write(zec_authenticator_list::publish(&client.client.authenticators().page(&query)?));
        Ok(())
    })
}

/// Shows the authenticators that match the query to `callback` one by one, without keeping them all. `query` may be
/// NULL; it must have no `limit` and no `offset`. The time limit holds for all pages and all that the callback does.
/// GET /current-identity/authenticators (listCurrentIdentityAuthenticators), page by page
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_authenticators_for_each(
    client: Option<&zec_client>,
    query: *const zec_list_query,
    callback: zec_authenticator_callback,
    userdata: *mut c_void,
) -> Option<Box<zec_error>> {
    guard(|| {
        let callback = arg(callback, "callback")?;
        let client = arg(client, "client")?;
        // SAFETY: a query begins with its size and holds valid strings (header, "Ownership").
        let query = unsafe { zec_list_query::rust(query) }?;
        let rows = client.client.authenticators().iter(&query)?.within_one_call();
        // SAFETY: callback and userdata were given for each other (header, "Threads").
        for_each::<zec_authenticator>(rows, |authenticator| unsafe { callback(authenticator, userdata) })
    })
}

/// One authenticator of the identity's own.
/// GET /current-identity/authenticators/{id} (detailCurrentIdentityAuthenticator)
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_authenticators_get(
    client: Option<&zec_client>,
    id: *const c_char,
    out: Option<&mut MaybeUninit<*mut zec_authenticator>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let id = unsafe { text(id, "id") }?;
        let client = arg(client, "client")?;
        out.write(give::<zec_authenticator>(&client.client.authenticators().get(id)?));
        Ok(())
    })
}

/// Replaces user name and password, both of which have to be given. Sessions stay. A wrong current password is
/// ZEC_ERR_UNAUTHORIZED, with a cause that names the field "currentPassword".
/// PUT /current-identity/authenticators/{id} (updateCurrentIdentityAuthenticator)
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_authenticators_update(
    client: Option<&zec_client>,
    id: *const c_char,
    change: *const zec_authenticator_change,
) -> Option<Box<zec_error>> {
    guard(|| {
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let id = unsafe { text(id, "id") }?;
        // SAFETY: a change begins with its size and holds valid strings (header, "Ownership").
        let change = unsafe { zec_authenticator_change::rust(change) }?;
        arg(client, "client")?.client.authenticators().update(id, &change)
    })
}

/// Changes what is given. Sessions stay. A wrong current password is as for zec_authenticators_update().
/// PATCH /current-identity/authenticators/{id} (patchCurrentIdentityAuthenticator)
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_authenticators_patch(
    client: Option<&zec_client>,
    id: *const c_char,
    change: *const zec_authenticator_change,
) -> Option<Box<zec_error>> {
    guard(|| {
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let id = unsafe { text(id, "id") }?;
        // SAFETY: a change begins with its size and holds valid strings (header, "Ownership").
        let change = unsafe { zec_authenticator_change::rust(change) }?;
        arg(client, "client")?.client.authenticators().patch(id, &change)
    })
}

/// Asks for a new certificate in place of the one that this client shows, for the key that signed the PEM of a
/// certificate request. The old one stays the valid one until zec_authenticators_extend_verify().
/// POST /current-identity/authenticators/{id}/extend (extendCurrentIdentityAuthenticator)
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_authenticators_extend(
    client: Option<&zec_client>,
    id: *const c_char,
    csr_pem: *const c_char,
    out: Option<&mut MaybeUninit<*mut zec_extended_certificate>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let id = unsafe { text(id, "id") }?;
        // SAFETY: as above.
        let csr_pem = unsafe { text(csr_pem, "csr_pem") }?;
        let client = arg(client, "client")?;
        out.write(give::<zec_extended_certificate>(&client.client.authenticators().extend(id, csr_pem)?));
        Ok(())
    })
}

/// Confirms the certificate that zec_authenticators_extend() gave. From now on logins need it: keep it first, with its
/// key. The session stays, but this client goes on showing its old certificate.
/// POST /current-identity/authenticators/{id}/extend-verify (extendVerifyCurrentIdentityAuthenticator)
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_authenticators_extend_verify(
    client: Option<&zec_client>,
    id: *const c_char,
    client_cert_pem: *const c_char,
) -> Option<Box<zec_error>> {
    guard(|| {
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let id = unsafe { text(id, "id") }?;
        // SAFETY: as above.
        let client_cert_pem = unsafe { text(client_cert_pem, "client_cert_pem") }?;
        arg(client, "client")?.client.authenticators().extend_verify(id, client_cert_pem)
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn zec_authenticator_free(authenticator: *mut zec_authenticator) {
    guard_or((), || {
        // SAFETY: a root is NULL or was not freed yet (header, "Ownership").
        unsafe { release(authenticator) };
    });
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn zec_authenticator_list_free(list: *mut zec_authenticator_list) {
    guard_or((), || {
        // SAFETY: a root is NULL or was not freed yet (header, "Ownership").
        unsafe { release(list) };
    });
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn zec_extended_certificate_free(certificate: *mut zec_extended_certificate) {
    guard_or((), || {
        // SAFETY: a root is NULL or was not freed yet (header, "Ownership").
        unsafe { release(certificate) };
    });
}
