//! What is asked, and the head of what is answered.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, Write as _};
use std::str::FromStr;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use serde::Serialize;
use zeroize::Zeroizing;

use crate::error::{Error, shown};
use crate::secret::Secret;

/// RFC 3986 "unreserved": all else is escaped, in a path segment as in a query.
pub(crate) const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// How a request acts on what its path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method {
    /// Asks, and changes nothing.
    Get,
    /// Makes something, or does what the path says.
    Post,
    /// Replaces.
    Put,
    /// Changes in part.
    Patch,
    /// Removes.
    Delete,
}

const METHODS: [Method; 5] = [Method::Get, Method::Post, Method::Put, Method::Patch, Method::Delete];

impl Method {
    /// The word for it in HTTP, such as `GET`.
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Method {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self, Error> {
        METHODS.into_iter().find(|known| known.as_str() == word).ok_or_else(|| {
            Error::InvalidArgument(format!("method {}: expected GET, POST, PUT, PATCH or DELETE", shown(word)))
        })
    }
}

/// Which of a controller's APIs: each has a base path of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Api {
    Client,
    Management,
}

/// Which login an operation wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LoginNeed {
    None,
    /// A session will do while factors are still missing.
    Partial,
    Complete,
}

/// The body of a request with its media type. It may hold passwords and codes, so it is wiped when dropped.
#[derive(Clone)]
pub(crate) struct Body {
    pub(crate) media_type: Cow<'static, str>,
    pub(crate) bytes: Zeroizing<Vec<u8>>,
}

impl Body {
    pub(crate) fn json(model: &impl Serialize) -> Self {
        let mut growing = Growing(Zeroizing::new(Vec::with_capacity(256)));
        serde_json::to_writer(&mut growing, model).expect("texts, numbers and maps with texts as keys are always JSON");
        Self { media_type: Cow::Borrowed("application/json"), bytes: growing.0 }
    }

    /// `name=value` pairs, escaped.
    pub(crate) fn form(pairs: &[(&str, &str)]) -> Self {
        let mut form = Growing(Zeroizing::new(Vec::with_capacity(256)));
        for (name, value) in pairs {
            let separator = if form.0.is_empty() { "" } else { "&" };
            let (name, value) = (utf8_percent_encode(name, ESCAPED), utf8_percent_encode(value, ESCAPED));
            write!(form, "{separator}{name}={value}").expect("memory takes all that is written");
        }
        Self { media_type: Cow::Borrowed("application/x-www-form-urlencoded"), bytes: form.0 }
    }

    pub(crate) fn text(text: String) -> Self {
        Self { media_type: Cow::Borrowed("text/plain"), bytes: Zeroizing::new(text.into_bytes()) }
    }
}

/// Wipes what it moves away from: a reallocation would leave a copy of half a body behind.
struct Growing(Zeroizing<Vec<u8>>);

