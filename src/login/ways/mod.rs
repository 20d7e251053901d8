//! The ways to log in.

mod legacy;

use std::sync::atomic::{AtomicBool, Ordering};

use super::controllers::Features;
use super::credentials::{Credentials, JwtSource, LoginFlow};
use super::generation::Generation;
use super::live::NewSession;
use crate::error::Error;
use crate::transport::Call;
use crate::wire::ControllerUrl;

/// By what a client logs in, and how.
pub(crate) struct Ways {
    pub(crate) credentials: Credentials,
    /// Where the external JWT of a second factor comes from.
    pub(crate) second: Option<JwtSource>,
    pub(crate) flow: LoginFlow,
    /// True once a controller has taken the credentials.
    accepted: AtomicBool,
}

impl Ways {
    pub(crate) fn new(credentials: Credentials, second: Option<JwtSource>, flow: LoginFlow) -> Self {
        Self { credentials, second, flow, accepted: AtomicBool::new(false) }
    }

    /// The same with other credentials, which no controller has seen yet.
    pub(crate) fn with(&self, credentials: Credentials) -> Self {
        Self::new(credentials, self.second.clone(), self.flow)
    }

    /// True if the certificate of the identity logs in, and is shown to controllers.
    pub(crate) fn show_certificate(&self) -> bool {
        matches!(self.credentials, Credentials::Certificate)
    }

    /// True if the credentials are those that a controller took last.
    pub(super) fn were_accepted(&self) -> bool {
        self.accepted.load(Ordering::Relaxed)
    }

    pub(super) fn note(&self, accepted: bool) {
        self.accepted.store(accepted, Ordering::Relaxed);
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
