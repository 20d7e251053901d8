//! A key and certificate that are to take the place of those an identity has, and how they are kept until they do.
//!
//! `NAME.pending` is JSON then: `version` (1; a newer one is refused), `createdAt`, `replaces` (the serial number of the certificate that is to
//! go), `key` (PEM, or the reference to a key that a signer has) and `cert` (the chain, PEM). Where there is no file,
//! the identity's own text has the same in its member `renewal`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rustls::pki_types::CertificateDer;

use super::document::Document;
use super::names::folder_of;
use super::pending;
use super::platform::sync_folder;
use super::reading::read_text;
use super::{ClientAuth, Identity, PrivateKey};
use crate::error::Error;
use crate::secret::Secret;
use crate::trust::CaBundle;
use crate::trust::bundle::certificates_to_pem;
use crate::trust::certificate::{CertificateFacts, chain_from_pem};
use crate::trust::display_time;

/// The member that keeps a pair where there is no file for it.
const MEMBER: &str = "renewal";

/// A new certificate, leaf first, and its key.
#[derive(Clone)]
pub(crate) struct NewPair {
    pub(crate) key: PrivateKey,
    pub(crate) chain: Vec<CertificateDer<'static>>,
}

impl NewPair {
    pub(crate) fn leaf(&self) -> Option<&CertificateDer<'static>> {
        self.chain.first()
    }

    pub(crate) fn leaf_pem(&self) -> String {
        certificates_to_pem(self.chain.get(..1).unwrap_or_default())
    }

    /// The members under which it is kept, for the identity whose certificate it replaces.
    fn document(&self, identity: &Identity) -> Document {
        let mut document = Document::default();
        document.set_number("version", pending::VERSION);
        document.set_text("createdAt", &display_time(SystemTime::now()));
        document.set_text("replaces", &identity.serial().unwrap_or_default());
        document.set_text("key", self.key.text().expose());
        document.set_text("cert", &certificates_to_pem(&self.chain));
        document
    }

    /// What is kept, if it is to replace the certificate of this identity, or has just done so. `what` names it for
    /// the log: of what cannot be used nobody is locked out, while there is another pair.
    fn read(what: &str, document: &Document, identity: &Identity) -> Option<Self> {
        let text = |name: &str| document.text(name).ok().flatten();
        let (replaces, key, cert) = (text("replaces")?, text("key")?, text("cert")?);
        let is_meant = identity.serial().as_deref() == Some(replaces.expose());
        let pair = chain_from_pem(what, cert.expose())
            .map(|chain| (is_meant || identity.leaf() == chain.first()).then_some(chain))
            .and_then(|chain| chain.map(|chain| Self::with_key(what, &key, chain, identity)).transpose());
        pair.unwrap_or_else(|error| {
            if is_meant {
                log::warn!("{what}: the certificate that an interrupted renewal left cannot be used: {error}");
            }
            None
        })
    }

    fn with_key(
        what: &str,
        key: &Secret,
        chain: Vec<CertificateDer<'static>>,
        identity: &Identity,
    ) -> Result<Self, Error> {
        let own = identity.client_auth().map(|auth| auth.key().clone());
        let key = match own.filter(|own| own.text().expose() == key.expose()) {
            Some(own) => own,
            None => PrivateKey::from_pem(what, key.expose())?,
        };
        ClientAuth::new(&key, chain.clone())?;
        Ok(Self { key, chain })
    }
}

impl Identity {
    /// The same identity with another certificate, and with its key if that is another one, too.
    pub(crate) fn with_pair(&self, pair: &NewPair) -> Result<Self, Error> {
        let own = self.client_auth().is_some_and(|auth| auth.key().text().expose() == pair.key.text().expose());
        self.with_id(|id| {
            if !own {
                id.set_text("key", pair.key.member().expose());
            }
            id.set_text("cert", &format!("pem:{}", certificates_to_pem(&pair.chain)));
        })
    }

    /// The same identity with another CA bundle.
    pub(crate) fn with_ca(&self, ca: &CaBundle) -> Result<Self, Error> {
        self.with_id(|id| id.set_text("ca", &format!("pem:{}", ca.to_pem())))
    }

    fn with_id(&self, change: impl FnOnce(&mut Document)) -> Result<Self, Error> {
        let mut document = self.inner.document.clone();
        document.remove(MEMBER);
        let mut id = document.object("id").cloned().unwrap_or_default();
        change(&mut id);
        document.set_object("id", id);
        self.revised(document)
    }

    /// The text that keeps a pair beside the one that is in use.
    pub(super) fn text_with(&self, pair: &NewPair) -> Result<Secret, Error> {
        let mut document = self.inner.document.clone();
        document.set_object(MEMBER, pair.document(self));
        self.revised(document).map(|identity| identity.to_json())
    }

    /// The text without a pair that it may keep.
    pub(super) fn text_without_pair(&self) -> Result<Secret, Error> {
        let mut document = self.inner.document.clone();
        document.remove(MEMBER);
        self.revised(document).map(|identity| identity.to_json())
    }

    /// The pair that its text keeps, if there is one.
    pub(super) fn pair_inside(&self) -> Result<Option<NewPair>, Error> {
        const WHAT: &str = "identity: renewal";
        let mut document = self.inner.document.clone();
        if let Some(text) = document.raw(MEMBER) {
            pending::check_version(WHAT, text)?;
        }
        document.open_object(MEMBER).map_err(|why| Error::Identity(format!("identity: {why}")))?;
        Ok(document.object(MEMBER).and_then(|kept| NewPair::read(WHAT, kept, self)))
    }

    /// The serial number of its certificate, in hexadecimal.
    fn serial(&self) -> Option<String> {
        CertificateFacts::read(self.leaf()?).ok().map(|facts| facts.serial)
    }
}

/// The text of a sidecar that keeps a pair.
pub(super) fn text(pair: &NewPair, identity: &Identity) -> Secret {
    pair.document(identity).to_json()
}

/// The sidecar of this file that keeps a pair for the identity, and the pair.
pub(super) fn find(path: &Path, identity: &Identity) -> Result<Option<(PathBuf, NewPair)>, Error> {
    for sidecar in pending::sidecars(&pending::path(path))? {
        let name = sidecar.display().to_string();
        // What cannot be read as one is another thing: the key of an enrollment, or what somebody else put there.
        let Ok(text) = read_text(&name, &sidecar) else { continue };
        pending::check_version(&name, &text)?;
        let Ok(document) = Document::parse(&text) else { continue };
        if let Some(pair) = NewPair::read(&name, &document, identity) {
            return Ok(Some((sidecar, pair)));
        }
    }
    Ok(None)
}

/// Removes a sidecar. That it stays is not worth an error: its pair is in force by then, or never will be.
pub(super) fn forget(sidecar: &Path) {
    let removed = match fs::remove_file(sidecar) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => sync_folder(folder_of(sidecar)),
    };
    if let Err(error) = removed {
        log::warn!("{}: the key in it is not needed any more, but cannot be removed: {error}", sidecar.display());
    }
}
