//! TLS over whatever connection leads to the controller.

use std::fmt;
use std::io::{self, Read, Write};
use std::sync::Arc;
use std::time::Instant;

use rustls::client::{ResolvesClientCert, Resumption};
use rustls::pki_types::ServerName;
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, ClientConnection, SignatureScheme, StreamOwned};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, Transport, TransportAdapter,
};

use super::call_state::CallState;
use super::connect::{bare_host, into_ureq};
use super::tcp::{INPUT_BUFFER, OUTPUT_BUFFER};
use super::{ClientAuth, ConnectionOptions};
use crate::error::{Error, Stage};

/// Servers whose tickets are kept.
const TICKET_SERVERS: usize = 32;

/// The TLS configuration of one set of connections, with tickets of its own.
pub(super) fn config(options: &ConnectionOptions) -> Result<ClientConfig, Error> {
    let builder = ClientConfig::builder_with_provider(crate::trust::provider::provider())
        .with_safe_default_protocol_versions()
        .map_err(|e| Error::Unsupported(format!("the cryptography that was built in cannot do TLS: {e}")))?
        .dangerous()
        .with_custom_certificate_verifier(options.verifier.clone());
    let mut config = match &options.client_auth {
        Some(auth) => builder.with_client_cert_resolver(Arc::new(AlwaysThis(auth.clone()))),
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.resumption = Resumption::in_memory_sessions(TICKET_SERVERS);
    Ok(config)
}

/// Presents the identity's certificate whatever authorities the controller names: the list it sends need not hold
/// the one that issued the certificate.
struct AlwaysThis(ClientAuth);

impl ResolvesClientCert for AlwaysThis {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let left = CallState::current().ok()?.left().unwrap_or_default();
        Some((self.0)(Instant::now() + left))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

impl fmt::Debug for AlwaysThis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AlwaysThis")
    }
}

/// Does the handshake on the way that leads to the controller.
pub(super) struct TlsConnector {
    pub(super) config: Arc<ClientConfig>,
}

impl<In: Transport> Connector<In> for TlsConnector {
    type Out = TlsTransport<In>;

    fn connect(&self, details: &ConnectionDetails, chained: Option<In>) -> Result<Option<Self::Out>, ureq::Error> {
        let Some(transport) = chained else { return Ok(None) };
        let call = CallState::current()?;
        call.enter(Stage::Tls);
        let host = bare_host(details.uri);
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| into_ureq(call.broken(format!("{host:?} is not a name that a certificate can hold"))))?;
        let mut conn = ClientConnection::new(self.config.clone(), name)?;
        let mut sock = TransportAdapter::new(transport, details.current_time.clone());
        conn.complete_io(&mut sock).map_err(|error| explain(error, &call))?;
        call.connection_is_open();
        let buffers = LazyBuffers::new(INPUT_BUFFER, OUTPUT_BUFFER);
        Ok(Some(TlsTransport { stream: StreamOwned::new(conn, sock), buffers }))
    }
}

impl fmt::Debug for TlsConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsConnector")
    }
}

/// A TLS connection as ureq wants it.
///
/// It is closed without a close_notify: every request says how long it is, so nothing can be cut off unseen, and a
/// forked child can close its copy without ending the connection of its parent.
pub(super) struct TlsTransport<In: Transport> {
    stream: StreamOwned<ClientConnection, TransportAdapter<In>>,
    buffers: LazyBuffers,
}

impl<In: Transport> Transport for TlsTransport<In> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), ureq::Error> {
        let call = CallState::current()?;
        call.enter(Stage::Send);
        let StreamOwned { conn, sock } = &mut self.stream;
        conn.writer().write_all(&self.buffers.output()[..amount])?;
        // Not `StreamOwned::write`: that one keeps an error of the socket for the next write.
        while conn.wants_write() {
            conn.write_tls(sock).map_err(|error| explain(error, &call))?;
        }
        Ok(())
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, ureq::Error> {
        let call = CallState::current()?;
        if call.stage() != Stage::Body {
            call.enter(Stage::Wait);
        }
        let amount = self.stream.read(self.buffers.input_append_buf()).map_err(|error| explain(error, &call))?;
        self.buffers.input_appended(amount);
        if amount > 0 {
            call.answer_came();
        }
        Ok(amount > 0)
    }

    fn is_open(&mut self) -> bool {
        let state = self.stream.conn.process_new_packets();
        let nothing_more = state.is_ok_and(|state| state.plaintext_bytes_to_read() == 0 && !state.peer_has_closed());
        nothing_more && self.stream.sock.get_mut().is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}

impl<In: Transport> fmt::Debug for TlsTransport<In> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsTransport").field("over", self.stream.sock.get_ref()).finish_non_exhaustive()
    }
}

/// Takes rustls' own errors out of their wrapping. An end of the connection becomes an error of ours, because ureq
/// takes end and reset for the proper end of a body whose length nobody said.
fn explain(error: io::Error, call: &CallState) -> ureq::Error {
    if let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return ureq::Error::Rustls(tls.clone());
    }
    match ureq::Error::from(error) {
        ureq::Error::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            into_ureq(call.broken("the peer closed the connection".to_owned()))
        }
        ureq::Error::Io(error) => into_ureq(call.broken(format!("the connection broke: {error}"))),
        known => known,
    }
}
