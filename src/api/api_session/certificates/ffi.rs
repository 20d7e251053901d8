//! The C face of session certificates.

#![allow(
    unsafe_code,
    non_camel_case_types,
    missing_docs,
    clippy::missing_safety_doc,
    reason = "a C face: names, comments and rules are those of the header"
)]

use std::ffi::{c_char, c_void};
use std::mem::MaybeUninit;

use super::{NewSessionCertificate, SessionCertificate};
use crate::api::list::List;
use crate::ffi::{
    Arena, Root, View, arg, clear, for_each, give, guard, guard_or, publish, release, text, zec_client, zec_error,
    zec_list_query,
};
use crate::wire::Timestamp;

/// A certificate that stands for a session. Each text but `id`, `certificate` and `tags_json` may be NULL.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_session_certificate {
    pub id: *const c_char,
    /// PEM; the intermediates may follow.
    pub certificate: *const c_char,
    /// The SHA-1 of the certificate, in hexadecimal.
    pub fingerprint: *const c_char,
    /// Whom it names, such as "CN=alice".
    pub subject: *const c_char,
    /// When it ends to be valid, in seconds since 1970; or 0 if the controller did not say.
    pub valid_to_unix: i64,
    /// This and the times below are as the controller wrote them (RFC 3339).
    pub valid_from: *const c_char,
    pub valid_to: *const c_char,
    pub created_at: *const c_char,
    pub updated_at: *const c_char,
    /// What is attached to it, as a JSON object.
    pub tags_json: *const c_char,
}

impl Root for zec_session_certificate {
    type Kept = Arena;
}

impl View for zec_session_certificate {
    type Model = SessionCertificate;

    fn view(model: &SessionCertificate, arena: &mut Arena) -> Self {
        let SessionCertificate {
            id,
            certificate,
            fingerprint,
            subject,
            valid_from,
            valid_to,
            created_at,
            updated_at,
            tags,
        } = model;
        Self {
            id: arena.str(id),
            certificate: arena.str(certificate),
            fingerprint: arena.optional_str(fingerprint.as_deref()),
            subject: arena.optional_str(subject.as_deref()),
            valid_to_unix: valid_to.as_ref().and_then(Timestamp::unix_seconds).unwrap_or(0),
            valid_from: arena.time(valid_from.as_ref()),
            valid_to: arena.time(valid_to.as_ref()),
            created_at: arena.time(created_at.as_ref()),
            updated_at: arena.time(updated_at.as_ref()),
            tags_json: arena.json(tags),
        }
    }
}

/// Session certificates, in the order in which the controller sent them. `len` is 0 if there is none.
#[repr(C)]
pub struct zec_session_certificate_list {
    pub items: *const *const zec_session_certificate,
    pub len: usize,
    /// How many match in all: for a page, how far to go on.
    pub total: u64,
}

impl Root for zec_session_certificate_list {
    type Kept = Arena;
}

impl zec_session_certificate_list {
    fn publish(list: &List<SessionCertificate>) -> *mut Self {
        publish(Arena::new(), |arena: &mut Arena| Self {
            items: arena.views(list),
            len: list.len(),
            total: list.total(),
        })
    }
}

/// A certificate that was just issued for a session.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_new_session_certificate {
    pub id: *const c_char,
    /// PEM, with the intermediates after it.
    pub certificate: *const c_char,
    /// The CA certificates of the network as PEM, or NULL.
    pub cas: *const c_char,
}

impl Root for zec_new_session_certificate {
    type Kept = Arena;
}

impl View for zec_new_session_certificate {
    type Model = NewSessionCertificate;

    fn view(model: &NewSessionCertificate, arena: &mut Arena) -> Self {
        let NewSessionCertificate { id, certificate, cas } = model;
        Self { id: arena.str(id), certificate: arena.str(certificate), cas: arena.optional_str(cas.as_deref()) }
    }
}

/// Is shown one session certificate, which is valid until it returns. Any answer but 0 ends the call, as a success.
pub type zec_session_certificate_callback =
    Option<unsafe extern "C" fn(certificate: *const zec_session_certificate, userdata: *mut c_void) -> i32>;

