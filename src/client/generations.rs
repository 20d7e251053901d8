//! Which generation calls run on, and what takes its place when its certificate is refused.

use std::sync::{Arc, PoisonError};

use super::upkeep::{Event, EventKind};
use super::{Client, Settings};
use crate::error::Error;
use crate::identity::{Identity, Store};
use crate::login::Generation;
use crate::transport::Call;

/// The certificate there is, the one of the file, the one that an interrupted renewal left.
const MOST_CERTIFICATES: usize = 3;

impl Client {
    pub(super) fn generation(&self) -> Arc<Generation> {
        Arc::clone(&self.shared.generation.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Runs on the current generation. If its certificate is refused and there is another one by now (another process
    /// renewed it, or a renewal was interrupted), runs once more on that.
    pub(super) fn on_generation<T>(
        &self,
        call: &Call,
        mut run: impl FnMut(&Generation) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut generation = self.generation();
        for _ in 1..MOST_CERTIFICATES {
            match run(&generation) {
                Err(refused @ Error::Rejected(_)) => match self.after_refusal(call, &generation) {
                    Some(newer) => generation = newer,
                    None => return Err(refused),
                },
                outcome => return outcome,
            }
        }
        run(&generation)
    }

    /// A generation with another certificate than `old`: from the store, from an interrupted renewal, or made by
    /// another thread meanwhile.
    fn after_refusal(&self, call: &Call, old: &Arc<Generation>) -> Option<Arc<Generation>> {
        let current = self.generation();
        if !Arc::ptr_eq(&current, old) {
            return Some(current);
        }
        if let Some(newer) = self.reload(call, old) {
            return Some(newer);
        }
        self.recover(call, old).unwrap_or_else(|error| {
            log::debug!("the identity was refused, and what a renewal may have left is of no help: {error}");
            None
        })
    }

    /// A generation of what the store holds, if that has another certificate.
    fn reload(&self, call: &Call, old: &Arc<Generation>) -> Option<Arc<Generation>> {
        let path = self.settings().store.as_ref().and_then(Store::path)?;
        let newer = old.identity.load_again(path).and_then(|identity| self.generation_if_newer(identity, old));
        let newer = match newer {
            Ok(newer) => Arc::new(newer?),
            Err(error) => {
                log::debug!("the identity was refused, and its file is of no help: {error}");
                return None;
            }
        };
        // Whoever saved it may be about to put it in place together with a login. Without the turn, because this thread
        // has it or its time is over, nothing is lost but that login.
        let turn = self.shared.upkeep.turn.take(call).ok();
        let (now, replaced) = self.replace(old, newer);
        drop(turn);
        if replaced {
            let message = "the identity was refused; its file holds a new certificate, which is used now";
            self.tell(&[Event::plain(EventKind::CertificateReloaded, message)]);
        }
        Some(now)
    }

    /// Puts `newer` in the place of `old`, unless another thread was quicker. Returns what is there now, and whether
    /// it is `newer`. A logger is the user's code, so nothing is logged under the lock.
    pub(super) fn replace(&self, old: &Arc<Generation>, newer: Arc<Generation>) -> (Arc<Generation>, bool) {
        let mut current = self.shared.generation.write().unwrap_or_else(PoisonError::into_inner);
        let replaced = Arc::ptr_eq(&current, old);
        if replaced {
            *current = newer;
        }
        (Arc::clone(&current), replaced)
    }

    /// A generation of `identity`, if it has a certificate, and another than `old`.
    pub(super) fn generation_if_newer(
        &self,
        identity: Identity,
        old: &Generation,
    ) -> Result<Option<Generation>, Error> {
        if identity.leaf().is_none_or(|leaf| Some(leaf) == old.identity.leaf()) {
            return Ok(None);
        }
        self.settings().generation(identity).map(Some)
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.shared.settings
    }
}
