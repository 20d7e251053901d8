//! What the token endpoint answers, and what can be checked of it.

use std::time::{Duration, Instant};

use super::claims::{Audience, Jwt, Seconds, named};
use super::discovery::Provider;
use super::endpoint::{Answer, refusal_in_words, refused};
use super::settings::TargetToken;
use crate::error::Error;
use crate::login::now::Now;
use crate::secret::Secret;
use crate::wire::fields::{Fields, Model};

/// A token is renewed when so much of its time is left, and no earlier than when this share of it is.
const NEAR_ITS_END: Duration = Duration::from_secs(60);
const LAST_SHARE: u32 = 4;

/// What one answer of the token endpoint brought.
#[derive(Clone)]
pub(super) struct Tokens {
    /// The one for controllers.
    pub(super) target: Secret,
    pub(super) access: Option<Secret>,
    pub(super) id: Option<Secret>,
    pub(super) refresh: Option<Secret>,
    pub(super) subject: Option<String>,
    /// By the clock that goes on while the machine sleeps, and how long it was good from the start.
    expires: Option<(Instant, Duration)>,
}

impl Tokens {
    pub(super) fn is_near_end(&self, now: Now) -> bool {
        let life = self.expires.map_or(Duration::ZERO, |(_, life)| life);
        self.left(now).is_some_and(|left| left <= NEAR_ITS_END.min(life / LAST_SHARE))
    }

    pub(super) fn left(&self, now: Now) -> Option<Duration> {
        self.expires.map(|(end, _)| end.saturating_duration_since(now.monotonic))
    }

    pub(super) fn is_over(&self, now: Now) -> bool {
        self.left(now).is_some_and(|left| left.is_zero())
    }
}

/// Reads an answer of the token endpoint, and checks what can be checked of it.
pub(super) fn read(
    provider: &Provider,
    asked: Now,
    answer: &Answer,
    nonce: Option<&Secret>,
    before: Option<&Tokens>,
) -> Result<Tokens, Error> {
    let said: TokenAnswer = answer.read()?;
    said.require_success(answer)?;
    let id = said.id_token.as_ref().map(|token| Jwt::read(answer, "id_token", token)).transpose()?;
    if let Some(id) = &id {
        id.check_id(provider, asked, answer, nonce, said.access_token.as_ref())?;
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
    let life = said_life.into_iter().chain(jwt.left(asked, answer)).min();
    Ok(Tokens {
        target: target.clone(),
        access: said.access_token,
        id: said.id_token,
        refresh: said.refresh_token.filter(|token| !token.expose().is_empty()),
        subject: subject.or(known),
        expires: life.map(|life| (asked.monotonic + life, life)),
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
            return Err(refused(refusal_in_words(
                answer.status(),
                code,
                "the provider refuses with a success",
                &answer.operation,
            )));
        }
        match self.token_type.as_deref() {
            Some(kind) if kind.eq_ignore_ascii_case("bearer") => Ok(()),
            Some(_) => Err(answer.unreadable("token_type", "tokens of another kind than Bearer cannot be used")),
            None => Err(answer.unreadable("token_type", "a string is missing")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::login::now::Clock;

    fn tokens(expires: Option<(Instant, Duration)>) -> Tokens {
        let target = Secret::new("x");
        Tokens { target, access: None, id: None, refresh: None, subject: None, expires }
    }

    #[test]
    fn a_token_is_near_its_end_in_its_last_quarter_and_at_most_for_a_minute() {
        let now = Clock::default().now();
        let seconds = Duration::from_secs;
        for (life, left, near) in
            [(3600, 3600, false), (3600, 70, false), (3600, 50, true), (100, 40, false), (100, 20, true), (0, 0, true)]
        {
            let tokens = tokens(Some((now.monotonic + seconds(left), seconds(life))));
            assert_eq!((tokens.is_near_end(now), tokens.is_over(now)), (near, left == 0), "{left} of {life} s");
        }
        assert!(!tokens(None).is_near_end(now) && !tokens(None).is_over(now), "nobody said that it ends");
    }
}
