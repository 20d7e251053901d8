//! Reading small text files of unknown origin: bounded, never waiting, with an error for each thing they may be.

use std::io::Read;
use std::path::Path;

use zeroize::Zeroizing;

use super::platform::open_for_reading;
use crate::error::Error;

/// Identity files have about 10 KiB, but whatever an enrollment may write can be read: with all CA certificates that a
/// controller may give.
pub(super) const MAX_FILE: u64 = 8 * 1024 * 1024;

/// The text of a file. `what` names it for errors.
pub(crate) fn read_text(what: &str, path: &Path) -> Result<Zeroizing<String>, Error> {
    let failed = |error| Error::storage(path, "read", error);
    let bad = |why: &str| Error::Identity(format!("{what}: {why}"));
    let file = open_for_reading(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if metadata.is_dir() {
        return Err(bad("is a folder, not a file"));
    }
    if !metadata.is_file() {
        return Err(bad("is not a regular file"));
    }
    if metadata.len() > MAX_FILE {
        return Err(bad(&format!("has {} bytes, at most {MAX_FILE} are read", metadata.len())));
    }
    // Room for all of it, so that no half-read copy of a key is left behind by growing.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_FILE.min(metadata.len() + 1) as usize));
    file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(failed)?;
    match bytes.as_slice() {
        more if more.len() as u64 > MAX_FILE => return Err(bad("grew while it was read")),
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => return Err(bad("is UTF-16 text; save it as UTF-8")),
        [0xef, 0xbb, 0xbf, ..] => return Err(bad("begins with a byte order mark; save it as UTF-8 without one")),
        _ => {}
    }
    let text = String::from_utf8(std::mem::take(&mut *bytes)).map(Zeroizing::new).map_err(|error| {
        drop(Zeroizing::new(error.into_bytes()));
        bad("is not UTF-8 text")
    })?;
    if text.trim().is_empty() {
        return Err(bad("is empty"));
    }
    Ok(text)
}
