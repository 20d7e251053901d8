//! What users choose about renewals, and how they learn of them.

use std::sync::Arc;
use std::time::Duration;

use super::event::Event;
use crate::error::Error;
use crate::identity::{KeyChoice, PrivateKey};
use crate::login::Clock;

#[derive(Debug, Clone, Default)]
pub(in crate::client) struct RenewalSettings {
    /// How long before its end a certificate is due.
    pub(in crate::client) before: Option<Duration>,
    /// Which key a renewal makes that needs a new one.
    pub(in crate::client) key: KeyChoice,
    pub(in crate::client) always_new_key: bool,
}

impl RenewalSettings {
    /// The key for a new certificate: a new one if `rolled`, else the one there is.
    pub(super) fn key_for(&self, own: &PrivateKey, rolled: bool) -> Result<PrivateKey, Error> {
        if !rolled {
            return Ok(own.clone());
        }
        let elsewhere = own.signer().is_some() || matches!(self.key, KeyChoice::Signer(_));
        if elsewhere {
            let message = "a renewal with a new key is wanted, but a key that a signer has stays where it is; make the \
                           new one there, and enroll with it";
            return Err(Error::Unsupported(message.to_owned()));
        }
        self.key.source()?.key()
    }
}

type Tell = dyn Fn(&Event) + Send + Sync;

/// Who is told of events, and what time it is.
#[derive(Clone, Default)]
pub(in crate::client) struct Watch {
    pub(in crate::client) tell: Option<Arc<Tell>>,
    pub(in crate::client) clock: Clock,
}
