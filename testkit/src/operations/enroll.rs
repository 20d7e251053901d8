//! `POST /enroll` and those of its sub-paths that take a one-time token or a certificate.

use serde_json::{Value, json};

use super::Call;
use super::demands::required;
use super::enroll_methods::check_password;
use super::routes::Route;
use crate::answers::{Answer, Refusal};
use crate::manners::{Invalid, Version};
use crate::pki;
use crate::random;
use crate::state::{Enrollment, State};

const JSON: &str = "application/json";
const PEM: &str = "application/x-pem-file";
const OCTETS: &str = "application/octet-stream";

pub(super) const ROUTES: &[Route] = &[
    Route::post(&["enroll"], "enroll", |call, _| call.enroll()),
    Route::post(&["enroll", "ott"], "enrollOtt", |call, _| call.enroll_ott()),
    Route::post(&["enroll", "ottca"], "enrollOttCa", |call, _| call.enroll_ottca()),
    Route::post(&["enroll", "ca"], "enrollCa", |call, _| call.enroll_ca()),
    Route::post(&["enroll", "updb"], "enrollUpdb", |call, _| call.enroll_updb()),
    Route::post(&["enroll", "challenge"], "enrollmentChallenge", |call, _| call.challenge()),
    Route::get(&["enroll", "jwks"], "getEnrollmentJwks", |call, _| call.missing("enroll.GetEnrollmentJwks")),
];

