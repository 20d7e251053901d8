//! Opening a TCP connection that a deadline or a cancel can end.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol, Socket, Type};
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver as UreqResolver};
use ureq::unversioned::transport::{ConnectionDetails, Connector, Either, NextTimeout, Transport};

use super::call::CallState;
use super::platform;
use super::resolve::Resolver;
use super::tcp::TcpTransport;
use crate::error::{Error, Stage};

/// Answers ureq without looking anything up. ureq asks for addresses before it looks into its pool; a request that
/// finds a connection there needs none, so [`TcpConnector`] looks them up when it opens one.
#[derive(Debug)]
pub(super) struct NoLookUp;

impl UreqResolver for NoLookUp {
    fn resolve(&self, _: &Uri, _: &ureq::config::Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        Ok(self.empty())
    }
}

/// Opens TCP connections, to the controller or to the proxy.
#[derive(Debug)]
pub(super) struct TcpConnector {
    pub(super) resolver: Resolver,
    pub(super) timeout: Duration,
}

impl<In: Transport> Connector<In> for TcpConnector {
    type Out = Either<In, TcpTransport>;

    fn connect(&self, details: &ConnectionDetails, chained: Option<In>) -> Result<Option<Self::Out>, ureq::Error> {
        // The way through the proxy is open already.
        if let Some(tunnel) = chained {
            return Ok(Some(Either::A(tunnel)));
        }
        let call = CallState::current()?;
        call.open_connection_within(self.timeout);
        let stream = self.open(&call, details.uri).map_err(into_ureq)?;
        if !details.needs_tls() {
            call.enter(Stage::Proxy);
        }
        Ok(Some(Either::B(TcpTransport::new(stream, &call).map_err(into_ureq)?)))
    }
}

impl TcpConnector {
    fn open(&self, call: &CallState, uri: &Uri) -> Result<TcpStream, Error> {
        let host = bare_host(uri);
        let default_port = if uri.scheme_str() == Some("https") { 443 } else { 80 };
        call.enter(Stage::Resolve);
        let addresses = self.resolver.resolve(call, host, uri.port_u16().unwrap_or(default_port))?;
        call.enter(Stage::Connect);
        let stream = open_any(call, &addresses).inspect_err(|_| self.resolver.forget(host))?;
        log::debug!("connected to {host} at {}", stream.peer_addr().map_or_else(|e| e.to_string(), |a| a.to_string()));
        Ok(stream)
    }
}

/// The host of an address, an IPv6 literal without its brackets.
pub(super) fn bare_host(uri: &Uri) -> &str {
    uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']')
}

/// ureq hands an error of ours through as it is; [`exchange`](super::exchange) takes it out again.
pub(super) fn into_ureq(error: Error) -> ureq::Error {
    ureq::Error::Other(Box::new(error))
}

/// The first of `addresses` that takes the connection. Each gets an equal share of what is left when its turn comes.
fn open_any(call: &CallState, addresses: &[SocketAddr]) -> Result<TcpStream, Error> {
    let mut reason = String::new();
    for (index, address) in addresses.iter().enumerate() {
        let turns = u32::try_from(addresses.len() - index).unwrap_or(u32::MAX);
        let share_ends = Instant::now() + call.left()? / turns;
        match open_one(call, *address, share_ends)? {
            Ok(stream) => return Ok(stream),
            Err(error) => {
                log::debug!("cannot connect to {address}: {error}");
                reason = format!("cannot connect to {address}: {error}");
            }
        }
    }
    call.left()?;
    if addresses.len() > 1 {
        reason = format!("none of {} addresses took the connection, at last: {reason}", addresses.len());
    }
    Err(call.broken(reason))
}

/// The outer error ends the call, the inner one only concerns this address.
fn open_one(call: &CallState, address: SocketAddr, share_ends: Instant) -> Result<io::Result<TcpStream>, Error> {
    let socket = match start(address) {
        Ok(socket) => socket,
        Err(error) => return Ok(Err(error)),
    };
    loop {
        let share = share_ends.saturating_duration_since(Instant::now());
        // A share that ended with the call's own time is reported as that.
        let left = call.left()?;
        if share.is_zero() {
            return Ok(Err(io::Error::new(io::ErrorKind::TimedOut, "no answer in its share of the time")));
        }
        match platform::connected(&socket, call.slice(left.min(share))) {
            Ok(true) => return Ok(socket.set_nonblocking(false).map(|()| socket.into())),
            Ok(false) => {}
            Err(error) => return Ok(Err(error)),
        }
    }
}

/// Begins a connect that goes on in the background.
fn start(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    socket.set_tcp_nodelay(true)?;
    match socket.connect(&address.into()) {
        Err(error) if !platform::in_progress(&error) => Err(error),
        _ => Ok(socket),
    }
}
