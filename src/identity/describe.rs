//! What there is to tell of an identity without a secret.

#[cfg(feature = "capi")]
pub(crate) mod ffi;

use std::fmt;
use std::path::PathBuf;
use std::time::SystemTime;

use serde::{Serialize, Serializer};

use super::{Identity, Store};
use crate::trust::certificate::{CertificateFacts, subject};
use crate::trust::display_time;

/// What there is to tell of an [`Identity`]: for logs, dashboards and people. No secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct IdentityDescription {
    /// The common name of the certificate: the identity's id if it was enrolled here, else whatever its maker chose.
    pub name: Option<String>,
    /// The id of the identity, where the certificate tells it (SPIFFE, issued by controllers from 2.0 on).
    pub id: Option<String>,
    /// The addresses of the controllers as `https://host:port`, the preferred one first.
    pub controllers: Vec<String>,
    /// The config types that logins ask for; empty means all.
    pub config_types: Vec<String>,
    /// The kind of the private key, such as `ECDSA P-256`, `RSA 4096` or `Ed25519`.
    pub key_kind: Option<String>,
    /// The certificate that the identity logs in with, without its intermediates.
    pub certificate: Option<CertificateDescription>,
    /// The subjects of the CA certificates.
    pub authorities: Vec<String>,
    /// The file that the identity is kept in.
    #[serde(serialize_with = "path")]
    pub store: Option<PathBuf>,
    /// Who else can read or replace its files, as things are now; one sentence for each.
    pub warnings: Vec<String>,
}

/// What a certificate says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CertificateDescription {
    /// Whom it is for, as `CN=…,O=…`.
    pub subject: String,
    /// Who issued it.
    pub issuer: String,
    /// Its number at the issuer, in hex.
    pub serial: String,
    /// Whom it is for, such as `spiffe://NETWORK/identity/ID`.
    pub spiffe_id: Option<String>,
    /// From when on it is valid.
    #[serde(serialize_with = "time")]
    pub not_before: SystemTime,
    /// Until when it is valid.
    #[serde(serialize_with = "time")]
    pub not_after: SystemTime,
}

impl IdentityDescription {
    pub(super) fn of(identity: &Identity) -> Self {
        // The certificate was read when the identity was, so it can be read.
        let facts = identity.leaf().and_then(|leaf| CertificateFacts::read(leaf).ok());
        let authorities = identity.ca().map(|bundle| bundle.certificates()).unwrap_or_default();
        Self {
            name: facts.as_ref().and_then(|facts| facts.common_name.clone()),
            id: facts.as_ref().and_then(|facts| facts.identity_id()),
            controllers: identity.controllers().map(str::to_owned).collect(),
            config_types: identity.config_types().to_vec(),
            key_kind: facts.as_ref().map(|facts| facts.key_kind.clone()),
            certificate: facts.map(CertificateDescription::of),
            authorities: authorities.iter().filter_map(|der| subject(der)).collect(),
            store: identity.store().and_then(Store::path).map(ToOwned::to_owned),
            warnings: identity.exposure(),
        }
    }

    /// The same as one line of JSON, with times as RFC 3339.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("texts and lists of texts can always be written as JSON")
    }
}

impl CertificateDescription {
    fn of(facts: CertificateFacts) -> Self {
        let CertificateFacts { subject, issuer, serial, spiffe_id, not_before, not_after, .. } = facts;
        Self { subject, issuer, serial, spiffe_id, not_before, not_after }
    }
}

fn time<S: Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&display_time(*time))
}

fn path<S: Serializer>(path: &Option<PathBuf>, serializer: S) -> Result<S::Ok, S::Error> {
    path.as_ref().map(|path| path.to_string_lossy()).serialize(serializer)
}

impl fmt::Display for IdentityDescription {
    /// One line for each thing there is to tell.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = Vec::new();
        let mut add = |name: &str, value: Option<&str>| lines.extend(value.map(|value| format!("{name}: {value}")));
        add("name", self.name.as_deref());
        add("id", self.id.as_deref());
        self.controllers.iter().for_each(|controller| add("controller", Some(controller)));
        self.config_types.iter().for_each(|kind| add("config type", Some(kind)));
        add("key", self.key_kind.as_deref());
        if let Some(certificate) = &self.certificate {
            let (from, until) = (display_time(certificate.not_before), display_time(certificate.not_after));
            add("certificate", Some(&certificate.subject));
            add("issuer", Some(&certificate.issuer));
            add("serial number", Some(&certificate.serial));
            add("SPIFFE id", certificate.spiffe_id.as_deref());
            add("valid", Some(&format!("{from} to {until}")));
        }
        self.authorities.iter().for_each(|subject| add("authority", Some(subject)));
        add("store", self.store.as_ref().map(|path| path.to_string_lossy()).as_deref());
        self.warnings.iter().for_each(|warning| add("warning", Some(warning)));
        f.write_str(&lines.join("\n"))
    }
}
