//! Tokens: how they are had for a code or for a refresh token, and how long they are good.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rustls::pki_types::CertificateDer;
use serde::Deserialize;

use super::authorize::{Authorization, CLIENT, REDIRECT_URI};
use super::discovery::{Endpoints, step};
use crate::error::Error;
use crate::login::now::Now;
use crate::secret::Secret;
use crate::trust::provider::fill_randomly;
use crate::wire::fields::{Field, Fields, Model, Place};
use crate::wire::json::Json;
use crate::wire::{Body, Request, envelope};

/// Tokens with many claims have 20 KiB each.
const MAX_TOKENS: u64 = 1024 * 1024;
/// No token is left alone for longer, whatever is said of it.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);
/// What an access token lasts of which nobody says it.
const USUAL: Duration = Duration::from_secs(5 * 60);
/// A refresh that failed for now is tried again after this share of the time that is left, and not at once.
const POSTPONED: u32 = 4;
const SHORTEST_POSTPONEMENT: Duration = Duration::from_secs(5);

/// The tokens of one login. A refresh makes new ones.
pub(crate) struct OidcTokens {
    pub(crate) access: Secret,
    pub(super) refresh: Option<Secret>,
    /// Names the login to the controller when all logins of its identity are to end.
    pub(super) id: Option<Secret>,
    /// Of the controller that gave them; other nodes of a network have the same.
    pub(super) endpoints: Endpoints,
    pub(super) obtained: Now,
    pub(super) lifetime: Duration,
    /// In milliseconds from when they were obtained.
    pub(super) due_after: AtomicU64,
    /// The certificate by which they came, which they may be good with alone.
    pub(super) bound_to: Option<CertificateDer<'static>>,
}

impl OidcTokens {
    /// How long until they are to be renewed.
    pub(in crate::login) fn due_in(&self, now: Now) -> Duration {
        let due_after = Duration::from_millis(self.due_after.load(Ordering::Relaxed));
        due_after.saturating_sub(now.since(self.obtained))
    }

    /// How long until the access token is over.
    pub(crate) fn left(&self, now: Now) -> Duration {
        self.lifetime.saturating_sub(now.since(self.obtained))
    }

    /// True if the access token is of no use any more.
    pub(super) fn are_over(&self, now: Now) -> bool {
        self.left(now).is_zero()
    }

    /// Puts the next renewal off, because one failed just now; never to after the end.
    pub(super) fn postpone(&self, now: Now) {
        let age = now.since(self.obtained);
        let left = self.left(now);
        let due_after = age + (left / POSTPONED).max(SHORTEST_POSTPONEMENT);
        self.due_after.store(milliseconds(due_after.min(self.lifetime)), Ordering::Relaxed);
    }

    /// The request for the next ones. Refreshing uses the refresh token up, so it is sent once.
    pub(super) fn refresh_request(&self) -> Option<Request> {
        let token = self.refresh.as_ref()?;
        let fields = [("grant_type", "refresh_token"), ("client_id", CLIENT), ("refresh_token", token.expose())];
        Some(token_request(&self.endpoints.token, &fields).hide(token))
    }

    /// The certificate by which they came. Those of each refresh are good with it, too.
    pub(in crate::login) fn bound_to(&self) -> Option<&CertificateDer<'static>> {
        self.bound_to.as_ref()
    }

    /// Where the steps are that come after the login.
    pub(super) fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// These after `old`: what a refresh does not bring is as good as before.
    pub(super) fn after(mut self, old: &Self) -> Self {
        self.bound_to.clone_from(&old.bound_to);
        self.refresh = self.refresh.or_else(|| old.refresh.clone());
        self.id = self.id.or_else(|| old.id.clone());
        self
    }

    /// Reads the answer of the token endpoint, whose body is wiped.
    pub(super) fn read(request: &Request, body: &mut [u8], now: Now, endpoints: &Endpoints) -> Result<Self, Error> {
        let answer: TokenAnswer = envelope::bare_once(&request.operation(), body)?;
        let unusable = |path: &str, message: &str| Error::Decode {
            operation: request.operation(),
            path: path.to_owned(),
            message: message.to_owned(),
        };
        if !answer.access_token.is_sendable() {
            return Err(unusable("access_token", "this is not a token"));
        }
        if answer.token_type.is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer")) {
            return Err(unusable("token_type", "tokens of this kind cannot be used, only Bearer can"));
        }
        let lifetime = answer.expires_in.map(|Seconds(seconds)| seconds).filter(|seconds| *seconds > 0);
        let lifetime = lifetime.map_or(USUAL, Duration::from_secs).min(LONGEST);
        Ok(Self {
            access: answer.access_token,
            refresh: answer.refresh_token.filter(Secret::is_sendable),
            id: answer.id_token.filter(Secret::is_sendable),
            endpoints: endpoints.clone(),
            obtained: now,
            lifetime,
            due_after: AtomicU64::new(milliseconds(lifetime.mul_f64(share()))),
            bound_to: None,
        })
    }

    /// Checks that these are the tokens of this login. The connection vouches for who sent them; this is about whom they
    /// were made for. A token that is not readable says nothing.
    pub(super) fn require_nonce(&self, request: &Request, login: &Authorization) -> Result<(), Error> {
        let said = self.id.as_ref().and_then(nonce_of);
        if said.is_some_and(|said| said != login.nonce.expose()) {
            return Err(Error::Decode {
                operation: request.operation(),
                path: "id_token".to_owned(),
                message: "the tokens are those of another login: their nonce is another".to_owned(),
            });
        }
        Ok(())
    }
}

