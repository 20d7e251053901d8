//! What a provider gives for a code: tokens, and new ones for a refresh token.

#[cfg(feature = "capi")]
pub(crate) mod ffi;

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;

use super::answer::{Tokens, read};
use super::discovery::Provider;
use super::endpoint::Answer;
use super::settings::{ProviderOptions, ProviderSettings};
use crate::error::Error;
use crate::login::now::Now;
use crate::secret::Secret;
use crate::transport::Call;

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
    /// The thread that is at the provider for new ones, without holding the lock.
    refreshing: Option<ThreadId>,
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
        let call = options.reach.call();
        let provider = Provider::discover(&call, settings, options)?;
        let tokens = ask_anew(&provider, &call, refresh_token, None)?;
        Ok(Self::new(Arc::new(provider), tokens))
    }

    /// Reads the answer to a login, and checks that it is the one to what was begun with `nonce`.
    pub(super) fn of_login(
        provider: &Arc<Provider>,
        call: &Call,
        asked: Now,
        answer: &Answer,
        nonce: Option<&Secret>,
    ) -> Result<Self, Error> {
        let tokens = read(provider, asked, answer, nonce, None)?;
        if let Some(first) = &tokens.refresh {
            provider.keep(call, Some(first));
        }
        Ok(Self::new(Arc::clone(provider), tokens))
    }

    fn new(provider: Arc<Provider>, tokens: Tokens) -> Self {
        let state = Mutex::new(State { tokens, renewals: 0, refreshing: None });
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
    /// who keeps it keeps the newest, and is given it by [`ProviderOptions::on_refresh_token`].
    pub fn refresh_token(&self) -> Option<Secret> {
        self.state().tokens.refresh.clone()
    }

    /// What the provider calls the user (`sub`), if an ID token says so. Nobody has checked the token's signature.
    pub fn subject(&self) -> Option<String> {
        self.state().tokens.subject.clone()
    }

    /// How long [`token`](Self::token) is still good; zero once it is not. `None` if the provider did not say.
    pub fn expires_in(&self) -> Option<Duration> {
        self.state().tokens.left(self.now())
    }

    /// The address that names the provider.
    pub(in crate::login) fn issuer(&self) -> &str {
        &self.shared.provider.issuer
    }

    #[cfg(feature = "capi")]
    pub(crate) fn snapshot(&self) -> Snapshot {
        let tokens = self.state().tokens.clone();
        let expires_in = tokens.left(self.now());
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
        self.renewed(&self.shared.provider.options.reach.call(), true).map(drop)
    }

    /// The token that controllers want, renewed if it is near its end; or in any case, if it was `refused`.
    ///
    /// A token that is not over yet is given also if it cannot be renewed.
    ///
    /// # Errors
    /// As for [`refresh`](Self::refresh).
    pub fn current(&self, refused: bool) -> Result<Secret, Error> {
        self.current_within(&self.shared.provider.options.reach.call(), refused)
    }

    /// The same within a call that is going on.
    pub(crate) fn current_within(&self, call: &Call, refused: bool) -> Result<Secret, Error> {
        let tokens = self.state().tokens.clone();
        if !refused && !tokens.is_near_end(self.now()) {
            return Ok(tokens.target);
        }
        match self.renewed(call, refused) {
            Ok(target) => Ok(target),
            Err(error) if !refused && !tokens.is_over(self.now()) => {
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
        while let Some(thread) = state.refreshing {
            if thread == thread::current().id() {
                let message = "the token is refreshed from inside of a callback of its own refresh";
                return Err(Error::InvalidArgument(message.to_owned()));
            }
            state = call.wait(&self.shared.changed, state)?;
        }
        if state.renewals != seen || !forced && !state.tokens.is_near_end(self.now()) {
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
        state.refreshing = Some(thread::current().id());
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
                if takes_no_more(&error) {
                    state.tokens.refresh = None;
                }
                Err(error)
            }
        }
    }

    fn now(&self) -> Now {
        self.shared.provider.now()
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
        self.shared.state().refreshing = None;
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

/// New tokens for a refresh token, and word to whoever keeps it of what became of it.
fn ask_anew(provider: &Provider, call: &Call, token: &Secret, before: Option<&Tokens>) -> Result<Tokens, Error> {
    let outcome = exchange(provider, call, token, before);
    match &outcome {
        Ok(tokens) => {
            let newest = tokens.refresh.as_ref().filter(|newest| newest.expose() != token.expose());
            newest.inspect(|newest| provider.keep(call, Some(newest)));
        }
        Err(error) if takes_no_more(error) => provider.keep(call, None),
        Err(_) => {}
    }
    outcome
}

/// True if the provider will never take the refresh token again.
fn takes_no_more(error: &Error) -> bool {
    matches!(error, Error::Api(answer) if answer.code == "invalid_grant")
}

/// What the answer does not bring anew stays as it was.
fn exchange(provider: &Provider, call: &Call, token: &Secret, before: Option<&Tokens>) -> Result<Tokens, Error> {
    let asked = provider.now();
    let form = [("grant_type", "refresh_token"), ("refresh_token", token.expose())];
    let answer = provider.ask_for_token(call, provider.token_request().hide(token), &form)?;
    let mut tokens = read(provider, asked, &answer, None, before)?;
    tokens.refresh.get_or_insert_with(|| token.clone());
    Ok(tokens)
}
