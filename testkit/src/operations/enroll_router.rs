//! Enrollment of edge routers, and new certificates for them.

use rcgen::Certificate;
use serde_json::{Value, json};

use super::Call;
use super::csr;
use super::demands::required;
use super::enroll::invalid_token;
use super::routes::Route;
use crate::answers::{Answer, Refusal};
use crate::manners::Version;
use crate::pki::{self, YEAR, fingerprint};
use crate::state::{Enrollment, State};
use crate::x509::requested_common_name;

pub(super) const ROUTES: &[Route] = &[
    Route::post(&["enroll", "erott"], "enrollErOtt", |call, _| call.lose_csr()),
    Route::post(&["enroll", "extend", "router"], "extendRouterEnrollment", |call, _| call.extend_router()),
];

impl Call<'_> {
    /// The form of its own finds the token in the body, 1.3 in the query, and then loses the CSRs.
    fn lose_csr(&self) -> Result<Answer, Refusal> {
        let document: Value = serde_json::from_slice(&self.request.body).unwrap_or_default();
        let token = match self.manners() {
            Version::V1_3 => self.request.parameter("token"),
            Version::V1_6 | Version::V2_0 => document["token"].as_str().map(str::to_owned),
        };
        let state = self.state();
        token.and_then(|token| state.enrollments.get(&token)).ok_or_else(invalid_token)?;
        let message = "The supplied enrollment request is missing or contains an invalid CSR";
        Err(Refusal::new(400, "MISSING_OR_INVALID_CSR", message).because("invalid server CSR"))
    }

    /// `erott` in the generic form: two certificates whose common name is the router's id.
    pub(super) fn enroll_router(
        &self,
        state: &mut State,
        enrollment: &Enrollment,
        document: &Value,
    ) -> Result<Answer, Refusal> {
        let router = state.enrolled_routers.get_mut(&enrollment.identity_id).ok_or_else(invalid_token)?;
        let [leaf, server] = self.sign_for_router(&router.id, document)?;
        router.certificate = Some(fingerprint(leaf.der()));
        let pki = &self.shared.pki;
        Ok(Answer::data(&json!({
            "ca": pki.authorities_pem(),
            "cert": pki.chain_pem(&leaf),
            "serverCert": pki.chain_pem(&server),
        })))
    }

    /// New certificates for the router whose certificate the connection shows; that one is over.
    fn extend_router(&self) -> Result<Answer, Refusal> {
        let document = self.document("routerExtendEnrollmentRequest")?;
        required(&document, "certCsr")?;
        required(&document, "serverCertCsr")?;
        let shown = self.peer.certificates.first().map(|leaf| fingerprint(leaf)).ok_or_else(Refusal::unauthorized)?;
        let mut state = self.state();
        let router = state.enrolled_routers.by_certificate(&shown).ok_or_else(Refusal::unauthorized)?;
        let [leaf, server] = self.sign_for_router(&router.id, &document)?;
        router.certificate = Some(fingerprint(leaf.der()));
        let chain = self.shared.pki.chain_pem(&leaf);
        let server =
            if self.manners() == Version::V1_3 { pki::pem(&server) } else { self.shared.pki.chain_pem(&server) };
        Ok(Answer::data(&json!({"cert": chain, "serverCert": server})))
    }

    /// A router's certificate as a client and the one as a server.
    fn sign_for_router(&self, id: &str, document: &Value) -> Result<[Certificate; 2], Refusal> {
        let sign = |field: &str, what: &str| {
            let csr = csr::der(document[field].as_str().unwrap_or_default()).map_err(csr::unusable)?;
            if requested_common_name(&csr).as_deref() != Some(id) {
                return Err(csr::unusable(&format!("invalid {what} CSR")));
            }
            let signed = self.shared.pki.sign(&csr, None, self.now, YEAR);
            signed.map_err(|error| csr::unusable(&error.to_string()))
        };
        Ok([sign("certCsr", "client")?, sign("serverCertCsr", "server")?])
    }
}
