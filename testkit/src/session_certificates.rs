//! Certificates that belong to sessions: those of logins, and those issued for a session.

use std::collections::HashSet;

use rustls::pki_types::CertificateDer;
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::filter::Listed;
use crate::pki::fingerprint;
use crate::x509::subject_and_validity;
use crate::{clock, random};

/// More than a test makes; a program that runs for days forgets the oldest.
const REMEMBERED: usize = 1000;

/// A certificate of a session.
#[derive(Clone)]
pub(crate) struct SessionCertificate {
    pub(crate) id: String,
    pub(crate) session_id: String,
    /// One that was issued for the session, not one that somebody logged in by.
    issued: bool,
    leaf: CertificateDer<'static>,
    pem: String,
    created: OffsetDateTime,
}

impl SessionCertificate {
    pub(crate) fn document(&self) -> Value {
        let (subject, [from, to]) = subject_and_validity(&self.leaf).unwrap_or_default();
        json!({
            "_links": {"self": {"href": format!("./current-api-session/certificates/{}", self.id)}},
            "createdAt": clock::json(self.created),
            "id": self.id,
            "tags": {},
            "updatedAt": clock::json(self.created),
            "certificate": self.pem,
            "fingerprint": fingerprint(&self.leaf),
            "subject": subject,
            "validFrom": from,
            "validTo": to,
        })
    }
}

impl Listed for SessionCertificate {
    const FIELDS: &'static [&'static str] =
        &["updatedAt", "tags", "isSystem", "fingerprint", "id", "createdAt", "apiSession", "subject"];

    fn value(&self, field: &str) -> Value {
        match field {
            "id" => self.id.as_str().into(),
            "createdAt" | "updatedAt" => clock::json(self.created).into(),
            "isSystem" => false.into(),
            "fingerprint" => fingerprint(&self.leaf).into(),
            "apiSession" => self.session_id.as_str().into(),
            "subject" => subject_and_validity(&self.leaf).map(|(subject, _)| subject).into(),
            _ => Value::Null,
        }
    }
}

/// The certificates of all sessions, oldest first.
#[derive(Default)]
pub(crate) struct SessionCertificates {
    all: Vec<SessionCertificate>,
}

impl SessionCertificates {
    /// Keeps a certificate; `pem` is how it is shown. The result is its id.
    pub(crate) fn add(
        &mut self,
        session_id: &str,
        leaf: CertificateDer<'static>,
        pem: String,
        issued: bool,
        created: OffsetDateTime,
    ) -> String {
        if self.all.len() >= REMEMBERED {
            self.all.remove(0);
        }
        let id = random::short_id();
        let session_id = session_id.to_owned();
        self.all.push(SessionCertificate { id: id.clone(), session_id, issued, leaf, pem, created });
        id
    }

    /// All there are, of whatever session.
    pub(crate) fn all(&self) -> impl Iterator<Item = &SessionCertificate> {
        self.all.iter()
    }

    /// Those that were issued for a session.
    pub(crate) fn issued_for(&self, session_id: &str) -> impl Iterator<Item = &SessionCertificate> {
        self.all.iter().filter(move |certificate| certificate.issued && certificate.session_id == session_id)
    }

    pub(crate) fn get(&self, session_id: &str, id: &str) -> Option<&SessionCertificate> {
        self.all.iter().find(|certificate| certificate.session_id == session_id && certificate.id == id)
    }

    /// Forgets a certificate of a session; false if it is not there.
    pub(crate) fn remove(&mut self, session_id: &str, id: &str) -> bool {
        let before = self.all.len();
        self.all.retain(|certificate| certificate.session_id != session_id || certificate.id != id);
        self.all.len() < before
    }

    /// Forgets those of all other sessions than these.
    pub(crate) fn keep_sessions(&mut self, alive: &HashSet<&str>) {
        self.all.retain(|certificate| alive.contains(certificate.session_id.as_str()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_are_forgotten_and_those_of_ended_sessions() {
        let now = OffsetDateTime::now_utc();
        let mut certificates = SessionCertificates::default();
        for number in 0..=REMEMBERED {
            certificates.add(&number.to_string(), Vec::new().into(), String::new(), true, now);
        }
        assert_eq!(certificates.all().count(), REMEMBERED);
        assert_eq!(certificates.issued_for("0").count(), 0);
        certificates.keep_sessions(&HashSet::from(["0", "1", "2"]));
        assert_eq!(certificates.all().count(), 2);
    }
}
