//! Handing refresh tokens to whoever keeps them for the next start.

#[cfg(feature = "capi")]
pub(crate) mod ffi;

use std::sync::Arc;
use std::time::Duration;

use crate::error::one_line;
use crate::secret::Secret;
use crate::transport::Call;

type Keep = dyn Fn(Option<&Secret>, Duration) -> Result<(), String> + Send + Sync;

/// Who keeps refresh tokens, if anybody does.
#[derive(Clone, Default)]
pub(super) struct Keeper(Option<Arc<Keep>>);

impl Keeper {
    pub(super) fn of(keep: impl Fn(Option<&Secret>, Duration) -> Result<(), String> + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(keep)))
    }

    /// Tells of a refresh token before it is used, or that the provider takes the last one no more.
    pub(super) fn tell(&self, call: &Call, issuer: &str, token: Option<&Secret>) {
        let Some(keep) = &self.0 else { return };
        if let Err(why) = keep(token, call.remaining()) {
            let why = one_line(&why);
            log::warn!("{issuer}: the login goes on, but what became of its refresh token could not be kept: {why}");
        }
    }
}
