//! The login as something to keep, and to give to others.

#[cfg(feature = "capi")]
pub(crate) mod ffi;

use std::fmt;
use std::time::Duration;

use super::Client;
use crate::error::Error;
use crate::identity::Identity;
use crate::login::{Generation, LiveSession, SessionToken};
use crate::secret::Secret;
use crate::trust::bundle::certificates_to_pem;

/// What another part of a program needs to use the login of a client, such as one that dials services.
#[derive(Clone)]
#[non_exhaustive]
pub struct SessionCredentials {
    /// How the token is shown.
    pub kind: SessionKind,
    /// What proves the login: whoever has it can do all that the identity may.
    pub token: Secret,
    /// The external JWT that has to come with it as `Authorization: Bearer`, if the login has one as a second factor.
    pub second_factor_jwt: Option<Secret>,
    /// How long the token is good, as far as is known. A call of [`Client::credentials`] renews it before that.
    pub left: Duration,
    /// The controller that made the login, as `https://host:port`. A legacy session is good there only.
    pub controller: String,
    /// The id of the session.
    pub api_session_id: String,
    /// The id of the identity that is logged in.
    pub identity_id: Option<String>,
    /// The CA certificates of the network as PEM; empty where only the system's roots are trusted.
    pub ca: String,
    /// All controllers of the network that the identity names, the preferred one first. They know a login over OIDC.
    pub controllers: Vec<String>,
    /// The certificate chain of the identity as PEM, leaf first, if it has one.
    pub certificate: Option<String>,
    /// How the key of that certificate is reached. It stays where it is.
    pub key: KeyAccess,
}

/// How a private key is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyAccess {
    /// There is none, as there is no certificate.
    None,
    /// It is PEM in [`Identity::to_json`](crate::Identity::to_json).
    Pem,
    /// The [`Signer`](crate::Signer) of the identity has it, and signs.
    Signer,
}

impl KeyAccess {
    fn of(identity: &Identity) -> Self {
        match identity.client_auth() {
            None => Self::None,
            Some(auth) if auth.key().signer().is_some() => Self::Signer,
            Some(_) => Self::Pem,
        }
    }

    /// In one word, as C has it.
    #[cfg(feature = "capi")]
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Pem => "pem",
            Self::Signer => "signer",
        }
    }
}

/// Shows whose login it is, and nothing that stands for it.
impl fmt::Debug for SessionCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionCredentials")
            .field("kind", &self.kind)
            .field("identity_id", &self.identity_id)
            .field("controller", &self.controller)
            .field("left", &self.left)
            .finish_non_exhaustive()
    }
}

/// What proves a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionKind {
    /// A session that one controller keeps; its token is the value of the header `zt-session`.
    Legacy,
    /// An access token that all controllers of a network know; it is sent as `Authorization: Bearer`.
    Oidc,
}

impl SessionKind {
    /// In one word, as C has it.
    #[cfg(feature = "capi")]
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Legacy => "legacy",
            Self::Oidc => "oidc",
        }
    }
}

impl Client {
    /// The session as text that another process of the same identity can [resume](Self::resume_session); `None` if
    /// there is none. No I/O.
    ///
    /// The text proves the login, so it is as secret as a password. What is in it may change from version to version.
    pub fn save_session(&self) -> Option<Secret> {
        self.generation().saved()
    }

    /// Goes on with a session that was saved, in the place of the one there is: nobody has to log in, or give a code
    /// again, unless a call finds that the controller does not know the session any more. No I/O.
    ///
    /// A login that another thread is making at that moment takes its place in turn.
    ///
    /// # Errors
    /// [`Error::SavedSession`], which says why the session cannot be used here. The client stays as it was.
    pub fn resume_session(&self, saved: &Secret) -> Result<(), Error> {
        self.require_outside()?;
        loop {
            let generation = self.generation();
            generation.resume(saved)?;
            // Another thread may have put a generation in its place, with what there was before.
            if !generation.flight.is_retired() {
                return Ok(());
            }
        }
    }

    /// What another part of a program needs to use this login. Logs in if there is no login, and renews one that is
    /// due for it. So is a legacy session that is near its end, unless its controller moves that when it is used, or the
    /// next one would want a code of its user.
    ///
    /// Who needs a certificate of the session's own has one made by
    /// [`session_certificates`](Self::session_certificates).
    ///
    /// # Errors
    /// Any of a call. [`Error::LoginPending`] if the login waits for a factor.
    pub fn credentials(&self) -> Result<SessionCredentials, Error> {
        let call = self.call();
        self.on_generation(&call, |generation| {
            let session = generation.complete_session(&call)?;
            let session = self.lasting(&call, generation, session)?;
            Ok(self.credentials_of(generation, &session))
        })
    }

    fn credentials_of(&self, generation: &Generation, session: &LiveSession) -> SessionCredentials {
        let lasts = || self.login_expires_in(generation, session);
        let (kind, token, left) = match &session.token {
            SessionToken::Oidc(tokens) => (SessionKind::Oidc, &tokens.access, tokens.left(generation.time.now())),
            SessionToken::Legacy(token) => (SessionKind::Legacy, token, lasts()),
            // It is not complete: nobody gets here with it.
            SessionToken::Waiting(_) => (SessionKind::Oidc, &session.api_session.token, lasts()),
        };
        let identity = generation.identity_of(&session.token);
        let chain = identity.client_auth().map(|auth| certificates_to_pem(auth.chain()));
        SessionCredentials {
            kind,
            token: token.clone(),
            second_factor_jwt: session.second_jwt().cloned(),
            left,
            controller: session.controller.origin().to_owned(),
            api_session_id: session.api_session.id.clone(),
            identity_id: session.api_session.identity_id.clone(),
            ca: generation.identity.ca().map(|bundle| certificates_to_pem(bundle.certificates())).unwrap_or_default(),
            controllers: generation.identity.controllers().map(str::to_owned).collect(),
            certificate: chain,
            key: KeyAccess::of(identity),
        }
    }
}
