//! The place of an identity that is about to be enrolled.

use std::fs::{self, File};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tempfile::NamedTempFile;

use super::Identity;
use super::atomic::{put_new, remove_leftovers, replace, temporary};
use super::names::folder_of;
use super::pending::{self, Kept, Pending};
use super::platform::sync_folder;
use crate::error::Error;
use crate::secret::Secret;
use crate::trust::display_time;

/// Is given the text of the identity file each time it changes, and what is left of the call that changed it; an
/// error stops what caused the change.
pub(super) type SaveHook = dyn Fn(&Secret, Duration) -> Result<(), String> + Send + Sync;

/// As much as an identity file with twenty certificates needs: the disk space is taken before a token is spent.
const RESERVED_BYTES: usize = 64 * 1024;
/// What fails once the token is spent.
const STORE: &str = "store the identity (the token is spent, but what it brought is kept: enroll with it again)";

/// A place for an identity that was found fit, and that no other process enrolls into while this lives.
pub(crate) struct Reservation<'a> {
    place: Place<'a>,
}

enum Place<'a> {
    File {
        path: PathBuf,
        /// Will become the identity file. It is removed if the reservation is dropped before.
        file: NamedTempFile,
        /// Held until the reservation is dropped, or with the process.
        _lock: File,
    },
    Hook(&'a SaveHook),
}

impl<'a> Reservation<'a> {
    pub(super) fn of_hook(hook: &'a SaveHook) -> Self {
        Self { place: Place::Hook(hook) }
    }

    pub(super) fn of_file(path: PathBuf, lock: File) -> Result<Self, Error> {
        if path.symlink_metadata().is_ok() {
            let message = format!("identity file {}: exists already; remove it or choose another", path.display());
            return Err(Error::Identity(message));
        }
        remove_leftovers(&path);
        let file = temporary(&path, &[b' '; RESERVED_BYTES])?;
        Ok(Self { place: Place::File { path, file, _lock: lock } })
    }

    /// What an earlier try with this token left, to go on from there. Nothing for a hook, which keeps no keys.
    pub(crate) fn take_up(&self, token: &str) -> Result<Option<Kept>, Error> {
        let Place::File { path, .. } = &self.place else { return Ok(None) };
        let Some((sidecar, kept)) = pending::find(path, token)? else { return Ok(None) };
        pending::move_back(&sidecar, path)?;
        Ok(Some(kept))
    }

    /// Keeps a key that is about to be used, durably, in `NAME.pending` (0600). Nothing for a hook.
    ///
    /// What an earlier try left there is moved to `NAME.pending.1` or the next free number: its token may be spent.
    pub(crate) fn keep_key(&self, pending: &Pending) -> Result<(), Error> {
        let Place::File { path, .. } = &self.place else { return Ok(()) };
        let sidecar = pending::path(path);
        pending::move_aside(&sidecar)?;
        // Not yet used, so a key that is not kept durably is not kept at all.
        replace(&sidecar, pending.to_json().expose()).inspect_err(|_| forget(path))
    }

    /// Writes down, durably, that the request leaves now, for the first time: from here on the token may be spent.
    pub(crate) fn mark_sent(&self, pending: &mut Pending) -> Result<(), Error> {
        pending.sent_at = Some(display_time(SystemTime::now()));
        let Place::File { path, .. } = &self.place else { return Ok(()) };
        replace(&pending::path(path), pending.to_json().expose())
    }

    /// Writes down, durably, what the controller answered: a certificate is issued only once.
    ///
    /// That it cannot be kept twice is not worth an error: it may still be stored where it belongs.
    pub(crate) fn keep_answer(&self, pending: &Pending) {
        let Place::File { path, .. } = &self.place else { return };
        if let Err(error) = replace(&pending::path(path), pending.to_json().expose()) {
            log::warn!("what the controller answered cannot be kept beside the identity file: {error}");
        }
    }

    /// Forgets the key: it will not become an identity.
    pub(crate) fn forget_key(&self) {
        if let Place::File { path, .. } = &self.place {
            forget(path);
        }
    }

    /// Stores the identity, whole or not at all, and then forgets the key beside it. A hook is told how much time is
    /// left.
    pub(crate) fn fill(self, identity: &Identity, left: Duration) -> Result<(), Error> {
        match self.place {
            Place::Hook(hook) => hook(&identity.to_json(), left)
                .map_err(|why| Error::Identity(format!("the token is spent, but the save hook failed: {why}"))),
            Place::File { path, mut file, _lock } => {
                let text = identity.to_json();
                overwrite(&mut file, text.expose()).map_err(|error| Error::storage(&path, STORE, error))?;
                put_new(file, &path, STORE)?;
                forget(&path);
                Ok(())
            }
        }
    }
}

fn overwrite(file: &mut NamedTempFile, text: &str) -> io::Result<()> {
    file.rewind()?;
    file.write_all(text.as_bytes())?;
    file.as_file().set_len(text.len() as u64)?;
    file.as_file().sync_all()
}

/// That the key stays is not worth an error: it would hide how the enrollment ended.
fn forget(path: &Path) {
    let sidecar = pending::path(path);
    let removed = match fs::remove_file(&sidecar) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => sync_folder(folder_of(path)),
    };
    if let Err(error) = removed {
        log::warn!("{}: the key in it is not needed any more, but cannot be removed: {error}", sidecar.display());
    }
}
