//! One connection: handshake, then request after request.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rustls::{ServerConnection, StreamOwned};
use socket2::SockRef;

use crate::answers::{Answer, Refusal};
use crate::faults::{Fault, Strike};
use crate::http::{self, ReadError, Reader, Request};
use crate::operations::{self, Peer};
use crate::shared::Shared;
use crate::spoil::{self, Flow};

/// Silence after which the real controller closes a kept connection.
pub(crate) const IDLE: Duration = Duration::from_millis(4700);
const HANDSHAKE: Duration = Duration::from_secs(5);
/// How often a stalled connection looks whether its client is still there.
const LOOK: Duration = Duration::from_millis(20);

pub(crate) type Tls = StreamOwned<ServerConnection, TcpStream>;

/// Serves a connection until it ends.
pub(crate) fn run(shared: &Arc<Shared>, tcp: TcpStream, number: u64) {
    if let Some(connection) = Connection::new(shared, tcp, number) {
        connection.serve();
    }
    shared.connections.close(number);
}

struct Connection<'a> {
    shared: &'a Shared,
    tls: Tls,
    peer: Peer,
    reader: Reader,
}

impl<'a> Connection<'a> {
    fn new(shared: &'a Shared, tcp: TcpStream, number: u64) -> Option<Self> {
        let address = tcp.peer_addr().ok()?;
        tcp.set_nodelay(true).ok()?;
        tcp.set_read_timeout(Some(HANDSHAKE)).ok()?;
        let tls = handshake(shared, tcp).ok()??;
        let certificates = tls.conn.peer_certificates().unwrap_or_default();
        let certificates = certificates.iter().map(|certificate| certificate.clone().into_owned()).collect();
        let peer = Peer { address, certificates, connection: number };
        Some(Self { shared, tls, peer, reader: Reader::default() })
    }

    fn serve(mut self) {
        if let Some(strike) = self.shared.faults.strike_reading() {
            return stall_reading(self.shared, &self.tls.sock, &strike);
        }
        let mut answered = 0;
        loop {
            match self.exchange() {
                Flow::KeepAlive => answered += 1,
                Flow::Close => break close_orderly(&mut self.tls),
                Flow::Abandon => break,
            }
            if answered == self.shared.answers_per_connection.load(Ordering::SeqCst) {
                break close_orderly(&mut self.tls);
            }
        }
    }

    fn exchange(&mut self) -> Flow {
        let (connections, number) = (&self.shared.connections, self.peer.connection);
        connections.idle(number, IDLE);
        let head = self.reader.head(&mut self.tls, || connections.busy(number));
        let Ok(head) = head else { return Flow::Close };
        let operation = operations::id_of(&head);
        let strike = self.shared.faults.strike_request(operation);
        let with_certificate = !self.peer.certificates.is_empty();
        if let Some(strike) = strike.as_ref().filter(|strike| strike.fault == Fault::StallReading) {
            self.shared.remember(&head, operation, with_certificate, number);
            stall_reading(self.shared, &self.tls.sock, strike);
            return Flow::Abandon;
        }
        let cap = self.shared.settings.version.body_cap();
        match self.reader.body(&mut self.tls, head, cap) {
            Ok(request) => {
                self.shared.remember(&request, operation, with_certificate, number);
                let flow = spoil::respond(self.shared, &mut self.tls, &request, &self.peer, strike);
                if request.wants_close() && flow == Flow::KeepAlive { Flow::Close } else { flow }
            }
            Err(ReadError::BodyTimeout(request)) => self.refuse_body(&request, timed_out()),
            Err(ReadError::TooLarge(request)) => self.refuse_body(&request, too_large()),
            Err(ReadError::Over) => Flow::Close,
        }
    }

    /// Answers a request whose body is not read. The rest of it must be taken off the wire, or closing becomes a reset
    /// that takes the answer with it.
    fn refuse_body(&mut self, request: &Request, answer: Answer) -> Flow {
        if spoil::send(self.shared, &mut self.tls, request, &answer).is_ok() {
            close_orderly(&mut self.tls);
            let end = Instant::now() + Duration::from_secs(1);
            while Instant::now() < end && !self.shared.faults.stopping() && !gone(&self.tls.sock) {
                std::thread::sleep(LOOK);
            }
        }
        Flow::Abandon
    }
}

