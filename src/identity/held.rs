//! The place of an identity that changes: its lock is held, and what is on its way is kept beside.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::Identity;
use super::atomic::{remove_leftovers, replace, replace_beside, temporary};
use super::pair::{self, NewPair};
use super::pending;
use super::reservation::SaveHook;
use crate::error::Error;
use crate::secret::Secret;

/// As much as an identity file with twenty certificates needs.
const RESERVED_BYTES: usize = 64 * 1024;

/// A place that no other process changes while this lives.
pub(crate) struct Held<'a> {
    place: Place<'a>,
}

enum Place<'a> {
    File {
        /// The file as its users name it, which may be a link.
        name: &'a Path,
        /// The file itself.
        path: PathBuf,
        /// Released when this is dropped, or with the process.
        _lock: File,
    },
    Hook(&'a Arc<SaveHook>),
}

impl<'a> Held<'a> {
    pub(super) fn file(name: &'a Path, path: PathBuf, lock: File) -> Self {
        Self { place: Place::File { name, path, _lock: lock } }
    }

    pub(super) fn hook(hook: &'a Arc<SaveHook>) -> Self {
        Self { place: Place::Hook(hook) }
    }

    /// What is stored now; the identity itself if nothing is stored yet, or if nobody can tell.
    pub(crate) fn now(&self, identity: &Identity) -> Result<Identity, Error> {
        match &self.place {
            Place::File { name, path, .. } if path.exists() => identity.load_again(name),
            _ => Ok(identity.clone()),
        }
    }

    /// Finds out whether the identity can be written here, with owner, group and mode as they have to be.
    pub(crate) fn prove_writable(&self) -> Result<(), Error> {
        let Place::File { path, .. } = &self.place else { return Ok(()) };
        remove_leftovers(path);
        temporary(path, &[b' '; RESERVED_BYTES]).map(drop)
    }

    /// The pair that was kept for the identity, in `NAME.pending` or in the identity's own text.
    pub(crate) fn kept(&self, identity: &Identity) -> Result<Option<NewPair>, Error> {
        match &self.place {
            Place::File { path, .. } => Ok(pair::find(path, identity)?.map(|(_, pair)| pair)),
            Place::Hook(_) => identity.pair_inside(),
        }
    }

    /// Keeps the pair durably, beside the one that is in use.
    pub(crate) fn keep(&self, identity: &Identity, pair: &NewPair, left: Duration) -> Result<(), Error> {
        match &self.place {
            Place::File { path, .. } => {
                let sidecar = pending::path(path);
                pending::move_aside(&sidecar)?;
                let text = pair::text(pair, identity);
                replace_beside(path, &sidecar, text.expose()).inspect_err(|_| pair::forget(&sidecar))
            }
            Place::Hook(hook) => call(hook, &identity.text_with(pair)?, left),
        }
    }

    /// Writes the identity, whole or not at all, and returns what is stored then: others may have changed it, too.
    pub(crate) fn save(&self, identity: &Identity, left: Duration) -> Result<Identity, Error> {
        match &self.place {
            Place::File { name, path, .. } => {
                replace(path, identity.text_to_write(path)?.expose())?;
                identity.load_again(name)
            }
            Place::Hook(hook) => call(hook, &identity.to_json(), left).map(|()| identity.clone()),
        }
    }

    /// Forgets the pair that was kept for the identity, whose text has it no more by now, or had it never.
    pub(crate) fn forget(&self, identity: &Identity) {
        let Place::File { path, .. } = &self.place else { return };
        if let Ok(Some((sidecar, _))) = pair::find(path, identity) {
            pair::forget(&sidecar);
        }
    }

    /// The same for a pair that will never be in force.
    pub(crate) fn discard(&self, identity: &Identity, left: Duration) -> Result<(), Error> {
        match &self.place {
            Place::File { .. } => self.forget(identity),
            Place::Hook(hook) => call(hook, &identity.text_without_pair()?, left)?,
        }
        Ok(())
    }
}

fn call(hook: &Arc<SaveHook>, text: &Secret, left: Duration) -> Result<(), Error> {
    hook(text, left).map_err(|why| Error::Identity(format!("the save hook failed: {why}")))
}
