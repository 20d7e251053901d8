//! What a certificate says about itself.

use std::time::SystemTime;

use der::Sequence;
use der::asn1::UintRef;
use der::oid::db::rfc5912::{ID_EC_PUBLIC_KEY, RSA_ENCRYPTION, SECP_256_R_1, SECP_384_R_1, SECP_521_R_1};
use der::oid::db::rfc8410::ID_ED_25519;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use x509_cert::Certificate;
use x509_cert::certificate::{TbsCertificate, Version};
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::name::Name;
use x509_cert::spki::SubjectPublicKeyInfoOwned;

use crate::error::Error;

/// More certificates than any chain has.
const MAX_CHAIN: usize = 32;
/// More PEM text than any chain needs.
const MAX_CHAIN_PEM: usize = 1024 * 1024;
/// Longer names are cut in messages.
const MAX_NAME: usize = 200;

/// The facts of one certificate that somebody asks for.
#[derive(Debug, Clone)]
pub(crate) struct CertificateFacts {
    pub(crate) subject: String,
    /// The name without what is around it, where the subject has one.
    pub(crate) common_name: Option<String>,
    pub(crate) issuer: String,
    /// In hex.
    pub(crate) serial: String,
    /// The name of whom it is for, such as `spiffe://NETWORK/identity/ID`.
    pub(crate) spiffe_id: Option<String>,
    /// Such as `ECDSA P-256`.
    pub(crate) key_kind: String,
    pub(crate) not_before: SystemTime,
    pub(crate) not_after: SystemTime,
    /// DER of the SubjectPublicKeyInfo.
    pub(crate) public_key: Vec<u8>,
}

impl CertificateFacts {
    /// Reads an X.509 v3 certificate. Older versions are an error: TLS libraries do not take them as a leaf.
    pub(crate) fn read(certificate: &CertificateDer<'_>) -> Result<Self, Error> {
        let certificate = parse(certificate).map_err(|why| Error::Identity(format!("certificate: {why}")))?;
        let body = certificate.tbs_certificate();
        let subject = display_name(body.subject());
        if body.version() != Version::V3 {
            return Err(Error::Identity(format!(
                "certificate {subject}: is X.509 {:?}, only version 3 can be used; have it issued again",
                body.version()
            )));
        }
        let unreadable = |what: &str| Error::Identity(format!("certificate {subject}: {what} cannot be read"));
        Ok(Self {
            not_before: body.validity().not_before.to_system_time(),
            not_after: body.validity().not_after.to_system_time(),
            public_key: body.subject_public_key_info().to_der().map_err(|_| unreadable("its public key"))?,
            common_name: common_name(body.subject()),
            issuer: display_name(body.issuer()),
            serial: hex(body.serial_number().as_bytes()),
            spiffe_id: spiffe_id(body),
            key_kind: key_kind(body.subject_public_key_info()),
            subject,
        })
    }

    /// The id of the identity, where the certificate tells it: `ID` of `spiffe://NETWORK/identity/ID`, with or without
    /// more behind it.
    pub(crate) fn identity_id(&self) -> Option<String> {
        let mut parts = self.spiffe_id.as_deref()?.strip_prefix("spiffe://")?.split('/').skip(1);
        (parts.next() == Some("identity")).then(|| parts.next())?.filter(|id| !id.is_empty()).map(str::to_owned)
    }
}

/// The subject of a certificate of any version.
pub(crate) fn subject(certificate: &[u8]) -> Option<String> {
    Some(display_name(parse(certificate).ok()?.tbs_certificate().subject()))
}

/// Decodes a certificate of any version.
pub(super) fn parse(certificate: &[u8]) -> Result<Certificate, String> {
    Certificate::from_der(certificate).map_err(|error| format!("is not a valid X.509 certificate ({error})"))
}

/// The first SPIFFE id among the alternative names. What cannot be read has none: nothing is decided by it.
fn spiffe_id(body: &TbsCertificate) -> Option<String> {
    let (_, SubjectAltName(names)) = body.get_extension().ok()??;
    names.iter().find_map(|name| match name {
        GeneralName::UniformResourceIdentifier(uri) if uri.as_str().starts_with("spiffe://") => {
            Some(printable(uri.as_str()))
        }
        _ => None,
    })
}

