//! How a client is doing, as far as it knows without asking anybody.

#[cfg(feature = "capi")]
pub(crate) mod ffi;

use std::time::{Duration, Instant, SystemTime};

use serde::{Serialize, Serializer};

use super::Client;
use crate::login::{Generation, LiveSession, LoginAttempts, Mishap, Now};
use crate::trust::certificate::CertificateFacts;
use crate::trust::display_time;
use crate::wire::ControllerUrl;

/// How a client is doing: [`Client::status`]. Ages and times left are durations by the clock that nobody sets, but for
/// those of the certificate. No secrets.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Status {
    /// The id of the identity: as the login says, else as the certificate does, if that tells it.
    pub identity_id: Option<String>,
    /// The name of the identity, as the login says.
    pub identity_name: Option<String>,
    /// All controllers, the one that would be asked first at the front.
    pub controllers: Vec<ControllerStatus>,
    /// The login that calls use.
    pub login: LoginStatus,
    /// When the identity's certificate ends.
    #[serde(serialize_with = "time")]
    pub certificate_ends: Option<SystemTime>,
    /// How long that is from now by the local clock; zero once it is over.
    #[serde(rename = "certificateLeftMs", serialize_with = "milliseconds")]
    pub certificate_left: Option<Duration>,
    /// By how many seconds the controllers' clock is ahead of the local one, as their last answer told; negative if it is
    /// behind.
    pub clock_ahead_seconds: Option<i64>,
    /// Why a call that needed a controller failed last.
    pub last_error: Option<Failed>,
    /// What was done since the client was made.
    pub counters: Counters,
}

/// One controller of a client.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ControllerStatus {
    /// Its address, as `https://host:port`.
    pub url: String,
    /// How long ago it answered last, whatever it said.
    #[serde(rename = "answeredAgoMs", serialize_with = "milliseconds")]
    pub answered: Option<Duration>,
    /// Why it could not be used last.
    pub failed: Option<Failed>,
    /// How much longer it is asked last because it failed; `None` if it is asked in turn.
    #[serde(rename = "avoidedForMs", serialize_with = "milliseconds")]
    pub avoided_for: Option<Duration>,
}

/// Something that failed.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Failed {
    /// How long ago.
    #[serde(rename = "agoMs", serialize_with = "whole_milliseconds")]
    pub ago: Duration,
    /// Why, in words.
    pub message: String,
}

/// What a client knows of its login.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct LoginStatus {
    /// Whether there is one, and what of.
    pub state: LoginState,
    /// True while a thread logs in; the state is that from before.
    pub in_flight: bool,
    /// What the login still wants, in words; only of [`LoginState::Pending`].
    pub factors: Vec<String>,
    /// The controller that made it.
    pub controller: Option<String>,
    /// How long the login lasts, at least: a controller may move its end with each call. Zero once it is over.
    #[serde(rename = "expiresInMs", serialize_with = "milliseconds")]
    pub expires_in: Option<Duration>,
    /// The refusal that is believed; only of [`LoginState::Rejected`].
    pub refusal: Option<Failed>,
}

/// Whether a client is logged in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LoginState {
    /// There is no login; a call that needs one makes it.
    None,
    /// The login may do all that the identity may.
    Complete,
    /// The login waits for factors.
    Pending,
    /// A controller refused the credentials.
    Rejected,
}

impl LoginState {
    /// The state as a lower-case word.
    pub fn as_str(self) -> &'static str {
        match self {
            LoginState::None => "none",
            LoginState::Complete => "complete",
            LoginState::Pending => "pending",
            LoginState::Rejected => "rejected",
        }
    }
}

/// What a client and its clones did since it was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Counters {
    /// Requests to controllers, those included that got no answer.
    pub requests: u64,
    /// Connections that were begun.
    pub connections: u64,
    /// Requests that were sent once more, because a kept connection turned out to be closed.
    pub retries: u64,
    /// Requests that went to another controller, because one failed.
    pub failovers: u64,
    /// Logins that were made.
    pub logins: u64,
    /// Logins that were refused, or could not be made.
    pub failed_logins: u64,
    /// Logins that were renewed without a new one.
    pub refreshes: u64,
    /// Logins that a controller called over when they were used.
    pub expired_logins: u64,
}

