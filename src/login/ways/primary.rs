//! The first factor: what the credentials show, how often, and what a refusal of them means.

use std::time::{Duration, SystemTime};

use super::Shown;
use crate::error::{ApiError, Believed, Error, Rejection};
use crate::identity::{Identity, NewPair};
use crate::login::controllers::Features;
use crate::login::credentials::{Credentials, JwtSource};
use crate::login::generation::Generation;
use crate::login::live::NewSession;
use crate::login::pacing::Backoff;
use crate::secret::Secret;
use crate::transport::Call;
use crate::trust::certificate::CertificateFacts;
use crate::trust::{display_time, token};
use crate::wire::ControllerUrl;

/// A certificate this young may be unknown to a node that has not caught up with its cluster. Controllers date
/// certificates one minute back.
const FRESH_FOR: Duration = Duration::from_secs(120);
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// So long a call waits at most for such a node, and no more than half of its time: the next call asks again.
const LONGEST_LAG: Duration = Duration::from_secs(10);

/// What a controller is shown.
pub(in crate::login) enum Primary<'a> {
    /// Of the connection.
    Certificate,
    Password {
        username: &'a str,
        password: &'a Secret,
    },
    ExternalJwt(&'a Secret),
}

impl Generation {
    /// Logs in by the credentials. A certificate that is refused may have to become known to a controller of which `lags`
    /// says so: then the refusal counts for this call only, and is shown again for some time if the call `waits`.
    pub(in crate::login) fn log_in_while(
        &self,
        call: &Call,
        lags: impl Fn(&ControllerUrl) -> bool,
        waits: bool,
    ) -> Result<NewSession, Error> {
        let outcome = match &self.ways.credentials {
            Credentials::Certificate => self.by_certificate(call, lags, waits),
            Credentials::Password { username, password } => {
                self.log_in_by(call, &Primary::Password { username, password }, |_| false, false)
            }
            Credentials::ExternalJwt(source) => self.by_external_jwt(call, source),
        };
        if let Some(counted) = self.counts() {
            counted.logged_in(&outcome);
        }
        outcome
    }

    fn by_certificate(
        &self,
        call: &Call,
        lags: impl Fn(&ControllerUrl) -> bool,
        waits: bool,
    ) -> Result<NewSession, Error> {
        if self.identity.leaf().is_none() {
            let message = "the identity has no certificate to log in with; give the client other credentials (a \
                           password or an external JWT)";
            return Err(Error::Identity(message.to_owned()));
        }
        self.log_in_by(call, &Primary::Certificate, lags, waits)
    }

    /// Asks for a token, and once more if that one is refused.
    fn by_external_jwt(&self, call: &Call, source: &JwtSource) -> Result<NewSession, Error> {
        let first = self.by_token(call, source, &source.supply(call, None, false)?);
        match first {
            Err(Unusable::Refused(_) | Unusable::Over(_)) if source.has_more() => {
                self.by_token(call, source, &source.supply(call, None, true)?).map_err(Error::from)
            }
            outcome => outcome.map_err(Error::from),
        }
    }

    fn by_token(&self, call: &Call, source: &JwtSource, jwt: &Secret) -> Result<NewSession, Unusable> {
        let over = || token::expires_at(jwt).filter(|end| *end <= self.controllers_time());
        if over().is_some() && !self.clock.is_known() {
            // The local clock may be wrong.
            let asked = self.ask_any(call, &Features::request(), &mut Vec::new());
            asked.map_err(|failure| Unusable::NotTried(failure.error))?;
        }
        if let Some(end) = over() {
            let message = source.is_over(&display_time(end));
            return Err(Unusable::Over(Error::Identity(message)));
        }
        self.log_in_by(call, &Primary::ExternalJwt(jwt), |_| false, false).map_err(|error| match error {
            Error::Rejected(_) => Unusable::Refused(error),
            _ => Unusable::NotTried(error),
        })
    }

