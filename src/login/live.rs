//! A login that calls use.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use rustls::pki_types::CertificateDer;

use super::now::Now;
use super::oidc::{OidcTokens, WaitingLogin};
use super::session::{ApiSession, AuthQuery};
use crate::error::Error;
use crate::secret::Secret;
use crate::transport::Credential;
use crate::trust;
use crate::wire::ControllerUrl;
use crate::wire::request::bearer;

/// What proves a login.
#[derive(Clone)]
pub(crate) enum SessionToken {
    /// A session that one controller keeps, and no other knows.
    Legacy(Secret),
    /// Tokens that all controllers of a network know.
    Oidc(Arc<OidcTokens>),
    /// None yet: there are tokens once a login over OIDC has all its factors.
    Waiting(Arc<WaitingLogin>),
}

impl SessionToken {
    /// The certificate by which it came, where it may be good with that alone.
    pub(super) fn bound_to(&self) -> Option<&CertificateDer<'static>> {
        match self {
            Self::Oidc(tokens) => tokens.bound_to(),
            Self::Legacy(_) | Self::Waiting(_) => None,
        }
    }
}

/// The external JWT of a second factor, which comes with every request of a login that wants one.
#[derive(Clone, Default)]
pub(crate) enum Second {
    /// None was supplied, or needed.
    #[default]
    None,
    Sent(SecondJwt),
    /// A login that waits for more has had one of this signer, in a process that is gone: it is supplied again before the
    /// login is complete.
    Elsewhere {
        signer: Option<String>,
    },
    /// The last one was refused, or had expired, at that moment.
    Refused(Instant),
}

impl Second {
    /// The signer whose JWT the login has had, if it has had one.
    pub(super) fn signer_of_sent(&self) -> Option<Option<&str>> {
        match self {
            Self::Sent(second) => Some(second.signer.as_deref()),
            Self::Elsewhere { signer } => Some(signer.as_deref()),
            Self::None | Self::Refused(_) => None,
        }
    }
}

#[derive(Clone)]
pub(crate) struct SecondJwt {
    /// The id of the signer who is to have made it.
    pub(super) signer: Option<String>,
    jwt: Secret,
    expires: Option<SystemTime>,
}

impl SecondJwt {
    pub(super) fn new(signer: Option<&str>, jwt: Secret) -> Self {
        Self { signer: signer.map(str::to_owned), expires: trust::token::expires_at(&jwt), jwt }
    }

    /// The header that it is sent in.
    pub(super) fn bearer(&self) -> Secret {
        bearer(&self.jwt)
    }

    /// True if it says of itself that it is over.
    pub(super) fn is_over(&self, now: SystemTime) -> bool {
        self.expires.is_some_and(|end| end <= now)
    }
}

/// What the leader of a login brings home; the number is given when it is published.
pub(crate) struct NewSession {
    pub(crate) token: SessionToken,
    pub(crate) second: Second,
    pub(crate) controller: ControllerUrl,
    pub(crate) api_session: ApiSession,
    /// The number of the login that this one is, with something about it changed; it is as old as that.
    pub(crate) continues: Option<u64>,
}

/// A login. A new one, and one that is known to have changed, takes its place as a whole.
pub(crate) struct LiveSession {
    /// Counts logins, so that a request knows whether the login it was sent with is still the current one.
    pub(crate) number: u64,
    pub(crate) token: SessionToken,
    pub(crate) second: Second,
    /// The controller that made it.
    pub(crate) controller: ControllerUrl,
    pub(crate) api_session: ApiSession,
    credentials: Vec<Credential>,
    /// True once a controller took the login for a good one.
    good: AtomicBool,
}

impl LiveSession {
    pub(super) fn new(number: u64, session: NewSession, good: bool) -> Self {
        let NewSession { token, second, controller, api_session, continues: _ } = session;
        let mut credentials = match &token {
            SessionToken::Legacy(token) => vec![Credential { header: "zt-session", value: token.clone() }],
            SessionToken::Oidc(tokens) => vec![Credential { header: "authorization", value: bearer(&tokens.access) }],
            SessionToken::Waiting(_) => Vec::new(),
        };
        if let Second::Sent(second) = &second {
            credentials.push(Credential { header: "authorization", value: second.bearer() });
        }
        Self { number, token, second, controller, api_session, credentials, good: AtomicBool::new(good) }
    }

    /// The same login, to be published with a change.
    pub(super) fn again(&self) -> NewSession {
        NewSession {
            token: self.token.clone(),
            second: self.second.clone(),
            controller: self.controller.clone(),
            api_session: self.api_session.clone(),
            continues: Some(self.number),
        }
    }

    /// What requests carry to be taken for this login's.
    pub(crate) fn credentials(&self) -> &[Credential] {
        &self.credentials
    }

    /// The external JWT that goes with it.
    pub(crate) fn second_jwt(&self) -> Option<&Secret> {
        match &self.second {
            Second::Sent(second) => Some(&second.jwt),
            Second::None | Second::Elsewhere { .. } | Second::Refused(_) => None,
        }
    }

    /// True if the controllers other than the one that made it know of it.
    pub(crate) fn is_known_to_all(&self) -> bool {
        matches!(self.token, SessionToken::Oidc(_))
    }

    /// True for a login over OIDC without its factors: it has nothing that requests could carry.
    pub(crate) fn is_waiting(&self) -> bool {
        matches!(self.token, SessionToken::Waiting(_))
    }

    /// True if both have the same tokens: what should have renewed one made the other of it.
    pub(crate) fn has_tokens_of(&self, other: &Self) -> bool {
        matches!((&self.token, &other.token), (SessionToken::Oidc(own), SessionToken::Oidc(others)) if Arc::ptr_eq(own, others))
    }

    /// How long until it is to be replaced before it is used; `None` if only its controller knows.
    pub(crate) fn due_in(&self, now: Now) -> Option<Duration> {
        match &self.token {
            SessionToken::Legacy(_) => None,
            SessionToken::Oidc(tokens) => Some(tokens.due_in(now)),
            SessionToken::Waiting(login) => Some(login.left(now)),
        }
    }

    /// How long until it is over; `None` if only its controller knows.
    pub(crate) fn ends_in(&self, now: Now) -> Option<Duration> {
        match &self.token {
            SessionToken::Legacy(_) => None,
            SessionToken::Oidc(tokens) => Some(tokens.left(now)),
            SessionToken::Waiting(login) => Some(login.left(now)),
        }
    }

    /// Notes that a controller took the login for a good one.
    pub(crate) fn was_good(&self) {
        self.good.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_good(&self) -> bool {
        self.good.load(Ordering::Relaxed)
    }

    /// The external JWT that the login wants as a second factor, if it wants one.
    pub(super) fn jwt_query(&self) -> Option<&AuthQuery> {
        self.api_session.auth_queries.iter().find(|query| query.is_jwt())
    }

    /// True if factors are still wanted, as far as is known here.
    pub(crate) fn wants_factors(&self) -> bool {
        !self.api_session.auth_queries.is_empty()
    }

    /// An error that names the factors, if any are still wanted.
    pub(crate) fn require_complete(&self) -> Result<(), Error> {
        self.api_session.require_complete()
    }
}
