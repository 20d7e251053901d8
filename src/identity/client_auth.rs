//! What an identity shows in a TLS handshake.

use std::sync::Arc;
use std::time::Instant;

use rustls::pki_types::CertificateDer;
use rustls::sign::CertifiedKey;

use super::key::PrivateKey;
use crate::error::Error;
use crate::trust::certificate::CertificateFacts;

/// A certificate chain, leaf first, and the key that belongs to it.
#[derive(Debug, Clone)]
pub(crate) struct ClientAuth {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKey,
}

impl ClientAuth {
    /// Joins key and chain, if the leaf's public key is this key's.
    pub(crate) fn new(key: &PrivateKey, chain: Vec<CertificateDer<'static>>) -> Result<Self, Error> {
        let Some(leaf) = chain.first() else {
            return Err(Error::Identity(format!("{}: there is no certificate for it", key.name())));
        };
        let facts = CertificateFacts::read(leaf)?;
        let own = key.public_key()?;
        if facts.public_key != own.as_ref() {
            let fits = |der: &CertificateDer<'_>| {
                CertificateFacts::read(der).is_ok_and(|facts| facts.public_key == own.as_ref())
            };
            let elsewhere = chain.iter().position(fits);
            let hint = elsewhere.map(|at| format!("; certificate {} of the chain does: put it first", at + 1));
            return Err(Error::Identity(format!(
                "{}: the private key does not belong to the certificate {}{}",
                key.name(),
                facts.subject,
                hint.unwrap_or_default()
            )));
        }
        Ok(Self { chain, key: key.clone() })
    }

    pub(crate) fn chain(&self) -> &[CertificateDer<'static>] {
        &self.chain
    }

    pub(crate) fn key(&self) -> &PrivateKey {
        &self.key
    }

    /// As rustls wants it, for a handshake that ends at `until`.
    pub(crate) fn certified(&self, until: Instant) -> Arc<CertifiedKey> {
        Arc::new(CertifiedKey::new(self.chain.clone(), self.key.signing(until)))
    }
}
