//! One login at a time for all threads of a client.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use super::live::{LiveSession, NewSession, Second, SessionToken};
use super::now::Clock;
use super::session::{ApiSession, AuthQuery};
use crate::error::{Believed, Error};
use crate::transport::Call;

/// A refusal of credentials is believed for this long before a silent login asks again.
const REJECTED_FOR: Duration = Duration::from_secs(600);
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
}

#[derive(Default)]
struct State {
    session: Option<Arc<LiveSession>>,
    logins: u64,
    /// Logins up to this one were given up by their user.
    forgotten: u64,
    /// The thread that makes a login.
    leader: Option<ThreadId>,
    /// Flights that ended, and how the last one failed: those who waited for it share a refusal.
    flights: u64,
    failure: Option<Error>,
    rejected: Option<Refusal>,
    /// When the last login was made, and how many before it in a row were good for nothing.
    landed_at: Option<Instant>,
    fruitless: u32,
    /// When a controller last took the current login for a good one.
    heard_at: Option<Instant>,
}

/// A refusal of the credentials that is believed.
struct Refusal {
    since: Instant,
    error: Error,
    believed: Believed,
}

/// The login of a flight at one moment.
pub(crate) struct LoginAttempts {
    pub(crate) session: Option<Arc<LiveSession>>,
    /// True while a thread logs in.
    pub(crate) in_flight: bool,
    /// How long ago the credentials were refused, and in what words, if no login came after it.
    pub(crate) refusal: Option<(Duration, String)>,
}

