//! Certificates over requests of clients.

use rcgen::Certificate;

use super::Call;
use crate::answers::Refusal;
use crate::authenticators::Authenticator;
use crate::manners::Version;
use crate::pki::{self, fingerprint};

const LABEL: &str = "CERTIFICATE REQUEST";

impl Call<'_> {
    /// A certificate for an identity over a CSR in PEM.
    pub(super) fn sign_for(&self, identity_id: &str, csr: &str) -> Result<Certificate, Refusal> {
        let spiffe = format!("spiffe://testkit/identity/{identity_id}");
        let spiffe = self.manners().names_identities_in_certificates().then_some(spiffe.as_str());
        let csr = der(csr).map_err(unusable)?;
        let life = self.shared.settings.certificate_lifetime;
        self.shared.pki.sign(&csr, spiffe, self.now, life).map_err(|error| unusable(&error.to_string()))
    }

    /// A certificate as the controller keeps it: from 1.6 on with the intermediate.
    pub(super) fn chain_of(&self, leaf: &Certificate) -> String {
        match self.manners() {
            Version::V1_3 => pki::pem(leaf),
            Version::V1_6 | Version::V2_0 => self.shared.pki.chain_pem(leaf),
        }
    }

    /// A way to log in by a certificate that was issued just now.
    pub(super) fn authenticator_of(&self, leaf: &Certificate) -> Authenticator {
        Authenticator::certificate(fingerprint(leaf.der()), self.chain_of(leaf), true, self.now)
    }
}

/// The refusal of a CSR.
pub(super) fn unusable(why: &str) -> Refusal {
    Refusal::new(400, "COULD_NOT_PROCESS_CSR", "The supplied csr could not be processed").because(why)
}

/// The request inside a PEM text, by the controller's rules: anything may come before it, nothing but one line end
/// after.
pub(super) fn der(text: &str) -> Result<Vec<u8>, &'static str> {
    if text.is_empty() {
        return Err("csrPem must not be null or empty");
    }
    let (begin, end) = (format!("-----BEGIN {LABEL}-----"), format!("-----END {LABEL}-----"));
    let undecodable = "could not decode csrPem as PEM";
    let start = text.find(&begin).ok_or(undecodable)?;
    let stop = text.find(&end).map(|at| at + end.len()).filter(|stop| *stop > start).ok_or(undecodable)?;
    let csr = pem::parse(&text[start..stop]).map_err(|_| undecodable)?;
    if ["", "\n", "\r\n"].contains(&&text[stop..]) {
        Ok(csr.into_contents())
    } else {
        Err("unexpected PEM blocks at end of CSR")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CSR: &str = "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----";

    #[test]
    fn a_csr_may_be_preceded_but_not_followed() {
        for good in
            [CSR.to_owned(), format!("{CSR}\n"), format!("junk\n{CSR}"), format!("{CSR}\n").replace('\n', "\r\n")]
        {
            assert!(der(&good).is_ok(), "{good:?}");
        }
        for bad in [format!("{CSR}\n\n"), format!("{CSR}\njunk"), format!("{CSR}\n{CSR}\n")] {
            assert_eq!(der(&bad), Err("unexpected PEM blocks at end of CSR"), "{bad:?}");
        }
        assert_eq!(der("hello"), Err("could not decode csrPem as PEM"));
        assert_eq!(der(""), Err("csrPem must not be null or empty"));
    }
}
