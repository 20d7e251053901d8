//! Private keys: made or read here, never sent; or kept elsewhere, and asked to sign.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use der::asn1::OctetStringRef;
use der::{Decode, Sequence};
use pem::{EncodeConfig, LineEnding, Pem};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer, SubjectPublicKeyInfoDer};
use rustls::sign::SigningKey;
use x509_cert::spki::AlgorithmIdentifierRef;
use zeroize::Zeroizing;

use super::csr;
use super::external::ExternalKey;
use super::signer::Signer;
use crate::error::Error;
use crate::secret::Secret;
use crate::trust::certificate::pem_problem;
use crate::trust::provider::{NewKey, generate, provider};

/// More than the longest RSA key needs.
const MAX_KEY: usize = 64 * 1024;

/// A private key: in memory, where it is wiped when the last copy is dropped, or behind a [`Signer`].
#[derive(Clone)]
pub struct PrivateKey {
    /// Where it came from, for messages.
    name: Arc<str>,
    /// PEM, or the reference to a key that is elsewhere.
    text: Arc<Secret>,
    material: Material,
}

#[derive(Clone)]
enum Material {
    InMemory(Arc<dyn SigningKey>),
    Elsewhere(Arc<ExternalKey>),
}

impl PrivateKey {
    /// Reads a key that exists: PKCS#8, SEC1 or PKCS#1, as PEM text or DER. Does no I/O.
    ///
    /// Other PEM blocks (`EC PARAMETERS`, certificates) and other text are passed over.
    ///
    /// # Errors
    /// [`Error::Identity`] if there is no key, more than one, one that is encrypted, or one of a kind that cannot be
    /// used; the message says what to do.
    pub fn parse(key: &[u8]) -> Result<Self, Error> {
        let what = "the private key";
        let key = match std::str::from_utf8(key) {
            // What has no BEGIN line is told so, unless it may be DER, which begins with a 0.
            Ok(text) if text.contains("-----") || !text.starts_with('0') => read_pem(what, text)?,
            _ => read_der(what, key)?,
        };
        Self::from_der(what, key)
    }

    /// Makes a key.
    pub(crate) fn generate(kind: NewKey) -> Result<Self, Error> {
        let der = generate(kind).ok_or_else(|| {
            Error::Identity("a private key cannot be made: the system gives no random numbers".to_owned())
        })?;
        Self::from_der("the new private key", PrivatePkcs8KeyDer::from(der.to_vec()).into())
    }

    /// Asks a signer for its key.
    pub(crate) fn external(signer: Arc<dyn Signer>) -> Result<Self, Error> {
        let key = ExternalKey::new(signer)?;
        let text = Arc::new(Secret::new(key.reference()));
        Ok(Self { name: key.name().into(), text, material: Material::Elsewhere(Arc::new(key)) })
    }

    /// Reads PKCS#8, SEC1 or PKCS#1 PEM, and keeps the whole text. `what` names the source for errors.
    ///
    /// Other PEM blocks (`EC PARAMETERS`, certificates) and other text are passed over.
    pub(crate) fn from_pem(what: &str, pem: &str) -> Result<Self, Error> {
        Self::load(what, Secret::new(pem), read_pem(what, pem)?)
    }

    /// Takes over a key, of which the text is PEM with nothing else in it.
    fn from_der(what: &str, key: PrivateKeyDer<'static>) -> Result<Self, Error> {
        let label = match &key {
            PrivateKeyDer::Pkcs1(_) => "RSA PRIVATE KEY",
            PrivateKeyDer::Sec1(_) => "EC PRIVATE KEY",
            _ => "PRIVATE KEY",
        };
        let block = Pem::new(label, key.secret_der());
        let pem = pem::encode_config(&block, EncodeConfig::new().set_line_ending(LineEnding::LF));
        drop(Zeroizing::new(block.into_contents()));
        Self::load(what, Secret::new(pem), key)
    }

