//! Where an identity is kept.

use std::fmt;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::Identity;
use super::atomic::{lock, replace};
use super::held::Held;
use super::names::{folder_of, sibling};
use super::pair::{self, NewPair};
use super::pending::{self, Kept};
use super::platform::exposure;
use super::reservation::{Reservation, SaveHook};
use crate::error::Error;
use crate::secret::Secret;

/// So long another process may keep the lock; a save takes milliseconds.
const LOCK_WAIT: Duration = Duration::from_secs(10);
/// More links in a row than systems follow.
const MAX_LINKS: usize = 40;

/// Where an identity is kept: a file, or a hook that stores the text elsewhere.
///
/// Beside a file `NAME` lie `NAME.lock`, which stays, and while a key is on its way `NAME.pending`. There is no backup:
/// the file is replaced whole or not at all, so the only thing that a copy could bring back is a key or certificate that
/// was replaced, and with it an identity that the network refuses.
#[derive(Clone)]
pub struct Store {
    place: Place,
}

#[derive(Clone)]
enum Place {
    File { path: PathBuf, follow_symlinks: bool },
    Hook(Arc<SaveHook>),
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::File { path, .. } => f.debug_tuple("Store::file").field(path).finish(),
            Place::Hook(_) => f.write_str("Store::hook"),
        }
    }
}

impl Store {
    /// Keeps the identity in a file.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self { place: Place::File { path: path.into(), follow_symlinks: false } }
    }

    /// Hands the text of the identity file to `hook` whenever it changes, with what is left of the call's time limit.
    ///
    /// The hook runs on the thread of the call, with no lock held, possibly on several threads at once. It is never
    /// interrupted, so keeping to the time is up to it. An enrollment calls it once the token is spent, so it should
    /// keep the text even if no time is left; a crash before that loses the identity, where a file would keep the key.
    pub fn hook(hook: impl Fn(&Secret, Duration) -> Result<(), String> + Send + Sync + 'static) -> Self {
        Self { place: Place::Hook(Arc::new(hook)) }
    }

    /// Whether a symbolic link in place of the file is followed when it is written. Default: that is an error, because
    /// whoever made the link chooses which file is replaced.
    ///
    /// What the link points to is replaced in its own folder, and lock and pending key lie there too; the link stays.
    /// Does nothing to a hook.
    #[must_use]
    pub fn follow_symlinks(self, follow: bool) -> Self {
        match self.place {
            Place::File { path, .. } => Self { place: Place::File { path, follow_symlinks: follow } },
            hook @ Place::Hook(_) => Self { place: hook },
        }
    }

    /// Writes an identity file, whole or not at all, or calls the hook, which has all the time there is.
    ///
    /// A file that is replaced keeps its mode, owner and group, and so does a link that is followed. What another
    /// process changed in the file since the identity was loaded from it stays: see [`Identity::save`].
    ///
    /// # Errors
    /// [`Error::Storage`] if the file cannot be written, or its owner and group cannot be kept. [`Error::Identity`] if
    /// both sides changed the same, or for what the hook says.
    pub fn save(&self, identity: &Identity) -> Result<(), Error> {
        match &self.place {
            Place::Hook(hook) => hook(&identity.to_json(), Duration::MAX)
                .map_err(|why| Error::Identity(format!("the save hook failed: {why}"))),
            Place::File { path, follow_symlinks } => {
                let path = target(path, *follow_symlinks)?;
                let _lock = lock(&path, |waited| if waited < LOCK_WAIT { Ok(()) } else { Err(held_too_long(&path)) })?;
                let text = identity.text_to_write(&path)?;
                replace(&path, text.expose())?;
                warn_of(&exposure(&path));
                Ok(())
            }
        }
    }

    /// Keeps the place for an identity that is about to be enrolled, so that no other process enrolls into it.
    ///
    /// Fails now if storing the identity would fail later, or if there is one already. While another process has the
    /// place, `go_on` is asked again and again whether to wait longer.
    pub(crate) fn reserve(&self, go_on: impl Fn() -> Result<(), Error>) -> Result<Reservation<'_>, Error> {
        match &self.place {
            Place::File { path, follow_symlinks } => {
                let path = target(path, *follow_symlinks)?;
                let lock = lock(&path, |_| go_on())?;
                Reservation::of_file(path, lock)
            }
            Place::Hook(hook) => Ok(Reservation::of_hook(&**hook)),
        }
    }

    /// Keeps other processes from changing the identity. While one of them does, `go_on` is asked again and again
    /// whether to wait longer.
    pub(crate) fn hold(&self, go_on: impl Fn() -> Result<(), Error>) -> Result<Held<'_>, Error> {
        match &self.place {
            Place::File { path, follow_symlinks } => {
                let file = target(path, *follow_symlinks)?;
                let lock = lock(&file, |_| go_on())?;
                Ok(Held::file(path, file, lock))
            }
            Place::Hook(hook) => Ok(Held::hook(hook)),
        }
    }

    /// What an interrupted renewal of this identity left here.
    pub(crate) fn kept_pair(&self, identity: &Identity) -> Result<Option<NewPair>, Error> {
        match &self.place {
            Place::File { path, follow_symlinks } => {
                Ok(pair::find(&target(path, *follow_symlinks)?, identity)?.map(|(_, pair)| pair))
            }
            Place::Hook(_) => identity.pair_inside(),
        }
    }

    /// What an interrupted enrollment with this token left here.
    pub(crate) fn pending(&self, token: &str) -> Result<Option<Kept>, Error> {
        let Place::File { path, follow_symlinks } = &self.place else { return Ok(None) };
        let path = target(path, *follow_symlinks)?;
        Ok(pending::find(&path, token)?.map(|(_, kept)| kept))
    }

    /// The file, if there is one.
    pub(crate) fn path(&self) -> Option<&Path> {
        match &self.place {
            Place::File { path, .. } => Some(path),
            Place::Hook(_) => None,
        }
    }
}

/// The file to write: the end of a row of links, which need not exist, if links are followed.
fn target(path: &Path, follow_symlinks: bool) -> Result<PathBuf, Error> {
    let mut target = path.to_owned();
    if !follow_symlinks {
        return Ok(target);
    }
    for _ in 0..MAX_LINKS {
        match fs::read_link(&target) {
            Ok(next) => target = folder_of(&target).join(next),
            // Of something that is no link, or is not there.
            Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::NotFound) => return Ok(target),
            Err(error) => return Err(Error::storage(&target, "follow the link", error)),
        }
    }
    Err(Error::Identity(format!("identity file {}: more than {MAX_LINKS} symbolic links in a row", path.display())))
}

/// Says who else can read or replace a file. It is used all the same: that may be meant so.
pub(super) fn warn_of(exposure: &[String]) {
    for problem in exposure {
        log::warn!("{problem}");
    }
}

pub(super) fn held_too_long(path: &Path) -> Error {
    let why = format!("another process holds the lock for more than {} s", LOCK_WAIT.as_secs());
    Error::storage(&sibling(path, ".lock"), "lock", io::Error::new(io::ErrorKind::TimedOut, why))
}
