//! How far a running call has come: what its sockets and the parts that talk on them ask and tell.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{CancelToken, Proxy, Traffic};
use crate::error::{Error, Stage};

/// How often a place that cannot be woken looks whether its call was canceled.
pub(super) const SLICE: Duration = Duration::from_millis(50);

/// Stands for "never": an `Instant` cannot hold every `Duration`.
pub(super) const LONGEST: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// What the sockets of a call have to know. ureq owns them, and they outlive the call in its pool: they find the call
/// they work for in the thread (see [`CallState::current`]).
pub(super) struct CallState {
    deadline: Instant,
    limit: Duration,
    cancels: Vec<CancelToken>,
    stage: Cell<Stage>,
    controller: RefCell<Option<String>>,
    /// The proxy through which a connection is being opened.
    proxy: RefCell<Option<Proxy>>,
    attempt: Cell<AttemptState>,
    pub(super) traffic: Arc<Traffic>,
}

/// How far one attempt has come, and what is tighter for it than the deadline.
#[derive(Clone, Copy, Default)]
pub(super) struct AttemptState {
    first_byte: Option<Window>,
    connecting: Option<Window>,
    /// A byte of the request was handed to the socket.
    pub(super) sent: bool,
    /// A byte of the answer came.
    pub(super) answered: bool,
    /// A new connection was opened.
    pub(super) fresh: bool,
}

#[derive(Clone, Copy)]
struct Window {
    end: Instant,
    length: Duration,
}

thread_local! {
    static CURRENT: RefCell<Option<Rc<CallState>>> = const { RefCell::new(None) };
}

/// Puts the call that was current before back when dropped: a callback inside a call may make calls of its own.
pub(super) struct Scope {
    previous: Option<Rc<CallState>>,
}

impl Drop for Scope {
    fn drop(&mut self) {
        if let Some(ended) = CURRENT.replace(self.previous.take()) {
            ended.attempt.take();
        }
    }
}

impl CallState {
    /// Starts the clock.
    pub(super) fn new(limit: Duration, cancels: &[CancelToken], traffic: Arc<Traffic>) -> Self {
        Self {
            deadline: Instant::now() + limit.min(LONGEST),
            limit,
            cancels: cancels.to_vec(),
            stage: Cell::new(Stage::Wait),
            controller: RefCell::new(None),
            proxy: RefCell::new(None),
            attempt: Cell::new(AttemptState::default()),
            traffic,
        }
    }

    /// Makes this the call that this thread works for, asking `controller`.
    pub(super) fn make_current(self: &Rc<Self>, controller: &str) -> Scope {
        self.controller.replace(Some(controller.to_owned()));
        Scope { previous: CURRENT.replace(Some(self.clone())) }
    }

    /// An error if this thread is in the middle of a request of the same client: what that calls, such as a signer in a
    /// handshake, came back to it, and would do so in the next handshake, too.
    pub(super) fn check_not_inside(&self) -> Result<(), Error> {
        let is_same = |outer: &Rc<Self>| Arc::ptr_eq(&outer.traffic, &self.traffic);
        if CURRENT.with_borrow(|current| current.as_ref().is_some_and(is_same)) {
            let message = "a client cannot be used from inside of a callback of its own call";
            return Err(Error::InvalidArgument(message.to_owned()));
        }
        Ok(())
    }

    /// The call that this thread works for.
    pub(super) fn current() -> io::Result<Rc<Self>> {
        CURRENT.with_borrow(Clone::clone).ok_or_else(|| io::Error::other("no call is running on this thread"))
    }

    pub(super) fn stage(&self) -> Stage {
        self.stage.get()
    }

    pub(super) fn enter(&self, stage: Stage) {
        self.stage.set(stage);
    }

    pub(super) fn cancels(&self) -> &[CancelToken] {
        &self.cancels
    }

    pub(super) fn attempt(&self) -> AttemptState {
        self.attempt.get()
    }

    /// Forgets the last attempt; the new one has to get its first byte by `first_byte_by`.
    pub(super) fn start_attempt(&self, first_byte_by: Option<Instant>) {
        let window = |end: Instant| Window { end, length: end.saturating_duration_since(Instant::now()) };
        self.attempt.set(AttemptState { first_byte: first_byte_by.map(window), ..AttemptState::default() });
        self.proxy.take();
    }

    /// From here until [`connection_is_open`](Self::connection_is_open) at most `timeout` may pass.
    pub(super) fn open_connection_within(&self, timeout: Duration) {
        let window = Window { end: Instant::now() + timeout.min(LONGEST), length: timeout };
        self.traffic.add_connection();
        self.change(|attempt| {
            attempt.fresh = true;
            attempt.connecting = Some(window);
        });
    }

    /// The connection that is being opened goes through this proxy: errors name it until it is open.
    pub(super) fn go_through(&self, proxy: &Proxy) {
        self.proxy.replace(Some(proxy.clone()));
    }

    pub(super) fn connection_is_open(&self) {
        self.proxy.take();
        self.change(|attempt| attempt.connecting = None);
    }

    pub(super) fn request_left(&self) {
        self.change(|attempt| attempt.sent = true);
    }

    pub(super) fn answer_came(&self) {
        self.change(|attempt| {
            attempt.answered = true;
            attempt.first_byte = None;
        });
    }

    fn change(&self, change: impl FnOnce(&mut AttemptState)) {
        let mut attempt = self.attempt.get();
        change(&mut attempt);
        self.attempt.set(attempt);
    }

    /// What is left until the deadline; zero once it passed.
    pub(super) fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// The time until the call, or this attempt, has to give up; never zero. An error once it has to.
    pub(super) fn left(&self) -> Result<Duration, Error> {
        if self.cancels.iter().any(CancelToken::is_canceled) {
            return Err(Error::Canceled { stage: self.stage() });
        }
        let now = Instant::now();
        let AttemptState { first_byte, connecting, .. } = self.attempt.get();
        let mut end = self.deadline;
        if now >= end {
            return Err(self.timeout(self.limit));
        }
        if let Some(window) = first_byte {
            end = end.min(window.end);
            if now >= end {
                return Err(self.timeout(window.length));
            }
        }
        if let Some(window) = connecting {
            end = end.min(window.end);
            if now >= end {
                return Err(self.timeout(window.length));
            }
        }
        Ok(end.duration_since(now))
    }

    /// How long a place that cannot be woken by a cancel may wait at a time.
    pub(super) fn slice(&self, left: Duration) -> Duration {
        if self.cancels.is_empty() { left } else { left.min(SLICE) }
    }

    fn timeout(&self, limit: Duration) -> Error {
        let controller = self.controller.borrow().clone();
        Error::Timeout {
            stage: self.stage(),
            controller,
            proxy: self.proxy.borrow().as_ref().map(Proxy::to_string),
            limit,
        }
    }

    /// No usable answer came, for the reason in `message`.
    pub(super) fn broken(&self, message: String) -> Error {
        let controller = self.controller.borrow().clone().unwrap_or_default();
        Error::Transport { stage: self.stage(), controller, message: self.on_the_way(message) }
    }

    /// What went wrong, with the proxy through which it did.
    pub(super) fn on_the_way(&self, message: String) -> String {
        match &*self.proxy.borrow() {
            Some(proxy) => format!("through the proxy {proxy}: {message}"),
            None => message,
        }
    }
}
