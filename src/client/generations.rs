//! Which generation calls run on.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use super::{Client, Settings};
use crate::error::Error;
use crate::identity::Identity;
use crate::login::{Generation, SessionHook};
use crate::transport::Call;

/// The certificate there is, the one of the file, the one that an interrupted renewal left.
const MOST_CERTIFICATES: usize = 3;
/// The most time that a call spends on the end of logins that were given up.
const FOR_STRAYS: Duration = Duration::from_secs(2);

impl Client {
    pub(super) fn generation(&self) -> Arc<Generation> {
        Arc::clone(&self.shared.generation.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Runs on the current generation. If its certificate is refused and there is another one by now (another process
    /// renewed it, or a renewal was interrupted), runs once more on that.
    pub(super) fn on_generation<T>(
        &self,
        call: &Call,
        run: impl FnMut(&Generation) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.require_outside()?;
        self.noting(self.on_any_certificate(call, run))
    }

    fn on_any_certificate<T>(
        &self,
        call: &Call,
        mut run: impl FnMut(&Generation) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut run = |generation: &Generation| {
            let outcome = run(generation);
            self.end_strays(call, generation);
            outcome
        };
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

    /// Ends what is left of logins that were given up on their way. It is no part of what the call is for, so it gets a
    /// little of its time only.
    pub(super) fn end_strays(&self, call: &Call, generation: &Generation) {
        if call.check().is_ok() {
            generation.end_strays(|| self.call_within(call.remaining().min(FOR_STRAYS)));
        }
    }

    /// Puts `newer` in the place of the current one. Whoever changes the identity has its turn, so nothing is lost.
    pub(super) fn put(&self, newer: Arc<Generation>) {
        let mut current = self.shared.generation.write().unwrap_or_else(PoisonError::into_inner);
        let old = std::mem::replace(&mut *current, newer);
        if !Arc::ptr_eq(&old.flight, &current.flight) {
            old.flight.retire();
        }
        drop(current);
        // Outside of the lock: its connections are closed, if nobody uses it any more.
        drop(old);
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
        self.settings().generation_after(old, identity, Arc::clone(&old.ways)).map(Some)
    }

    /// Checks that this thread did not come from inside of what keeps the sessions of this client.
    pub(super) fn require_outside(&self) -> Result<(), Error> {
        self.settings().on_session_change.as_ref().map_or(Ok(()), SessionHook::require_outside)
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.shared.settings
    }
}
