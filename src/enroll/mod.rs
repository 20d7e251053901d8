//! How I become someone: from a token to an identity.
//!
//! Enrollment goes in this order, and stops before the token is spent if anything is wrong: read the token, prove
//! that the identity can be stored, meet the controller and check that its certificate signed the token, fetch the
//! network's CA bundle and verify the controller with it, make a key and keep it, and only then send the request.

pub(crate) mod answer;
mod bootstrap;
#[cfg(feature = "capi")]
pub(crate) mod ffi;
mod redeem;

use std::fmt;
use std::time::{Duration, Instant, SystemTime};

use crate::error::{EnrollmentProblem, Error};
use crate::identity::{
    Identity, Kept, KeyChoice, KeySource, Pending, PendingEnrollment, PrivateKey, Reservation, Store,
};
use crate::transport::{Call, CancelToken, Proxy};
use crate::trust::certificate::chain_from_pem;
use crate::trust::{EnrollmentToken, issued_for};
use bootstrap::Network;

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);
const ANSWER_LOST_BEFORE: &str = "an earlier request with this token got no answer, and the token may be spent; nothing \
    was sent now, the key stays beside the identity file: resume the enrollment to send the same request again, or ask \
    for a new token";
const FIRST_CARRIED_OUT: &str = "the controller does not know the token: the first request was carried out and its \
    certificate is lost, or the token was deleted or replaced; ask for a new one, the key stays beside the identity file";

/// The ways to enroll that tokens name (claim `em`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EnrollmentMethod {
    /// One-time token: the key is made here, the network issues the certificate.
    Ott,
    /// One-time token with a certificate of a third-party CA.
    OttCa,
    /// Any certificate of a third-party CA, without a one-time token.
    Ca,
    /// User name and password.
    Updb,
    /// One-time token of an edge router.
    ErOtt,
    /// No identity, only the network's address and CA bundle.
    Network,
}

impl EnrollmentMethod {
    /// The word of the API, such as `ott`.
    pub fn as_str(self) -> &'static str {
        match self {
            EnrollmentMethod::Ott => "ott",
            EnrollmentMethod::OttCa => "ottca",
            EnrollmentMethod::Ca => "ca",
            EnrollmentMethod::Updb => "updb",
            EnrollmentMethod::ErOtt => "erott",
            EnrollmentMethod::Network => "network",
        }
    }
}

impl fmt::Display for EnrollmentMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An enrollment token that has been read. Nothing in it is proved before [`enroll`](Self::enroll) meets its issuer.
#[derive(Debug, Clone)]
pub struct Enrollment {
    token: EnrollmentToken,
}

impl Enrollment {
    /// Reads a token: the text of a `.jwt` file. Does no I/O.
    ///
    /// # Errors
    /// [`Error::Enrollment`] with [`EnrollmentProblem::TokenMalformed`] and what is wrong with it.
    pub fn parse(jwt: &str) -> Result<Self, Error> {
        Ok(Self { token: EnrollmentToken::parse(jwt)? })
    }

    /// How this token enrolls.
    pub fn method(&self) -> EnrollmentMethod {
        self.token.method
    }

    /// The controller that made the token, as `https://host:port`.
    pub fn issuer(&self) -> &str {
        self.token.issuer.origin()
    }

    /// The id of the identity that enrolls.
    pub fn subject(&self) -> &str {
        &self.token.subject
    }

