//! What a certificate says about itself.

use std::time::SystemTime;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use x509_cert::Certificate;
use x509_cert::certificate::Version;
use x509_cert::der::{Decode, Encode};
use x509_cert::name::Name;

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
            subject,
        })
    }
}

/// Decodes a certificate of any version.
pub(super) fn parse(certificate: &[u8]) -> Result<Certificate, String> {
    Certificate::from_der(certificate).map_err(|error| format!("is not a valid X.509 certificate ({error})"))
}

/// A name as people write it (`CN=…,O=…`), safe to print and of bounded length.
pub(super) fn display_name(name: &Name) -> String {
    let text = name.to_string();
    let printable = text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c });
    match text.chars().count() {
        0 => "without a subject".to_owned(),
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
