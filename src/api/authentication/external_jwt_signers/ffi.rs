//! The C face of the identity providers of a network.

#![allow(
    unsafe_code,
    non_camel_case_types,
    missing_docs,
    clippy::missing_safety_doc,
    reason = "a C face: names, comments and rules are those of the header"
)]

use std::ffi::{c_char, c_void};
use std::mem::MaybeUninit;

use super::ExternalJwtSigner;
use crate::api::list::List;
use crate::ffi::{
    Arena, Root, View, arg, clear, for_each, guard, guard_or, publish, release, zec_client, zec_error, zec_list_query,
};

/// An identity provider that a network trusts, and what a client needs to log in there. Each text but `id` and
/// `tags_json` may be NULL.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_external_jwt_signer {
    pub id: *const c_char,
    pub name: *const c_char,
    /// Where its users log in.
    pub external_auth_url: *const c_char,
    /// Where its OpenID configuration is, if that is not below its address.
    pub open_id_configuration_url: *const c_char,
    /// The client id to log in with.
    pub client_id: *const c_char,
    /// Whom its tokens have to be for.
    pub audience: *const c_char,
    /// The scopes to ask for.
    pub scopes: *const *const c_char,
    pub scopes_len: usize,
    /// Which of its tokens the controller wants: "ACCESS" or "ID". NULL means "ACCESS".
    pub target_token: *const c_char,
    /// True if its tokens enroll identities that get a certificate.
    pub enroll_to_cert_enabled: bool,
    /// True if its tokens enroll identities that go on logging in by such tokens.
    pub enroll_to_token_enabled: bool,
    /// This and `updated_at` are as the controller wrote them (RFC 3339).
    pub created_at: *const c_char,
    pub updated_at: *const c_char,
    /// What an administrator attached to it, as a JSON object.
    pub tags_json: *const c_char,
}

impl View for zec_external_jwt_signer {
    type Model = ExternalJwtSigner;

    fn view(model: &ExternalJwtSigner, arena: &mut Arena) -> Self {
        let ExternalJwtSigner {
            id,
            name,
            external_auth_url,
            open_id_configuration_url,
            client_id,
            audience,
            scopes,
            target_token,
            enroll_to_cert_enabled,
            enroll_to_token_enabled,
            created_at,
            updated_at,
            tags,
        } = model;
        Self {
            id: arena.str(id),
            name: arena.optional_str(name.as_deref()),
            external_auth_url: arena.optional_str(external_auth_url.as_deref()),
            open_id_configuration_url: arena.optional_str(open_id_configuration_url.as_deref()),
            client_id: arena.optional_str(client_id.as_deref()),
            audience: arena.optional_str(audience.as_deref()),
            scopes: arena.strs(scopes.iter().map(String::as_str)),
            scopes_len: scopes.len(),
            target_token: arena.optional_str(target_token.as_deref()),
            enroll_to_cert_enabled: *enroll_to_cert_enabled,
            enroll_to_token_enabled: *enroll_to_token_enabled,
            created_at: arena.time(created_at.as_ref()),
            updated_at: arena.time(updated_at.as_ref()),
            tags_json: arena.json(tags),
        }
    }
}

/// Identity providers, in the order in which the controller sent them.
#[repr(C)]
pub struct zec_external_jwt_signer_list {
    pub items: *const *const zec_external_jwt_signer,
    pub len: usize,
    /// How many match in all: for a page, how far to go on.
    pub total: u64,
}

impl Root for zec_external_jwt_signer_list {
    type Kept = Arena;
}

impl zec_external_jwt_signer_list {
    fn publish(list: &List<ExternalJwtSigner>) -> *mut Self {
        publish(Arena::new(), |arena: &mut Arena| Self {
            items: arena.views(list),
            len: list.len(),
            total: list.total(),
        })
    }
}

/// Is shown one identity provider, which is valid until it returns. Any answer but 0 ends the call, as a success.
pub type zec_external_jwt_signer_callback =
    Option<unsafe extern "C" fn(signer: *const zec_external_jwt_signer, userdata: *mut c_void) -> i32>;

/// All enabled identity providers that match the query. `query` may be NULL; it must have no `limit` and no `offset`,
/// and filters only by fields that services have too, such as `name`. Needs no login.
/// GET /external-jwt-signers (listExternalJwtSigners), page by page
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_external_jwt_signers_list(
    client: Option<&zec_client>,
    query: *const zec_list_query,
    out: Option<&mut MaybeUninit<*mut zec_external_jwt_signer_list>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let client = arg(client, "client")?;
        // SAFETY: a query begins with its size and holds valid strings (header, "Ownership").
        let query = unsafe { zec_list_query::rust(query) }?;
        out.write(zec_external_jwt_signer_list::publish(&client.client.external_jwt_signers().list(&query)?));
        Ok(())
    })
}

/// One page of the enabled identity providers that match the query. `query` may be NULL. Needs no login.
/// GET /external-jwt-signers (listExternalJwtSigners)
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_external_jwt_signers_page(
    client: Option<&zec_client>,
    query: *const zec_list_query,
    out: Option<&mut MaybeUninit<*mut zec_external_jwt_signer_list>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let client = arg(client, "client")?;
        // SAFETY: a query begins with its size and holds valid strings (header, "Ownership").
        let query = unsafe { zec_list_query::rust(query) }?;
        out.write(zec_external_jwt_signer_list::publish(&client.client.external_jwt_signers().page(&query)?));
        Ok(())
    })
}

/// Shows the enabled identity providers that match the query to `callback` one by one, without keeping them all.
/// `query` may be NULL; it must have no `limit` and no `offset`. The time limit holds for all pages and all that the
/// callback does. Needs no login.
/// GET /external-jwt-signers (listExternalJwtSigners), page by page
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_external_jwt_signers_for_each(
    client: Option<&zec_client>,
    query: *const zec_list_query,
    callback: zec_external_jwt_signer_callback,
    userdata: *mut c_void,
) -> Option<Box<zec_error>> {
    guard(|| {
        let callback = arg(callback, "callback")?;
        let client = arg(client, "client")?;
        // SAFETY: a query begins with its size and holds valid strings (header, "Ownership").
        let query = unsafe { zec_list_query::rust(query) }?;
        let rows = client.client.external_jwt_signers().iter(&query)?.within_one_call();
        // SAFETY: callback and userdata were given for each other (header, "Threads").
        for_each::<zec_external_jwt_signer>(rows, |signer| unsafe { callback(signer, userdata) })
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn zec_external_jwt_signer_list_free(list: *mut zec_external_jwt_signer_list) {
    guard_or((), || {
        // SAFETY: a root is NULL or was not freed yet (header, "Ownership").
        unsafe { release(list) };
    });
}
