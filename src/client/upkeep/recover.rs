//! The pair that an interrupted renewal left, when the certificate there is is refused.

use std::sync::Arc;

use super::event::{Event, EventKind};
use crate::client::Client;
use crate::error::Error;
use crate::identity::{NewPair, Store};
use crate::login::Generation;
use crate::transport::Call;

impl Client {
    /// Logs in with the pair that is kept beside the identity of `old`, if there is one; if the controllers take it, it
    /// is saved and used.
    pub(in crate::client) fn recover(
        &self,
        call: &Call,
        old: &Arc<Generation>,
    ) -> Result<Option<Arc<Generation>>, Error> {
        if self.pair_beside(old)?.is_none() {
            return Ok(None);
        }
        let taken = self.shared.upkeep.turn.take(call)?;
        let current = self.generation();
        if !Arc::ptr_eq(&current, old) {
            return Ok(Some(current));
        }
        let Some(pair) = self.pair_beside(old)? else { return Ok(None) };
        let newer = self.settings().generation(old.identity.with_pair(&pair)?)?;
        match newer.session_at_once(call) {
            Ok(_) => {}
            Err(Error::Rejected(_)) => return Ok(None),
            Err(error) => return Err(error),
        }
        let event = self.put_in_place(call, old, newer);
        drop(taken);
        self.tell(&[event]);
        Ok(Some(self.generation()))
    }

    fn pair_beside(&self, old: &Generation) -> Result<Option<NewPair>, Error> {
        let kept = self.shared.upkeep.state().kept.clone();
        let stored = |store: &Store| store.kept_pair(&old.identity);
        kept.map_or_else(|| self.settings().store.as_ref().map_or(Ok(None), stored), |kept| Ok(Some(kept)))
    }

    /// Uses what has logged in, also if it cannot be saved now: nothing else logs in any more.
    fn put_in_place(&self, call: &Call, old: &Arc<Generation>, newer: Generation) -> Event {
        let held = self.settings().store.as_ref().map(|store| store.hold(|| call.check())).transpose();
        let problem = match held {
            Ok(Some(held)) => self.adopt(&held, old, newer, call).err(),
            Ok(None) => {
                self.replace(old, Arc::new(newer));
                None
            }
            Err(error) => {
                self.shared.upkeep.state().unsaved = true;
                self.replace(old, Arc::new(newer));
                Some(error)
            }
        };
        match problem {
            None => {
                let message = "the certificate that an interrupted renewal left is in force, and is used from now on";
                Event::plain(EventKind::RenewalRecovered, message)
            }
            Some(error) => Event {
                kind: EventKind::RenewalRecovered,
                message: format!("the certificate of an interrupted renewal is in use, but not saved: {error}"),
                error: Some(error),
            },
        }
    }
}
