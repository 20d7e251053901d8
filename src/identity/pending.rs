//! The sidecar that keeps a key which is on its way: written before a token is spent, removed when the identity is
//! there.
//!
//! It is JSON: `version` (1), `createdAt`, `token` (a fingerprint; the token itself is not in it), `key` (PEM, or the
//! reference to a key that a signer has), `csr` (PEM), `sentAt` from just before the request left, and `cert` (the chain,
//! PEM) from the moment it was issued. Routers have `serverKey`, `serverCsr` and `serverCert` too. Where nothing is to be
//! certified there are no keys, and `carriedOut` from the moment the controller said so, with the `username` it told. `controllers` are
//! those that it told of.

use std::ffi::{CStr, OsStr};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::names::{folder_of, sibling};
use super::platform::sync_folder;
use super::reading::read_text;
use super::{KeySource, PrivateKey};
use crate::error::Error;
use crate::secret::Secret;
use crate::trust::display_time;

/// The version of what is written here. What a newer one means is not known.
pub(super) const VERSION: u32 = 1;
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
    /// The controller carried it out, and nothing was to be issued. Another enrollment stores the identity.
    CarriedOut,
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
            PendingEnrollment::CarriedOut => c"carried_out",
        }
    }
}

/// What is kept of an enrollment that is under way.
#[derive(Clone)]
pub(crate) struct Pending {
    /// The fingerprint of the token that the keys are used with.
    token: String,
    /// The key of the identity, where one is to be certified.
    pub(crate) own: Option<PendingKey>,
    /// The key of a router's server side.
    pub(crate) server: Option<PendingKey>,
    /// When the request left for the first time, once it did.
    pub(crate) sent_at: Option<String>,
    /// The controller carried it out, and nothing was to be issued.
    pub(crate) carried_out: bool,
    /// The user name that the controller told when it did.
    pub(crate) username: Option<String>,
    /// The controllers that it told of.
    pub(crate) controllers: Vec<String>,
    created_at: String,
}

/// A key and what becomes of it.
#[derive(Clone)]
pub(crate) struct PendingKey {
    pub(crate) key: PrivateKey,
    pub(crate) csr: String,
    /// The chain that was issued, as PEM, once it was.
    pub(crate) cert: Option<String>,
}

impl Pending {
    /// Keys of which nobody has heard yet.
    pub(crate) fn new(token: String, own: Option<PendingKey>, server: Option<PendingKey>) -> Self {
        let created_at = display_time(SystemTime::now());
        Self {
            token,
            own,
            server,
            sent_at: None,
            carried_out: false,
            username: None,
            controllers: Vec::new(),
            created_at,
        }
    }

    /// True if there is nothing left to ask the controller for.
    pub(crate) fn is_answered(&self) -> bool {
        self.carried_out || self.own.as_ref().is_some_and(|own| own.cert.is_some())
    }

    pub(super) fn to_json(&self) -> Secret {
        let file = PendingFile {
            version: VERSION,
            created_at: &self.created_at,
            token: &self.token,
            key: self.own.as_ref().map(PendingKey::text),
            csr: self.own.as_ref().map(|own| own.csr.as_str()),
            cert: self.own.as_ref().and_then(|own| own.cert.as_deref()),
            server_key: self.server.as_ref().map(PendingKey::text),
            server_csr: self.server.as_ref().map(|server| server.csr.as_str()),
            server_cert: self.server.as_ref().and_then(|server| server.cert.as_deref()),
            sent_at: self.sent_at.as_deref(),
            carried_out: self.carried_out,
            username: self.username.as_deref(),
            controllers: &self.controllers,
        };
        // Room for all of it, so that no copy of a key is left behind by growing.
        let length: usize = self.own.iter().chain(&self.server).map(PendingKey::length).sum();
        let mut json = Zeroizing::new(Vec::with_capacity(2 * length + 4096));
        serde_json::to_writer_pretty(&mut *json, &file).expect("texts can always be written as JSON");
        json.push(b'\n');
        Secret::new(String::from_utf8(std::mem::take(&mut *json)).expect("JSON is UTF-8"))
    }
}

impl PendingKey {
    pub(crate) fn new(key: PrivateKey, csr: String) -> Self {
        Self { key, csr, cert: None }
    }

    fn text(&self) -> &str {
        self.key.text().expose()
    }

    fn length(&self) -> usize {
        self.text().len() + self.csr.len() + self.cert.as_ref().map_or(0, String::len)
    }
}

