//! Tokens, and logins that wait for factors, which outlive their process.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use serde_json::{Value, json};

use super::authorize::Authorization;
use super::discovery::Endpoints;
use super::token::{OidcTokens, milliseconds, share};
use super::waiting::{LIFE, WaitingLogin};
use crate::login::live::Second;
use crate::login::now::Now;
use crate::login::pkce::Pkce;
use crate::secret::Secret;
use crate::wire::ControllerUrl;
use crate::wire::fields::{Fields, Model};
use crate::wire::url::is_plain_path;

/// Tokens as they are saved.
#[derive(Default)]
pub(in crate::login) struct SavedTokens {
    pub(in crate::login) access: Secret,
    refresh: Option<Secret>,
    id: Option<Secret>,
    /// What the access token lasted when it came, and how old it was when it was saved.
    lifetime: Duration,
    age: Duration,
    endpoints: Endpoints,
}

impl OidcTokens {
    pub(in crate::login) fn saved(&self, now: Now) -> SavedTokens {
        SavedTokens {
            access: self.access.clone(),
            refresh: self.refresh.clone(),
            id: self.id.clone(),
            lifetime: self.lifetime,
            age: now.since(self.obtained),
            endpoints: self.endpoints.clone(),
        }
    }
}

impl SavedTokens {
    /// The same with the tokens, which are written apart.
    pub(in crate::login) fn with(self, access: Secret, refresh: Option<Secret>, id: Option<Secret>) -> Self {
        Self { access, refresh, id, ..self }
    }

    /// The tokens, which came by this certificate, if they may be good for anything where so much time has passed since
    /// they were saved. Where nobody knows how much, they are refreshed at once.
    pub(in crate::login) fn resume(
        self,
        now: Now,
        since: Option<Duration>,
        bound_to: Option<CertificateDer<'static>>,
    ) -> Option<OidcTokens> {
        let age = since.map(|since| since.saturating_add(self.age));
        let lifetime = self.lifetime.saturating_sub(age.unwrap_or_default());
        if lifetime.is_zero() && self.refresh.is_none() {
            return None;
        }
        let due_after = match age {
            Some(age) => self.lifetime.mul_f64(share()).saturating_sub(age),
            None if self.refresh.is_some() => Duration::ZERO,
            None => lifetime,
        };
        let Self { access, refresh, id, endpoints, .. } = self;
        Some(OidcTokens {
            access,
            refresh,
            id,
            endpoints,
            obtained: now,
            lifetime,
            due_after: AtomicU64::new(milliseconds(due_after)),
            bound_to,
        })
    }

    /// False for what no token endpoint ever answered.
    pub(in crate::login) fn are_usable(&self) -> bool {
        let tokens = [Some(&self.access), self.refresh.as_ref(), self.id.as_ref()];
        tokens.into_iter().flatten().all(Secret::is_sendable) && self.endpoints.are_plain()
    }

    /// All but the tokens.
    pub(in crate::login) fn facts(&self) -> Value {
        json!({
            "lifetime": milliseconds(self.lifetime),
            "age": milliseconds(self.age),
            "endpoints": self.endpoints.facts(),
        })
    }

    /// The tokens, each with its name.
    pub(in crate::login) fn secrets(&self) -> impl Iterator<Item = (&'static str, &Secret)> {
        let all = [("access", Some(&self.access)), ("refresh", self.refresh.as_ref()), ("id", self.id.as_ref())];
        all.into_iter().filter_map(|(name, token)| Some((name, token?)))
    }
}

/// Reads what [`SavedTokens::facts`] wrote.
impl Model for SavedTokens {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self {
            lifetime: Duration::from_millis(fields.get("lifetime")),
            age: Duration::from_millis(fields.get("age")),
            endpoints: fields.get("endpoints"),
            ..Self::default()
        }
    }
}

