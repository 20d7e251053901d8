//! The sidecar that keeps a key which is on its way: written before a token is spent, removed when the identity is.
//!
//! It is JSON: `version` (1), `createdAt`, `token` (a fingerprint; the token itself is not in it), `key`
//! (PEM, or the reference to a key that a signer has) and `csr` (PEM), and `cert` (the chain, PEM) from the moment it was issued.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::PrivateKey;
use super::atomic::sibling;
use super::reading::read_text;
use crate::error::Error;
use crate::secret::Secret;
use crate::trust::display_time;

/// So many earlier tries are kept; more than that and somebody has to look.
const MAX_KEPT: u32 = 100;

/// What is kept of an enrollment that is under way.
pub(crate) struct Pending<'a> {
    /// The fingerprint of the token that the key is used with.
    pub(crate) token: &'a str,
    pub(crate) key: &'a PrivateKey,
    pub(crate) csr: &'a str,
    /// The chain that was issued, as PEM, once it was.
    pub(crate) cert: Option<&'a str>,
}

impl Pending<'_> {
    pub(super) fn to_json(&self) -> Secret {
        let key = self.key.text().expose();
        let (created_at, cert) = (display_time(SystemTime::now()), self.cert);
        let file = PendingFile { version: 1, created_at, token: self.token, key, csr: self.csr, cert };
        // Room for all of it, so that no copy of the key is left behind by growing.
        let length = key.len() + self.csr.len() + cert.map_or(0, str::len);
        let mut json = Zeroizing::new(Vec::with_capacity(2 * length + 1024));
        serde_json::to_writer_pretty(&mut *json, &file).expect("texts can always be written as JSON");
        json.push(b'\n');
        Secret::new(String::from_utf8(std::mem::take(&mut *json)).expect("JSON is UTF-8"))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PendingFile<'a> {
    version: u32,
    created_at: String,
    token: &'a str,
    key: &'a str,
    csr: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cert: Option<&'a str>,
}

/// Key and chain of an enrollment with the same token that got its certificate but could not store it. What is no
/// such thing is none of this enrollment's business. `own` is the key to enroll with, if that exists already.
///
/// # Errors
/// [`Error::Identity`] if the certificate is for another key than `own`: there will be no second one for this token.
pub(super) fn issued(
    sidecar: &Path,
    token: &str,
    own: Option<&PrivateKey>,
) -> Result<Option<(PrivateKey, String)>, Error> {
    #[derive(Deserialize)]
    struct Kept {
        token: String,
        key: Secret,
        cert: String,
    }
    let name = sidecar.display().to_string();
    let text = match read_text(&name, sidecar) {
        Ok(text) => text,
        Err(Error::Storage { source, .. }) if source.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error @ Error::Storage { .. }) => return Err(error),
        Err(_) => return Ok(None),
    };
    let Some(kept) = serde_json::from_str(&text).ok().filter(|kept: &Kept| kept.token == token) else {
        return Ok(None);
    };
    match own {
        Some(own) if own.text().expose() == kept.key.expose() => Ok(Some((own.clone(), kept.cert))),
        None if kept.key.expose().contains("-----BEGIN") => {
            Ok(PrivateKey::from_pem(&name, kept.key.expose()).ok().map(|key| (key, kept.cert)))
        }
        _ => Err(Error::Identity(format!(
            "{name}: the certificate that was issued for this token belongs to another key than the one to enroll \
             with; enroll with the same choice of key as then"
        ))),
    }
}

pub(super) fn path(identity: &Path) -> PathBuf {
    sibling(identity, ".pending")
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
