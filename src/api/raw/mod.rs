//! The raw door, for operations that are newer than this library.

#[cfg(feature = "capi")]
pub(crate) mod ffi;

use std::borrow::Cow;

use zeroize::Zeroizing;

use crate::client::Client;
use crate::error::{Error, shown};
use crate::wire::{Body, Method, Request};

/// The body of a [`request`](Client::request).
#[derive(Debug, Clone, Copy)]
pub struct RequestBody<'a> {
    media_type: &'a str,
    bytes: &'a [u8],
}

impl<'a> RequestBody<'a> {
    /// JSON.
    pub fn json(text: &'a str) -> Self {
        Self::new("application/json", text.as_bytes())
    }

    /// A body of any media type.
    pub fn new(media_type: &'a str, bytes: &'a [u8]) -> Self {
        Self { media_type, bytes }
    }
}

/// The answer to a [`request`](Client::request).
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// The HTTP status, 200 to 299.
    pub status: u16,
    /// The media type of the body.
    pub content_type: Option<String>,
    /// The body as it came.
    pub body: Vec<u8>,
}

/// Shows how much came, as nobody knows what it means.
impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("content_type", &self.content_type)
            .field("body_len", &self.body.len())
            .finish()
    }
}

impl Client {
    /// Sends any request below the base path of the API, for operations that are newer than this library.
    ///
    /// It is a call like any other: with the login, which it makes if there is none, within the client's time limit,
    /// and with a refusal as the same errors. `path` is below the base path and escaped, such as `/services/a%20b`;
    /// `query` is escaped here. Only a `GET` is sent again after a lost connection. While the login waits for a factor
    /// the request is sent all the same, as the controller knows what it allows.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a path that is none.
    pub fn request(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<RequestBody<'_>>,
    ) -> Result<Answer, Error> {
        check_path(path)?;
        let mut request =
            Request::new(method, path).with_partial_login().on_management().long_answer().with_hidden_query();
        for (name, value) in query {
            request = request.query(name, value);
        }
        request.body = body.map(|body| Body {
            media_type: Cow::Owned(body.media_type.to_owned()),
            bytes: Zeroizing::new(body.bytes.to_vec()),
        });
        let (head, body) = self.exchange(&request)?;
        Ok(Answer { status: head.status, content_type: head.content_type, body })
    }
}

/// A path must stay below the base path, and must not smuggle in a query.
fn check_path(path: &str) -> Result<(), Error> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@%/".contains(&byte);
    let wrong = if !path.starts_with('/') {
        "has to begin with a slash"
    } else if path.contains(['?', '#']) {
        "holds a query or fragment; give the query on its own"
    } else if !path.bytes().all(is_allowed) {
        "holds characters that have to be escaped"
    } else if path
        .split('/')
        .any(|segment| matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | ".."))
    {
        "leaves the base path"
    } else {
        return Ok(());
    };
    Err(Error::InvalidArgument(format!("path {} {wrong}", shown(path))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_below_the_base_path() {
        for path in ["/", "/services", "/services/a%20b/terminators", "/a//b", "/a:b@c,d"] {
            assert!(check_path(path).is_ok(), "{path}");
        }
        for (path, wrong) in [
            ("", "begin with a slash"),
            ("services", "begin with a slash"),
            ("https://evil.test/", "begin with a slash"),
            ("/a?b=c", "query"),
            ("/a#b", "fragment"),
            ("/a b", "escaped"),
            ("/a\r\nX: y", "escaped"),
            ("/é", "escaped"),
            ("/../../fabric/v1/routers", "leaves the base path"),
            ("/a/./b", "leaves the base path"),
            ("/%2E%2e/x", "leaves the base path"),
        ] {
            let message = check_path(path).unwrap_err().to_string();
            assert!(message.contains(wrong), "{path}: {message}");
        }
    }

    #[test]
    fn an_answer_does_not_show_its_body() {
        let answer = Answer { status: 200, content_type: None, body: b"canary".to_vec() };
        let shown = format!("{answer:?}");
        assert!(shown.contains("body_len: 6") && !shown.contains("canary"), "{shown}");
    }
}
