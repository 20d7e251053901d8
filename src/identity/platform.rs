//! What operating systems differ in when files are kept: modes, owners, folders.

#[cfg(unix)]
mod unix {
    use std::fs::{File, Metadata, OpenOptions, Permissions};
    use std::io;
    use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
    use std::path::Path;

    const OWNER_ONLY: u32 = 0o600;
    const PERMISSION_BITS: u32 = 0o777;

    /// Opens without waiting: a FIFO without a writer would hang otherwise.
    pub(in crate::identity) fn open_for_reading(path: &Path) -> io::Result<File> {
        OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path)
    }

    /// Opens a lock file, making it if need be; a symlink in its place is an error.
    ///
    /// Whoever owns the locked file has to be able to lock it, even if the superuser was the first to do so.
    pub(in crate::identity) fn open_lock(path: &Path, locked: Option<&Metadata>) -> io::Result<File> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(OWNER_ONLY)
            .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
            .open(path)?;
        let made = file.metadata()?;
        // Mode and owner of a file with another name beside this one are not ours to change.
        if !made.is_file() || made.nlink() > 1 {
            return Err(io::Error::other("is not a file of its own"));
        }
        if made.mode() & PERMISSION_BITS != OWNER_ONLY {
            file.set_permissions(Permissions::from_mode(OWNER_ONLY))?;
        }
        if let Some(locked) = locked.filter(|locked| locked.uid() != made.uid()) {
            fchown(&file, Some(locked.uid()), Some(locked.gid()))?;
        }
        Ok(file)
    }

    /// What a new file is made with: nobody but the owner may read it, from its first moment on.
    pub(in crate::identity) fn owner_only() -> Option<Permissions> {
        Some(Permissions::from_mode(OWNER_ONLY))
    }

    /// Gives a new file owner, group and mode of the file it will replace; else 0600 whatever the umask.
    pub(in crate::identity) fn take_over(file: &File, replaced: Option<&Metadata>) -> io::Result<()> {
        let Some(replaced) = replaced else { return file.set_permissions(Permissions::from_mode(OWNER_ONLY)) };
        let made = file.metadata()?;
        if (made.uid(), made.gid()) != (replaced.uid(), replaced.gid()) {
            fchown(file, Some(replaced.uid()), Some(replaced.gid()))?;
        }
        file.set_permissions(Permissions::from_mode(replaced.mode() & PERMISSION_BITS))
    }

    /// Makes the names in a folder durable.
    pub(in crate::identity) fn sync_folder(folder: &Path) -> io::Result<()> {
        File::open(folder)?.sync_all()
    }
}

#[cfg(not(unix))]
mod other {
    use std::fs::{File, Metadata, OpenOptions, Permissions};
    use std::io;
    use std::path::Path;

    pub(in crate::identity) fn open_for_reading(path: &Path) -> io::Result<File> {
        File::open(path)
    }

    pub(in crate::identity) fn open_lock(path: &Path, _: Option<&Metadata>) -> io::Result<File> {
        OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)
    }

    /// The folder's access rules are inherited.
    pub(in crate::identity) fn owner_only() -> Option<Permissions> {
        None
    }

    /// A renamed file keeps the access rules it inherited from the folder; there is nothing to take over.
    pub(in crate::identity) fn take_over(_: &File, _: Option<&Metadata>) -> io::Result<()> {
        Ok(())
    }

    /// Folders cannot be synced here; the file system journals its names.
    pub(in crate::identity) fn sync_folder(_: &Path) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(not(unix))]
pub(super) use other::{open_for_reading, open_lock, owner_only, sync_folder, take_over};
#[cfg(unix)]
pub(super) use unix::{open_for_reading, open_lock, owner_only, sync_folder, take_over};
