//! One login at a time for all threads of a client.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::session::ApiSession;
use crate::error::Error;
use crate::transport::{Call, Credential};
use crate::wire::ControllerUrl;

/// A refusal of credentials is believed for this long before a silent login asks again.
const REJECTED_FOR: Duration = Duration::from_secs(600);
/// Two logins in a row of which nothing came are at least so far apart, and each further one twice as far.
const SHORTEST_SPACING: Duration = Duration::from_millis(250);
const LONGEST_SPACING: Duration = Duration::from_secs(60);

/// A login that calls use. A new login makes a new one.
pub(crate) struct LiveSession {
    /// Counts logins, so that a request knows whether the login it was sent with is still the current one.
    pub(crate) number: u64,
    pub(crate) credential: Credential,
    /// A legacy session is known to the controller that made it, and to no other.
    pub(crate) controller: ControllerUrl,
    pub(crate) api_session: ApiSession,
    /// True once a controller took the login for a good one.
    good: AtomicBool,
}

impl LiveSession {
    /// Notes that a controller took the login for a good one.
    pub(crate) fn was_good(&self) {
        self.good.store(true, Ordering::Relaxed);
    }
}

/// What the leader of a login brings home; the number is given when it is published.
pub(crate) struct NewSession {
    pub(crate) credential: Credential,
    pub(crate) controller: ControllerUrl,
    pub(crate) api_session: ApiSession,
}

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
}

#[derive(Default)]
struct State {
    session: Option<Arc<LiveSession>>,
    logins: u64,
    /// Logins up to this one were given up by their user.
    forgotten: u64,
    leading: bool,
    /// Flights that ended, and how the last one failed: those who waited for it share a refusal.
    flights: u64,
    failure: Option<Error>,
    rejected: Option<(Instant, Error)>,
    /// When the last login was made, and how many before it in a row were good for nothing.
    landed_at: Option<Instant>,
    fruitless: u32,
}

impl Flight {
    /// The number of the current login, or of the last one: what comes later is newer.
    pub(crate) fn latest(&self) -> u64 {
        self.lock().logins
    }

    /// The current login, if there is one.
    pub(crate) fn current(&self) -> Option<Arc<LiveSession>> {
        self.lock().session.clone()
    }

    /// When the last login succeeded.
    pub(crate) fn last_login(&self) -> Option<Instant> {
        self.lock().landed_at
    }