/// A login that waits for factors, as it is saved: nothing but the time ties it to the process that began it.
#[derive(Default)]
pub(in crate::login) struct SavedLogin {
    id: Secret,
    verifier: Secret,
    state: Secret,
    nonce: Secret,
    /// How old it was when it was saved.
    age: Duration,
    endpoints: Endpoints,
    /// It has had its external JWT, which is not saved, of this signer.
    had_jwt: bool,
    signer: Option<String>,
}

impl WaitingLogin {
    pub(in crate::login) fn saved(&self, now: Now, second: &Second) -> SavedLogin {
        let Authorization { controller: _, endpoints, id, pkce, state, nonce } = self.login.clone();
        let signer = second.signer_of_sent();
        SavedLogin {
            id,
            verifier: pkce.verifier().clone(),
            state,
            nonce,
            age: LIFE.saturating_sub(self.left(now)),
            endpoints,
            had_jwt: signer.is_some(),
            signer: signer.flatten().map(str::to_owned),
        }
    }
}

impl SavedLogin {
    /// The same with what its steps are known by, which is written apart.
    pub(in crate::login) fn with(self, id: Secret, verifier: Secret, state: Secret, nonce: Secret) -> Self {
        Self { id, verifier, state, nonce, ..self }
    }

    /// The login, if its controller may still know it where so much time has passed since it was saved. Where nobody
    /// knows how much, the controller is asked.
    pub(in crate::login) fn resume(
        self,
        controller: &ControllerUrl,
        now: Now,
        since: Option<Duration>,
    ) -> Option<(WaitingLogin, Second)> {
        let life = LIFE.saturating_sub(since.unwrap_or_default().saturating_add(self.age));
        let Self { id, verifier, state, nonce, endpoints, had_jwt, signer, age: _ } = self;
        let second = if had_jwt { Second::Elsewhere { signer } } else { Second::None };
        let (controller, pkce) = (controller.clone(), Pkce::of(verifier));
        let login = Authorization { controller, endpoints, id, pkce, state, nonce };
        (!life.is_zero()).then(|| (WaitingLogin::new(login, now, life), second))
    }

    /// False for what no login ever was.
    pub(in crate::login) fn is_usable(&self) -> bool {
        self.secrets().all(|(_, secret)| secret.is_sendable()) && self.endpoints.are_plain()
    }

    /// All but what its steps are known by.
    pub(in crate::login) fn facts(&self) -> Value {
        json!({
            "age": milliseconds(self.age),
            "endpoints": self.endpoints.facts(),
            "hadJwt": self.had_jwt,
            "signer": self.signer,
        })
    }

    /// What its steps are known by, each with its name.
    pub(in crate::login) fn secrets(&self) -> impl Iterator<Item = (&'static str, &Secret)> {
        [("login", &self.id), ("verifier", &self.verifier), ("state", &self.state), ("nonce", &self.nonce)].into_iter()
    }
}

/// Reads what [`SavedLogin::facts`] wrote.
impl Model for SavedLogin {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self {
            age: Duration::from_millis(fields.get("age")),
            endpoints: fields.get("endpoints"),
            had_jwt: fields.get("hadJwt"),
            signer: fields.get("signer"),
            ..Self::default()
        }
    }
}

impl Endpoints {
    fn facts(&self) -> Value {
        let Self { base, authorize, token, revocation, end_session } = self;
        json!({
            "base": base,
            "authorize": authorize,
            "token": token,
            "revocation": revocation,
            "endSession": end_session,
        })
    }

    /// False for what could lead away from the controller.
    fn are_plain(&self) -> bool {
        let paths = [Some(&self.authorize), Some(&self.token), self.revocation.as_ref(), self.end_session.as_ref()];
        paths.into_iter().flatten().all(|path| is_plain_path(path))
            && (self.base.is_empty() || is_plain_path(&self.base))
    }
}

/// Reads what [`Endpoints::facts`] wrote.
impl Model for Endpoints {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self {
            base: fields.get("base"),
            authorize: fields.get("authorize"),
            token: fields.get("token"),
            revocation: fields.get("revocation"),
            end_session: fields.get("endSession"),
        }
    }
}