    /// When the token ends, if it does.
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.token.expires_at
    }

    /// Redeems the token: makes a key (see [`EnrollOptions::key`]), has the network certify it, and stores the identity.
    ///
    /// With a file to store it in, the new key is on disk in `NAME.pending` before the request leaves, the certificate
    /// joins it there once it is issued, and the identity file appears whole or not at all. A file that is there
    /// already is never replaced. `POST /enroll?method=ott` (enroll)
    ///
    /// After an interruption, another call with the same token, file and choice of key goes on from where the first one
    /// came to, with the same key; but where its request may have reached the controller, only
    /// [`resume`](Self::resume) sends it again.
    ///
    /// # Errors
    /// [`Error::Enrollment`] says what stands in the way. After [`EnrollmentProblem::MaybeSpent`] the request may have
    /// been carried out: it is not repeated. `NAME.pending` stays then, and if the certificate that was issued cannot
    /// be used or stored. Everything else leaves no trace, a signer that fails ([`Error::Identity`]) included.
    pub fn enroll(&self, options: &EnrollOptions) -> Result<Identity, Error> {
        self.check_method()?;
        let source = options.key.source()?;
        let call = options.call();
        let place = options.store.as_ref().map(|store| store.reserve(|| call.check())).transpose()?;
        let kept = place.as_ref().map(|place| place.take_up(&self.token.fingerprint())).transpose()?.flatten();
        if kept.as_ref().is_some_and(|kept| kept.state() == PendingEnrollment::AnswerLost) {
            return Err(Error::enrollment(EnrollmentProblem::MaybeSpent, ANSWER_LOST_BEFORE));
        }
        self.go_on(&call, kept, &source, place, options)
    }

    /// Goes on with an enrollment that was interrupted, with the same key and certificate request: sends the request
    /// also where it may have reached the controller before, which [`enroll`](Self::enroll) does not.
    ///
    /// The store has to be the file that the interrupted enrollment was to write; [`pending`](Self::pending) tells how
    /// far that one came. `POST /enroll?method=ott` (enroll)
    ///
    /// # Errors
    /// [`Error::Identity`] if nothing of this token is kept. [`EnrollmentProblem::TokenNotKnown`] if the earlier request
    /// was carried out after all, as nobody is given a certificate twice, or if the token is gone for another reason.
    /// Whatever a request that was sent before is answered but a certificate, `NAME.pending` stays.
    pub fn resume(&self, options: &EnrollOptions) -> Result<Identity, Error> {
        self.check_method()?;
        let file = options.store.as_ref().and_then(|store| Some((store, store.path()?)));
        let (store, path) = file.ok_or_else(|| {
            let message = "only an enrollment into a file can be resumed: elsewhere no key is kept; name its store";
            Error::InvalidArgument(message.to_owned())
        })?;
        let source = options.key.source()?;
        let call = options.call();
        let place = store.reserve(|| call.check())?;
        let kept = place.take_up(&self.token.fingerprint())?;
        if kept.is_none() {
            let path = path.display();
            let message =
                format!("identity file {path}: no enrollment with this token is to be resumed; enroll instead");
            return Err(Error::Identity(message));
        }
        self.go_on(&call, kept, &source, Some(place), options)
    }

    /// Tells how far an earlier enrollment with this token into this store came. Reads files only.
    ///
    /// While another process enrolls, this is how far that one has come. A hook keeps nothing that could be told.
    pub fn pending(&self, store: &Store) -> Result<PendingEnrollment, Error> {
        let kept = store.pending(&self.token.fingerprint())?;
        Ok(kept.map_or(PendingEnrollment::Nothing, |kept| kept.state()))
    }

    fn check_method(&self) -> Result<(), Error> {
        if self.token.method == EnrollmentMethod::Ott {
            return Ok(());
        }
        let message =
            format!("enrollment by {:?} is not supported; ask for a token of method \"ott\"", self.method().as_str());
        Err(Error::Unsupported(message))
    }

    /// From what is kept, or else from the start, to the identity.
    fn go_on(
        &self,
        call: &Call,
        kept: Option<Kept>,
        source: &KeySource,
        place: Option<Reservation<'_>>,
        options: &EnrollOptions,
    ) -> Result<Identity, Error> {
        let kept = kept.map(|kept| kept.with_key(source.kept())).transpose()?.flatten();
        let network = bootstrap::meet(call, &self.token, options)?;
        let identity = match kept {
            Some(Pending { cert: Some(chain), key, .. }) => store(call, assemble(&chain, &key, &network)?, place)?,
            Some(pending) => self.spend(call, &network, pending, place)?,
            None => {
                let key = source.key()?;
                let csr = key.csr(&self.token.subject, Instant::now() + call.remaining())?;
                let pending = Pending::new(self.token.fingerprint(), key, csr);
                if let Some(place) = &place {
                    place.keep_key(&pending)?;
                }
                self.spend(call, &network, pending, place)?
            }
        };
        log::info!("enrolled {} at {}", self.token.subject, network.controller);
        Ok(match &options.store {
            Some(store) => identity.stored_in(store),
            None => identity,
        })
    }

    /// Has the key certified and stores the identity.
    fn spend(
        &self,
        call: &Call,
        network: &Network,
        mut pending: Pending,
        place: Option<Reservation<'_>>,
    ) -> Result<Identity, Error> {
        let sent_before = pending.sent_at.is_some();
        if let Some(place) = place.as_ref().filter(|_| !sent_before) {
            // Nothing was sent, so the key is of no use to anybody.
            place.mark_sent(&mut pending).inspect_err(|_| place.forget_key())?;
        }
        let redeemed = redeem::redeem(call, &self.token, network, &pending.csr);
        settle(call, redeemed, network, (pending, sent_before), place)
    }
}

