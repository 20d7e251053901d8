//! Identity, trust, connections and login of one moment.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use super::controllers::{Controllers, Features, first_byte_by};
use super::flight::{Flight, LiveSession, NewSession, Wanted};
use super::request::{self, AboutClient};
use super::session::ApiSession;
use crate::error::{ApiError, Error, Rejection};
use crate::identity::{Identity, NewPair, Store};
use crate::secret::Secret;
use crate::transport::{Attempt, Call, Connections, Credential, Failure};
use crate::trust::certificate::CertificateFacts;
use crate::trust::display_time;
use crate::wire::{ControllerUrl, Head, Request, envelope, refusal};

/// A certificate this young may be unknown to a node that has not caught up with its cluster. Controllers date
/// certificates one minute back.
const FRESH_FOR: Duration = Duration::from_secs(120);
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// All that has to change together when a key, a certificate or the CA bundle does. Calls in flight finish on theirs.
pub(crate) struct Generation {
    pub(crate) identity: Identity,
    /// Where the identity is kept, and perhaps a newer certificate of it.
    pub(crate) store: Option<Store>,
    pub(crate) connections: Connections,
    pub(crate) controllers: Controllers,
    pub(crate) flight: Flight,
    pub(crate) about: Arc<AboutClient>,
}

impl Generation {
    /// The login that calls use; logs in if there is none as wanted.
    pub(crate) fn session(&self, call: &Call, wanted: Wanted) -> Result<Arc<LiveSession>, Error> {
        self.flight.session(call, wanted, || self.log_in(call))
    }

    /// The same with a certificate that is newer than what the store holds.
    pub(crate) fn first_session(&self, call: &Call) -> Result<Arc<LiveSession>, Error> {
        let is_lagging = |controller: &ControllerUrl| self.may_not_be_known_yet(controller);
        self.flight.session(call, Wanted::Current, || self.log_in_while(call, is_lagging))
    }

    /// The same; a refusal is not waited out, as it is where the certificate may be too new for a node of a cluster.
    pub(crate) fn session_at_once(&self, call: &Call) -> Result<Arc<LiveSession>, Error> {
        self.flight.session(call, Wanted::Current, || self.log_in_once(call))
    }