impl Status {
    /// The same as one line of JSON. Durations are in milliseconds and say so, times are RFC 3339, what is not known is null.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("texts, numbers and lists of them can always be written as JSON")
    }
}

impl Client {
    /// How the client is doing. Asks nobody, and waits for no call that is under way.
    pub fn status(&self) -> Status {
        let generation = self.generation();
        let Now { monotonic: now, wall } = generation.time.now();
        let LoginAttempts { session, in_flight, refusal } = generation.flight.attempts();
        // What holds for the credentials holds whatever became of the logins by them.
        let remembered = || generation.ways.remembered().map(|refusal| Box::new(refusal.told(now)));
        let refusal = refusal.or_else(|| if session.is_none() { remembered() } else { None });
        let refusal = refusal.map(|refusal| Failed { ago: refusal.age, message: refusal.to_string() });
        let facts = generation.identity.leaf().and_then(|leaf| CertificateFacts::read(leaf).ok());
        let certificate_ends = facts.as_ref().map(|facts| facts.not_after);
        let left = |end: SystemTime| end.duration_since(wall).unwrap_or_default();
        let identity = session.as_deref().map(|session| &session.api_session);
        Status {
            identity_id: identity
                .and_then(|session| session.identity_id.clone())
                .or_else(|| facts.as_ref()?.identity_id()),
            identity_name: identity.and_then(|session| session.identity_name.clone()),
            controllers: self.health(&generation, now),
            login: LoginStatus {
                state: state(session.as_deref(), refusal.is_some()),
                in_flight,
                factors: session.as_deref().map(factors).unwrap_or_default(),
                controller: session.as_deref().map(|session| session.controller.origin().to_owned()),
                expires_in: session.as_deref().map(|session| self.login_expires_in(&generation, session)),
                refusal,
            },
            certificate_ends,
            certificate_left: certificate_ends.map(left),
            clock_ahead_seconds: generation.clock.ahead_seconds(generation.time.now()),
            last_error: self.settings().counted.last_error().map(|mishap| Failed::at(mishap, now)),
            counters: self.counters(),
        }
    }

    fn health(&self, generation: &Generation, now: Instant) -> Vec<ControllerStatus> {
        let status = |(url, avoided_for): (ControllerUrl, Option<Duration>)| {
            let seen = self.settings().counted.seen(&url);
            let (answered, failed) = seen.map(|seen| (seen.answered, seen.failed)).unwrap_or_default();
            ControllerStatus {
                url: url.origin().to_owned(),
                answered: answered.map(|at| now.saturating_duration_since(at)),
                failed: failed.map(|mishap| Failed::at(mishap, now)),
                avoided_for,
            }
        };
        generation.controllers.avoided(now).into_iter().map(status).collect()
    }

    fn counters(&self) -> Counters {
        let (traffic, counted) = (&self.shared.traffic, &self.settings().counted);
        Counters {
            requests: traffic.requests(),
            connections: traffic.connections(),
            retries: traffic.repeats(),
            failovers: counted.failovers(),
            logins: counted.logins(),
            failed_logins: counted.failed_logins(),
            refreshes: counted.refreshes(),
            expired_logins: counted.expired(),
        }
    }
}

impl Failed {
    fn at(Mishap { at, message }: Mishap, now: Instant) -> Self {
        Self { ago: now.saturating_duration_since(at), message }
    }
}

fn state(session: Option<&LiveSession>, is_refused: bool) -> LoginState {
    match session {
        Some(session) if session.api_session.auth_queries.is_empty() => LoginState::Complete,
        Some(_) => LoginState::Pending,
        None if is_refused => LoginState::Rejected,
        None => LoginState::None,
    }
}

fn factors(session: &LiveSession) -> Vec<String> {
    session.api_session.auth_queries.iter().map(|query| query.describe()).collect()
}

fn time<S: Serializer>(time: &Option<SystemTime>, serializer: S) -> Result<S::Ok, S::Error> {
    time.map(display_time).serialize(serializer)
}

fn milliseconds<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    duration.map(in_milliseconds).serialize(serializer)
}

pub(super) fn whole_milliseconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    in_milliseconds(*duration).serialize(serializer)
}

fn in_milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
