//! What operations demand of a request: a session, and a body.

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
}
