//! What every thread of one controller shares.

use std::collections::{HashMap, VecDeque};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::Duration;

use rustls::ServerConfig;
use time::OffsetDateTime;

use crate::clock::Clock;
use crate::faults::{FaultBoard, Operation};
use crate::http::Request;
use crate::manners::Version;
use crate::oidc::Lifetimes;
use crate::pki::Pki;
use crate::random;
use crate::state::State;

/// How many requests are remembered: enough for every test, bounded for a program that runs for days.
const REMEMBERED: usize = 50_000;
/// How long a request may take to arrive once it began.
const ARRIVAL: Duration = Duration::from_secs(5);

/// A request as the controller saw it.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The method.
    pub method: String,
    /// The path, still percent-encoded.
    pub path: String,
    /// The query without its question mark, empty if there is none.
    pub query: String,
    /// What it asked for.
    pub operation: Operation,
    /// The id of that operation in the API document; `logout` for the one that has none there, empty for a path without
    /// an operation.
    pub operation_id: &'static str,
    /// Names as sent, and values.
    pub headers: Vec<(String, String)>,
    /// The body; empty if a fault left it unread.
    pub body: Vec<u8>,
    /// Whether the client showed a certificate on this connection.
    pub peer_has_certificate: bool,
    /// The connection it came on, counted from 1.
    pub connection: u64,
}

impl Seen {
    /// The first value of a header, whatever its case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

pub(crate) struct Settings {
    pub(crate) version: Version,
    pub(crate) gzip: bool,
    pub(crate) session_timeout: Duration,
    pub(crate) certificate_lifetime: Duration,
    /// `None` if there is no OpenID Connect.
    pub(crate) oidc: Option<Lifetimes>,
    /// Host and port as the controller calls itself.
    pub(crate) authority: String,
}

pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) instance_id: String,
    pub(crate) started: OffsetDateTime,
    pub(crate) pki: Arc<Pki>,
    pub(crate) tls: Arc<ServerConfig>,
    pub(crate) clock: Clock,
    pub(crate) faults: FaultBoard,
    pub(crate) connections: Connections,
    /// Answers after which a connection is closed without notice; 0 is never.
    pub(crate) answers_per_connection: AtomicUsize,
    state: Mutex<State>,
    requests: Mutex<VecDeque<Seen>>,
}

impl Shared {
    pub(crate) fn new(settings: Settings, pki: Arc<Pki>, tls: Arc<ServerConfig>) -> Self {
        Self {
            settings,
            instance_id: random::session_id(),
            started: OffsetDateTime::now_utc(),
            pki,
            tls,
            clock: Clock::default(),
            faults: FaultBoard::default(),
            connections: Connections::default(),
            answers_per_connection: AtomicUsize::new(0),
            state: Mutex::default(),
            requests: Mutex::default(),
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("https://{}", self.settings.authority)
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    pub(crate) fn requests(&self) -> MutexGuard<'_, VecDeque<Seen>> {
        self.requests.lock().expect("no holder panics")
    }

    pub(crate) fn remember(
        &self,
        request: &Request,
        operation_id: &'static str,
        peer_has_certificate: bool,
        connection: u64,
    ) {
        let mut requests = self.requests();
        if requests.len() == REMEMBERED {
            requests.pop_front();
        }
        requests.push_back(Seen {
            method: request.method.clone(),
            path: request.path.clone(),
            query: request.query.clone().unwrap_or_default(),
            operation: Operation::of(operation_id),
            operation_id,
            headers: request.headers.clone(),
            body: request.body.clone(),
            peer_has_certificate,
            connection,
        });
    }
}

#[derive(PartialEq, Eq)]
enum Phase {
    Handshake,
    /// The answer to the last request is on its way, or long gone.
    Idle,
    /// A request is arriving or being carried out.
    Busy,
}

struct Open {
    tcp: TcpStream,
    phase: Phase,
    /// Ends once its handshake or its answer is done.
    doomed: bool,
}

impl Open {
    /// Ends reading, so that the connection's own thread finishes what it is sending and says goodbye.
    fn end(&self) {
        // A socket that cannot be shut down is closed already.
        let _ = self.tcp.shutdown(Shutdown::Read);
    }
}

/// The open connections, so that others than their own threads can end them.
#[derive(Default)]
pub(crate) struct Connections {
    open: Mutex<HashMap<u64, Open>>,
    closed: Condvar,
    accepted: AtomicUsize,
}

impl Connections {
    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Open>> {
        self.open.lock().expect("no holder panics")
    }

    /// Registers a new connection; the result is its number.
    pub(crate) fn open(&self, tcp: TcpStream) -> u64 {
        let number = self.accepted.fetch_add(1, Ordering::SeqCst) as u64 + 1;
        self.lock().insert(number, Open { tcp, phase: Phase::Handshake, doomed: false });
        number
    }

    pub(crate) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }

    /// From its last answer to its next request a connection is idle, and may stay so for `time`.
    pub(crate) fn idle(&self, number: u64, time: Duration) {
        self.enter(number, Phase::Idle, time);
    }

    /// A request began to arrive.
    pub(crate) fn busy(&self, number: u64) {
        self.enter(number, Phase::Busy, ARRIVAL);
    }

    fn enter(&self, number: u64, phase: Phase, read_timeout: Duration) {
        if let Some(open) = self.lock().get_mut(&number) {
            open.phase = phase;
            // A socket that takes no timeout is one that is closing.
            let _ = open.tcp.set_read_timeout(Some(read_timeout));
            if open.doomed {
                open.end();
            }
        }
    }

    pub(crate) fn close(&self, number: u64) {
        self.lock().remove(&number);
        self.closed.notify_all();
    }

    /// Ends what is idle and waits until it is gone. A client may believe to be through with a handshake or an answer that
    /// this end is still busy with, so these connections end as well, once that is done.
    pub(crate) fn close_idle(&self) {
        let mut open = self.lock();
        let mut idle = Vec::new();
        for (number, open) in open.iter_mut() {
            match open.phase {
                Phase::Handshake | Phase::Busy => open.doomed = true,
                Phase::Idle => {
                    open.end();
                    idle.push(*number);
                }
            }
        }
        let remains = |open: &mut HashMap<u64, Open>| idle.iter().any(|number| open.contains_key(number));
        drop(self.closed.wait_timeout_while(open, Duration::from_secs(1), remains).expect("no holder panics"));
    }

    /// Ends everything and waits until all threads are done.
    pub(crate) fn close_all(&self) {
        let open = self.lock();
        for open in open.values() {
            let _ = open.tcp.shutdown(Shutdown::Both);
        }
        let remains = |open: &mut HashMap<u64, Open>| !open.is_empty();
        drop(self.closed.wait_timeout_while(open, Duration::from_secs(2), remains).expect("no holder panics"));
    }
}
