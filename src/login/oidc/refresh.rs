//! New tokens for a refresh token, and what comes of it where there are none.

use std::sync::Arc;

use super::talk::{Stopped, Talk};
use super::token::OidcTokens;
use crate::error::Error;
use crate::login::generation::{Generation, answer};
use crate::login::live::{LiveSession, NewSession, SessionToken};
use crate::transport::{Call, Failure};
use crate::wire::Head;

/// When a login is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::login) enum Renewal {
    /// Before it ends.
    InTime,
    /// It is of no use any more.
    TooLate,
}

/// What came of a refresh.
enum Refreshed {
    Renewed(Box<NewSession>),
    /// The refresh token was not looked at: it is as good as before.
    NotNow(Error),
    /// The refresh token is spent, or may be.
    NeverAgain(Error),
}

impl Generation {
    /// A login in the place of `old`, by its refresh token if it has one. As long as the old one lasts, it is kept where
    /// there is no other for now.
    pub(in crate::login) fn renew(&self, call: &Call, old: &LiveSession, when: Renewal) -> Result<NewSession, Error> {
        let SessionToken::Oidc(tokens) = &old.token else { return self.log_in(call) };
        let in_time = when == Renewal::InTime && !tokens.are_over(self.time.now());
        let outcome = match self.refresh(call, old, tokens, when) {
            Refreshed::Renewed(session) => {
                if let Some(counted) = self.counts() {
                    counted.refreshed();
                }
                return Ok(*session);
            }
            Refreshed::NotNow(error) | Refreshed::NeverAgain(error) if is_of_the_caller(call, &error) => {
                return Err(error);
            }
            Refreshed::NotNow(error) if in_time => Err(error),
            Refreshed::NotNow(error) | Refreshed::NeverAgain(error) => {
                log::info!("logging in anew, as the login could not be refreshed: {error}");
                self.log_in(call)
            }
        };
        match outcome {
            Err(error) if in_time && !is_of_the_caller(call, &error) && !matches!(error, Error::Rejected(_)) => {
                log::warn!("the login could not be renewed, and is used on until it ends: {error}");
                tokens.postpone(self.time.now());
                Ok(old.again())
            }
            outcome => outcome,
        }
    }

    fn refresh(&self, call: &Call, old: &LiveSession, tokens: &Arc<OidcTokens>, when: Renewal) -> Refreshed {
        let Some(request) = tokens.refresh_request() else {
            let message = "the controller gave no refresh token";
            return Refreshed::NeverAgain(Error::Unsupported(message.to_owned()));
        };
        let mut body = Vec::new();
        let (head, controller) = match self.ask_in_turn_past(call, &request, &mut body, has_no_oidc) {
            Ok(answered) => answered,
            Err(Failure { error, sent: false }) => return Refreshed::NotNow(error),
            Err(Failure { error, sent: true }) => return Refreshed::NeverAgain(error),
        };
        if let Err(error) = answer(&request, &head, &body) {
            return if is_for_now(&head, &error) { Refreshed::NotNow(error) } else { Refreshed::NeverAgain(error) };
        }
        let renewed = match OidcTokens::read(&request, &mut body, self.time.now(), tokens.endpoints()) {
            Ok(renewed) => Arc::new(renewed.after(tokens)),
            Err(error) => return Refreshed::NeverAgain(error),
        };
        // From here on there is only this login, whatever else fails: the old tokens are spent.
        let mut session = NewSession {
            token: SessionToken::Oidc(Arc::clone(&renewed)),
            controller: controller.clone(),
            ..old.again()
        };
        session.api_session.token = renewed.access.clone();
        let session = LiveSession::new(old.number, session, true);
        let talk = Talk { generation: self, call, controller: &controller, untried: 0 };
        let mut session = match talk.completed(session.again()) {
            Ok(session) => session,
            // Controllers refresh the tokens of an identity that was disabled, and take none of them: a login tells.
            Err(Stopped { error: error @ Error::Unauthorized(_), .. }) => return Refreshed::NeverAgain(error),
            Err(stopped) => {
                log::debug!("the login is refreshed; it could not be asked for: {}", stopped.error);
                session.again()
            }
        };
        // After a refusal it has to prove itself, so that a controller that refuses each is asked ever less often.
        session.continues = (when == Renewal::InTime).then_some(old.number);
        Refreshed::Renewed(Box::new(session))
    }
}

/// True for the answer of a node without OIDC, which does not know the refresh token from any other text.
fn has_no_oidc(head: &Head) -> bool {
    head.status == 404
}

/// True if the controller could not, and did not refuse.
fn is_for_now(head: &Head, error: &Error) -> bool {
    let says_so = |error: &Error| error.answer().is_some_and(|answer| answer.code == "server_error");
    head.status == 429 || (500..600).contains(&head.status) || (head.status == 400 && says_so(error))
}

/// True if the call has no more time, or its user no more patience. A controller that was silent for its share of the
/// time is neither.
fn is_of_the_caller(call: &Call, error: &Error) -> bool {
    matches!(error, Error::Timeout { .. } | Error::Canceled { .. }) && call.check().is_err()
}
