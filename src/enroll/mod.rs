//! How I become someone: from a token, or a controller's address, to an identity.
//!
//! Enrollment goes in this order, and stops before the token is spent if anything is wrong: read the token, look at what
//! is to be enrolled, prove that the identity can be stored, meet the controller and check that its certificate signed
//! the token, fetch the network's CA bundle and verify the controller with it, make a key and keep it, and only then
//! send the request.

pub(crate) mod answer;
mod bootstrap;
#[cfg(feature = "capi")]
pub(crate) mod ffi;
mod inputs;
mod journey;
mod method;
pub(crate) mod options;
mod redeem;
mod refusal;
mod request;

use std::path::Path;
use std::time::SystemTime;

use zeroize::Zeroizing;

pub use method::{EnrollmentInput, EnrollmentMethod};
pub use options::EnrollOptions;

use crate::error::{EnrollmentProblem, Error};
use crate::identity::{Identity, Kept, PendingEnrollment, Reservation, Store, read_text};
use crate::transport::Call;
use crate::trust::provider::sha256_hex;
use crate::trust::{CaBundle, EnrollmentToken};
use crate::wire::ControllerUrl;
use inputs::Inputs;
use journey::Journey;

const ANSWER_LOST_BEFORE: &str = "an earlier request with this token got no answer, and the token may be spent; nothing \
    was sent now, what is kept stays beside the identity file: resume the enrollment to send the same request again, or \
    ask for a new token";

/// A way to enroll: a token that has been read, or the address of a controller. Nothing is proved before
/// [`enroll`](Self::enroll) meets the controller.
///
/// | method | what proves who enrolls | needs beside the token | the identity has |
/// |---|---|---|---|
/// | `ott` | one-time token | | a new key, certified by the network |
/// | `ottca` | one-time token | certificate and key | that certificate and key |
/// | `ca` | the certificate | certificate and key | that certificate and key |
/// | `updb` | one-time token | user name and password | no certificate; [`Identity::username`] |
/// | `erott` | one-time token | | two keys, certified; [`Identity::server_certificate`] |
/// | `token` | the external JWT | external JWT | a new key, certified, or no certificate |
/// | `network` | | | no certificate |
#[derive(Debug, Clone)]
pub struct Enrollment {
    origin: Origin,
    method: EnrollmentMethod,
}

/// Where an enrollment begins.
#[derive(Debug, Clone)]
enum Origin {
    Token(EnrollmentToken),
    /// With the CA bundle that vouches for the controller, where it is known already.
    Address(ControllerUrl, Option<CaBundle>),
}

impl Enrollment {
    /// Reads a token: the text of a `.jwt` file. Does no I/O.
    ///
    /// # Errors
    /// [`Error::Enrollment`] with [`EnrollmentProblem::TokenMalformed`] and what is wrong with it.
    pub fn parse(jwt: &str) -> Result<Self, Error> {
        let token = EnrollmentToken::parse(jwt)?;
        Ok(Self { method: token.method, origin: Origin::Token(token) })
    }

