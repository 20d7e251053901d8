//! What a provider's tokens say.
//!
//! Their signatures are not checked here: the tokens come from the token endpoint itself, over TLS that proves it
//! (OpenID Connect Core, 3.1.3.7, 6), and the controller checks the signature of what it is shown.

use std::time::{Duration, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::discovery::Provider;
use super::endpoint::Answer;
use crate::error::{Error, shown};
use crate::login::now::Now;
use crate::secret::Secret;
use crate::trust::provider::{Digest, sha256, sha384, sha512};
use crate::wire::envelope;
use crate::wire::fields::{Field, Fields, Model, Place};
use crate::wire::json::Json;

/// By so much the clocks of a provider's machines may differ.
const LEEWAY: u64 = 60;
/// Longer than any token is good for, and nothing can be added up to too much.
const LONGEST: u64 = 10 * 365 * 24 * 3600;

/// A JWT that was looked into.
pub(super) struct Jwt {
    algorithm: String,
    pub(super) claims: Claims,
}

/// The claims that matter to a client.
pub(super) struct Claims {
    issuer: Option<String>,
    pub(super) subject: Option<String>,
    pub(super) audience: Audience,
    authorized: Option<String>,
    nonce: Option<Secret>,
    access_token_hash: Option<String>,
    expires: Option<Seconds>,
}

struct Header {
    algorithm: String,
}

impl Model for Header {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self { algorithm: fields.get("alg") }
    }
}

impl Model for Claims {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self {
            issuer: fields.get("iss"),
            subject: fields.get("sub"),
            audience: fields.get("aud"),
            authorized: fields.get("azp"),
            nonce: fields.get("nonce"),
            access_token_hash: fields.get("at_hash"),
            expires: fields.get("exp"),
        }
    }
}

impl Jwt {
    /// Takes the token apart that lies at `path` in an answer.
    pub(super) fn read(answer: &Answer, path: &str, token: &Secret) -> Result<Self, Error> {
        let no_jwt = || answer.unreadable(path, "this is not a JWT");
        let mut parts = token.expose().split('.');
        let (Some(header), Some(claims), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(no_jwt());
        };
        let decode = |part: &str| {
            let bytes = Zeroizing::new(BASE64_URL_SAFE_NO_PAD.decode(part).map_err(|_| no_jwt())?);
            str::from_utf8(&bytes).map(|text| Zeroizing::new(text.to_owned())).map_err(|_| no_jwt())
        };
        let Header { algorithm } = envelope::kept(&answer.operation, path, &decode(header)?)?;
        if algorithm.eq_ignore_ascii_case("none") {
            return Err(answer.unreadable(path, "the token is not signed"));
        }
        Ok(Self { algorithm, claims: envelope::kept(&answer.operation, path, &decode(claims)?)? })
    }

    /// How long the token is still good, by the clock of the provider.
    pub(super) fn left(&self, asked: Now, answer: &Answer) -> Option<Duration> {
        let Seconds(end) = self.claims.expires?;
        Some(Duration::from_secs(end.saturating_sub(time_of(answer, asked)).min(LONGEST)))
    }

    /// Checks what an ID token has to say (OpenID Connect Core, 3.1.3.7). Without a nonce none was sent along.
    pub(super) fn check_id(
        &self,
        provider: &Provider,
        asked: Now,
        answer: &Answer,
        nonce: Option<&Secret>,
        access_token: Option<&Secret>,
    ) -> Result<(), Error> {
        let Claims { issuer, audience: Audience(audience), authorized, expires, .. } = &self.claims;
        let bad = |claim: &str, why: String| Err(answer.unreadable(&format!("id_token.{claim}"), why));
        let client = provider.settings.client_id.as_str();
        if issuer.as_deref() != Some(&provider.issuer) {
            let theirs = issuer.as_deref().map_or("nobody".to_owned(), shown);
            return bad("iss", format!("it was issued by {theirs}, not by {}", shown(&provider.issuer)));
        }
        if !audience.iter().any(|one| one == client) {
            return bad("aud", format!("it is for {}, not for client {}", named(audience), shown(client)));
        }
        let must_name_client = audience.len() > 1 || authorized.is_some();
        if must_name_client && authorized.as_deref() != Some(client) {
            return bad("azp", "it was issued to another client, or to one that it does not name".to_owned());
        }
        let Some(Seconds(end)) = *expires else {
            return bad("exp", "it does not say when it expires".to_owned());
        };
        let over = time_of(answer, asked).saturating_sub(end);
        if over > LEEWAY {
            return bad("exp", format!("it expired {over} s ago by the provider's clock"));
        }
        let theirs = self.claims.nonce.as_ref();
        if nonce.is_some_and(|own| theirs.is_none_or(|theirs| theirs.expose() != own.expose())) {
            return bad("nonce", "it is not from the login that was begun here".to_owned());
        }
        self.check_hash(answer, access_token)
    }

