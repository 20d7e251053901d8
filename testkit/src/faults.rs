//! Faults on command: what goes wrong, for which requests, how often.

use std::sync::{Condvar, Mutex, MutexGuard};
use std::time::Duration;

use crate::operations;

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Stands for every operation.
    Any,
    /// `GET /` and `GET /version`.
    Version,
    /// `GET /.well-known/est/cacerts`.
    CaCerts,
    /// `POST /enroll` and its sub-paths.
    Enroll,
    /// `POST /authenticate`.
    Authenticate,
    /// `GET /current-api-session`.
    CurrentApiSession,
    /// `DELETE /current-api-session`.
    Logout,
    /// `GET /services`.
    Services,
    /// `GET /services/{id}`.
    Service,
    /// Everything that has no variant of its own, operations and other paths.
    Other,
    /// The operation with this id in the API document, such as `listSessions`. OpenID Connect is in no such document;
    /// its ids begin with `oidc`: `oidcDiscovery`, `oidcAuthorize`, `oidcLogin`, `oidcToken` and so on.
    Named(&'static str),
}

impl Operation {
    /// The variants, with the names the program has for them.
    pub const NAMES: [(Self, &'static str); 10] = [
        (Self::Any, "any"),
        (Self::Version, "version"),
        (Self::CaCerts, "cacerts"),
        (Self::Enroll, "enroll"),
        (Self::Authenticate, "authenticate"),
        (Self::CurrentApiSession, "session"),
        (Self::Logout, "logout"),
        (Self::Services, "services"),
        (Self::Service, "service"),
        (Self::Other, "other"),
    ];

    /// What `name` stands for: a name of [`Operation::NAMES`], or the id of an operation that the controller has.
    pub fn by_name(name: &str) -> Option<Self> {
        let short = Self::NAMES.into_iter().find(|(_, known)| *known == name).map(|(operation, _)| operation);
        short.or_else(|| operations::ids().find(|id| *id == name).map(Self::Named))
    }

    /// What a request with this operation id asks for.
    pub(crate) fn of(id: &'static str) -> Self {
        match id {
            "" => Self::Other,
            "listRoot" | "listVersion" => Self::Version,
            "listWellKnownCas" => Self::CaCerts,
            "authenticate" => Self::Authenticate,
            "getCurrentAPISession" => Self::CurrentApiSession,
            "logout" => Self::Logout,
            "listServices" => Self::Services,
            "detailService" => Self::Service,
            "extendRouterEnrollment" => Self::Enroll,
            _ if id.starts_with("enroll") && id != "enrollMfa" => Self::Enroll,
            _ => Self::Named(id),
        }
    }

    /// Whether `self`, as somebody asked for it, covers a request with this operation id.
    pub(crate) fn covers(self, id: &'static str) -> bool {
        match self {
            Self::Any => true,
            Self::Named(name) => name == id,
            Self::Other => matches!(Self::of(id), Self::Other | Self::Named(_)),
            _ => self == Self::of(id),
        }
    }

    /// A name that no operation has would never strike and never be counted.
    pub(crate) fn check(self) {
        if let Self::Named(name) = self {
            assert!(operations::ids().any(|id| id == name), "the controller has no operation {name}");
        }
    }
}

/// What goes wrong. A stall lasts until the faults are cleared, the client gives up, or the controller is dropped; then
/// the connection is closed.
///
/// A request whose answer is spoilt while it is sent was carried out; one that gets no byte of an answer was not, but
/// for [`Fault::LostAnswer`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Nobody listens: connections are refused. For new connections, whatever the operation.
    Refuse,
    /// The connection is accepted and nothing follows. For new connections, whatever the operation.
    SilentAfterAccept,
    /// Part of the server's first flight of the handshake is sent, then nothing. For new connections, whatever the
    /// operation.
    StallInHandshake,
    /// The handshake goes on at one byte a second. For new connections, whatever the operation.
    DripHandshake,
    /// The request is read and nothing is sent.
    StallBeforeAnswer,
    /// The status line and half of a header are sent, then nothing.
    StallInHeaders,
    /// The headers are sent, then nothing.
    StallAfterHeaders,
    /// Half of the body is sent, then nothing.
    StallInBody,
    /// The body of the request is not read; for [`Operation::Any`] nothing is read after the handshake. The socket's
    /// buffers are small, so that sending more than they hold stalls.
    StallReading,
    /// The answer is sent at one byte a second.
    Drip,
    /// The headers are sent at once, the body at one byte a second.
    DripBody,
    /// The connection is reset instead of an answer.
    Reset,
    /// Half of the body is sent, then the connection is reset.
    ResetInBody,
    /// The connection is closed in an orderly way instead of an answer.
    CloseBeforeAnswer,
    /// Half of the body is sent, then the connection is closed in an orderly way.
    Truncate,
    /// `Content-Length`, or the size of the chunk, says half of what the body has.
    WrongLength,
    /// A body of at least this many bytes, in chunks.
    Oversized {
        /// How many bytes follow.
        bytes: u64,
    },
    /// A megabyte of gzip that becomes a gigabyte.
    GzipBomb,
    /// Eight megabytes of headers.
    HugeHeaders,
    /// 200 with JSON that ends too early.
    BadJson,
    /// 200 without a body.
    EmptyBody,
    /// 200 with an HTML page.
    Html,
    /// This status with an error in the envelope.
    Status(u16),
    /// Exactly this answer.
    Body {
        /// The status.
        status: u16,
        /// The `Content-Type`; empty sends none.
        content_type: String,
        /// The body.
        body: Vec<u8>,
    },
    /// 404, as for a path of which the controller has never heard: an operation that an older one does not have.
    NoSuchPath,
    /// The request's session is ended before the request is looked at. Of one by OpenID Connect only the access token
    /// is: it can be refreshed.
    SessionGone,
    /// 429, with this `Retry-After` if there is one.
    TooManyRequests {
        /// The value of `Retry-After`.
        retry_after: Option<String>,
    },
    /// The request is carried out, then the connection is closed in an orderly way without an answer.
    LostAnswer,
    /// The right answer comes after this time. With zero it lets a request pass, so that a later one is struck.
    Late(Duration),
}

