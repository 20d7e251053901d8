//! The CA certificates of a network.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use der::Tag;
use pem::{EncodeConfig, LineEnding, Pem};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::certificate::{display_name, parse, pem_problem};
use super::pkcs7;
use crate::error::{EnrollmentProblem, Error};
use crate::wire::Request;

/// So many problems are told one by one; the rest is counted.
const MAX_PROBLEMS: usize = 20;
/// A bundle of 500 large certificates, in base64.
const MAX_BUNDLE: u64 = 4 * 1024 * 1024;

/// CA certificates, without duplicates; what could not be read is named, not lost.
#[derive(Clone)]
pub(crate) struct CaBundle {
    certificates: Arc<[CertificateDer<'static>]>,
    problems: Arc<[String]>,
}

impl CaBundle {
    /// What asks a controller for its bundle.
    pub(crate) fn request() -> Request {
        let mut request =
            Request::get("/.well-known/est/cacerts").without_login().at_root().accept("application/pkcs7-mime");
        request.max_answer = MAX_BUNDLE;
        request
    }

    /// Reads PEM text with any number of certificates. `what` names the source for errors.
    pub(crate) fn from_pem(what: &str, pem: &str) -> Result<Self, Error> {
        let mut sorter = Sorter::default();
        for block in CertificateDer::pem_slice_iter(pem.as_bytes()) {
            match block {
                Ok(certificate) => sorter.judge(&certificate),
                Err(error) => sorter.refuse(pem_problem(&error)),
            }
        }
        sorter.finish().map_err(|why| Error::Identity(format!("{what}: {why}")))
    }

    /// Reads a certs-only PKCS#7: base64 with any white space, PEM or DER.
    pub(crate) fn from_pkcs7(body: &[u8]) -> Result<Self, Error> {
        Self::decode_pkcs7(body).map_err(unusable)
    }

    /// The same; `None` if there is nothing at all, not even something that should be a certificate.
    pub(crate) fn from_pkcs7_if_any(body: &[u8]) -> Result<Option<Self>, Error> {
        if body.trim_ascii().is_empty() {
            return Ok(None);
        }
        let sorter = Sorter::of_pkcs7(body).map_err(unusable)?;
        (sorter.seen > 0).then(|| sorter.finish().map_err(unusable)).transpose()
    }

    /// As [`from_pkcs7`](Self::from_pkcs7), with nothing but what is wrong as the error.
    pub(crate) fn decode_pkcs7(body: &[u8]) -> Result<Self, String> {
        Sorter::of_pkcs7(body)?.finish()
    }

    /// All certificates as PEM text with LF line ends.
    pub(crate) fn to_pem(&self) -> String {
        certificates_to_pem(&self.certificates)
    }

    pub(crate) fn certificates(&self) -> &[CertificateDer<'static>] {
        &self.certificates
    }

    /// Whether both hold the same certificates, in whatever order.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.certificates.len() == other.certificates.len() && self.lacks(other).next().is_none()
    }

    /// The certificates of `other` that are not in this one.
    pub(crate) fn lacks<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = &'a CertificateDer<'static>> {
        other.certificates.iter().filter(|certificate| !self.contains(certificate))
    }

    pub(crate) fn contains(&self, certificate: &CertificateDer<'static>) -> bool {
        self.certificates.contains(certificate)
    }

    /// Those of its certificates that are to stay.
    pub(crate) fn only(&self, stays: impl Fn(&CertificateDer<'static>) -> bool) -> Self {
        let certificates = self.certificates.iter().filter(|certificate| stays(certificate)).cloned().collect();
        Self { certificates, problems: Arc::clone(&self.problems) }
    }

    /// All certificates of both.
    pub(crate) fn joined(&self, other: &Self) -> Self {
        let certificates = self.certificates.iter().chain(self.lacks(other)).cloned().collect();
        Self { certificates, problems: Arc::clone(&self.problems) }
    }

    /// What was left out and why.
    pub(crate) fn problems(&self) -> &[String] {
        &self.problems
    }
}

impl fmt::Debug for CaBundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CaBundle")
            .field("certificates", &self.certificates.len())
            .field("problems", &self.problems)
            .finish()
    }
}

fn unusable(why: String) -> Error {
    Error::enrollment(EnrollmentProblem::CaBundle, format!("the controller's CA certificates: {why}"))
}

/// PEM text with LF line ends on every platform.
pub(crate) fn certificates_to_pem(certificates: &[CertificateDer<'_>]) -> String {
    let lines = EncodeConfig::new().set_line_ending(LineEnding::LF);
    certificates.iter().map(|der| pem::encode_config(&Pem::new("CERTIFICATE", der.to_vec()), lines)).collect()
}

/// Keeps what can be used and names what cannot, counting from 1.
#[derive(Default)]
struct Sorter {
    seen: usize,
    known: HashSet<Vec<u8>>,
    certificates: Vec<CertificateDer<'static>>,
    problems: Vec<String>,
    untold: usize,
}

impl Sorter {
    fn of_pkcs7(body: &[u8]) -> Result<Self, String> {
        let set = pkcs7::certificate_set(&pkcs7::unarmor(body)?)?;
        let mut sorter = Self::default();
        for (tag, element) in set.elements {
            match tag {
                Tag::Sequence => sorter.judge(&element),
                _ => sorter.refuse("is not an X.509 certificate but another kind"),
            }
        }
        if let Some(error) = set.broken_end {
            sorter.refuse(&format!("and what follows cannot be told apart ({error})"));
        }
        Ok(sorter)
    }

    fn judge(&mut self, der: &[u8]) {
        let certificate = match parse(der) {
            Ok(certificate) => certificate,
            Err(why) => return self.refuse(&why),
        };
        let anchor = CertificateDer::from(der.to_vec());
        if let Err(error) = webpki::anchor_from_trusted_cert(&anchor) {
            let subject = display_name(certificate.tbs_certificate().subject());
            return self.refuse(&format!("({subject}) cannot be a trust anchor: {error}"));
        }
        self.seen += 1;
        if self.known.insert(der.to_vec()) {
            self.certificates.push(anchor);
        }
    }

    fn refuse(&mut self, why: &str) {
        self.seen += 1;
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(format!("certificate {} {why}", self.seen));
        } else {
            self.untold += 1;
        }
    }

    fn finish(mut self) -> Result<CaBundle, String> {
        if self.untold > 0 {
            self.problems.push(format!("and {} more", self.untold));
        }
        if self.certificates.is_empty() {
            return Err(match self.problems.as_slice() {
                [] => "no certificate in it".to_owned(),
                problems => format!("no usable certificate in it: {}", problems.join("; ")),
            });
        }
        Ok(CaBundle { certificates: self.certificates.into(), problems: self.problems.into() })
    }
}