/// All certificates of the session that match the query. `query` may be NULL; it must have no `limit` and no `offset`.
/// Controllers of 1.3 and 2.0 list those of other sessions, too, which can be neither fetched nor deleted.
/// GET /current-api-session/certificates (listCurrentApiSessionCertificates), page by page
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_session_certificates_list(
    client: Option<&zec_client>,
    query: *const zec_list_query,
    out: Option<&mut MaybeUninit<*mut zec_session_certificate_list>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let client = arg(client, "client")?;
        // SAFETY: a query begins with its size and holds valid strings (header, "Ownership").
        let query = unsafe { zec_list_query::rust(query) }?;
        out.write(zec_session_certificate_list::publish(&client.client.session_certificates().list(&query)?));
        Ok(())
    })
}

/// One page of the certificates of the session that match the query. `query` may be NULL.
/// GET /current-api-session/certificates (listCurrentApiSessionCertificates)
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_session_certificates_page(
    client: Option<&zec_client>,
    query: *const zec_list_query,
    out: Option<&mut MaybeUninit<*mut zec_session_certificate_list>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let client = arg(client, "client")?;
        // SAFETY: a query begins with its size and holds valid strings (header, "Ownership").
        let query = unsafe { zec_list_query::rust(query) }?;
        out.write(zec_session_certificate_list::publish(&client.client.session_certificates().page(&query)?));
        Ok(())
    })
}

/// Shows the certificates of the session that match the query to `callback` one by one, without keeping them all.
/// `query` may be NULL; it must have no `limit` and no `offset`. The time limit holds for all pages and all that the
/// callback does.
/// GET /current-api-session/certificates (listCurrentApiSessionCertificates), page by page
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_session_certificates_for_each(
    client: Option<&zec_client>,
    query: *const zec_list_query,
    callback: zec_session_certificate_callback,
    userdata: *mut c_void,
) -> Option<Box<zec_error>> {
    guard(|| {
        let callback = arg(callback, "callback")?;
        let client = arg(client, "client")?;
        // SAFETY: a query begins with its size and holds valid strings (header, "Ownership").
        let query = unsafe { zec_list_query::rust(query) }?;
        let rows = client.client.session_certificates().iter(&query)?.within_one_call();
        // SAFETY: callback and userdata were given for each other (header, "Threads").
        for_each::<zec_session_certificate>(rows, |certificate| unsafe { callback(certificate, userdata) })
    })
}

/// Issues a certificate for the key that signed the PEM of a certificate request, whose subject it takes over. It is
/// dated for some hours, and of use as long as the session.
/// POST /current-api-session/certificates (createCurrentApiSessionCertificate)
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_session_certificates_create(
    client: Option<&zec_client>,
    csr_pem: *const c_char,
    out: Option<&mut MaybeUninit<*mut zec_new_session_certificate>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let csr_pem = unsafe { text(csr_pem, "csr_pem") }?;
        let client = arg(client, "client")?;
        out.write(give::<zec_new_session_certificate>(&client.client.session_certificates().create(csr_pem)?));
        Ok(())
    })
}

/// One certificate of the session.
/// GET /current-api-session/certificates/{id} (detailCurrentApiSessionCertificate)
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_session_certificates_get(
    client: Option<&zec_client>,
    id: *const c_char,
    out: Option<&mut MaybeUninit<*mut zec_session_certificate>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let id = unsafe { text(id, "id") }?;
        let client = arg(client, "client")?;
        out.write(give::<zec_session_certificate>(&client.client.session_certificates().get(id)?));
        Ok(())
    })
}

/// Deletes a certificate of the session: it stands for the session no longer.
/// DELETE /current-api-session/certificates/{id} (deleteCurrentApiSessionCertificate)
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_session_certificates_delete(
    client: Option<&zec_client>,
    id: *const c_char,
) -> Option<Box<zec_error>> {
    guard(|| {
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let id = unsafe { text(id, "id") }?;
        arg(client, "client")?.client.session_certificates().delete(id)
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn zec_session_certificate_free(certificate: *mut zec_session_certificate) {
    guard_or((), || {
        // SAFETY: a root is NULL or was not freed yet (header, "Ownership").
        unsafe { release(certificate) };
    });
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn zec_session_certificate_list_free(list: *mut zec_session_certificate_list) {
    guard_or((), || {
        // SAFETY: a root is NULL or was not freed yet (header, "Ownership").
        unsafe { release(list) };
    });
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn zec_new_session_certificate_free(certificate: *mut zec_new_session_certificate) {
    guard_or((), || {
        // SAFETY: a root is NULL or was not freed yet (header, "Ownership").
        unsafe { release(certificate) };
    });
}
