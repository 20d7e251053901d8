//! Certificate requests, signed by whatever key rustls can sign with.

use std::cell::RefCell;

use rcgen::{CertificateParams, DistinguishedName, DnType, PublicKeyData, SignatureAlgorithm};
use rustls::SignatureScheme;
use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::sign::{Signer, SigningKey};
use x509_cert::der::Decode;
use x509_cert::spki::SubjectPublicKeyInfoRef;

use crate::error::Error;
use crate::trust::error_of_ours;

/// The ways to sign a request that controllers check, by the kinds of key that can.
const SIGNATURES: [(SignatureScheme, &SignatureAlgorithm); 4] = [
    (SignatureScheme::ECDSA_NISTP256_SHA256, &rcgen::PKCS_ECDSA_P256_SHA256),
    (SignatureScheme::ECDSA_NISTP384_SHA384, &rcgen::PKCS_ECDSA_P384_SHA384),
    (SignatureScheme::RSA_PKCS1_SHA256, &rcgen::PKCS_RSA_SHA256),
    (SignatureScheme::ED25519, &rcgen::PKCS_ED25519),
];

struct RequestSigner {
    signer: Box<dyn Signer>,
    algorithm: &'static SignatureAlgorithm,
    /// The bits of the public key, without what says its kind.
    public_bits: Vec<u8>,
    /// Why it could not sign: rcgen's error has no room for it.
    failure: RefCell<Option<rustls::Error>>,
}

/// DER of a request for `common_name`; controllers put their own identity into what they issue. `what` names the key
/// for errors.
pub(super) fn request(
    what: &str,
    key: &dyn SigningKey,
    public_key: &SubjectPublicKeyInfoDer<'_>,
    common_name: &str,
) -> Result<Vec<u8>, Error> {
    let failed = |why: &str| Error::Identity(format!("{what}: no certificate request can be made: {why}"));
    let chosen = SIGNATURES.iter().find_map(|(scheme, algorithm)| Some((key.choose_scheme(&[*scheme])?, *algorithm)));
    let (signer, algorithm) = chosen.ok_or_else(|| {
        failed("requests are signed by RSA (PKCS#1 1.5 and SHA-256), ECDSA P-256, P-384 and Ed25519 keys only")
    })?;
    let info = SubjectPublicKeyInfoRef::from_der(public_key).map_err(|error| failed(&error.to_string()))?;
    let public_bits = info.subject_public_key.raw_bytes().to_vec();
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, "OpenZiti");
    params.distinguished_name.push(DnType::CommonName, common_name);
    let signer = RequestSigner { signer, algorithm, public_bits, failure: RefCell::default() };
    let request = params.serialize_request(&signer);
    request.map(|request| request.der().to_vec()).map_err(|error| match signer.failure.take() {
        Some(why) => error_of_ours(&why).unwrap_or_else(|| failed(&why.to_string())),
        None => failed(&error.to_string()),
    })
}

impl PublicKeyData for RequestSigner {
    fn der_bytes(&self) -> &[u8] {
        &self.public_bits
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        self.algorithm
    }
}

impl rcgen::SigningKey for RequestSigner {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        self.signer.sign(message).map_err(|why| {
            self.failure.replace(Some(why));
            rcgen::Error::RemoteKeyError
        })
    }
}
