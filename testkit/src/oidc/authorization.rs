//! Logins on their way, each known to the controller it began at alone.

use std::collections::HashMap;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::Grant;
use crate::external::Secondary;
use crate::manners::Version;
use crate::random;

/// How long a login may take.
const LIFE: Duration = Duration::from_secs(600);
/// More than a test begins; a program that runs for days forgets them all.
const REMEMBERED: usize = 10_000;

/// What the client that exchanges the code has to know.
#[derive(Debug, Clone)]
pub(crate) enum Challenge {
    /// The SHA-256 of its verifier, in base64.
    Sha256(String),
    /// The verifier itself.
    Plain(String),
}

impl Challenge {
    pub(crate) fn accepts(&self, verifier: &str) -> bool {
        match self {
            Self::Sha256(expected) => BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes())) == *expected,
            Self::Plain(expected) => verifier == expected,
        }
    }
}

/// A login from `authorize` to the exchange of its code.
#[derive(Debug, Clone)]
pub(crate) struct Authorization {
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) state: Option<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) scopes: Vec<String>,
    pub(crate) challenge: Option<Challenge>,
    pub(crate) begun: OffsetDateTime,
    /// What was shown so far; `None` before the first factor.
    pub(crate) grant: Option<Grant>,
    /// What the client exchanges for tokens; `None` before it was sent back with it.
    pub(crate) code: Option<String>,
}

impl Authorization {
    /// The second factors it waits for, as `authQueries` tells them; `enrolled` is whether the identity has a verified
    /// TOTP. `None` before the first factor.
    pub(crate) fn queries(&self, enrolled: bool, version: Version) -> Option<Vec<Value>> {
        let grant = self.grant.as_ref()?;
        let code = grant.wants_code(enrolled).then(|| totp_query(enrolled && version != Version::V1_3));
        Some(code.into_iter().chain(grant.login.secondary.as_ref().map(Secondary::query)).collect())
    }
}

fn totp_query(tell_enrolled: bool) -> Value {
    let mut query = json!({
        "format": "numeric",
        "httpMethod": "POST",
        "httpUrl": "./oidc/login/totp",
        "maxLength": 8,
        "minLength": 6,
        "provider": "ziti",
        "scopes": null,
        "typeId": "TOTP",
    });
    if tell_enrolled {
        query["isTotpEnrolled"] = true.into();
    }
    query
}

/// The logins on their way, by the id that each step of them names.
#[derive(Default)]
pub(crate) struct Authorizations {
    by_id: HashMap<String, Authorization>,
}

impl Authorizations {
    /// Begins a login; the result is its id.
    pub(crate) fn begin(&mut self, authorization: Authorization) -> String {
        let now = authorization.begun;
        self.by_id.retain(|_, known| now < known.begun + LIFE);
        if self.by_id.len() >= REMEMBERED {
            self.by_id.clear();
        }
        let id = random::uuid();
        self.by_id.insert(id.clone(), authorization);
        id
    }

    /// The login of this id, if its time is not over.
    pub(crate) fn get_mut(&mut self, id: &str, now: OffsetDateTime) -> Option<&mut Authorization> {
        self.by_id.get_mut(id).filter(|known| now < known.begun + LIFE)
    }

    /// The login that this code is for, and its id.
    pub(crate) fn of_code(&self, code: &str, now: OffsetDateTime) -> Option<(&str, &Authorization)> {
        let mut known = self.by_id.iter().filter(|(_, known)| now < known.begun + LIFE);
        known.find(|(_, known)| known.code.as_deref() == Some(code)).map(|(id, known)| (id.as_str(), known))
    }

    /// A login is done: its code is spent.
    pub(crate) fn end(&mut self, id: &str) {
        self.by_id.remove(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verifier_fits_the_challenge_of_the_rfc() {
        let challenge = Challenge::Sha256("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".to_owned());
        assert!(challenge.accepts("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"));
        assert!(!challenge.accepts("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXx"));
        assert!(Challenge::Plain("x".to_owned()).accepts("x"));
    }

    #[test]
    fn a_login_has_ten_minutes() {
        let now = OffsetDateTime::now_utc();
        let mut all = Authorizations::default();
        let id = all.begin(Authorization {
            client_id: "openziti".to_owned(),
            redirect_uri: String::new(),
            state: None,
            nonce: None,
            scopes: Vec::new(),
            challenge: None,
            begun: now,
            grant: None,
            code: Some("code".to_owned()),
        });
        assert!(all.get_mut(&id, now + LIFE / 2).is_some());
        assert_eq!(all.of_code("code", now).map(|(found, _)| found), Some(id.as_str()));
        assert!(all.get_mut(&id, now + LIFE).is_none());
        assert!(all.of_code("code", now + LIFE).is_none());
    }
}
