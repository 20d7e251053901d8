//! What a provider gives for a code: tokens, and new ones for a refresh token.

#[cfg(feature = "capi")]
pub(crate) mod ffi;

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::claims::{Audience, Jwt, Seconds, named};
use super::discovery::Provider;
use super::endpoint::{Answer, refused};
use super::settings::{ProviderOptions, ProviderSettings, TargetToken};
use crate::error::{ApiError, Error, one_line};
use crate::secret::Secret;
use crate::transport::Call;
use crate::wire::fields::{Fields, Model};

/// A token is renewed when so much of its time is left, and no earlier than when this share of it is.
const NEAR_ITS_END: Duration = Duration::from_secs(60);
const LAST_SHARE: u32 = 4;

/// What a login at an identity provider brought: the token that controllers want, and what renews it.
///
/// Clones are the same: when one is refreshed, all are. Any number of threads may use it.
#[derive(Clone)]
pub struct ProviderToken {
    shared: Arc<Shared>,
}

struct Shared {
    provider: Arc<Provider>,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    tokens: Tokens,
    /// How often they were renewed.
    renewals: u64,
    /// Somebody is at the provider for new ones, without holding the lock.
    refreshing: bool,
}

/// All of a [`ProviderToken`] at one moment.
#[cfg(feature = "capi")]
pub(crate) struct Snapshot {
    pub(crate) token: Secret,
    pub(crate) access_token: Option<Secret>,
    pub(crate) id_token: Option<Secret>,
    pub(crate) refresh_token: Option<Secret>,
    pub(crate) subject: Option<String>,
    pub(crate) expires_in: Option<Duration>,
}

/// What one answer of the token endpoint brought.
#[derive(Clone)]
struct Tokens {
    /// The one for controllers.
    target: Secret,
    access: Option<Secret>,
    id: Option<Secret>,
    refresh: Option<Secret>,
    subject: Option<String>,
    /// By the monotonic clock, and how long it was good from the start.
    expires: Option<(Instant, Duration)>,
}

impl Tokens {
    fn is_near_end(&self) -> bool {
        let life = self.expires.map_or(Duration::ZERO, |(_, life)| life);
        self.left().is_some_and(|left| left <= NEAR_ITS_END.min(life / LAST_SHARE))
    }

    fn left(&self) -> Option<Duration> {
        self.expires.map(|(end, _)| end.saturating_duration_since(Instant::now()))
    }

    fn is_over(&self) -> bool {
        self.left().is_some_and(|left| left.is_zero())
    }
}

impl ProviderToken {
    /// Tokens for a refresh token that was kept from an earlier login, so that nobody has to be asked again. Asks the
    /// provider for its configuration and for new tokens.
    ///
    /// # Errors
    /// [`Error::Api`] with the code `invalid_grant` if the refresh token is no good any more: a new login is needed.
    pub fn from_refresh_token(
        settings: &ProviderSettings,
        options: &ProviderOptions,
        refresh_token: &Secret,
    ) -> Result<Self, Error> {
        let call = options.call();
        let provider = Provider::discover(&call, settings, options)?;
        let tokens = ask_anew(&provider, &call, refresh_token, None)?;
        Ok(Self::new(Arc::new(provider), tokens))
    }

    /// Reads the answer to a login, and checks that it is the one to what was begun with `nonce`.
    pub(super) fn of_login(
        provider: &Arc<Provider>,
        asked: Instant,
        answer: &Answer,
        nonce: Option<&Secret>,
    ) -> Result<Self, Error> {
        Ok(Self::new(Arc::clone(provider), read(provider, asked, answer, nonce, None)?))
    }

    fn new(provider: Arc<Provider>, tokens: Tokens) -> Self {
        let state = Mutex::new(State { tokens, renewals: 0, refreshing: false });
        Self { shared: Arc::new(Shared { provider, state, changed: Condvar::new() }) }
    }

    /// The token that controllers want, as it is now, expired or not.
    pub fn token(&self) -> Secret {
        self.state().tokens.target.clone()
    }

    /// The access token, if one came.
    pub fn access_token(&self) -> Option<Secret> {
        self.state().tokens.access.clone()
    }

    /// The ID token, if one came.
    pub fn id_token(&self) -> Option<Secret> {
        self.state().tokens.id.clone()
    }

    /// The refresh token, if one came. Providers may give another one with each refresh, and then this one is used up:
    /// keep the newest.
    pub fn refresh_token(&self) -> Option<Secret> {
        self.state().tokens.refresh.clone()
    }

