//! What operations demand of a request: a session, and a document with certain fields.

use serde_json::Value;

use super::Call;
use crate::answers::{Answer, Refusal};
use crate::manners::Invalid;
use crate::sessions::Session;

const JSON: &str = "application/json";

impl Call<'_> {
    /// Carries out what needs a complete session.
    pub(super) fn in_session(
        &self,
        carry_out: impl FnOnce(&Session) -> Result<Answer, Refusal>,
    ) -> Result<Answer, Refusal> {
        self.session().map_or_else(Ok, |session| carry_out(&session))
    }

    /// Carries out what a session may ask for that waits for a second factor.
    pub(super) fn in_any_session(
        &self,
        carry_out: impl FnOnce(&Session) -> Result<Answer, Refusal>,
    ) -> Result<Answer, Refusal> {
        self.any_session().map_or_else(Ok, |session| carry_out(&session))
    }

    /// Carries out what needs a complete session and a document, called `name` by the API. A request without any token
    /// is refused before its document is read, one with a wrong token after it.
    pub(super) fn with_document(
        &self,
        name: &str,
        carry_out: impl FnOnce(&Session, &Value) -> Result<Answer, Refusal>,
    ) -> Result<Answer, Refusal> {
        if !self.has_token() {
            return Ok(self.no_token());
        }
        let document = self.document(name)?;
        self.in_session(|session| carry_out(session, &document))
    }

    /// The same for what a session may ask for that waits for a second factor.
    pub(super) fn with_document_in_any_session(
        &self,
        name: &str,
        carry_out: impl FnOnce(&Session, &Value) -> Result<Answer, Refusal>,
    ) -> Result<Answer, Refusal> {
        if !self.has_token() {
            return Ok(self.no_token());
        }
        let document = self.document(name)?;
        self.in_any_session(|session| carry_out(session, &document))
    }

    /// The JSON that a request has to have as its body, called `name` by the API.
    pub(super) fn json(&self, name: &str) -> Result<Value, Refusal> {
        if self.request.body.is_empty() {
            let reason = format!("{name} in body is required");
            return Err(Refusal::invalid(self.manners(), Invalid::Missing, name, &reason, ""));
        }
        let found = self.request.content_type().unwrap_or("application/octet-stream");
        if found != JSON {
            return Err(Refusal::unsupported_content_type(self.manners(), found, JSON));
        }
        serde_json::from_slice(&self.request.body).map_err(|_| Refusal::unreadable("unexpected EOF"))
    }

    /// The same where it has to be an object.
    pub(super) fn document(&self, name: &str) -> Result<Value, Refusal> {
        let document = self.json(name)?;
        if document.is_object() { Ok(document) } else { Err(Refusal::unreadable("not an object")) }
    }
}

/// A text that a document has to have.
pub(super) fn required<'a>(document: &'a Value, field: &str) -> Result<&'a str, Refusal> {
    let missing = || Refusal::invalid_field(field, &format!("{field} in body is required"), "<nil>");
    document[field].as_str().ok_or_else(missing)
}

/// A text that has to have a certain length where there is one; `path` is what the refusal calls it.
pub(super) fn of_length(text: Option<&str>, path: &str, least: usize, most: usize) -> Result<(), Refusal> {
    let Some(text) = text else { return Ok(()) };
    let length = text.chars().count();
    let (wrong, bound) = if length < least { ("at least", least) } else { ("at most", most) };
    if (least..=most).contains(&length) {
        return Ok(());
    }
    Err(Refusal::invalid_field(path, &format!("{path} in body should be {wrong} {bound} chars long"), text))
}
