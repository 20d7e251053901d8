//! One login at a time for all threads of a client.

mod era;
mod state;

use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::live::{LiveSession, NewSession, Second, SessionToken};
use super::now::Clock;
use super::session::ApiSession;
use crate::error::{Error, Rejection};
use crate::transport::Call;
pub(crate) use era::{Era, GivenUp, Whose};
use state::{Leading, State};

/// Two logins in a row of which nothing came are at least so far apart, and each further one twice as far.
const SHORTEST_SPACING: Duration = Duration::from_millis(250);
const LONGEST_SPACING: Duration = Duration::from_secs(60);

/// Which login a caller would accept.
#[derive(Clone, Copy)]
pub(crate) enum Wanted {
    /// Any that is there.
    Current,
    /// One made after this one, which a controller called expired or which its user wants replaced.
    NewerThan(u64),
    /// One made from now on, asked for by the user: an earlier refusal is not taken for an answer.
    Fresh,
}

/// The login that threads share. The first that needs one makes it on its own thread, under its own deadline; the
/// others wait, each for as long as its own call may take.
#[derive(Default)]
pub(crate) struct Flight {
    state: Mutex<State>,
    landed: Condvar,
    clock: Clock,
    era: Era,
    /// True once another flight has taken its place: only calls that began before still use it.
    retired: AtomicBool,
}

/// The login of a flight at one moment.
pub(crate) struct LoginAttempts {
    pub(crate) session: Option<Arc<LiveSession>>,
    /// True while a thread logs in.
    pub(crate) in_flight: bool,
    /// The last refusal of the credentials, if no login came after it.
    pub(crate) refusal: Option<Box<Rejection>>,
}

impl Flight {
    /// No login yet. All flights of a client are of the same eras.
    pub(crate) fn new(clock: Clock, era: Era) -> Self {
        Self { clock, era, ..Self::default() }
    }

    fn now(&self) -> Instant {
        self.clock.now().monotonic
    }

    /// The number of the current login, or of the last one: what comes later is newer.
    pub(crate) fn latest(&self) -> u64 {
        self.lock().published
    }

    /// The current login, if there is one.
    pub(crate) fn current(&self) -> Option<Arc<LiveSession>> {
        self.lock().session.clone()
    }

    /// What there is, and what comes of it.
    pub(crate) fn attempts(&self) -> LoginAttempts {
        let now = self.now();
        let state = self.lock();
        let refusal = state.rejected.as_ref().map(|refusal| Box::new(refusal.told(now)));
        LoginAttempts { session: state.session.clone(), in_flight: state.leader.is_some(), refusal }
    }

    /// When the last login succeeded, by the clock of this flight.
    pub(crate) fn last_login(&self) -> Option<Instant> {
        self.lock().landed_at
    }

    /// How long ago the current login was made, and used last.
    pub(super) fn ages(&self) -> (Duration, Duration) {
        let now = self.now();
        let state = self.lock();
        let age = |at: Option<Instant>| at.map(|at| now.saturating_duration_since(at)).unwrap_or_default();
        (age(state.landed_at), age(state.heard_at))
    }

    /// Goes on with a login that was made and used last so long ago, in the place of the one there is.
    pub(super) fn resume(&self, session: NewSession, made: Duration, used: Duration) {
        let now = self.now();
        let mut state = self.lock();
        state.rejected = None;
        let at = |ago: Duration| Some(now.checked_sub(ago).unwrap_or(now));
        (state.landed_at, state.heard_at) = (at(made), at(used));
        state.publish(session, true);
    }

    /// How long ago that was.
    pub(crate) fn since_last_login(&self) -> Option<Duration> {
        Some(self.now().saturating_duration_since(self.last_login()?))
    }

    /// Notes that a controller took the login for a good one now.
    pub(super) fn heard_of(&self, session: &LiveSession) {
        let now = self.now();
        let mut state = self.lock();
        if state.session.as_ref().is_some_and(|current| current.number == session.number) {
            state.heard_at = Some(now);
        }
    }

    /// The number of the current login, if it has ended for sure: nobody has used it for all the time that it lasts,
    /// such as while the machine slept. Whether uses move its end differs among controllers, so one that was used may
    /// be over too.
    pub(super) fn is_over(&self) -> Option<u64> {
        let now = self.now();
        let state = self.lock();
        let session = state.session.as_ref().filter(|session| matches!(session.token, SessionToken::Legacy(_)))?;
        let lasts = Duration::from_secs(session.api_session.expiration_seconds.filter(|seconds| *seconds > 0)?);
        (now.saturating_duration_since(state.heard_at?) >= lasts).then_some(session.number)
    }