    /// Where an ID token says which access token it goes with, by a hash that its own algorithm decides on.
    fn check_hash(&self, answer: &Answer, access_token: Option<&Secret>) -> Result<(), Error> {
        let (Some(theirs), Some(token)) = (&self.claims.access_token_hash, access_token) else { return Ok(()) };
        let Some(hash) = hash_of(&self.algorithm, theirs) else { return Ok(()) };
        let hash = hash(token.expose().as_bytes());
        let (half, _) = hash.as_ref().split_at(hash.as_ref().len() / 2);
        if BASE64_URL_SAFE_NO_PAD.encode(half) == *theirs {
            return Ok(());
        }
        Err(answer.unreadable("id_token.at_hash", "it does not go with the access token"))
    }
}

/// How an algorithm hashes: its number says so, and Ed25519 is made with SHA-512. Ed448 is not, and of the two `EdDSA`
/// does not say which it is; only the length of the hash does. What is not known here is not judged.
fn hash_of(algorithm: &str, at_hash: &str) -> Option<fn(&[u8]) -> Digest> {
    /// Half of a SHA-512 in base64.
    const HALF_OF_512: usize = 43;
    match algorithm {
        "RS256" | "ES256" | "PS256" | "ES256K" | "HS256" => Some(sha256),
        "RS384" | "ES384" | "PS384" | "HS384" => Some(sha384),
        "RS512" | "ES512" | "PS512" | "HS512" | "Ed25519" => Some(sha512),
        "EdDSA" if at_hash.len() == HALF_OF_512 => Some(sha512),
        _ => None,
    }
}

/// When the answer came: seconds since 1970 by the clock of the provider, else by the local one.
fn time_of(answer: &Answer, asked: Now) -> u64 {
    let local = || asked.wall.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    answer.date().unwrap_or_else(local)
}

/// Whom a token is for: one name or several.
pub(super) struct Audience(pub(super) Vec<String>);

impl Field for Audience {
    fn from_value(value: Option<Json<'_>>, at: &Place<'_>) -> Self {
        match value {
            Some(Json::Text(one)) => Self(vec![one.into_owned()]),
            several => Self(Vec::from_value(several, at)),
        }
    }
}

/// The names in an audience, for a message.
pub(super) fn named(audience: &[String]) -> String {
    match audience {
        [] => "nobody".to_owned(),
        names => names.iter().take(3).map(|name| shown(name)).collect::<Vec<_>>().join(", "),
    }
}

/// A number of seconds, whole or not; some providers write it as a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seconds(pub(super) u64);

impl Seconds {
    /// As a time span, within reason.
    pub(super) fn span(self) -> Duration {
        Duration::from_secs(self.0.min(LONGEST))
    }
}

impl Field for Seconds {
    fn from_value(value: Option<Json<'_>>, at: &Place<'_>) -> Self {
        let number = match &value {
            Some(Json::Number(number)) => number.as_f64(),
            Some(Json::Text(digits)) => digits.parse::<u32>().ok().map(f64::from),
            _ => None,
        };
        match number.filter(|seconds| (0.0..=1e12).contains(seconds)) {
            Some(seconds) => Self(seconds as u64),
            None => {
                at.fault("a number of seconds", value.as_ref());
                Self(0)
            }
        }
    }
}
