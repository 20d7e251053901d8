//! Files that are written whole or not at all, durably, by one process at a time.

use std::ffi::OsString;
use std::fs::{self, File, Metadata, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use tempfile::NamedTempFile;

use super::names::{folder_of, sibling};
use super::platform::{give_to, open_lock, owner_only, sync_folder, take_over};
use crate::error::Error;

const LOCK_SLICE: Duration = Duration::from_millis(20);
/// Random characters in the name of a temporary file.
const RANDOM_LEN: usize = 12;

/// Waits until no other process writes this file. The lock ends when the result is dropped, or with the process.
///
/// It is on a file beside, because the file itself is replaced.
///
/// While another process has it, `go_on` is asked between short sleeps, with the time waited so far.
pub(super) fn lock(path: &Path, go_on: impl Fn(Duration) -> Result<(), Error>) -> Result<File, Error> {
    if path.file_name().is_none() {
        return Err(Error::Identity(format!("identity file {}: is not the name of a file", path.display())));
    }
    let folder = folder_of(path);
    fs::read_dir(folder).map_err(|error| Error::storage(folder, "open the folder", error))?;
    let name = sibling(path, ".lock");
    let failed = |error| Error::storage(&name, "lock", error);
    let file = open_lock(&name, fs::symlink_metadata(path).ok().as_ref()).map_err(failed)?;
    let start = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
            Err(TryLockError::WouldBlock) => {
                go_on(start.elapsed())?;
                std::thread::sleep(LOCK_SLICE);
            }
        }
    }
}

/// Puts `text` in the place of a file: whole or not at all, and durably. Call it under the lock.
pub(super) fn replace(path: &Path, text: &str) -> Result<(), Error> {
    remove_leftovers(path);
    put(temporary(path, text.as_bytes())?, path)
}

/// The same for a file beside an identity file: for its owner, whoever writes here, and for nobody else.
pub(super) fn replace_beside(identity: &Path, path: &Path, text: &str) -> Result<(), Error> {
    let owner = replaceable(identity)?;
    replaceable(path)?;
    remove_leftovers(path);
    put(made(path, text.as_bytes(), |file| give_to(file, owner.as_ref()))?, path)
}

/// Gives a synced file its name, durably.
pub(super) fn put(file: NamedTempFile, path: &Path) -> Result<(), Error> {
    file.persist(path).map_err(|failure| Error::storage(path, "replace", failure.error))?;
    sync_folder(folder_of(path)).map_err(|error| Error::storage(path, "replace durably", error))
}

/// The same for a name that nobody has: a file that somebody else put there meanwhile stays as it is.
pub(super) fn put_new(file: NamedTempFile, path: &Path, action: &'static str) -> Result<(), Error> {
    let put = match file.persist_noclobber(path) {
        Ok(_) => Ok(()),
        // Not every file system can give a file a name only if it is free.
        Err(failure) if matches!(failure.error.kind(), ErrorKind::PermissionDenied | ErrorKind::Unsupported) => {
            failure.file.persist(path).map(drop).map_err(|failure| failure.error)
        }
        Err(failure) => Err(failure.error),
    };
    put.and_then(|()| sync_folder(folder_of(path))).map_err(|error| Error::storage(path, action, error))
}

/// A synced file beside `path` with the owner and mode that `path` has or is to have; it is removed when dropped.
pub(super) fn temporary(path: &Path, content: &[u8]) -> Result<NamedTempFile, Error> {
    let replaced = replaceable(path)?;
    made(path, content, |file| take_over(file, replaced.as_ref()))
}

fn made(path: &Path, content: &[u8], own: impl FnOnce(&File) -> io::Result<()>) -> Result<NamedTempFile, Error> {
    let (prefix, suffix) = temporary_name(path);
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(suffix).rand_bytes(RANDOM_LEN);
    if let Some(mode) = owner_only() {
        builder.permissions(mode);
    }
    let mut file = builder
        .tempfile_in(folder_of(path))
        .map_err(|error| Error::storage(path, "make a temporary file beside it", error))?;
    own(file.as_file()).map_err(|error| Error::storage(path, "keep its owner, group and mode", error))?;
    let written = file.write_all(content).and_then(|()| file.as_file().sync_all());
    written.map_err(|error| Error::storage(path, "write", error))?;
    Ok(file)
}

/// What is there now, if it is something that may be replaced: not a symlink, a folder or a device.
fn replaceable(path: &Path) -> Result<Option<Metadata>, Error> {
    let refused = |why: &str| Err(Error::Identity(format!("identity file {}: {why}", path.display())));
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_symlink() => refused(
            "is a symbolic link, which is written through only if its store is told to; give the path of the file",
        ),
        Ok(metadata) if !metadata.is_file() => refused("is not a regular file, so it is not replaced"),
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::storage(path, "look at", error)),
    }
}

fn temporary_name(path: &Path) -> (OsString, &'static str) {
    let mut prefix = OsString::from(".");
    prefix.push(path.file_name().unwrap_or_default());
    prefix.push(".");
    (prefix, ".tmp")
}

/// Removes what crashes left behind. That nothing more than disk space is at stake makes failures unimportant.
pub(super) fn remove_leftovers(path: &Path) {
    let (prefix, suffix) = temporary_name(path);
    let is_leftover = |name: &[u8]| {
        let random = name.strip_prefix(prefix.as_encoded_bytes()).and_then(|rest| rest.strip_suffix(suffix.as_bytes()));
        random.is_some_and(|random| random.len() == RANDOM_LEN && random.iter().all(u8::is_ascii_alphanumeric))
    };
    let entries = fs::read_dir(folder_of(path)).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| is_leftover(entry.file_name().as_encoded_bytes())) {
        if let Err(error) = fs::remove_file(entry.path()) {
            log::debug!("temporary file {} of an earlier save stays: {error}", entry.path().display());
        }
    }
}
