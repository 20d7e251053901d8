//! The proxy a client goes through.

mod bypass;
mod environment;
mod http;
mod socks;
mod talk;

#[cfg(test)]
mod tests;

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use percent_encoding::percent_decode_str;
use ureq::http::Uri;

use super::call_state::CallState;
use super::tcp::TcpTransport;
use crate::error::Error;
use crate::secret::Secret;
use bypass::Bypass;
use talk::Talk;

/// Of a SOCKS user name or password.
const MAX_SOCKS_TEXT: usize = 255;

/// A proxy that leads to the controller: an HTTP proxy that is asked to `CONNECT`, or a SOCKS5 proxy.
///
/// `Debug` and `Display` show kind, host and port only.
#[derive(Clone)]
pub struct Proxy {
    shared: Arc<Shared>,
}

struct Shared {
    kind: Kind,
    /// An IPv6 literal without its brackets.
    host: String,
    port: u16,
    login: Option<ProxyLogin>,
    bypass: Bypass,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Http,
    /// The name of the controller is looked up here.
    Socks5,
    /// The name of the controller is looked up by the proxy.
    Socks5h,
}

/// What the address of a proxy says before the `@`.
struct ProxyLogin {
    user: Secret,
    password: Secret,
}

/// Where the proxy shall lead to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Destination<'a> {
    Name(&'a str, u16),
    Address(SocketAddr),
}

/// Why the proxy opened no tunnel.
pub(super) struct NoTunnel {
    pub(super) error: Error,
    /// True if the proxy may reach another address of the same controller.
    pub(super) of_the_address: bool,
}

impl From<Error> for NoTunnel {
    fn from(error: Error) -> Self {
        Self { error, of_the_address: false }
    }
}

impl Proxy {
    /// Reads `http://[user:password@]host:port`, or the same with `socks5://` or `socks5h://`; user and password may be
    /// percent-encoded.
    ///
    /// With `socks5` the name of a controller is looked up here, with `socks5h` and `http` by the proxy.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if the text is no such address, [`Error::Unsupported`] for proxies that are reached
    /// by TLS (`https`) and for SOCKS4.
    pub fn parse(url: &str) -> Result<Self, Error> {
        Self::read(url, "proxy address", Bypass::default())
    }

