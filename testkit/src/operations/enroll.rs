//! `POST /enroll?method=ott` and `POST /enroll/ott`.

use rcgen::Certificate;
use serde_json::{Value, json};

use super::Call;
use super::routes::Route;
use crate::answers::{Answer, Refusal};
use crate::manners::{Invalid, Version};
use crate::pki::{self, fingerprint};
use crate::random;
use crate::state::State;

const JSON: &str = "application/json";
const PEM: &str = "application/x-pem-file";
const OCTETS: &str = "application/octet-stream";
const CSR_LABEL: &str = "CERTIFICATE REQUEST";

pub(super) const ROUTES: &[Route] = &[
    Route::post(&["enroll"], "enroll", |call, _| call.enroll()),
    Route::post(&["enroll", "ott"], "enrollOtt", |call, _| call.enroll_ott()),
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
        let result = self.redeem(&token, &method, self.generic_csr());
        if self.manners() == Version::V1_3 && !self.request.accepts(&[JSON, PEM]) {
            let answer = result.unwrap_or_else(Answer::from);
            return Ok(Answer { headers: vec![("Content-Type", String::new())], ..answer });
        }
        result
    }

    /// The form of its own: token and CSR in JSON.
    fn enroll_ott(&self) -> Result<Answer, Refusal> {
        let found = self.request.content_type().unwrap_or(OCTETS);
        if found != JSON {
            return Err(Refusal::unsupported_content_type(self.manners(), found, JSON));
        }
        let body: Value = serde_json::from_slice(&self.request.body).unwrap_or_default();
        let in_query = self.request.parameter("token").unwrap_or_default();
        // 1.3 looks for the token in the query only, and finds no CSR in JSON.
        if self.manners() == Version::V1_3 {
            return self.redeem(&in_query, "ott", String::new());
        }
        let token = body["token"].as_str().unwrap_or(&in_query);
        self.redeem(token, "ott", body["clientCsr"].as_str().unwrap_or_default().to_owned())
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

    fn generic_csr(&self) -> String {
        let text = || String::from_utf8_lossy(&self.request.body).into_owned();
        if self.request.content_type() != Some(JSON) {
            return text();
        }
        let body: Value = serde_json::from_slice(&self.request.body).unwrap_or_default();
        let csr = body["clientCsr"].as_str().filter(|_| self.manners() != Version::V1_3);
        csr.unwrap_or_default().to_owned()
    }

    /// Exchanges a token and a CSR for a certificate. The token is spent last, so that a refusal keeps it.
    fn redeem(&self, token: &str, method: &str, csr: String) -> Result<Answer, Refusal> {
        let mut guard = self.state();
        let state = &mut *guard;
        let invalid = || Refusal::new(400, "INVALID_ENROLLMENT_TOKEN", "The supplied token is not valid");
        let enrollment = state.enrollments.get(token).ok_or_else(invalid)?;
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
        let identity_id = enrollment.identity_id.clone();
        let leaf = self.certify(state, &identity_id, &csr)?;
        state.enrollments.remove(token);
        if self.manners() == Version::V1_3 && !self.wants_json() {
            return Ok(Answer::new(200, PEM, pki::pem(&leaf)));
        }
        Ok(Answer::data(&json!({"cert": self.shared.pki.chain_pem(&leaf)})))
    }

    /// Whether the client said that it wants JSON.
    fn wants_json(&self) -> bool {
        self.request.header("accept").is_some() && self.request.accepts(&[JSON])
    }

    fn certify(&self, state: &mut State, identity_id: &str, csr: &str) -> Result<Certificate, Refusal> {
        let unusable = |why: &str| {
            Refusal::new(400, "COULD_NOT_PROCESS_CSR", "The supplied csr could not be processed").because(why)
        };
        let csr = csr_der(csr).map_err(unusable)?;
        let spiffe = format!("spiffe://testkit/identity/{identity_id}");
        let spiffe = self.manners().names_identities_in_certificates().then_some(spiffe.as_str());
        let leaf = self.shared.pki.sign(&csr, spiffe, self.now).map_err(|error| unusable(&error.to_string()))?;
        state.add_certificate(identity_id, fingerprint(leaf.der()));
        Ok(leaf)
    }
}

/// The request inside a PEM text, by the controller's rules: anything may come before it, nothing but one line end
/// after.
fn csr_der(text: &str) -> Result<Vec<u8>, &'static str> {
    if text.is_empty() {
        return Err("csrPem must not be null or empty");
    }
    let (begin, end) = (format!("-----BEGIN {CSR_LABEL}-----"), format!("-----END {CSR_LABEL}-----"));
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
            assert!(csr_der(&good).is_ok(), "{good:?}");
        }
        for bad in [format!("{CSR}\n\n"), format!("{CSR}\njunk"), format!("{CSR}\n{CSR}\n")] {
            assert_eq!(csr_der(&bad), Err("unexpected PEM blocks at end of CSR"), "{bad:?}");
        }
        assert_eq!(csr_der("hello"), Err("could not decode csrPem as PEM"));
        assert_eq!(csr_der(""), Err("csrPem must not be null or empty"));
    }
}
