//! What an identity logs in by: names with passwords, and certificates.

use std::time::Duration;

use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::filter::Listed;
use crate::manners::Version;
use crate::pki::{fingerprint, pem_of};
use crate::sessions::identity_reference;
use crate::{clock, random};

/// After how many wrong passwords a name is locked, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lockout {
    /// The failures in a row that lock. 1.3 and 1.6 let one more pass.
    pub attempts: usize,
    /// How long the lock holds. 1.3 and 1.6 never lift it by themselves, whatever is set here.
    pub time: Duration,
}

/// A way to log in.
#[derive(Clone)]
pub(crate) struct Authenticator {
    pub(crate) id: String,
    /// A password, or the SHA-1 of a certificate.
    pub(crate) secret: String,
    pub(crate) proof: Proof,
    pub(crate) tags: Value,
    created: OffsetDateTime,
    updated: OffsetDateTime,
}

/// What goes with the secret.
#[derive(Clone)]
pub(crate) enum Proof {
    Password { username: String, failures: Failures },
    Certificate(Certificate),
}

/// The certificate of an authenticator.
#[derive(Clone)]
pub(crate) struct Certificate {
    /// The leaf, and from 1.6 on its intermediate; one that replaced another is without.
    pub(crate) pem: String,
    /// Issued by the network's own CA, not by a third party's.
    pub(crate) by_network: bool,
    /// The last login showed the intermediate too.
    pub(crate) to_root: bool,
    /// One that was issued to replace it and waits to be confirmed, DER.
    pub(crate) next: Option<Vec<u8>>,
    /// An administrator wants it to be replaced.
    pub(crate) extension: Option<Extension>,
}

/// That a certificate is to be replaced, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Extension {
    pub(crate) key_roll: bool,
}

/// Wrong passwords, counted.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Failures {
    in_a_row: usize,
    locked_until: Option<OffsetDateTime>,
}

impl Failures {
    /// Judges a login by `lockout`; false if it fails.
    pub(crate) fn pass(&mut self, right: bool, lockout: Lockout, version: Version, now: OffsetDateTime) -> bool {
        if self.locked(lockout, version, now) {
            return false;
        }
        if right {
            *self = Self::default();
            return true;
        }
        self.in_a_row += 1;
        if self.in_a_row >= lockout.attempts && version == Version::V2_0 {
            *self = Self { in_a_row: 0, locked_until: Some(now + lockout.time) };
        }
        false
    }

    /// Until 1.6 one more failure is let through, and then the count is never taken back.
    fn locked(self, lockout: Lockout, version: Version, now: OffsetDateTime) -> bool {
        match version {
            Version::V1_3 | Version::V1_6 => self.in_a_row > lockout.attempts,
            Version::V2_0 => self.locked_until.is_some_and(|end| now < end),
        }
    }
}

impl Authenticator {
    pub(crate) fn password(username: &str, password: String, now: OffsetDateTime) -> Self {
        let proof = Proof::Password { username: username.to_owned(), failures: Failures::default() };
        Self::new(password, proof, now)
    }

    pub(crate) fn certificate(fingerprint: String, pem: String, by_network: bool, now: OffsetDateTime) -> Self {
        let certificate = Certificate { pem, by_network, to_root: by_network, next: None, extension: None };
        Self::new(fingerprint, Proof::Certificate(certificate), now)
    }

    fn new(secret: String, proof: Proof, now: OffsetDateTime) -> Self {
        Self { id: random::short_id(), secret, proof, tags: json!({}), created: now, updated: now }
    }

    pub(crate) fn username(&self) -> Option<&str> {
        match &self.proof {
            Proof::Password { username, .. } => Some(username),
            Proof::Certificate(_) => None,
        }
    }

    pub(crate) fn as_certificate(&self) -> Option<&Certificate> {
        match &self.proof {
            Proof::Certificate(certificate) => Some(certificate),
            Proof::Password { .. } => None,
        }
    }

    pub(crate) fn as_certificate_mut(&mut self) -> Option<&mut Certificate> {
        match &mut self.proof {
            Proof::Certificate(certificate) => Some(certificate),
            Proof::Password { .. } => None,
        }
    }

    /// Puts a new name, password and tags in the place of those that are given; only of a password.
    pub(crate) fn change(
        &mut self,
        name: Option<&str>,
        password: Option<&str>,
        tags: Option<Value>,
        now: OffsetDateTime,
    ) {
        if let (Proof::Password { username, .. }, Some(name)) = (&mut self.proof, name) {
            *username = name.to_owned();
        }
        if let Some(password) = password {
            self.secret = password.to_owned();
        }
        if let Some(tags) = tags {
            self.tags = tags;
        }
        self.updated = now;
    }

