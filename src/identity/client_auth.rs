//! What an identity shows in a TLS handshake.

use std::sync::Arc;
use std::time::Instant;

use rustls::pki_types::CertificateDer;
use rustls::sign::CertifiedKey;

use super::key::PrivateKey;

/// A certificate chain, leaf first, and the key that belongs to it.
#[derive(Debug, Clone)]
pub(crate) struct ClientAuth {
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) key: PrivateKey,
}

impl ClientAuth {
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
