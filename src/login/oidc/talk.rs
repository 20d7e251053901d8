//! The steps of one login, sent to one controller.

use std::sync::Arc;
use std::time::Duration;

use super::answer::Answered;
use super::authorize::{Authorization, Beginning};
use super::discovery::{self, Endpoints, step};
use super::flow::NoOidc;
use super::token::OidcTokens;
use crate::error::Error;
use crate::login::dispatch::CURRENT;
use crate::login::generation::{Generation, answer, has_failed, may_move_on};
use crate::login::live::{LiveSession, NewSession, SessionToken};
use crate::login::request::login_body_for;
use crate::login::session::ApiSession;
use crate::login::ways::{Primary, leaves_open};
use crate::secret::Secret;
use crate::transport::{Call, Failure};
use crate::wire::request::bearer;
use crate::wire::{ControllerUrl, Head, Request, envelope, refusal};

/// Who talks to which controller.
pub(super) struct Talk<'a> {
    pub(super) generation: &'a Generation,
    pub(super) call: &'a Call,
    pub(super) controller: &'a ControllerUrl,
    /// How many more controllers could be asked.
    pub(super) untried: usize,
}

/// Why a login at a controller came to nothing.
pub(super) struct Stopped {
    pub(super) error: Error,
    /// True if the login may begin anew.
    pub(super) again: bool,
    /// True if that may be at another controller, which may do better.
    pub(super) elsewhere: bool,
    /// True if the answer to the last step was lost: it may have been carried out.
    pub(super) perhaps_done: bool,
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self { error, again: false, elsewhere: false, perhaps_done: false }
    }
}

impl From<Stopped> for Error {
    fn from(stopped: Stopped) -> Self {
        stopped.error
    }
}

