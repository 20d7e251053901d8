//! Logins that make a session at one controller.

use std::time::{Duration, Instant, SystemTime};

use crate::error::{ApiError, Believed, Error, Rejection};
use crate::identity::{Identity, NewPair};
use crate::login::controllers::Features;
use crate::login::credentials::{Credentials, JwtSource};
use crate::login::generation::Generation;
use crate::login::live::{NewSession, Second, SessionToken};
use crate::login::request;
use crate::login::session::ApiSession;
use crate::secret::Secret;
use crate::transport::Call;
use crate::trust::certificate::CertificateFacts;
use crate::trust::{display_time, token};
use crate::wire::{ControllerUrl, Request, envelope, refusal};

/// A certificate this young may be unknown to a node that has not caught up with its cluster. Controllers date
/// certificates one minute back.
const FRESH_FOR: Duration = Duration::from_secs(120);
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

impl Generation {
    pub(super) fn by_legacy(&self, call: &Call, goes_on: impl Fn(&ControllerUrl) -> bool) -> Result<NewSession, Error> {
        match &self.ways.credentials {
            Credentials::Certificate => self.by_certificate(call, goes_on),
            Credentials::Password { username, password } => self.by_password(call, username, password),
            Credentials::ExternalJwt(source) => self.by_external_jwt(call, source),
        }
    }

    fn by_certificate(&self, call: &Call, goes_on: impl Fn(&ControllerUrl) -> bool) -> Result<NewSession, Error> {
        if self.identity.leaf().is_none() {
            let message = "the identity has no certificate to log in with; give the client other credentials (a \
                           password or an external JWT)";
            return Err(Error::Identity(message.to_owned()));
        }
        self.log_in_by(call, &request::by_certificate(&self.about), goes_on)
    }

    /// A wrong password may be counted, so it is sent once; one that was right before may be repeated.
    fn by_password(&self, call: &Call, username: &str, password: &Secret) -> Result<NewSession, Error> {
        let mut request = request::by_password(&self.about, username, password);
        request.idempotent = self.ways.were_accepted();
        self.log_in_by(call, &request, |_| false)
    }

    /// Asks for a token, and once more if that one is refused.
    fn by_external_jwt(&self, call: &Call, source: &JwtSource) -> Result<NewSession, Error> {
        let first = self.by_token(call, &source.supply(call, None, false)?);
        match first {
            Err(Unusable::Refused(_) | Unusable::Over(_)) if source.has_more() => {
                self.by_token(call, &source.supply(call, None, true)?).map_err(Error::from)
            }
            outcome => outcome.map_err(Error::from),
        }
    }

    fn by_token(&self, call: &Call, jwt: &Secret) -> Result<NewSession, Unusable> {
        let over = || token::expires_at(jwt).filter(|end| *end <= self.clock.now());
        if over().is_some() && !self.clock.is_known() {
            // The local clock may be wrong.
            self.ask_any(call, &Features::request(), &mut Vec::new()).map_err(Unusable::NotTried)?;
        }
        if let Some(end) = over() {
            let end = display_time(end);
            let message = format!("the external JWT to log in with expired at {end}; give the client another one");
            return Err(Unusable::Over(Error::Identity(message)));
        }
        let request = request::by_external_jwt(&self.about, jwt);
        self.log_in_by(call, &request, |_| false).map_err(|error| match error {
            Error::Rejected(_) => Unusable::Refused(error),
            _ => Unusable::NotTried(error),
        })
    }

    fn log_in_by(
        &self,
        call: &Call,
        request: &Request,
        goes_on: impl Fn(&ControllerUrl) -> bool,
    ) -> Result<NewSession, Error> {
        let mut body = Vec::new();
        let mut pause = FIRST_PAUSE;
        let mut asked = self.ask_any(call, request, &mut body);
        loop {
            let (head, controller) = asked?;
            if head.is_success() {
                self.ways.note(true);
                return new_session(request, controller, &mut body);
            }
            let answer = refusal::read(&request.operation(), &head, &body);
            if head.status != 401 {
                return Err(refusal::into_error(answer));
            }
            self.ways.note(false);
            let may_become_known = goes_on(&controller);
            if !may_become_known || call.remaining() <= pause {
                return Err(self.rejection(answer, may_become_known));
            }
            self.controllers.failed(&controller, Instant::now());
            asked = call.pause(pause).and_then(|()| self.ask_any(call, request, &mut body));
            if matches!(asked, Err(Error::Timeout { .. })) {
                return Err(self.rejection(answer, may_become_known));
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
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
    pub(super) fn rejection(&self, answer: ApiError, for_want_of_time: bool) -> Error {
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
        let last_login = self.flight.last_login().and_then(|at| now.checked_sub(at.elapsed()));
        known.extend(last_login.map(|at| format!("this client last logged in at {}", display_time(at))));
        let believed = match &self.ways.credentials {
            Credentials::Password { .. } => {
                let what = "the password is not sent again until the client is given credentials or told to retry";
                known.push(what.to_owned());
                Believed::UntilToldOtherwise
            }
            _ if for_want_of_time => Believed::NotAtAll,
            _ => Believed::ForAWhile,
        };
        Error::Rejected(Box::new(Rejection { answer, known, believed }))
    }

    fn certificate(&self) -> Option<CertificateFacts> {
        CertificateFacts::read(self.identity.leaf()?).ok()
    }
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
    let token = SessionToken::Legacy(Secret::new(token));
    log::debug!("logged in at {controller}");
    Ok(NewSession { token, second: Second::None, controller, api_session, continues: None })
}