    /// The proxy that the environment names for controllers: by `https_proxy`, else by `all_proxy`; each also in upper
    /// case, which counts if there is none in lower case. An empty variable counts as none.
    ///
    /// The value is what [`parse`](Self::parse) reads; without a scheme it is an HTTP proxy. Hosts in `no_proxy` (or
    /// `NO_PROXY`) are reached without it. That is a list, separated by commas or blanks, of names, which stand for
    /// their subdomains too with or without a leading dot, of IP addresses, and of networks such as `10.0.0.0/8`; a name
    /// or address may be followed by `:port`. A `*` that stands alone is for all hosts. Nothing is looked up for this: a
    /// name never matches an address.
    ///
    /// # Errors
    /// As for [`parse`](Self::parse). They name the variable.
    pub fn from_environment() -> Result<Option<Self>, Error> {
        // What is no text is no address either, and has to be told: without a proxy it could get out where it shall not.
        Self::from_variables(|name| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned()))
    }

    /// The same with the value of each variable from elsewhere.
    pub(super) fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, Error> {
        environment::read(variable)
    }

    fn read(url: &str, what: &str, bypass: Bypass) -> Result<Self, Error> {
        // The text itself is not repeated in an error: it may hold a password.
        let bad = |why: &str| {
            Error::InvalidArgument(format!(
                "{what}: {why}; expected http://[user:password@]host:port, or the same with socks5:// or socks5h://"
            ))
        };
        let (scheme, _) = url.split_once("://").ok_or_else(|| bad("the scheme is missing"))?;
        let kind = match scheme.to_ascii_lowercase().as_str() {
            "http" => Kind::Http,
            "socks5" => Kind::Socks5,
            "socks5h" => Kind::Socks5h,
            other @ ("https" | "socks" | "socks4" | "socks4a") => {
                return Err(Error::Unsupported(format!(
                    "{what}: proxies of the kind {other}:// are not supported; use one that is reached by http://, \
                     socks5:// or socks5h://"
                )));
            }
            _ => return Err(bad("the scheme is not known")),
        };
        let uri = Uri::try_from(url).map_err(|_| bad("it cannot be read"))?;
        let authority = uri.authority().ok_or_else(|| bad("it cannot be read"))?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() {
            return Err(bad("the host is missing"));
        }
        let port = authority.port_u16().filter(|port| *port != 0);
        let port = port.ok_or_else(|| bad("the port is missing or not between 1 and 65535"))?;
        if !matches!(uri.path(), "" | "/") || uri.query().is_some() {
            return Err(bad("there is something after the port"));
        }
        let login = authority.as_str().rsplit_once('@').map(|(login, _)| ProxyLogin::read(login, kind));
        let login = login.transpose().map_err(bad)?;
        Ok(Self { shared: Arc::new(Shared { kind, host: host.to_owned(), port, login, bypass }) })
    }

    /// True if the host is to be reached without this proxy.
    pub(super) fn is_not_for(&self, host: &str, port: u16) -> bool {
        self.shared.bypass.holds(host, port)
    }

    /// True if the proxy wants addresses in place of names.
    pub(super) fn wants_addresses(&self) -> bool {
        self.shared.kind == Kind::Socks5
    }

    pub(super) fn host(&self) -> &str {
        &self.shared.host
    }

    pub(super) fn port(&self) -> u16 {
        self.shared.port
    }

    /// Has the proxy at the other end of `transport` lead to `destination`: what is sent from here on goes there.
    pub(super) fn open_tunnel(
        &self,
        call: &CallState,
        transport: &mut TcpTransport,
        destination: Destination<'_>,
    ) -> Result<(), NoTunnel> {
        let talk = Talk::new(call, transport);
        let login = self.shared.login.as_ref();
        match self.shared.kind {
            Kind::Http => http::open_tunnel(talk, login, destination).map_err(NoTunnel::from),
            Kind::Socks5 | Kind::Socks5h => socks::open_tunnel(talk, login, destination),
        }
    }
}

impl ProxyLogin {
    /// The error says what is wrong without showing it.
    fn read(text: &str, kind: Kind) -> Result<Self, &'static str> {
        let (user, password) = text.split_once(':').unwrap_or((text, ""));
        let decoded = |text: &str| {
            let decoded = percent_decode_str(text).decode_utf8();
            decoded.map(Secret::new).map_err(|_| "the user name or password is not UTF-8")
        };
        let (user, password) = (decoded(user)?, decoded(password)?);
        let too_long = user.expose().len().max(password.expose().len()) > MAX_SOCKS_TEXT;
        match kind {
            Kind::Http if user.expose().contains(':') => Err("the user name holds a colon, which HTTP cannot send"),
            Kind::Socks5 | Kind::Socks5h if user.expose().is_empty() => Err("the user name is empty"),
            Kind::Socks5 | Kind::Socks5h if too_long => Err("the user name or password has more than 255 bytes"),
            _ => Ok(Self { user, password }),
        }
    }
}

impl<'a> Destination<'a> {
    /// A host by its name, or by its address if that is what it is.
    pub(super) fn new(host: &'a str, port: u16) -> Self {
        match host.parse::<IpAddr>() {
            Ok(address) => Self::Address(SocketAddr::new(address, port)),
            Err(_) => Self::Name(host, port),
        }
    }
}

impl fmt::Display for Destination<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Destination::Name(name, port) => write!(f, "{name}:{port}"),
            Destination::Address(address) => write!(f, "{address}"),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Http => "http",
            Kind::Socks5 => "socks5",
            Kind::Socks5h => "socks5h",
        })
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shared { kind, host, port, login: _, bypass: _ } = &*self.shared;
        write!(f, "{kind}://{}", Destination::new(host, *port))
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({self})")
    }
}
