//! Sending answers, whole or spoilt by a fault.

use std::io::{self, Write};
use std::sync::OnceLock;

use flate2::{Compress, Compression, Crc, FlushCompress};

use crate::answers::{Answer, Refusal};
use crate::clock;
use crate::connection::{IDLE, Tls, drip, reset, stall};
use crate::faults::{Fault, Strike};
use crate::http::Request;
use crate::operations::{self, Peer};
use crate::shared::Shared;

/// The end of a chunk with data, and the chunk without.
const LAST_CHUNK: &[u8] = b"\r\n0\r\n\r\n";

/// What becomes of a connection after an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    KeepAlive,
    /// Ends in an orderly way.
    Close,
    /// Ends as it is.
    Abandon,
}

/// Carries `request` out and answers it, as far as `strike` lets it.
pub(crate) fn respond(shared: &Shared, tls: &mut Tls, request: &Request, peer: &Peer, strike: Option<Strike>) -> Flow {
    let Some(strike) = strike else {
        return whole(shared, tls, request, peer, &operations::answer(shared, request, peer));
    };
    match &strike.fault {
        Fault::StallBeforeAnswer => {
            stall(shared, &tls.sock, &strike);
            return Flow::Abandon;
        }
        Fault::Reset => {
            reset(tls);
            return Flow::Abandon;
        }
        Fault::CloseBeforeAnswer => return Flow::Close,
        Fault::LostAnswer => {
            operations::answer(shared, request, peer);
            return Flow::Close;
        }
        Fault::Oversized { bytes } => return oversized(shared, tls, *bytes),
        Fault::Late(time) => {
            shared.faults.wait(&strike, *time);
            return whole(shared, tls, request, peer, &operations::answer(shared, request, peer));
        }
        Fault::NoSuchPath => {
            return whole(shared, tls, request, peer, &operations::nothing_there(shared, request));
        }
        Fault::SessionGone => operations::end_session_of(shared, request),
        fault => {
            if let Some(answer) = replacement(fault) {
                return whole(shared, tls, request, peer, &answer);
            }
        }
    }
    let answer = operations::answer(shared, request, peer);
    if strike.fault == Fault::SessionGone {
        return whole(shared, tls, request, peer, &answer);
    }
    spoilt(shared, tls, &strike, &Rendered::new(shared, request, &answer))
}

fn whole(shared: &Shared, tls: &mut Tls, request: &Request, peer: &Peer, answer: &Answer) -> Flow {
    // Before the answer is sent: a client that has it must find the connection idle.
    shared.connections.idle(peer.connection, IDLE);
    match send(shared, tls, request, answer) {
        Err(_) => Flow::Abandon,
        Ok(()) if answer.close => Flow::Close,
        Ok(()) => Flow::KeepAlive,
    }
}

/// Sends an answer as it is.
pub(crate) fn send(shared: &Shared, tls: &mut Tls, request: &Request, answer: &Answer) -> io::Result<()> {
    let rendered = Rendered::new(shared, request, answer);
    tls.write_all(&rendered.head)?;
    tls.write_all(rendered.body)?;
    if rendered.chunked && !rendered.body.is_empty() {
        tls.write_all(LAST_CHUNK)?;
    }
    tls.flush()
}

/// An answer as bytes. A chunked body is one chunk, whose size is part of the head.
struct Rendered<'a> {
    head: Vec<u8>,
    body: &'a [u8],
    chunked: bool,
}

impl<'a> Rendered<'a> {
    fn new(shared: &Shared, request: &Request, answer: &'a Answer) -> Self {
        let coded = answer.headers.iter().any(|(name, _)| *name == "Content-Encoding");
        let zip = shared.settings.gzip && request.accepts_gzip() && !answer.body.plain().is_empty() && !coded;
        let body = if zip { answer.body.gzipped() } else { answer.body.plain() };
        // As the real controller: a compressed body always has a length.
        let chunked = answer.chunked && !zip;
        let mut lines = vec![format!("HTTP/1.1 {} {}", answer.status, reason(answer.status))];
        if zip {
            lines.push("Content-Encoding: gzip".to_owned());
        }
        lines.extend(answer.headers.iter().map(|(name, value)| format!("{name}: {value}")));
        if !answer.headers.is_empty() && !answer.nameless {
            lines.push("Server: ziti-controller/v0.0.0".to_owned());
            lines.push(format!("Ziti-Instance-Id: {}", shared.instance_id));
        }
        lines.push(format!("Date: {}", clock::http(shared.clock.now())));
        if answer.close {
            lines.push("Connection: close".to_owned());
        }
        lines.push(if chunked {
            "Transfer-Encoding: chunked".to_owned()
        } else {
            format!("Content-Length: {}", body.len())
        });
        let mut head = lines.join("\r\n").into_bytes();
        head.extend(b"\r\n\r\n");
        let body = if request.method == "HEAD" { &[] } else { body };
        if chunked {
            head.extend(format!("{:x}\r\n", body.len()).bytes());
        }
        Self { head, body, chunked }
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        302 => "Found",
        400 => "Bad Request",
        401 => "Unauthorized",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        409 => "Conflict",
        413 => "Request Entity Too Large",
        415 => "Unsupported Media Type",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        _ => "Unknown",
    }
}

