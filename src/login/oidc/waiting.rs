//! A login that waits for factors. The controller it began at knows it for ten minutes, and no other does.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::Serialize;
use zeroize::Zeroize;

use super::answer::Answered;
use super::authorize::Authorization;
use super::discovery::step;
use super::talk::{Stopped, Talk};
use crate::error::{ApiError, Error};
use crate::login::flight::Wanted;
use crate::login::generation::{Generation, answer};
use crate::login::live::{LiveSession, NewSession, SessionToken};
use crate::login::now::Now;
use crate::login::session::ApiSession;
use crate::secret::Secret;
use crate::transport::Call;
use crate::wire::{Body, Method, Request, refusal};

/// How long controllers know a login that is not complete.
pub(super) const LIFE: Duration = Duration::from_secs(10 * 60);

/// A login over OIDC without its tokens.
pub(crate) struct WaitingLogin {
    pub(super) login: Authorization,
    since: Now,
    /// How long the controller knew it from then on.
    life: Duration,
    /// What sets up a device for TOTP, as the controller told it: once.
    enrollment: Mutex<Option<Secret>>,
}

/// What a TOTP code is given for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CodeFor {
    /// The login.
    Login,
    /// The proof that a device is set up, which logs in as well.
    Setup,
}

/// Why a step of a waiting login came to nothing.
enum Trouble {
    /// The controller does not know the login any more, because its time is over or the controller was started again; or
    /// it cannot be reached.
    Unknown(Error),
    Other(Error),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Trouble::Other(error)
    }
}

impl From<Stopped> for Trouble {
    /// A controller that was not reached may as well have forgotten the login: another one begins one anew.
    fn from(stopped: Stopped) -> Self {
        if stopped.again { Trouble::Unknown(stopped.error) } else { Trouble::Other(stopped.error) }
    }
}

impl WaitingLogin {
    pub(super) fn new(login: Authorization, since: Now, life: Duration) -> Self {
        Self { login, since, life, enrollment: Mutex::new(None) }
    }

    /// How long until the controller forgets it.
    pub(in crate::login) fn left(&self, now: Now) -> Duration {
        self.life.saturating_sub(now.since(self.since))
    }

