//! Who I am: the identity file, its key and certificate, and where it is kept.

mod addresses;
mod atomic;
mod choice;
mod client_auth;
mod csr;
mod describe;
mod document;
mod external;
#[cfg(feature = "capi")]
pub(crate) mod ffi;
mod held;
mod joining;
mod key;
mod names;
mod pair;
mod parts;
mod pending;
mod platform;
mod reading;
mod reference;
mod reservation;
mod server;
mod signer;
mod store;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::CertificateDer;

pub(crate) use addresses::MAX_CONTROLLERS;
pub use choice::KeyChoice;
pub(crate) use choice::KeySource;
pub(crate) use client_auth::ClientAuth;
pub use describe::{CertificateDescription, IdentityDescription};
pub(crate) use held::Held;
pub use key::PrivateKey;
pub(crate) use pair::NewPair;
pub use parts::IdentityParts;
pub use pending::PendingEnrollment;
pub(crate) use pending::{Kept, Pending, PendingKey};
pub(crate) use reading::read_text;
pub(crate) use reservation::Reservation;
pub use server::ServerCertificate;
pub use signer::{Signer, SigningScheme};
pub use store::Store;

use crate::error::Error;
use crate::secret::Secret;
use crate::trust::CaBundle;
use crate::trust::bundle::certificates_to_pem;
use crate::trust::certificate::{CertificateFacts, chain_from_pem};
use crate::wire::ControllerUrl;
use document::Document;
use reference::Reference;

/// The members of `id` that hold PEM text or say where it is.
const PEM_MEMBERS: [&str; 3] = ["key", "cert", "ca"];
/// Those of the server side of a router, as routers read them. They are looked at only by who asks for them.
const SERVER_MEMBERS: [&str; 2] = ["server_key", "server_cert"];

/// A key and its chain, leaf first.
pub(crate) type Certified<'a> = (&'a PrivateKey, Vec<CertificateDer<'static>>);

/// Who a client is: controllers, CA bundle, key and certificate. Cheap to clone.
///
/// It is read from and written to the identity file that OpenZiti's SDKs share. The members `key`, `cert` and `ca`
/// of `id` may be `pem:` and PEM text, `file:` and a path, bare PEM text (anything with `-----BEGIN` in it) or a
/// bare path; relative paths start at the identity file's folder. Members that are not known here are kept.
#[derive(Clone)]
pub struct Identity {
    inner: Arc<Inner>,
    store: Option<Store>,
    /// What the store held when this identity, or the one it was made of, came from there.
    loaded: Option<Arc<Inner>>,
    /// As whom it enrolled, if by a password just now.
    username: Option<Arc<str>>,
}

struct Inner {
    /// The file as it was written, or as it is to be written.
    document: Document,
    /// Where its relative paths start.
    folder: PathBuf,
    /// The PEM texts that `key`, `cert` and `ca` stand for.
    pem: [Option<Secret>; PEM_MEMBERS.len()],
    controllers: Vec<ControllerUrl>,
    config_types: Vec<String>,
    client_auth: Option<ClientAuth>,
    subject: Option<String>,
    ca: Option<CaBundle>,
}

