//! The login, before it ends.

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
    /// True if it is new, and of no use without the factor.
    waits: bool,
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
        if !session.api_session.auth_queries.is_empty() && !session.is_waiting() {
            return self.look_whether_it_waits(call);
        }
        if session.api_session.auth_queries.is_empty() {
            self.shared.upkeep.state().told.take_if(|told| told.waits);
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
            Some(left) if left.is_zero() => return Ok((self.needs_factor(&session, WAITS), LOOK_AGAIN)),
            Some(left) => return Ok((None, left)),
            None => {}
        }
        let left = self.left_of(&generation, &session);
        if left > Duration::ZERO {
            return Ok((None, left));
        }
        if self.is_extended_by_use(call, &generation, &session)? {
            return Ok((None, lasts(&session.api_session)));
        }
        if session.api_session.is_mfa_required || session.api_session.is_mfa_complete {
            return Ok((self.needs_factor(&session, ENDS), LOOK_AGAIN));
        }
        self.log_in(call, Wanted::NewerThan(session.number))
    }

    /// What a login waits for may be wanted no more, or have been given some other way: nobody else would hear of that.
    fn look_whether_it_waits(&self, call: &Call) -> Result<(Option<Event>, Duration), Error> {
        let question = Request::get("/current-api-session").with_partial_login();
        self.on_generation(call, |generation| generation.look_at_session(call, &question))?;
        let still = self.generation().flight.current().filter(|now| !now.api_session.auth_queries.is_empty());
        Ok((still.and_then(|now| self.needs_factor(&now, WAITS)), LOOK_AGAIN))
    }

    /// Tells it once of each login; that one waits like the one before it is no news.
    fn needs_factor(&self, session: &LiveSession, message: &str) -> Option<Event> {
        let now = Told { login: session.number, waits: !session.api_session.auth_queries.is_empty() };
        let before = self.shared.upkeep.state().told.replace(now);
        let is_old = before.is_some_and(|before| before.login == now.login || (before.waits && now.waits));
        (!is_old).then(|| Event::plain(EventKind::LoginNeedsFactor, message))
    }

    fn log_in(&self, call: &Call, wanted: Wanted) -> Result<(Option<Event>, Duration), Error> {
        let session = self.on_generation(call, |generation| generation.session(call, wanted))?;
        if !session.api_session.auth_queries.is_empty() {
            return Ok((self.needs_factor(&session, WAITS), LOOK_AGAIN));
        }
        let again = session.due_in(self.now()).unwrap_or_else(|| lasts(&session.api_session));
        let message = format!("logged in at {}", session.controller);
        Ok((Some(Event::plain(EventKind::LoginRenewed, message)), again))
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

fn lasts(session: &ApiSession) -> Duration {
    whole(session).mul_f64(renewal_share(&session.id))
}

fn whole(session: &ApiSession) -> Duration {
    session.expiration_seconds.map_or(USUAL, Duration::from_secs)
}