    fn request(&self, path: &str, code: Option<&Secret>) -> Request {
        #[derive(Serialize)]
        struct StepBody<'a> {
            id: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            code: Option<&'a str>,
        }
        let body = Body::json(&StepBody { id: self.login.id.expose(), code: code.map(Secret::expose) });
        let request = step(Request::post(self.login.endpoints.login(path))).hide(&self.login.id).body(body);
        code.into_iter().fold(request, Request::hide)
    }

    fn keep_enrollment(&self, enrollment: Option<Secret>) {
        *self.enrollment.lock().unwrap_or_else(PoisonError::into_inner) = enrollment;
    }

    fn enrollment(&self) -> Option<Secret> {
        self.enrollment.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Generation {
    /// Gives a login over OIDC that waits the code, and says what it is like then; `None` if the login is another.
    ///
    /// The code is sent once more only where the controller did not look at it, because it does not know the login.
    pub(crate) fn give_code(&self, call: &Call, what: CodeFor, code: &Secret) -> Result<Option<ApiSession>, Error> {
        self.while_waiting(call, |talk, session, waiting| {
            let renewed = talk.give_code(session, waiting, what, code)?;
            let api_session = renewed.api_session.clone();
            self.flight.progressed_to(session, |_| renewed);
            Ok(api_session)
        })
    }

    /// Begins to set up TOTP for a login over OIDC that waits, and returns the set-up as JSON; `None` if the login is
    /// another.
    pub(crate) fn set_up_totp(&self, call: &Call) -> Result<Option<Secret>, Error> {
        self.while_waiting(call, |talk, _, waiting| {
            let request = waiting.request("totp/enroll", None);
            let mut body = Vec::new();
            let head = talk.ask(&request, false, &mut body)?;
            match head.status {
                201 => {}
                401 => return Err(unknown(refusal::read(&request.operation(), &head, &body))),
                200..=299 => return Err(no_setup().into()),
                _ => return Err(refusal::into_error(refusal::read(&request.operation(), &head, &body)).into()),
            }
            let enrollment = Secret::new(String::from_utf8_lossy(&body));
            body.zeroize();
            waiting.keep_enrollment(Some(enrollment.clone()));
            Ok(enrollment)
        })
    }

    /// Takes back a set-up of TOTP that is not verified. `None` if the login does not wait, or not over OIDC.
    pub(crate) fn cancel_totp(&self, call: &Call) -> Result<Option<()>, Error> {
        self.while_waiting(call, |talk, _, waiting| {
            // Controllers want to know what kind of body comes, also where they read none.
            let mut request = waiting.request("totp/enroll", None).secret_query("id", &waiting.login.id);
            request.method = Method::Delete;
            let mut body = Vec::new();
            let head = talk.ask(&request, false, &mut body)?;
            if head.status == 401 {
                return Err(unknown(refusal::read(&request.operation(), &head, &body)));
            }
            answer(&request, &head, &body)?;
            waiting.keep_enrollment(None);
            Ok(())
        })
    }

    /// The set-up of TOTP that a login over OIDC waits for, as JSON, if there is one in this program: controllers tell it
    /// once. `None` if the login is another.
    pub(crate) fn totp_setup(&self, call: &Call) -> Result<Option<Secret>, Error> {
        let session = self.session(call, Wanted::Current)?;
        let SessionToken::Waiting(waiting) = &session.token else { return Ok(None) };
        match waiting.enrollment() {
            Some(enrollment) => Ok(Some(enrollment)),
            None => Err(session.require_complete().err().unwrap_or_else(no_setup)),
        }
    }

    /// Runs a step of the login over OIDC that waits; with a new login, once, if the controller has forgotten the one
    /// there is. `None` if the login is another, or has become complete by being made anew.
    fn while_waiting<T>(
        &self,
        call: &Call,
        run: impl Fn(&Talk<'_>, &Arc<LiveSession>, &Arc<WaitingLogin>) -> Result<T, Trouble>,
    ) -> Result<Option<T>, Error> {
        let mut session = self.session(call, Wanted::Current)?;
        // An external JWT comes with the first factor: a code before it would be given in vain. One that was given and has
        // ended is replaced along with the code.
        if session.is_waiting() && session.jwt_query().is_some() {
            session = self.with_second(call, Arc::clone(&session)).unwrap_or_else(|error| {
                log::debug!("there is no external JWT for the login that waits: {error}");
                session
            });
        }
        for is_last in [false, true] {
            let SessionToken::Waiting(waiting) = &session.token else { break };
            let talk = Talk { generation: self, call, controller: &waiting.login.controller, untried: 0 };
            match run(&talk, &session, waiting) {
                Ok(done) => return Ok(Some(done)),
                Err(Trouble::Other(error)) => return Err(error),
                Err(Trouble::Unknown(error)) if is_last => return Err(error),
                Err(Trouble::Unknown(error)) => log::debug!("logging in anew: {error}"),
            }
            session = self.session(call, Wanted::NewerThan(session.number))?;
        }
        Ok(None)
    }
}

impl Talk<'_> {
    fn give_code(
        &self,
        session: &LiveSession,
        waiting: &WaitingLogin,
        what: CodeFor,
        code: &Secret,
    ) -> Result<NewSession, Trouble> {
        let login = &waiting.login;
        // The tokens are good together with it only.
        let second = self.generation.second_to_complete(self.call, session)?;
        let request = waiting.request(if what == CodeFor::Login { "totp" } else { "totp/enroll/verify" }, Some(code));
        let answered = match self.give(&request) {
            Ok(answered) => answered,
            // If the code was taken there are tokens to be had.
            Err(stopped) if stopped.perhaps_done => {
                let looked = self.fetch_tokens(login, &login.callback(), second);
                return looked.map_err(|_| stopped.into());
            }
            Err(stopped) => return Err(stopped.into()),
        };
        match answered {
            Answered::Refused(answer) if answer.status == 401 => Err(unknown(answer)),
            // Up to 1.6 the code proves that the device is set up, and has to be given once more to log in.
            Answered::Nothing(_) if what == CodeFor::Setup => self.give_code(session, waiting, CodeFor::Login, code),
            Answered::Page(answer) => Err(Trouble::Other(Error::Api(Box::new(ApiError {
                message: "the login takes no TOTP code now; set up TOTP first".to_owned(),
                ..answer
            })))),
            Answered::Wants { factors, .. } => {
                waiting.keep_enrollment(None);
                let session = NewSession { second, api_session: ApiSession::waiting(factors), ..session.again() };
                self.generation.tell_of(self.call, &session);
                Ok(session)
            }
            answered => Ok(self.go_on(login, second, answered)?),
        }
    }
}

fn unknown(answer: ApiError) -> Trouble {
    Trouble::Unknown(refusal::into_error(answer))
}

fn no_setup() -> Error {
    let message = "this controller cannot set up TOTP while a login over OIDC waits for it; use LoginFlow::Legacy to set \
                   it up";
    Error::Unsupported(message.to_owned())
}
