//! One call: its absolute deadline, who may cancel it, and how far it has come.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::sync::{Arc, Condvar, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::{CancelToken, Proxy, Traffic};
use crate::error::{Error, Stage};

/// How often a place that cannot be woken looks whether its call was canceled.
const SLICE: Duration = Duration::from_millis(50);

/// Stands for "never": an `Instant` cannot hold every `Duration`.
const LONGEST: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// One call of the user, however many requests it takes. Lives on the caller's thread.
pub(crate) struct Call {
    state: Rc<CallState>,
    turn: Cell<Turn>,
    patient: bool,
}

/// Whether a call may try while no controller serves.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// It has to wait for it.
    Wanted,
    Denied,
    Taken,
    /// It has tried, and found nobody.
    Lost,
}

impl Call {
    /// Starts the clock.
    pub(crate) fn new(limit: Duration, cancels: &[CancelToken]) -> Self {
        Self::counted_in(limit, cancels, Arc::default())
    }

    /// The same; what it sends is counted there.
    pub(crate) fn counted_in(limit: Duration, cancels: &[CancelToken], traffic: Arc<Traffic>) -> Self {
        let state = CallState {
            deadline: Instant::now() + limit.min(LONGEST),
            limit,
            cancels: cancels.to_vec(),
            stage: Cell::new(Stage::Wait),
            controller: RefCell::new(None),
            proxy: RefCell::new(None),
            attempt: Cell::new(AttemptState::default()),
            traffic,
        };
        Self { state: Rc::new(state), turn: Cell::new(Turn::Wanted), patient: true }
    }

    /// The same for something that nobody waits for: it comes again later, rather than to wait for its turn or for a
    /// controller that is busy.
    pub(crate) fn without_patience(self) -> Self {
        Self { patient: false, ..self }
    }

    /// False if the call waits for no controller.
    pub(crate) fn is_patient(&self) -> bool {
        self.patient
    }

    /// True once the call may try, for as long as it lasts.
    pub(crate) fn has_turn(&self) -> bool {
        matches!(self.turn.get(), Turn::Taken | Turn::Lost)
    }

    /// False once there is no use in another attempt: the call is over, or it is not its turn.
    pub(crate) fn may_go_on(&self) -> bool {
        !self.is_denied() && self.check().is_ok()
    }

    /// True once the call was told that it is not its turn.
    pub(crate) fn is_denied(&self) -> bool {
        self.turn.get() == Turn::Denied
    }

    /// The call may try: its turn has come, or its user insists.
    pub(crate) fn take_turn(&self) {
        self.turn.set(Turn::Taken);
    }

    /// It is not the call's turn.
    pub(crate) fn deny_turn(&self) {
        self.turn.set(Turn::Denied);
    }

    /// Notes that the call has tried for nothing; false if that is known.
    pub(crate) fn lose_turn(&self) -> bool {
        self.turn.replace(Turn::Lost) != Turn::Lost
    }

    /// What is left until the deadline; zero once it passed.
    pub(crate) fn remaining(&self) -> Duration {
        self.state.deadline.saturating_duration_since(Instant::now())
    }

