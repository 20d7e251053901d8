//! One request with a login: which login, which controller, and what a 401 means.

use std::borrow::Cow;
use std::sync::Arc;

use super::challenge::says_expired;
use super::flight::Wanted;
use super::generation::{Generation, answer, may_move_on};
use super::live::{LiveSession, Second, SessionToken};
use super::pacing::Retries;
use super::session::{ApiSession, AuthQuery};
use crate::error::Error;
use crate::transport::{Call, Failure};
use crate::wire::{ControllerUrl, Head, LoginNeed, Request, envelope, refusal};

pub(super) const CURRENT: &str = "/current-api-session";

/// What a 401 says about a login.
#[derive(Debug)]
enum Unauthorized {
    /// The session is over: a new login may help.
    Expired,
    /// The session waits for factors.
    Pending(Vec<AuthQuery>),
    /// The login is fine, and what was asked is refused.
    Refused,
}

/// A request that had no success.
pub(crate) struct Failed {
    pub(super) error: Error,
    /// The login with which a controller may have carried it out all the same: the answer was lost, or says nothing.
    pub(super) perhaps_done_with: Option<Arc<LiveSession>>,
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self { error, perhaps_done_with: None }
    }
}

impl From<Failed> for Error {
    fn from(failed: Failed) -> Self {
        failed.error
    }
}

impl Generation {
    /// Sends a request and returns the head of a successful answer, whose body is in `body`.
    pub(crate) fn send(&self, call: &Call, request: &Request, body: &mut Vec<u8>) -> Result<Head, Error> {
        if request.login == LoginNeed::None {
            let (head, _) = self.ask_any(call, request, body)?;
            return answer(request, &head, body).map(|()| head);
        }
        Ok(self.send_with_login(call, request, body)?.0)
    }

    /// The same with a login, and with which one it was.
    pub(crate) fn send_with_login(
        &self,
        call: &Call,
        request: &Request,
        body: &mut Vec<u8>,
    ) -> Result<(Head, Arc<LiveSession>), Failed> {
        let mut wanted = Wanted::Current;
        let (mut logged_in_again, mut supplied_again) = (false, false);
        let mut untried = self.controllers.len();
        let mut failed = Vec::new();
        let mut retries = Retries::default();
        loop {
            let mut session = self.session(call, wanted)?;
            if failed.is_empty() && self.is_stranded(&session) {
                self.counted.moved_on();
                wanted = Wanted::NewerThan(session.number);
                untried = untried.saturating_sub(1);
                failed.push(session.controller.clone());
                continue;
            }
            if request.login == LoginNeed::Complete {
                session = self.with_second(call, session)?;
            }
            if request.login == LoginNeed::Complete || matches!(session.token, SessionToken::Waiting(_)) {
                session.require_complete()?;
            }
            untried = untried.saturating_sub(1);
            let controller = self.controller_for(&session, &failed, logged_in_again);
            let outcome = self.attempt(call, &controller, Some(&session), untried, request, body);
            if untried > 0 && may_move_on(&outcome, request.idempotent) && call.may_go_on() {
                self.counted.moved_on();
                wanted = if session.is_known_to_all() { Wanted::Current } else { Wanted::NewerThan(session.number) };
                failed.push(controller.into_owned());
                continue;
            }
            if self.may_ask_again(call, request, outcome.as_ref(), body, &mut retries)? {
                (wanted, untried) = (Wanted::Current, self.controllers.len());
                failed.clear();
                continue;
            }
            let head = match outcome {
                Ok(head) => head,
                Err(Failure { error, sent }) => {
                    return Err(Failed { error, perhaps_done_with: sent.then_some(session) });
                }
            };
            if head.status != 401 {
                session.was_good();
                self.flight.heard_of(&session);
            }
            let sent_second = request.login == LoginNeed::Complete && matches!(session.second, Second::Sent(_));
            let has_second = sent_second && !supplied_again;
            if head.status != 401 || (logged_in_again && !has_second) {
                return told(request, head, body, session);
            }
            match self.judge(call, &session, &controller, &head, request, body)? {
                Unauthorized::Expired if logged_in_again => return told(request, head, body, session),
                Unauthorized::Expired => {
                    if let Some(counted) = self.counts() {
                        counted.login_expired();
                    }
                    let pause = self.flight.pause_before_replacing(&session, self.time.now().monotonic);
                    let pause = pause + self.pacer.jitter.part_of(pause / 2);
                    if pause >= call.remaining() {
                        return told(request, head, body, session);
                    }
                    call.pause(pause)?;
                    logged_in_again = true;
                }
                Unauthorized::Pending(factors) if has_second => {
                    self.with_another_second(call, &session, factors)?;
                    supplied_again = true;
                }
                Unauthorized::Pending(factors) => return Err(Error::LoginPending { factors }.into()),
                Unauthorized::Refused => return told(request, head, body, session),
            }
            wanted = Wanted::NewerThan(session.number);
            untried += 1;
        }
    }