    /// Reads a token from a file, such as `alice.jwt`.
    ///
    /// # Errors
    /// [`Error::Storage`] if it cannot be read; otherwise as for [`parse`](Self::parse), with the name of the file.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, Error> {
        Self::read(path.as_ref()).map(|(enrollment, _)| enrollment)
    }

    /// The same, with the text of the file.
    fn read(path: &Path) -> Result<(Self, Zeroizing<String>), Error> {
        let name = format!("token file {}", path.display());
        let malformed = |why: String| Error::enrollment(EnrollmentProblem::TokenMalformed, why);
        let text = read_text(&name, path).map_err(|error| match error {
            Error::Identity(why) => malformed(why),
            error => error,
        })?;
        match Self::parse(&text) {
            Ok(enrollment) => Ok((enrollment, text)),
            Err(Error::Enrollment { message, .. }) => Err(malformed(format!("{name}: {message}"))),
            Err(Error::Unsupported(why)) => Err(Error::Unsupported(format!("{name}: {why}"))),
            Err(error) => Err(error),
        }
    }

    /// Begins at the address of a controller, `https://host:port`, without a token: with the method `network`, or
    /// [`by`](Self::by) another one. Does no I/O.
    ///
    /// The system's roots have to vouch for the controller when it is met, or the CA of [`EnrollOptions::ca`].
    pub fn from_url(url: &str) -> Result<Self, Error> {
        let origin = Origin::Address(ControllerUrl::parse(url.trim())?, None);
        Ok(Self { origin, method: EnrollmentMethod::Network })
    }

    /// Begins at the preferred controller of an identity, such as one that an enrollment by `network` gave; its CA bundle
    /// has to vouch for the controller. As for [`from_url`](Self::from_url) there is no token.
    pub fn from_identity(identity: &Identity) -> Result<Self, Error> {
        let controller = identity.controller_urls().first().cloned();
        let controller = controller.ok_or_else(|| Error::Identity("the identity has no controller".to_owned()))?;
        let origin = Origin::Address(controller, identity.ca().cloned());
        Ok(Self { origin, method: EnrollmentMethod::Network })
    }

    /// The same controller by another method that needs no one-time token: `network`, `ca` or `token`.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a method with a one-time token, or if this one has it: it works by its method.
    pub fn by(self, method: EnrollmentMethod) -> Result<Self, Error> {
        if method == self.method {
            return Ok(self);
        }
        if self.method.is_one_time() || method.is_one_time() {
            let message = format!("an enrollment by {} cannot become one by {method}: ask for its token", self.method);
            return Err(Error::InvalidArgument(message));
        }
        Ok(Self { method, ..self })
    }

    /// How it enrolls.
    pub fn method(&self) -> EnrollmentMethod {
        self.method
    }

    /// What [`EnrollOptions`] have to hold.
    pub fn needs(&self) -> &'static [EnrollmentInput] {
        self.method.needs()
    }

    /// The controller that made the token, or to which the address leads, as `https://host:port`.
    pub fn issuer(&self) -> &str {
        match &self.origin {
            Origin::Token(token) => token.issuer.origin(),
            Origin::Address(controller, _) => controller.origin(),
        }
    }

    /// The id of the identity or router that enrolls; empty where no token names it.
    pub fn subject(&self) -> &str {
        match &self.origin {
            Origin::Token(token) => &token.subject,
            Origin::Address(..) => "",
        }
    }

    /// When the token ends, if it does.
    pub fn expires_at(&self) -> Option<SystemTime> {
        match &self.origin {
            Origin::Token(token) => token.expires_at,
            Origin::Address(..) => None,
        }
    }

    /// Enrolls: has the network take in what the method brings (see the table above), and stores the identity.
    ///
    /// With a file to store it in, a new key is on disk in `NAME.pending` before the request leaves, the certificate
    /// joins it there once it is issued, and the identity file appears whole or not at all. A file that is there
    /// already is never replaced. `POST /enroll` (enroll), or `POST /enroll/token` (enrollToken); for `network` nothing
    /// is sent, the controller only proves itself.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] names an option that is missing, or of no use to the method; nobody was asked then.
    /// [`Error::Enrollment`] says what stands in the way. After [`EnrollmentProblem::MaybeSpent`] the request may have
    /// been carried out: with a file store it is not sent again but by [`resume`](Self::resume), and until then each
    /// try ends with the same problem. After [`EnrollmentProblem::BadCertificate`] the certificate stays in
    /// `NAME.pending` as well. Anything else leaves no trace, a signer that fails ([`Error::Identity`]) included.
    pub fn enroll(&self, options: &EnrollOptions) -> Result<Identity, Error> {
        let inputs = Inputs::take(self.method, options)?;
        let call = options.reach.call();
        let place = options.store.as_ref().map(|store| store.reserve(|| call.check())).transpose()?;
        let kept = place.as_ref().map(|place| place.take_up(&self.fingerprint())).transpose()?.flatten();
        if kept.as_ref().is_some_and(|kept| kept.state() == PendingEnrollment::AnswerLost) {
            return Err(Error::enrollment(EnrollmentProblem::MaybeSpent, ANSWER_LOST_BEFORE));
        }
        self.go_on(&call, kept, &inputs, place, options)
    }

    /// Goes on with an enrollment that was interrupted, with the same keys and certificate requests: sends the request
    /// also where it may have reached the controller before, which [`enroll`](Self::enroll) does not.
    ///
    /// The store has to be the file that the interrupted enrollment was to write; [`pending`](Self::pending) tells how
    /// far that one came. Where no certificate is issued (`ottca`, `ca`, `updb`, `token` without one) and the controller
    /// takes nothing any more, one login by what was enrolled tells whether the first request was carried out; then the
    /// identity is stored all the same. `POST /enroll` (enroll)
    ///
    /// # Errors
    /// [`Error::Identity`] if nothing of this token is kept. [`EnrollmentProblem::TokenNotKnown`] if the earlier request
    /// was carried out after all, as nobody is given a certificate twice, or if the token is gone for another reason.
    /// Whatever a request that was sent before is answered but what it asks for, `NAME.pending` stays.
    pub fn resume(&self, options: &EnrollOptions) -> Result<Identity, Error> {
        let inputs = Inputs::take(self.method, options)?;
        let file = options.store.as_ref().and_then(|store| Some((store, store.path()?)));
        let (store, path) = file.ok_or_else(|| {
            let message = "only an enrollment into a file can be resumed: elsewhere no key is kept; name its store";
            Error::InvalidArgument(message.to_owned())
        })?;
        let call = options.reach.call();
        let place = store.reserve(|| call.check())?;
        let kept = place.take_up(&self.fingerprint())?;
        if kept.is_none() {
            let path = path.display();
            let message =
                format!("identity file {path}: no enrollment with this token is to be resumed; enroll instead");
            return Err(Error::Identity(message));
        }
        self.go_on(&call, kept, &inputs, Some(place), options)
    }

    /// Tells how far an earlier enrollment with this token into this store came. Reads files only.
    ///
    /// While another process enrolls, this is how far that one has come. A hook keeps nothing that could be told.
    pub fn pending(&self, store: &Store) -> Result<PendingEnrollment, Error> {
        let kept = store.pending(&self.fingerprint())?;
        Ok(kept.map_or(PendingEnrollment::Nothing, |kept| kept.state()))
    }

    fn go_on(
        &self,
        call: &Call,
        kept: Option<Kept>,
        inputs: &Inputs,
        place: Option<Reservation<'_>>,
        options: &EnrollOptions,
    ) -> Result<Identity, Error> {
        let identity = Journey { enrollment: self, call, inputs, options }.go_on(kept, place)?;
        log::info!("enrolled {} at {}", self.subject(), self.issuer());
        Ok(match &options.store {
            Some(store) => identity.stored_in(store),
            None => identity,
        })
    }

    /// Tells enrollments into one file apart without giving a token away. Without a one-time token it is the controller
    /// that counts.
    fn fingerprint(&self) -> String {
        match &self.origin {
            Origin::Token(token) if self.method.is_one_time() => token.fingerprint(),
            _ => sha256_hex(self.issuer().as_bytes()),
        }
    }
}
