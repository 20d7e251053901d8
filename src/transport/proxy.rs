//! The proxy a client goes through.

use std::fmt;

use crate::error::Error;

/// An HTTP proxy that is asked to `CONNECT` to the controller.
///
/// `Debug` and `Display` show host and port only. Proxies are never taken from the environment.
#[derive(Clone)]
pub struct Proxy {
    inner: ureq::Proxy,
}

impl Proxy {
    /// Reads `http://[user:password@]host:port`; user and password may be percent-encoded.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if the text is no such address, [`Error::Unsupported`] for `https` and SOCKS proxies.
    pub fn parse(url: &str) -> Result<Self, Error> {
        // The text itself is not repeated in an error: it may hold a password.
        let bad = |why: &str| {
            Error::InvalidArgument(format!("proxy address: {why}; expected http://[user:password@]host:port"))
        };
        let (scheme, _) = url.split_once("://").ok_or_else(|| bad("the scheme is missing"))?;
        match scheme.to_ascii_lowercase().as_str() {
            "http" => {}
            other @ ("https" | "socks" | "socks4" | "socks4a" | "socks5" | "socks5h") => {
                return Err(Error::Unsupported(format!(
                    "proxies of the kind {other}:// are not supported; use one that is reached by http://"
                )));
            }
            _ => return Err(bad("the scheme is not known")),
        }
        let inner = ureq::Proxy::new(url).map_err(|_| bad("it cannot be read"))?;
        if inner.host().is_empty() {
            return Err(bad("the host is missing"));
        }
        if inner.uri().port_u16().is_none_or(|port| port == 0) {
            return Err(bad("the port is missing or not between 1 and 65535"));
        }
        if !matches!(inner.uri().path(), "" | "/") || inner.uri().query().is_some() {
            return Err(bad("there is something after the port"));
        }
        Ok(Self { inner })
    }

    pub(super) fn as_ureq(&self) -> &ureq::Proxy {
        &self.inner
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}:{}", self.inner.host(), self.inner.port())
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_an_address_with_and_without_a_password() {
        for text in ["http://proxy.test:3128", "HTTP://u%40x:p%3Aw@proxy.test:3128/", "http://user@proxy.test:3128"] {
            let proxy = Proxy::parse(text).unwrap();
            assert_eq!(proxy.to_string(), "http://proxy.test:3128", "{text}");
        }
        assert_eq!(Proxy::parse("http://[::1]:3128").unwrap().to_string(), "http://[::1]:3128");
    }

    #[test]
    fn the_password_is_never_shown() {
        let proxy = Proxy::parse("http://user:canary@proxy.test:3128").unwrap();
        assert_eq!(format!("{proxy} {proxy:?}"), "http://proxy.test:3128 Proxy(http://proxy.test:3128)");
        for text in
            ["http://user:canary@proxy.test:0", "user:canary@://x", "http://u:canary@h:1/x", "http://canary@:9 9"]
        {
            let error = Proxy::parse(text).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
        }
    }

    #[test]
    fn other_kinds_of_proxies_are_unsupported() {
        for text in ["https://proxy.test:3128", "socks5://proxy.test:1080", "SOCKS4A://proxy.test:1080"] {
            let error = Proxy::parse(text).unwrap_err();
            assert!(matches!(&error, Error::Unsupported(message) if message.contains("http://")), "{error:?}");
        }
    }

    #[test]
    fn what_is_no_proxy_is_refused_with_a_reason() {
        for (text, reason) in [
            ("proxy.test:3128", "scheme is missing"),
            ("ftp://proxy.test:3128", "scheme is not known"),
            ("http://proxy.test", "port is missing"),
            ("http://proxy.test:0", "port is missing"),
            ("http://proxy.test:3128/path", "after the port"),
            ("http://", "cannot be read"),
        ] {
            let error = Proxy::parse(text).unwrap_err();
            assert!(matches!(error, Error::InvalidArgument(_)), "{text}");
            assert!(error.to_string().contains(reason), "{text}: {error}");
        }
    }
}
