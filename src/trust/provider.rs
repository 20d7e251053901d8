//! Which cryptography is used; passed explicitly everywhere, never installed for the process.

use std::sync::{Arc, OnceLock};

pub(crate) use library::digest::Digest;
use library::rand::{SecureRandom, SystemRandom};
use rustls::crypto::CryptoProvider;
use zeroize::Zeroizing;

#[cfg(feature = "aws-lc-rs")]
use aws_lc_rs as library;
#[cfg(all(feature = "ring", not(feature = "aws-lc-rs")))]
use ring as library;

#[cfg(feature = "aws-lc-rs")]
use rustls::crypto::aws_lc_rs::default_provider;
#[cfg(all(feature = "ring", not(feature = "aws-lc-rs")))]
use rustls::crypto::ring::default_provider;

#[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
compile_error!("ziti-edge-client needs the feature `ring` or `aws-lc-rs`");

/// aws-lc-rs if it was built in, else ring.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    PROVIDER.get_or_init(|| Arc::new(default_provider())).clone()
}

/// The SHA-256 of a certificate, by which it is known again.
pub(crate) fn fingerprint(certificate: &[u8]) -> String {
    let digest = library::digest::digest(&library::digest::SHA256, certificate);
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The kinds of key that are made here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NewKey {
    P256,
    P384,
    Ed25519,
    /// 2048, 3072 or 4096 bits.
    #[cfg(feature = "aws-lc-rs")]
    Rsa {
        bits: u32,
    },
}

/// A new key as PKCS#8 DER; `None` if the system gives no randomness.
pub(crate) fn generate(kind: NewKey) -> Option<Zeroizing<Vec<u8>>> {
    use library::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair};

    let ecdsa = |algorithm| EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new()).ok();
    let document = match kind {
        NewKey::P256 => ecdsa(&ECDSA_P256_SHA256_ASN1_SIGNING)?,
        NewKey::P384 => ecdsa(&ECDSA_P384_SHA384_ASN1_SIGNING)?,
        NewKey::Ed25519 => return ed25519(),
        #[cfg(feature = "aws-lc-rs")]
        NewKey::Rsa { bits } => return rsa(bits),
    };
    Some(Zeroizing::new(document.as_ref().to_vec()))
}

/// PKCS#8 as every reader knows it, version 1: the libraries write version 2, which OpenSSL refuses.
fn ed25519() -> Option<Zeroizing<Vec<u8>>> {
    /// All that comes before the seed (RFC 8410, 7).
    const BEFORE_SEED: [u8; 16] =
        [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
    let mut document = Zeroizing::new([BEFORE_SEED.as_slice(), &[0; 32]].concat());
    SystemRandom::new().fill(&mut document[BEFORE_SEED.len()..]).ok()?;
    Some(document)
}

#[cfg(feature = "aws-lc-rs")]
fn rsa(bits: u32) -> Option<Zeroizing<Vec<u8>>> {
    use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
    use aws_lc_rs::rsa::{KeyPair, KeySize};

    let size = match bits {
        4096 => KeySize::Rsa4096,
        3072 => KeySize::Rsa3072,
        _ => KeySize::Rsa2048,
    };
    let document: Pkcs8V1Der<'_> = KeyPair::generate(size).ok()?.as_der().ok()?;
    Some(Zeroizing::new(document.as_ref().to_vec()))
}

/// Fills `bytes` with numbers that nobody can guess; false if the system gives none.
#[must_use]
pub(crate) fn fill_randomly(bytes: &mut [u8]) -> bool {
    SystemRandom::new().fill(bytes).is_ok()
}

/// SHA-256.
pub(crate) fn sha256(data: &[u8]) -> Digest {
    library::digest::digest(&library::digest::SHA256, data)
}

/// SHA-384.
pub(crate) fn sha384(data: &[u8]) -> Digest {
    library::digest::digest(&library::digest::SHA384, data)
}

/// SHA-512.
pub(crate) fn sha512(data: &[u8]) -> Digest {
    library::digest::digest(&library::digest::SHA512, data)
}

/// SHA-256 in lower-case hex.
pub(crate) fn sha256_hex(data: &[u8]) -> String {
    sha256(data).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
