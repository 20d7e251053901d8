//! The ways to log in.

mod legacy;
mod primary;

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::controllers::Features;
use super::credentials::{Credentials, JwtSource, LoginFlow};
use super::generation::Generation;
use super::live::NewSession;
use super::oidc::NoOidc;
use crate::error::{ApiError, Believed, Error, Rejection};
use crate::transport::Call;
use crate::wire::ControllerUrl;
pub(super) use primary::Primary;

/// By what a client logs in, and how.
pub(crate) struct Ways {
    pub(crate) credentials: Credentials,
    /// Where the external JWT of a second factor comes from.
    pub(crate) second: Option<JwtSource>,
    pub(crate) flow: LoginFlow,
    known: Arc<Known>,
}

/// A password that no controller has taken yet is sent so often in a row without an answer that judges it. Controllers
/// count wrong ones: from the third or fourth on some lock the identity.
const MOST_UNJUDGED: u32 = 3;

/// What controllers said of credentials, wherever these are in use.
#[derive(Default)]
struct Known {
    /// True once a controller has taken them.
    accepted: AtomicBool,
    /// How often in a row the password was sent, and nobody knows what the controller made of it.
    unjudged: AtomicU32,
    /// A refusal that holds until somebody says otherwise.
    refused: Mutex<Option<Box<Rejection>>>,
}

impl Ways {
    pub(crate) fn new(credentials: Credentials, second: Option<JwtSource>, flow: LoginFlow) -> Self {
        Self { credentials, second, flow, known: Arc::default() }
    }

    /// The same with other credentials, which no controller has seen yet.
    pub(crate) fn with(&self, credentials: Credentials) -> Self {
        Self::new(credentials, self.second.clone(), self.flow)
    }

    /// The same with external JWTs from elsewhere.
    pub(crate) fn with_second(&self, second: JwtSource) -> Self {
        let (credentials, known) = (self.credentials.clone(), Arc::clone(&self.known));
        Self { credentials, second: Some(second), flow: self.flow, known }
    }

    /// True if the certificate of the identity logs in, and is shown to controllers.
    pub(crate) fn show_certificate(&self) -> bool {
        matches!(self.credentials, Credentials::Certificate)
    }

    /// True if the credentials are those that a controller took last.
    pub(super) fn were_accepted(&self) -> bool {
        self.known.accepted.load(Ordering::Relaxed)
    }

    /// Notes what a controller made of them.
    pub(super) fn note(&self, accepted: bool) {
        self.known.accepted.store(accepted, Ordering::Relaxed);
    }

    /// Notes that they were sent, if they were, and that no answer says what came of it.
    pub(super) fn note_unjudged(&self, sent: bool) {
        self.known.unjudged.fetch_add(u32::from(sent), Ordering::Relaxed);
    }

    /// Forgets how often they were sent: somebody asks for it.
    pub(super) fn ask_again(&self) {
        self.known.unjudged.store(0, Ordering::Relaxed);
    }

    /// Why these credentials are not shown again: a refusal, or too many answers that were lost.
    pub(super) fn refusal(&self) -> Option<Error> {
        let remembered = self.remembered().map(Error::Rejected);
        remembered.or_else(|| self.is_sent_too_often().then(sent_too_often))
    }

    /// The refusal that holds for as long as these credentials are in use.
    pub(crate) fn remembered(&self) -> Option<Box<Rejection>> {
        self.refused().clone()
    }

    fn is_sent_too_often(&self) -> bool {
        let unjudged = self.known.unjudged.load(Ordering::Relaxed);
        matches!(self.credentials, Credentials::Password { .. }) && !self.were_accepted() && unjudged >= MOST_UNJUDGED
    }

    /// Remembers a refusal for as long as these credentials are in use, if it is one that holds so long.
    pub(super) fn remember(&self, error: &Error) {
        if let Error::Rejected(rejection) = error
            && rejection.believed == Believed::UntilToldOtherwise
        {
            *self.refused() = Some(rejection.clone());
        }
    }

    /// Takes no earlier refusal for an answer any more.
    pub(super) fn retry_now(&self) {
        *self.refused() = None;
        self.ask_again();
    }

    fn refused(&self) -> MutexGuard<'_, Option<Box<Rejection>>> {
        self.known.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// True for an answer after which the controller may have looked at the credentials, or not.
pub(super) fn leaves_open(answer: &ApiError) -> bool {
    matches!(answer.status, 429 | 500..=599) && !answer.was_not_carried_out()
}

fn sent_too_often() -> Error {
    Error::Identity(format!(
        "the password was sent {MOST_UNJUDGED} times, and no controller has said whether it is right; it is not sent again \
         until the client is asked to authenticate, told to retry, or given credentials"
    ))
}

/// A kind of login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    Legacy,
    Oidc,
}

/// What became of credentials that were shown.
pub(super) enum Shown {
    /// There is a login, which may want more factors.
    Taken(Box<NewSession>),
    Refused(ApiError, ControllerUrl),
}

/// The kind of login for a controller. Where there is a choice, tokens are for clusters: they are good at all nodes,
/// while those of controllers before 2.0 are bound to no certificate and know no second JWT.
fn choose(features: &Features, flow: LoginFlow) -> Flow {
    match flow {
        LoginFlow::Auto if features.clustered && features.oidc_path().is_some() => Flow::Oidc,
        LoginFlow::Auto | LoginFlow::Legacy => Flow::Legacy,
        LoginFlow::Oidc => Flow::Oidc,
    }
}

impl Generation {
    /// Shows the controllers what the client logs in by, in the kind of login that suits them.
    fn show(&self, call: &Call, primary: &Primary<'_>) -> Result<Shown, Error> {
        let wanted = self.ways.flow;
        if wanted == LoginFlow::Legacy || choose(&*self.any_features(call)?, wanted) == Flow::Legacy {
            return self.show_for_session(call, primary);
        }
        match self.show_for_tokens(call, primary)? {
            Ok(shown) => Ok(shown),
            Err(NoOidc(why)) if wanted == LoginFlow::Auto => {
                log::warn!("logging in without OIDC, which is announced and cannot be used: {why}");
                self.show_for_session(call, primary)
            }
            Err(NoOidc(why)) => {
                Err(Error::Unsupported(format!("no login over OIDC at this controller: {why}; use LoginFlow::Legacy")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_chosen_for_clusters_that_have_them() {
        let features = |capabilities: &str| {
            Features::read(format!(r#"{{"data":{{"capabilities":[{capabilities}]}}}}"#).as_bytes()).unwrap()
        };
        let chosen = |capabilities, flow| choose(&features(capabilities), flow);
        for (capabilities, expected) in [
            ("", Flow::Legacy),
            (r#""OIDC_AUTH""#, Flow::Legacy),
            (r#""HA_CONTROLLER""#, Flow::Legacy),
            (r#""OIDC_AUTH","HA_CONTROLLER""#, Flow::Oidc),
        ] {
            assert_eq!(chosen(capabilities, LoginFlow::Auto), expected, "{capabilities}");
            assert_eq!(chosen(capabilities, LoginFlow::Legacy), Flow::Legacy, "{capabilities}");
            assert_eq!(chosen(capabilities, LoginFlow::Oidc), Flow::Oidc, "{capabilities}");
        }
    }
}
