//! By what a client logs in.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::provider::ProviderToken;
use crate::error::{Error, one_line};
use crate::secret::Secret;
use crate::transport::Call;

/// By what a client logs in. Default: the certificate of its identity.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub enum Credentials {
    /// The certificate of the identity, which is shown to controllers under these credentials only.
    #[default]
    Certificate,
    /// A user name and a password.
    #[non_exhaustive]
    Password {
        /// The user name.
        username: String,
        /// The password.
        password: Secret,
    },
    /// A token of an external identity provider that the network knows as a signer.
    ExternalJwt(JwtSource),
}

impl Credentials {
    /// The certificate of the identity.
    pub fn certificate() -> Self {
        Credentials::Certificate
    }

    /// A user name and a password.
    pub fn password(username: impl Into<String>, password: impl Into<Secret>) -> Self {
        Credentials::Password { username: username.into(), password: password.into() }
    }

    /// External JWTs.
    pub fn external_jwt(source: JwtSource) -> Self {
        Credentials::ExternalJwt(source)
    }
}

/// Where external JWTs come from.
#[derive(Clone)]
pub struct JwtSource(Source);

#[derive(Clone)]
enum Source {
    Token(Secret),
    Supplier(Arc<Supplier>),
    Provider(ProviderToken),
}

type Supplier = dyn Fn(&JwtRequest) -> Result<Secret, String> + Send + Sync;

/// What a supplier of external JWTs is told.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct JwtRequest {
    /// The id of the signer whose token is wanted; `None` for a login, for which any signer of the network will do.
    pub signer: Option<String>,
    /// True if the token that was supplied last is refused, or has expired: it is of no use to supply it again.
    pub refused: bool,
    /// What is left of the time limit of the call that waits.
    pub left: Duration,
}

impl JwtSource {
    /// One token. When it expires, or is refused, the client needs new credentials.
    pub fn token(token: impl Into<Secret>) -> Self {
        Self(Source::Token(token.into()))
    }

    /// A function that is asked for a token whenever one is needed, and once more if that one is refused.
    ///
    /// It runs on the thread of the call that needs the token, perhaps on several at once, and nothing interrupts it:
    /// keeping to the time it is told is up to it. It may not use the client on whose behalf it runs. What it says when
    /// it has no token becomes part of [`Error::Identity`].
    pub fn supplier(supply: impl Fn(&JwtRequest) -> Result<Secret, String> + Send + Sync + 'static) -> Self {
        Self(Source::Supplier(Arc::new(supply)))
    }

    /// What a login at an identity provider brought; it is renewed there when it is near its end or refused. It stays
    /// usable; who keeps its refresh token is given each new one by
    /// [`ProviderOptions::on_refresh_token`](crate::ProviderOptions::on_refresh_token).
    pub fn provider(token: &ProviderToken) -> Self {
        Self(Source::Provider(token.clone()))
    }

    /// True if there may be another token than the one that was refused.
    pub(crate) fn has_more(&self) -> bool {
        matches!(self.0, Source::Supplier(_) | Source::Provider(_))
    }

    /// What to say of a token of this source that expired at `end`, and what to do.
    pub(super) fn is_over(&self, end: &str) -> String {
        match &self.0 {
            Source::Token(_) => {
                format!("the external JWT to log in with expired at {end}; give the client another one")
            }
            Source::Supplier(_) => format!(
                "the external JWT that the client's supplier gave, also when it was told that the one before is no good, \
                 expired at {end}; the supplier has to give one that is good"
            ),
            Source::Provider(token) => format!(
                "the external JWT that the identity provider {} gave, also when it was renewed there, expired at {end} by \
                 the controller's clock; check the provider's clock, and how long its tokens last",
                token.issuer()
            ),
        }
    }

    /// The token there is without asking for one.
    pub(super) fn at_hand(&self) -> Option<Secret> {
        match &self.0 {
            Source::Token(token) => Some(Secret::new(token.expose().trim())),
            Source::Provider(token) => Some(token.token()),
            Source::Supplier(_) => None,
        }
    }

    /// A token as it is sent: without the white space around it.
    pub(crate) fn supply(&self, call: &Call, signer: Option<&str>, refused: bool) -> Result<Secret, Error> {
        let token = match &self.0 {
            Source::Token(token) => token.clone(),
            Source::Provider(token) => token.current_within(call, refused)?,
            Source::Supplier(supply) => {
                let request = JwtRequest { signer: signer.map(str::to_owned), refused, left: call.remaining() };
                let supplied = supply(&request);
                call.check()?;
                supplied.map_err(|why| {
                    let of = signer.map(|signer| format!(" of signer {signer}")).unwrap_or_default();
                    Error::Identity(format!("no external JWT{of} was supplied: {}", one_line(&why)))
                })?
            }
        };
        let text = token.expose().trim();
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            let message = "the external JWT is empty, or holds characters that no token has";
            return Err(Error::Identity(message.to_owned()));
        }
        Ok(Secret::new(text))
    }
}

/// Shows what kind of source it is, and no token.
impl fmt::Debug for JwtSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Source::Token(_) => "JwtSource::token(***)",
            Source::Supplier(_) => "JwtSource::supplier(..)",
            Source::Provider(_) => "JwtSource::provider(..)",
        })
    }
}

/// Which of the controllers' two kinds of login is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum LoginFlow {
    /// Tokens where the controller says that it has them and is one of a cluster, else a session.
    #[default]
    Auto,
    /// A session that one controller keeps.
    Legacy,
    /// Tokens by OpenID Connect, which all controllers of a network know.
    Oidc,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_show_no_secret() {
        let token = JwtSource::token("canary-token");
        let supplier = JwtSource::supplier(|_| Ok("canary-token".into()));
        for credentials in [
            Credentials::password("alice", "canary-password"),
            Credentials::external_jwt(token),
            Credentials::external_jwt(supplier),
        ] {
            assert!(!format!("{credentials:?} {credentials:#?}").contains("canary"), "{credentials:?}");
        }
        assert!(matches!(Credentials::default(), Credentials::Certificate));
    }
}
