//! The sidecar that keeps a key which is on its way: written before a token is spent, removed when the identity is.
//!
//! It is JSON: `version` (1), `createdAt`, `token` (a fingerprint; the token itself is not in it), `key` (PEM, or the
//! reference to a key that a signer has), `csr` (PEM), `sentAt` from just before the request left, and `cert` (the chain,
//! PEM) from the moment it was issued.

use std::ffi::{CStr, OsStr};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::PrivateKey;
use super::atomic::{folder_of, sibling};
use super::platform::sync_folder;
use super::reading::read_text;
use crate::error::Error;
use crate::secret::Secret;
use crate::trust::display_time;

/// So many earlier tries are kept; more than that and somebody has to look.
const MAX_KEPT: u32 = 100;

/// How far an enrollment came that was interrupted, as `NAME.pending` beside the identity file tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum PendingEnrollment {
    /// There is nothing of this token: it was not tried, or the try came to its end.
    Nothing,
    /// The key is kept and nothing was sent: the token is as it was. Another enrollment goes on with this key.
    KeyKept,
    /// The request was sent, or was about to be, and its answer is lost: the token may be spent.
    AnswerLost,
    /// The certificate is there. Another enrollment stores the identity without a word to the controller about it.
    CertificateIssued,
}

impl PendingEnrollment {
    /// The state as one lower-case word.
    pub fn as_str(self) -> &'static str {
        self.word().to_str().expect("the words below are ASCII")
    }

    pub(crate) fn word(self) -> &'static CStr {
        match self {
            PendingEnrollment::Nothing => c"nothing",
            PendingEnrollment::KeyKept => c"key_kept",
            PendingEnrollment::AnswerLost => c"answer_lost",
            PendingEnrollment::CertificateIssued => c"certificate_issued",
        }
    }
}

/// What is kept of an enrollment that is under way.
#[derive(Clone)]
pub(crate) struct Pending {
    /// The fingerprint of the token that the key is used with.
    token: String,
    pub(crate) key: PrivateKey,
    pub(crate) csr: String,
    /// When the request left for the first time, once it did.
    pub(crate) sent_at: Option<String>,
    /// The chain that was issued, as PEM, once it was.
    pub(crate) cert: Option<String>,
    created_at: String,
}

impl Pending {
    /// A key of which nobody has heard yet.
    pub(crate) fn new(token: String, key: PrivateKey, csr: String) -> Self {
        Self { token, key, csr, sent_at: None, cert: None, created_at: display_time(SystemTime::now()) }
    }

    pub(super) fn to_json(&self) -> Secret {
        let key = self.key.text().expose();
        let cert = self.cert.as_deref();
        let file = PendingFile {
            version: 1,
            created_at: &self.created_at,
            token: &self.token,
            key,
            csr: &self.csr,
            sent_at: self.sent_at.as_deref(),
            cert,
        };
        // Room for all of it, so that no copy of the key is left behind by growing.
        let length = key.len() + self.csr.len() + cert.map_or(0, str::len);
        let mut json = Zeroizing::new(Vec::with_capacity(2 * length + 1024));
        serde_json::to_writer_pretty(&mut *json, &file).expect("texts can always be written as JSON");
        json.push(b'\n');
        Secret::new(String::from_utf8(std::mem::take(&mut *json)).expect("JSON is UTF-8"))
    }
}

/// What an earlier enrollment left, read from its sidecar.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Kept {
    #[serde(default)]
    created_at: String,
    token: String,
    key: Secret,
    csr: String,
    sent_at: Option<String>,
    cert: Option<String>,
}

impl Kept {
    pub(crate) fn state(&self) -> PendingEnrollment {
        match (&self.sent_at, &self.cert) {
            (_, Some(_)) => PendingEnrollment::CertificateIssued,
            (Some(_), None) => PendingEnrollment::AnswerLost,
            (None, None) => PendingEnrollment::KeyKept,
        }
    }

    /// What is kept with its key. `own` is the key to enroll with, if that exists already. `None` for another key than
    /// that, of which the controller has not heard.
    ///
    /// # Errors
    /// [`Error::Identity`] for another key of which it may have heard: there will be no second certificate for a token.
    pub(crate) fn with_key(self, own: Option<&PrivateKey>) -> Result<Option<Pending>, Error> {
        let state = self.state();
        let Self { created_at, token, key, csr, sent_at, cert } = self;
        let key = match own {
            Some(own) if own.text().expose() == key.expose() => own.clone(),
            None if is_pem(&key) => PrivateKey::from_pem("the key that is kept", key.expose())?,
            _ if state == PendingEnrollment::KeyKept => return Ok(None),
            _ => {
                let message = "what is kept of an earlier enrollment with this token, and may be certified, belongs to \
                               another key than the one to enroll with; enroll with the same choice of key as then";
                return Err(Error::Identity(message.to_owned()));
            }
        };
        Ok(Some(Pending { token, key, csr, sent_at, cert, created_at }))
    }
}

