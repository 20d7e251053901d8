//! Where a provider sends the browser back to, and with what.

use percent_encoding::percent_decode_str;

use crate::error::Error;
use crate::secret::Secret;

/// Codes have some hundred bytes; nothing that a browser is sent back with is longer.
const LONGEST: usize = 64 * 1024;
const LONGEST_ADDRESS: usize = 2048;

/// The address at which this application waits for the browser.
#[derive(Debug, Clone)]
pub(super) struct RedirectUri {
    pub(super) text: String,
    /// All before the query, the host in lower case and with a path.
    place: String,
}

impl RedirectUri {
    /// Reads an address: `https://`, `http://` on this machine, or a scheme of the application's own.
    pub(super) fn parse(text: &str) -> Result<Self, Error> {
        let bad = |why: &str| {
            let expected = "expected one that the provider knows, such as http://127.0.0.1:8765/auth/callback";
            Error::InvalidArgument(format!("redirect address: {why}; {expected}"))
        };
        if text.len() > LONGEST_ADDRESS || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(bad("it is too long, or has characters that have to be escaped"));
        }
        if text.contains('#') {
            return Err(bad("it has a fragment"));
        }
        let (scheme, rest) = text.split_once(':').ok_or_else(|| bad("it has no scheme"))?;
        let is_scheme = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
        if !scheme.starts_with(|c: char| c.is_ascii_alphabetic()) || !scheme.bytes().all(is_scheme) {
            return Err(bad("it has no scheme"));
        }
        let host = rest.strip_prefix("//").map(|rest| host(rest.split(['/', '?']).next().unwrap_or_default()));
        match (scheme.to_ascii_lowercase().as_str(), host) {
            ("https", Some(host)) if !host.is_empty() => {}
            ("http", Some("127.0.0.1" | "[::1]" | "localhost")) => {}
            ("http", _) => return Err(bad("http:// is accepted for 127.0.0.1, [::1] and localhost only")),
            ("https", _) => return Err(bad("it has no host")),
            ("javascript" | "data" | "file", _) => return Err(bad("this scheme is not accepted")),
            _ => {}
        }
        Ok(Self { text: text.to_owned(), place: place(text) })
    }
}

/// The host of an authority, without its port; what has a user name is no host.
fn host(authority: &str) -> &str {
    if authority.starts_with('[') {
        return authority.find(']').map_or("", |end| &authority[..=end]);
    }
    if authority.contains('@') { "" } else { authority.split(':').next().unwrap_or_default() }
}

/// The address without its query, in the form that a browser shows.
fn place(url: &str) -> String {
    let address = url.split(['?', '#']).next().unwrap_or_default();
    let Some((scheme, rest)) = address.split_once("://") else { return address.to_owned() };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let path = if path.is_empty() { "/" } else { path };
    format!("{}://{}{path}", scheme.to_ascii_lowercase(), authority.to_ascii_lowercase())
}

/// What the browser came back with. It holds a code, so nothing of it is shown.
pub(super) struct Redirect {
    parameters: Vec<(String, Secret)>,
}

impl Redirect {
    /// Takes the address apart that the browser was sent to, which has to be `expected`, with a query.
    pub(super) fn parse(expected: &RedirectUri, url: &str) -> Result<Self, Error> {
        let bad = |why: &str| Err(Error::InvalidArgument(format!("redirect URL: {why}")));
        if url.len() > LONGEST {
            return bad("it is too long");
        }
        if place(url) != expected.place {
            return bad(&format!(
                "it does not lead to {}, where the provider was told to send the browser",
                expected.text
            ));
        }
        let address = url.split('#').next().unwrap_or_default();
        let Some((_, query)) = address.split_once('?') else {
            return bad("it has no query, and so no answer of the provider");
        };
        let mut parameters: Vec<(String, Secret)> = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (Some(name), Some(value)) = (decoded(name), decoded(value)) else {
                return bad("a parameter is not UTF-8");
            };
            if parameters.iter().any(|(known, _)| known == name.expose()) {
                return bad("a parameter comes twice");
            }
            parameters.push((name.expose().to_owned(), value));
        }
        Ok(Self { parameters })
    }

    /// The value of a parameter.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.expose())
    }
}

fn decoded(text: &str) -> Option<Secret> {
    let text = Secret::new(text.replace('+', " "));
    Some(Secret::new(percent_decode_str(text.expose()).decode_utf8().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> RedirectUri {
        RedirectUri::parse(text).unwrap()
    }

    #[test]
    fn an_address_of_ones_own_is_accepted() {
        for text in [
            "http://127.0.0.1:0/",
            "http://localhost:20314/auth/callback",
            "http://[::1]:8080",
            "https://app.example.test/back?tab=1",
            "com.example.app:/oauth2redirect",
        ] {
            assert_eq!(uri(text).text, text);
        }
    }

    #[test]
    fn an_address_of_others_is_refused_with_a_reason() {
        for (text, why) in [
            ("", "no scheme"),
            ("/callback", "no scheme"),
            ("http://example.test/", "127.0.0.1"),
            ("http://127.0.0.1.example.test/", "127.0.0.1"),
            ("http://localhost@example.test/", "127.0.0.1"),
            ("http://[::1/", "127.0.0.1"),
            ("https://", "no host"),
            ("https:callback", "no host"),
            ("https://a.test/#x", "fragment"),
            ("https://a.test/a b", "escaped"),
            ("javascript:alert(1)", "not accepted"),
        ] {
            let error = RedirectUri::parse(text).unwrap_err().to_string();
            assert!(error.contains(why), "{text}: {error}");
        }
    }

    #[test]
    fn the_answer_is_in_the_query() {
        let at = uri("http://localhost:1/back");
        for url in [
            "http://localhost:1/back?code=a%2Bb&state=x+y",
            "HTTP://LocalHost:1/back?state=x%20y&&code=a%2bb#_=_",
            "http://localhost:1/back?code=a%2Bb&state=x+y&iss",
        ] {
            let redirect = Redirect::parse(&at, url).unwrap();
            assert_eq!((redirect.get("code"), redirect.get("state")), (Some("a+b"), Some("x y")), "{url}");
            assert_eq!(redirect.get("error"), None);
        }
        assert!(Redirect::parse(&uri("http://127.0.0.1:1"), "http://127.0.0.1:1/?code=x").is_ok());
        assert!(Redirect::parse(&uri("app.x:/cb"), "app.x:/cb?code=x").is_ok());
    }

    #[test]
    fn a_browser_that_came_elsewhere_or_with_nothing_is_refused() {
        let at = uri("http://localhost:1/back");
        let long = format!("http://localhost:1/back?code={}", "x".repeat(LONGEST));
        for (url, why) in [
            ("http://localhost:2/back?code=canary", "does not lead to"),
            ("http://localhost:1/back/?code=canary", "does not lead to"),
            ("https://localhost:1/back?code=canary", "does not lead to"),
            ("/back?code=canary", "does not lead to"),
            ("code=canary", "does not lead to"),
            ("", "does not lead to"),
            ("http://localhost:1/back", "no query"),
            ("http://localhost:1/back#code=canary", "no query"),
            ("http://localhost:1/back?code=canary&code=canary", "twice"),
            ("http://localhost:1/back?code=%ff", "UTF-8"),
            (&long, "too long"),
        ] {
            let error = Redirect::parse(&at, url).err().unwrap().to_string();
            assert!(error.contains(why) && !error.contains("canary") && error.len() < 300, "{url}: {error}");
        }
    }
}