/// What an earlier enrollment left, read from its sidecar.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Kept {
    #[serde(default)]
    created_at: String,
    token: String,
    key: Option<Secret>,
    csr: Option<String>,
    cert: Option<String>,
    server_key: Option<Secret>,
    server_csr: Option<String>,
    server_cert: Option<String>,
    sent_at: Option<String>,
    #[serde(default)]
    carried_out: bool,
    username: Option<String>,
    #[serde(default)]
    controllers: Vec<String>,
}

impl Kept {
    pub(crate) fn state(&self) -> PendingEnrollment {
        match (&self.sent_at, &self.cert) {
            (_, Some(_)) => PendingEnrollment::CertificateIssued,
            _ if self.carried_out => PendingEnrollment::CarriedOut,
            (Some(_), None) => PendingEnrollment::AnswerLost,
            (None, None) => PendingEnrollment::KeyKept,
        }
    }

    /// What is kept with its keys. The sources are those of the keys to enroll with. `None` for other keys than those,
    /// of which the controller has not heard.
    ///
    /// # Errors
    /// [`Error::Identity`] for another key of which it may have heard: there will be no second certificate for a token.
    pub(crate) fn with_keys(
        self,
        own: Option<&KeySource>,
        server: Option<&KeySource>,
    ) -> Result<Option<Pending>, Error> {
        if !(fits(self.key.as_ref(), own) && fits(self.server_key.as_ref(), server)) {
            if self.state() == PendingEnrollment::KeyKept {
                return Ok(None);
            }
            let message = "what is kept of an earlier enrollment with this token, and may be certified, belongs to \
                           another key than the one to enroll with; enroll with the same choice of key as then";
            return Err(Error::Identity(message.to_owned()));
        }
        let Self {
            created_at,
            token,
            key,
            csr,
            cert,
            server_key,
            server_csr,
            server_cert,
            sent_at,
            carried_out,
            username,
            controllers,
        } = self;
        let own = taken_up((key, csr, cert), own)?;
        let server = taken_up((server_key, server_csr, server_cert), server)?;
        Ok(Some(Pending { token, own, server, sent_at, carried_out, username, controllers, created_at }))
    }

    fn is_usable(&self, name: &str) -> bool {
        let mut keys = self.key.iter().chain(&self.server_key);
        keys.all(|key| !is_pem(key) || PrivateKey::from_pem(name, key.expose()).is_ok())
    }
}

/// Whether a key that is kept is one that this source could have given.
fn fits(kept: Option<&Secret>, source: Option<&KeySource>) -> bool {
    match (kept, source) {
        (None, None) => true,
        (Some(kept), Some(KeySource::New(_))) => is_pem(kept),
        (Some(kept), Some(KeySource::Kept(own))) => own.text().expose() == kept.expose(),
        _ => false,
    }
}

/// A key that is kept and fits its source.
fn taken_up(
    (kept, csr, cert): (Option<Secret>, Option<String>, Option<String>),
    source: Option<&KeySource>,
) -> Result<Option<PendingKey>, Error> {
    let key = match (kept, source.and_then(KeySource::kept)) {
        (None, _) => return Ok(None),
        (Some(_), Some(own)) => own.clone(),
        (Some(kept), None) => PrivateKey::from_pem("the key that is kept", kept.expose())?,
    };
    Ok(Some(PendingKey { key, csr: csr.unwrap_or_default(), cert }))
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
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    csr: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server_key: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server_csr: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sent_at: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cert: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server_cert: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    carried_out: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    controllers: &'a [String],
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
pub(super) fn sidecars(first: &Path) -> Result<Vec<PathBuf>, Error> {
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
            // Written like `first` itself, which may have no folder in front.
            found.push((number, first.with_file_name(entry.file_name())));
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
    check_version(&name, &text)?;
    let kept = serde_json::from_str(&text).ok();
    Ok(kept.filter(|kept: &Kept| kept.token == token && kept.is_usable(&name)))
}

/// Refuses what a newer version of this library wrote: a key in it may be the only one that is certified.
pub(super) fn check_version(name: &str, text: &str) -> Result<(), Error> {
    #[derive(Deserialize)]
    struct Versioned {
        version: Option<u64>,
    }
    // What has no such number is not one of ours.
    let version = serde_json::from_str(text).ok().and_then(|Versioned { version }| version);
    match version.filter(|version| *version > u64::from(VERSION)) {
        None => Ok(()),
        Some(version) => Err(Error::Identity(format!(
            "{name}: a newer version of this library keeps a key there (its form is {version}, known here is {VERSION}); \
             go on with that version, or move the file away if its key is not needed any more"
        ))),
    }
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
