//! How OAuth says no: other than the APIs, and other than the login does.

use serde_json::{Value, json};

use crate::answers::Answer;

/// `error`, and a description where there is one.
pub(super) fn oauth(status: u16, error: &str, description: &str) -> Answer {
    let mut body = json!({"error": error});
    if !description.is_empty() {
        body["error_description"] = Value::from(description);
    }
    Answer::json(status, &body).with("Vary", "Origin")
}

/// The answer to what was revoked, or logged out, before.
pub(super) fn already_revoked(status: u16, id: &str) -> Answer {
    oauth(status, "server_error", &format!("an entity of type revocation already exists with id {id}"))
}