impl Authorization {
    /// Exchanges the code. It is good for one exchange.
    pub(super) fn exchange_request(&self, code: &Secret) -> Request {
        let fields = [
            ("grant_type", "authorization_code"),
            ("client_id", CLIENT),
            ("code", code.expose()),
            ("code_verifier", self.pkce.verifier().expose()),
            ("redirect_uri", REDIRECT_URI),
        ];
        token_request(&self.endpoints.token, &fields).hide(code).hide(self.pkce.verifier())
    }
}

fn token_request(path: &str, fields: &[(&str, &str)]) -> Request {
    let mut request = step(Request::post(path)).body(Body::form(fields));
    request.max_answer = MAX_TOKENS;
    request
}

struct TokenAnswer {
    access_token: Secret,
    refresh_token: Option<Secret>,
    id_token: Option<Secret>,
    token_type: Option<String>,
    expires_in: Option<Seconds>,
}

impl Model for TokenAnswer {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self {
            access_token: fields.get("access_token"),
            refresh_token: fields.get("refresh_token"),
            id_token: fields.get("id_token"),
            token_type: fields.get("token_type"),
            expires_in: fields.get("expires_in"),
        }
    }
}

/// How long something lasts; what is less than nothing is nothing.
struct Seconds(u64);

impl Field for Seconds {
    fn from_value(value: Option<Json<'_>>, at: &Place<'_>) -> Self {
        match &value {
            Some(Json::Number(number)) => {
                Self(number.as_u64().unwrap_or_else(|| number.as_f64().unwrap_or_default() as u64))
            }
            other => {
                at.fault("a number of seconds", other.as_ref());
                Self(0)
            }
        }
    }
}

fn nonce_of(token: &Secret) -> Option<String> {
    #[derive(Deserialize)]
    struct Claims {
        nonce: Option<String>,
    }
    let claims = BASE64_URL_SAFE_NO_PAD.decode(token.expose().split('.').nth(1)?).ok()?;
    serde_json::from_slice::<Claims>(&claims).ok()?.nonce
}

/// Between 60 and 80 percent, so that many clients that began together do not go on together.
pub(super) fn share() -> f64 {
    let mut random = [0x80];
    // Without randomness the middle will do.
    let _ = fill_randomly(&mut random);
    0.6 + 0.2 * f64::from(random[0]) / 255.0
}