fn timed_out() -> Answer {
    Answer::from(Refusal::new(503, "TIMEOUT", "The request timed out")).closing()
}

fn too_large() -> Answer {
    let message = "The request body exceeds the maximum accepted size";
    let body = serde_json::json!({"code": "REQUEST_ENTITY_TOO_LARGE", "message": message, "cause": null});
    Answer::json(413, &body).closing()
}

fn handshake(shared: &Shared, mut tcp: TcpStream) -> io::Result<Option<Tls>> {
    let mut tls = ServerConnection::new(shared.tls.clone()).map_err(io::Error::other)?;
    match shared.faults.strike_connection() {
        None => {
            while tls.is_handshaking() {
                tls.complete_io(&mut tcp)?;
            }
        }
        Some(strike) if strike.fault == Fault::SilentAfterAccept => {
            stall(shared, &tcp, &strike);
            return Ok(None);
        }
        Some(strike) if strike.fault == Fault::StallInHandshake => {
            let flight = first_flight(&mut tls, &mut tcp)?;
            tcp.write_all(&flight[..flight.len() / 2])?;
            stall(shared, &tcp, &strike);
            return Ok(None);
        }
        Some(strike) => {
            let flight = first_flight(&mut tls, &mut tcp)?;
            drip(shared, &strike, &flight, |byte| tcp.write_all(byte));
            return Ok(None);
        }
    }
    Ok(Some(StreamOwned::new(tls, tcp)))
}

/// Reads the ClientHello; the result is what a server sends to it.
fn first_flight(tls: &mut ServerConnection, tcp: &mut TcpStream) -> io::Result<Vec<u8>> {
    while !tls.wants_write() {
        if tls.read_tls(tcp)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        tls.process_new_packets().map_err(io::Error::other)?;
    }
    let mut flight = Vec::new();
    while tls.wants_write() {
        tls.write_tls(&mut flight)?;
    }
    Ok(flight)
}

/// Writes a byte a second while the strike lasts; false if it ended before the bytes did.
pub(crate) fn drip(
    shared: &Shared,
    strike: &Strike,
    bytes: &[u8],
    mut write: impl FnMut(&[u8]) -> io::Result<()>,
) -> bool {
    bytes.chunks(1).all(|byte| write(byte).is_ok() && shared.faults.wait(strike, Duration::from_secs(1)))
}

/// Sends nothing until the strike is over or the client is gone.
pub(crate) fn stall(shared: &Shared, tcp: &TcpStream, strike: &Strike) {
    while shared.faults.wait(strike, LOOK) && !gone(tcp) {}
}

/// Neither sends nor reads until the strike is over.
fn stall_reading(shared: &Shared, tcp: &TcpStream, strike: &Strike) {
    // The window shrinks with the buffer; if the system does not do it, sending stalls later.
    let _ = SockRef::from(tcp).set_recv_buffer_size(1);
    while shared.faults.wait(strike, Duration::from_secs(1)) {}
}

/// Takes what the client sent off the wire, unread; true if it ended the connection.
fn gone(mut tcp: &TcpStream) -> bool {
    let mut bytes = [0; 16 * 1024];
    if tcp.set_nonblocking(true).is_err() {
        return true;
    }
    let gone = loop {
        match tcp.read(&mut bytes) {
            Ok(0) => break true,
            Ok(_) => (),
            Err(error) if http::is_timeout(&error) => break false,
            Err(_) => break true,
        }
    };
    tcp.set_nonblocking(false).is_err() || gone
}

/// Says goodbye in TLS and in TCP.
pub(crate) fn close_orderly(tls: &mut Tls) {
    tls.conn.send_close_notify();
    // The client may be gone already; then there is nobody to say it to.
    let _ = tls.flush();
    let _ = tls.sock.shutdown(Shutdown::Write);
}

/// Makes closing the connection a reset.
pub(crate) fn reset(tls: &Tls) {
    let _ = SockRef::from(&tls.sock).set_linger(Some(Duration::ZERO));
}