    /// A login as wanted: the one that is there, the one another thread is making, or one made by `log_in` here. One that
    /// is made by a call from before its user gave up the login there was is not published.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if this thread is making one: it came here from a callback of its own login.
    pub(crate) fn session(
        &self,
        call: &Call,
        wanted: Wanted,
        log_in: impl FnOnce() -> Result<NewSession, Error>,
    ) -> Result<Arc<LiveSession>, Error> {
        let mut state = self.lock();
        let (newer_than, believing) = match wanted {
            Wanted::Current => (0, true),
            Wanted::NewerThan(number) => (number, true),
            Wanted::Fresh => (state.logins, false),
        };
        let own = Leading { thread: thread::current().id(), era: call.era() };
        let mut waited_for = None;
        loop {
            if let Some(session) = state.newer_than(newer_than, own.era) {
                return Ok(Arc::clone(session));
            }
            if let Some(failure) = state.verdict(believing, waited_for, self.now()) {
                return Err(failure);
            }
            match state.leader {
                None => break,
                Some(leader) if leader.thread == own.thread => return Err(from_inside()),
                // That one makes a login which this call may not use.
                Some(leader) if leader.era < own.era => break,
                Some(_) => {}
            }
            waited_for = Some(state.flights);
            state.waiting += 1;
            let woken = call.wait(&self.landed, state);
            state = woken.map_or_else(|_| self.lock(), |state| self.entered(state));
            state.waiting -= 1;
            call.check()?;
        }
        state.leader = Some(own);
        drop(state);
        let leader = Leader { flight: self, own, landed: false };
        leader.land(log_in())
    }

    /// How long to wait before a login that replaces this one, if this one was never good for anything: a controller
    /// that gives out sessions and refuses them at once is not asked faster and faster. Where another thread has
    /// replaced it already there is nothing to wait for.
    pub(crate) fn pause_before_replacing(&self, session: &LiveSession, now: Instant) -> Duration {
        let state = self.lock();
        let replaced = state.session.as_ref().is_some_and(|current| current.number > session.number);
        let good = replaced || session.is_good();
        let Some(landed_at) = state.landed_at.filter(|_| !good) else {
            return Duration::ZERO;
        };
        let apart = (SHORTEST_SPACING * 2_u32.saturating_pow(state.fruitless)).min(LONGEST_SPACING);
        apart.saturating_sub(now.saturating_duration_since(landed_at))
    }

    /// Goes on with the login of another flight, which is as good here: it is bound to no connection. What is known of
    /// it may be changed.
    pub(crate) fn carry(&self, other: &Self, change: impl FnOnce(&mut ApiSession)) {
        let (era, session, logins, landed_at, heard_at) = {
            let other = other.lock();
            (other.era, other.session.clone(), other.logins, other.landed_at, other.heard_at)
        };
        let session = session.map(|session| {
            let mut same = session.again();
            change(&mut same.api_session);
            Arc::new(LiveSession::new(session.number, same, session.is_good()))
        });
        let mut state = self.lock();
        state.logins = state.logins.max(logins);
        state.published = state.published.max(logins);
        (state.landed_at, state.heard_at) = (landed_at, heard_at);
        state.session = session.filter(|_| era == state.era);
    }

    /// Takes no earlier refusal for an answer any more, of the credentials or of an external JWT.
    pub(super) fn retry_now(&self) {
        self.lock().rejected = None;
        self.retry_second();
    }

    /// Takes no earlier refusal of an external JWT for an answer any more.
    pub(super) fn retry_second(&self) {
        let mut state = self.lock();
        if let Some(session) = state.session.as_ref().filter(|session| matches!(session.second, Second::Refused(_))) {
            let again = NewSession { second: Second::None, ..session.again() };
            state.session = Some(Arc::new(LiveSession::new(session.number, again, session.is_good())));
        }
    }

    /// No code of a user runs under this lock, so a poisoned one still guards a whole state.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.entered(self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The state in the era that it is.
    fn entered<'s>(&self, mut state: MutexGuard<'s, State>) -> MutexGuard<'s, State> {
        state.enter(self.era.now());
        state
    }
}

fn from_inside() -> Error {
    let message = "a client cannot be used from inside of a callback of its own login";
    Error::InvalidArgument(message.to_owned())
}

/// Ends the flight whatever happens to its leader, a panic included: nobody waits for a thread that is gone.
struct Leader<'a> {
    flight: &'a Flight,
    own: Leading,
    landed: bool,
}

impl Leader<'_> {
    fn land(mut self, outcome: Result<NewSession, Error>) -> Result<Arc<LiveSession>, Error> {
        self.landed = true;
        let now = self.flight.now();
        self.flight.lock().land(self.own, outcome, now)
    }
}

impl Drop for Leader<'_> {
    fn drop(&mut self) {
        if !self.landed {
            self.flight.lock().end_flight(self.own);
        }
        self.flight.landed.notify_all();
    }
}

#[cfg(test)]
mod tests;