pub(in crate::login) fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::{Instant, SystemTime};

    use super::*;
    use crate::login::oidc::discovery::tests::endpoints;

    fn start() -> Now {
        Now { monotonic: Instant::now(), wall: SystemTime::now() }
    }

    fn later(now: Now, seconds: u64) -> Now {
        let by = Duration::from_secs(seconds);
        Now { monotonic: now.monotonic + by, wall: now.wall + by }
    }

    fn read(body: &str, now: Now) -> Result<OidcTokens, Error> {
        OidcTokens::read(&Request::post("/oidc/oauth/token"), &mut body.as_bytes().to_vec(), now, &endpoints())
    }

    #[test]
    fn tokens_are_due_between_sixty_and_eighty_percent_of_their_time() {
        let now = start();
        let body = r#"{"access_token":"opaque","refresh_token":"r","expires_in":1000,"token_type":"bearer"}"#;
        let all: Vec<Duration> = (0..64).map(|_| read(body, now).unwrap().due_in(now)).collect();
        let range = Duration::from_secs(600)..=Duration::from_secs(801);
        assert!(all.iter().all(|due| range.contains(due)), "{all:?}");
        assert!(all.iter().any(|due| *due != all[0]), "not all at once");
        let tokens = read(body, now).unwrap();
        assert!(!tokens.due_in(later(now, 599)).is_zero() && tokens.due_in(later(now, 801)).is_zero());
        assert!(!tokens.are_over(later(now, 999)) && tokens.are_over(later(now, 1000)));
    }

    #[test]
    fn a_clock_that_is_set_makes_no_token_older() {
        let now = start();
        let tokens = read(r#"{"access_token":"a","expires_in":1800}"#, now).unwrap();
        let night = Duration::from_secs(8 * 3600);
        for wall in [now.wall + night, now.wall - night] {
            assert!(!tokens.due_in(Now { wall, ..now }).is_zero());
        }
        assert!(tokens.are_over(later(now, night.as_secs())), "which is how long the machine slept");
    }

    #[test]
    fn a_refresh_that_failed_is_put_off_and_not_to_after_the_end() {
        let now = start();
        let tokens = read(r#"{"access_token":"a","expires_in":1000}"#, now).unwrap();
        let at = later(now, 800);
        tokens.postpone(at);
        assert_eq!(tokens.due_in(at), Duration::from_secs(50));
        let at = later(now, 998);
        tokens.postpone(at);
        assert_eq!(tokens.due_in(at), Duration::from_secs(2));
    }

    #[test]
    fn a_lifetime_that_is_not_told_is_short_and_never_nothing() {
        let now = start();
        for rest in ["null", "0", "0.5", "-1", "-1e300", "-9223372036854775809"] {
            let rest = format!(r#","expires_in":{rest}"#);
            let tokens = read(&format!(r#"{{"access_token":"a"{rest}}}"#), now).unwrap();
            assert!(tokens.are_over(later(now, 300)) && !tokens.due_in(later(now, 100)).is_zero(), "{rest}");
        }
        assert!(read(r#"{"access_token":"a"}"#, now).unwrap().are_over(later(now, 300)));
        for endless in ["18446744073709551615", "1e300", "604801"] {
            let tokens = read(&format!(r#"{{"access_token":"a","expires_in":{endless}}}"#), now).unwrap();
            assert_eq!(tokens.left(now), LONGEST, "{endless}");
        }
        let tokens = read(r#"{"access_token":"a","expires_in":1799.0}"#, now).unwrap();
        assert_eq!(tokens.left(now), Duration::from_secs(1799));
    }

    #[test]
    fn what_is_no_token_is_refused_and_not_repeated() {
        for body in [
            r#"{"access_token":""}"#,
            r#"{"access_token":"canary with spaces"}"#,
            r#"{"access_token":"canary\r\nX: y"}"#,
            r#"{"access_token":"canary","token_type":"mac"}"#,
            r#"{"refresh_token":"canary"}"#,
            r#"{"access_token":["canary"]}"#,
            r#"{"access_token":"canary","expires_in":"soon"}"#,
            "canary",
        ] {
            let Err(error) = read(body, start()) else { panic!("{body}") };
            assert!(matches!(error, Error::Decode { .. }) && !error.to_string().contains("canary"), "{error}");
        }
    }

    #[test]
    fn the_body_that_tokens_came_in_is_wiped() {
        let mut body = br#"{"access_token":"canary","expires_in":"soon"}"#.to_vec();
        assert!(OidcTokens::read(&Request::post("/x"), &mut body, start(), &endpoints()).is_err());
        assert!(body.iter().all(|byte| *byte == 0));
    }

    #[test]
    fn the_nonce_is_read_where_there_is_one() {
        let token = |claims: &str| Secret::new(format!("e30.{}.sig", BASE64_URL_SAFE_NO_PAD.encode(claims)));
        assert_eq!(nonce_of(&token(r#"{"nonce":"n","sub":"s"}"#)).as_deref(), Some("n"));
        for token in [token("{}"), token("[]"), Secret::new("opaque"), Secret::new("a.%.c")] {
            assert_eq!(nonce_of(&token), None);
        }
    }
}
