//! Tokens that outlive their process.

use std::sync::OnceLock;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use serde_json::{Value, json};

use super::discovery::Endpoints;
use super::token::{OidcTokens, milliseconds, share};
use crate::login::now::Now;
use crate::secret::Secret;
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
    base: String,
    authorize: String,
    token: String,
    revocation: Option<String>,
    end_session: Option<String>,
}

impl OidcTokens {
    pub(in crate::login) fn saved(&self, now: Now) -> SavedTokens {
        let Endpoints { base, authorize, token, revocation, end_session } = self.endpoints.clone();
        SavedTokens {
            access: self.access.clone(),
            refresh: self.refresh.clone(),
            id: self.id.clone(),
            lifetime: self.lifetime,
            age: now.since(self.obtained),
            base,
            authorize,
            token,
            revocation,
            end_session,
        }
    }
}

impl SavedTokens {
    /// The same with the tokens, which are written apart.
    pub(in crate::login) fn with(self, access: Secret, refresh: Option<Secret>, id: Option<Secret>) -> Self {
        Self { access, refresh, id, ..self }
    }

    /// The tokens, if they may be good for anything, where so much time has passed since they were saved. Where nobody
    /// knows how much, they are refreshed at once.
    pub(in crate::login) fn resume(self, now: Now, since: Option<Duration>) -> Option<OidcTokens> {
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
        let Self { access, refresh, id, base, authorize, token, revocation, end_session, .. } = self;
        Some(OidcTokens {
            access,
            refresh,
            id,
            endpoints: Endpoints { base, authorize, token, revocation, end_session },
            obtained: now,
            lifetime,
            due_after: AtomicU64::new(milliseconds(due_after)),
            bound_to: OnceLock::new(),
        })
    }

    /// False for what no token endpoint ever answered.
    pub(in crate::login) fn are_usable(&self) -> bool {
        let tokens = [Some(&self.access), self.refresh.as_ref(), self.id.as_ref()];
        let paths = [Some(&self.authorize), Some(&self.token), self.revocation.as_ref(), self.end_session.as_ref()];
        tokens.into_iter().flatten().all(Secret::is_sendable)
            && paths.into_iter().flatten().all(|path| is_plain_path(path))
            && (self.base.is_empty() || is_plain_path(&self.base))
    }

    /// All but the tokens.
    pub(in crate::login) fn facts(&self) -> Value {
        json!({
            "lifetime": milliseconds(self.lifetime),
            "age": milliseconds(self.age),
            "base": self.base,
            "authorize": self.authorize,
            "token": self.token,
            "revocation": self.revocation,
            "endSession": self.end_session,
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
            base: fields.get("base"),
            authorize: fields.get("authorize"),
            token: fields.get("token"),
            revocation: fields.get("revocation"),
            end_session: fields.get("endSession"),
            ..Self::default()
        }
    }
}
