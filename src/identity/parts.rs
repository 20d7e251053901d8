//! Identities whose parts come one by one: from memory, from the environment, from mounted secrets.

#[cfg(feature = "capi")]
pub(crate) mod ffi;

use std::env;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use super::addresses;
use super::document::Document;
use super::reference::Reference;
use super::{Identity, PrivateKey, Signer, Store};
use crate::error::Error;
use crate::secret::Secret;

/// What an identity is put together from, where there is no identity file: see [`Identity::from_parts`].
///
/// Key, certificate and CA bundle are given as in an identity file, or as the name of an environment variable:
///
/// | text | what is taken |
/// |---|---|
/// | `pem:` and PEM text, or anything with `-----BEGIN` in it | the text itself |
/// | `file:` and a path, or a bare path | what the file holds now; relative paths start at the current folder |
/// | `env:` and a name | what the environment variable holds now, which is PEM text or again a path |
///
/// ```no_run
/// use ziti_edge_client::{Identity, IdentityParts};
///
/// # fn main() -> Result<(), ziti_edge_client::Error> {
/// let parts = IdentityParts::new()
///     .controller("https://ctrl.example:1280")
///     .key("env:ZITI_KEY")
///     .certificate("/run/secrets/ziti/tls.crt")
///     .ca("/run/secrets/ziti/ca.crt");
/// let identity = Identity::from_parts(&parts)?;
/// # Ok(()) }
/// ```
#[derive(Clone, Default)]
#[must_use]
pub struct IdentityParts {
    controllers: Vec<String>,
    config_types: Vec<String>,
    key: Option<Secret>,
    signer: Option<Arc<dyn Signer>>,
    certificate: Option<Secret>,
    ca: Option<Secret>,
    store: Option<Store>,
}

impl IdentityParts {
    /// No parts yet. At least one controller is needed.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a controller, as `https://host:port`; the first one is preferred.
    pub fn controller(mut self, address: impl Into<String>) -> Self {
        self.controllers.push(address.into());
        self
    }

    /// The private key: PKCS#8, SEC1 or PKCS#1 in PEM, not encrypted. It needs the certificate.
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(Secret::new(key.into()));
        self
    }

    /// Who signs with a key that stays where it is, in place of [`key`](Self::key).
    pub fn signer(mut self, signer: Arc<dyn Signer>) -> Self {
        self.signer = Some(signer);
        self
    }

    /// The certificate of the key, and the intermediates after it.
    pub fn certificate(mut self, certificate: impl Into<String>) -> Self {
        self.certificate = Some(Secret::new(certificate.into()));
        self
    }

    /// The network's CA certificates.
    pub fn ca(mut self, ca: impl Into<String>) -> Self {
        self.ca = Some(Secret::new(ca.into()));
        self
    }

    /// Adds a config type that logins ask for. Default: all.
    pub fn config_type(mut self, config_type: impl Into<String>) -> Self {
        self.config_types.push(config_type.into());
        self
    }

    /// Where the identity is kept when it changes. Default: nowhere. Nothing is stored before that.
    pub fn store(mut self, store: Store) -> Self {
        self.store = Some(store);
        self
    }

    pub(super) fn assemble(&self) -> Result<Identity, Error> {
        let mut id = Document::default();
        let external = self.signer.as_ref().map(|signer| PrivateKey::external(Arc::clone(signer))).transpose()?;
        if let Some(key) = &external {
            if self.key.is_some() {
                let message = "identity parts: a key and a signer exclude each other; give one of them";
                return Err(Error::InvalidArgument(message.to_owned()));
            }
            id.set_text("key", key.member().expose());
        }
        for (name, part) in [("key", &self.key), ("cert", &self.certificate), ("ca", &self.ca)] {
            if let Some(part) = part {
                let pem = resolve(name, part)?;
                id.set_text(name, Secret::new(format!("pem:{}", pem.expose())).expose());
            }
        }
        let addresses = self.controllers.iter().map(|address| addresses::in_full(address));
        let mut document = Document::default();
        addresses::put(&mut document, &addresses.collect::<Result<Vec<_>, _>>()?);
        if !self.config_types.is_empty() {
            document.set_texts("configTypes", &self.config_types);
        }
        document.set_object("id", id);
        let identity = Identity::from_document("identity parts", document, Path::new("."), external.as_ref())?;
        Ok(Identity { store: self.store.clone(), ..identity })
    }
}

impl fmt::Debug for IdentityParts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdentityParts")
            .field("controllers", &self.controllers)
            .field("config_types", &self.config_types)
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}

/// The PEM text that a part stands for. `name` is that of the member that it becomes.
fn resolve(name: &str, part: &Secret) -> Result<Secret, Error> {
    let what = format!("identity parts: {name}");
    let Some(variable) = part.expose().trim_start().strip_prefix("env:") else {
        return Reference::parse(&what, part.expose())?.resolve(&what, Path::new("."));
    };
    let variable = variable.trim_end();
    let bad = |why: &str| Error::Identity(format!("{what}: environment variable {variable:?} {why}"));
    // What the system does not take for a name makes its look-up panic.
    if variable.is_empty() || variable.contains(['=', '\0']) {
        return Err(Error::Identity(format!("{what}: there is no name of an environment variable after env:")));
    }
    let value = env::var(variable).map(Secret::new).map_err(|error| match error {
        env::VarError::NotPresent => bad("is not set"),
        env::VarError::NotUnicode(_) => bad("is not UTF-8"),
    })?;
    if value.expose().trim().is_empty() {
        return Err(bad("is empty"));
    }
    let what = format!("{what}: environment variable {variable}");
    Reference::parse(&what, value.expose())?.resolve(&what, Path::new("."))
}
