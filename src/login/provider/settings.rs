//! Which identity provider, as whom, and how to reach it.

#[cfg(feature = "capi")]
pub(crate) mod ffi;

use std::fmt;
use std::time::{Duration, Instant, SystemTime};

use super::keeper::Keeper;
use crate::api::authentication::external_jwt_signers::ExternalJwtSigner;
use crate::error::Error;
use crate::login::now::Clock;
use crate::secret::Secret;
use crate::transport::{CancelToken, ConnectionOptions, Connections, Proxy, Reach};
use crate::trust::CaBundle;
use crate::trust::verifier;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// What every login at a provider asks for: without it there is no ID token.
const OPENID: &str = "openid";
/// What most providers want to be asked for by who wants a refresh token.
const OFFLINE_ACCESS: &str = "offline_access";

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
    /// Beside its scopes `offline_access` is asked for, as OpenZiti's other clients always do: administrators do not
    /// list it, and without it a login ends with its first token. [`scopes`](Self::scopes) replaces all of them, for a
    /// provider that refuses that.
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
        let mut scopes = signer.scopes.clone();
        if !scopes.iter().any(|scope| scope == OFFLINE_ACCESS) {
            scopes.push(OFFLINE_ACCESS.to_owned());
        }
        Ok(Self { audience: given(&signer.audience), ..settings.scopes(&scopes).target(target) })
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
#[derive(Clone, Default)]
#[must_use]
pub struct ProviderOptions {
    pub(super) reach: Reach,
    pub(super) ca: Option<String>,
    pub(super) keeper: Keeper,
    pub(super) clock: Clock,
}

impl fmt::Debug for ProviderOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { reach, ca, keeper: _, clock: _ } = self;
        f.debug_struct("ProviderOptions").field("reach", reach).field("ca", ca).finish_non_exhaustive()
    }
}

impl ProviderOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// The most time each call may take that asks the provider. Default 30 s. Zero ends it at once.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.reach.timeout = Some(timeout);
        self
    }

    /// A token that ends these calls.
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

    /// CA certificates, in PEM, that may vouch for the provider beside the system's roots. The CA bundle of a network
    /// is never asked, and no certificate is ever shown.
    pub fn ca(mut self, pem: impl Into<String>) -> Self {
        self.ca = Some(pem.into());
        self
    }

    /// Is given each refresh token of the login, to be kept for the next start: the first one, each that takes its
    /// place before that is used, and `None` once the provider takes the last one no more, as after a logout
    /// elsewhere. One that was replaced is used up at most providers, so who keeps refresh tokens cannot do without
    /// this.
    ///
    /// It runs on the thread of the call that got the token, one call at a time for each login, with no lock held. It
    /// is told what is left of the time of that call, and nothing interrupts it; the token should be kept even if that
    /// is zero. The token of the same login cannot be refreshed from inside of it. What it returns as an error is
    /// logged, and the login goes on. A client on whose behalf it runs cannot be used from inside of it either.
    pub fn on_refresh_token(
        mut self,
        keep: impl Fn(Option<&Secret>, Duration) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        self.keeper = Keeper::of(keep);
        self
    }

    /// The clock by which it is decided what is due or over, for tests; time limits keep to the real one.
    #[doc(hidden)]
    pub fn clock(mut self, clock: impl Fn() -> (Instant, SystemTime) + Send + Sync + 'static) -> Self {
        self.clock = Clock::of(clock);
        self
    }

    /// Connections of the provider's own: they share nothing with those to controllers.
    pub(super) fn connections(&self) -> Result<Connections, Error> {
        let ca = self.ca.as_deref().map(|pem| CaBundle::from_pem("the option ca", pem)).transpose()?;
        Connections::new(ConnectionOptions {
            verifier: verifier::identity_provider(ca.as_ref())?,
            client_auth: None,
            connect_timeout: CONNECT_TIMEOUT,
            proxy: self.reach.proxy.clone(),
            gzip: false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_that_a_signer_names_counts_more_than_the_address_where_users_log_in() {
        let signer = |configuration: &str, login: &str| ExternalJwtSigner {
            id: "sIg.9".to_owned(),
            name: None,
            external_auth_url: Some(login.to_owned()),
            open_id_configuration_url: Some(configuration.to_owned()),
            client_id: Some("ziti".to_owned()),
            audience: Some(String::new()),
            scopes: Vec::new(),
            target_token: None,
            enroll_to_cert_enabled: false,
            enroll_to_token_enabled: false,
            created_at: None,
            updated_at: None,
            tags: serde_json::Map::new(),
        };
        let read = |configuration, login| {
            let settings = ProviderSettings::for_signer(&signer(configuration, login)).unwrap();
            assert_eq!((settings.audience, settings.target), (None, TargetToken::Access));
            (settings.configuration_url, settings.issuer)
        };
        let (configuration, login) = ("https://idp.test/x/.well-known/openid-configuration", "https://idp.test/login");
        assert_eq!(read(configuration, login), (Some(configuration.to_owned()), None));
        assert_eq!(read("", login), (None, Some(login.to_owned())));
    }
}