impl Call<'_> {
    /// The generic form: method and token in the query, the CSR as the body.
    fn enroll(&self) -> Result<Answer, Refusal> {
        self.check_generic_content_type()?;
        if self.manners() != Version::V1_3 && !self.request.accepts(&[JSON]) {
            let message = "No suitable accept media types were detected, supports: application/json";
            return Err(Refusal::new(415, "UNSUPPORTED_MEDIA", message));
        }
        let token = self.request.parameter("token").unwrap_or_default();
        if self.manners() == Version::V1_3 && !token.is_empty() && !random::is_uuid(&token) {
            let reason = format!("token in query must be of type uuid: {token:?}");
            return Err(Refusal::invalid(self.manners(), Invalid::WrongType, "token", &reason, &token));
        }
        let method = self.request.parameter("method").unwrap_or_default();
        let result =
            if method == "ca" { self.enroll_by_authority() } else { self.redeem(&token, &method, self.sent()) };
        if self.manners() == Version::V1_3 && !self.request.accepts(&[JSON, PEM]) {
            let answer = result.unwrap_or_else(Answer::from);
            return Ok(Answer { headers: vec![("Content-Type", String::new())], ..answer });
        }
        result
    }

    /// The form of its own: token and CSR in JSON.
    fn enroll_ott(&self) -> Result<Answer, Refusal> {
        let sent = self.sent_as_json()?;
        let in_query = self.request.parameter("token").unwrap_or_default();
        // 1.3 looks for the token in the query only, and finds no CSR in JSON.
        if self.manners() == Version::V1_3 {
            return self.redeem(&in_query, "ott", Sent::default());
        }
        let token = sent.document["token"].as_str().unwrap_or(&in_query).to_owned();
        self.redeem(&token, "ott", sent)
    }

    /// The form of its own: the token in JSON, the certificate on the connection. 1.3 takes it for the generic form.
    fn enroll_ottca(&self) -> Result<Answer, Refusal> {
        if self.manners() == Version::V1_3 {
            return self.enroll();
        }
        let sent = self.sent_as_json()?;
        let token = sent.document["token"].as_str().unwrap_or_default().to_owned();
        self.redeem(&token, "ottca", sent)
    }

    /// The form of its own: broken where it would have to succeed. 1.3 takes it for the generic form.
    fn enroll_ca(&self) -> Result<Answer, Refusal> {
        if self.manners() == Version::V1_3 {
            return self.enroll();
        }
        self.authority_of_peer()?;
        Ok(Answer::new(500, JSON, ""))
    }

    /// The form of its own: the token in the query, name and password in JSON. 1.3 looks at them and does not have it.
    fn enroll_updb(&self) -> Result<Answer, Refusal> {
        let missing =
            || Refusal::invalid(self.manners(), Invalid::Missing, "token", "token in query is required", "[]");
        let token = self.request.parameter("token").ok_or_else(missing)?;
        let document = self.document("updbCredentials")?;
        check_password(&document)?;
        if self.manners() == Version::V1_3 {
            return self.missing("enroll.EnrollUpdb");
        }
        self.redeem(&token, "updb", Sent { document, ..Sent::default() })
    }

    /// No controller answers it, but they look at the question.
    fn challenge(&self) -> Result<Answer, Refusal> {
        let document = self.document("nonce")?;
        required(&document, "keyId")?;
        required(&document, "nonce")?;
        self.missing("enroll.EnrollmentChallenge")
    }

    fn check_generic_content_type(&self) -> Result<(), Refusal> {
        let found = self.request.content_type();
        let (known, allowed) = match self.manners() {
            Version::V1_3 => {
                ("application/pkcs10", "application/json application/pkcs10 application/x-pem-file text/plain")
            }
            Version::V1_6 => {
                ("application/pkcs7", "application/json application/x-pem-file text/plain application/pkcs7")
            }
            Version::V2_0 => {
                ("application/pkcs7", "application/pkcs7 application/json application/x-pem-file text/plain")
            }
        };
        let accepted = found.is_some_and(|found| [JSON, PEM, "text/plain", known].contains(&found));
        if !self.request.body.is_empty() && !accepted {
            return Err(Refusal::unsupported_content_type(self.manners(), found.unwrap_or(OCTETS), allowed));
        }
        if self.manners() == Version::V1_3 && found.is_none_or(|found| found == known) {
            let message = format!("The content type supplied is not acceptable: {}", found.unwrap_or_default());
            return Err(Refusal::new(400, "INVALID_CONTENT_TYPE", &message));
        }
        Ok(())
    }

    /// The body of the generic form, of whatever kind it is.
    fn sent(&self) -> Sent {
        if self.request.content_type() != Some(JSON) {
            let csr = String::from_utf8_lossy(&self.request.body).into_owned();
            return Sent { csr, document: Value::Null };
        }
        let document: Value = serde_json::from_slice(&self.request.body).unwrap_or_default();
        let csr = document["clientCsr"].as_str().filter(|_| self.manners() != Version::V1_3);
        Sent { csr: csr.unwrap_or_default().to_owned(), document }
    }

    /// The body of a form that takes JSON only; one that is not readable holds nothing.
    fn sent_as_json(&self) -> Result<Sent, Refusal> {
        let found = self.request.content_type().unwrap_or(OCTETS);
        if found == JSON {
            Ok(self.sent())
        } else {
            Err(Refusal::unsupported_content_type(self.manners(), found, JSON))
        }
    }

    /// Exchanges a token for what its method gives. The token is spent last, so that a refusal keeps it.
    fn redeem(&self, token: &str, method: &str, sent: Sent) -> Result<Answer, Refusal> {
        let mut guard = self.state();
        let state = &mut *guard;
        let enrollment = state.enrollments.get(token).cloned().ok_or_else(invalid_token)?;
        // 1.3 takes every method that it does not know for `ott`.
        let knows = |method: &str| ["ott", "ottca", "ca", "updb", "erott"].contains(&method);
        let method = if self.manners() == Version::V1_3 && !knows(method) { "ott" } else { method };
        if enrollment.method != method {
            let message = "The supplied enrollment method is not valid";
            return Err(Refusal::new(400, "INVALID_ENROLL_METHOD", message));
        }
        if enrollment.expires <= self.now {
            return Err(Refusal::new(400, "ENROLLMENT_EXPIRED", "The window for this enrollment has expired"));
        }
        let answer = match method {
            "ottca" => self.adopt_certificate(state, &enrollment)?,
            "updb" => self.set_password(state, &enrollment, &sent.document)?,
            "erott" => self.enroll_router(state, &enrollment, &sent.document)?,
            _ => self.certify(state, &enrollment, &sent.csr)?,
        };
        state.enrollments.remove(token);
        Ok(answer)
    }

    /// Whether the client said that it wants JSON.
    fn wants_json(&self) -> bool {
        self.request.header("accept").is_some() && self.request.accepts(&[JSON])
    }

    fn certify(&self, state: &mut State, enrollment: &Enrollment, csr: &str) -> Result<Answer, Refusal> {
        let leaf = self.sign_for(&enrollment.identity_id, csr)?;
        state.add_certificate(&enrollment.identity_id, self.authenticator_of(&leaf));
        if self.manners() == Version::V1_3 && !self.wants_json() {
            return Ok(Answer::new(200, PEM, pki::pem(&leaf)));
        }
        Ok(Answer::data(&json!({"cert": self.shared.pki.chain_pem(&leaf)})))
    }
}

/// What came with an enrollment.
#[derive(Default)]
struct Sent {
    csr: String,
    /// Null if it was not JSON.
    document: Value,
}

/// The refusal of a token that is spent, unknown or no token.
pub(super) fn invalid_token() -> Refusal {
    Refusal::new(400, "INVALID_ENROLLMENT_TOKEN", "The supplied token is not valid")
}
