//! Third-party certificate authorities whose certificates let identities enroll.

use std::fmt;
use std::sync::Arc;

use rcgen::{Certificate, CertificateParams, DnType, Issuer, KeyPair};
use rustls::RootCertStore;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use time::OffsetDateTime;

use crate::pki;
use crate::random;

/// A certificate and its key, both PEM.
#[derive(Debug, Clone)]
pub struct Papers {
    /// The certificate.
    pub certificate: String,
    /// Its key, PKCS#8.
    pub key: String,
}

/// A certificate authority of somebody else that a controller trusts with enrolling identities. Clones are the same.
#[derive(Clone)]
pub struct CertificateAuthority {
    id: String,
    name: String,
    certificate: Arc<Certificate>,
    issuer: Arc<Issuer<'static, KeyPair>>,
}

impl fmt::Debug for CertificateAuthority {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("CertificateAuthority").field("name", &self.name).finish_non_exhaustive()
    }
}

impl CertificateAuthority {
    pub(crate) fn new(name: &str, now: OffsetDateTime) -> Result<Self, rcgen::Error> {
        let key = KeyPair::generate()?;
        let params = pki::authority(name, None, now);
        let certificate = Arc::new(params.self_signed(&key)?);
        let issuer = Arc::new(Issuer::new(params, key));
        Ok(Self { id: random::long_random_id(), name: name.to_owned(), certificate, issuer })
    }

    /// Its id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its own certificate in PEM.
    pub fn certificate_pem(&self) -> String {
        pki::pem(&self.certificate)
    }

    /// A client certificate with this common name, good for a year by the system's clock.
    pub fn issue(&self, common_name: &str) -> Papers {
        let key = KeyPair::generate().expect("the system has random numbers");
        let mut subject = rcgen::DistinguishedName::new();
        subject.push(DnType::CommonName, common_name);
        let params: Result<CertificateParams, _> = pki::client(subject, None, OffsetDateTime::now_utc(), pki::YEAR);
        let certificate = params.and_then(|params| params.signed_by(&key, &*self.issuer));
        let certificate = certificate.expect("every name makes a subject");
        Papers { certificate: pki::pem(&certificate), key: pki::unix_lines(&key.serialize_pem()) }
    }

    /// Whether it issued `leaf`.
    pub(crate) fn issued(&self, leaf: &CertificateDer<'_>, now: OffsetDateTime) -> bool {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates([self.certificate.der().clone()]);
        let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), ring::default_provider().into());
        let Ok(verifier) = verifier.build() else { return false };
        let now = u64::try_from(now.unix_timestamp()).unwrap_or_default();
        let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(now));
        verifier.verify_client_cert(leaf, &[], now).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_its_own_certificates() {
        let now = OffsetDateTime::now_utc();
        let [own, other] = ["own", "other"].map(|name| CertificateAuthority::new(name, now).unwrap());
        let leaf = pem::parse(own.issue("client").certificate).unwrap().into_contents().into();
        assert!(own.issued(&leaf, now));
        assert!(!other.issued(&leaf, now));
    }
}
