//! Addresses of controllers.

use std::fmt;
use std::net::Ipv6Addr;

use crate::error::Error;

/// How much of an address that cannot be used is repeated.
const LONGEST_SHOWN: usize = 200;

/// Where a controller answers: `https://host:port`, and the path that came with it.
///
/// Two addresses are equal if their origins are: the base path is learnt from the controller itself.
#[derive(Clone)]
pub(crate) struct ControllerUrl {
    origin: String,
    host: String,
}

impl ControllerUrl {
    /// Reads any form in which controller addresses are written: `https://host:port`, the same with a path,
    /// or `host:port` alone.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        Self::read(text).map_err(|why| {
            // What is before an @ may hold a password.
            let shown: String = text.rsplit('@').next().unwrap_or_default().chars().take(LONGEST_SHOWN).collect();
            Error::InvalidArgument(format!("controller address {shown:?}: {why}; expected https://host:port"))
        })
    }

    /// The same with nothing but what is wrong as the error.
    pub(crate) fn read(text: &str) -> Result<Self, &'static str> {
        let rest = match text.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => rest,
            Some(_) => return Err("this scheme is not accepted, only https is"),
            None => text,
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if authority.contains('@') {
            return Err("a user name in the address is not accepted");
        }
        let (host, port) = split_port(authority)?;
        let host = normal_host(host)?;
        Ok(Self { origin: format!("https://{host}:{port}"), host })
    }

    /// `https://host:port`, in lower case and always with the port.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// The host without the brackets of an IPv6 address.
    pub(crate) fn host(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }

    pub(crate) fn port(&self) -> u16 {
        let (_, port) = self.origin.rsplit_once(':').expect("an origin has a port");
        port.parse().expect("the port of an origin is a number")
    }
}

fn split_port(authority: &str) -> Result<(&str, u16), &'static str> {
    let host_end = match authority.strip_prefix('[') {
        Some(inner) => inner.find(']').ok_or("the bracket of the IPv6 address is not closed")? + 2,
        None => authority.find(':').unwrap_or(authority.len()),
    };
    let (host, rest) = authority.split_at(host_end);
    match rest.strip_prefix(':') {
        None if rest.is_empty() => Ok((host, 443)),
        Some(digits) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => match digits.parse() {
            Ok(port) if port > 0 => Ok((host, port)),
            _ => Err("the port is not between 1 and 65535"),
        },
        _ => Err("the port is not a number"),
    }
}

/// The host in the one form in which it is compared: in lower case, an IPv6 address without needless zeros.
fn normal_host(host: &str) -> Result<String, &'static str> {
    if let Some(inner) = host.strip_prefix('[') {
        let address: Ipv6Addr = inner.trim_end_matches(']').parse().map_err(|_| "the IPv6 address is not valid")?;
        return Ok(format!("[{address}]"));
    }
    if host.is_empty() {
        return Err("the host is missing");
    }
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
    if host.len() > 253 || !host.bytes().all(allowed) {
        return Err("the host is not a name or an IP address");
    }
    Ok(host.to_ascii_lowercase())
}

/// True for an absolute path that cannot be anything else: no host, query, fragment, escape or step upwards.
pub(crate) fn is_plain_path(path: &str) -> bool {
    let segment = |text: &str| {
        !matches!(text, "." | "..")
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~'))
    };
    path.len() <= 256 && path.starts_with('/') && !path.contains("//") && path.split('/').all(segment)
}

impl PartialEq for ControllerUrl {
    fn eq(&self, other: &Self) -> bool {
        self.origin == other.origin
    }
}

impl Eq for ControllerUrl {}

impl fmt::Display for ControllerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)
    }
}

impl fmt::Debug for ControllerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_one_address_has_one_origin() {
        for text in [
            "https://Ctrl.acme.test:1280",
            "https://ctrl.acme.test:1280/",
            "HTTPS://ctrl.acme.test:1280/edge/client/v1",
            "ctrl.acme.test:1280",
            "https://ctrl.acme.test:1280/edge/client/v1/?x=y#z",
        ] {
            assert_eq!(ControllerUrl::parse(text).unwrap().origin(), "https://ctrl.acme.test:1280", "{text}");
        }
    }

    #[test]
    fn the_port_may_be_left_out() {
        let url = ControllerUrl::parse("https://ctrl.acme.test/edge/client/v1").unwrap();
        assert_eq!((url.host(), url.origin()), ("ctrl.acme.test", "https://ctrl.acme.test:443"));
    }

    #[test]
    fn ipv6_literals_keep_their_brackets_in_the_origin_only() {
        let url = ControllerUrl::parse("https://[::1]:1280/x").unwrap();
        assert_eq!((url.origin(), url.host()), ("https://[::1]:1280", "::1"));
        assert_eq!(url.port(), 1280);
    }

    #[test]
    fn what_is_no_address_is_refused_with_a_reason() {
        for (text, reason) in [
            ("http://ctrl:1280", "only https"),
            ("tls:ctrl:6262", "port is not a number"),
            ("https://", "host is missing"),
            ("https://ctrl:0", "between 1 and 65535"),
            ("https://ctrl:70000", "between 1 and 65535"),
            ("https://ctrl:", "port is not a number"),
            ("https://a b:1", "not a name"),
            ("https://[::1:1", "not closed"),
            ("https://[::g]:1", "IPv6 address is not valid"),
            ("https://[::1]x:1", "port is not a number"),
            ("https://user:pw@ctrl:1", "user name"),
        ] {
            let message = ControllerUrl::parse(text).unwrap_err().to_string();
            assert!(message.contains(reason), "{text}: {message}");
        }
    }

    #[test]
    fn a_refusal_repeats_no_password_and_no_endless_text() {
        let long = format!("https://{}:1", "a".repeat(100_000));
        for text in ["https://user:canary@ctrl:1", "http://user:canary@ctrl:1", "canary@://ctrl", "u:canary@a b", &long]
        {
            let message = ControllerUrl::parse(text).unwrap_err().to_string();
            assert!(!message.contains("canary") && message.len() < 400, "{message}");
        }
    }
}
