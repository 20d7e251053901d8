//! What a provider answers.

use std::io::{self, Write};

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

/// An answer on its way.
#[derive(Debug)]
pub(super) struct Answer {
    status: u16,
    content_type: String,
    location: Option<String>,
    body: Vec<u8>,
}

impl Answer {
    pub(super) fn new(status: u16, content_type: &str, body: Vec<u8>) -> Self {
        Self { status, content_type: content_type.to_owned(), location: None, body }
    }

    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self::new(status, "application/json", body.to_string().into_bytes())
    }

    /// A refusal in the words of OAuth.
    pub(super) fn refusal(code: &str, description: &str) -> Self {
        Self::json(400, &json!({"error": code, "error_description": description}))
    }

    pub(super) fn redirect(location: String) -> Self {
        Self { status: 302, content_type: String::new(), location: Some(location), body: Vec::new() }
    }

    /// With the time, if it is to be told.
    pub(super) fn send(&self, stream: &mut impl Write, now: Option<OffsetDateTime>) -> io::Result<()> {
        let mut head = format!("HTTP/1.1 {} Answer\r\nContent-Length: {}\r\n", self.status, self.body.len());
        if let Some(date) = now.and_then(|now| now.format(&Rfc2822).ok()) {
            head.push_str(&format!("Date: {}\r\n", date.replace("+0000", "GMT")));
        }
        if !self.content_type.is_empty() {
            head.push_str(&format!("Content-Type: {}\r\n", self.content_type));
        }
        if let Some(location) = &self.location {
            head.push_str(&format!("Location: {location}\r\n"));
        }
        head.push_str("\r\n");
        stream.write_all(head.as_bytes())?;
        stream.write_all(&self.body)?;
        stream.flush()
    }
}
