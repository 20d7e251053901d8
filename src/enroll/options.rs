//! How to enroll, and with what.

#[cfg(feature = "capi")]
pub(crate) mod ffi;

use std::time::Duration;

use super::EnrollmentInput;
use crate::error::Error;
use crate::identity::{KeyChoice, Store};
use crate::secret::Secret;
use crate::transport::{CancelToken, Proxy, Reach};

/// How to enroll. The defaults work for one-time tokens (`ott`) but for one thing: without a store, a crash or a lost
/// answer loses the identity. Other methods need more: see [`Enrollment::needs`](super::Enrollment::needs).
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct EnrollOptions {
    pub(super) store: Option<Store>,
    pub(super) reach: Reach,
    pub(super) trust_system_roots: bool,
    pub(super) ca: Option<String>,
    pub(super) key: KeyChoice,
    pub(super) certificate: Option<String>,
    pub(super) name: Option<String>,
    pub(super) username: Option<String>,
    pub(super) password: Option<Secret>,
    pub(super) server_key: Option<KeyChoice>,
    pub(super) external_jwt: Option<Secret>,
    pub(super) signer_id: Option<String>,
    pub(super) without_certificate: bool,
}

impl EnrollOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Where to keep the identity.
    pub fn store(mut self, store: Store) -> Self {
        self.store = Some(store);
        self
    }

    /// The most time the enrollment may take. Default 30 s. Zero ends it at once.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.reach.timeout = Some(timeout);
        self
    }

    /// A token that ends the enrollment.
    pub fn cancel(mut self, cancel: &CancelToken) -> Self {
        self.reach.cancel = Some(cancel.clone());
        self
    }

    /// The proxy to go through. Default none; the environment is not looked at.
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.reach.proxy = Some(proxy);
        self
    }

    /// The proxy that the environment names now, in place of any other; if it names none, no proxy.
    ///
    /// # Errors
    /// As for [`Proxy::from_environment`].
    pub fn proxy_from_environment(mut self) -> Result<Self, Error> {
        self.reach.proxy = Proxy::from_environment()?;
        Ok(self)
    }

    /// Whether the system's roots may vouch for the controller too. Default: the network's CA bundle only.
    ///
    /// With it, a network may do without a CA bundle. The identity has none either then, and its clients need the same
    /// option: see [`ClientBuilder::trust_system_roots`](crate::ClientBuilder::trust_system_roots).
    pub fn trust_system_roots(mut self, trust: bool) -> Self {
        self.trust_system_roots = trust;
        self
    }

    /// For enrollment by address only: the CA certificates, in PEM, that vouch for the controller when it is met.
    /// Default: the system's roots. A token proves its controller by itself.
    pub fn ca(mut self, pem: impl Into<String>) -> Self {
        self.ca = Some(pem.into());
        self
    }

    /// The key of the identity. Default: a new one on P-256. For `ottca` and `ca` it is that of the certificate:
    /// [`KeyChoice::Existing`] or [`KeyChoice::Signer`].
    ///
    /// Which kinds a controller takes is up to it. One that cannot be had here is an error before any I/O.
    pub fn key(mut self, key: KeyChoice) -> Self {
        self.key = key;
        self
    }

    /// For `ottca` and `ca`: the certificate that a third-party CA has issued, in PEM, and after it the intermediates.
    pub fn certificate(mut self, pem: impl Into<String>) -> Self {
        self.certificate = Some(pem.into());
        self
    }

    /// For `ca`: the name that the identity shall have, which counts where the CA's pattern for names asks for it.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// For `updb`: the user name. That of the enrollment counts, where it is another: see
    /// [`Identity::username`](crate::Identity::username).
    pub fn username(mut self, username: impl Into<String>) -> Self {
        self.username = Some(username.into());
        self
    }

    /// For `updb`: the password that the user shall have. It is stored nowhere.
    pub fn password(mut self, password: Secret) -> Self {
        self.password = Some(password);
        self
    }

    /// For `erott`: the key of the router's server side. Default: a new one on P-256. A signer cannot have it.
    pub fn server_key(mut self, key: KeyChoice) -> Self {
        self.server_key = Some(key);
        self
    }

    /// For `token`: what an external JWT signer has issued. It is stored nowhere.
    pub fn external_jwt(mut self, jwt: Secret) -> Self {
        self.external_jwt = Some(jwt);
        self
    }

    /// For `token`: the id of the signer, where the issuer of the JWT does not tell. No controller was seen to take it.
    pub fn signer_id(mut self, id: impl Into<String>) -> Self {
        self.signer_id = Some(id.into());
        self
    }

    /// For `token`: asks for no certificate: the identity will log in by such tokens. Default: it gets a certificate.
    /// Which of the two a signer allows, it says itself.
    pub fn without_certificate(mut self) -> Self {
        self.without_certificate = true;
        self
    }

    /// Whether anything was said about an input.
    pub(super) fn has(&self, input: EnrollmentInput) -> bool {
        match input {
            EnrollmentInput::Key => !matches!(self.key, KeyChoice::P256),
            EnrollmentInput::Certificate => self.certificate.is_some(),
            EnrollmentInput::Name => self.name.is_some(),
            EnrollmentInput::Username => self.username.is_some(),
            EnrollmentInput::Password => self.password.is_some(),
            EnrollmentInput::ServerKey => self.server_key.is_some(),
            EnrollmentInput::ExternalJwt => self.external_jwt.is_some(),
            EnrollmentInput::SignerId => self.signer_id.is_some(),
            EnrollmentInput::WithoutCertificate => self.without_certificate,
        }
    }
}