impl Fault {
    /// Whether it strikes before any request is read.
    pub(crate) fn is_of_the_connection(&self) -> bool {
        matches!(self, Self::Refuse | Self::SilentAfterAccept | Self::StallInHandshake | Self::DripHandshake)
    }
}

struct Entry {
    operation: Operation,
    fault: Fault,
    /// `None` is without end.
    left: Option<usize>,
}

#[derive(Default)]
struct Faults {
    entries: Vec<Entry>,
    played: usize,
    /// Counts the times the faults were cleared: a stall of an older epoch is over.
    epoch: u64,
    stopping: bool,
}

/// The faults in force, and where stalled connections wait.
#[derive(Default)]
pub(crate) struct FaultBoard {
    faults: Mutex<Faults>,
    changed: Condvar,
}

/// A fault that strikes now.
pub(crate) struct Strike {
    pub(crate) fault: Fault,
    epoch: u64,
}

impl FaultBoard {
    fn lock(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().expect("no holder panics")
    }

    /// Adds a fault; one without end takes the place of all that the operation had.
    pub(crate) fn add(&self, operation: Operation, fault: Fault, times: Option<usize>) {
        let mut faults = self.lock();
        if times.is_none() {
            faults.entries.retain(|entry| entry.operation != operation);
        }
        faults.entries.push(Entry { operation, fault, left: times });
        self.changed.notify_all();
    }

    pub(crate) fn clear(&self) {
        let mut faults = self.lock();
        faults.entries.clear();
        faults.epoch += 1;
        self.changed.notify_all();
    }

    pub(crate) fn stop(&self) {
        self.lock().stopping = true;
        self.changed.notify_all();
    }

    pub(crate) fn stopping(&self) -> bool {
        self.lock().stopping
    }

    pub(crate) fn played(&self) -> usize {
        self.lock().played
    }

    /// Whether new connections are refused.
    pub(crate) fn refuses(&self) -> bool {
        self.lock().entries.iter().any(|entry| entry.fault == Fault::Refuse)
    }

