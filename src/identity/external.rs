//! A key behind a [`Signer`], as rustls wants a key.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Instant;

use der::asn1::UintRef;
use der::{Encode, Sequence};
use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::sign::SigningKey;
use rustls::{OtherError, SignatureAlgorithm, SignatureScheme};
use webpki::RawPublicKeyEntity;
use x509_cert::der::Decode;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::spki::SubjectPublicKeyInfoRef;

use super::reference;
use super::signer::{Signer, SigningScheme};
use crate::error::{Error, one_line};
use crate::trust::provider::provider;

/// Longer references are no names of keys.
const MAX_REFERENCE: usize = 2048;

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");

/// A key that is not in this process.
pub(super) struct ExternalKey {
    signer: Arc<dyn Signer>,
    /// What errors call it.
    name: String,
    reference: String,
    public_key: SubjectPublicKeyInfoDer<'static>,
    algorithm: SignatureAlgorithm,
    /// What signer, public key and the cryptography that was built in all can.
    schemes: Vec<SigningScheme>,
}

impl ExternalKey {
    /// Asks the signer what it is.
    pub(super) fn new(signer: Arc<dyn Signer>) -> Result<Self, Error> {
        let asked = || (signer.reference(), signer.public_key(), signer.schemes());
        let (reference, public_key, schemes) = catch_unwind(AssertUnwindSafe(asked))
            .map_err(|_| Error::Identity("the signer panicked when it was asked for its key".to_owned()))?;
        if !is_reference(&reference) {
            return Err(Error::InvalidArgument(
                "the reference of a signer has to be a scheme other than pem and file, a colon and the name of the \
                 key in one line, such as pkcs11:object=alice"
                    .to_owned(),
            ));
        }
        let name = format!("signer {}", reference::shown(&reference));
        let bad = |why: &str| Error::Identity(format!("{name}: {why}"));
        let public_key = public_key.map_err(|why| bad(&one_line(&why)))?;
        let (algorithm, usable) = schemes_of(&public_key).ok_or_else(|| {
            bad("its public key is not DER of the SubjectPublicKeyInfo of an RSA, ECDSA (P-256, P-384, \
                 P-521) or Ed25519 key")
        })?;
        let known = provider().signature_verification_algorithms.mapping;
        let is_known = |scheme: SigningScheme| known.iter().any(|(known, _)| *known == in_tls(scheme));
        let can = |scheme: &SigningScheme| usable.contains(scheme) && is_known(*scheme);
        let schemes: Vec<SigningScheme> = schemes.into_iter().filter(can).collect();
        if schemes.is_empty() {
            return Err(bad("none of its schemes goes with its public key"));
        }
        Ok(Self { signer, name, reference, public_key: public_key.into(), algorithm, schemes })
    }

    pub(super) fn reference(&self) -> &str {
        &self.reference
    }

    pub(super) fn public_key(&self) -> &SubjectPublicKeyInfoDer<'static> {
        &self.public_key
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn signer(&self) -> &Arc<dyn Signer> {
        &self.signer
    }

    /// As rustls wants it, for something that ends at `until`.
    pub(super) fn until(self: &Arc<Self>, until: Instant) -> Arc<dyn SigningKey> {
        Arc::new(KeyUntil { key: Arc::clone(self), until })
    }

    fn sign(&self, scheme: SigningScheme, message: &[u8], until: Instant) -> Result<Vec<u8>, Error> {
        let bad = |why: &str| Error::Identity(format!("{}: {why}", self.name));
        let left = until.saturating_duration_since(Instant::now());
        let signature = catch_unwind(AssertUnwindSafe(|| self.signer.sign(scheme, message, left)))
            .map_err(|_| bad("it panicked when it was to sign"))?
            .map_err(|why| bad(&one_line(&why)))?;
        if self.verifies(scheme, message, &signature) {
            return Ok(signature);
        }
        let joined = scheme.ecdsa_half().and_then(|half| from_halves(&signature, half));
        let joined = joined.filter(|joined| self.verifies(scheme, message, joined));
        joined.ok_or_else(|| bad(&format!("what it signed ({scheme:?}) does not fit its public key")))
    }

