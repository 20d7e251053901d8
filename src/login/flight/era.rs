//! Giving up a login, and what comes home for it afterwards.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Flight;
use crate::login::live::{LiveSession, NewSession};
use crate::login::session::ApiSession;
use crate::transport::Call;

/// Counts how often the user of a client gave up its login. Calls belong to the era in which they begin: what they log in
/// for after its end is theirs alone.
#[derive(Clone, Default)]
pub(crate) struct Era(Arc<AtomicU64>);

impl Era {
    pub(crate) fn now(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }

    fn end(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// What was given up.
pub(crate) struct GivenUp {
    pub(crate) session: Option<Arc<LiveSession>>,
    /// True if a login was on its way.
    pub(crate) in_flight: bool,
}

/// Who uses a login that a call makes.
pub(crate) struct Whose {
    flight: Arc<Flight>,
    era: u64,
}

impl Whose {
    pub(crate) fn of(flight: &Arc<Flight>, call: &Call) -> Self {
        Self { flight: Arc::clone(flight), era: call.era() }
    }

    /// True if that is nobody else: its user has given it up, or it is by an identity or credentials that are replaced.
    pub(crate) fn is_past(&self) -> bool {
        self.era != self.flight.era.now() || self.flight.is_retired()
    }
}

impl Flight {
    /// Gives up the login there is, and all that are on their way.
    pub(crate) fn give_up(&self) -> GivenUp {
        let mut state = self.lock();
        let (session, in_flight) = (state.session.take(), state.leader.is_some());
        self.era.end();
        GivenUp { session, in_flight }
    }

    /// Another flight takes its place.
    pub(crate) fn retire(&self) {
        self.retired.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_retired(&self) -> bool {
        self.retired.load(Ordering::SeqCst)
    }

    /// Logins from after they were given up that no call uses any more, and none waits for.
    pub(crate) fn unused_strays(&self) -> Vec<Arc<LiveSession>> {
        let mut state = self.lock();
        if state.waiting > 0 {
            return Vec::new();
        }
        state.strays.extract_if(.., |stray| Arc::strong_count(stray) == 1).collect()
    }

    /// Takes what a controller says of a login now that it has had a factor.
    ///
    /// It is still the same login, with its number. Where another thread made one meanwhile, that stays if it is
    /// complete; one that waits for a factor gives way, and as it was already in use, to a login that counts as newer.
    /// A login that was given up stays so, whatever login came after it.
    pub(crate) fn progressed(&self, session: &LiveSession, api_session: ApiSession) {
        self.progressed_to(session, |latest| NewSession { api_session, ..latest.again() });
    }

    /// The same where more of the login has changed; `change` is given it as it is now.
    pub(in crate::login) fn progressed_to(
        &self,
        session: &LiveSession,
        change: impl FnOnce(&LiveSession) -> NewSession,
    ) {
        let mut state = self.lock();
        let is_stray = state.strays.iter().any(|stray| stray.number == session.number);
        if is_stray || session.number <= state.forgotten {
            // The factor may have brought the tokens that it waited for.
            if session.is_waiting() {
                state.strand(change(session));
            }
            return;
        }
        let Some(current) = state.session.as_ref() else { return };
        let number = match current.number == session.number {
            true => session.number,
            false if current.api_session.auth_queries.is_empty() => return,
            false => state.logins + 1,
        };
        // It may have had another external JWT meanwhile.
        let latest = if current.api_session.id == session.api_session.id { current } else { session };
        let session = LiveSession::new(number, change(latest), true);
        state.logins = state.logins.max(number);
        state.published = state.published.max(number);
        state.session = Some(Arc::new(session));
    }
}

#[cfg(test)]
mod tests;