impl Flight {
    /// No login yet.
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, ..Self::default() }
    }

    fn now(&self) -> Instant {
        self.clock.now().monotonic
    }

    /// The number of the current login, or of the last one: what comes later is newer.
    pub(crate) fn latest(&self) -> u64 {
        self.lock().logins
    }

    /// The current login, if there is one.
    pub(crate) fn current(&self) -> Option<Arc<LiveSession>> {
        self.lock().session.clone()
    }

    /// What there is, and what comes of it.
    pub(crate) fn attempts(&self) -> LoginAttempts {
        let now = self.now();
        let state = self.lock();
        let since = |refusal: &Refusal| now.saturating_duration_since(refusal.since);
        let refusal = state.rejected.as_ref().map(|refusal| (since(refusal), refusal.error.to_string()));
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
        state.logins += 1;
        let at = |ago: Duration| Some(now.checked_sub(ago).unwrap_or(now));
        (state.landed_at, state.heard_at) = (at(made), at(used));
        state.session = Some(Arc::new(LiveSession::new(state.logins, session, true)));
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

    /// A login as wanted: the one that is there, the one another thread is making, or one made by `log_in` here.
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
        let mut waited_for = None;
        loop {
            if let Some(session) = state.session.as_ref().filter(|session| session.number > newer_than) {
                return Ok(Arc::clone(session));
            }
            if let Some(failure) = state.verdict(believing, waited_for, self.now()) {
                return Err(failure);
            }
            match state.leader {
                None => break,
                Some(leader) if leader == thread::current().id() => return Err(from_inside()),
                Some(_) => {}
            }
            waited_for = Some(state.flights);
            state = call.wait(&self.landed, state)?;
        }
        state.leader = Some(thread::current().id());
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
        let good = replaced || session.is_good();
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
        self.progressed_to(session, |latest| NewSession { api_session, ..latest.again() });
    }

    /// The same where more of the login has changed; `change` is given it as it is now.
    pub(super) fn progressed_to(&self, session: &LiveSession, change: impl FnOnce(&LiveSession) -> NewSession) {
        let mut state = self.lock();
        let Some(current) = state.session.as_ref().filter(|_| session.number > state.forgotten) else { return };
        let number = match current.number == session.number {
            true => session.number,
            false if current.api_session.auth_queries.is_empty() => return,
            false => state.logins + 1,
        };
        // It may have had another external JWT meanwhile.
        let latest = if current.api_session.id == session.api_session.id { current } else { session };
        let session = LiveSession::new(number, change(latest), true);
        state.logins = state.logins.max(number);
        state.session = Some(Arc::new(session));
    }

    /// Goes on with the login of another flight, which is as good here: it is bound to no connection. What is known of
    /// it may be changed.
    pub(crate) fn carry(&self, other: &Self, change: impl FnOnce(&mut ApiSession)) {
        let (session, logins, landed_at, heard_at) = {
            let other = other.lock();
            (other.session.clone(), other.logins, other.landed_at, other.heard_at)
        };
        let session = session.map(|session| {
            let mut same = session.again();
            change(&mut same.api_session);
            Arc::new(LiveSession::new(session.number, same, session.is_good()))
        });
        let mut state = self.lock();
        state.logins = state.logins.max(logins);
        (state.landed_at, state.heard_at) = (landed_at, heard_at);
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
        let Refusal { since, error, believed } = self.rejected.as_ref()?;
        let answers = match believed {
            Believed::NotAtAll => false,
            Believed::ForAWhile => believing && now.saturating_duration_since(*since) < REJECTED_FOR,
            Believed::UntilToldOtherwise => true,
        };
        answers.then(|| error.clone())
    }

    fn land(&mut self, outcome: Result<NewSession, Error>, now: Instant) -> Result<Arc<LiveSession>, Error> {
        self.end_flight();
        match outcome {
            Ok(session) => Ok(match session.continues {
                Some(number) => self.go_on(number, session),
                None => self.begin(session, now),
            }),
            // Time and patience are each caller's own: the next one tries for itself.
            Err(error) if is_of_the_caller(&error) => Err(error),
            Err(error) => {
                if let Error::Rejected(rejection) = &error {
                    self.session = None;
                    let believed = rejection.believed;
                    self.rejected = Some(Refusal { since: now, error: error.clone(), believed });
                }
                self.failure = Some(error.clone());
                Err(error)
            }
        }
    }

    /// Publishes a login that was made now.
    fn begin(&mut self, session: NewSession, now: Instant) -> Arc<LiveSession> {
        self.rejected = None;
        (self.landed_at, self.heard_at) = (Some(now), Some(now));
        let was_fruitless = self.session.as_ref().is_some_and(|old| !old.is_good());
        self.fruitless = if was_fruitless { self.fruitless + 1 } else { 0 };
        self.logins += 1;
        let session = Arc::new(LiveSession::new(self.logins, session, false));
        self.session = Some(Arc::clone(&session));
        session
    }

    /// Publishes the login with this number as it is now, under a number of its own: calls that were refused with what
    /// it was wait for nothing but that. One that was given up meanwhile stays so.
    fn go_on(&mut self, number: u64, mut session: NewSession) -> Arc<LiveSession> {
        let current = self.session.as_ref().filter(|current| current.number == number);
        // It may have had its code while this was made.
        if current.is_some_and(|current| !current.api_session.auth_queries.iter().any(AuthQuery::is_code)) {
            session.api_session.auth_queries.retain(|query| !query.is_code());
        }
        let good = current.is_some_and(|current| current.is_good());
        let is_known = current.is_some();
        self.logins += 1;
        let session = Arc::new(LiveSession::new(self.logins, session, good));
        if is_known {
            self.session = Some(Arc::clone(&session));
        }
        session
    }

    fn end_flight(&mut self) {
        self.leader = None;
        self.flights += 1;
        self.failure = None;
    }
}

/// True for a login that failed because its caller had no more time or patience.
fn is_of_the_caller(error: &Error) -> bool {
    match error {
        Error::Timeout { .. } | Error::Canceled { .. } => true,
        Error::Rejected(rejection) => rejection.believed == Believed::NotAtAll,
        _ => false,
    }
}

fn from_inside() -> Error {
    let message = "a client cannot be used from inside of a callback of its own login";
    Error::InvalidArgument(message.to_owned())
}

/// Ends the flight whatever happens to its leader, a panic included: nobody waits for a thread that is gone.
struct Leader<'a> {
    flight: &'a Flight,
    landed: bool,
}

impl Leader<'_> {
    fn land(mut self, outcome: Result<NewSession, Error>) -> Result<Arc<LiveSession>, Error> {
        self.landed = true;
        let now = self.flight.now();
        self.flight.lock().land(outcome, now)
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