    /// Whether the controllers take the identity's certificate, found out by a login that nobody uses.
    pub(crate) fn is_taken(&self, call: &Call) -> Result<bool, Error> {
        match self.log_in_once(call) {
            Ok(_) => Ok(true),
            Err(Error::Rejected(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Asks the controllers in turn until one answers. Safe to repeat or not, a request that was sent is given to
    /// another controller only if it is idempotent.
    pub(crate) fn ask_any(
        &self,
        call: &Call,
        request: &Request,
        body: &mut Vec<u8>,
    ) -> Result<(Head, ControllerUrl), Error> {
        let order = self.controllers.in_order(Instant::now());
        let mut untried = order.len();
        for controller in order {
            untried -= 1;
            let outcome = self.attempt(call, &controller, None, untried, request, body);
            if untried == 0 || !may_move_on(&outcome, request) || call.check().is_err() {
                return Ok((outcome?, controller));
            }
        }
        Err(Error::Identity("the identity names no controller; it needs ztAPI".to_owned()))
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
        let first_byte_by = first_byte_by(Instant::now(), call.remaining(), untried);
        let credential = session.map(|session| &session.credential);
        let below = |base_path: &str, body: &mut Vec<u8>| {
            let attempt = Attempt { controller, base_path, credential, first_byte_by };
            self.connections.exchange(call, &attempt, request, body)
        };
        let outcome = match request.at_root {
            true => below("", body),
            false => self.features(call, controller, first_byte_by, body).and_then(|features| {
                let path = features.path(request.api).map_err(|error| Failure { error, sent: false })?;
                below(path, body)
            }),
        };
        match &outcome {
            Ok(head) if !has_failed(head) => self.controllers.answered(controller),
            Err(failure) if !is_of_the_controller(failure) => {}
            _ => self.controllers.failed(controller, Instant::now()),
        }
        outcome
    }

    /// What the controller says of itself; asked once, the first time it is used.
    fn features(
        &self,
        call: &Call,
        controller: &ControllerUrl,
        first_byte_by: Option<Instant>,
        body: &mut Vec<u8>,
    ) -> Result<Arc<Features>, Failure> {
        if let Some(features) = self.controllers.features(controller) {
            return Ok(features);
        }
        let attempt = Attempt { controller, base_path: "", credential: None, first_byte_by };
        let request = Features::request();
        let head = self.connections.exchange(call, &attempt, &request, body).map_err(Error::from);
        let features = head.and_then(|head| answer(&request, &head, body)).and_then(|()| Features::read(body));
        // The request that this is for has not left.
        let features = Arc::new(features.map_err(|error| Failure { error, sent: false })?);
        self.controllers.learn(controller, &features);
        Ok(features)
    }

    /// Ends a session at the controller that made it. That it is gone already is fine.
    pub(crate) fn end(&self, call: &Call, session: &LiveSession, mut request: Request) -> Result<(), Error> {
        request.idempotent = true;
        let mut body = Vec::new();
        let head = self.attempt(call, &session.controller, Some(session), 0, &request, &mut body)?;
        if head.status == 401 {
            return Ok(());
        }
        answer(&request, &head, &body)
    }

    /// Logs in with the identity's certificate, and waits for a cluster to learn of it where it is new, unless there is
    /// a newer one.
    fn log_in(&self, call: &Call) -> Result<NewSession, Error> {
        self.log_in_while(call, |controller| self.may_not_be_known_yet(controller) && !self.is_superseded())
    }

    /// The same, and a refusal counts at once.
    fn log_in_once(&self, call: &Call) -> Result<NewSession, Error> {
        self.log_in_while(call, |_| false)
    }

    fn log_in_while(&self, call: &Call, goes_on: impl Fn(&ControllerUrl) -> bool) -> Result<NewSession, Error> {
        if self.identity.leaf().is_none() {
            let message = "the identity has no certificate, and other ways to log in are not supported";
            return Err(Error::Unsupported(message.to_owned()));
        }
        let request = request::by_certificate(&self.about);
        let mut body = Vec::new();
        let mut pause = FIRST_PAUSE;
        let mut asked = self.ask_any(call, &request, &mut body);
        loop {
            let (head, controller) = asked?;
            if head.is_success() {
                return new_session(&request, controller, &mut body);
            }
            let answer = refusal::read(&request.operation(), &head, &body);
            if head.status != 401 {
                return Err(refusal::into_error(answer));
            }
            let may_become_known = goes_on(&controller);
            if !may_become_known || call.remaining() <= pause {
                return Err(self.rejection(answer, may_become_known));
            }
            self.controllers.failed(&controller, Instant::now());
            asked = call.pause(pause).and_then(|()| self.ask_any(call, &request, &mut body));
            if matches!(asked, Err(Error::Timeout { .. })) {
                return Err(self.rejection(answer, may_become_known));
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// True if the certificate was issued moments ago and this controller may still have to learn of it.
    fn may_not_be_known_yet(&self, controller: &ControllerUrl) -> bool {
        let clustered = self.controllers.features(controller).is_some_and(|features| features.clustered);
        let age = |facts: CertificateFacts| SystemTime::now().duration_since(facts.not_before).ok();
        clustered && self.certificate().and_then(age).is_some_and(|age| age < FRESH_FOR)
    }

    /// True if the store holds another certificate, or the pair of a renewal that was interrupted.
    fn is_superseded(&self) -> bool {
        let Some(store) = &self.store else { return false };
        let own = self.identity.leaf();
        let stored = store.path().and_then(|path| self.identity.load_again(path).ok());
        let kept = store.kept_pair(&self.identity).ok().flatten();
        let leaves = [stored.as_ref().and_then(Identity::leaf), kept.as_ref().and_then(NewPair::leaf)];
        leaves.into_iter().flatten().any(|leaf| Some(leaf) != own)
    }

    fn rejection(&self, answer: ApiError, for_want_of_time: bool) -> Error {
        let now = SystemTime::now();
        let mut known = Vec::new();
        if let Some(facts) = self.certificate() {
            if facts.not_after < now {
                known.push(format!("by the local clock its certificate expired at {}", display_time(facts.not_after)));
            }
            if facts.not_before > now {
                let from = display_time(facts.not_before);
                known.push(format!("by the local clock its certificate is valid only from {from}"));
            }
        }
        let last_login = self.flight.last_login().and_then(|at| now.checked_sub(at.elapsed()));
        known.extend(last_login.map(|at| format!("this client last logged in at {}", display_time(at))));
        Error::Rejected(Box::new(Rejection { answer, known, for_want_of_time }))
    }

    fn certificate(&self) -> Option<CertificateFacts> {
        CertificateFacts::read(self.identity.leaf()?).ok()
    }
}

/// `Ok` for a success, else the refusal as an error.
pub(crate) fn answer(request: &Request, head: &Head, body: &[u8]) -> Result<(), Error> {
    if head.is_success() {
        return Ok(());
    }
    Err(refusal::into_error(refusal::read(&request.operation(), head, body)))
}

/// True if another controller may be asked after this outcome: nothing was done, or it may be done twice.
pub(crate) fn may_move_on(outcome: &Result<Head, Failure>, request: &Request) -> bool {
    match outcome {
        Ok(head) => has_failed(head) && request.idempotent,
        Err(failure) => is_of_the_controller(failure) && (request.idempotent || !failure.sent),
    }
}

/// False if no controller could have done better: the caller wants no more, asks for what cannot be sent, or has a key
/// that does not sign.
fn is_of_the_controller(failure: &Failure) -> bool {
    use Error as E;
    !matches!(failure.error, E::Canceled { .. } | E::InvalidArgument(_) | E::Unsupported(_) | E::Identity(_))
}

/// True for the statuses with which a controller says that it cannot serve, and another may. A 500 is about the
/// request: another controller would fail at it too.
fn has_failed(head: &Head) -> bool {
    matches!(head.status, 502..=504)
}

fn new_session(request: &Request, controller: ControllerUrl, body: &mut [u8]) -> Result<NewSession, Error> {
    let api_session: ApiSession = envelope::data_once(&request.operation(), body)?;
    let token = api_session.token.expose();
    // A token that cannot be sent would fail each call from here on, and none of them would log in again.
    if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Error::Decode {
            operation: request.operation(),
            path: "data.token".to_owned(),
            message: "this is not a token".to_owned(),
        });
    }
    let credential = Credential { header: "zt-session", value: Secret::new(token) };
    log::debug!("logged in at {controller}");
    Ok(NewSession { credential, controller, api_session })
}

#[cfg(test)]
mod tests;
