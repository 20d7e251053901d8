//! A login on another device: a code to show, and asking whether it was entered.

#[cfg(feature = "capi")]
pub(crate) mod ffi;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::claims::Seconds;
use super::discovery::Provider;
use super::endpoint::{Answer, Endpoint, refusal_in_words};
use super::settings::{ProviderOptions, ProviderSettings};
use super::token::ProviderToken;
use crate::error::Error;
use crate::secret::Secret;
use crate::transport::Call;
use crate::wire::fields::{Fields, Model};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// How long to wait between two questions, if the provider does not say.
const DEFAULT_INTERVAL: Duration = Duration::from_secs(5);
/// No provider is asked more often, whatever it says.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(250);
/// A provider that wants to be asked less often is asked once in this time all the same.
const LONGEST_INTERVAL: Duration = Duration::from_secs(300);
const SLOWER_BY: Duration = Duration::from_secs(5);
/// People have to type it.
const LONGEST_USER_CODE: usize = 256;

/// A login at an identity provider on another device (RFC 8628): show the user [`user_code`](Self::user_code) and
/// [`verification_uri`](Self::verification_uri), then [`wait`](Self::wait), or [`poll`](Self::poll) now and then.
pub struct DeviceLogin {
    provider: Arc<Provider>,
    device_code: Secret,
    user_code: String,
    verification_uri: String,
    verification_uri_complete: Option<String>,
    ends: Instant,
    pace: Mutex<Pace>,
}

impl DeviceLogin {
    /// Begins a login: asks the provider for its configuration, and for a code.
    ///
    /// # Errors
    /// [`Error::Unsupported`] if the provider has no such login.
    pub fn begin(settings: &ProviderSettings, options: &ProviderOptions) -> Result<Self, Error> {
        let call = options.reach.call();
        let provider = Provider::discover(&call, settings, options)?;
        let asked = provider.now().monotonic;
        let answer = provider.ask_for_device_code(&call)?;
        let said: Codes = answer.read()?;
        said.check(&answer)?;
        Ok(Self {
            provider: Arc::new(provider),
            device_code: said.device_code,
            user_code: said.user_code,
            verification_uri: said.verification_uri,
            verification_uri_complete: said.verification_uri_complete,
            ends: asked + said.expires_in.span(),
            pace: Mutex::new(Pace::new(said.interval.map(Seconds::span))),
        })
    }

    /// What the user has to enter.
    pub fn user_code(&self) -> &str {
        &self.user_code
    }

    /// Where the user has to enter it.
    pub fn verification_uri(&self) -> &str {
        &self.verification_uri
    }

    /// The same address with the code in it, to be opened or shown as a QR code, if the provider has one.
    pub fn verification_uri_complete(&self) -> Option<&str> {
        self.verification_uri_complete.as_deref()
    }

    /// How long the code is still good; zero once it is not.
    pub fn expires_in(&self) -> Duration {
        self.ends.saturating_duration_since(self.now())
    }

    /// How long to wait between two [`poll`](Self::poll)s: it grows if the provider asks for that.
    pub fn interval(&self) -> Duration {
        self.pace().interval
    }

    /// Asks once whether the user is done; `None` if not. Within [`interval`](Self::interval) after the last time it
    /// does not ask at all.
    ///
    /// # Errors
    /// [`Error::Api`] with the code `access_denied` if the user said no, `expired_token` if the code is not good any
    /// more. After one with [`is_retryable`](Error::is_retryable) it may be asked again.
    pub fn poll(&self) -> Result<Option<ProviderToken>, Error> {
        if !self.pace().due_in(self.now()).is_zero() {
            return Ok(None);
        }
        self.ask(&self.provider.options.reach.call())
    }

