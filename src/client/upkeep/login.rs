//! The login, before it ends.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::event::{Event, EventKind};
use crate::client::Client;
use crate::error::Error;
use crate::login::{ApiSession, Generation, LiveSession, Wanted, renewal_share};
use crate::transport::Call;
use crate::wire::Request;

/// What a session lasts that does not say.
const USUAL: Duration = Duration::from_secs(30 * 60);
/// A login that only its user can renew is looked at again after this long.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// What is told of a login that only its user can renew.
const ENDS: &str = "the login is near its end; log in and give it its second factor";
/// The same of one that is new, and of no use yet.
const WAITS: &str = "the login waits for its second factor; give it that";

/// A login whose user was told that it needs a factor.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told {
    login: u64,
    /// True if it is of no use without the factor.
    pub(super) waits: bool,
    /// True if only a controller said so: for all that is known here the login is complete.
    pub(super) is_met_only: bool,
}

/// That a controller moved the end of a login.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extended {
    login: u64,
    at: Instant,
}

impl Client {
    /// Renews the login if it is near its end, or was never made.
    pub(super) fn look_after_login(&self, call: &Call) -> Result<(Option<Event>, Duration), Error> {
        let generation = self.generation();
        let Some(session) = generation.flight.current() else {
            return self.log_in(call, Wanted::Current);
        };
        if session.wants_factors() && !session.is_waiting() {
            return self.look_whether_it_waits(call);
        }
        if !session.wants_factors() {
            let is_over = |told: &Told| told.waits && !(told.is_met_only && told.login == session.number);
            self.shared.upkeep.state().told.take_if(|told| is_over(told));
        }
        match session.due_in(self.now()) {
            Some(left) if session.is_known_to_all() && left.is_zero() => {
                let (event, again) = self.log_in(call, Wanted::Current)?;
                // One that could not be renewed for now is used on.
                let is_same = generation.flight.current().is_some_and(|now| now.has_tokens_of(&session));
                return Ok((event.filter(|_| !is_same), again));
            }
            Some(left) if session.is_known_to_all() => return Ok((None, left)),
            // A new one would wait as this one does.
            Some(left) => {
                let again = if left.is_zero() { LOOK_AGAIN } else { left };
                return Ok((self.needs_factor(session.number, true, false), again));
            }
            None => {}
        }
        let left = self.left_of(&generation, &session);
        if left > Duration::ZERO {
            return Ok((None, left));
        }
        if self.is_extended_by_use(call, &generation, &session)? {
            return Ok((None, lasts(&session.api_session)));
        }
        if had_code(&session) {
            return Ok((self.needs_factor(session.number, false, false), LOOK_AGAIN));
        }
        self.log_in(call, Wanted::NewerThan(session.number))
    }

    /// What a login waits for may be wanted no more, or have been given some other way: nobody else would hear of that.
    pub(super) fn look_whether_it_waits(&self, call: &Call) -> Result<(Option<Event>, Duration), Error> {
        let question = Request::get("/current-api-session").with_partial_login();
        let (login, waits, is_met_only) = self.on_generation(call, |generation| {
            // The external JWT that it waits for may be had by now.
            let supplied = generation.flight.current().map(|session| generation.with_second(call, session));
            if let Some(Err(error)) = supplied {
                log::debug!("the login goes on waiting: {error}");
            }
            let now = generation.look_at_session(call, &question)?;
            let current = generation.flight.current();
            let is_known = current.as_ref().is_some_and(|session| session.wants_factors());
            let login = current.map_or(0, |session| session.number);
            Ok((login, is_known || !now.auth_queries.is_empty(), !is_known))
        })?;
        let event = if waits { self.needs_factor(login, true, is_met_only) } else { None };
        Ok((event, LOOK_AGAIN))
    }

