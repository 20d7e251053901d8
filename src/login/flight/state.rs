//! What a flight knows, and what becomes of a login that lands.

use std::sync::Arc;
use std::thread::ThreadId;
use std::time::Instant;

use crate::error::{Believed, Error, Rejection};
use crate::login::live::{LiveSession, NewSession};
use crate::login::session::AuthQuery;

#[derive(Default)]
pub(super) struct State {
    pub(super) session: Option<Arc<LiveSession>>,
    pub(super) logins: u64,
    /// The number of the last login that was for everybody.
    pub(super) published: u64,
    /// The era that all this is of, and the last login that was made before it.
    pub(super) era: u64,
    pub(super) forgotten: u64,
    /// Logins for the calls alone that began before their user gave up the login there was. They end with these.
    pub(super) strays: Vec<Arc<LiveSession>>,
    pub(super) leader: Option<Leading>,
    /// How many wait for it.
    pub(super) waiting: usize,
    /// Flights that ended, and how the last one failed: those who waited for it share a refusal.
    pub(super) flights: u64,
    failure: Option<Error>,
    /// A refusal of the credentials.
    pub(super) rejected: Option<Box<Rejection>>,
    /// When the last login was made, and how many before it in a row were good for nothing.
    pub(super) landed_at: Option<Instant>,
    pub(super) fruitless: u32,
    /// When a controller last took the current login for a good one.
    pub(super) heard_at: Option<Instant>,
}

/// Who makes a login, and for which era.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Leading {
    pub(super) thread: ThreadId,
    pub(super) era: u64,
}

impl State {
    /// In another era the login there is is nobody's but of the calls that use it.
    pub(super) fn enter(&mut self, era: u64) {
        if self.era != era {
            self.era = era;
            self.forgotten = self.logins;
            self.strays.extend(self.session.take());
        }
    }

    /// A login after this one which a call of `era` may use.
    pub(super) fn newer_than(&self, number: u64, era: u64) -> Option<&Arc<LiveSession>> {
        let strays = self.strays.iter().rev().filter(|_| era != self.era);
        self.session.iter().chain(strays).find(|session| session.number > number)
    }

    /// The failure that answers for a caller without another login: the flight it waited for ended in one that
    /// holds for everybody, or the credentials were refused a short time ago and that is `believing`.
    pub(super) fn verdict(&self, believing: bool, waited_for: Option<u64>, now: Instant) -> Option<Error> {
        if waited_for.is_some_and(|flight| flight < self.flights) && self.failure.is_some() {
            return self.failure.clone();
        }
        let refusal = self.rejected.as_ref()?;
        let answers = refusal.answers_silent(now) && (believing || refusal.believed == Believed::UntilToldOtherwise);
        answers.then(|| Error::Rejected(Box::new(refusal.told(now))))
    }

    /// Takes what `leader` brings home.
    pub(super) fn land(
        &mut self,
        leader: Leading,
        outcome: Result<NewSession, Error>,
        now: Instant,
    ) -> Result<Arc<LiveSession>, Error> {
        let was_waited_for = self.end_flight(leader);
        let error = match outcome {
            Ok(session) if leader.era != self.era => return Ok(self.strand(session)),
            Ok(session) => {
                return Ok(match session.continues {
                    Some(number) => self.go_on(number, session),
                    None => self.begin(session, now),
                });
            }
            // Time and patience are each caller's own: the next one tries for itself.
            Err(error) if is_of_the_caller(&error) => return Err(error),
            Err(error) => error.told(now),
        };
        // What was refused in an earlier era may have been taken in this one.
        if let Error::Rejected(rejection) = &error
            && (leader.era == self.era || self.session.is_none())
        {
            self.session = None;
            self.rejected = Some(rejection.clone());
        }
        if was_waited_for {
            self.failure = Some(error.clone());
        }
        Err(error)
    }

    /// Publishes a login that was made now.
    fn begin(&mut self, session: NewSession, now: Instant) -> Arc<LiveSession> {
        self.rejected = None;
        (self.landed_at, self.heard_at) = (Some(now), Some(now));
        let was_fruitless = self.session.as_ref().is_some_and(|old| !old.is_good());
        self.fruitless = if was_fruitless { self.fruitless + 1 } else { 0 };
        self.publish(session, false)
    }

    /// Publishes the login with this number as it is now, under a number of its own: calls that were refused with what
    /// it was wait for nothing but that. One that was replaced meanwhile stays so.
    fn go_on(&mut self, number: u64, mut session: NewSession) -> Arc<LiveSession> {
        let Some(current) = self.session.as_ref().filter(|current| current.number == number) else {
            self.logins += 1;
            return Arc::new(LiveSession::new(self.logins, session, false));
        };
        // It may have had its code while this was made.
        if !current.api_session.auth_queries.iter().any(AuthQuery::is_code) {
            session.api_session.auth_queries.retain(|query| !query.is_code());
        }
        let good = current.is_good();
        self.publish(session, good)
    }

    /// Gives a login to everybody.
    pub(super) fn publish(&mut self, session: NewSession, good: bool) -> Arc<LiveSession> {
        self.logins += 1;
        self.published = self.logins;
        let session = Arc::new(LiveSession::new(self.logins, session, good));
        self.session = Some(Arc::clone(&session));
        session
    }

    /// Keeps a login for calls that began before their user gave up the one there was.
    pub(super) fn strand(&mut self, session: NewSession) -> Arc<LiveSession> {
        self.logins += 1;
        let session = Arc::new(LiveSession::new(self.logins, session, false));
        self.strays.push(Arc::clone(&session));
        session
    }

    /// True if others may have waited for this leader: none has taken its place in a later era.
    pub(super) fn end_flight(&mut self, leader: Leading) -> bool {
        let is_over = self.leader == Some(leader);
        if is_over {
            self.leader = None;
            self.flights += 1;
            self.failure = None;
        }
        is_over
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