    /// A login as wanted: the one that is there, the one another thread is making, or one made by `log_in` here.
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
        let mut waited_for = None;
        loop {
            if let Some(session) = state.session.as_ref().filter(|session| session.number > newer_than) {
                return Ok(Arc::clone(session));
            }
            if let Some(failure) = state.verdict(believing, waited_for, Instant::now()) {
                return Err(failure);
            }
            if !state.leading {
                break;
            }
            waited_for = Some(state.flights);
            state = call.wait(&self.landed, state)?;
        }
        state.leading = true;
        drop(state);
        let leader = Leader { flight: self, landed: false };
        leader.land(log_in())
    }

    /// How long to wait before a login that replaces this one, if this one was never good for anything: a controller
    /// that gives out sessions and refuses them at once is not asked faster and faster. Where another thread has
    /// replaced it already there is nothing to wait for.
    pub(crate) fn pause_before_replacing(&self, session: &LiveSession, now: Instant) -> Duration {
        let state = self.lock();
        let replaced = state.session.as_ref().is_some_and(|current| current.number > session.number);
        let good = replaced || session.good.load(Ordering::Relaxed);
        let Some(landed_at) = state.landed_at.filter(|_| !good) else {
            return Duration::ZERO;
        };
        let apart = (SHORTEST_SPACING * 2_u32.saturating_pow(state.fruitless)).min(LONGEST_SPACING);
        apart.saturating_sub(now.saturating_duration_since(landed_at))
    }

    /// Takes what a controller says of a login now that it has had a factor.
    ///
    /// It is still the same login, with its number. Where another thread made one meanwhile, that stays if it is
    /// complete; one that waits for a factor gives way, and as it was already in use, to a login that counts as newer.
    /// A login that was forgotten stays so, whatever login came after it.
    pub(crate) fn progressed(&self, session: &LiveSession, api_session: ApiSession) {
        let mut state = self.lock();
        let Some(current) = state.session.as_ref().filter(|_| session.number > state.forgotten) else { return };
        let number = match current.number == session.number {
            true => session.number,
            false if current.api_session.auth_queries.is_empty() => return,
            false => state.logins + 1,
        };
        state.logins = state.logins.max(number);
        let LiveSession { credential, controller, .. } = session;
        let (credential, controller, good) = (credential.clone(), controller.clone(), AtomicBool::new(true));
        state.session = Some(Arc::new(LiveSession { number, credential, controller, api_session, good }));
    }

    /// Goes on with the login of another flight, which is as good here: it is bound to no connection. What is known of
    /// it may be changed.
    pub(crate) fn carry(&self, other: &Self, change: impl FnOnce(&mut ApiSession)) {
        let (session, logins, landed_at) = {
            let other = other.lock();
            (other.session.clone(), other.logins, other.landed_at)
        };
        let session = session.map(|session| {
            let LiveSession { number, credential, controller, api_session, good } = &*session;
            let good = AtomicBool::new(good.load(Ordering::Relaxed));
            let mut api_session = api_session.clone();
            change(&mut api_session);
            let (credential, controller) = (credential.clone(), controller.clone());
            Arc::new(LiveSession { number: *number, credential, controller, api_session, good })
        });
        let mut state = self.lock();
        state.logins = state.logins.max(logins);
        state.landed_at = landed_at;
        state.session = session;
    }

    /// Forgets the login with this number, if it is still the current one.
    pub(crate) fn forget(&self, number: u64) {
        let mut state = self.lock();
        if state.session.as_ref().is_some_and(|session| session.number == number) {
            state.session = None;
            state.forgotten = number;
        }
    }

    /// No code of a user runs under this lock, so a poisoned one still guards a whole state.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The failure that answers for a caller without another login: the flight it waited for ended in one that
    /// holds for everybody, or the credentials were refused a short time ago and that is `believing`.
    fn verdict(&self, believing: bool, waited_for: Option<u64>, now: Instant) -> Option<Error> {
        if waited_for.is_some_and(|flight| flight < self.flights) && self.failure.is_some() {
            return self.failure.clone();
        }
        let (since, error) = self.rejected.as_ref()?;
        let believed = believing && now.saturating_duration_since(*since) < REJECTED_FOR;
        believed.then(|| error.clone())
    }

    fn land(&mut self, outcome: Result<NewSession, Error>) -> Result<Arc<LiveSession>, Error> {
        self.end_flight();
        match outcome {
            Ok(NewSession { credential, controller, api_session }) => {
                self.logins += 1;
                self.rejected = None;
                self.landed_at = Some(Instant::now());
                let was_fruitless = |old: &Arc<LiveSession>| !old.good.load(Ordering::Relaxed);
                self.fruitless = if self.session.as_ref().is_some_and(was_fruitless) { self.fruitless + 1 } else { 0 };
                let number = self.logins;
                let session = LiveSession { number, credential, controller, api_session, good: AtomicBool::new(false) };
                let session = Arc::new(session);
                self.session = Some(Arc::clone(&session));
                Ok(session)
            }
            // Time and patience are each caller's own: the next one tries for itself.
            Err(error) if is_of_the_caller(&error) => Err(error),
            Err(error) => {
                if matches!(error, Error::Rejected(_)) {
                    self.session = None;
                    self.rejected = Some((Instant::now(), error.clone()));
                }
                self.failure = Some(error.clone());
                Err(error)
            }
        }
    }

    fn end_flight(&mut self) {
        self.leading = false;
        self.flights += 1;
        self.failure = None;
    }
}

/// True for a login that failed because its caller had no more time or patience.
fn is_of_the_caller(error: &Error) -> bool {
    match error {
        Error::Timeout { .. } | Error::Canceled { .. } => true,
        Error::Rejected(rejection) => rejection.for_want_of_time,
        _ => false,
    }
}

/// Ends the flight whatever happens to its leader, a panic included: nobody waits for a thread that is gone.
struct Leader<'a> {
    flight: &'a Flight,
    landed: bool,
}

impl Leader<'_> {
    fn land(mut self, outcome: Result<NewSession, Error>) -> Result<Arc<LiveSession>, Error> {
        self.landed = true;
        self.flight.lock().land(outcome)
    }
}

impl Drop for Leader<'_> {
    fn drop(&mut self) {
        if !self.landed {
            self.flight.lock().end_flight();
        }
        self.flight.landed.notify_all();
    }
}

#[cfg(test)]
mod tests;
