//! Identity, trust, connections and login of one moment.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::clock::{ControllerClock, Told};
use super::controllers::{Controllers, Features, first_byte_by};
use super::counters::Counted;
use super::earlier::Earlier;
use super::flight::{Flight, Wanted};
use super::live::{LiveSession, NewSession, SessionToken};
use super::now::Clock;
use super::oidc::Renewal;
use super::pacer::{Pacer, Tried};
use super::pacing::Retries;
use super::request::AboutClient;
use super::saved::SessionHook;
use super::ways::Ways;
use crate::error::Error;
use crate::identity::{Identity, Store};
use crate::transport::{Attempt, Call, Connections, Failure};
use crate::wire::{ControllerUrl, Head, Request, refusal};

/// All that has to change together when a key, a certificate or the CA bundle does. Calls in flight finish on theirs.
pub(crate) struct Generation {
    pub(crate) identity: Identity,
    /// Where the identity is kept, and perhaps a newer certificate of it.
    pub(crate) store: Option<Store>,
    pub(crate) connections: Arc<Connections>,
    /// What a login goes on with that came by the certificate before this one.
    pub(crate) earlier: Option<Earlier>,
    pub(crate) controllers: Controllers,
    /// Shared with the generation before, where that changes nothing about the login.
    pub(crate) flight: Arc<Flight>,
    pub(crate) about: Arc<AboutClient>,
    pub(crate) ways: Arc<Ways>,
    pub(crate) clock: Arc<ControllerClock>,
    /// By which it is decided what is due.
    pub(crate) time: Clock,
    pub(crate) counted: Arc<Counted>,
    pub(crate) pacer: Arc<Pacer>,
    /// Keeps logins for the next process.
    pub(crate) on_session_change: Option<SessionHook>,
}

impl Generation {
    /// The login that calls use; logs in if there is none as wanted, and renews one that is due for it.
    pub(crate) fn session(&self, call: &Call, wanted: Wanted) -> Result<Arc<LiveSession>, Error> {
        let wanted = match (wanted, self.flight.is_over()) {
            (Wanted::Current, Some(ended)) => Wanted::NewerThan(ended),
            _ => wanted,
        };
        let current = self.flight.current();
        let due = current.as_ref().filter(|session| session.due_in(self.time.now()) == Some(Duration::ZERO));
        if matches!(wanted, Wanted::Fresh) {
            self.ways.ask_again();
        }
        match (wanted, due, current.as_ref()) {
            (Wanted::Current, Some(due), _) => {
                let wanted = Wanted::NewerThan(due.number);
                self.flight.session(call, wanted, || self.renew(call, due, Renewal::InTime))
            }
            (Wanted::NewerThan(number), _, Some(old)) if old.number == number => {
                self.flight.session(call, wanted, || self.renew(call, old, Renewal::TooLate))
            }
            _ => self.flight.session(call, wanted, || self.log_in(call)),
        }
    }

    /// The same with a certificate that is newer than what the store holds.
    pub(crate) fn first_session(&self, call: &Call) -> Result<Arc<LiveSession>, Error> {
        let is_lagging = |controller: &ControllerUrl| self.may_not_be_known_yet(controller);
        self.flight.session(call, Wanted::Current, || self.log_in_while(call, is_lagging, true))
    }

    /// The same; a refusal is not waited out, as it is where the certificate may be too new for a node of a cluster.
    pub(crate) fn session_at_once(&self, call: &Call) -> Result<Arc<LiveSession>, Error> {
        self.flight.session(call, Wanted::Current, || self.log_in_once(call))
    }