/// Sends an answer that was due, spoilt on its way.
fn spoilt(shared: &Shared, tls: &mut Tls, strike: &Strike, answer: &Rendered<'_>) -> Flow {
    let half = &answer.body[..answer.body.len() / 2];
    let (sent, flow) = match &strike.fault {
        Fault::StallInHeaders => (write(tls, &[b"HTTP/1.1 200 OK\r\nContent-Ty"]), Flow::Abandon),
        Fault::StallAfterHeaders => (write(tls, &[&answer.head]), Flow::Abandon),
        Fault::Truncate => (write(tls, &[&answer.head, half]), Flow::Close),
        Fault::WrongLength => {
            let end: &[u8] = if answer.chunked { LAST_CHUNK } else { &[] };
            (write(tls, &[&halve_length(answer, half.len()), answer.body, end]), Flow::KeepAlive)
        }
        Fault::Drip => (drip_bytes(shared, tls, strike, &[&answer.head, answer.body].concat()), Flow::Close),
        Fault::DripBody => {
            let head = write(tls, &[&answer.head]);
            (head.and_then(|()| drip_bytes(shared, tls, strike, answer.body)), Flow::Close)
        }
        _ => (write(tls, &[&answer.head, half]), Flow::Abandon),
    };
    if sent.is_err() {
        return Flow::Abandon;
    }
    match &strike.fault {
        Fault::ResetInBody => reset(tls),
        Fault::StallInHeaders | Fault::StallAfterHeaders | Fault::StallInBody => stall(shared, &tls.sock, strike),
        _ => (),
    }
    flow
}

fn write(tls: &mut Tls, parts: &[&[u8]]) -> io::Result<()> {
    parts.iter().try_for_each(|part| tls.write_all(part))?;
    tls.flush()
}

fn drip_bytes(shared: &Shared, tls: &mut Tls, strike: &Strike, bytes: &[u8]) -> io::Result<()> {
    let whole = drip(shared, strike, bytes, |byte| write(tls, &[byte]));
    if whole { Ok(()) } else { Err(io::ErrorKind::Interrupted.into()) }
}

/// The head with `length` as the length of the body, or of its only chunk.
fn halve_length(answer: &Rendered<'_>, length: usize) -> Vec<u8> {
    let lines = String::from_utf8_lossy(&answer.head);
    let size = format!("{:x}", answer.body.len());
    let lines = lines.split("\r\n").map(|line| match line.split_once(':') {
        Some(("Content-Length", _)) => format!("Content-Length: {length}"),
        None if answer.chunked && line == size => format!("{length:x}"),
        _ => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\r\n").into_bytes()
}

/// The answer that a fault puts in the place of the right one.
fn replacement(fault: &Fault) -> Option<Answer> {
    let json = "application/json";
    Some(match fault {
        Fault::BadJson => Answer::new(200, json, r#"{"data":[{"id":"#),
        Fault::EmptyBody => Answer::new(200, json, ""),
        Fault::Html => Answer::new(200, "text/html", "<!DOCTYPE html><html><body>a page</body></html>"),
        Fault::Status(status) => failure(*status),
        Fault::Body { status, content_type, body } if content_type.is_empty() => {
            Answer { status: *status, body: body.clone().into(), ..Answer::default() }
        }
        Fault::Body { status, content_type, body } => Answer::new(*status, content_type, body.clone()),
        Fault::TooManyRequests { retry_after } => {
            let answer = failure(429);
            match retry_after {
                Some(time) => answer.with("Retry-After", time),
                None => answer,
            }
        }
        Fault::GzipBomb => Answer::new(200, json, gzip_bomb()).with("Content-Encoding", "gzip"),
        Fault::HugeHeaders => {
            let filler = "a".repeat(8 * 1024);
            (0..1024).fold(Answer::new(200, json, "{}"), |answer, _| answer.with("X-Filler", filler.clone()))
        }
        _ => return None,
    })
}

fn failure(status: u16) -> Answer {
    let (code, message) = match status {
        401 => return Refusal::unauthorized().into(),
        429 => (
            "SERVER_TOO_MANY_REQUESTS",
            "Too many requests to alter state have been issued. Please slow your \
                 request rate or try again later.",
        ),
        503 => ("CLUSTER_NO_LEADER", "Cluster has no leader, unable to make model updates."),
        _ => ("UNHANDLED", "An unhandled error occurred"),
    };
    Refusal::new(status, code, message).into()
}

/// Streams JSON without an end in sight.
fn oversized(shared: &Shared, tls: &mut Tls, bytes: u64) -> Flow {
    let filler = [b'a'; 64 * 1024];
    let head =
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{\"data\":\"\r\n";
    let mut sent = write(tls, &[head]);
    let mut left = bytes;
    while left > 0 && sent.is_ok() && !shared.faults.stopping() {
        let now = left.min(filler.len() as u64);
        left -= now;
        sent = write(tls, &[format!("{now:x}\r\n").as_bytes(), &filler[..now as usize], b"\r\n"]);
    }
    match sent.and_then(|()| write(tls, &[b"2\r\n\"}\r\n0\r\n\r\n"])) {
        Ok(()) => Flow::KeepAlive,
        Err(_) => Flow::Abandon,
    }
}

/// A gigabyte of blanks in a megabyte of gzip: one compressed block, repeated.
fn gzip_bomb() -> Vec<u8> {
    static BOMB: OnceLock<Vec<u8>> = OnceLock::new();
    const BLOCK: usize = 1 << 20;
    BOMB.get_or_init(|| {
        let blanks = vec![b' '; BLOCK];
        let mut block = Vec::with_capacity(BLOCK);
        let mut compress = Compress::new(Compression::best(), false);
        compress.compress_vec(&blanks, &mut block, FlushCompress::Full).expect("a block of blanks");
        let mut block_checksum = Crc::new();
        block_checksum.update(&blanks);
        let mut checksum = Crc::new();
        let mut bomb = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
        for _ in 0..1024 {
            bomb.extend(&block);
            checksum.combine(&block_checksum);
        }
        bomb.extend([3, 0]);
        bomb.extend(checksum.sum().to_le_bytes());
        bomb.extend((1024 * BLOCK as u32).to_le_bytes());
        bomb
    })
    .clone()
}
