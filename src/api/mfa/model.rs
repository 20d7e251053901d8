//! What the operations on the second factor answer.

use std::fmt;

use serde_json::{Map, Value};
use zeroize::Zeroizing;

use crate::error::Error;
use crate::secret::Secret;
use crate::wire::Timestamp;
use crate::wire::fields::{Fields, Model};

/// A second factor, verified or not.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct MfaEnrollment {
    /// The id.
    pub id: String,
    /// True once a code of the user's device was seen: logins want one from then on.
    pub is_verified: bool,
    /// What sets up a device, as `otpauth://…`; only until it is verified.
    pub provisioning_url: Option<Secret>,
    /// The recovery codes; only until it is verified.
    pub recovery_codes: Vec<Secret>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When it was last changed, also by the use of a recovery code.
    pub updated_at: Option<Timestamp>,
    /// What an administrator attached to it.
    pub tags: Map<String, Value>,
}

impl Model for MfaEnrollment {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self {
            id: fields.get("id"),
            is_verified: fields.get("isVerified"),
            provisioning_url: fields.get("provisioningUrl"),
            recovery_codes: fields.get("recoveryCodes"),
            created_at: fields.get("createdAt"),
            updated_at: fields.get("updatedAt"),
            tags: fields.get("tags"),
        }
    }
}

/// The recovery codes that are left, with the second factor that they belong to.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RecoveryCodes {
    /// The id of the second factor.
    pub id: String,
    /// The codes.
    pub recovery_codes: Vec<Secret>,
    /// When the second factor was made.
    pub created_at: Option<Timestamp>,
    /// When it was last changed, also by the use of a recovery code.
    pub updated_at: Option<Timestamp>,
    /// What an administrator attached to it.
    pub tags: Map<String, Value>,
}

impl Model for RecoveryCodes {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self {
            id: fields.get("id"),
            recovery_codes: fields.get("recoveryCodes"),
            created_at: fields.get("createdAt"),
            updated_at: fields.get("updatedAt"),
            tags: fields.get("tags"),
        }
    }
}

/// A picture that sets up a device. It is as secret as the provisioning URL: wiped when dropped, and not shown by
/// `Debug`.
#[derive(Clone)]
pub struct QrCode(Zeroizing<Vec<u8>>);

/// How each PNG file begins.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

impl QrCode {
    /// Takes the answer to `operation`, if it is a picture.
    pub(super) fn read(operation: &str, body: Vec<u8>) -> Result<Self, Error> {
        let body = Zeroizing::new(body);
        if body.starts_with(PNG) {
            return Ok(Self(body));
        }
        Err(Error::Decode {
            operation: operation.to_owned(),
            path: "the top level".to_owned(),
            message: "this is not a PNG picture".to_owned(),
        })
    }

    /// The picture, as a PNG file has it.
    pub fn png(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for QrCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QrCode").field("png_len", &self.0.len()).finish()
    }
}

/// What an enrollment answers: where it can be found.
pub(in crate::api) struct Created {
    pub(super) id: String,
}

impl Model for Created {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self { id: fields.get("id") }
    }
}