    /// What the provider calls the user (`sub`), if an ID token says so. Nobody has checked the token's signature.
    pub fn subject(&self) -> Option<String> {
        self.state().tokens.subject.clone()
    }

    /// How long [`token`](Self::token) is still good; zero once it is not. `None` if the provider did not say.
    pub fn expires_in(&self) -> Option<Duration> {
        self.state().tokens.left()
    }

    #[cfg(feature = "capi")]
    pub(crate) fn snapshot(&self) -> Snapshot {
        let tokens = self.state().tokens.clone();
        let expires_in = tokens.left();
        let Tokens { target, access, id, refresh, subject, .. } = tokens;
        let (token, access_token, id_token, refresh_token) = (target, access, id, refresh);
        Snapshot { token, access_token, id_token, refresh_token, subject, expires_in }
    }

    /// Gets new tokens, whether or not the old ones are over. If another thread is at it, its tokens will do.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if there is no refresh token. [`Error::Api`] with the code `invalid_grant` if the
    /// provider takes it no more; it is forgotten then.
    pub fn refresh(&self) -> Result<(), Error> {
        self.renewed(&self.shared.provider.options.call(), true).map(drop)
    }

    /// The token that controllers want, renewed if it is near its end; or in any case, if it was `refused`.
    ///
    /// A token that is not over yet is given also if it cannot be renewed.
    ///
    /// # Errors
    /// As for [`refresh`](Self::refresh).
    pub fn current(&self, refused: bool) -> Result<Secret, Error> {
        self.current_within(&self.shared.provider.options.call(), refused)
    }

    /// The same within a call that is going on.
    pub(crate) fn current_within(&self, call: &Call, refused: bool) -> Result<Secret, Error> {
        let tokens = self.state().tokens.clone();
        if !refused && !tokens.is_near_end() {
            return Ok(tokens.target);
        }
        match self.renewed(call, refused) {
            Ok(target) => Ok(target),
            Err(error) if !refused && !tokens.is_over() => {
                log::debug!("{}: the token could not be renewed yet: {error}", self.shared.provider.issuer);
                Ok(tokens.target)
            }
            Err(error) => Err(error),
        }
    }

    /// One thread asks the provider; the others wait for what it brings, each within its own call. A refresh token
    /// that is used twice may end the whole login.
    fn renewed(&self, call: &Call, forced: bool) -> Result<Secret, Error> {
        let mut state = self.state();
        let seen = state.renewals;
        while state.refreshing {
            state = call.wait(&self.shared.changed, state)?;
        }
        if state.renewals != seen || !forced && !state.tokens.is_near_end() {
            return Ok(state.tokens.target.clone());
        }
        let before = state.tokens.clone();
        let Some(refresh_token) = &before.refresh else {
            return Err(Error::Unsupported(format!(
                "{}: the token cannot be renewed, as the provider gave no refresh token or takes it no more; log in \
                 there again",
                self.shared.provider.issuer
            )));
        };
        state.refreshing = true;
        drop(state);
        let _turn = Turn { shared: &self.shared };
        let outcome = ask_anew(&self.shared.provider, call, refresh_token, Some(&before));
        let mut state = self.state();
        match outcome {
            Ok(tokens) => {
                state.tokens = tokens;
                state.renewals += 1;
                Ok(state.tokens.target.clone())
            }
            Err(error) => {
                if matches!(&error, Error::Api(answer) if answer.code == "invalid_grant") {
                    state.tokens.refresh = None;
                }
                Err(error)
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.state()
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets the next thread have its turn when dropped, whatever became of this one.
struct Turn<'a> {
    shared: &'a Shared,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.shared.state().refreshing = false;
        self.shared.changed.notify_all();
    }
}

/// Shows whose it is, and no token.
impl fmt::Debug for ProviderToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let expires_in = self.expires_in();
        f.debug_struct("ProviderToken")
            .field("issuer", &self.shared.provider.issuer)
            .field("subject", &self.subject())
            .field("expires_in", &expires_in)
            .finish_non_exhaustive()
    }
}

/// New tokens for a refresh token. What the answer does not bring anew stays as it was.
fn ask_anew(provider: &Provider, call: &Call, token: &Secret, before: Option<&Tokens>) -> Result<Tokens, Error> {
    let asked = Instant::now();
    let form = [("grant_type", "refresh_token"), ("refresh_token", token.expose())];
    let answer = provider.ask_for_token(call, provider.token_request().hide(token), &form)?;
    let mut tokens = read(provider, asked, &answer, None, before)?;
    tokens.refresh.get_or_insert_with(|| token.clone());
    Ok(tokens)
}

