//! Enrollment by a certificate of a third-party authority, and by a password.

use rustls::pki_types::CertificateDer;
use serde_json::{Value, json};

use super::Call;
use super::demands::{of_length, required};
use crate::answers::{Answer, Refusal};
use crate::authenticators::Authenticator;
use crate::authorities::CertificateAuthority;
use crate::manners::Version;
use crate::pki::{fingerprint, pem_of};
use crate::state::{Enrollment, IdentityOptions, State};
use crate::x509::common_name;

impl Call<'_> {
    /// `ottca`: the certificate of the connection becomes that of the identity.
    pub(super) fn adopt_certificate(&self, state: &mut State, enrollment: &Enrollment) -> Result<Answer, Refusal> {
        let allowed = |authority: &&CertificateAuthority| {
            enrollment.authority.as_ref().is_none_or(|allowed| authority.id() == allowed)
        };
        let leaf = self.peer.certificates.first();
        let issued = leaf
            .filter(|leaf| state.authorities.iter().filter(allowed).any(|authority| authority.issued(leaf, self.now)));
        let leaf = issued.ok_or_else(|| match self.manners() {
            Version::V1_3 => not_of_authority(),
            Version::V1_6 | Version::V2_0 => {
                let message = "The supplied certificate failed to validate against the CA's certificate chain";
                Refusal::new(400, "CERTIFICATE_FAILED_VALIDATION", message)
            }
        })?;
        if in_use(state, leaf) {
            return Err(certificate_in_use().about(json!({"data": {"fingerprint": fingerprint(leaf)}})));
        }
        state.add_certificate(&enrollment.identity_id, self.foreign(leaf));
        Ok(Answer::data(&json!({})))
    }

    /// `ca`: whoever has a certificate of an authority becomes an identity.
    pub(super) fn enroll_by_authority(&self) -> Result<Answer, Refusal> {
        let (leaf, authority) = self.authority_of_peer()?;
        let document: Value = serde_json::from_slice(&self.request.body).unwrap_or_default();
        let name = document["name"].as_str().map(str::to_owned);
        let name = name.unwrap_or_else(|| format!("{}-{}", authority.name(), common_name(leaf).unwrap_or_default()));
        let mut state = self.state();
        if in_use(&state, leaf) {
            return Err(certificate_in_use());
        }
        let id = state.add_enrolled(&IdentityOptions { name, ..IdentityOptions::default() }, self.now);
        state.add_certificate(&id, self.foreign(leaf));
        Ok(Answer::data(&json!({})))
    }

    /// The certificate of the connection and the authority that issued it.
    pub(super) fn authority_of_peer(&self) -> Result<(&CertificateDer<'static>, CertificateAuthority), Refusal> {
        let leaf = self.peer.certificates.first().ok_or_else(not_of_authority)?;
        let authorities = self.state().authorities.clone();
        let authority = authorities.into_iter().find(|authority| authority.issued(leaf, self.now));
        Ok((leaf, authority.ok_or_else(not_of_authority)?))
    }

    /// `updb`: the identity gets a password. Its user name is the enrollment's, whatever was sent.
    pub(super) fn set_password(
        &self,
        state: &mut State,
        enrollment: &Enrollment,
        document: &Value,
    ) -> Result<Answer, Refusal> {
        check_password(document)?;
        let password = required(document, "password")?.to_owned();
        let identity = state.identity_mut(&enrollment.identity_id).ok_or_else(super::enroll::invalid_token)?;
        identity.password = Some(Authenticator::password(&identity.name, password, self.now));
        let tells_name = self.manners() != Version::V1_3;
        Ok(Answer::data(&if tells_name { json!({"username": identity.name}) } else { json!({}) }))
    }

    fn foreign(&self, leaf: &CertificateDer<'_>) -> Authenticator {
        Authenticator::certificate(fingerprint(leaf), pem_of(leaf), false, self.now)
    }
}

/// Checks name and password of a document, where it has them.
pub(super) fn check_password(document: &Value) -> Result<(), Refusal> {
    of_length(document["password"].as_str(), "updbCredentials.password", 5, 100)?;
    of_length(document["username"].as_str(), "updbCredentials.username", 4, 100)
}

fn in_use(state: &State, leaf: &CertificateDer<'_>) -> bool {
    let shown = fingerprint(leaf);
    state.identities.iter().flat_map(|identity| &identity.certificates).any(|own| own.secret == shown)
}

fn certificate_in_use() -> Refusal {
    let message = "The certificate supplied is already associated with another identity";
    Refusal::new(409, "CERT_IN_USE", message)
}

fn not_of_authority() -> Refusal {
    Refusal::new(400, "CERT_FAILED_VALIDATION", "certificate failed to validate against CA")
}
