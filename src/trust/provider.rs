//! Which cryptography is used; passed explicitly everywhere, never installed for the process.

use std::sync::{Arc, OnceLock};

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

/// A new P-256 key as PKCS#8 DER; `None` if the system gives no randomness.
pub(crate) fn generate_p256() -> Option<Zeroizing<Vec<u8>>> {
    use library::rand::SystemRandom;
    use library::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};

    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new()).ok()?;
    Some(Zeroizing::new(document.as_ref().to_vec()))
}

/// SHA-256 in lower-case hex.
pub(crate) fn sha256_hex(data: &[u8]) -> String {
    let digest = library::digest::digest(&library::digest::SHA256, data);
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