    pub(crate) fn count_refusal(&self) {
        self.lock().played += 1;
    }

    fn strike(&self, hits: impl Fn(&Entry) -> bool) -> Option<Strike> {
        let mut faults = self.lock();
        let entry = faults.entries.iter_mut().find(|entry| entry.left != Some(0) && hits(entry))?;
        entry.left = entry.left.map(|left| left - 1);
        let fault = entry.fault.clone();
        faults.played += 1;
        Some(Strike { fault, epoch: faults.epoch })
    }

    /// What strikes a new connection.
    pub(crate) fn strike_connection(&self) -> Option<Strike> {
        self.strike(|entry| entry.fault.is_of_the_connection() && entry.fault != Fault::Refuse)
    }

    /// What strikes a connection after its handshake, before its first request.
    pub(crate) fn strike_reading(&self) -> Option<Strike> {
        self.strike(|entry| entry.fault == Fault::StallReading && entry.operation == Operation::Any)
    }

    /// What strikes a request for the operation with this id, whose head was read.
    pub(crate) fn strike_request(&self, id: &'static str) -> Option<Strike> {
        self.strike(|entry| !entry.fault.is_of_the_connection() && entry.operation.covers(id))
    }

    /// Waits for at most `time`; false once the strike is over.
    pub(crate) fn wait(&self, strike: &Strike, time: Duration) -> bool {
        let on = |faults: &Faults| !faults.stopping && faults.epoch == strike.epoch;
        let faults = self.lock();
        on(&faults) && {
            let (faults, _) =
                self.changed.wait_timeout_while(faults, time, |faults| on(faults)).expect("no holder panics");
            on(&faults)
        }
    }

    /// Waits until connections are to be accepted again, or the controller stops.
    pub(crate) fn wait_until_not_refusing(&self) {
        let refuses =
            |faults: &mut Faults| !faults.stopping && faults.entries.iter().any(|entry| entry.fault == Fault::Refuse);
        drop(self.changed.wait_while(self.lock(), refuses).expect("no holder panics"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counted_fault_strikes_as_often_as_it_was_told_to() {
        let board = FaultBoard::default();
        board.add(Operation::Services, Fault::BadJson, Some(2));
        assert!(board.strike_request("listVersion").is_none());
        assert!(board.strike_request("listServices").is_some());
        assert!(board.strike_request("listServices").is_some());
        assert!(board.strike_request("listServices").is_none());
        assert_eq!(board.played(), 2);
    }

    #[test]
    fn an_operation_is_struck_by_its_variant_and_by_its_id() {
        assert!(Operation::Services.covers("listServices") && Operation::Named("listServices").covers("listServices"));
        assert!(Operation::Enroll.covers("enrollOtt") && !Operation::Named("enroll").covers("enrollOtt"));
        assert!(Operation::Other.covers("listSessions") && Operation::Other.covers(""));
        assert!(!Operation::Other.covers("listServices"));
    }

    #[test]
    fn operations_are_found_by_their_names_and_ids() {
        assert_eq!(Operation::by_name("services"), Some(Operation::Services));
        assert_eq!(Operation::by_name("updateService"), Some(Operation::Named("updateService")));
        assert_eq!(Operation::by_name("nope"), None);
    }

    #[test]
    fn counted_faults_of_one_operation_queue_up() {
        let board = FaultBoard::default();
        board.add(Operation::Any, Fault::BadJson, Some(1));
        board.add(Operation::Any, Fault::Html, Some(1));
        let faults = [(); 2].map(|()| board.strike_request("listVersion").unwrap().fault);
        assert_eq!(faults, [Fault::BadJson, Fault::Html]);
    }

    #[test]
    fn clearing_ends_a_strike() {
        let board = FaultBoard::default();
        board.add(Operation::Any, Fault::StallBeforeAnswer, None);
        let strike = board.strike_request("listVersion").unwrap();
        assert!(board.wait(&strike, Duration::ZERO));
        board.clear();
        assert!(!board.wait(&strike, Duration::from_secs(60)));
    }
}