    /// Whether the controllers take the identity's certificate, found out by a login that nobody uses.
    pub(crate) fn is_taken(&self, call: &Call) -> Result<bool, Error> {
        match self.log_in_once(call) {
            Ok(_) => {
                self.tell_of_current(call);
                Ok(true)
            }
            Err(Error::Rejected(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Asks the controllers in turn until one answers, and once more in a while if they are busy. A request that was
    /// sent is given to another controller only if it is idempotent. A failure says whether it has left.
    pub(crate) fn ask_any(
        &self,
        call: &Call,
        request: &Request,
        body: &mut Vec<u8>,
    ) -> Result<(Head, ControllerUrl), Failure> {
        let mut retries = Retries::default();
        loop {
            let asked = self.ask_in_turn(call, request, body);
            let outcome = asked.as_ref().map(|(head, _)| head);
            let again = self.may_ask_again(call, request, outcome, body, &mut retries);
            // Nothing was carried out that may not be carried out twice, if it is to be asked again.
            if !again.map_err(|error| Failure { error, sent: false })? {
                return asked;
            }
        }
    }

    /// The same, and busy controllers are not asked again.
    fn ask_in_turn(
        &self,
        call: &Call,
        request: &Request,
        body: &mut Vec<u8>,
    ) -> Result<(Head, ControllerUrl), Failure> {
        self.ask_in_turn_past(call, request, body, |_| false)
    }

    /// The same, and past those whose answer says that they do not know what they were asked for.
    pub(super) fn ask_in_turn_past(
        &self,
        call: &Call,
        request: &Request,
        body: &mut Vec<u8>,
        is_not_there: impl Fn(&Head) -> bool,
    ) -> Result<(Head, ControllerUrl), Failure> {
        let order = self.controllers.in_order(self.time.now().monotonic);
        let mut untried = order.len();
        for controller in order {
            untried -= 1;
            let outcome = self.attempt(call, &controller, None, untried, request, body);
            let goes_on = outcome.as_ref().is_ok_and(&is_not_there) || may_move_on(&outcome, request.idempotent);
            if untried == 0 || !goes_on || !call.may_go_on() {
                return Ok((outcome?, controller));
            }
            self.counted.moved_on();
        }
        Err(Failure { error: no_controller(), sent: false })
    }

    /// One attempt at one controller, with the login where one is given.
    pub(crate) fn attempt(
        &self,
        call: &Call,
        controller: &ControllerUrl,
        session: Option<&LiveSession>,
        untried: usize,
        request: &Request,
        body: &mut Vec<u8>,
    ) -> Result<Head, Failure> {
        self.admit(call, controller)?;
        let tried = Tried { call, controller, untried, began: self.time.now().monotonic };
        let first_byte_by = first_byte_by(Instant::now(), call.remaining(), untried);
        let credentials = session.map(LiveSession::credentials).unwrap_or_default();
        let earlier = session.and_then(|session| self.earlier_of(&session.token));
        let connections = earlier.map_or(&self.connections, |earlier| &earlier.connections);
        let below = |base_path: &str, body: &mut Vec<u8>| {
            let attempt = Attempt { controller, base_path, credentials, first_byte_by };
            connections.exchange(call, &attempt, request, body)
        };
        let outcome = match request.at_root {
            true => below("", body),
            false => self.learn_features(call, controller, first_byte_by, body).and_then(|features| {
                let path = features.path(request.api).map_err(|error| Failure { error, sent: false })?;
                below(path, body)
            }),
        };
        let outcome = outcome.map_err(|failure| self.with_skew(controller, failure));
        if let Some(told) = outcome.as_ref().ok().and_then(|head| Told::by(head, self.time.now())) {
            self.clock.read(told);
            self.controllers.tells_time(controller, told);
        }
        self.note(&tried, request, outcome.as_ref(), body);
        outcome
    }

    /// The time by the controllers' clock, as far as their answers told it.
    pub(super) fn controllers_time(&self) -> SystemTime {
        self.clock.time(self.time.now())
    }

    /// A clock that is wrong is a reason for certificates to be refused.
    fn with_skew(&self, controller: &ControllerUrl, mut failure: Failure) -> Failure {
        if let Error::Tls { message, .. } = &mut failure.error
            && let Some(note) = self.controllers.skew_note(controller, self.time.now())
        {
            message.push_str("; ");
            message.push_str(&note);
        }
        failure
    }

    /// What the first controller that answers says of itself; busy ones are asked once more in a while.
    pub(super) fn any_features(&self, call: &Call) -> Result<Arc<Features>, Error> {
        let mut retries = Retries::default();
        loop {
            let failure = match self.features_in_turn(call) {
                Ok(features) => return Ok(features),
                Err(failure) => failure,
            };
            if !self.may_ask_again(call, &Features::request(), Err(&failure), &[], &mut retries)? {
                return Err(failure.error);
            }
        }
    }

    fn features_in_turn(&self, call: &Call) -> Result<Arc<Features>, Failure> {
        let order = self.controllers.in_order(self.time.now().monotonic);
        let mut untried = order.len();
        for controller in order {
            untried -= 1;
            match self.features(call, &controller, untried, &mut Vec::new()) {
                Ok(features) => return Ok(features),
                Err(failure) => {
                    if untried == 0 || !is_of_the_controller(&failure) || !call.may_go_on() {
                        return Err(failure);
                    }
                    self.counted.moved_on();
                }
            }
        }
        Err(Failure { error: no_controller(), sent: false })
    }

    /// What the controller says of itself, as an attempt of its own.
    pub(super) fn features(
        &self,
        call: &Call,
        controller: &ControllerUrl,
        untried: usize,
        body: &mut Vec<u8>,
    ) -> Result<Arc<Features>, Failure> {
        self.admit(call, controller)?;
        let tried = Tried { call, controller, untried, began: self.time.now().monotonic };
        let first_byte_by = first_byte_by(Instant::now(), call.remaining(), untried);
        let features = self.learn_features(call, controller, first_byte_by, body);
        features.map_err(|failure| {
            let failure = self.with_skew(controller, failure);
            self.note(&tried, &Features::request(), Err(&failure), body);
            failure
        })
    }

    /// What the controller says of itself; asked once, the first time it is used.
    fn learn_features(
        &self,
        call: &Call,
        controller: &ControllerUrl,
        first_byte_by: Option<Instant>,
        body: &mut Vec<u8>,
    ) -> Result<Arc<Features>, Failure> {
        if let Some(features) = self.controllers.features(controller) {
            return Ok(features);
        }
        let attempt = Attempt { controller, base_path: "", credentials: &[], first_byte_by };
        let request = Features::request();
        let head = self.connections.exchange(call, &attempt, &request, body).map_err(Error::from);
        let features = head.and_then(|head| answer(&request, &head, body)).and_then(|()| Features::read(body));
        // The request that this is for has not left.
        let features = Arc::new(features.map_err(|error| Failure { error, sent: false })?);
        self.controllers.learn(controller, &features);
        Ok(features)
    }

    /// Where its logins are counted: nowhere, once another generation logs in otherwise.
    pub(super) fn counts(&self) -> Option<&Counted> {
        (!self.flight.is_retired()).then_some(&self.counted)
    }

    /// Ends a session, by the request for that where a controller keeps it. That it is gone already is fine.
    pub(crate) fn end(&self, call: &Call, session: &LiveSession, mut request: Request) -> Result<(), Error> {
        match &session.token {
            SessionToken::Legacy(_) => {}
            SessionToken::Oidc(tokens) => {
                self.revoke(call, tokens);
                return call.check();
            }
            // Nobody can do anything with it, and it ends by itself.
            SessionToken::Waiting(_) => return Ok(()),
        }
        request.idempotent = true;
        let mut body = Vec::new();
        let head = self.attempt(call, &session.controller, Some(session), 0, &request, &mut body)?;
        if head.status == 401 {
            return Ok(());
        }
        answer(&request, &head, &body)
    }

    /// Logs in. Where that is by a certificate which is new, waits for a cluster to learn of it, unless there is a newer
    /// one.
    pub(super) fn log_in(&self, call: &Call) -> Result<NewSession, Error> {
        if let Some(refusal) = self.ways.refusal() {
            return Err(refusal);
        }
        let lags = |controller: &ControllerUrl| self.may_not_be_known_yet(controller) && !self.is_superseded();
        self.log_in_while(call, lags, call.is_patient()).inspect_err(|error| self.ways.remember(error))
    }

    /// Takes no earlier refusal for an answer any more, of the credentials or of an external JWT.
    pub(crate) fn retry_now(&self) {
        self.ways.retry_now();
        self.flight.retry_now();
    }

    /// The same of an external JWT alone.
    pub(crate) fn retry_second(&self) {
        self.flight.retry_second();
    }

    /// The same, and a refusal counts at once.
    fn log_in_once(&self, call: &Call) -> Result<NewSession, Error> {
        self.log_in_while(call, |_| false, false)
    }
}

pub(super) fn no_controller() -> Error {
    Error::Identity("the identity names no controller; it needs ztAPI".to_owned())
}

/// `Ok` for a success, else the refusal as an error.
pub(crate) fn answer(request: &Request, head: &Head, body: &[u8]) -> Result<(), Error> {
    if head.is_success() {
        return Ok(());
    }
    Err(refusal::into_error(refusal::read(&request.operation(), head, body)))
}

/// True if another controller may be asked after this outcome: nothing was done, or it may be done twice.
pub(super) fn may_move_on(outcome: &Result<Head, Failure>, idempotent: bool) -> bool {
    match outcome {
        Ok(head) => has_failed(head) && idempotent,
        Err(failure) => is_of_the_controller(failure) && (idempotent || !failure.sent),
    }
}

/// False if no controller could have done better: the caller wants no more, asks for what cannot be sent, or has a key
/// that does not sign.
pub(super) fn is_of_the_controller(failure: &Failure) -> bool {
    use Error as E;
    !matches!(failure.error, E::Canceled { .. } | E::InvalidArgument(_) | E::Unsupported(_) | E::Identity(_))
}

/// True for the statuses with which a controller says that it cannot serve, and another may. A 500 is about the
/// request: another controller would fail at it too.
pub(super) fn has_failed(head: &Head) -> bool {
    matches!(head.status, 429 | 502..=504)
}

#[cfg(test)]
mod tests;
