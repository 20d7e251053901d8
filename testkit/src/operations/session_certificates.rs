//! Certificates of the current session.

use std::time::Duration;

use serde_json::{Value, json};

use super::Call;
use super::csr::{self, unusable};
use super::demands::required;
use super::routes::Route;
use crate::answers::{Answer, Refusal};
use crate::manners::Version;
use crate::page::Query;
use crate::random;
use crate::session_certificates::SessionCertificate;

const LIST: &[&str] = &["current-api-session", "certificates"];
const ONE: &[&str] = &["current-api-session", "certificates", "{id}"];
/// How long a certificate is good that was issued for a session.
const LIFE: Duration = Duration::from_secs(12 * 3600);

pub(super) const ROUTES: &[Route] = &[
    Route::get(LIST, "listCurrentApiSessionCertificates", |call, _| call.session_certificates()),
    Route::post(LIST, "createCurrentApiSessionCertificate", |call, _| call.create_session_certificate()),
    Route::get(ONE, "detailCurrentApiSessionCertificate", |call, id| call.session_certificate(id)),
    Route::delete(ONE, "deleteCurrentApiSessionCertificate", |call, id| call.delete_session_certificate(id)),
];

impl Call<'_> {
    /// 1.3 and 2.0 list what logins showed as well, and those of everybody.
    fn session_certificates(&self) -> Result<Answer, Refusal> {
        self.in_session(|session| {
            let query = Query::parse(self.request, self.manners())?;
            let mut state = self.state();
            state.forget_ended_sessions(self.manners(), self.now);
            let certificates = &state.session_certificates;
            Ok(match self.manners() {
                Version::V1_6 => query.page(certificates.issued_for(&session.id), SessionCertificate::document),
                Version::V1_3 | Version::V2_0 => query.page(certificates.all(), SessionCertificate::document),
            })
        })
    }

    fn create_session_certificate(&self) -> Result<Answer, Refusal> {
        self.with_document("sessionCertificate", |session, document| {
            let csr = csr::der(required(document, "csr")?).map_err(unusable)?;
            let spiffe = format!("spiffe://testkit/apiSession/{}", session.id);
            let signed = self.shared.pki.sign(&csr, Some(&spiffe), self.now, LIFE);
            let leaf = signed.map_err(|error| unusable(&error.to_string()))?;
            let pem = self.shared.pki.chain_pem(&leaf);
            let id = if session.is_of_token() {
                // Given, and not kept.
                random::short_id()
            } else {
                let leaf = leaf.der().clone();
                self.state().session_certificates.add(&session.id, leaf, pem.clone(), true, self.now)
            };
            let created = json!({
                "_links": {"self": {"href": format!("./current-api-session/certificates/{id}")}},
                "id": id,
                "cas": self.shared.pki.authorities_pem(),
                "certificate": pem,
            });
            Ok(Answer { status: 201, ..Answer::data(&created) })
        })
    }

    fn session_certificate(&self, id: &str) -> Result<Answer, Refusal> {
        self.in_session(|session| {
            let state = self.state();
            let certificate = state.session_certificates.get(&session.id, id);
            let certificate = certificate.ok_or_else(|| self.no_such_certificate(id))?;
            Ok(Answer::json(200, &json!({"data": certificate.document(), "meta": Value::Null})))
        })
    }

    fn delete_session_certificate(&self, id: &str) -> Result<Answer, Refusal> {
        self.in_session(|session| {
            let removed = self.state().session_certificates.remove(&session.id, id);
            if removed { Ok(Answer::data(&json!({}))) } else { Err(self.no_such_certificate(id)) }
        })
    }

    fn no_such_certificate(&self, id: &str) -> Refusal {
        let what = format!("apiSessionCertificate with id {id} not found");
        match self.manners() {
            Version::V1_3 => Refusal::new(500, "UNHANDLED", "An unhandled error occurred").because(what),
            Version::V1_6 | Version::V2_0 => Refusal::not_found(what),
        }
    }
}
