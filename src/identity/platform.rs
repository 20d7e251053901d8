//! What operating systems differ in when files are kept: modes, owners, folders.

#[cfg(unix)]
mod unix {
    use std::fs::{self, File, Metadata, OpenOptions, Permissions};
    use std::io;
    use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
    use std::path::Path;

    use crate::identity::names::folder_of;

    const OWNER_ONLY: u32 = 0o600;
    const PERMISSION_BITS: u32 = 0o777;
    const OTHERS: u32 = 0o007;
    const OTHERS_WRITE: u32 = 0o002;
    const GROUP_WRITE: u32 = 0o020;
    /// In such a folder nobody replaces what somebody else owns.
    const STICKY: u32 = 0o1000;

    /// Opens without waiting: a FIFO without a writer would hang otherwise.
    pub(in crate::identity) fn open_for_reading(path: &Path) -> io::Result<File> {
        OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path)
    }

    /// Opens a lock file, making it if need be; a symlink in its place is an error.
    ///
    /// Whoever owns the locked file has to be able to lock it, even if somebody else was the first to do so: who cannot
    /// give them the lock file leaves none behind.
    pub(in crate::identity) fn open_lock(path: &Path, locked: Option<&Metadata>) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).mode(OWNER_ONLY).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
        let (file, is_new) = match options.clone().create_new(true).open(path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => (options.create(true).open(path)?, false),
            file => (file?, true),
        };
        let made = file.metadata()?;
        // Mode and owner of a file with another name beside this one are not ours to change.
        if !made.is_file() || made.nlink() > 1 {
            return Err(io::Error::other("is not a file of its own"));
        }
        if made.mode() & PERMISSION_BITS != OWNER_ONLY {
            file.set_permissions(Permissions::from_mode(OWNER_ONLY))?;
        }
        if let Some(locked) = locked.filter(|locked| locked.uid() != made.uid()) {
            fchown(&file, Some(locked.uid()), Some(locked.gid())).map_err(|error| {
                if is_new {
                    // Nobody else has it open, or they would fail as well.
                    let _ = fs::remove_file(path);
                }
                io::Error::new(error.kind(), format!("cannot be given to the owner of the identity file: {error}"))
            })?;
        }
        Ok(file)
    }

    /// What a new file is made with: nobody but the owner may read it, from its first moment on.
    pub(in crate::identity) fn owner_only() -> Option<Permissions> {
        Some(Permissions::from_mode(OWNER_ONLY))
    }

    /// Gives a new file owner, group and mode of the file it will replace; else 0600 whatever the umask.
    pub(in crate::identity) fn take_over(file: &File, replaced: Option<&Metadata>) -> io::Result<()> {
        give_to(file, replaced)?;
        match replaced {
            Some(replaced) => file.set_permissions(Permissions::from_mode(replaced.mode() & PERMISSION_BITS)),
            None => Ok(()),
        }
    }

    /// Gives a new file to the owner and group of another one, and to nobody else: 0600 whatever the umask.
    pub(in crate::identity) fn give_to(file: &File, other: Option<&Metadata>) -> io::Result<()> {
        let made = file.metadata()?;
        if let Some(other) = other.filter(|other| (made.uid(), made.gid()) != (other.uid(), other.gid())) {
            fchown(file, Some(other.uid()), Some(other.gid()))?;
        }
        file.set_permissions(Permissions::from_mode(OWNER_ONLY))
    }

    /// Makes the names in a folder durable.
    pub(in crate::identity) fn sync_folder(folder: &Path) -> io::Result<()> {
        File::open(folder)?.sync_all()
    }

    /// Who else can read a file with a key, or put another one in its place; one sentence for each.
    pub(in crate::identity) fn exposure(path: &Path) -> Vec<String> {
        let mode_of = |path: &Path| fs::metadata(path).map_or(0, |metadata| metadata.mode() & 0o7777);
        let (file, folder) = (mode_of(path), mode_of(folder_of(path)));
        let mut found = Vec::new();
        if let Some(who) = whom(file, OTHERS, GROUP_WRITE) {
            found.push(format!("{}: {who} can read or write the file (mode {file:04o}); chmod 600 it", path.display()));
        }
        if let Some(who) = whom(folder, OTHERS_WRITE, GROUP_WRITE).filter(|_| folder & STICKY == 0) {
            let why = format!("{who} can replace the file, because its folder permits it (mode {folder:04o})");
            found.push(format!("{}: {why}", path.display()));
        }
        found
    }

    fn whom(mode: u32, everybody: u32, group: u32) -> Option<&'static str> {
        match mode {
            mode if mode & everybody != 0 => Some("everybody on this machine"),
            mode if mode & group != 0 => Some("its group"),
            _ => None,
        }
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

    /// The same.
    pub(in crate::identity) fn give_to(_: &File, _: Option<&Metadata>) -> io::Result<()> {
        Ok(())
    }

    /// Folders cannot be synced here; the file system journals its names.
    pub(in crate::identity) fn sync_folder(_: &Path) -> io::Result<()> {
        Ok(())
    }

    /// Access rules are not looked at here.
    pub(in crate::identity) fn exposure(_: &Path) -> Vec<String> {
        Vec::new()
    }
}

#[cfg(not(unix))]
pub(super) use other::{exposure, give_to, open_for_reading, open_lock, owner_only, sync_folder, take_over};
#[cfg(unix)]
pub(super) use unix::{exposure, give_to, open_for_reading, open_lock, owner_only, sync_folder, take_over};