fn common_name(subject: &Name) -> Option<String> {
    let name = subject.common_name().ok()??;
    Some(printable(&name.value())).filter(|name| !name.is_empty())
}

fn key_kind(info: &SubjectPublicKeyInfoOwned) -> String {
    let curve = || info.algorithm.parameters.as_ref().and_then(|parameters| parameters.decode_as().ok());
    match info.algorithm.oid {
        ID_EC_PUBLIC_KEY => match curve() {
            Some(SECP_256_R_1) => "ECDSA P-256".to_owned(),
            Some(SECP_384_R_1) => "ECDSA P-384".to_owned(),
            Some(SECP_521_R_1) => "ECDSA P-521".to_owned(),
            _ => "ECDSA".to_owned(),
        },
        RSA_ENCRYPTION => rsa_bits(info).map_or_else(|| "RSA".to_owned(), |bits| format!("RSA {bits}")),
        ID_ED_25519 => "Ed25519".to_owned(),
        other => other.to_string(),
    }
}

/// The kind of a public key, given as DER of a SubjectPublicKeyInfo.
#[cfg(test)]
pub(crate) fn kind_of_key(public_key: &[u8]) -> String {
    key_kind(&SubjectPublicKeyInfoOwned::from_der(public_key).unwrap())
}

fn rsa_bits(info: &SubjectPublicKeyInfoOwned) -> Option<u32> {
    #[derive(Sequence)]
    struct RsaPublicKey<'a> {
        modulus: UintRef<'a>,
        exponent: UintRef<'a>,
    }
    let key = RsaPublicKey::from_der(info.subject_public_key.as_bytes()?).ok()?;
    let first = key.modulus.as_bytes().first()?;
    let bits = u32::try_from(key.modulus.as_bytes().len()).ok()?.checked_mul(8)?;
    Some(bits - first.leading_zeros())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A name as people write it (`CN=…,O=…`), safe to print and of bounded length.
pub(super) fn display_name(name: &Name) -> String {
    match printable(&name.to_string()) {
        empty if empty.is_empty() => "without a subject".to_owned(),
        text => text,
    }
}

fn printable(text: &str) -> String {
    let printable = text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c });
    match text.chars().count() {
        length if length > MAX_NAME => printable.take(MAX_NAME).chain(['…']).collect(),
        _ => printable.collect(),
    }
}

/// Reads PEM text into certificates, leaf first. `what` names the source for errors.
///
/// Other text and other PEM blocks are passed over.
pub(crate) fn chain_from_pem(what: &str, pem: &str) -> Result<Vec<CertificateDer<'static>>, Error> {
    let bad = |why: String| Error::Identity(format!("{what}: {why}"));
    if pem.len() > MAX_CHAIN_PEM {
        return Err(bad(format!("{} bytes are more than any certificate chain has", pem.len())));
    }
    let mut chain = Vec::new();
    for block in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        let number = chain.len() + 1;
        if number > MAX_CHAIN {
            return Err(bad(format!("more than {MAX_CHAIN} certificates in one chain")));
        }
        let certificate = block.map_err(|error| bad(format!("certificate {number} {}", pem_problem(&error))))?;
        parse(&certificate).map_err(|why| bad(format!("certificate {number} {why}")))?;
        chain.push(certificate);
    }
    if chain.is_empty() {
        return Err(bad("no certificate: expected PEM text with -----BEGIN CERTIFICATE-----".to_owned()));
    }
    Ok(chain)
}

/// What is wrong with a PEM block, without a byte of it.
pub(crate) fn pem_problem(error: &rustls::pki_types::pem::Error) -> &'static str {
    use rustls::pki_types::pem::Error as Pem;
    match error {
        Pem::MissingSectionEnd { .. } => "is cut off: its PEM END line is missing",
        Pem::IllegalSectionStart { .. } => "has a broken PEM BEGIN line",
        Pem::Base64Decode(_) => "is not valid base64 between its PEM lines",
        Pem::NoItemsFound => "is missing",
        _ => "is not valid PEM",
    }
}
