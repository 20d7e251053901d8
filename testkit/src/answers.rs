//! Answers and the envelopes they come in.

use std::io::Write;
use std::sync::{Arc, OnceLock};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;
use serde_json::{Value, json};

use crate::manners::{Invalid, Version};
use crate::random;

/// A body and, once somebody asked for it, its gzipped form. Clones share both.
#[derive(Debug, Clone, Default)]
pub(crate) struct Body {
    plain: Arc<Vec<u8>>,
    gzipped: Arc<OnceLock<Vec<u8>>>,
}

impl Body {
    pub(crate) fn plain(&self) -> &[u8] {
        &self.plain
    }

    pub(crate) fn gzipped(&self) -> &[u8] {
        self.gzipped.get_or_init(|| {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(&self.plain).and_then(|()| encoder.finish()).expect("a Vec takes every byte")
        })
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Self {
        Self { plain: Arc::new(bytes), gzipped: Arc::default() }
    }
}

/// What is answered to a request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Body,
    /// Sent in chunks instead of with a length.
    pub(crate) chunked: bool,
    /// The connection ends with this answer.
    pub(crate) close: bool,
    /// Without the headers by which a controller names itself.
    pub(crate) nameless: bool,
}

impl Answer {
    pub(crate) fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("Content-Type", content_type.to_owned())];
        Self { status, headers, body: body.into().into(), ..Self::default() }
    }

    /// `body` as JSON, ended by the newline the real controller ends it with.
    pub(crate) fn json(status: u16, body: &impl Serialize) -> Self {
        let mut bytes = serde_json::to_vec(body).expect("the kit's own types are JSON");
        bytes.push(b'\n');
        Self::new(status, "application/json", bytes)
    }

    /// 200 with `data` in the envelope.
    pub(crate) fn data(data: &impl Serialize) -> Self {
        #[derive(Serialize)]
        struct Envelope<'a, T> {
            data: &'a T,
            meta: Value,
        }
        Self::json(200, &Envelope { data, meta: json!({}) })
    }

    /// The same with null where others have an empty object.
    pub(crate) fn data_without_meta(data: &impl Serialize) -> Self {
        Self::json(200, &json!({"data": data, "meta": null}))
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// One line of text, as the server answers by itself where no handler does.
    pub(crate) fn plain_error(status: u16, text: &str) -> Self {
        Self::new(status, "text/plain; charset=utf-8", format!("{text}\n")).with("X-Content-Type-Options", "nosniff")
    }

    pub(crate) fn closing(mut self) -> Self {
        self.close = true;
        self
    }
}

/// Why a request was refused; becomes an [`Answer`].
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    status: u16,
    code: &'static str,
    message: String,
    cause: Option<Value>,
    /// The `Www-Authenticate` that goes with it.
    challenge: Option<String>,
}

