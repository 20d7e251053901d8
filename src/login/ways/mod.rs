//! The ways to log in.

mod legacy;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::controllers::Features;
use super::credentials::{Credentials, JwtSource, LoginFlow};
use super::generation::Generation;
use super::live::NewSession;
use crate::error::{Believed, Error};
use crate::transport::Call;
use crate::wire::ControllerUrl;

/// By what a client logs in, and how.
pub(crate) struct Ways {
    pub(crate) credentials: Credentials,
    /// Where the external JWT of a second factor comes from.
    pub(crate) second: Option<JwtSource>,
    pub(crate) flow: LoginFlow,
    known: Arc<Known>,
}

/// What controllers said of credentials, wherever these are in use.
#[derive(Default)]
struct Known {
    /// True once a controller has taken them.
    accepted: AtomicBool,
    /// A refusal that holds until somebody says otherwise.
    refused: Mutex<Option<Error>>,
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

    pub(super) fn note(&self, accepted: bool) {
        self.known.accepted.store(accepted, Ordering::Relaxed);
    }

    /// The refusal that answers for a login with these credentials, and for which they are not shown again.
    pub(super) fn refusal(&self) -> Option<Error> {
        self.refused().clone()
    }

    /// Remembers a refusal for as long as these credentials are in use, if it is one that holds so long.
    pub(super) fn remember(&self, error: &Error) {
        if matches!(error, Error::Rejected(rejection) if rejection.believed == Believed::UntilToldOtherwise) {
            *self.refused() = Some(error.clone());
        }
    }

    /// Takes no earlier refusal for an answer any more.
    pub(super) fn retry_now(&self) {
        *self.refused() = None;
    }

    fn refused(&self) -> MutexGuard<'_, Option<Error>> {
        self.known.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A kind of login.
enum Flow {
    Legacy,
    Oidc,
}

/// The kind of login for a controller, as far as that is known.
fn choose(_features: Option<&Features>, flow: LoginFlow) -> Flow {
    match flow {
        LoginFlow::Auto | LoginFlow::Legacy => Flow::Legacy,
        LoginFlow::Oidc => Flow::Oidc,
    }
}

impl Generation {
    /// Logs in. With a certificate it is tried again after a refusal, while `goes_on` says so of the controller that
    /// refused it.
    pub(super) fn log_in_while(
        &self,
        call: &Call,
        goes_on: impl Fn(&ControllerUrl) -> bool,
    ) -> Result<NewSession, Error> {
        match choose(None, self.ways.flow) {
            Flow::Legacy => self.by_legacy(call, goes_on),
            Flow::Oidc => self.by_oidc(call),
        }
    }
}
