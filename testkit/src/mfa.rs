//! The second factor of an identity: a shared secret and recovery codes.

use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::totp::Secret;
use crate::{clock, random};

const RECOVERY_CODES: usize = 20;
const ISSUER: &str = "openziti.io";

/// An enrollment in MFA, verified or not yet.
#[derive(Clone)]
pub(crate) struct Mfa {
    pub(crate) id: String,
    pub(crate) verified: bool,
    pub(crate) recovery_codes: Vec<String>,
    secret: Secret,
    created: OffsetDateTime,
    updated: OffsetDateTime,
}

impl Mfa {
    pub(crate) fn start(now: OffsetDateTime) -> Self {
        Self {
            id: random::long_random_id(),
            verified: false,
            recovery_codes: recovery_codes(),
            secret: Secret::new(),
            created: now,
            updated: now,
        }
    }

    pub(crate) fn code(&self, now: OffsetDateTime) -> String {
        self.secret.code(now)
    }

    /// Whether `code` is the present code of the shared secret.
    pub(crate) fn accepts_totp(&self, code: &str, now: OffsetDateTime) -> bool {
        self.secret.accepts(code, now)
    }

    /// Whether `code` is the present code, or a recovery code; that one is used up.
    pub(crate) fn accepts(&mut self, code: &str, now: OffsetDateTime) -> bool {
        if self.accepts_totp(code, now) {
            return true;
        }
        let known = self.recovery_codes.iter().position(|known| known == code);
        known.map(|at| self.recovery_codes.remove(at)).is_some()
    }

    pub(crate) fn verify(&mut self, now: OffsetDateTime) {
        self.verified = true;
        self.updated = now;
    }

    pub(crate) fn renew_recovery_codes(&mut self, now: OffsetDateTime) {
        self.recovery_codes = recovery_codes();
        self.updated = now;
    }

    /// The enrollment as its owner sees it; what only the one who enrolls may see is shown until it is verified.
    pub(crate) fn document(&self, identity_name: &str) -> Value {
        let mut document = self.frame();
        document["isVerified"] = self.verified.into();
        document["recoveryCodes"] = Value::Null;
        if self.verified {
            document["_links"]["recovery-codes"] = link("/recovery-codes");
            return document;
        }
        document["_links"]["qr"] = link("/qr-code");
        document["_links"]["verify"] = link("/verify");
        document["recoveryCodes"] = json!(self.recovery_codes);
        let secret = self.secret.base32();
        let url = format!("otpauth://totp/{ISSUER}:{identity_name}?issuer={ISSUER}&secret={secret}");
        document["provisioningUrl"] = url.into();
        document
    }

    /// What is left of the recovery codes.
    pub(crate) fn recovery_document(&self) -> Value {
        let mut document = self.frame();
        document["_links"]["recovery-codes"] = link("/recovery-codes");
        document["recoveryCodes"] = json!(self.recovery_codes);
        document
    }

    fn frame(&self) -> Value {
        json!({
            "_links": {"current-identity": {"href": "./current-identity"}, "self": link("")},
            "createdAt": clock::json(self.created),
            "id": self.id,
            "tags": {},
            "updatedAt": clock::json(self.updated),
        })
    }
}

fn link(tail: &str) -> Value {
    json!({"href": format!("./current-identity/mfa{tail}")})
}

fn recovery_codes() -> Vec<String> {
    let mut codes: Vec<String> = (0..RECOVERY_CODES).map(|_| random::recovery_code()).collect();
    codes.sort();
    codes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recovery_code_is_good_once() {
        let now = OffsetDateTime::now_utc();
        let mut mfa = Mfa::start(now);
        let code = mfa.recovery_codes[3].clone();
        assert!(!mfa.accepts_totp(&code, now));
        assert!(mfa.accepts(&code, now));
        assert!(!mfa.accepts(&code, now));
        assert_eq!(mfa.recovery_codes.len(), RECOVERY_CODES - 1);
    }
}
