//! Where an identity is kept.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::Identity;
use super::atomic::{folder_of, lock, replace, sibling};
use super::reservation::{Reservation, SaveHook};
use crate::error::Error;
use crate::secret::Secret;

/// So long another process may keep the lock; a save takes milliseconds.
const LOCK_WAIT: Duration = Duration::from_secs(10);

/// Where an identity is kept: a file, or a hook that stores the text elsewhere.
///
/// Beside a file `NAME` lie `NAME.lock`, which stays, and while a key is on its way `NAME.pending`.
#[derive(Clone)]
pub struct Store {
    place: Place,
}

#[derive(Clone)]
enum Place {
    File(PathBuf),
    Hook(Arc<SaveHook>),
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::File(path) => f.debug_tuple("Store::file").field(path).finish(),
            Place::Hook(_) => f.write_str("Store::hook"),
        }
    }
}

impl Store {
    /// Keeps the identity in a file.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self { place: Place::File(path.into()) }
    }

    /// Hands the text of the identity file to `hook` whenever it changes, with what is left of the call's time limit.
    ///
    /// The hook runs on the thread of the call, with no lock held, possibly on several threads at once. It is never
    /// interrupted, so keeping to the time is up to it. An enrollment calls it once the token is spent, so it should
    /// keep the text even if no time is left; a crash before that loses the identity, where a file would keep the key.
    pub fn hook(hook: impl Fn(&Secret, Duration) -> Result<(), String> + Send + Sync + 'static) -> Self {
        Self { place: Place::Hook(Arc::new(hook)) }
    }

    /// Keeps the place for an identity that is about to be enrolled, so that no other process enrolls into it.
    ///
    /// Fails now if storing the identity would fail later, or if there is one already. While another process has the
    /// place, `go_on` is asked again and again whether to wait longer.
    pub(crate) fn reserve(&self, go_on: impl Fn() -> Result<(), Error>) -> Result<Reservation<'_>, Error> {
        match &self.place {
            Place::File(path) => Reservation::of_file(path, lock(path, |_| go_on())?),
            Place::Hook(hook) => Ok(Reservation::of_hook(&**hook)),
        }
    }

    /// The file, if there is one.
    pub(crate) fn path(&self) -> Option<&Path> {
        match &self.place {
            Place::File(path) => Some(path),
            Place::Hook(_) => None,
        }
    }
}

/// Writes an identity file: whole or not at all.
pub(super) fn save(identity: &Identity, path: &Path) -> Result<(), Error> {
    let _lock = lock(path, |waited| if waited < LOCK_WAIT { Ok(()) } else { Err(held_too_long(path)) })?;
    replace(path, identity.text_for(folder_of(path)).expose())
}

pub(super) fn held_too_long(path: &Path) -> Error {
    let why = format!("another process holds the lock for more than {} s", LOCK_WAIT.as_secs());
    Error::storage(&sibling(path, ".lock"), "lock", io::Error::new(io::ErrorKind::TimedOut, why))
}