    /// Tells it once of each login; that one waits like the one before it is no news.
    fn needs_factor(&self, login: u64, waits: bool, is_met_only: bool) -> Option<Event> {
        let message = if waits { WAITS } else { ENDS };
        let now = Told { login, waits, is_met_only };
        let before = self.shared.upkeep.state().told.replace(now);
        let is_old = before.is_some_and(|before| before.login == now.login || (before.waits && now.waits));
        (!is_old).then(|| Event::plain(EventKind::LoginNeedsFactor, message))
    }

    fn log_in(&self, call: &Call, wanted: Wanted) -> Result<(Option<Event>, Duration), Error> {
        let session = self.on_generation(call, |generation| {
            let session = generation.session(call, wanted)?;
            generation.with_second(call, session)
        })?;
        if session.wants_factors() {
            return Ok((self.needs_factor(session.number, true, false), LOOK_AGAIN));
        }
        let again = session.due_in(self.now()).unwrap_or_else(|| lasts(&session.api_session));
        let message = format!("logged in at {}", session.controller);
        Ok((Some(Event::plain(EventKind::LoginRenewed, message)), again))
    }

    /// The login for somebody whose use of it is not seen here: a session that nears its end is replaced first, unless its
    /// user would have to give it a code again. One that cannot be replaced for now is used as long as it lasts.
    pub(in crate::client) fn lasting(
        &self,
        call: &Call,
        generation: &Generation,
        session: Arc<LiveSession>,
    ) -> Result<Arc<LiveSession>, Error> {
        if session.due_in(self.now()).is_some() || !self.left_of(generation, &session).is_zero() {
            return Ok(session);
        }
        let replace = || {
            if self.is_extended_by_use(call, generation, &session)? || had_code(&session) {
                return Ok(Arc::clone(&session));
            }
            generation.session(call, Wanted::NewerThan(session.number))?;
            generation.complete_session(call)
        };
        match replace() {
            Err(error) if error.is_retryable() && !self.login_expires_in(generation, &session).is_zero() => {
                log::debug!("the login is near its end, and could not be replaced yet: {error}");
                Ok(session)
            }
            outcome => outcome,
        }
    }

    /// How long until the login is to be renewed, by the clock that no one sets.
    fn left_of(&self, generation: &Generation, session: &LiveSession) -> Duration {
        lasts(&session.api_session).saturating_sub(self.age_of(generation, session))
    }

    /// How long until the login ends, as far as is known.
    pub(in crate::client) fn login_expires_in(&self, generation: &Generation, session: &LiveSession) -> Duration {
        let left = || whole(&session.api_session).saturating_sub(self.age_of(generation, session));
        session.ends_in(self.now()).unwrap_or_else(left)
    }

    fn age_of(&self, generation: &Generation, session: &LiveSession) -> Duration {
        let extended = self.shared.upkeep.state().extended.filter(|extended| extended.login == session.number);
        let since = extended.map(|extended| extended.at).or_else(|| generation.flight.last_login());
        since.map(|since| self.now().monotonic.saturating_duration_since(since)).unwrap_or_default()
    }

    /// Asks for the session, which is a use of it: controllers up to 1.7 move its end with each.
    fn is_extended_by_use(&self, call: &Call, generation: &Generation, session: &LiveSession) -> Result<bool, Error> {
        let Some(now) = generation.ask_about(call, session)? else { return Ok(false) };
        let end = |session: &ApiSession| session.expires_at.as_ref().and_then(|end| end.unix_seconds());
        let moved = end(&now).zip(end(&session.api_session)).is_some_and(|(now, first)| now > first);
        if moved {
            let extended = Extended { login: session.number, at: self.now().monotonic };
            self.shared.upkeep.state().extended = Some(extended);
        }
        Ok(moved)
    }
}

/// True if a login in the place of this one would want a code of its user.
fn had_code(session: &LiveSession) -> bool {
    session.api_session.is_mfa_required || session.api_session.is_mfa_complete
}

fn lasts(session: &ApiSession) -> Duration {
    whole(session).mul_f64(renewal_share(&session.id))
}

fn whole(session: &ApiSession) -> Duration {
    session.expiration_seconds.map_or(USUAL, Duration::from_secs)
}
