//! The C face of enrollment.

#![allow(
    unsafe_code,
    non_camel_case_types,
    missing_docs,
    clippy::missing_safety_doc,
    reason = "a C face: names, comments and rules are those of the header"
)]

use std::ffi::c_char;
use std::mem::MaybeUninit;
use std::ptr;

use super::options::ffi::{Wanted, zec_enroll_options};
use super::{Enrollment, EnrollmentMethod};
use crate::error::Error;
use crate::ffi::{
    self, Arena, Root, arg, clear, give_text, guard, guard_or, publish, release, text, unix_seconds, zec_error,
    zec_identity,
};
use crate::identity::Store;

/// What an enrollment token says. Nothing of it is proved before zec_identity_enroll() has met the issuer.
#[repr(C)]
pub struct zec_enrollment {
    /// How it enrolls: "ott", "ottca", "ca", "updb", "erott" or "network".
    pub method: *const c_char,
    /// The controller that made the token, as `https://host:port`.
    pub issuer: *const c_char,
    /// The id of the identity that enrolls; empty where no token names it.
    pub subject: *const c_char,
    /// Seconds since 1970, by the controller's clock; or 0 if the token does not expire.
    pub expires_at_unix: i64,
    /// The fields of zec_enroll_options that have to be set, such as "password"; others may come.
    pub needs: *const *const c_char,
    pub needs_len: usize,
}

impl Root for zec_enrollment {
    type Kept = Arena;
}

impl zec_enrollment {
    fn view(enrollment: &Enrollment, arena: &mut Arena) -> Self {
        let needs = enrollment.needs();
        Self {
            needs: arena.strs(needs.iter().map(|input| input.as_str())),
            needs_len: needs.len(),
            method: arena.str(enrollment.method().as_str()),
            issuer: arena.str(enrollment.issuer()),
            subject: arena.str(enrollment.subject()),
            expires_at_unix: enrollment.expires_at().map_or(0, unix_seconds),
        }
    }
}

/// A token, or the address of a controller; by the method that the options ask for.
fn enrollment(jwt: &str, method: Option<EnrollmentMethod>) -> Result<Enrollment, Error> {
    let is_address = jwt.trim_start().get(..8).is_some_and(|start| start.eq_ignore_ascii_case("https://"));
    let enrollment = if is_address { Enrollment::from_url(jwt) } else { Enrollment::parse(jwt) }?;
    match method {
        Some(method) => enrollment.by(method),
        None => Ok(enrollment),
    }
}

/// Reads an enrollment token, the text of a `.jwt` file; or the address of a controller, `https://host:port`, where no
/// token is needed. No I/O.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_enrollment_parse(
    jwt: *const c_char,
    out: Option<&mut MaybeUninit<*mut zec_enrollment>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let jwt = unsafe { text(jwt, "jwt") }?;
        let enrollment = enrollment(jwt, None)?;
        out.write(publish(Arena::new(), |arena| zec_enrollment::view(&enrollment, arena)));
        Ok(())
    })
}

/// The text of a token file, such as `alice.jwt`, for the functions here; what is no enrollment token is an error that
/// names the file. Free it with zec_string_free(), which wipes it.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_enrollment_load(
    path: *const c_char,
    out: Option<&mut MaybeUninit<*mut c_char>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let path = unsafe { ffi::path(path, "path") }?;
        let (_, jwt) = Enrollment::read(path.as_ref())?;
        out.write(give_text(&jwt)?);
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn zec_enrollment_free(enrollment: *mut zec_enrollment) {
    guard_or((), || {
        // SAFETY: a root is NULL or was not freed yet (header, "Ownership").
        unsafe { release(enrollment) };
    });
}

/// How far an earlier enrollment into `path` with this token came: "nothing" (it was not tried, or came to its end),
/// "key_kept" (the token is as it was), "answer_lost" (it may be spent: zec_identity_resume() asks again),
/// "certificate_issued" or "carried_out" (zec_identity_enroll() stores the identity); others may come. *out is not to be
/// freed.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_enrollment_pending(
    jwt: *const c_char,
    path: *const c_char,
    out: Option<&mut MaybeUninit<*const c_char>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = arg(out, "out")?;
        out.write(ptr::null());
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let jwt = unsafe { text(jwt, "jwt") }?;
        // SAFETY: as above.
        let path = unsafe { ffi::path(path, "path") }?;
        let state = enrollment(jwt, None)?.pending(&Store::file(path))?;
        out.write(state.word().as_ptr());
        Ok(())
    })
}

/// Goes on with an enrollment that was interrupted, with the key and request in `NAME.pending` beside `options->path`:
/// sends the request also where the controller may have been given it before, which zec_identity_enroll() does not.
/// The problem "token_not_known" means then that it was carried out, and its certificate lost, or that the token is gone.
/// Where no certificate is issued, one login by what was enrolled tells the two apart.
/// POST /enroll (enroll)
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_identity_resume(
    jwt: *const c_char,
    options: *const zec_enroll_options,
    out: Option<&mut MaybeUninit<*mut zec_identity>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        // SAFETY: options begin with their size and hold valid strings and handles (header, "Ownership").
        let options = unsafe { zec_enroll_options::rust(options) };
        let out = clear(arg(out, "out")?);
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let jwt = unsafe { text(jwt, "jwt") }?;
        let Wanted { options, method } = options?;
        out.write(zec_identity::give(enrollment(jwt, method)?.resume(&options)?));
        Ok(())
    })
}

/// Enrolls by a token: makes a key, obtains a certificate, stores both; or by what else its method needs, which
/// zec_enrollment_parse() tells, in the options. `jwt` may be the address of a controller, `https://host:port`, where no
/// token is needed: see `method` and `ca` of the options. `options` may be NULL for "ott", "erott" and "network".
/// Once the token is on its way, a time limit, a cancel or a broken connection is ZEC_ERR_ENROLLMENT with the problem
/// "maybe_spent", not the code of its own: another try with this token may be refused, and is up to
/// zec_identity_resume().
/// POST /enroll (enroll)
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_identity_enroll(
    jwt: *const c_char,
    options: *const zec_enroll_options,
    out: Option<&mut MaybeUninit<*mut zec_identity>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        // SAFETY: options begin with their size and hold valid strings and handles (header, "Ownership").
        let options = unsafe { zec_enroll_options::rust(options) };
        let out = clear(arg(out, "out")?);
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let jwt = unsafe { text(jwt, "jwt") }?;
        let Wanted { options, method } = options?;
        out.write(zec_identity::give(enrollment(jwt, method)?.enroll(&options)?));
        Ok(())
    })
}
