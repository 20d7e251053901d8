//! What takes the place of a certificate that is refused: the one that the file has by now, or the pair that an
//! interrupted renewal left.

use std::sync::Arc;

use super::event::{Event, EventKind};
use crate::client::Client;
use crate::error::Error;
use crate::identity::{NewPair, Store};
use crate::login::Generation;
use crate::transport::Call;

/// A generation to go on with, and what there is to tell of it.
type Found = (Arc<Generation>, Option<Event>);

impl Client {
    /// A generation with another certificate than `old`: from the store, from an interrupted renewal, or made by
    /// another thread meanwhile.
    pub(in crate::client) fn after_refusal(&self, call: &Call, old: &Arc<Generation>) -> Option<Arc<Generation>> {
        // It was no certificate that was refused.
        if !old.ways.show_certificate() {
            return None;
        }
        let found = self.find_another(call, old).unwrap_or_else(|error| {
            log::debug!("the identity was refused, and what a renewal may have left is of no help: {error}");
            None
        });
        let (newer, event) = found?;
        self.tell(event.as_slice());
        Some(newer)
    }

    /// One thread looks at a time, and none while the identity is changed.
    fn find_another(&self, call: &Call, old: &Arc<Generation>) -> Result<Option<Found>, Error> {
        let _taken = self.shared.upkeep.turn.take(call)?;
        let current = self.generation();
        if !Arc::ptr_eq(&current, old) {
            return Ok(Some((current, None)));
        }
        match self.reload(old) {
            Some(found) => Ok(Some(found)),
            None => self.recover(call, old),
        }
    }

    /// A generation of what the store holds, if that has another certificate.
    fn reload(&self, old: &Arc<Generation>) -> Option<Found> {
        let path = self.settings().store.as_ref().and_then(Store::path)?;
        let newer = old.identity.load_again(path).and_then(|identity| self.generation_if_newer(identity, old));
        let newer = newer.unwrap_or_else(|error| {
            log::debug!("the identity was refused, and its file is of no help: {error}");
            None
        });
        let newer = Arc::new(newer?);
        self.put(Arc::clone(&newer));
        let message = "the identity was refused; its file holds a new certificate, which is used now";
        Some((newer, Some(Event::plain(EventKind::CertificateReloaded, message))))
    }

    /// Logs in with the pair that is kept beside the identity of `old`, if there is one; if the controllers take it, it
    /// is saved and used.
    fn recover(&self, call: &Call, old: &Arc<Generation>) -> Result<Option<Found>, Error> {
        let Some(pair) = self.pair_beside(old)? else { return Ok(None) };
        let newer = self.settings().generation_after(old, old.identity.with_pair(&pair)?, Arc::clone(&old.ways))?;
        match newer.session_at_once(call) {
            Ok(_) => {}
            Err(Error::Rejected(_)) => return Ok(None),
            Err(error) => return Err(error),
        }
        let event = self.put_in_place(call, newer);
        Ok(Some((self.generation(), Some(event))))
    }

    fn pair_beside(&self, old: &Generation) -> Result<Option<NewPair>, Error> {
        let kept = self.shared.upkeep.state().kept.clone();
        let stored = |store: &Store| store.kept_pair(&old.identity);
        kept.map_or_else(|| self.settings().store.as_ref().map_or(Ok(None), stored), |kept| Ok(Some(kept)))
    }

    /// Uses what has logged in, also if it cannot be saved now: nothing else logs in any more.
    fn put_in_place(&self, call: &Call, newer: Generation) -> Event {
        let held = self.settings().store.as_ref().map(|store| store.hold(|| call.check())).transpose();
        let problem = match held {
            Ok(Some(held)) => self.adopt(&held, newer, call).err(),
            Ok(None) => {
                self.put(Arc::new(newer));
                None
            }
            Err(error) => {
                self.shared.upkeep.state().unsaved = true;
                self.put(Arc::new(newer));
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