    fn log_in_by(
        &self,
        call: &Call,
        primary: &Primary<'_>,
        lags: impl Fn(&ControllerUrl) -> bool,
        waits: bool,
    ) -> Result<NewSession, Error> {
        let mut pauses = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
        // What the call has to have left once it has waited long enough.
        let mut rest = None;
        let mut shown = self.show(call, primary);
        loop {
            let (answer, controller) = match shown? {
                Shown::Taken(session) => return Ok(*session),
                Shown::Refused(answer, controller) => (answer, controller),
            };
            self.ways.note(false);
            let may_become_known = lags(&controller);
            let pause = pauses.pause(&self.pacer.jitter);
            let left = call.remaining();
            let rest = *rest.get_or_insert_with(|| if waits { left - longest_lag(left) } else { left });
            if !may_become_known || left <= rest + pause {
                return Err(self.rejection(&controller, answer, may_become_known));
            }
            self.controllers.failed(&controller, self.time.now().monotonic);
            shown = call.pause(pause).and_then(|()| self.show(call, primary));
            if matches!(shown, Err(Error::Timeout { .. })) {
                return Err(self.rejection(&controller, answer, may_become_known));
            }
        }
    }

    /// True if the certificate was issued moments ago and this controller may still have to learn of it.
    pub(in crate::login) fn may_not_be_known_yet(&self, controller: &ControllerUrl) -> bool {
        let clustered = self.controllers.features(controller).is_some_and(|features| features.clustered);
        let age = |facts: CertificateFacts| SystemTime::now().duration_since(facts.not_before).ok();
        clustered && self.certificate().and_then(age).is_some_and(|age| age < FRESH_FOR)
    }

    /// True if the store holds another certificate, or the pair of a renewal that was interrupted.
    pub(in crate::login) fn is_superseded(&self) -> bool {
        let Some(store) = &self.store else { return false };
        let own = self.identity.leaf();
        let stored = store.path().and_then(|path| self.identity.load_again(path).ok());
        let kept = store.kept_pair(&self.identity).ok().flatten();
        let leaves = [stored.as_ref().and_then(Identity::leaf), kept.as_ref().and_then(NewPair::leaf)];
        leaves.into_iter().flatten().any(|leaf| Some(leaf) != own)
    }

    /// A refusal of the credentials, with what is known here that may matter.
    fn rejection(&self, controller: &ControllerUrl, answer: ApiError, may_become_known: bool) -> Error {
        let now = SystemTime::now();
        let mut known = Vec::new();
        if let Some(facts) = self.certificate().filter(|_| self.ways.show_certificate()) {
            if facts.not_after < now {
                known.push(format!("by the local clock its certificate expired at {}", display_time(facts.not_after)));
            }
            if facts.not_before > now {
                let from = display_time(facts.not_before);
                known.push(format!("by the local clock its certificate is valid only from {from}"));
            }
        }
        let last_login = self.flight.since_last_login().and_then(|since| now.checked_sub(since));
        known.extend(last_login.map(|at| format!("this client last logged in at {}", display_time(at))));
        known.extend(self.controllers.skew_note(controller, self.time.now()));
        let believed = match &self.ways.credentials {
            Credentials::Password { .. } => {
                let what = "the password is not sent again until the client is given credentials or told to retry";
                known.push(what.to_owned());
                Believed::UntilToldOtherwise
            }
            _ if may_become_known => {
                let what = "its certificate is new, and a node of a cluster may still have to learn of it; the next \
                            call asks again";
                known.push(what.to_owned());
                Believed::NotAtAll
            }
            _ => Believed::ForAWhile,
        };
        let at = self.time.now().monotonic;
        Error::Rejected(Box::new(Rejection { answer, known, believed, at, age: Duration::ZERO }))
    }

    fn certificate(&self) -> Option<CertificateFacts> {
        CertificateFacts::read(self.identity.leaf()?).ok()
    }
}

/// How long a call that has so much time waits for a node to learn of a certificate.
fn longest_lag(left: Duration) -> Duration {
    LONGEST_LAG.min(left / 2)
}

/// Why a token made no login.
enum Unusable {
    /// It says of itself that it is over.
    Over(Error),
    Refused(Error),
    /// Nobody has judged it.
    NotTried(Error),
}

impl From<Unusable> for Error {
    fn from(unusable: Unusable) -> Self {
        match unusable {
            Unusable::Over(error) | Unusable::Refused(error) | Unusable::NotTried(error) => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_that_lags_takes_ten_seconds_of_a_call_or_half_of_it() {
        let lag = |seconds| longest_lag(Duration::from_secs(seconds)).as_secs();
        assert_eq!([lag(0), lag(6), lag(20), lag(30), lag(3600)], [0, 3, 10, 10, 10]);
    }
}