/// Turns the answer into a stored identity; forgets the key only if the answer says that it is of no use.
fn settle(
    call: &Call,
    redeemed: Result<String, Error>,
    network: &Network,
    (mut pending, sent_before): (Pending, bool),
    place: Option<Reservation<'_>>,
) -> Result<Identity, Error> {
    let chain_pem = match redeemed {
        Ok(chain_pem) => chain_pem,
        Err(error) if sent_before => return Err(of_no_news(error)),
        Err(error) => {
            if let Some(place) = place.filter(|_| !leaves_the_token_in_doubt(&error)) {
                place.forget_key();
            }
            return Err(error);
        }
    };
    // Before anything that may fail: nobody issues it a second time.
    if let Some(place) = &place {
        place.keep_certificate(&mut pending, &chain_pem);
    }
    store(call, assemble(&chain_pem, &pending.key, network)?, place)
}

/// A refusal of a request that was sent before says nothing of what became of it the first time.
fn of_no_news(error: Error) -> Error {
    match error {
        Error::Enrollment { problem: problem @ EnrollmentProblem::TokenNotKnown, answer, .. } => {
            let answered = answer.as_ref().map(|answer| format!(": {answer}")).unwrap_or_default();
            Error::Enrollment { problem, message: format!("{FIRST_CARRIED_OUT}{answered}"), answer }
        }
        other => other,
    }
}

fn store(call: &Call, identity: Identity, place: Option<Reservation<'_>>) -> Result<Identity, Error> {
    if let Some(place) = place {
        place.fill(&identity, call.remaining())?;
    }
    Ok(identity)
}

/// The token is spent by now, so a certificate that cannot be used is told as what it is, and what is kept stays.
fn assemble(chain_pem: &str, key: &PrivateKey, network: &Network) -> Result<Identity, Error> {
    let assembled = || {
        let chain = chain_from_pem("the certificate that was issued", chain_pem)?;
        if let Some(note) = issued_for(&chain, &key.public_key()?, &network.bundle)? {
            log::warn!("{}: {note}", network.controller);
        }
        Identity::assemble(vec![network.controller.clone()], &network.base_path, key, chain_pem, &network.bundle)
    };
    assembled().map_err(|why: Error| {
        Error::enrollment(EnrollmentProblem::BadCertificate, format!("the token is spent, but {why}"))
    })
}

/// True if the controller may have carried out the enrollment.
fn leaves_the_token_in_doubt(error: &Error) -> bool {
    matches!(
        error,
        Error::Enrollment { problem: EnrollmentProblem::MaybeSpent | EnrollmentProblem::BadCertificate, .. }
    )
}

/// How to enroll. The defaults work but for one thing: without a store, a crash or a lost answer loses the identity.
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct EnrollOptions {
    store: Option<Store>,
    timeout: Option<Duration>,
    cancel: Option<CancelToken>,
    proxy: Option<Proxy>,
    trust_system_roots: bool,
    key: KeyChoice,
}

impl EnrollOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    fn call(&self) -> Call {
        Call::new(self.timeout.unwrap_or(DEFAULT_TIMEOUT), self.cancel.as_slice())
    }

    /// Where to keep the identity.
    pub fn store(mut self, store: Store) -> Self {
        self.store = Some(store);
        self
    }

    /// The most time the enrollment may take. Default 30 s. Zero ends it at once.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// A token that ends the enrollment.
    pub fn cancel(mut self, cancel: &CancelToken) -> Self {
        self.cancel = Some(cancel.clone());
        self
    }

    /// The proxy to go through. Default none; the environment is not looked at.
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = Some(proxy);
        self
    }

    /// Whether the system's roots may vouch for the controller too. Default: the network's CA bundle only.
    pub fn trust_system_roots(mut self, trust: bool) -> Self {
        self.trust_system_roots = trust;
        self
    }

    /// The key of the identity. Default: a new one on P-256.
    ///
    /// Which kinds a controller takes is up to it. One that cannot be had here is an error before any I/O.
    pub fn key(mut self, key: KeyChoice) -> Self {
        self.key = key;
        self
    }
}
