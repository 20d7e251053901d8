//! `POST /enroll/token`: whoever has a token of an external JWT signer becomes an identity. From 2.0 on.

use serde_json::json;

use super::enroll::invalid_token;
use super::routes::Route;
use super::{Call, no_such_path};
use crate::answers::{Answer, Refusal};
use crate::manners::{Invalid, Version};
use crate::state::IdentityOptions;

pub(super) const ROUTES: &[Route] =
    &[Route::post(&["enroll", "token"], "enrollToken", |call, _| call.enroll_by_token())];

impl Call<'_> {
    /// With a CSR the identity gets a certificate, without one it goes on logging in by such tokens.
    fn enroll_by_token(&self) -> Result<Answer, Refusal> {
        if self.manners() == Version::V1_3 {
            return Err(no_such_path(self.request));
        }
        if self.request.header("authorization").is_none() {
            let reason = "Authorization in header is required";
            return Err(Refusal::invalid(self.manners(), Invalid::Missing, "Authorization", reason, ""));
        }
        let document = self.document("tokenEnrollmentRequest")?;
        if self.manners() == Version::V1_6 {
            return self.missing("enroll.EnrollToken");
        }
        // What this header is good for is not known; the controller was never seen to accept one.
        if self.request.header("ziti-token-issuer-id").is_some() {
            return Err(invalid_token());
        }
        let csr = document["clientCsr"].as_str().filter(|csr| !csr.is_empty());
        let mut guard = self.state();
        let state = &mut *guard;
        let signers = state.signers.clone();
        let (signer, name) = self.judge_bearer(&signers).map_err(|_| invalid_token())?;
        let allowed = if csr.is_some() { signer.spec.enrolls_to_certificate } else { signer.spec.enrolls_to_token };
        if !allowed {
            let message = "The configuration does not allow this enrollment";
            return Err(Refusal::new(409, "INVALID_ENROLLMENT_NOT_ALLOWED", message));
        }
        if state.identities.iter().any(|identity| identity.external_id.as_ref() == Some(&name)) {
            let message = "The token supplied for this enrollment already has a matching identity, cannot enroll a \
                           new identity";
            return Err(Refusal::new(409, "ENROLLMENT_IDENTITY_ALREADY_ENROLLED", message));
        }
        let external_id = Some(name.clone());
        let options = IdentityOptions { name, external_id, ..IdentityOptions::default() };
        let Some(csr) = csr else {
            state.add_enrolled(&options, self.now);
            return Ok(Answer::data(&json!({"data": null, "meta": null})));
        };
        let id = state.add_enrolled(&options, self.now);
        let leaf = self.sign_for(&id, csr).inspect_err(|_| state.remove_identity(&id))?;
        state.add_certificate(&id, self.authenticator_of(&leaf));
        let pki = &self.shared.pki;
        Ok(Answer::data(&json!({"ca": pki.authorities_pem(), "cert": pki.chain_pem(&leaf)})))
    }
}