impl Refusal {
    pub(crate) fn new(status: u16, code: &'static str, message: &str) -> Self {
        Self { status, code, message: message.to_owned(), cause: None, challenge: None }
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// With a cause that has a message and nothing else to say.
    pub(crate) fn because(self, message: impl Into<String>) -> Self {
        self.about(json!({"code": "UNHANDLED", "message": message.into()}))
    }

    /// With this cause.
    pub(crate) fn about(self, cause: Value) -> Self {
        Self { cause: Some(cause), ..self }
    }

    /// With what says how to do better.
    pub(crate) fn challenging(self, challenge: String) -> Self {
        Self { challenge: Some(challenge), ..self }
    }

    /// The refusal without the envelope, and without a request id.
    pub(crate) fn bare(self) -> Answer {
        let body = json!({"code": self.code, "message": self.message}).to_string();
        let answer = Answer::new(self.status, "application/json", body);
        self.challenge.into_iter().fold(answer, |answer, challenge| answer.with("Www-Authenticate", challenge))
    }

    pub(crate) fn unhandled(cause: impl Into<String>) -> Self {
        Self::new(500, "UNHANDLED", "An unhandled error occurred").because(cause)
    }

    pub(crate) fn not_found(what: impl Into<String>) -> Self {
        Self::nothing_there().because(what)
    }

    /// The same where the controller does not say what.
    pub(crate) fn nothing_there() -> Self {
        let message = "The resource requested was not found or is no longer available";
        Self::new(404, "NOT_FOUND", message)
    }

    pub(crate) fn unauthorized() -> Self {
        let message =
            "The request could not be completed. The session is not authorized or the credentials are invalid";
        Self::new(401, "UNAUTHORIZED", message)
    }

    pub(crate) fn method_not_allowed(method: &str, allowed: &str) -> Self {
        Self::new(405, "METHOD_NOT_ALLOWED", "The resource requested does not support this HTTP verb")
            .because(format!("method {method} is not allowed, but [{allowed}] are"))
    }

    pub(crate) fn login_failed() -> Self {
        Self::new(401, "INVALID_AUTH", "The authentication request failed")
    }

    /// The session stays what it is.
    pub(crate) fn wrong_current_password(given: &str) -> Self {
        let cause = json!({"field": "currentPassword", "reason": "invalid current password", "value": given});
        Self::unauthorized().about(cause)
    }

    fn unusable_document(status: u16) -> Self {
        let message = "The supplied request contains an invalid document or no valid accept content were available, \
                       see cause";
        Self::new(status, "COULD_NOT_VALIDATE", message)
    }

    /// A field that breaks the document's rules, at the status `version` has for it.
    pub(crate) fn invalid(version: Version, invalid: Invalid, field: &str, reason: &str, value: &str) -> Self {
        Self::invalid_at(version.status_of(invalid), field, reason, value)
    }

    /// The same at a plain 400: a field inside a body.
    pub(crate) fn invalid_field(field: &str, reason: &str, value: &str) -> Self {
        Self::invalid_at(400, field, reason, value)
    }

    fn invalid_at(status: u16, field: &str, reason: &str, value: &str) -> Self {
        let cause = json!({"field": field, "reason": reason, "value": value});
        Self::unusable_document(status).about(cause)
    }

    /// A body that is no document of the kind that is asked for.
    pub(crate) fn unreadable(cause: impl Into<String>) -> Self {
        Self::new(400, "COULD_NOT_PARSE_BODY", "The body of the request could not be parsed").because(cause)
    }

    /// A document that is wrong as a whole.
    pub(crate) fn invalid_document(message: &str) -> Self {
        Self::unusable_document(400).because(message)
    }

    pub(crate) fn unsupported_content_type(version: Version, found: &str, allowed: &str) -> Self {
        let reason = format!("unsupported media type {found:?}, only [{allowed}] are allowed");
        Self::invalid(version, Invalid::ContentType, "Content-Type", &reason, found)
    }

    pub(crate) fn not_acceptable(version: Version, accept: &str, available: &str) -> Self {
        let reason = format!("unsupported media type requested, only [{available}] are available");
        Self::invalid(version, Invalid::Accept, "Accept", &reason, accept)
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        let mut error = json!({
            "code": refusal.code,
            "message": refusal.message,
            "requestId": random::short_id(),
        });
        if let Some(cause) = refusal.cause {
            error["cause"] = cause;
        }
        let meta = json!({"apiEnrollmentVersion": "0.0.1", "apiVersion": "0.0.1"});
        let answer = Self::json(refusal.status, &json!({"error": error, "meta": meta}));
        refusal.challenge.into_iter().fold(answer, |answer, challenge| answer.with("Www-Authenticate", challenge))
    }
}

/// The bare string that unimplemented operations answer.
pub(crate) fn not_implemented(operation: &str) -> Answer {
    Answer::json(501, &format!("operation {operation} has not yet been implemented"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn a_body_is_gzipped_once_for_all_its_clones() {
        let body = Body::from(b"services".repeat(100));
        let clone = body.clone();
        assert!(std::ptr::eq(body.gzipped(), clone.gzipped()));
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(clone.gzipped()).read_to_end(&mut plain).unwrap();
        assert_eq!(plain, body.plain());
    }

    #[test]
    fn refusals_carry_the_recorded_envelope() {
        let answer = Answer::from(Refusal::not_found("service with id x not found"));
        let body: Value = serde_json::from_slice(answer.body.plain()).unwrap();
        assert_eq!(answer.status, 404);
        assert_eq!(body["error"]["cause"]["message"], "service with id x not found");
        assert_eq!(body["meta"]["apiVersion"], "0.0.1");
    }
}