impl io::Write for Growing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let needed = self.0.len() + bytes.len();
        if needed > self.0.capacity() {
            let mut larger = Zeroizing::new(Vec::with_capacity(needed.max(2 * self.0.capacity())));
            larger.extend_from_slice(&self.0);
            self.0 = larger;
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
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
    /// True if nobody knows what is in the query: whoever prints the request sees `***`.
    query_is_hidden: bool,
    /// A last query parameter that must not be seen.
    secret_query: Option<(&'static str, Secret)>,
    /// Beside those that every request has; none of them must be seen.
    pub(crate) headers: Vec<(&'static str, Secret)>,
    /// What of the body must not be seen.
    pub(crate) hidden: Vec<Secret>,
    pub(crate) body: Option<Body>,
    /// What of media can be read. Where that is JSON alone it is nothing but its name: 1.3 compares it as a text when
    /// somebody enrolls.
    pub(crate) accept: Cow<'static, str>,
    /// True if the request may be sent twice without doing anything twice.
    pub(crate) idempotent: bool,
    pub(crate) api: Api,
    /// True if the management API has the operation too.
    pub(crate) on_management: bool,
    /// True for a path that is below the host itself, whatever the base path of the API is.
    pub(crate) at_root: bool,
    pub(crate) login: LoginNeed,
    /// True if the answer may be long: unpacking a short one costs more than its bytes on the wire.
    pub(crate) compress: bool,
    /// The most bytes of answer that will be read, after inflating.
    pub(crate) max_answer: u64,
}

/// Enough for a page of 500 rows of a kilobyte. Read into values it takes ten times as much memory.
const MAX_ANSWER: u64 = 8 * 1024 * 1024;
/// Enough for a page of 500 large services.
const MAX_LONG_ANSWER: u64 = 64 * 1024 * 1024;

impl Request {
    pub(crate) fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            query: String::new(),
            query_is_hidden: false,
            secret_query: None,
            headers: Vec::new(),
            hidden: Vec::new(),
            body: None,
            accept: Cow::Borrowed("application/json"),
            idempotent: matches!(method, Method::Get),
            api: Api::Client,
            on_management: false,
            at_root: false,
            login: LoginNeed::Complete,
            compress: false,
            max_answer: MAX_ANSWER,
        }
    }

    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self::new(Method::Get, path)
    }

    pub(crate) fn post(path: impl Into<String>) -> Self {
        Self::new(Method::Post, path)
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

    /// The management API has the operation too.
    pub(crate) fn on_management(mut self) -> Self {
        self.on_management = true;
        self
    }

    /// The same request to one of the APIs.
    pub(crate) fn to(mut self, api: Api) -> Self {
        self.api = api;
        self
    }

    /// The answer may be long, and come compressed.
    pub(crate) fn long_answer(mut self) -> Self {
        self.compress = true;
        self.max_answer = MAX_LONG_ANSWER;
        self
    }

    /// Adds a header whose value must not be seen. The name is in lower case.
    pub(crate) fn header(mut self, name: &'static str, value: &Secret) -> Self {
        self.headers.push((name, value.clone()));
        self
    }

    /// The body holds a text that must not be seen: controllers repeat what they refuse.
    pub(crate) fn hide(mut self, secret: &Secret) -> Self {
        self.hidden.push(secret.clone());
        self
    }

    pub(crate) fn accept(mut self, media_type: &'static str) -> Self {
        self.accept = Cow::Borrowed(media_type);
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
        self.query.extend(utf8_percent_encode(name, ESCAPED));
        self.query.push('=');
        self.query.extend(utf8_percent_encode(value, ESCAPED));
        self
    }

    /// The query is the caller's own: it may hold anything.
    pub(crate) fn with_hidden_query(mut self) -> Self {
        self.query_is_hidden = true;
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
            write!(f, "?{}", if self.query_is_hidden { "***" } else { &self.query })?;
        }
        if let Some((name, _)) = &self.secret_query {
            write!(f, "{separator}{name}=***")?;
        }
        Ok(())
    }
}

/// The value of an `Authorization` header with this token.
pub(crate) fn bearer(token: &Secret) -> Secret {
    const SCHEME: &str = "Bearer ";
    // At once as long as it will be: growing would leave a copy behind.
    let mut value = String::with_capacity(SCHEME.len() + token.expose().len());
    value.push_str(SCHEME);
    value.push_str(token.expose());
    Secret::new(value)
}

/// Ids of controllers have some twenty characters.
const LONGEST_ID: usize = 512;

/// The path of one entity: the collection, and the id as one escaped segment.
pub(crate) fn entity_path(collection: &str, id: &str) -> Result<String, Error> {
    // An empty id would ask for the list, and dots are steps in a path.
    if matches!(id, "" | "." | "..") {
        return Err(Error::InvalidArgument(format!("id {id:?}: not an id of {collection}")));
    }
    if id.len() > LONGEST_ID {
        return Err(Error::InvalidArgument(format!("id for {collection}: {} bytes are too long for an id", id.len())));
    }
    Ok(format!("{collection}/{}", utf8_percent_encode(id, ESCAPED)))
}

/// Status and the headers that somebody reads.
#[derive(Debug, Clone, Default)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) content_type: Option<String>,
    pub(crate) date: Option<String>,
    pub(crate) retry_after: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) www_authenticate: Vec<String>,
}

impl Head {
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

#[cfg(test)]
mod tests;
