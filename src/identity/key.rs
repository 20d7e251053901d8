//! Private keys, made and read here, never sent.

use std::fmt;
use std::sync::Arc;

use pem::{EncodeConfig, LineEnding, Pem};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, SubjectPublicKeyInfoDer};
use rustls::sign::{CertifiedKey, SigningKey};
use zeroize::Zeroizing;

use super::csr;
use crate::error::Error;
use crate::secret::Secret;
use crate::trust::certificate::{CertificateFacts, pem_problem};
use crate::trust::provider::{generate_p256, provider};

/// More than the longest RSA key needs.
const MAX_KEY_PEM: usize = 64 * 1024;

/// A private key in memory.
#[derive(Clone)]
pub(crate) struct PrivateKey {
    /// Where it came from, for messages.
    name: Arc<str>,
    pem: Arc<Secret>,
    signing: Arc<dyn SigningKey>,
}

impl PrivateKey {
    /// Makes a P-256 key.
    pub(crate) fn generate() -> Result<Self, Error> {
        let der = generate_p256().ok_or_else(|| {
            Error::Identity("a private key cannot be made: the system gives no random numbers".to_owned())
        })?;
        let block = Pem::new("PRIVATE KEY", der.as_slice());
        let pem = pem::encode_config(&block, EncodeConfig::new().set_line_ending(LineEnding::LF));
        drop(Zeroizing::new(block.into_contents()));
        Self::load("the new private key", Secret::new(pem), PrivatePkcs8KeyDer::from(der.to_vec()).into())
    }

    /// Reads PKCS#8, SEC1 or PKCS#1 PEM. `what` names the source for errors.
    ///
    /// Other PEM blocks (`EC PARAMETERS`, certificates) and other text are passed over.
    pub(crate) fn from_pem(what: &str, pem: &str) -> Result<Self, Error> {
        let bad = |why: &str| Error::Identity(format!("{what}: {why}"));
        if pem.len() > MAX_KEY_PEM {
            return Err(bad(&format!("{} bytes are more than any private key has", pem.len())));
        }
        if pem.contains("ENCRYPTED PRIVATE KEY-----") || pem.contains("Proc-Type: 4,ENCRYPTED") {
            return Err(bad("the private key is encrypted; decrypt it first: openssl pkey -in KEY.pem -out PLAIN.pem"));
        }
        let mut keys = PrivateKeyDer::pem_slice_iter(pem.as_bytes());
        let Some(first) = keys.next() else {
            return Err(bad("no private key: expected PEM text with PRIVATE KEY in its BEGIN line"));
        };
        let key = first.map_err(|error| bad(&format!("the private key {}", pem_problem(&error))))?;
        if keys.next().is_some() {
            return Err(bad("there is more than one private key; leave the one that belongs to the certificate"));
        }
        Self::load(what, Secret::new(pem), key)
    }

    fn load(what: &str, pem: Secret, key: PrivateKeyDer<'static>) -> Result<Self, Error> {
        let signing = provider().key_provider.load_private_key(key).map_err(|_| {
            let p521 = if cfg!(feature = "aws-lc-rs") { ", P-521" } else { "" };
            Error::Identity(format!(
                "{what}: the private key cannot be used; RSA (2048 to 8192 bits), ECDSA (P-256, P-384{p521}) and \
                 Ed25519 keys can"
            ))
        })?;
        Ok(Self { name: what.into(), pem: Arc::new(pem), signing })
    }

    /// PKCS#8 PEM for a generated key; the text it was read from otherwise.
    pub(crate) fn to_pem(&self) -> &Secret {
        &self.pem
    }

    /// DER of the SubjectPublicKeyInfo.
    pub(crate) fn public_key(&self) -> Result<SubjectPublicKeyInfoDer<'_>, Error> {
        let unknown = || Error::Identity(format!("{}: the public key cannot be told", self.name));
        self.signing.public_key().ok_or_else(unknown)
    }

    /// A PEM certificate request without a byte after its END line's newline.
    pub(crate) fn csr(&self, common_name: &str) -> Result<String, Error> {
        let failed = |why| Error::Identity(format!("{}: no certificate request can be made: {why}", self.name));
        let der = csr::request(self.signing.as_ref(), &self.public_key()?, common_name).map_err(failed)?;
        let block = Pem::new("CERTIFICATE REQUEST", der);
        Ok(pem::encode_config(&block, EncodeConfig::new().set_line_ending(LineEnding::LF)))
    }

    /// Joins key and chain, if the leaf's public key is this key's.
    pub(crate) fn certified(&self, chain: Vec<CertificateDer<'static>>) -> Result<Arc<CertifiedKey>, Error> {
        let Some(leaf) = chain.first() else {
            return Err(Error::Identity(format!("{}: there is no certificate for it", self.name)));
        };
        let facts = CertificateFacts::read(leaf)?;
        let own = self.public_key()?;
        if facts.public_key != own.as_ref() {
            let fits = |der: &CertificateDer<'_>| {
                CertificateFacts::read(der).is_ok_and(|facts| facts.public_key == own.as_ref())
            };
            let elsewhere = chain.iter().position(fits);
            let hint = elsewhere.map(|at| format!("; certificate {} of the chain does: put it first", at + 1));
            return Err(Error::Identity(format!(
                "{}: the private key does not belong to the certificate {}{}",
                self.name,
                facts.subject,
                hint.unwrap_or_default()
            )));
        }
        Ok(Arc::new(CertifiedKey::new(chain, self.signing.clone())))
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateKey").field("name", &self.name).finish_non_exhaustive()
    }
}