    /// Waits until the user is done, at most for `limit`, and may be called again after that.
    ///
    /// # Errors
    /// [`Error::Timeout`] if the user is not done by then; all else as for [`poll`](Self::poll). What may pass, such as
    /// a connection that breaks, is an error only once the time is over.
    pub fn wait(&self, limit: Duration) -> Result<ProviderToken, Error> {
        let call = self.provider.options.reach.call_within(limit);
        let mut trouble = None;
        loop {
            // Bound first: the lock is not held while waiting.
            let due = self.pace().due_in(self.now());
            if let Err(over) = call.pause(due) {
                return Err(trouble.filter(|_| !matches!(over, Error::Canceled { .. })).unwrap_or(over));
            }
            // One question that gets no answer must not take all the time.
            match self.ask(&self.provider.options.reach.part_of(&call)) {
                Ok(Some(token)) => return Ok(token),
                Ok(None) => trouble = None,
                Err(error) if error.is_retryable() => {
                    self.pace().back_off();
                    trouble = Some(error);
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn ask(&self, call: &Call) -> Result<Option<ProviderToken>, Error> {
        if self.expires_in().is_zero() {
            let operation = format!("POST {}", self.provider.token);
            let refusal = refusal_in_words(400, "expired_token", "the code was not entered in time", &operation);
            return Err(Error::Api(Box::new(refusal)));
        }
        let asked = self.provider.now();
        let form = [("grant_type", GRANT), ("device_code", self.device_code.expose())];
        let request = self.provider.token_request().hide(&self.device_code);
        let outcome = self.provider.ask_for_token(call, request, &form);
        self.pace().asked(self.now());
        match outcome {
            Ok(answer) => ProviderToken::of_login(&self.provider, call, asked, &answer, None).map(Some),
            Err(Error::Api(answer)) if answer.code == "authorization_pending" => Ok(None),
            Err(Error::Api(answer)) if answer.code == "slow_down" => {
                self.pace().slow_down();
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn now(&self) -> Instant {
        self.provider.now().monotonic
    }

    fn pace(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Shows where, and not the code by which the device gets its tokens.
impl fmt::Debug for DeviceLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceLogin")
            .field("issuer", &self.provider.issuer)
            .field("verification_uri", &self.verification_uri)
            .finish_non_exhaustive()
    }
}

/// When to ask again.
#[derive(Debug)]
struct Pace {
    interval: Duration,
    last: Option<Instant>,
}

impl Pace {
    fn new(interval: Option<Duration>) -> Self {
        let interval = interval.unwrap_or(DEFAULT_INTERVAL).clamp(SHORTEST_INTERVAL, LONGEST_INTERVAL);
        Self { interval, last: None }
    }

    /// How long not to ask from `now` on. The first question may come at once.
    fn due_in(&self, now: Instant) -> Duration {
        self.last.map_or(Duration::ZERO, |last| (last + self.interval).saturating_duration_since(now))
    }

    fn asked(&mut self, now: Instant) {
        self.last = Some(now);
    }

    fn slow_down(&mut self) {
        self.interval = self.interval.saturating_add(SLOWER_BY).min(LONGEST_INTERVAL);
    }

    /// The provider could not answer: less often from now on (RFC 8628, 3.5).
    fn back_off(&mut self) {
        self.interval = self.interval.saturating_mul(2).min(LONGEST_INTERVAL);
    }
}

/// What a provider answers to who wants a code.
struct Codes {
    device_code: Secret,
    user_code: String,
    verification_uri: String,
    verification_uri_complete: Option<String>,
    expires_in: Seconds,
    interval: Option<Seconds>,
}

impl Model for Codes {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self {
            device_code: fields.get("device_code"),
            user_code: fields.get("user_code"),
            verification_uri: fields.get("verification_uri"),
            verification_uri_complete: fields.get("verification_uri_complete"),
            expires_in: fields.get("expires_in"),
            interval: fields.get("interval"),
        }
    }
}

impl Codes {
    fn check(&self, answer: &Answer) -> Result<(), Error> {
        let uris = [
            ("verification_uri", Some(&self.verification_uri)),
            ("verification_uri_complete", self.verification_uri_complete.as_ref()),
        ];
        for (name, uri) in uris {
            uri.map(|uri| Endpoint::parse(uri)).transpose().map_err(|why| answer.unreadable(name, why))?;
        }
        if self.device_code.expose().is_empty() {
            return Err(answer.unreadable("device_code", "this is empty"));
        }
        let code = &self.user_code;
        if code.is_empty() || code.len() > LONGEST_USER_CODE || code.chars().any(char::is_control) {
            return Err(answer.unreadable("user_code", "this is not what a person can enter"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_provider_is_asked_as_often_as_it_likes_and_no_oftener() {
        let now = Instant::now();
        let mut pace = Pace::new(Some(Duration::from_secs(2)));
        assert_eq!(pace.due_in(now), Duration::ZERO, "the first time");
        pace.asked(now);
        assert_eq!(pace.due_in(now + Duration::from_millis(500)), Duration::from_millis(1500));
        assert_eq!(pace.due_in(now + Duration::from_secs(2)), Duration::ZERO);
        pace.slow_down();
        assert_eq!(pace.due_in(now), Duration::from_secs(7));
        pace.back_off();
        assert_eq!(pace.due_in(now), Duration::from_secs(14));
        (0..100).for_each(|_| pace.back_off());
        assert_eq!(pace.due_in(now), LONGEST_INTERVAL);
    }

    #[test]
    fn a_provider_that_says_nothing_or_nonsense_is_not_pestered() {
        assert_eq!(Pace::new(None).interval, DEFAULT_INTERVAL);
        assert_eq!(Pace::new(Some(Duration::ZERO)).interval, SHORTEST_INTERVAL);
    }
}
