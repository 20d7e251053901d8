//! OpenID Connect: logins on their way, the tokens they end with, and what became of those.

mod authorization;
mod claims;
mod issued;
mod jwk;
mod pages;

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

pub(crate) use authorization::{Authorization, Authorizations, Challenge};
pub(crate) use claims::{Grant, Kind, Minter};
pub(crate) use issued::Issued;
pub(crate) use jwk::jwk;
pub(crate) use pages::{discovery, link, login_page};

/// How long tokens are good, and how long one that was used up still is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lifetimes {
    pub(crate) access: Duration,
    pub(crate) refresh: Duration,
    /// From the use of a refresh token until it is known to be used up, and the access token that came with it.
    pub(crate) revocation_delay: Duration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            access: Duration::from_secs(30 * 60),
            refresh: Duration::from_secs(24 * 3600),
            revocation_delay: Duration::from_secs(30),
        }
    }
}

/// What one controller knows of all this.
#[derive(Default)]
pub(crate) struct Oidc {
    pub(crate) authorizations: Authorizations,
    /// What the controllers of a network know together.
    pub(crate) shared: Arc<Mutex<Issued>>,
    /// How many logins ended with tokens.
    pub(crate) logins: usize,
    /// How many times tokens were had for a refresh token.
    pub(crate) refreshes: usize,
}

impl Oidc {
    pub(crate) fn issued(&self) -> MutexGuard<'_, Issued> {
        self.shared.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}
