//! Which identity provider, as whom, and how to reach it.

#[cfg(feature = "capi")]
pub(crate) mod ffi;

use std::time::Duration;

use crate::api::authentication::external_jwt_signers::ExternalJwtSigner;
use crate::error::Error;
use crate::transport::{Call, CancelToken, ConnectionOptions, Connections, Proxy};
use crate::trust::CaBundle;
use crate::trust::verifier;

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// What every login at a provider asks for: without it there is no ID token.
const OPENID: &str = "openid";

/// Which of the provider's tokens the controller wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum TargetToken {
    /// The access token, which has to be a JWT.
    #[default]
    Access,
    /// The ID token.
    Id,
}

/// Which identity provider to log in at, and as which of its clients.
///
/// A network knows its own: see [`for_signer`](Self::for_signer).
#[derive(Debug, Clone)]
#[must_use]
pub struct ProviderSettings {
    pub(super) issuer: Option<String>,
    pub(super) configuration_url: Option<String>,
    pub(super) client_id: String,
    pub(super) scopes: Vec<String>,
    pub(super) audience: Option<String>,
    pub(super) target: TargetToken,
}

impl ProviderSettings {
    /// A provider by the address it calls itself (`iss` in its tokens), below which its OpenID configuration lies, and
    /// the id under which it knows this application. It has to be one without a secret (a "public" or "native" client).
    pub fn new(issuer: impl Into<String>, client_id: impl Into<String>) -> Self {
        Self { issuer: Some(issuer.into()), ..Self::of_client(client_id.into()) }
    }

    /// A provider by the address of its OpenID configuration. Whatever issuer that names is believed.
    pub fn at_configuration(url: impl Into<String>, client_id: impl Into<String>) -> Self {
        Self { configuration_url: Some(url.into()), ..Self::of_client(client_id.into()) }
    }

    /// What a network says of one of its providers: see
    /// [`external_jwt_signers`](crate::Client::external_jwt_signers).
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if the signer has no address or no client id, which an administrator has to add.
    pub fn for_signer(signer: &ExternalJwtSigner) -> Result<Self, Error> {
        let name = signer.name.as_deref().unwrap_or(&signer.id);
        let lacks = |what: &str| {
            let message = format!("external JWT signer {name}: it has no {what}, so nobody can log in there by it");
            Error::InvalidArgument(message)
        };
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let client_id = given(&signer.client_id).ok_or_else(|| lacks("clientId"))?;
        let settings = match (given(&signer.open_id_configuration_url), given(&signer.external_auth_url)) {
            (Some(url), _) => Self::at_configuration(url, client_id),
            (None, Some(issuer)) => Self::new(issuer, client_id),
            (None, None) => return Err(lacks("externalAuthUrl")),
        };
        let target = match signer.target_token.as_deref() {
            None | Some("" | "ACCESS") => TargetToken::Access,
            Some("ID") => TargetToken::Id,
            Some(other) => {
                let message = format!("external JWT signer {name}: the kind of token {other:?} is not known here");
                return Err(Error::Unsupported(message));
            }
        };
        Ok(Self { audience: given(&signer.audience), ..settings.scopes(&signer.scopes).target(target) })
    }

    fn of_client(client_id: String) -> Self {
        Self {
            issuer: None,
            configuration_url: None,
            client_id,
            scopes: Vec::new(),
            audience: None,
            target: TargetToken::default(),
        }
    }

    /// The scopes to ask for; `openid` is always asked for. Many providers give a refresh token only for
    /// `offline_access`.
    pub fn scopes<T: Into<String> + Clone>(mut self, scopes: &[T]) -> Self {
        self.scopes = scopes.iter().cloned().map(Into::into).collect();
        self
    }

    /// Whom the token has to be for (`aud`). For an access token the provider is asked for it as `audience`.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audience = Some(audience.into());
        self
    }

    /// Which token the controller wants. Default: the access token.
    pub fn target(mut self, target: TargetToken) -> Self {
        self.target = target;
        self
    }

    /// The parameter `scope`.
    pub(super) fn scope(&self) -> String {
        let named = self.scopes.iter().map(String::as_str).filter(|scope| *scope != OPENID);
        std::iter::once(OPENID).chain(named).collect::<Vec<_>>().join(" ")
    }

    /// The parameter `audience`. ID tokens are for the client itself, and providers refuse to be asked for that.
    pub(super) fn asked_audience(&self) -> Option<&str> {
        let audience = self.audience.as_deref().filter(|audience| *audience != self.client_id);
        audience.filter(|_| self.target == TargetToken::Access)
    }
}

/// How to reach an identity provider. The defaults work.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct ProviderOptions {
    pub(super) timeout: Option<Duration>,
    pub(super) cancel: Option<CancelToken>,
    pub(super) proxy: Option<Proxy>,
    pub(super) ca: Option<String>,
}

impl ProviderOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// The most time each call may take that asks the provider. Default 30 s. Zero ends it at once.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// A token that ends these calls.
    pub fn cancel(mut self, cancel: &CancelToken) -> Self {
        self.cancel = Some(cancel.clone());
        self
    }

    /// The proxy to go through. Default none; the environment is not looked at.
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = Some(proxy);
        self
    }

    /// The proxy that the environment names now, in place of any other; if it names none, no proxy.
    ///
    /// # Errors
    /// As for [`Proxy::from_environment`].
    pub fn proxy_from_environment(mut self) -> Result<Self, Error> {
        self.proxy = Proxy::from_environment()?;
        Ok(self)
    }

    /// CA certificates, in PEM, that may vouch for the provider beside the system's roots. The CA bundle of a network
    /// is never asked, and no certificate is ever shown.
    pub fn ca(mut self, pem: impl Into<String>) -> Self {
        self.ca = Some(pem.into());
        self
    }

    /// Starts the clock of one call.
    pub(super) fn call(&self) -> Call {
        self.call_within(self.timeout.unwrap_or(DEFAULT_TIMEOUT))
    }

    /// The same for a call with a time limit of its own.
    pub(super) fn call_within(&self, limit: Duration) -> Call {
        Call::new(limit, self.cancel.as_slice())
    }

    /// A call that ends with another one at the latest.
    pub(super) fn part_of(&self, call: &Call) -> Call {
        self.call_within(self.timeout.unwrap_or(DEFAULT_TIMEOUT).min(call.remaining()))
    }

    /// Connections of the provider's own: they share nothing with those to controllers.
    pub(super) fn connections(&self) -> Result<Connections, Error> {
        let ca = self.ca.as_deref().map(|pem| CaBundle::from_pem("the option ca", pem)).transpose()?;
        Connections::new(ConnectionOptions {
            verifier: verifier::identity_provider(ca.as_ref())?,
            client_auth: None,
            connect_timeout: CONNECT_TIMEOUT,
            proxy: self.proxy.clone(),
            gzip: false,
        })
    }
}