impl Talk<'_> {
    /// Sends a step. `again` is whether the login may begin anew elsewhere if the answer to it is lost; where the
    /// controller has not begun with the step it may in any case.
    pub(super) fn ask(&self, request: &Request, again: bool, body: &mut Vec<u8>) -> Result<Head, Stopped> {
        self.ask_with(None, request, again, body)
    }

    fn ask_with(
        &self,
        session: Option<&LiveSession>,
        request: &Request,
        again: bool,
        body: &mut Vec<u8>,
    ) -> Result<Head, Stopped> {
        let Self { generation, call, controller, untried } = *self;
        let outcome = generation.attempt(call, controller, session, untried, request, body);
        let not_begun = match &outcome {
            Ok(head) if has_failed(head) => refusal::read(&request.operation(), head, body).was_not_carried_out(),
            _ => false,
        };
        let again = may_move_on(&outcome, again || not_begun);
        let elsewhere = again && untried > 0 && call.may_go_on();
        match outcome {
            Ok(head) if again => {
                let error = refusal::into_error(refusal::read(&request.operation(), &head, body));
                Err(Stopped { error, again, elsewhere, perhaps_done: false })
            }
            Ok(head) => Ok(head),
            Err(Failure { error, sent }) => Err(Stopped { error, again, elsewhere, perhaps_done: sent }),
        }
    }

    /// Where the steps are at this controller, or why there are none.
    pub(super) fn discover(&self) -> Result<Result<Endpoints, NoOidc>, Stopped> {
        let Self { generation, call, controller, untried } = *self;
        let mut body = Vec::new();
        let features = generation.features(call, controller, untried, &mut body);
        let features = features.map_err(|failure| {
            let again = may_move_on(&Err(failure.clone()), true);
            let elsewhere = again && untried > 0 && call.may_go_on();
            Stopped { error: failure.error, again, elsewhere, perhaps_done: false }
        })?;
        let Some(path) = features.oidc_path() else {
            return Ok(Err(NoOidc(format!("{controller} does not announce any"))));
        };
        let head = self.ask(&discovery::request(path), true, &mut body)?;
        let endpoints = Endpoints::read(controller, path, &head, &body);
        Ok(endpoints.map_err(|why| NoOidc(format!("{controller}: {why}"))))
    }

    /// Begins a login.
    pub(super) fn begin(&self, endpoints: Endpoints, primary: &Primary<'_>) -> Result<Authorization, Stopped> {
        let beginning = Beginning::new()?;
        let request = beginning.request(&endpoints, word_for(primary));
        let mut body = Vec::new();
        let head = self.ask(&request, true, &mut body)?;
        Ok(beginning.read(self.controller, endpoints, &request, &head, &body)?)
    }

    /// Shows the first factor, and with it the JWT of a second one, as the header it is sent in.
    pub(super) fn show(
        &self,
        login: &Authorization,
        primary: &Primary<'_>,
        second: Option<&Secret>,
    ) -> Result<Answered, Stopped> {
        let user = match primary {
            Primary::Password { username, password } => Some((*username, *password)),
            Primary::Certificate | Primary::ExternalJwt(_) => None,
        };
        let body = login_body_for(Some(&login.id), &self.generation.about, user);
        let mut request = step(Request::post(login.endpoints.login(word_for(primary)))).hide(&login.id).body(body);
        match primary {
            Primary::Certificate => {}
            Primary::Password { password, .. } => request = request.hide(password),
            Primary::ExternalJwt(jwt) => request = request.header("authorization", &bearer(jwt)),
        }
        if let Some(second) = second {
            request = request.header("authorization", second);
        }
        // Controllers count wrong passwords.
        let ways = &self.generation.ways;
        let again = user.is_none() || ways.were_accepted();
        request.idempotent = again;
        let mut body = Vec::new();
        let asked = self.ask(&request, again, &mut body);
        let head = asked.inspect_err(|stopped| ways.note_unjudged(stopped.perhaps_done))?;
        let answered = Answered::read(self.controller, &request, &head, &body);
        Ok(answered.inspect_err(|error| ways.note_unjudged(error.answer().is_none_or(leaves_open)))?)
    }

    /// Sends a code. A busy controller is not sent it again: whoever has to wait gives the code of then.
    pub(super) fn give(&self, request: &Request) -> Result<Answered, Stopped> {
        let mut body = Vec::new();
        let asked = self.ask(request, false, &mut body);
        let head = asked.map_err(|stopped| match stopped.error {
            Error::Busy(_) => Stopped { again: false, elsewhere: false, ..stopped },
            _ => stopped,
        })?;
        Ok(Answered::read(self.controller, request, &head, &body)?)
    }

    /// What the controller says of a login that has its tokens: no two versions put the same into them, and some tokens
    /// cannot be read at all. That it is asked for shows that the tokens are taken, too.
    fn look_at(&self, session: &LiveSession) -> Result<ApiSession, Stopped> {
        let request = Request::get(CURRENT);
        let mut body = Vec::new();
        let head = self.ask_with(Some(session), &request, true, &mut body)?;
        answer(&request, &head, &body)?;
        Ok(envelope::data_once(&request.operation(), &mut body)?)
    }

    /// The login as the controller sees it, now that it has its tokens.
    ///
    /// Who ends all logins of an identity ends those of the whole second: tokens that were made in it are refused, and
    /// refreshed once it is over.
    pub(super) fn completed(&self, session: NewSession) -> Result<NewSession, Stopped> {
        self.generation.tell_of(self.call, &session);
        let is_unknown = session.api_session.id.is_empty();
        let mut session = LiveSession::new(0, session, false);
        let mut seen = self.look_at(&session);
        if let (Err(Stopped { error: Error::Unauthorized(_), .. }), SessionToken::Oidc(tokens)) =
            (&seen, &session.token)
            && let Some(request) = tokens.refresh_request()
        {
            self.call.pause(ONE_SECOND)?;
            let mut body = Vec::new();
            let head = self.ask(&request, true, &mut body)?;
            answer(&request, &head, &body)?;
            let now = self.generation.time.now();
            let later = OidcTokens::read(&request, &mut body, now, tokens.endpoints())?.after(tokens);
            let token = SessionToken::Oidc(Arc::new(later));
            let later = NewSession { token, ..session.again() };
            self.generation.tell_of(self.call, &later);
            session = LiveSession::new(0, later, false);
            seen = self.look_at(&session);
        }
        let session = NewSession { api_session: seen?, continues: None, ..session.again() };
        if is_unknown {
            self.generation.tell_of(self.call, &session);
        }
        Ok(session)
    }
}

/// And a little, as clocks are read a moment later than they tick.
const ONE_SECOND: Duration = Duration::from_millis(1050);

/// What controllers call the first factor, in paths as in queries.
fn word_for(primary: &Primary<'_>) -> &'static str {
    match primary {
        Primary::Certificate => "cert",
        Primary::Password { .. } => "password",
        Primary::ExternalJwt(_) => "ext-jwt",
    }
}