    /// Lets the certificate that was issued last take the place of the one there is.
    pub(crate) fn take_next(&mut self, now: OffsetDateTime) {
        let Some(certificate) = self.as_certificate_mut() else { return };
        let Some(next) = certificate.next.take() else { return };
        certificate.pem = pem_of(&next);
        certificate.extension = None;
        self.secret = fingerprint(&next);
        self.updated = now;
    }

    /// As `/current-identity/authenticators` shows it.
    pub(crate) fn document(&self, identity_id: &str, identity_name: &str, version: Version) -> Value {
        let time =
            |time| if version == Version::V1_3 { "0001-01-01T00:00:00.000Z".to_owned() } else { clock::json(time) };
        let mut document = json!({
            "_links": {"self": {"href": format!("./current-identity/authenticators/{}", self.id)}},
            "createdAt": time(self.created),
            "id": self.id,
            "tags": self.tags,
            "updatedAt": time(self.updated),
            "identity": identity_reference(identity_id, identity_name),
            "identityId": identity_id,
        });
        match &self.proof {
            Proof::Password { username, .. } => {
                document["method"] = "updb".into();
                document["username"] = username.as_str().into();
            }
            Proof::Certificate(certificate) => {
                document["method"] = "cert".into();
                document["certPem"] = certificate.pem.as_str().into();
                document["fingerprint"] = self.secret.as_str().into();
                document["isIssuedByNetwork"] = certificate.by_network.into();
                if version != Version::V1_3 {
                    document["lastAuthResolvedToRoot"] = certificate.to_root.into();
                    // What is not wanted is not mentioned.
                    if let Some(Extension { key_roll }) = certificate.extension {
                        document["isExtendRequested"] = true.into();
                        if key_roll {
                            document["isKeyRollRequested"] = true.into();
                        }
                    }
                }
            }
        }
        document
    }
}

impl Listed for Authenticator {
    const FIELDS: &'static [&'static str] = &[
        "method",
        "certPem",
        "isKeyRollRequested",
        "lastExtendRolledKeys",
        "updatedAt",
        "isSystem",
        "isIssuedByNetwork",
        "extendRequestedAt",
        "publicKeyPrint",
        "lastAuthResolvedToRoot",
        "updbUsername",
        "updbSalt",
        "id",
        "certFingerprint",
        "isExtendRequested",
        "identity",
        "createdAt",
        "tags",
        "updbPassword",
    ];

    fn value(&self, field: &str) -> Value {
        let certificate = self.as_certificate();
        match field {
            "id" => self.id.as_str().into(),
            "method" => if certificate.is_some() { "cert" } else { "updb" }.into(),
            "createdAt" => clock::json(self.created).into(),
            "updatedAt" => clock::json(self.updated).into(),
            "isSystem" => false.into(),
            "updbUsername" => self.username().into(),
            "certFingerprint" => certificate.map(|_| self.secret.as_str()).into(),
            "certPem" => certificate.map(|certificate| certificate.pem.as_str()).into(),
            "isIssuedByNetwork" => certificate.map(|certificate| certificate.by_network).into(),
            "isExtendRequested" => certificate.map(|certificate| certificate.extension.is_some()).into(),
            _ => field.strip_prefix("tags.").map(|tag| self.tags[tag].clone()).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCKOUT: Lockout = Lockout { attempts: 3, time: Duration::from_secs(60) };

    fn wrong(failures: &mut Failures, times: usize, version: Version, now: OffsetDateTime) {
        for _ in 0..times {
            assert!(!failures.pass(false, LOCKOUT, version, now));
        }
    }

    #[test]
    fn the_third_wrong_password_locks_2_0_until_the_time_is_over() {
        let (version, now) = (Version::V2_0, OffsetDateTime::now_utc());
        let mut failures = Failures::default();
        wrong(&mut failures, 2, version, now);
        assert!(failures.pass(true, LOCKOUT, version, now));
        wrong(&mut failures, 3, version, now);
        assert!(!failures.pass(true, LOCKOUT, version, now + LOCKOUT.time / 2));
        assert!(failures.pass(true, LOCKOUT, version, now + LOCKOUT.time));
    }

    #[test]
    fn the_fourth_locks_1_6_for_good() {
        let (version, now) = (Version::V1_6, OffsetDateTime::now_utc());
        let mut failures = Failures::default();
        wrong(&mut failures, 3, version, now);
        assert!(failures.pass(true, LOCKOUT, version, now));
        wrong(&mut failures, 4, version, now);
        assert!(!failures.pass(true, LOCKOUT, version, now + 10 * LOCKOUT.time));
    }
}