    fn load(what: &str, pem: Secret, key: PrivateKeyDer<'static>) -> Result<Self, Error> {
        let signing = provider().key_provider.load_private_key(key).map_err(|_| {
            let (bits, p521) = if cfg!(feature = "aws-lc-rs") { (8192, ", P-521") } else { (4096, "") };
            Error::Identity(format!(
                "{what}: the private key cannot be used; RSA (2048 to {bits} bits), ECDSA (P-256, P-384{p521}) and \
                 Ed25519 keys can"
            ))
        })?;
        Ok(Self { name: what.into(), text: Arc::new(pem), material: Material::InMemory(signing) })
    }

    /// PEM text; or the reference, for a key that is elsewhere.
    pub(crate) fn text(&self) -> &Secret {
        &self.text
    }

    /// What an identity file has as `id.key`.
    pub(crate) fn member(&self) -> Secret {
        match self.material {
            Material::InMemory(_) => Secret::new(format!("pem:{}", self.text.expose())),
            Material::Elsewhere(_) => Secret::new(self.text.expose()),
        }
    }

    /// Who signs, if the key is not in memory.
    pub(crate) fn signer(&self) -> Option<&Arc<dyn Signer>> {
        match &self.material {
            Material::InMemory(_) => None,
            Material::Elsewhere(key) => Some(key.signer()),
        }
    }

    /// As rustls wants it, for something that ends at `until`.
    pub(super) fn signing(&self, until: Instant) -> Arc<dyn SigningKey> {
        match &self.material {
            Material::InMemory(key) => Arc::clone(key),
            Material::Elsewhere(key) => key.until(until),
        }
    }

    /// DER of the SubjectPublicKeyInfo.
    pub(crate) fn public_key(&self) -> Result<SubjectPublicKeyInfoDer<'static>, Error> {
        let unknown = || Error::Identity(format!("{}: the public key cannot be told", self.name));
        match &self.material {
            Material::InMemory(key) => key.public_key().map(|key| key.into_owned()).ok_or_else(unknown),
            Material::Elsewhere(key) => Ok(key.public_key().clone()),
        }
    }

    /// Where it came from, for messages.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// A PEM certificate request without a byte after its END line's newline. A signer is given until `until`.
    pub(crate) fn csr(&self, common_name: &str, until: Instant) -> Result<String, Error> {
        let key = self.signing(until);
        let der = csr::request(&self.name, &*key, &self.public_key()?, common_name)?;
        let block = Pem::new("CERTIFICATE REQUEST", der);
        Ok(pem::encode_config(&block, EncodeConfig::new().set_line_ending(LineEnding::LF)))
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateKey").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The one key in a PEM text.
fn read_pem(what: &str, pem: &str) -> Result<PrivateKeyDer<'static>, Error> {
    let bad = |why: &str| Error::Identity(format!("{what}: {why}"));
    check_length(what, pem.len())?;
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
    Ok(key)
}

/// A key in DER, of whatever form.
fn read_der(what: &str, der: &[u8]) -> Result<PrivateKeyDer<'static>, Error> {
    #[derive(Sequence)]
    struct EncryptedKey<'a> {
        how: AlgorithmIdentifierRef<'a>,
        key: &'a OctetStringRef,
    }
    check_length(what, der.len())?;
    let why = match PrivateKeyDer::try_from(der) {
        Ok(key) => return Ok(key.clone_key()),
        Err(_) if EncryptedKey::from_der(der).is_ok() => {
            "the private key is encrypted; decrypt it first: openssl pkey -inform DER -in KEY.der -out PLAIN.pem"
        }
        Err(_) => "no private key: expected PEM text, or DER of PKCS#8, SEC1 or PKCS#1",
    };
    Err(Error::Identity(format!("{what}: {why}")))
}

fn check_length(what: &str, length: usize) -> Result<(), Error> {
    if length > MAX_KEY {
        return Err(Error::Identity(format!("{what}: {length} bytes are more than any private key has")));
    }
    Ok(())
}