/// Reads an answer of the token endpoint, and checks what can be checked of it.
fn read(
    provider: &Provider,
    asked: Instant,
    answer: &Answer,
    nonce: Option<&Secret>,
    before: Option<&Tokens>,
) -> Result<Tokens, Error> {
    let said: TokenAnswer = answer.read()?;
    said.require_success(answer)?;
    let id = said.id_token.as_ref().map(|token| Jwt::read(answer, "id_token", token)).transpose()?;
    if let Some(id) = &id {
        id.check_id(provider, answer, nonce, said.access_token.as_ref())?;
    }
    let subject = id.as_ref().and_then(|id| id.claims.subject.clone());
    let known = before.and_then(|before| before.subject.clone());
    if subject.is_some() && known.is_some() && subject != known {
        return Err(answer.unreadable("id_token.sub", "it is for another user than before"));
    }
    let (target, jwt) = match provider.settings.target {
        TargetToken::Id => {
            let token = said.id_token.as_ref().zip(id);
            token
                .ok_or_else(|| answer.unreadable("id_token", "a string is missing; the controller wants this token"))?
        }
        TargetToken::Access => {
            let token = said.access_token.as_ref();
            let token = token.ok_or_else(|| answer.unreadable("access_token", "a string is missing"))?;
            (token, Jwt::read(answer, "access_token", token).map_err(|error| opaque(answer, error))?)
        }
    };
    check_audience(provider, answer, &jwt.claims.audience)?;
    let said_life = said.expires_in.map(Seconds::span).filter(|_| provider.settings.target == TargetToken::Access);
    let life = said_life.into_iter().chain(jwt.left(answer)).min();
    Ok(Tokens {
        target: target.clone(),
        access: said.access_token,
        id: said.id_token,
        refresh: said.refresh_token,
        subject: subject.or(known),
        expires: life.map(|life| (asked + life, life)),
    })
}

/// What to do about an access token that nobody but the provider can read.
fn opaque(answer: &Answer, error: Error) -> Error {
    let Error::Decode { path, message, .. } = error else { return error };
    let message = format!(
        "{message}, so no controller can check it; ask for an audience for which the provider issues JWTs, or have \
         the network take ID tokens"
    );
    answer.unreadable(&path, message)
}

fn check_audience(provider: &Provider, answer: &Answer, Audience(audience): &Audience) -> Result<(), Error> {
    let Some(wanted) = &provider.settings.audience else { return Ok(()) };
    if audience.contains(wanted) {
        return Ok(());
    }
    let path = if provider.settings.target == TargetToken::Id { "id_token.aud" } else { "access_token.aud" };
    let message = format!("the token is for {}, and the network wants one for {wanted:?}", named(audience));
    Err(answer.unreadable(path, message))
}

/// An answer of the token endpoint. Some providers say with a 200 that they refuse.
struct TokenAnswer {
    access_token: Option<Secret>,
    id_token: Option<Secret>,
    refresh_token: Option<Secret>,
    token_type: Option<String>,
    expires_in: Option<Seconds>,
    error: Option<String>,
}

impl Model for TokenAnswer {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self {
            access_token: fields.get("access_token"),
            id_token: fields.get("id_token"),
            refresh_token: fields.get("refresh_token"),
            token_type: fields.get("token_type"),
            expires_in: fields.get("expires_in"),
            error: fields.get("error"),
        }
    }
}

impl TokenAnswer {
    fn require_success(&self, answer: &Answer) -> Result<(), Error> {
        if let Some(error) = &self.error {
            // What was sent was not looked for in such an answer, so only a plain word is repeated of it.
            let is_plain = error.len() < 64 && error.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            let code = if is_plain { error } else { "error" };
            return Err(refused(no(answer.status(), code, "the provider refuses with a success", &answer.operation)));
        }
        match self.token_type.as_deref() {
            Some(kind) if kind.eq_ignore_ascii_case("bearer") => Ok(()),
            Some(_) => Err(answer.unreadable("token_type", "tokens of another kind than Bearer cannot be used")),
            None => Err(answer.unreadable("token_type", "a string is missing")),
        }
    }
}

/// A refusal in the words of OAuth.
pub(super) fn no(status: u16, code: &str, description: &str, operation: &str) -> ApiError {
    ApiError {
        status,
        code: one_line(code),
        message: one_line(description),
        cause: None,
        request_id: None,
        retry_after: None,
        operation: operation.to_owned(),
    }
}
