//! A login from its first request to its tokens, or to the factors that it waits for.

use std::sync::Arc;

use super::answer::Answered;
use super::authorize::Authorization;
use super::talk::{Stopped, Talk};
use super::token::OidcTokens;
use super::waiting::{LIFE, WaitingLogin};
use crate::error::Error;
use crate::login::credentials::LoginFlow;
use crate::login::generation::{Generation, answer, no_controller};
use crate::login::live::{NewSession, Second, SecondJwt, SessionToken};
use crate::login::pacing::Retries;
use crate::login::session::{ApiSession, AuthQuery};
use crate::login::ways::{Primary, Shown};
use crate::transport::Call;
use crate::wire::{Request, refusal};

/// Why a controller has no OIDC to log in with, in words.
pub(in crate::login) struct NoOidc(pub(in crate::login) String);

impl Generation {
    /// Shows the first factor to a controller, and begins anew at the next one where that one fails or has no OIDC; with
    /// busy ones once more in a while, where that shows no password twice.
    pub(in crate::login) fn show_for_tokens(
        &self,
        call: &Call,
        primary: &Primary<'_>,
    ) -> Result<Result<Shown, NoOidc>, Error> {
        let mut retries = Retries::default();
        loop {
            let stopped = match self.show_in_turn(call, primary) {
                Ok(outcome) => return Ok(outcome),
                Err(stopped) => stopped,
            };
            if !stopped.again || !self.may_begin_again(call, &stopped.error, &mut retries)? {
                return Err(stopped.error);
            }
        }
    }

    fn show_in_turn(&self, call: &Call, primary: &Primary<'_>) -> Result<Result<Shown, NoOidc>, Stopped> {
        let order = self.controllers.in_order(self.time.now().monotonic);
        let mut untried = order.len();
        let (mut none, mut failed) = (None, None);
        for controller in &order {
            untried -= 1;
            let talk = Talk { generation: self, call, controller, untried };
            match talk.log_in(primary) {
                Ok(Err(without)) => {
                    log::debug!("no login over OIDC at {}", without.0);
                    none.get_or_insert(without);
                }
                Err(stopped) if stopped.elsewhere || (stopped.again && none.is_some()) => {
                    self.counted.moved_on();
                    log::debug!("logging in elsewhere: {}", stopped.error);
                    failed = Some(stopped);
                }
                outcome => return outcome,
            }
        }
        match (none, failed) {
            // One that could not has OIDC all the same, and another kind of login is not wanted.
            (Some(_), Some(stopped)) if self.ways.flow == LoginFlow::Oidc => Err(stopped),
            (Some(none), _) => Ok(Err(none)),
            (None, failed) => Err(failed.unwrap_or_else(|| no_controller().into())),
        }
    }
}

impl Talk<'_> {
    fn log_in(&self, primary: &Primary<'_>) -> Result<Result<Shown, NoOidc>, Stopped> {
        let endpoints = match self.discover()? {
            Ok(endpoints) => endpoints,
            Err(none) => return Ok(Err(none)),
        };
        let login = self.begin(endpoints, primary)?;
        let answered = match self.show(&login, primary, None)? {
            Answered::Page(answer) => return Ok(Ok(Shown::Refused(answer, self.controller.clone()))),
            Answered::Refused(answer) if answer.status == 401 => {
                return Ok(Ok(Shown::Refused(answer, self.controller.clone())));
            }
            answered => answered,
        };
        if matches!(answered, Answered::Done(_) | Answered::Wants { .. }) {
            self.generation.ways.note(true);
        }
        let (second, answered) = self.show_second(&login, primary, answered)?;
        self.go_on(&login, second, answered).map(|session| Ok(Shown::Taken(Box::new(session))))
    }

    /// Shows the JWT of the second factor, if one is wanted and the client has a source of them: the first factor comes
    /// with it once more, which has just been taken.
    fn show_second(
        &self,
        login: &Authorization,
        primary: &Primary<'_>,
        mut answered: Answered,
    ) -> Result<(Second, Answered), Stopped> {
        let Some(source) = &self.generation.ways.second else { return Ok((Second::None, answered)) };
        let Some(signer) = wanted_signer(&answered) else { return Ok((Second::None, answered)) };
        for refused in [false, true] {
            if refused && !source.has_more() {
                break;
            }
            let jwt = SecondJwt::new(signer.as_deref(), source.supply(self.call, signer.as_deref(), refused)?);
            if jwt.is_over(self.generation.controllers_time()) {
                continue;
            }
            answered = self.show(login, primary, Some(&jwt.bearer()))?;
            if wanted_signer(&answered).is_none() {
                return Ok((Second::Sent(jwt), answered));
            }
            if matches!(answered, Answered::Wants { judged_jwt: false, .. }) {
                let message = "this controller takes no external JWT as the second factor of a login over OIDC; use \
                               LoginFlow::Legacy";
                return Err(Error::Unsupported(message.to_owned()).into());
            }
        }
        Ok((Second::Refused(self.generation.time.now().monotonic), answered))
    }

    /// What comes after a factor that was taken: tokens, or waiting for more.
    pub(super) fn go_on(
        &self,
        login: &Authorization,
        second: Second,
        answered: Answered,
    ) -> Result<NewSession, Stopped> {
        match answered {
            Answered::Done(place) => self.fetch_tokens(login, &Authorization::code_request(&place), second),
            Answered::Wants { factors, .. } => Ok(self.waiting(login, second, factors)),
            Answered::Refused(answer) | Answered::Page(answer) => Err(refusal::into_error(answer).into()),
            Answered::Nothing(error) => Err(error.into()),
        }
    }

    fn waiting(&self, login: &Authorization, second: Second, factors: Vec<AuthQuery>) -> NewSession {
        let waiting = WaitingLogin::new(login.clone(), self.generation.time.now(), LIFE);
        let mut api_session = ApiSession::waiting(factors);
        if matches!(second, Second::Refused(_)) {
            api_session.refuse_jwt(None);
        }
        log::debug!("{}: the login waits for more factors", self.controller);
        let token = SessionToken::Waiting(Arc::new(waiting));
        let session = NewSession { token, second, controller: self.controller.clone(), api_session, continues: None };
        self.generation.tell_of(self.call, &session);
        session
    }

    /// Fetches the code and exchanges it.
    pub(super) fn fetch_tokens(
        &self,
        login: &Authorization,
        code_request: &Request,
        second: Second,
    ) -> Result<NewSession, Stopped> {
        let mut body = Vec::new();
        let head = self.ask(code_request, true, &mut body)?;
        let code = login.read_code(code_request, &head, &body)?;
        let request = login.exchange_request(&code);
        let head = self.ask(&request, true, &mut body)?;
        answer(&request, &head, &body)?;
        let mut tokens = OidcTokens::read(&request, &mut body, self.generation.time.now(), &login.endpoints)?;
        tokens.require_nonce(&request, login)?;
        tokens.bound_to = self.generation.identity.leaf().cloned();
        log::debug!("logged in over OIDC at {}", self.controller);
        self.completed(NewSession {
            token: SessionToken::Oidc(Arc::new(tokens)),
            second,
            controller: self.controller.clone(),
            api_session: ApiSession::default(),
            continues: None,
        })
    }
}

/// The signer whose JWT is missing, if it is named; `None` if none is missing.
fn wanted_signer(answered: &Answered) -> Option<Option<String>> {
    let Answered::Wants { factors, .. } = answered else { return None };
    factors.iter().find(|query| query.is_jwt()).map(|query| query.id.clone())
}
