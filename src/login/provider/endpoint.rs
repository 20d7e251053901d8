//! Addresses of an identity provider, and asking one of them.

use std::fmt;

use zeroize::Zeroizing;

use crate::error::{ApiError, Error, one_line, shown};
use crate::transport::{Attempt, Call, Connections};
use crate::wire::fields::Field;
use crate::wire::timestamp::http_date;
use crate::wire::{ControllerUrl, Head, Request, envelope, refusal};

const LONGEST_URL: usize = 2048;
/// Configurations have some ten kilobytes, tokens of people in very many groups not much more.
const MAX_ANSWER: u64 = 1024 * 1024;

/// One address of a provider: always https.
#[derive(Clone)]
pub(super) struct Endpoint {
    host: ControllerUrl,
    /// Path and query as they go on the wire.
    pub(super) target: String,
    /// The address as it was given.
    pub(super) url: String,
}

impl Endpoint {
    /// Reads an address; the error is what is wrong with it.
    pub(super) fn parse(url: &str) -> Result<Self, String> {
        let bad = |why: &str| format!("{} is not an address that can be asked: {why}", shown(url));
        if url.len() > LONGEST_URL {
            return Err(bad("it is too long"));
        }
        if !url.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}#".contains(&byte)) {
            return Err(bad("it has a fragment, or characters that have to be escaped"));
        }
        let (scheme, rest) = url.split_once("://").ok_or_else(|| bad("expected https://"))?;
        if !scheme.eq_ignore_ascii_case("https") {
            return Err(bad("only https:// is accepted"));
        }
        let host = ControllerUrl::read(url).map_err(bad)?;
        let target = match rest.find(['/', '?']).map(|at| &rest[at..]) {
            None => "/".to_owned(),
            Some(query) if query.starts_with('?') => format!("/{query}"),
            Some(target) => target.to_owned(),
        };
        Ok(Self { host, target, url: url.to_owned() })
    }

    /// Sends a request and gives the JSON that a success answers. The path of the request is this address's.
    pub(super) fn ask(&self, connections: &Connections, call: &Call, mut request: Request) -> Result<Answer, Error> {
        request.max_answer = MAX_ANSWER;
        let attempt = Attempt { controller: &self.host, base_path: "", credentials: &[], first_byte_by: None };
        let mut body = Zeroizing::new(Vec::new());
        let head = connections.exchange(call, &attempt, &request, &mut body)?;
        let operation = format!("{} {self}", request.method);
        if !head.is_success() {
            return Err(refused(refusal::read(&operation, &head, &body)));
        }
        let answer = Answer { operation, head, body };
        answer.require_json()?;
        Ok(answer)
    }
}

/// Without its query, which is nobody's business.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.target.split('?').next().unwrap_or_default();
        write!(f, "{}{path}", self.host)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a provider refused, sorted by what the caller can do.
pub(super) fn refused(mut answer: ApiError) -> Error {
    if (300..400).contains(&answer.status) {
        answer.message =
            "redirects are not followed; the provider has to be named by the address it leads to".to_owned();
    }
    match answer.status {
        429 | 503 => Error::Busy(Box::new(answer)),
        _ => Error::Api(Box::new(answer)),
    }
}

/// A refusal in the words of OAuth.
pub(super) fn refusal_in_words(status: u16, code: &str, description: &str, operation: &str) -> ApiError {
    ApiError {
        status,
        code: one_line(code),
        message: one_line(description),
        cause: None,
        request_id: None,
        retry_after: None,
        operation: operation.to_owned(),
    }
}

/// A successful answer, wiped when dropped.
pub(super) struct Answer {
    /// Who was asked, for messages.
    pub(super) operation: String,
    head: Head,
    pub(super) body: Zeroizing<Vec<u8>>,
}

impl Answer {
    fn require_json(&self) -> Result<(), Error> {
        let Some(kind) = self.head.content_type.as_deref() else { return Ok(()) };
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if kind == "application/json" || kind.ends_with("+json") {
            return Ok(());
        }
        Err(self.unreadable("Content-Type", format!("the answer is {}, expected application/json", shown(&kind))))
    }

    pub(super) fn read<T: Field>(&self) -> Result<T, Error> {
        envelope::bare(&self.operation, &self.body)
    }

    pub(super) fn status(&self) -> u16 {
        self.head.status
    }

    /// Seconds since 1970 by the provider's clock, if it tells.
    pub(super) fn date(&self) -> Option<u64> {
        self.head.date.as_deref().and_then(http_date).and_then(|seconds| u64::try_from(seconds).ok())
    }

    pub(super) fn unreadable(&self, path: &str, message: impl Into<String>) -> Error {
        Error::Decode { operation: self.operation.clone(), path: path.to_owned(), message: message.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_apart() {
        for (url, origin, target) in [
            ("https://idp.test", "https://idp.test:443", "/"),
            ("HTTPS://Idp.test:8443/", "https://idp.test:8443", "/"),
            ("https://idp.test/a/token?p=b", "https://idp.test:443", "/a/token?p=b"),
            ("https://idp.test?p=b", "https://idp.test:443", "/?p=b"),
            ("https://[::1]:1/x%20y", "https://[::1]:1", "/x%20y"),
        ] {
            let endpoint = Endpoint::parse(url).unwrap();
            assert_eq!((endpoint.host.origin(), endpoint.target.as_str()), (origin, target), "{url}");
            assert!(!endpoint.to_string().contains('?'), "{endpoint}");
        }
    }

    #[test]
    fn what_is_no_https_address_is_refused_with_a_reason() {
        let long = format!("https://idp.test/{}", "a".repeat(LONGEST_URL));
        for (url, why) in [
            ("http://idp.test/token", "only https://"),
            ("file:///etc/passwd", "only https://"),
            ("idp.test/token", "expected https://"),
            ("/token", "expected https://"),
            ("", "expected https://"),
            ("https://user:pw@idp.test/", "user name"),
            ("https:///token", "host is missing"),
            ("https://idp.test:0/", "port"),
            ("https://idp.test/a b", "escaped"),
            ("https://idp.test/#x", "fragment"),
            ("https://idp.test/\r\nHost: x", "escaped"),
            ("https://idp.test/{tenant}", "escaped"),
            (&long, "too long"),
        ] {
            let error = Endpoint::parse(url).unwrap_err();
            assert!(error.contains(why) && error.len() < 300, "{url}: {error}");
        }
    }
}
