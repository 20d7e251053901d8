//! The C face of the enrollment operations that controllers carry out.

#![allow(
    unsafe_code,
    non_camel_case_types,
    missing_docs,
    clippy::missing_safety_doc,
    reason = "a C face: names, comments and rules are those of the header"
)]

use std::ffi::c_char;
use std::mem::{MaybeUninit, offset_of};

use super::{EnrollBody, Enrolled};
use crate::enroll::options::ffi::method_of;
use crate::error::Error;
use crate::ffi::{
    Arena, Options, Root, View, arg, clear, give, guard, guard_or, optional_text, read_options, release, text,
    zec_client, zec_error,
};
use crate::secret::Secret;

/// The body for zec_enrollments_enroll(): `csr` by itself, or any of the others, or nothing for the methods "ottca" and
/// "ca". Begin with ZEC_ENROLL_BODY_INIT.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_enroll_body {
    /// Set by the _INIT macro.
    pub size: usize,
    /// For "ott": the certificate request as PEM, as all of the body. Every controller reads it.
    pub csr: *const c_char,
    /// For "ott": the certificate request as PEM, in JSON. Controllers before 1.5 do not find it.
    pub client_csr: *const c_char,
    /// For "ca": the name that the identity shall have.
    pub name: *const c_char,
    /// For "updb": the user name; the one of the enrollment counts.
    pub username: *const c_char,
    /// For "updb": the password that the identity shall have.
    pub password: *const c_char,
    /// For "erott": the certificate requests of the router's client and server side, as PEM.
    pub cert_csr: *const c_char,
    pub server_cert_csr: *const c_char,
}

// SAFETY: integers and pointers; the last field ends where the struct ends.
unsafe impl Options for zec_enroll_body {
    const END: usize = offset_of!(Self, server_cert_csr) + size_of::<*const c_char>();
}

/// What an enrollment gave. Each text is NULL where its method does not give it; some give nothing at all.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_enrolled {
    /// The certificate that was issued, with its intermediates, as PEM.
    pub cert: *const c_char,
    /// The CA certificates of the network, as PEM. Where it is NULL, zec_controller_ca_certificates() has them.
    pub ca: *const c_char,
    /// The certificate for the server side of a router, with its intermediates, as PEM.
    pub server_cert: *const c_char,
    /// The user name that can log in now, whichever was asked for. Controllers up to 1.4 do not say it.
    pub username: *const c_char,
    /// Where the network's controllers serve the client API. Controllers before 2.1 do not say it.
    pub controllers: *const *const c_char,
    pub controllers_len: usize,
}

impl Root for zec_enrolled {
    type Kept = Arena;
}

impl View for zec_enrolled {
    type Model = Enrolled;

    fn view(model: &Enrolled, arena: &mut Arena) -> Self {
        let Enrolled { cert, ca, server_cert, username, controllers } = model;
        Self {
            cert: arena.optional_str(cert.as_deref()),
            ca: arena.optional_str(ca.as_deref()),
            server_cert: arena.optional_str(server_cert.as_deref()),
            username: arena.optional_str(username.as_deref()),
            controllers: arena.strs(controllers.iter().map(String::as_str)),
            controllers_len: controllers.len(),
        }
    }
}

/// # Safety
/// As for [`text`].
unsafe fn secret(pointer: *const c_char, name: &str) -> Result<Secret, Error> {
    // SAFETY: the same promise is asked of the caller.
    unsafe { text(pointer, name) }.map(Secret::new)
}

/// Enrolls by any method, in the form that every controller understands: one request, which is never repeated, by the
/// client's connections and without a login. Nothing is stored; if the answer is lost, the token may be spent.
/// zec_identity_enroll() is the whole way. `method` is ZEC_METHOD_OTT, _OTTCA, _CA, _UPDB or _EROTT; another one is
/// never sent. `token` is the `jti` of the enrollment token; only "ca" has none, and it may be NULL. "ottca" and "ca"
/// enroll the certificate of the client's identity. `body` may be NULL.
/// POST /enroll (enroll)
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_enrollments_enroll(
    client: Option<&zec_client>,
    method: u32,
    token: *const c_char,
    body: *const zec_enroll_body,
    out: Option<&mut MaybeUninit<*mut zec_enrolled>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let method = method_of(method, "method")?;
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let token = unsafe { optional_text(token, "token") }?.map(Secret::new);
        // SAFETY: a body begins with its size (header, "Ownership").
        let body = unsafe { read_options(body, "body") }?;
        let zec_enroll_body { size: _, csr, client_csr, name, username, password, cert_csr, server_cert_csr } = body;
        // SAFETY: as above.
        let password = unsafe { optional_text(password, "body.password") }?.map(Secret::new);
        let body = password.iter().fold(EnrollBody::new(), EnrollBody::password);
        // SAFETY: as above.
        let body = unsafe { optional_text(csr, "body.csr") }?.into_iter().fold(body, EnrollBody::csr);
        // SAFETY: as above.
        let csr = unsafe { optional_text(client_csr, "body.client_csr") }?;
        let body = csr.into_iter().fold(body, EnrollBody::client_csr);
        // SAFETY: as above.
        let body = unsafe { optional_text(name, "body.name") }?.into_iter().fold(body, EnrollBody::name);
        // SAFETY: as above.
        let username = unsafe { optional_text(username, "body.username") }?;
        let body = username.into_iter().fold(body, EnrollBody::username);
        // SAFETY: as above.
        let csr = unsafe { optional_text(cert_csr, "body.cert_csr") }?;
        let body = csr.into_iter().fold(body, EnrollBody::cert_csr);
        // SAFETY: as above.
        let csr = unsafe { optional_text(server_cert_csr, "body.server_cert_csr") }?;
        let body = csr.into_iter().fold(body, EnrollBody::server_cert_csr);
        let client = arg(client, "client")?;
        out.write(give(&client.client.enrollments().enroll(method, token.as_ref(), &body)?));
        Ok(())
    })
}

