//! Meeting a controller for the first time: from a token to a CA bundle that vouches for it.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{EnrollOptions, Origin};
use crate::error::{EnrollmentProblem, Error};
use crate::identity::ClientAuth;
use crate::login::Features;
use crate::transport::{Attempt, Call, ConnectionOptions, Connections, Failure};
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
    /// `None` if the network has none and the system's roots vouch for its controllers.
    pub(super) bundle: Option<CaBundle>,
    /// Connections that verify the controller by the bundle, and show the certificate that is to be enrolled.
    pub(super) connections: Connections,
}

impl Network {
    pub(super) fn attempt(&self) -> Attempt<'_> {
        Attempt { controller: &self.controller, base_path: &self.base_path, credentials: &[], first_byte_by: None }
    }
}

/// Meets the controller that made the token, or that answers at the address. Nothing is spent here.
pub(super) fn meet(
    call: &Call,
    origin: &Origin,
    options: &EnrollOptions,
    own: Option<&ClientAuth>,
) -> Result<Network, Error> {
    match origin {
        Origin::Token(token) => by_token(call, token, options, own),
        Origin::Address(controller, known) => by_address(call, controller, known.as_ref(), options, own),
    }
}

/// Reads version and CA bundle over connections whose certificate signed the token, then checks that the bundle
/// vouches for that certificate.
fn by_token(
    call: &Call,
    token: &EnrollmentToken,
    options: &EnrollOptions,
    own: Option<&ClientAuth>,
) -> Result<Network, Error> {
    if options.ca.is_some() {
        let message = "the option ca is set, but it is for enrollment by address: a token proves its controller";
        return Err(Error::InvalidArgument(message.to_owned()));
    }
    let verifier = BootstrapVerifier::new(Arc::new(token.clone()));
    let stranger = Stranger {
        call,
        controller: &token.issuer,
        connections: connections(Arc::clone(&verifier) as _, options, None)?,
        verifier: Some(Arc::clone(&verifier)),
    };
    let (network, verified) = stranger.introduce(Some(token), options, own)?;
    verifier::verify_chain(&*verified, &verifier.chain(), token.issuer.host(), SystemTime::now())
        .map_err(|why| bundle_problem(&format!("{}: {why}", token.issuer)))?;
    Ok(network)
}

/// Reads version and CA bundle over connections that the CA in question or the system's roots vouch for, then checks
/// that the bundle vouches for the controller, too.
fn by_address(
    call: &Call,
    controller: &ControllerUrl,
    known: Option<&CaBundle>,
    options: &EnrollOptions,
    own: Option<&ClientAuth>,
) -> Result<Network, Error> {
    let given = options.ca.as_ref().map(|pem| CaBundle::from_pem("the option ca", pem)).transpose()?;
    let vouching = given.as_ref().or(known);
    let verifier = verifier::controller(vouching, vouching.is_none() || options.trust_system_roots)?;
    let stranger = Stranger { call, controller, connections: connections(verifier, options, None)?, verifier: None };
    let (network, _) = stranger.introduce(None, options, own)?;
    let mut body = Vec::new();
    match network.connections.exchange(call, &network.attempt(), &Features::request(), &mut body) {
        Ok(_) => Ok(network),
        Err(Failure { error: Error::Tls { message, .. }, .. }) => {
            Err(bundle_problem(&format!("{controller}: {message}")))
        }
        Err(failure) => Err(failure.error),
    }
}

fn bundle_problem(why: &str) -> Error {
    Error::enrollment(EnrollmentProblem::CaBundle, format!("{why}; nothing was sent, the token is not spent"))
}

fn connections(verifier: Verifier, options: &EnrollOptions, own: Option<&ClientAuth>) -> Result<Connections, Error> {
    let own = own.cloned();
    Connections::new(ConnectionOptions {
        verifier,
        client_auth: own.map(|own| Arc::new(move |until| own.certified(until)) as _),
        connect_timeout: CONNECT_TIMEOUT,
        proxy: options.reach.proxy.clone(),
        gzip: false,
    })
}

/// A controller of which one thing is known: its certificate signed the token, or somebody vouched for it.
struct Stranger<'a> {
    call: &'a Call,
    controller: &'a ControllerUrl,
    connections: Connections,
    /// What knows why a certificate did not sign the token.
    verifier: Option<Arc<BootstrapVerifier>>,
}

impl Stranger<'_> {
    /// Asks for all there is to know, and gives what verifies the controller from now on.
    fn introduce(
        &self,
        token: Option<&EnrollmentToken>,
        options: &EnrollOptions,
        own: Option<&ClientAuth>,
    ) -> Result<(Network, Verifier), Error> {
        let mut body = Vec::new();
        let head = self.get(&Features::request(), &mut body)?;
        judge_time(self.controller, token, &head)?;
        let features = Features::read(&body)?;
        let bundle = self.bundle(options)?;
        let verifier = verifier::controller(bundle.as_ref(), options.trust_system_roots)?;
        let network = Network {
            controller: self.controller.clone(),
            base_path: features.path(Api::Client)?.to_owned(),
            clustered: features.clustered,
            bundle,
            connections: connections(Arc::clone(&verifier), options, own)?,
        };
        Ok((network, verifier))
    }

    /// The CA certificates of the network. A network whose controllers have certificates of a public CA may have none,
    /// which is enough for those who trust the system's roots.
    fn bundle(&self, options: &EnrollOptions) -> Result<Option<CaBundle>, Error> {
        let mut body = Vec::new();
        let bundle = match self.get(&CaBundle::request(), &mut body) {
            Err(Error::Api(answer)) if options.trust_system_roots && answer.status == 404 => return Ok(None),
            Err(error) => return Err(error),
            Ok(_) if options.trust_system_roots => CaBundle::from_pkcs7_if_any(&body),
            Ok(_) => CaBundle::from_pkcs7(&body).map(Some),
        };
        let bundle = bundle.map_err(|error| bundle_problem(&error.to_string()))?;
        for problem in bundle.iter().flat_map(|bundle| bundle.problems()) {
            log::warn!("CA bundle of {}: {problem}", self.controller);
        }
        Ok(bundle)
    }

    fn get(&self, request: &Request, body: &mut Vec<u8>) -> Result<Head, Error> {
        let attempt = Attempt { controller: self.controller, base_path: "", credentials: &[], first_byte_by: None };
        let head = self.connections.exchange(self.call, &attempt, request, body).map_err(|failure| {
            // The handshake ended because the certificate did not sign the token: that says more than "TLS failed".
            self.verifier.as_ref().and_then(|verifier| verifier.refusal()).unwrap_or(failure.error)
        })?;
        if !head.is_success() {
            return Err(refusal::into_error(refusal::read(&request.operation(), &head, body)));
        }
        Ok(head)
    }
}

/// Judges the token's time by the controller's clock; without one by the local clock.
fn judge_time(controller: &ControllerUrl, token: Option<&EnrollmentToken>, head: &Head) -> Result<(), Error> {
    let local = SystemTime::now();
    let theirs = head.date.as_deref().and_then(timestamp::http_date).and_then(|seconds| u64::try_from(seconds).ok());
    let now = theirs.map_or(local, |seconds| UNIX_EPOCH + Duration::from_secs(seconds));
    let skew = local.duration_since(now).unwrap_or_else(|error| error.duration());
    let mut aside = String::new();
    if skew > SKEW_WORTH_A_WORD {
        aside = format!("; the local clock is {} s off the controller's", skew.as_secs());
        log::warn!("{controller}{aside}");
    }
    let Some(token) = token else { return Ok(()) };
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
