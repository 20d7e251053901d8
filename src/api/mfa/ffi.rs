//! The C face of the second factor.

#![allow(
    unsafe_code,
    non_camel_case_types,
    missing_docs,
    clippy::missing_safety_doc,
    reason = "a C face: names, comments and rules are those of the header"
)]

use std::ffi::c_char;
use std::mem::MaybeUninit;

use super::{MfaEnrollment, QrCode, RecoveryCodes};
use crate::ffi::{
    Arena, Root, View, arg, clear, give, give_text, guard, guard_or, optional_text, publish, release, text, zec_client,
    zec_error,
};
use crate::secret::Secret;

/// A second factor, verified or not. It holds secrets, so freeing wipes it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_mfa {
    pub id: *const c_char,
    /// True once a code of the user's device was seen: logins want one from then on.
    pub is_verified: bool,
    /// What sets up a device, as "otpauth://..."; NULL once it is verified.
    pub provisioning_url: *const c_char,
    /// None once it is verified.
    pub recovery_codes: *const *const c_char,
    pub recovery_codes_len: usize,
    /// This and the time below are as the controller wrote them (RFC 3339), or NULL.
    pub created_at: *const c_char,
    pub updated_at: *const c_char,
    /// What an administrator attached to it, as a JSON object.
    pub tags_json: *const c_char,
}

impl Root for zec_mfa {
    type Kept = Arena;
}

impl View for zec_mfa {
    type Model = MfaEnrollment;

    fn view(model: &MfaEnrollment, arena: &mut Arena) -> Self {
        let MfaEnrollment { id, is_verified, provisioning_url, recovery_codes, created_at, updated_at, tags } = model;
        Self {
            id: arena.str(id),
            is_verified: *is_verified,
            provisioning_url: arena.optional_secret(provisioning_url.as_ref()),
            recovery_codes: arena.secrets(recovery_codes),
            recovery_codes_len: recovery_codes.len(),
            created_at: arena.time(created_at.as_ref()),
            updated_at: arena.time(updated_at.as_ref()),
            tags_json: arena.json(tags),
        }
    }
}

/// The recovery codes that are left. They are secret, so freeing wipes them.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_recovery_codes {
    /// Of the second factor.
    pub id: *const c_char,
    pub recovery_codes: *const *const c_char,
    pub recovery_codes_len: usize,
    /// This and the time below are those of the second factor, as the controller wrote them (RFC 3339), or NULL.
    pub created_at: *const c_char,
    pub updated_at: *const c_char,
    /// What an administrator attached to it, as a JSON object.
    pub tags_json: *const c_char,
}

impl Root for zec_recovery_codes {
    type Kept = Arena;
}

impl View for zec_recovery_codes {
    type Model = RecoveryCodes;

    fn view(model: &RecoveryCodes, arena: &mut Arena) -> Self {
        let RecoveryCodes { id, recovery_codes, created_at, updated_at, tags } = model;
        Self {
            id: arena.str(id),
            recovery_codes: arena.secrets(recovery_codes),
            recovery_codes_len: recovery_codes.len(),
            created_at: arena.time(created_at.as_ref()),
            updated_at: arena.time(updated_at.as_ref()),
            tags_json: arena.json(tags),
        }
    }
}

/// A picture that sets up a device. It is as secret as the provisioning URL, so freeing wipes it.
#[repr(C)]
pub struct zec_qr_code {
    /// A PNG file.
    pub png: *const u8,
    pub png_len: usize,
}

impl Root for zec_qr_code {
    type Kept = QrCode;
}

/// The second factor as it is: until it is verified, with all that sets up a device.
/// GET /current-identity/mfa (detailMfa)
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_mfa_get(
    client: Option<&zec_client>,
    out: Option<&mut MaybeUninit<*mut zec_mfa>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let client = arg(client, "client")?;
        out.write(give::<zec_mfa>(&client.client.mfa().get()?));
        Ok(())
    })
}

/// Begins to set up a second factor, and gives its id, which zec_string_free() frees. Logins do not want it before it
/// is verified. ZEC_ERR_API with the code "MFA_EXISTS" if there is one.
/// POST /current-identity/mfa (enrollMfa)
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_mfa_enroll(
    client: Option<&zec_client>,
    out: Option<&mut MaybeUninit<*mut c_char>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let client = arg(client, "client")?;
        out.write(give_text(&client.client.mfa().enroll()?)?);
        Ok(())
    })
}

/// Removes the second factor. `code`, a TOTP or recovery code, may be NULL for one that is not verified.
/// DELETE /current-identity/mfa (deleteMfa)
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_mfa_delete(client: Option<&zec_client>, code: *const c_char) -> Option<Box<zec_error>> {
    guard(|| {
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let code = unsafe { optional_text(code, "code") }?.map(Secret::new);
        arg(client, "client")?.client.mfa().delete(code.as_ref())
    })
}

/// Proves by a TOTP code that a device is set up: from now on logins want a code. The login itself stays, or becomes,
/// complete.
/// POST /current-identity/mfa/verify (verifyMfa)
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_mfa_verify(client: Option<&zec_client>, code: *const c_char) -> Option<Box<zec_error>> {
    guard(|| {
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let code = Secret::new(unsafe { text(code, "code") }?);
        arg(client, "client")?.client.mfa().verify(&code)
    })
}

/// The provisioning URL as a picture for the camera of a device, until it is verified.
/// GET /current-identity/mfa/qr-code (detailMfaQrCode)
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_mfa_qr_code(
    client: Option<&zec_client>,
    out: Option<&mut MaybeUninit<*mut zec_qr_code>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let client = arg(client, "client")?;
        let code = client.client.mfa().qr_code()?;
        out.write(publish(code, |code: &mut QrCode| zec_qr_code {
            png: code.png().as_ptr(),
            png_len: code.png().len(),
        }));
        Ok(())
    })
}

/// The recovery codes that are left, each of which stands in for a TOTP code once. `code` is a TOTP code.
/// GET /current-identity/mfa/recovery-codes (detailMfaRecoveryCodes)
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_mfa_recovery_codes(
    client: Option<&zec_client>,
    code: *const c_char,
    out: Option<&mut MaybeUninit<*mut zec_recovery_codes>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let code = Secret::new(unsafe { text(code, "code") }?);
        let client = arg(client, "client")?;
        out.write(give::<zec_recovery_codes>(&client.client.mfa().recovery_codes(&code)?));
        Ok(())
    })
}

/// Replaces all recovery codes by new ones, which zec_mfa_recovery_codes() gives. `code` is a TOTP code.
/// POST /current-identity/mfa/recovery-codes (createMfaRecoveryCodes)
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_mfa_create_recovery_codes(
    client: Option<&zec_client>,
    code: *const c_char,
) -> Option<Box<zec_error>> {
    guard(|| {
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let code = Secret::new(unsafe { text(code, "code") }?);
        arg(client, "client")?.client.mfa().create_recovery_codes(&code)
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn zec_mfa_free(mfa: *mut zec_mfa) {
    guard_or((), || {
        // SAFETY: a root is NULL or was not freed yet (header, "Ownership").
        unsafe { release(mfa) };
    });
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn zec_recovery_codes_free(codes: *mut zec_recovery_codes) {
    guard_or((), || {
        // SAFETY: a root is NULL or was not freed yet (header, "Ownership").
        unsafe { release(codes) };
    });
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn zec_qr_code_free(code: *mut zec_qr_code) {
    guard_or((), || {
        // SAFETY: a root is NULL or was not freed yet (header, "Ownership").
        unsafe { release(code) };
    });
}