impl Identity {
    /// Reads an identity file.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, Error> {
        Self::load_with(path.as_ref(), None)
    }

    /// Reads an identity file whose key is behind `signer`: there is no key in it, but a reference to one.
    ///
    /// # Errors
    /// [`Error::Identity`] if the signer cannot tell its public key, if that does not belong to the certificate, or if
    /// the file holds a key of its own.
    pub fn load_with_signer(path: impl AsRef<Path>, signer: Arc<dyn Signer>) -> Result<Self, Error> {
        Self::load_with(path.as_ref(), Some(&PrivateKey::external(signer)?))
    }

    /// Reads the text of an identity file; `file:` references in it are relative to the current folder.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        Self::from_json_with(text, None)
    }

    /// Reads the text of an identity file whose key is behind `signer`; `file:` references in it are relative to the
    /// current folder.
    ///
    /// # Errors
    /// As for [`load_with_signer`](Self::load_with_signer).
    pub fn from_json_with_signer(text: &str, signer: Arc<dyn Signer>) -> Result<Self, Error> {
        Self::from_json_with(text, Some(&PrivateKey::external(signer)?))
    }

    fn load_with(path: &Path, external: Option<&PrivateKey>) -> Result<Self, Error> {
        let what = format!("identity file {}", path.display());
        let text = reading::read_text(&what, path)?;
        let identity = Self::read(&what, &text, names::folder_of(path), external)?.stored_in(&Store::file(path));
        store::warn_of(&identity.exposure());
        Ok(identity)
    }

    fn from_json_with(text: &str, external: Option<&PrivateKey>) -> Result<Self, Error> {
        if text.len() as u64 > reading::MAX_FILE {
            return Err(Error::Identity(format!(
                "identity: {} bytes are too many, at most {} are read",
                text.len(),
                reading::MAX_FILE
            )));
        }
        Self::read("identity", text, Path::new("."), external)
    }

    /// Reads the file that this identity came from, with the same signer if it has one.
    pub(crate) fn load_again(&self, path: &Path) -> Result<Self, Error> {
        Self::load_with(path, self.external())
    }

    /// The key, if a signer has it.
    fn external(&self) -> Option<&PrivateKey> {
        self.inner.client_auth.as_ref().map(ClientAuth::key).filter(|key| key.signer().is_some())
    }

    /// Puts an identity together from what an identity file would hold, without one.
    ///
    /// # Errors
    /// [`Error::Identity`] for parts that cannot be read or do not fit each other, [`Error::Storage`] for files that
    /// cannot be read, [`Error::InvalidArgument`] for the address of a controller.
    pub fn from_parts(parts: &IdentityParts) -> Result<Self, Error> {
        parts.assemble()
    }

    /// The text of the identity file, private key included, with all PEM text in it.
    pub fn to_json(&self) -> Secret {
        let mut document = self.inner.document.clone();
        if let Some(id) = document.object_mut("id") {
            for (name, pem) in PEM_MEMBERS.iter().zip(&self.inner.pem) {
                if let Some(pem) = pem {
                    id.set_text(name, Secret::new(format!("pem:{}", pem.expose())).expose());
                }
            }
        }
        document.to_json()
    }

    /// Writes the identity file: whole or not at all, readable by its owner only.
    ///
    /// A file that is replaced keeps its mode, owner and group. References to other files stay references if the
    /// identity is saved in the folder it was loaded from; elsewhere what they refer to is written instead.
    ///
    /// If it is the file that the identity was loaded from or enrolled into, what another process changed in it since
    /// then stays: only what was changed here is written. Any other file is replaced.
    ///
    /// # Errors
    /// [`Error::Storage`] if the file cannot be written, or its owner and group cannot be kept. [`Error::Identity`] if
    /// it is a symbolic link (see [`Store::follow_symlinks`]), or if another process changed the same differently.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        Store::file(path.as_ref()).save(self)
    }

    /// The controllers' addresses as `https://host:port`, the preferred one first.
    pub fn controllers(&self) -> impl Iterator<Item = &str> {
        self.inner.controllers.iter().map(ControllerUrl::origin)
    }

    /// The user name that an enrollment by password gave it: that of the enrollment, where the controller tells it, or
    /// else the one that was asked for. It is not kept in the identity file.
    pub fn username(&self) -> Option<&str> {
        self.username.as_deref()
    }

    /// Puts together a fresh identity; its keys and chains must fit. Without `own` it has no certificate; `server` is the
    /// server side of a router. Other readers of the file rely on `base_path` behind the controllers' addresses.
    pub(crate) fn assemble(
        controllers: Vec<ControllerUrl>,
        base_path: &str,
        own: Option<Certified<'_>>,
        server: Option<Certified<'_>>,
        ca: Option<&CaBundle>,
    ) -> Result<Self, Error> {
        let mut id = Document::default();
        for ((key, chain), [key_name, chain_name]) in
            own.iter().map(|own| (own, ["key", "cert"])).chain(server.iter().map(|server| (server, SERVER_MEMBERS)))
        {
            ClientAuth::new(key, chain.clone())?;
            id.set_text(key_name, key.member().expose());
            id.set_text(chain_name, &format!("pem:{}", certificates_to_pem(chain)));
        }
        if let Some(ca) = ca {
            id.set_text("ca", &format!("pem:{}", ca.to_pem()));
        }
        let addresses: Vec<String> = controllers.iter().map(|url| format!("{}{base_path}", url.origin())).collect();
        let mut document = Document::default();
        addresses::put(&mut document, &addresses);
        document.set_object("id", id);
        let external = own.map(|(key, _)| key).filter(|key| key.signer().is_some());
        Self::from_document("the new identity", document, Path::new("."), external)
    }

    /// What there is to tell of the identity: name, controllers, key kind, certificate, CA bundle. No secrets.
    pub fn describe(&self) -> IdentityDescription {
        IdentityDescription::of(self)
    }

    /// Who else can read or replace the identity's files; one sentence for each.
    fn exposure(&self) -> Vec<String> {
        let own = self.store.as_ref().and_then(Store::path).map(Path::to_owned);
        own.into_iter().chain(self.key_file()).flat_map(|path| platform::exposure(&path)).collect()
    }

    /// The file that the private key lies in, if that is not the identity file.
    fn key_file(&self) -> Option<PathBuf> {
        let key = self.inner.document.object("id")?.text("key").ok()??;
        match Reference::parse("key", key.expose()).ok()? {
            Reference::File(path) => Some(self.inner.folder.join(path)),
            _ => None,
        }
    }

    /// Where the identity is kept, if it came from a file or was enrolled into a store.
    pub(crate) fn store(&self) -> Option<&Store> {
        self.store.as_ref()
    }

    /// The same identity, which is what `store` holds now.
    pub(crate) fn stored_in(self, store: &Store) -> Self {
        Self { store: Some(store.clone()), loaded: Some(Arc::clone(&self.inner)), ..self }
    }

    /// The same identity, enrolled under this user name.
    pub(crate) fn called(self, username: &str) -> Self {
        Self { username: Some(username.into()), ..self }
    }

    pub(crate) fn controller_urls(&self) -> &[ControllerUrl] {
        &self.inner.controllers
    }

    /// The config types that the file asks for; empty if it does not say.
    pub(crate) fn config_types(&self) -> &[String] {
        &self.inner.config_types
    }

    pub(crate) fn ca(&self) -> Option<&CaBundle> {
        self.inner.ca.as_ref()
    }

    /// Key and chain; `None` for an identity without a certificate.
    pub(crate) fn client_auth(&self) -> Option<ClientAuth> {
        self.inner.client_auth.clone()
    }

    pub(crate) fn leaf(&self) -> Option<&CertificateDer<'static>> {
        self.inner.client_auth.as_ref()?.chain().first()
    }

    /// What to write in a file in `folder`.
    fn text_for(&self, folder: &Path) -> Secret {
        let same = match (folder.canonicalize(), self.inner.folder.canonicalize()) {
            (Ok(target), Ok(source)) => target == source,
            _ => false,
        };
        if same { self.inner.document.to_json() } else { self.to_json() }
    }

    fn read(what: &str, text: &str, folder: &Path, external: Option<&PrivateKey>) -> Result<Self, Error> {
        let document = parse(text).map_err(|why| Error::Identity(format!("{what}: {why}")))?;
        Self::from_document(what, document, folder, external)
    }

    /// `external` is the key, if that is not to be in the document.
    fn from_document(
        what: &str,
        document: Document,
        folder: &Path,
        external: Option<&PrivateKey>,
    ) -> Result<Self, Error> {
        let bad = |why: String| Error::Identity(format!("{what}: {why}"));
        let controllers = addresses::read(&document).map_err(bad)?;
        let config_types = document.texts("configTypes").map_err(bad)?;
        let [key, cert, ca] = PEM_MEMBERS.map(|name| match external {
            Some(_) if name == "key" => no_key_inside(what, &document).map(|()| None),
            _ => pem_member(what, &document, name, folder),
        });
        let (key, cert, ca) = (key?, cert?, ca?);
        let own = key.as_ref().map(|pem| PrivateKey::from_pem(&format!("{what}: id.key"), pem.expose())).transpose()?;
        let client_auth = match (external.or(own.as_ref()), &cert) {
            (Some(key), Some(cert)) => {
                Some(ClientAuth::new(key, chain_from_pem(&format!("{what}: id.cert"), cert.expose())?)?)
            }
            (Some(_), None) => return Err(bad("there is a private key (id.key) but no certificate (id.cert)".into())),
            (None, Some(_)) => return Err(bad("there is a certificate (id.cert) but no private key (id.key)".into())),
            (None, None) => None,
        };
        let leaf = client_auth.as_ref().and_then(|auth| auth.chain().first());
        let subject = leaf.map(CertificateFacts::read).transpose()?.map(|facts| facts.subject);
        let bundle = ca.as_ref().map(|pem| CaBundle::from_pem(&format!("{what}: id.ca"), pem.expose())).transpose()?;
        for problem in bundle.iter().flat_map(CaBundle::problems) {
            log::debug!("{what}: id.ca: {problem}");
        }
        let inner = Inner {
            document,
            // The current folder may be another one when the identity is saved.
            folder: std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned()),
            pem: [key, cert, ca],
            controllers,
            config_types,
            client_auth,
            subject,
            ca: bundle,
        };
        Ok(Self { inner: Arc::new(inner), store: None, loaded: None, username: None })
    }
}

