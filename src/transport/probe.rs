//! Opening a connection step by step, to tell which step fails. Nothing is sent on it after the handshake.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::client::Resumption;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, ProtocolVersion};

use super::call_state::CallState;
use super::connect::open_one;
use super::tcp::TcpTransport;
use super::{Call, Connections};
use crate::error::{Error, Stage};
use crate::trust::onlooker::Onlooker;
use crate::trust::provider::provider;
use crate::trust::{self, verifier};
use crate::wire::ControllerUrl;

/// What came of each step of opening a connection. A step after one that failed is `None`.
pub(crate) struct Probe {
    /// The proxy that leads to the controller.
    pub(crate) proxy: Option<String>,
    /// The addresses of the controller, or of the proxy where one leads to it.
    pub(crate) resolved: Result<Vec<SocketAddr>, Error>,
    /// How long each of them took to take a connection.
    pub(crate) connected: Vec<(SocketAddr, Result<Duration, String>)>,
    pub(crate) tunnel: Option<Result<(), Error>>,
    pub(crate) handshake: Option<Result<Shown, Error>>,
}

/// What a server showed in a handshake.
pub(crate) struct Shown {
    /// Such as `TLS 1.3`.
    pub(crate) tls: &'static str,
    /// Leaf first.
    pub(crate) chain: Vec<CertificateDer<'static>>,
}

impl Connections {
    /// Takes each step towards a controller, for as long as the call may take. No certificate is shown.
    pub(crate) fn probe(&self, call: &Call, controller: &ControllerUrl) -> Probe {
        let connector = self.pool.connector();
        let state = call.state();
        let _scope = state.make_current(controller.origin());
        state.start_attempt(None);
        state.open_connection_within(connector.timeout);
        let (host, port) = (controller.host(), controller.port());
        let proxy = connector.proxy.as_ref().filter(|proxy| !proxy.is_not_for(host, port));
        let (near_host, near_port) = proxy.map_or((host, port), |proxy| (proxy.host(), proxy.port()));
        let resolved = connector.look_up(state, near_host, near_port);
        let connected = resolved.as_deref().map(|addresses| connect_all(state, addresses)).unwrap_or_default();
        let is_reached = connected.iter().any(|(_, outcome)| outcome.is_ok());
        let opened = is_reached.then(|| {
            // What the addresses took is not the tunnel's or the handshake's fault.
            state.open_connection_within(connector.timeout);
            match proxy {
                Some(proxy) => connector.open_through(proxy, state, host, port),
                None => connector.open(state, host, port),
            }
        });
        let tunnel = opened.as_ref().filter(|_| proxy.is_some());
        let tunnel = tunnel.map(|opened| opened.as_ref().map(|_| ()).map_err(Clone::clone));
        let handshake = match opened {
            Some(Ok(transport)) => Some(shake_hands(state, transport, controller)),
            Some(Err(error)) if proxy.is_none() => Some(Err(error)),
            _ => None,
        };
        Probe { proxy: proxy.map(ToString::to_string), resolved, connected, tunnel, handshake }
    }

    /// Judges a chain as a connection to `host` would; the error says what to do.
    pub(crate) fn judge(
        &self,
        chain: &[CertificateDer<'_>],
        host: &str,
        now: std::time::SystemTime,
    ) -> Result<(), String> {
        verifier::verify_chain(self.pool.verifier(), chain, host, now)
    }
}

/// Each address gets an equal share of what is left when its turn comes, and leaves one for what follows.
fn connect_all(call: &CallState, addresses: &[SocketAddr]) -> Vec<(SocketAddr, Result<Duration, String>)> {
    call.enter(Stage::Connect);
    let connect = |(index, address): (usize, &SocketAddr)| {
        let turns = u32::try_from(addresses.len() - index + 1).unwrap_or(u32::MAX);
        let began = Instant::now();
        let outcome = call.left().and_then(|left| open_one(call, *address, began + left / turns));
        let outcome = match outcome {
            Ok(Ok(_)) => Ok(began.elapsed()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        (*address, outcome)
    };
    addresses.iter().enumerate().map(connect).collect()
}

fn shake_hands(call: &CallState, transport: TcpTransport, controller: &ControllerUrl) -> Result<Shown, Error> {
    call.enter(Stage::Tls);
    let host = controller.host().to_owned();
    let name = ServerName::try_from(host)
        .map_err(|_| call.broken(format!("{:?} is not a name that a certificate can hold", controller.host())))?;
    let onlooker = Onlooker::new();
    let failed = |error: rustls::Error| Error::Tls {
        controller: controller.origin().to_owned(),
        message: call.on_the_way(trust::explain(&error, controller.host())),
    };
    let mut connection = ClientConnection::new(Arc::new(config(&onlooker).map_err(failed)?), name).map_err(failed)?;
    let mut socket = Socket { call, transport };
    while connection.is_handshaking() {
        connection.complete_io(&mut socket).map_err(|error| socket.explain(error, failed))?;
    }
    call.connection_is_open();
    let tls = match connection.protocol_version() {
        Some(ProtocolVersion::TLSv1_3) => "TLS 1.3",
        _ => "TLS 1.2",
    };
    Ok(Shown { tls, chain: onlooker.chain() })
}

/// A configuration with no ticket of anybody else and no certificate to show.
fn config(onlooker: &Arc<Onlooker>) -> Result<ClientConfig, rustls::Error> {
    let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
    let builder = builder.dangerous().with_custom_certificate_verifier(Arc::clone(onlooker) as _);
    let mut config = builder.with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.resumption = Resumption::disabled();
    Ok(config)
}

/// A connection without ureq.
struct Socket<'a> {
    call: &'a CallState,
    transport: TcpTransport,
}

impl Socket<'_> {
    fn explain(&self, error: io::Error, failed: impl Fn(rustls::Error) -> Error) -> Error {
        if let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            return failed(tls.clone());
        }
        match ureq::Error::from(error) {
            ureq::Error::Other(inner) => match inner.downcast::<Error>() {
                Ok(ours) => *ours,
                Err(other) => self.call.broken(other.to_string()),
            },
            ureq::Error::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                self.call.broken("the peer closed the connection".to_owned())
            }
            other => self.call.broken(format!("the connection broke: {other}")),
        }
    }
}

impl Read for Socket<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.transport.received().is_empty() {
            self.transport.receive(self.call).map_err(ureq::Error::into_io)?;
        }
        let received = self.transport.received();
        let amount = received.len().min(buffer.len());
        buffer[..amount].copy_from_slice(&received[..amount]);
        self.transport.consume(amount);
        Ok(amount)
    }
}

impl Write for Socket<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.transport.send(self.call, bytes).map_err(ureq::Error::into_io)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