    fn verifies(&self, scheme: SigningScheme, message: &[u8], signature: &[u8]) -> bool {
        let Ok(key) = RawPublicKeyEntity::try_from(&self.public_key) else { return false };
        let algorithms = provider().signature_verification_algorithms.mapping;
        let fitting = algorithms.iter().find(|(known, _)| *known == in_tls(scheme)).map(|(_, fitting)| *fitting);
        let mut fitting = fitting.unwrap_or_default().iter();
        fitting.any(|algorithm| key.verify_signature(*algorithm, message, signature).is_ok())
    }
}

impl fmt::Debug for ExternalKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExternalKey").field("name", &self.name).field("schemes", &self.schemes).finish_non_exhaustive()
    }
}

/// The key for the time of one handshake or request.
#[derive(Debug)]
struct KeyUntil {
    key: Arc<ExternalKey>,
    until: Instant,
}

impl SigningKey for KeyUntil {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn rustls::sign::Signer>> {
        let scheme = *self.key.schemes.iter().find(|scheme| offered.contains(&in_tls(**scheme)))?;
        Some(Box::new(SignerUntil { key: Arc::clone(&self.key), scheme, until: self.until }))
    }

    fn public_key(&self) -> Option<SubjectPublicKeyInfoDer<'_>> {
        Some(SubjectPublicKeyInfoDer::from(self.key.public_key.as_ref()))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.key.algorithm
    }
}

#[derive(Debug)]
struct SignerUntil {
    key: Arc<ExternalKey>,
    scheme: SigningScheme,
    until: Instant,
}

impl rustls::sign::Signer for SignerUntil {
    /// An error of ours travels inside that of rustls; [`error_of_ours`](crate::trust::error_of_ours) takes it out.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rustls::Error> {
        let signature = self.key.sign(self.scheme, message, self.until);
        signature.map_err(|error| rustls::Error::Other(OtherError(Arc::new(error))))
    }

    fn scheme(&self) -> SignatureScheme {
        in_tls(self.scheme)
    }
}

fn in_tls(scheme: SigningScheme) -> SignatureScheme {
    SignatureScheme::from(scheme.number())
}

/// One line that the identity file may hold and that no reader takes for a path or PEM text.
fn is_reference(text: &str) -> bool {
    text.len() <= MAX_REFERENCE
        && !text.chars().any(char::is_control)
        && matches!(reference::Reference::parse("", text), Ok(reference::Reference::External(whole)) if whole == text)
}

/// What a public key can be used with.
fn schemes_of(public_key: &[u8]) -> Option<(SignatureAlgorithm, &'static [SigningScheme])> {
    use SigningScheme as S;
    let algorithm = SubjectPublicKeyInfoRef::from_der(public_key).ok()?.algorithm;
    let curve = || algorithm.parameters.and_then(|curve| curve.decode_as::<ObjectIdentifier>().ok());
    let found: (SignatureAlgorithm, &[S]) = match algorithm.oid {
        RSA => (
            SignatureAlgorithm::RSA,
            &[
                S::RsaPkcs1Sha256,
                S::RsaPkcs1Sha384,
                S::RsaPkcs1Sha512,
                S::RsaPssSha256,
                S::RsaPssSha384,
                S::RsaPssSha512,
            ],
        ),
        ED25519 => (SignatureAlgorithm::ED25519, &[S::Ed25519]),
        EC => match curve()? {
            P256 => (SignatureAlgorithm::ECDSA, &[S::EcdsaP256Sha256]),
            P384 => (SignatureAlgorithm::ECDSA, &[S::EcdsaP384Sha384]),
            P521 => (SignatureAlgorithm::ECDSA, &[S::EcdsaP521Sha512]),
            _ => return None,
        },
        _ => return None,
    };
    Some(found)
}

/// The DER of an ECDSA signature whose two numbers stand side by side.
fn from_halves(halves: &[u8], half: usize) -> Option<Vec<u8>> {
    #[derive(Sequence)]
    struct EcdsaSignature<'a> {
        r: UintRef<'a>,
        s: UintRef<'a>,
    }
    if halves.len() != 2 * half {
        return None;
    }
    let (r, s) = halves.split_at(half);
    let signature = EcdsaSignature { r: UintRef::new(r).ok()?, s: UintRef::new(s).ok()? };
    signature.to_der().ok()
}