    /// `Error::Timeout` or `Error::Canceled` at the current stage, if the call is over.
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.state.left().map(drop)
    }

    /// Sleeps for `pause`, or fails as soon as the call is over. Stage `wait`.
    pub(crate) fn pause(&self, pause: Duration) -> Result<(), Error> {
        self.state.enter(Stage::Wait);
        let end = Instant::now() + pause.min(LONGEST);
        loop {
            let left = self.state.left()?;
            let pause = end.saturating_duration_since(Instant::now());
            if pause.is_zero() {
                return Ok(());
            }
            thread::sleep(self.state.slice(left.min(pause)));
        }
    }

    /// Waits on a condition variable in slices of at most 50 ms, and fails as soon as the call is over. Stage `wait`.
    /// Returns after each wake-up or slice: the caller looks at its condition again.
    pub(crate) fn wait<'a, T>(&self, condvar: &Condvar, guard: MutexGuard<'a, T>) -> Result<MutexGuard<'a, T>, Error> {
        self.state.enter(Stage::Wait);
        let left = self.state.left()?;
        let (guard, _) = condvar.wait_timeout(guard, left.min(SLICE)).unwrap_or_else(PoisonError::into_inner);
        Ok(guard)
    }

    pub(super) fn state(&self) -> &Rc<CallState> {
        &self.state
    }
}

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
    /// Makes this the call that this thread works for, asking `controller`.
    pub(super) fn make_current(self: &Rc<Self>, controller: &str) -> Scope {
        self.controller.replace(Some(controller.to_owned()));
        Scope { previous: CURRENT.replace(Some(self.clone())) }
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

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    fn canceled_after(pause: Duration) -> CancelToken {
        let token = CancelToken::new();
        let used = token.clone();
        thread::spawn(move || {
            thread::sleep(pause);
            used.cancel();
        });
        token
    }

    #[test]
    fn a_call_knows_what_is_left() {
        let call = Call::new(Duration::from_secs(5), &[]);
        assert!(call.remaining() > Duration::from_secs(4) && call.remaining() <= Duration::from_secs(5));
        assert!(call.check().is_ok());
        assert!(Call::new(Duration::MAX, &[]).remaining() > Duration::from_secs(3600));
        assert!(matches!(Call::new(Duration::ZERO, &[]).check(), Err(Error::Timeout { .. })));
    }

    #[test]
    fn a_pause_ends_with_the_call() {
        let call = Call::new(Duration::from_millis(60), &[]);
        call.pause(Duration::from_millis(10)).unwrap();
        let error = call.pause(Duration::MAX).unwrap_err();
        assert!(matches!(error, Error::Timeout { stage: Stage::Wait, controller: None, .. }), "{error:?}");
        assert_eq!((call.remaining(), call.state().stage()), (Duration::ZERO, Stage::Wait));
    }

    #[test]
    fn a_pause_ends_with_a_cancel() {
        let call = Call::new(Duration::MAX, &[CancelToken::new(), canceled_after(Duration::from_millis(30))]);
        let began = Instant::now();
        let error = call.pause(Duration::MAX).unwrap_err();
        assert!(matches!(error, Error::Canceled { stage: Stage::Wait }), "{error:?}");
        assert!(began.elapsed() < Duration::from_millis(130));
    }

    #[test]
    fn waiting_ends_with_a_wake_up_the_call_or_a_cancel() {
        let (mutex, condvar) = (Mutex::new(0), Condvar::new());
        let until_over = |call: &Call| {
            let mut guard = mutex.lock().unwrap();
            loop {
                match call.wait(&condvar, guard) {
                    Ok(again) => guard = again,
                    Err(error) => return error,
                }
            }
        };
        let error = until_over(&Call::new(Duration::from_millis(80), &[]));
        assert!(matches!(error, Error::Timeout { stage: Stage::Wait, .. }), "{error:?}");
        let error = until_over(&Call::new(Duration::MAX, &[canceled_after(Duration::from_millis(30))]));
        assert!(matches!(error, Error::Canceled { stage: Stage::Wait }), "{error:?}");

        let call = Call::new(Duration::from_secs(5), &[]);
        thread::scope(|scope| {
            let mut guard = mutex.lock().unwrap();
            scope.spawn(|| {
                *mutex.lock().unwrap() = 1;
                condvar.notify_all();
            });
            while *guard == 0 {
                guard = call.wait(&condvar, guard).unwrap();
            }
        });
    }

    #[test]
    fn a_call_inside_a_call_gives_the_thread_back() {
        let (outer, inner) = (Call::new(Duration::MAX, &[]), Call::new(Duration::MAX, &[]));
        let is_current = |call: &Call| Rc::ptr_eq(&CallState::current().unwrap(), call.state());
        let scope = outer.state().make_current("https://a:1");
        {
            let _scope = inner.state().make_current("https://b:1");
            assert!(is_current(&inner));
        }
        assert!(is_current(&outer));
        drop(scope);
        assert!(CallState::current().is_err());
    }

    #[test]
    fn what_an_attempt_had_to_keep_ends_with_it() {
        let call = Call::new(Duration::MAX, &[]);
        let scope = call.state().make_current("https://a:1");
        call.state().start_attempt(Some(Instant::now()));
        assert!(call.check().is_err());
        drop(scope);
        assert!(call.check().is_ok());
    }
}