/// Whether this is a key, and not the reference to one.
fn is_pem(key: &Secret) -> bool {
    key.expose().contains("-----BEGIN")
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PendingFile<'a> {
    version: u32,
    created_at: &'a str,
    token: &'a str,
    key: &'a str,
    csr: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sent_at: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cert: Option<&'a str>,
}

/// What is kept of an enrollment with this token, and where: in `NAME.pending`, or where a later enrollment moved it.
/// What is no such thing is none of this enrollment's business.
pub(super) fn find(identity: &Path, token: &str) -> Result<Option<(PathBuf, Kept)>, Error> {
    let mut best: Option<(PathBuf, Kept)> = None;
    for sidecar in sidecars(&path(identity))? {
        let Some(kept) = read(&sidecar, token)? else { continue };
        if best.as_ref().is_none_or(|(_, known)| known.state() < kept.state()) {
            best = Some((sidecar, kept));
        }
    }
    Ok(best)
}

/// `NAME.pending` and then `NAME.pending.N` in order, as far as they exist.
fn sidecars(first: &Path) -> Result<Vec<PathBuf>, Error> {
    let folder = folder_of(first);
    let name = first.file_name().unwrap_or_default();
    let number = |found: &OsStr| -> Option<u32> {
        match found.as_encoded_bytes().strip_prefix(name.as_encoded_bytes())? {
            b"" => Some(0),
            rest => std::str::from_utf8(rest.strip_prefix(b".")?).ok()?.parse().ok(),
        }
    };
    let failed = |error| Error::storage(folder, "list the folder", error);
    let mut found = Vec::new();
    let entries = match fs::read_dir(folder) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        entries => entries.map_err(failed)?,
    };
    for entry in entries {
        let entry = entry.map_err(failed)?;
        if let Some(number) = number(&entry.file_name()) {
            found.push((number, folder.join(entry.file_name())));
        }
    }
    found.sort();
    Ok(found.into_iter().map(|(_, path)| path).collect())
}

fn read(sidecar: &Path, token: &str) -> Result<Option<Kept>, Error> {
    let name = sidecar.display().to_string();
    let text = match read_text(&name, sidecar) {
        Ok(text) => text,
        Err(Error::Storage { source, .. }) if source.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error @ Error::Storage { .. }) => return Err(error),
        Err(_) => return Ok(None),
    };
    let is_usable = |key: &Secret| !is_pem(key) || PrivateKey::from_pem(&name, key.expose()).is_ok();
    let kept = serde_json::from_str(&text).ok();
    Ok(kept.filter(|kept: &Kept| kept.token == token && is_usable(&kept.key)))
}

pub(super) fn path(identity: &Path) -> PathBuf {
    sibling(identity, ".pending")
}

/// Makes what was found elsewhere `NAME.pending` again. Call it under the lock.
pub(super) fn move_back(sidecar: &Path, identity: &Path) -> Result<(), Error> {
    let first = path(identity);
    if sidecar == first {
        return Ok(());
    }
    move_aside(&first)?;
    let moved = fs::rename(sidecar, &first).and_then(|()| sync_folder(folder_of(&first)));
    moved.map_err(|error| Error::storage(sidecar, "move back", error))
}

/// Renames an existing sidecar to the first free `NAME.pending.N`. Call it under the lock.
pub(super) fn move_aside(sidecar: &Path) -> Result<(), Error> {
    let exists = |path: &Path| match fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Error::storage(path, "look at", error)),
    };
    if !exists(sidecar)? {
        return Ok(());
    }
    for number in 1..=MAX_KEPT {
        let aside = sibling(sidecar, &format!(".{number}"));
        if !exists(&aside)? {
            log::debug!("the key of an earlier enrollment is kept as {}", aside.display());
            return fs::rename(sidecar, &aside).map_err(|error| Error::storage(sidecar, "move aside", error));
        }
    }
    Err(Error::Identity(format!(
        "{}: {MAX_KEPT} keys of enrollments that were never finished are kept beside it; remove those whose token \
         was not spent",
        sidecar.display()
    )))
}
