//! Opening a TCP connection that a deadline or a cancel can end, and the way through a proxy on it.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol, Socket, Type};
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver as UreqResolver};
use ureq::unversioned::transport::{ConnectionDetails, Connector, NextTimeout};

use super::call_state::CallState;
use super::platform;
use super::proxy::{Destination, NoTunnel, Proxy};
use super::resolve::Resolver;
use super::tcp::TcpTransport;
use crate::error::{Error, Stage};

const HTTPS: u16 = 443;

/// Answers ureq without looking anything up. ureq asks for addresses before it looks into its pool; a request that
/// finds a connection there needs none, so [`TcpConnector`] looks them up when it opens one.
#[derive(Debug)]
pub(super) struct NoLookUp;

impl UreqResolver for NoLookUp {
    fn resolve(&self, _: &Uri, _: &ureq::config::Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        Ok(self.empty())
    }
}

/// Opens TCP connections to the controller, through the proxy if there is one.
#[derive(Debug, Clone)]
pub(super) struct TcpConnector {
    pub(super) resolver: Resolver,
    pub(super) timeout: Duration,
    pub(super) proxy: Option<Proxy>,
}

impl Connector for TcpConnector {
    type Out = TcpTransport;

    fn connect(&self, details: &ConnectionDetails, _: Option<()>) -> Result<Option<Self::Out>, ureq::Error> {
        let call = CallState::current()?;
        call.open_connection_within(self.timeout);
        let (host, port) = (bare_host(details.uri), details.uri.port_u16().unwrap_or(HTTPS));
        let proxy = self.proxy.as_ref().filter(|proxy| !proxy.is_not_for(host, port));
        let opened = match proxy {
            None => self.open(&call, host, port),
            Some(proxy) => self.open_through(proxy, &call, host, port),
        };
        opened.map(Some).map_err(into_ureq)
    }
}

impl TcpConnector {
    pub(super) fn open(&self, call: &CallState, host: &str, port: u16) -> Result<TcpTransport, Error> {
        let addresses = self.look_up(call, host, port)?;
        call.enter(Stage::Connect);
        let stream = open_any(call, &addresses).inspect_err(|_| self.resolver.forget(host))?;
        log::debug!("connected to {host} at {}", stream.peer_addr().map_or_else(|e| e.to_string(), |a| a.to_string()));
        TcpTransport::new(stream, call)
    }

    /// Asks the proxy for a tunnel. If it wants an address in place of a name, each is tried as long as the proxy says
    /// that it cannot reach it.
    pub(super) fn open_through(
        &self,
        proxy: &Proxy,
        call: &CallState,
        host: &str,
        port: u16,
    ) -> Result<TcpTransport, Error> {
        let addresses = match proxy.wants_addresses() {
            true => self.look_up(call, host, port)?,
            false => Vec::new(),
        };
        let mut destinations: Vec<_> = addresses.into_iter().map(Destination::Address).collect();
        let last = destinations.pop().unwrap_or_else(|| Destination::new(host, port));
        call.go_through(proxy);
        for destination in destinations {
            match self.open_tunnel(proxy, call, destination) {
                Err(NoTunnel { of_the_address: true, error }) => log::debug!("{error}"),
                outcome => return outcome.map_err(|failed| failed.error),
            }
        }
        self.open_tunnel(proxy, call, last).map_err(|failed| failed.error)
    }

    fn open_tunnel(
        &self,
        proxy: &Proxy,
        call: &CallState,
        destination: Destination<'_>,
    ) -> Result<TcpTransport, NoTunnel> {
        let mut transport = self.open(call, proxy.host(), proxy.port())?;
        call.enter(Stage::Proxy);
        proxy.open_tunnel(call, &mut transport, destination)?;
        log::debug!("the proxy {proxy} leads to {destination}");
        Ok(transport)
    }

    pub(super) fn look_up(&self, call: &CallState, host: &str, port: u16) -> Result<Vec<SocketAddr>, Error> {
        call.enter(Stage::Resolve);
        self.resolver.resolve(call, host, port)
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
pub(super) fn open_one(
    call: &CallState,
    address: SocketAddr,
    share_ends: Instant,
) -> Result<io::Result<TcpStream>, Error> {
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