/// Reads the text of an identity file.
fn parse(text: &str) -> Result<Document, String> {
    let mut document = Document::parse(text)?;
    document.open_object("id")?;
    Ok(document)
}

/// The PEM text of one member of `id`.
fn pem_member(what: &str, document: &Document, name: &str, folder: &Path) -> Result<Option<Secret>, Error> {
    let Some(id) = document.object("id") else { return Ok(None) };
    let Some(value) = id.text(name).map_err(|why| Error::Identity(format!("{what}: id.{why}")))? else {
        return Ok(None);
    };
    let what = format!("{what}: id.{name}");
    Reference::parse(&what, value.expose())?.resolve(&what, folder).map(Some)
}

/// A signer is asked for where the file has a reference or nothing: a key that is there may be another one.
fn no_key_inside(what: &str, document: &Document) -> Result<(), Error> {
    let bad = |why: &str| Error::Identity(format!("{what}: id.{why}"));
    let value = document.object("id").map_or(Ok(None), |id| id.text("key")).map_err(|why| bad(&why))?;
    match value.map(|value| Reference::parse(&format!("{what}: id.key"), value.expose()).map(|is| is.is_external())) {
        None | Some(Ok(true)) => Ok(()),
        Some(Ok(false)) => Err(bad("key: the file has a private key of its own; load it without a signer")),
        Some(Err(error)) => Err(error),
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("controllers", &self.inner.controllers)
            .field("certificate", &self.inner.subject)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
