//! The signature of a token: which algorithms are accepted, and the check against a certificate.

use der::asn1::UintRef;
use der::{Encode, Sequence};
use rustls::SignatureScheme;
use rustls::pki_types::{CertificateDer, SignatureVerificationAlgorithm};
use webpki::{EndEntityCert, Error as PkiError};

use super::provider::provider;

/// An accepted `alg` of a token. Each is also a TLS signature scheme, so the TLS provider can check it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Algorithm {
    name: &'static str,
    scheme: SignatureScheme,
    /// Bytes of `r` and of `s`, where the signature is those two side by side.
    ecdsa_half: Option<usize>,
}

/// All that is accepted. `none` and the shared-secret algorithms (HS…) are not here, so they never pass.
const ACCEPTED: [Algorithm; 10] = [
    Algorithm { name: "RS256", scheme: SignatureScheme::RSA_PKCS1_SHA256, ecdsa_half: None },
    Algorithm { name: "RS384", scheme: SignatureScheme::RSA_PKCS1_SHA384, ecdsa_half: None },
    Algorithm { name: "RS512", scheme: SignatureScheme::RSA_PKCS1_SHA512, ecdsa_half: None },
    Algorithm { name: "PS256", scheme: SignatureScheme::RSA_PSS_SHA256, ecdsa_half: None },
    Algorithm { name: "PS384", scheme: SignatureScheme::RSA_PSS_SHA384, ecdsa_half: None },
    Algorithm { name: "PS512", scheme: SignatureScheme::RSA_PSS_SHA512, ecdsa_half: None },
    Algorithm { name: "ES256", scheme: SignatureScheme::ECDSA_NISTP256_SHA256, ecdsa_half: Some(32) },
    Algorithm { name: "ES384", scheme: SignatureScheme::ECDSA_NISTP384_SHA384, ecdsa_half: Some(48) },
    Algorithm { name: "ES512", scheme: SignatureScheme::ECDSA_NISTP521_SHA512, ecdsa_half: Some(66) },
    Algorithm { name: "EdDSA", scheme: SignatureScheme::ED25519, ecdsa_half: None },
];

/// Why a signature was not accepted.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Mismatch {
    /// The certificate's key is of another kind than the algorithm.
    KeyType,
    /// The key did not make this signature.
    Signature,
    /// The certificate itself cannot be used.
    Certificate(String),
}

impl Algorithm {
    /// The algorithm a token names; the error says why it is not accepted.
    pub(super) fn named(name: &str) -> Result<Self, String> {
        let Some(found) = ACCEPTED.into_iter().find(|algorithm| algorithm.name == name) else {
            let shown: String = name.chars().take(32).collect();
            return Err(match name {
                _ if name.eq_ignore_ascii_case("none") => "alg \"none\": the token is not signed".to_owned(),
                "HS256" | "HS384" | "HS512" => {
                    format!("alg {name:?}: signed with a shared secret, which proves nothing here")
                }
                _ => format!("alg {shown:?} is not accepted"),
            });
        };
        match found.verifier() {
            Some(_) => Ok(found),
            None => Err(format!("alg {name:?} needs this library built with the feature `aws-lc-rs`")),
        }
    }

    pub(super) fn name(self) -> &'static str {
        self.name
    }

    /// The length every signature of this algorithm has, where there is one.
    pub(super) fn signature_len(self) -> Option<usize> {
        self.ecdsa_half.map(|half| 2 * half)
    }

    /// The first algorithm of a scheme is the one whose curve and digest both are the scheme's.
    fn verifier(self) -> Option<&'static dyn SignatureVerificationAlgorithm> {
        let mapping = provider().signature_verification_algorithms.mapping;
        mapping.iter().find(|(scheme, _)| *scheme == self.scheme)?.1.first().copied()
    }

    /// Checks that the certificate's key made `signature` over `message`.
    pub(super) fn verify(self, leaf: &CertificateDer<'_>, message: &[u8], signature: &[u8]) -> Result<(), Mismatch> {
        let certificate = EndEntityCert::try_from(leaf).map_err(|error| Mismatch::Certificate(describe(&error)))?;
        let verifier = self.verifier().ok_or(Mismatch::KeyType)?;
        let der;
        let signature = match self.ecdsa_half {
            Some(half) => {
                der = ecdsa_to_der(signature, half).ok_or(Mismatch::Signature)?;
                der.as_slice()
            }
            None => signature,
        };
        certificate.verify_signature(verifier, message, signature).map_err(|error| match error {
            PkiError::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => Mismatch::KeyType,
            _ => Mismatch::Signature,
        })
    }
}

fn describe(error: &PkiError) -> String {
    match error {
        PkiError::UnsupportedCertVersion => "it is not an X.509 version 3 certificate".to_owned(),
        PkiError::UnsupportedCriticalExtension => "it has a critical extension that is not known here".to_owned(),
        other => format!("it is not a valid certificate ({other})"),
    }
}

/// Tokens carry `r` and `s` side by side; certificates' algorithms want them as a DER sequence.
fn ecdsa_to_der(signature: &[u8], half: usize) -> Option<Vec<u8>> {
    #[derive(Sequence)]
    struct EcdsaSignature<'a> {
        r: UintRef<'a>,
        s: UintRef<'a>,
    }
    if signature.len() != 2 * half {
        return None;
    }
    let (r, s) = signature.split_at(half);
    EcdsaSignature { r: UintRef::new(r).ok()?, s: UintRef::new(s).ok()? }.to_der().ok()
}
