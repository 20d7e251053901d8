//! What the operations on API documents answer.

use serde_json::{Map, Value};

use crate::error::Error;
use crate::wire::Timestamp;
use crate::wire::fields::{Fields, Model};

/// An API document that a controller serves.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Spec {
    /// The id, such as `edge-client`.
    pub id: String,
    /// The name.
    pub name: Option<String>,
    /// When the controller was started.
    pub created_at: Option<Timestamp>,
    /// When the controller was started.
    pub updated_at: Option<Timestamp>,
    /// What is attached to it.
    pub tags: Map<String, Value>,
}

impl Model for Spec {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self {
            id: fields.get("id"),
            name: fields.get("name"),
            created_at: fields.get("createdAt"),
            updated_at: fields.get("updatedAt"),
            tags: fields.get("tags"),
        }
    }
}

/// The text of an API document.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SpecBody {
    /// What it is, such as `application/json`.
    pub media_type: Option<String>,
    /// The document as it came.
    pub text: String,
}

impl SpecBody {
    /// Reads the answer to `operation`.
    pub(in crate::api::controller) fn read(
        operation: &str,
        media_type: Option<String>,
        body: Vec<u8>,
    ) -> Result<Self, Error> {
        let text = String::from_utf8(body).map_err(|error| Error::Decode {
            operation: operation.to_owned(),
            path: format!("byte {}", error.utf8_error().valid_up_to()),
            message: "the body is not UTF-8".to_owned(),
        })?;
        Ok(Self { media_type, text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_that_is_no_text_is_refused_at_the_byte() {
        let error = SpecBody::read("GET /specs/a/spec", None, b"ab\xff".to_vec()).unwrap_err();
        let Error::Decode { operation, path, message } = &error else { panic!("{error:?}") };
        let told = (operation.as_str(), path.as_str(), message.as_str());
        assert_eq!(told, ("GET /specs/a/spec", "byte 2", "the body is not UTF-8"));
    }
}