    /// True if a login is of no use for now and another can be had: only its controller knows it, and that one could
    /// not be used. A call that was too short to find out more than that leaves it to the next one to go elsewhere. A
    /// login that had a code from its user is worth another try.
    fn is_stranded(&self, session: &LiveSession) -> bool {
        let had_code = session.api_session.is_mfa_required || session.api_session.is_mfa_complete;
        matches!(session.token, SessionToken::Legacy(_))
            && !had_code
            && self.controllers.has_better(&session.controller, self.time.now().monotonic)
    }

    /// The controller to ask with this login. A legacy session is known to one controller only: asking another takes a
    /// login there. A login that was made a moment ago is best known where it was made.
    fn controller_for<'s>(
        &self,
        session: &'s LiveSession,
        failed: &[ControllerUrl],
        is_new: bool,
    ) -> Cow<'s, ControllerUrl> {
        let own = Cow::Borrowed(&session.controller);
        if !session.is_known_to_all() || (is_new && !failed.contains(&own)) {
            return own;
        }
        let mut order = self.controllers.in_order(self.time.now().monotonic).into_iter();
        order.find(|controller| !failed.contains(controller)).map_or(own, Cow::Owned)
    }

    /// Tells the meanings of a 401 apart; asks the controller where its answer alone does not say.
    fn judge(
        &self,
        call: &Call,
        session: &LiveSession,
        controller: &ControllerUrl,
        head: &Head,
        request: &Request,
        body: &[u8],
    ) -> Result<Unauthorized, Error> {
        let answer = refusal::read(&request.operation(), head, body);
        if answer.cause_field().as_deref() == Some("currentPassword") {
            return Ok(Unauthorized::Refused);
        }
        // Another thread has logged in since: whatever this 401 meant, the new login decides.
        if self.flight.latest() > session.number || says_expired(&head.www_authenticate) {
            return Ok(Unauthorized::Expired);
        }
        if request.path == CURRENT {
            return Ok(Unauthorized::Expired);
        }
        Ok(match self.ask_about_at(call, controller, session)? {
            None => Unauthorized::Expired,
            Some(now) if now.auth_queries.is_empty() => Unauthorized::Refused,
            Some(now) => Unauthorized::Pending(now.auth_queries),
        })
    }

    /// The session as the controller that made it sees it now; `None` if it does not know it any more.
    pub(crate) fn ask_about(&self, call: &Call, session: &LiveSession) -> Result<Option<ApiSession>, Error> {
        let known = self.ask_about_at(call, &session.controller, session)?;
        if known.is_some() {
            self.flight.heard_of(session);
        }
        Ok(known)
    }

    fn ask_about_at(
        &self,
        call: &Call,
        controller: &ControllerUrl,
        session: &LiveSession,
    ) -> Result<Option<ApiSession>, Error> {
        let question = Request::get(CURRENT);
        let mut body = Vec::new();
        let head = self.attempt(call, controller, Some(session), 0, &question, &mut body)?;
        if head.status == 401 {
            return Ok(None);
        }
        answer(&question, &head, &body)?;
        envelope::data_once(&question.operation(), &mut body).map(Some)
    }
}

/// What an answer says of a request with this login.
fn told(
    request: &Request,
    head: Head,
    body: &[u8],
    session: Arc<LiveSession>,
) -> Result<(Head, Arc<LiveSession>), Failed> {
    match answer(request, &head, body) {
        Ok(()) => Ok((head, session)),
        // Above them are the statuses with which newer controllers refuse what they cannot read.
        Err(error) if matches!(head.status, 500 | 502..=599) => Err(Failed { error, perhaps_done_with: Some(session) }),
        Err(error) => Err(error.into()),
    }
}
