//! A login in a browser: one address to open, one to come back with.

#[cfg(feature = "capi")]
pub(crate) mod ffi;

use std::fmt;
use std::sync::Arc;

use percent_encoding::utf8_percent_encode;

use super::discovery::Provider;
use super::endpoint::refusal_in_words;
use super::redirect::{Redirect, RedirectUri};
use super::settings::{ProviderOptions, ProviderSettings};
use super::token::ProviderToken;
use crate::error::{Error, shown};
use crate::login::pkce::{self, Pkce};
use crate::secret::Secret;
use crate::wire::request::ESCAPED;

/// A login at an identity provider in a browser (OpenID Connect, authorization code with PKCE), in two steps: have the
/// user open [`login_url`](Self::login_url), then [`complete`](Self::complete) with the address that the browser is
/// sent back to. How it is opened and how that address is caught is up to the application;
/// [`LoopbackListener`](crate::LoopbackListener) can do the latter.
pub struct ProviderLogin {
    provider: Arc<Provider>,
    redirect_uri: RedirectUri,
    state: Secret,
    nonce: Secret,
    pkce: Pkce,
    url: Secret,
}

impl ProviderLogin {
    /// Begins a login: asks the provider for its configuration, and makes state, nonce and PKCE pair.
    ///
    /// `redirect_uri` has to be one that the provider knows of the application: `http://` on this machine, `https://`,
    /// or of a scheme of the application's own.
    ///
    /// # Errors
    /// [`Error::Decode`] if the provider's configuration cannot be used or is another provider's,
    /// [`Error::Unsupported`] if it has no login in a browser, or none with PKCE.
    pub fn begin(settings: &ProviderSettings, redirect_uri: &str, options: &ProviderOptions) -> Result<Self, Error> {
        let redirect_uri = RedirectUri::parse(redirect_uri)?;
        let provider = Provider::discover(&options.reach.call(), settings, options)?;
        let (state, nonce, pkce) = (pkce::unguessable()?, pkce::unguessable()?, Pkce::new()?);
        let url = login_url(&provider, &redirect_uri, &state, &nonce, &pkce)?;
        Ok(Self { provider: Arc::new(provider), redirect_uri, state, nonce, pkce, url })
    }

    /// What the user has to open in a browser. It is good once, and only for the one who began the login, so it belongs
    /// into no log.
    pub fn login_url(&self) -> &str {
        self.url.expose()
    }

    /// Ends the login with the whole address to which the provider sent the browser back: checks that it is the answer
    /// to this login, and exchanges its code for tokens.
    ///
    /// A wrong address changes nothing: the right one may still come.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if the address is not an answer to this login. [`Error::Api`] with the provider's
    /// code, such as `access_denied`, if it refuses. [`Error::Decode`] if its tokens are not those of this login.
    pub fn complete(&self, redirect_url: &str) -> Result<ProviderToken, Error> {
        let redirect = self.answer(redirect_url)?;
        self.require_success(&redirect)?;
        let code = redirect.get("code").filter(|code| !code.is_empty());
        let code =
            code.ok_or_else(|| Error::InvalidArgument("redirect URL: it has neither code nor error".to_owned()))?;
        let code = Secret::new(code);
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code.expose()),
            ("redirect_uri", &self.redirect_uri.text),
            ("code_verifier", self.pkce.verifier().expose()),
        ];
        let request = self.provider.token_request().hide(&code).hide(self.pkce.verifier());
        let (call, asked) = (self.provider.options.reach.call(), self.provider.now());
        let answer = self.provider.ask_for_token(&call, request, &form)?;
        ProviderToken::of_login(&self.provider, &call, asked, &answer, Some(&self.nonce))
    }

    /// What the browser came back with, if that is the provider's answer to this login.
    pub(super) fn answer(&self, redirect_url: &str) -> Result<Redirect, Error> {
        let redirect = Redirect::parse(&self.redirect_uri, redirect_url)?;
        if redirect.get("state") != Some(self.state.expose()) {
            let message = "redirect URL: its state is not that of this login; it answers another one, or was forged";
            return Err(Error::InvalidArgument(message.to_owned()));
        }
        let ours = self.provider.issuer.as_str();
        match redirect.get("iss") {
            Some(theirs) if theirs != ours => Err(Error::InvalidArgument(format!(
                "redirect URL: it comes from the provider {}, not from {}",
                shown(theirs),
                shown(ours)
            ))),
            None if self.provider.names_itself => {
                let message = "redirect URL: it does not name the provider, which this one always does";
                Err(Error::InvalidArgument(message.to_owned()))
            }
            _ => Ok(redirect),
        }
    }

    fn require_success(&self, redirect: &Redirect) -> Result<(), Error> {
        let Some(error) = redirect.get("error") else { return Ok(()) };
        let without_state = |text: &str| text.replace(self.state.expose(), "***");
        let description = redirect.get("error_description").unwrap_or("the answer gives no reason");
        let operation = format!("GET {}", self.provider.authorization()?);
        // The status of the redirect that brought it.
        let refusal = refusal_in_words(302, &without_state(error), &without_state(description), &operation);
        Err(Error::Api(Box::new(refusal)))
    }

    /// Waits for the browser within its own call: see [`LoopbackListener`](super::LoopbackListener).
    pub(super) fn options(&self) -> &ProviderOptions {
        &self.provider.options
    }
}

fn login_url(
    provider: &Provider,
    redirect_uri: &RedirectUri,
    state: &Secret,
    nonce: &Secret,
    pkce: &Pkce,
) -> Result<Secret, Error> {
    let endpoint = &provider.authorization()?.url;
    let scope = provider.settings.scope();
    let mut url = format!("{endpoint}{}response_type=code", if endpoint.contains('?') { '&' } else { '?' });
    let parameters = [
        ("client_id", provider.settings.client_id.as_str()),
        ("redirect_uri", &redirect_uri.text),
        ("scope", &scope),
        ("state", state.expose()),
        ("nonce", nonce.expose()),
        ("code_challenge", pkce.challenge()),
        ("code_challenge_method", Pkce::METHOD),
    ];
    let audience = provider.settings.asked_audience().map(|audience| ("audience", audience));
    for (name, value) in parameters.into_iter().chain(audience) {
        url.extend(["&", name, "="]);
        url.extend(utf8_percent_encode(value, ESCAPED));
    }
    Ok(Secret::new(url))
}

/// Shows where, and nothing of what only the two sides may know.
impl fmt::Debug for ProviderLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderLogin")
            .field("issuer", &self.provider.issuer)
            .field("redirect_uri", &self.redirect_uri.text)
            .finish_non_exhaustive()
    }
}
