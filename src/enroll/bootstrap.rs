//! Meeting a controller for the first time: from a token to a CA bundle that vouches for it.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::EnrollOptions;
use crate::error::{EnrollmentProblem, Error};
use crate::login::Features;
use crate::transport::{Attempt, Call, ConnectionOptions, Connections};
use crate::trust::verifier::{self, BootstrapVerifier, Verifier};
use crate::trust::{CaBundle, EnrollmentToken};
use crate::wire::{Api, ControllerUrl, Head, Request, refusal, timestamp};

/// More than this between the local clock and the controller's is worth a word.
const SKEW_WORTH_A_WORD: Duration = Duration::from_secs(60);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A controller that has proved itself, and how to reach it from now on.
pub(super) struct Network {
    pub(super) controller: ControllerUrl,
    pub(super) base_path: String,
    pub(super) clustered: bool,
    pub(super) bundle: CaBundle,
    /// Connections that verify the controller by the bundle.
    pub(super) connections: Connections,
}

/// Reads version and CA bundle over connections whose certificate signed the token, then checks that the bundle
/// vouches for that certificate. Nothing is spent here.
pub(super) fn meet(call: &Call, token: &EnrollmentToken, options: &EnrollOptions) -> Result<Network, Error> {
    let verifier = BootstrapVerifier::new(Arc::new(token.clone()));
    let stranger = Stranger {
        call,
        controller: &token.issuer,
        connections: connections(Arc::clone(&verifier) as _, options)?,
        verifier,
    };
    let mut body = Vec::new();
    let head = stranger.get(&Features::request(), &mut body)?;
    judge_time(token, &head)?;
    let features = Features::read(&body)?;
    stranger.get(&CaBundle::request(), &mut body)?;
    let bundle = CaBundle::from_pkcs7(&body).map_err(|error| bundle_problem(&error.to_string()))?;
    for problem in bundle.problems() {
        log::warn!("CA bundle of {}: {problem}", token.issuer);
    }
    let verifier = verifier::controller(Some(&bundle), options.trust_system_roots)?;
    verifier::verify_chain(&*verifier, &stranger.verifier.chain(), token.issuer.host(), SystemTime::now())
        .map_err(|why| bundle_problem(&format!("{}: {why}", token.issuer)))?;
    let connections = connections(verifier, options)?;
    Ok(Network {
        controller: token.issuer.clone(),
        base_path: features.path(Api::Client)?.to_owned(),
        clustered: features.clustered,
        bundle,
        connections,
    })
}

fn bundle_problem(why: &str) -> Error {
    Error::enrollment(EnrollmentProblem::CaBundle, format!("{why}; nothing was sent, the token is not spent"))
}

fn connections(verifier: Verifier, options: &EnrollOptions) -> Result<Connections, Error> {
    Connections::new(ConnectionOptions {
        verifier,
        client_auth: None,
        connect_timeout: CONNECT_TIMEOUT,
        proxy: options.proxy.clone(),
        gzip: false,
    })
}

/// A controller of which only one thing is known: its certificate signed the token.
struct Stranger<'a> {
    call: &'a Call,
    controller: &'a ControllerUrl,
    connections: Connections,
    verifier: Arc<BootstrapVerifier>,
}

impl Stranger<'_> {
    fn get(&self, request: &Request, body: &mut Vec<u8>) -> Result<Head, Error> {
        let attempt = Attempt { controller: self.controller, base_path: "", credential: None, first_byte_by: None };
        let head = self.connections.exchange(self.call, &attempt, request, body).map_err(|failure| {
            // The handshake ended because the certificate did not sign the token: that says more than "TLS failed".
            self.verifier.refusal().unwrap_or(failure.error)
        })?;
        if !head.is_success() {
            return Err(refusal::into_error(refusal::read(&request.operation(), &head, body)));
        }
        Ok(head)
    }
}

/// Judges the token's time by the controller's clock; without one by the local clock.
fn judge_time(token: &EnrollmentToken, head: &Head) -> Result<(), Error> {
    let local = SystemTime::now();
    let theirs = head.date.as_deref().and_then(timestamp::http_date).and_then(|seconds| u64::try_from(seconds).ok());
    let now = theirs.map_or(local, |seconds| UNIX_EPOCH + Duration::from_secs(seconds));
    let skew = local.duration_since(now).unwrap_or_else(|error| error.duration());
    let mut aside = String::new();
    if skew > SKEW_WORTH_A_WORD {
        aside = format!("; the local clock is {} s off the controller's", skew.as_secs());
        log::warn!("{}{aside}", token.issuer);
    }
    let seconds = |span: Duration| span.as_secs();
    if let Some(over) = token.expires_at.and_then(|end| now.duration_since(end).ok()) {
        let message = format!("the enrollment token expired {} s ago; ask for a new one{aside}", seconds(over));
        return Err(Error::enrollment(EnrollmentProblem::TokenExpired, message));
    }
    let early = token.not_before.and_then(|start| start.duration_since(now).ok());
    if let Some(early) = early.filter(|early| *early > SKEW_WORTH_A_WORD) {
        let message = format!("the enrollment token is valid only in {} s{aside}", seconds(early));
        return Err(Error::enrollment(EnrollmentProblem::TokenNotYetValid, message));
    }
    Ok(())
}
