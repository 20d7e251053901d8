//! What a provider says of itself, and the provider from then on.

use std::fmt;

use super::endpoint::{Answer, Endpoint};
use super::settings::{ProviderOptions, ProviderSettings};
use crate::error::{Error, shown};
use crate::login::now::Now;
use crate::login::pkce::Pkce;
use crate::secret::Secret;
use crate::transport::{Call, Connections};
use crate::wire::fields::{Fields, Model};
use crate::wire::{Body, Request};

const CONFIGURATION: &str = "/.well-known/openid-configuration";
/// Longer ones are no issuers but an attempt on the memory.
const LONGEST_CLIENT_ID: usize = 1024;

/// A provider that has told where it does what, and how it is reached.
pub(super) struct Provider {
    pub(super) settings: ProviderSettings,
    pub(super) options: ProviderOptions,
    connections: Connections,
    /// What it calls itself.
    pub(super) issuer: String,
    pub(super) authorization: Option<Endpoint>,
    pub(super) token: Endpoint,
    device: Option<Endpoint>,
    /// It names itself in every redirect (RFC 9207).
    pub(super) names_itself: bool,
}

impl Provider {
    /// Asks a provider for its configuration.
    pub(super) fn discover(call: &Call, settings: &ProviderSettings, options: &ProviderOptions) -> Result<Self, Error> {
        if settings.client_id.is_empty() || settings.client_id.len() > LONGEST_CLIENT_ID {
            let message = "client id: expected the one by which the identity provider knows this application";
            return Err(Error::InvalidArgument(message.to_owned()));
        }
        let configuration = configuration_of(settings)?;
        let connections = options.connections()?;
        let request = Request::get(configuration.target.clone()).without_login();
        let answer = configuration.ask(&connections, call, request)?;
        let said: Configuration = answer.read()?;
        require_issuer(&answer, settings, &said.issuer)?;
        if said.challenge_methods.as_ref().is_some_and(|methods| !methods.iter().any(|method| method == Pkce::METHOD)) {
            return Err(Error::Unsupported(format!("{}: it does not know PKCE with S256", said.issuer)));
        }
        let endpoint = |name: &str, url: &str| Endpoint::parse(url).map_err(|why| answer.unreadable(name, why));
        let optional = |name: &str, url: &Option<String>| url.as_deref().map(|url| endpoint(name, url)).transpose();
        Ok(Self {
            authorization: optional("authorization_endpoint", &said.authorization)?,
            token: endpoint("token_endpoint", &said.token)?,
            device: optional("device_authorization_endpoint", &said.device)?,
            names_itself: said.names_itself,
            issuer: said.issuer,
            settings: settings.clone(),
            options: options.clone(),
            connections,
        })
    }

    /// What time it is here.
    pub(super) fn now(&self) -> Now {
        self.options.clock.now()
    }

    /// Hands a refresh token, or that there is none any more, to whoever keeps them.
    pub(super) fn keep(&self, call: &Call, refresh_token: Option<&Secret>) {
        self.options.keeper.tell(call, &self.issuer, refresh_token);
    }

    /// Where a user's browser goes.
    pub(super) fn authorization(&self) -> Result<&Endpoint, Error> {
        self.authorization.as_ref().ok_or_else(|| self.lacks("authorization_endpoint"))
    }

    /// Asks the token endpoint for what `form` says. Its answer may be a refusal that is none: see
    /// [`device`](super::device).
    pub(super) fn ask_for_token(&self, call: &Call, request: Request, form: &[(&str, &str)]) -> Result<Answer, Error> {
        let form = [&[("client_id", self.settings.client_id.as_str())], form].concat();
        self.token.ask(&self.connections, call, request.body(Body::form(&form)))
    }

    /// The request to the token endpoint, to be hidden in what must not be seen of it.
    pub(super) fn token_request(&self) -> Request {
        Request::post(self.token.target.clone()).without_login()
    }

    /// Asks for a code that a user enters on another device.
    pub(super) fn ask_for_device_code(&self, call: &Call) -> Result<Answer, Error> {
        let endpoint = self.device.as_ref().ok_or_else(|| self.lacks("device_authorization_endpoint"))?;
        let scope = self.settings.scope();
        let mut form = vec![("client_id", self.settings.client_id.as_str()), ("scope", scope.as_str())];
        form.extend(self.settings.asked_audience().map(|audience| ("audience", audience)));
        let request = Request::post(endpoint.target.clone()).without_login().body(Body::form(&form));
        endpoint.ask(&self.connections, call, request)
    }

    fn lacks(&self, endpoint: &str) -> Error {
        let message = format!("{}: it has no {endpoint}, so this way to log in is not open", self.issuer);
        Error::Unsupported(message)
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Provider")
            .field("issuer", &self.issuer)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

fn configuration_of(settings: &ProviderSettings) -> Result<Endpoint, Error> {
    let (what, url) = match (&settings.configuration_url, &settings.issuer) {
        (Some(url), _) => ("OpenID configuration", url.clone()),
        (None, Some(issuer)) if issuer.contains('?') => {
            return Err(Error::InvalidArgument(format!("issuer: {} has a query, which no issuer has", shown(issuer))));
        }
        (None, issuer) => {
            ("issuer", format!("{}{CONFIGURATION}", issuer.as_deref().unwrap_or_default().trim_end_matches('/')))
        }
    };
    Endpoint::parse(&url).map_err(|why| Error::InvalidArgument(format!("{what}: {why}")))
}

/// The configuration has to be that of the issuer that was asked for. A slash at the end makes no difference: both
/// names lead to the same configuration.
fn require_issuer(answer: &Answer, settings: &ProviderSettings, said: &str) -> Result<(), Error> {
    Endpoint::parse(said).map_err(|why| answer.unreadable("issuer", why))?;
    let without_slash = |issuer: &str| issuer.strip_suffix('/').unwrap_or(issuer).to_owned();
    match &settings.issuer {
        Some(wanted) if without_slash(wanted) != without_slash(said) => {
            let message = format!("this is the configuration of {}, not of {}", shown(said), shown(wanted));
            Err(answer.unreadable("issuer", message))
        }
        _ => Ok(()),
    }
}

/// The OpenID configuration, as far as a login needs it.
struct Configuration {
    issuer: String,
    authorization: Option<String>,
    token: String,
    device: Option<String>,
    challenge_methods: Option<Vec<String>>,
    names_itself: bool,
}

impl Model for Configuration {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self {
            issuer: fields.get("issuer"),
            authorization: fields.get("authorization_endpoint"),
            token: fields.get("token_endpoint"),
            device: fields.get("device_authorization_endpoint"),
            challenge_methods: fields.get("code_challenge_methods_supported"),
            names_itself: fields.get("authorization_response_iss_parameter_supported"),
        }
    }
}
