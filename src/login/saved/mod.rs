//! A login that outlives its process: how it is saved, told of, and taken up again.

mod hook;
mod moment;
mod owner;
mod text;

use std::sync::Arc;
use std::time::Duration;

use super::flight::{Wanted, Whose};
use super::generation::Generation;
use super::live::{LiveSession, NewSession, Second, SessionToken};
use super::oidc::{SavedLogin, SavedTokens};
use super::session::{ApiSession, AuthQuery};
use crate::error::{Error, SessionProblem};
use crate::identity::Identity;
use crate::secret::Secret;
use crate::transport::Call;
use crate::wire::ControllerUrl;
pub(crate) use hook::SessionHook;
use moment::Moment;
use owner::Owner;

/// All there is in the text of a saved login.
struct Saved {
    owner: Owner,
    moment: Moment,
    controller: String,
    api_session: ApiSession,
    token: SavedToken,
}

enum SavedToken {
    Legacy {
        token: Secret,
        /// How long ago it was made, and used last where that was known to whoever saved it.
        made: Duration,
        used: Option<Duration>,
    },
    Oidc(SavedTokens),
    Waiting(SavedLogin),
}

/// A login that was saved, and how old it is as far as that is known.
struct Resumed {
    session: NewSession,
    made: Duration,
    used: Duration,
}

impl Generation {
    /// The login there is as text, if there is one that can be saved.
    pub(crate) fn saved(&self) -> Option<Secret> {
        let session = self.flight.current()?;
        let (made, used) = self.flight.ages();
        self.text_of(&session.again(), made, Some(used))
    }

    /// Goes on with a login that was saved, in the place of the one there is. No I/O.
    pub(crate) fn resume(&self, saved: &Secret) -> Result<(), Error> {
        let Resumed { session, made, used } = self.read(saved)?;
        self.flight.resume(session, made, used);
        Ok(())
    }

    /// Tells of a login that this call just made, or that has changed, before it is used. One that its user has given up
    /// is not told of, or taken back if that happened while it was told of.
    pub(in crate::login) fn tell_of(&self, call: &Call, session: &NewSession) {
        if let Some(hook) = &self.on_session_change {
            hook.tell(call, Whose::of(&self.flight, call), || self.text_of(session, Duration::ZERO, None));
        }
    }

    /// The same of the login there is.
    pub(crate) fn tell_of_current(&self, call: &Call) {
        if let Some(hook) = &self.on_session_change {
            hook.tell(call, Whose::of(&self.flight, call), || self.saved());
        }
    }

    /// Tells that the login was given up.
    pub(crate) fn tell_of_end(&self, call: &Call) {
        if let Some(hook) = &self.on_session_change {
            hook.tell_of_end(call);
        }
    }

    /// The token of the login that calls use, made or renewed if need be, with all its factors.
    pub(crate) fn complete_session(&self, call: &Call) -> Result<Arc<LiveSession>, Error> {
        let complete = |wanted| {
            let session = self.with_second(call, self.session(call, wanted)?)?;
            session.require_complete().map(|()| session)
        };
        let session: Arc<LiveSession> = complete(Wanted::Current)?;
        match self.with_facts(call, &session)? {
            Some(session) => Ok(session),
            None => complete(Wanted::NewerThan(session.number)),
        }
    }

    /// The login with what its controller knows of it. That is known but for tokens which were saved by a process that
    /// ended before it asked what their session is. `None` if it is over.
    pub(crate) fn with_facts(
        &self,
        call: &Call,
        session: &Arc<LiveSession>,
    ) -> Result<Option<Arc<LiveSession>>, Error> {
        if !session.api_session.id.is_empty() || session.is_waiting() {
            return Ok(Some(Arc::clone(session)));
        }
        let Some(now) = self.ask_about(call, session)? else { return Ok(None) };
        self.flight.progressed(session, now.clone());
        self.tell_of_current(call);
        let known = NewSession { api_session: now, ..session.again() };
        Ok(Some(Arc::new(LiveSession::new(session.number, known, true))))
    }

    fn text_of(&self, session: &NewSession, made: Duration, used: Option<Duration>) -> Option<Secret> {
        let token = match &session.token {
            SessionToken::Legacy(token) => SavedToken::Legacy { token: token.clone(), made, used },
            SessionToken::Oidc(tokens) => SavedToken::Oidc(tokens.saved(self.time.now())),
            SessionToken::Waiting(waiting) => SavedToken::Waiting(waiting.saved(self.time.now(), &session.second)),
        };
        let mut api_session = session.api_session.clone();
        // The JWT belongs to whoever supplies it: it is supplied again.
        if let (Second::Sent(second), false) = (&session.second, matches!(token, SavedToken::Waiting(_)))
            && !api_session.auth_queries.iter().any(AuthQuery::is_jwt)
        {
            api_session.auth_queries.push(AuthQuery::for_jwt(second.signer.clone()));
        }
        let owner = Owner::of(self.identity_of(&session.token), &self.ways.credentials);
        let controller = session.controller.origin().to_owned();
        Some(text::write(&Saved { owner, moment: Moment::now(), controller, api_session, token }))
    }

    /// The identity with the certificate by which a login of this owner came: the one there is, or the one before.
    fn identity_of_owner(&self, owner: &Owner) -> Result<&Identity, Error> {
        let is_of = |identity| owner.require_same(&Owner::of(identity, &self.ways.credentials));
        let Err(error) = is_of(&self.identity) else { return Ok(&self.identity) };
        let earlier = self.earlier.as_ref().map(|earlier| &earlier.identity);
        earlier.filter(|earlier| is_of(earlier).is_ok()).ok_or(error)
    }

    fn read(&self, saved: &Secret) -> Result<Resumed, Error> {
        let Saved { owner, moment, controller, mut api_session, token } = text::read(saved)?;
        let identity = self.identity_of_owner(&owner)?;
        let controller = ControllerUrl::parse(&controller).map_err(|_| text::unreadable())?;
        if !self.identity.controller_urls().contains(&controller) {
            let why = format!("the saved session is at {controller}, which the identity does not name");
            return Err(problem(SessionProblem::WrongNetwork, why));
        }
        let since = moment.elapsed();
        let mut second = Second::None;
        let (token, made, used) = match token {
            SavedToken::Legacy { token, made, used } => {
                api_session.token = token.clone();
                let [made, used] = [Some(made), used].map(|age| Some(since?.saturating_add(age?)));
                let lasts = api_session.expiration_seconds.filter(|seconds| *seconds > 0).map(Duration::from_secs);
                if used.zip(lasts).is_some_and(|(used, lasts)| used >= lasts) {
                    return Err(expired());
                }
                (SessionToken::Legacy(token), made, used)
            }
            SavedToken::Oidc(tokens) => {
                api_session.token = tokens.access.clone();
                let tokens = tokens.resume(self.time.now(), since, identity.leaf().cloned()).ok_or_else(expired)?;
                (SessionToken::Oidc(Arc::new(tokens)), None, None)
            }
            SavedToken::Waiting(login) => {
                let resumed = login.resume(&controller, self.time.now(), since).ok_or_else(expired)?;
                second = resumed.1;
                (SessionToken::Waiting(Arc::new(resumed.0)), None, None)
            }
        };
        let session = NewSession { token, second, controller, api_session, continues: None };
        Ok(Resumed { session, made: made.unwrap_or_default(), used: used.unwrap_or_default() })
    }
}

fn problem(problem: SessionProblem, message: String) -> Error {
    Error::SavedSession { problem, message }
}

fn expired() -> Error {
    problem(SessionProblem::Expired, "the saved session has expired; log in again".to_owned())
}
