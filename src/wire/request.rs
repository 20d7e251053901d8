//! What is asked, and the head of what is answered.

use std::borrow::Cow;
use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::secret::Secret;

/// RFC 3986 "unreserved": all else is escaped, in a path segment as in a query.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Post,
    Delete,
}

impl Method {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Delete => "DELETE",
        }
    }
}

/// Which login an operation wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LoginNeed {
    None,
    /// A session will do while factors are still missing.
    Partial,
    Complete,
}

/// What an operation can read. Never more than one: controllers of 1.3 take only the exact value for JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Accept {
    Json,
    Pkcs7,
}

impl Accept {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Accept::Json => "application/json",
            Accept::Pkcs7 => "application/pkcs7-mime",
        }
    }
}

/// The body of a request with its media type.
#[derive(Clone)]
pub(crate) struct Body {
    pub(crate) media_type: &'static str,
    pub(crate) bytes: Cow<'static, [u8]>,
}

impl Body {
    pub(crate) fn json(text: String) -> Self {
        Self { media_type: "application/json", bytes: Cow::Owned(text.into_bytes()) }
    }

    pub(crate) fn text(text: String) -> Self {
        Self { media_type: "text/plain", bytes: Cow::Owned(text.into_bytes()) }
    }
}

/// One request below a base path, before anybody decided which controller gets it.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) method: Method,
    /// Below the base path, with a leading slash, escaped.
    pub(crate) path: String,
    /// Escaped, without the question mark.
    query: String,
    /// A last query parameter that must not be seen.
    secret_query: Option<(&'static str, Secret)>,
    pub(crate) body: Option<Body>,
    pub(crate) accept: Accept,
    /// True if the request may be sent twice without doing anything twice.
    pub(crate) idempotent: bool,
    /// True for a path that is below the host itself, whatever the base path of the API is.
    pub(crate) at_root: bool,
    pub(crate) login: LoginNeed,
    /// True if the answer may be long: unpacking a short one costs more than its bytes on the wire.
    pub(crate) compress: bool,
    /// The most bytes of answer that will be read, after inflating.
    pub(crate) max_answer: u64,
}

/// Enough for a page of 500 large services, and for every small answer.
const MAX_ANSWER: u64 = 64 * 1024 * 1024;

impl Request {
    pub(crate) fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            query: String::new(),
            secret_query: None,
            body: None,
            accept: Accept::Json,
            idempotent: matches!(method, Method::Get),
            at_root: false,
            login: LoginNeed::Complete,
            compress: false,
            max_answer: MAX_ANSWER,
        }
    }

    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self::new(Method::Get, path)
    }

    pub(crate) fn at_root(mut self) -> Self {
        self.at_root = true;
        self
    }

    pub(crate) fn without_login(mut self) -> Self {
        self.login = LoginNeed::None;
        self
    }

    pub(crate) fn with_partial_login(mut self) -> Self {
        self.login = LoginNeed::Partial;
        self
    }

    /// The answer may come compressed.
    pub(crate) fn compress(mut self) -> Self {
        self.compress = true;
        self
    }

    pub(crate) fn accept(mut self, accept: Accept) -> Self {
        self.accept = accept;
        self
    }

    pub(crate) fn body(mut self, body: Body) -> Self {
        self.body = Some(body);
        self
    }

    /// Adds `name=value` to the query, escaped.
    pub(crate) fn query(mut self, name: &str, value: &str) -> Self {
        if !self.query.is_empty() {
            self.query.push('&');
        }
        self.query.push_str(name);
        self.query.push('=');
        self.query.extend(utf8_percent_encode(value, ESCAPED));
        self
    }

    /// Adds `name=value` as the last query parameter; whoever prints the request sees `name=***`.
    pub(crate) fn secret_query(mut self, name: &'static str, value: &Secret) -> Self {
        self.secret_query = Some((name, value.clone()));
        self
    }

    /// The value of the query parameter that must not be seen.
    pub(crate) fn secret(&self) -> Option<&Secret> {
        self.secret_query.as_ref().map(|(_, value)| value)
    }

    /// The operation for messages: `METHOD /path`, never with a query.
    pub(crate) fn operation(&self) -> String {
        format!("{} {}", self.method.as_str(), self.path)
    }

    /// Path and query as they go on the wire: may hold a secret, so it is one.
    pub(crate) fn target(&self, base_path: &str) -> Secret {
        let mut target = format!("{base_path}{}", self.path);
        let mut separator = '?';
        if !self.query.is_empty() {
            target.push(separator);
            target.push_str(&self.query);
            separator = '&';
        }
        if let Some((name, value)) = &self.secret_query {
            target.push(separator);
            target.push_str(name);
            target.push('=');
            target.extend(utf8_percent_encode(value.expose(), ESCAPED));
        }
        Secret::new(target)
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method.as_str(), self.path)?;
        let separator = if self.query.is_empty() { "?" } else { "&" };
        if !self.query.is_empty() {
            write!(f, "?{}", self.query)?;
        }
        if let Some((name, _)) = &self.secret_query {
            write!(f, "{separator}{name}=***")?;
        }
        Ok(())
    }
}

/// Escapes an id for use as one path segment.
pub(crate) fn segment(id: &str) -> impl fmt::Display + '_ {
    utf8_percent_encode(id, ESCAPED)
}

/// Status and the headers that somebody reads.
#[derive(Debug, Clone, Default)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) content_type: Option<String>,
    pub(crate) date: Option<String>,
    pub(crate) retry_after: Option<String>,
    pub(crate) www_authenticate: Vec<String>,
}

impl Head {
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}