/// Has the network certify a key, as zec_enrollments_enroll() does; `csr` is the certificate request as PEM.
/// Controllers before 1.5 do not find the token.
/// POST /enroll/ott (enrollOtt)
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_enrollments_ott(
    client: Option<&zec_client>,
    token: *const c_char,
    csr: *const c_char,
    out: Option<&mut MaybeUninit<*mut zec_enrolled>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let token = unsafe { secret(token, "token") }?;
        // SAFETY: as above.
        let csr = unsafe { text(csr, "csr") }?;
        let client = arg(client, "client")?;
        out.write(give(&client.client.enrollments().ott(&token, csr)?));
        Ok(())
    })
}

/// Enrolls the certificate of the client's identity, which the CA that the token names has issued, as
/// zec_enrollments_enroll() does. Controllers before 1.5 do not find the token.
/// POST /enroll/ottca (enrollOttCa)
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_enrollments_ottca(
    client: Option<&zec_client>,
    token: *const c_char,
) -> Option<Box<zec_error>> {
    guard(|| {
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let token = unsafe { secret(token, "token") }?;
        let client = arg(client, "client")?;
        client.client.enrollments().ottca(&token)
    })
}

/// Enrolls the certificate of the client's identity, which any CA with automatic enrollment has issued. No controller
/// that was ever seen carries it out; zec_enrollments_enroll() with method "ca" works.
/// POST /enroll/ca (enrollCa)
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_enrollments_ca(client: Option<&zec_client>) -> Option<Box<zec_error>> {
    guard(|| arg(client, "client")?.client.enrollments().ca())
}

/// Sets the password of an identity, as zec_enrollments_enroll() does. The answer holds the user name, which is that of
/// the enrollment. Controllers before 1.5 do not have it.
/// POST /enroll/updb (enrollUpdb)
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_enrollments_updb(
    client: Option<&zec_client>,
    token: *const c_char,
    username: *const c_char,
    password: *const c_char,
    out: Option<&mut MaybeUninit<*mut zec_enrolled>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let token = unsafe { secret(token, "token") }?;
        // SAFETY: as above.
        let username = unsafe { text(username, "username") }?;
        // SAFETY: as above.
        let password = unsafe { secret(password, "password") }?;
        let client = arg(client, "client")?;
        out.write(give(&client.client.enrollments().updb(&token, username, &password)?));
        Ok(())
    })
}

/// Enrolls a router. No controller that was ever seen carries it out; zec_enrollments_enroll() with method "erott"
/// works.
/// POST /enroll/erott (enrollErOtt)
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_enrollments_erott(
    client: Option<&zec_client>,
    token: *const c_char,
    client_csr: *const c_char,
    server_csr: *const c_char,
    out: Option<&mut MaybeUninit<*mut zec_enrolled>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let token = unsafe { secret(token, "token") }?;
        // SAFETY: as above.
        let client_csr = unsafe { text(client_csr, "client_csr") }?;
        // SAFETY: as above.
        let server_csr = unsafe { text(server_csr, "server_csr") }?;
        let client = arg(client, "client")?;
        out.write(give(&client.client.enrollments().erott(&token, client_csr, server_csr)?));
        Ok(())
    })
}

/// Makes an identity for the holder of an external JWT. With a certificate request it gets a certificate; `csr` may be
/// NULL, and then the answer is empty and the identity logs in by such tokens. `signer_id` may be NULL; it names the
/// external JWT signer where the token's issuer does not tell. Controllers before 2.0 do not have it.
/// POST /enroll/token (enrollToken)
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_enrollments_token(
    client: Option<&zec_client>,
    jwt: *const c_char,
    csr: *const c_char,
    signer_id: *const c_char,
    out: Option<&mut MaybeUninit<*mut zec_enrolled>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let jwt = unsafe { secret(jwt, "jwt") }?;
        // SAFETY: as above.
        let csr = unsafe { optional_text(csr, "csr") }?;
        // SAFETY: as above.
        let signer_id = unsafe { optional_text(signer_id, "signer_id") }?;
        let client = arg(client, "client")?;
        out.write(give(&client.client.enrollments().token(&jwt, csr, signer_id)?));
        Ok(())
    })
}

/// Renews the certificates of a router, which the client's identity has to be; for anybody else it is
/// ZEC_ERR_UNAUTHORIZED.
/// POST /enroll/extend/router (extendRouterEnrollment)
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_enrollments_extend_router(
    client: Option<&zec_client>,
    cert_csr: *const c_char,
    server_cert_csr: *const c_char,
    out: Option<&mut MaybeUninit<*mut zec_enrolled>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let cert_csr = unsafe { text(cert_csr, "cert_csr") }?;
        // SAFETY: as above.
        let server_cert_csr = unsafe { text(server_cert_csr, "server_cert_csr") }?;
        let client = arg(client, "client")?;
        out.write(give(&client.client.enrollments().extend_router(cert_csr, server_cert_csr)?));
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn zec_enrolled_free(enrolled: *mut zec_enrolled) {
    guard_or((), || {
        // SAFETY: a root is NULL or was not freed yet (header, "Ownership").
        unsafe { release(enrolled) };
    });
}
