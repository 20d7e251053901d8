//! The way from what is kept, or else from the start, to the identity.

use std::time::Instant;

use super::answer::Enrolled;
use super::bootstrap::{self, Network};
use super::inputs::Inputs;
use super::redeem::{Expected, redeem};
use super::{EnrollOptions, Enrollment, EnrollmentMethod, Origin, request};
use crate::error::{EnrollmentProblem, Error};
use crate::identity::{Certified, Identity, Kept, Pending, PendingKey, Reservation};
use crate::secret::Secret;
use crate::transport::Call;
use crate::trust::certificate::chain_from_pem;
use crate::trust::issued_for;
use crate::wire::ControllerUrl;

const FIRST_CARRIED_OUT: &str = "the controller does not know the token: the first request was carried out and its \
    certificate is lost, or the token was deleted or replaced; ask for a new one, the key stays beside the identity file";
const CANNOT_LOG_IN: &str = "the controller does not enroll it any more, and it cannot log in: the token was deleted or \
    replaced, or what the first request enrolled may not log in; ask for a new token";

/// More than any cluster has, and no more than an identity file may hold.
const MAX_CONTROLLERS: usize = 100;

/// One enrollment under way.
pub(super) struct Journey<'a> {
    pub(super) enrollment: &'a Enrollment,
    pub(super) call: &'a Call,
    pub(super) inputs: &'a Inputs,
    pub(super) options: &'a EnrollOptions,
}

impl Journey<'_> {
    pub(super) fn go_on(&self, kept: Option<Kept>, place: Option<Reservation<'_>>) -> Result<Identity, Error> {
        let (own, server) = self.inputs.sources();
        let kept = kept.map(|kept| kept.with_keys(own, server)).transpose()?.flatten();
        let network = bootstrap::meet(self.call, &self.enrollment.origin, self.options, self.inputs.client_auth())?;
        match kept {
            Some(pending) if pending.is_answered() => self.store(&network, &pending, place),
            Some(pending) => self.spend(&network, pending, place),
            None => {
                let until = Instant::now() + self.call.remaining();
                let pending = self.inputs.prepare(self.enrollment.fingerprint(), self.enrollment.subject(), until)?;
                if self.enrollment.method == EnrollmentMethod::Network {
                    return self.store(&network, &pending, place);
                }
                if let Some(place) = &place {
                    place.keep_key(&pending)?;
                }
                self.spend(&network, pending, place)
            }
        }
    }

    /// Sends the request, and stores the identity.
    fn spend(
        &self,
        network: &Network,
        mut pending: Pending,
        place: Option<Reservation<'_>>,
    ) -> Result<Identity, Error> {
        let sent_before = pending.sent_at.is_some();
        if let Some(place) = place.as_ref().filter(|_| !sent_before) {
            // Nothing was sent, so the key is of no use to anybody.
            place.mark_sent(&mut pending).inspect_err(|_| place.forget_key())?;
        }
        let method = self.enrollment.method;
        let request = request::enroll(method, self.one_time(), self.inputs, &pending);
        let redeemed = redeem(self.call, network, method, &request, Expected::of(&pending));
        self.settle(network, redeemed, (pending, sent_before), place)
    }

    fn one_time(&self) -> Option<&Secret> {
        match &self.enrollment.origin {
            Origin::Token(token) if self.enrollment.method.is_one_time() => Some(&token.one_time),
            _ => None,
        }
    }

    /// Turns the answer into a stored identity; forgets the key only if the answer says that it is of no use.
    fn settle(
        &self,
        network: &Network,
        redeemed: Result<Enrolled, Error>,
        (mut pending, sent_before): (Pending, bool),
        place: Option<Reservation<'_>>,
    ) -> Result<Identity, Error> {
        match redeemed {
            Ok(enrolled) => write_down(&mut pending, enrolled),
            Err(error) if sent_before => self.was_carried_out(network, error, &mut pending)?,
            Err(error) => {
                if let Some(place) = place.filter(|_| !leaves_the_token_in_doubt(&error)) {
                    place.forget_key();
                }
                return Err(error);
            }
        }
        // Before anything that may fail: nobody issues it a second time.
        if let Some(place) = &place {
            place.keep_answer(&pending);
        }
        self.store(network, &pending, place)
    }

    /// A refusal of a request that was sent before says nothing of what became of it the first time; but what was
    /// enrolled then can log in, if that needs nothing of the answer.
    fn was_carried_out(&self, network: &Network, error: Error, pending: &mut Pending) -> Result<(), Error> {
        use EnrollmentProblem::{AlreadyEnrolled, CertificateInUse, TokenNotKnown};
        let Error::Enrollment { problem, answer, .. } = &error else { return Err(error) };
        if !matches!(problem, TokenNotKnown | CertificateInUse | AlreadyEnrolled) {
            return Err(error);
        }
        let login = request::login(self.inputs);
        let said = if login.is_some() { CANNOT_LOG_IN } else { FIRST_CARRIED_OUT };
        let answered = answer.as_ref().map(|answer| format!(": {answer}")).unwrap_or_default();
        let refused =
            Error::Enrollment { problem: *problem, message: format!("{said}{answered}"), answer: answer.clone() };
        let login = login.ok_or_else(|| refused.clone())?;
        let mut body = Vec::new();
        let head = network.connections.exchange(self.call, &network.attempt(), &login, &mut body)?;
        if !head.is_success() {
            return Err(refused);
        }
        pending.carried_out = true;
        Ok(())
    }

    fn store(&self, network: &Network, pending: &Pending, place: Option<Reservation<'_>>) -> Result<Identity, Error> {
        let identity = self.assemble(network, pending).map_err(|why| {
            Error::enrollment(EnrollmentProblem::BadCertificate, format!("the token is spent, but {why}"))
        })?;
        if let Some(place) = place {
            place.fill(&identity, self.call.remaining())?;
        }
        Ok(identity)
    }

    /// The token is spent by now, so a certificate that cannot be used is told as what it is, and what is kept stays.
    fn assemble(&self, network: &Network, pending: &Pending) -> Result<Identity, Error> {
        let own = match (self.inputs, &pending.own) {
            (Inputs::Certificate { own, .. }, _) => Some((own.key(), own.chain().to_vec())),
            (_, Some(own)) => {
                let (key, chain) = issued(own)?;
                if let Some(note) = issued_for(&chain, &key.public_key()?, network.bundle.as_ref())? {
                    log::warn!("{}: {note}", network.controller);
                }
                Some((key, chain))
            }
            _ => None,
        };
        let server = pending.server.as_ref().map(issued).transpose()?;
        let controllers = known_controllers(network, &pending.controllers);
        let identity = Identity::assemble(controllers, &network.base_path, own, server, network.bundle.as_ref())?;
        Ok(match self.inputs {
            Inputs::Password { username, .. } => identity.called(pending.username.as_deref().unwrap_or(username)),
            _ => identity,
        })
    }
}

/// The controller that enrolled, and the others that it told of.
fn known_controllers(network: &Network, told: &[String]) -> Vec<ControllerUrl> {
    let mut controllers = vec![network.controller.clone()];
    for address in told {
        match ControllerUrl::parse(address) {
            Ok(other) if controllers.len() < MAX_CONTROLLERS && !controllers.contains(&other) => {
                controllers.push(other)
            }
            Ok(_) => {}
            Err(error) => log::warn!("{}: {error}", network.controller),
        }
    }
    controllers
}

fn issued(pending: &PendingKey) -> Result<Certified<'_>, Error> {
    let chain = chain_from_pem("the certificate that was issued", pending.cert.as_deref().unwrap_or_default())?;
    Ok((&pending.key, chain))
}

fn write_down(pending: &mut Pending, enrolled: Enrolled) {
    let Enrolled { cert, ca: _, server_cert, username, controllers } = enrolled;
    pending.carried_out = pending.own.is_none();
    pending.username = username;
    pending.controllers = controllers;
    if let Some(own) = &mut pending.own {
        own.cert = cert;
    }
    if let Some(server) = &mut pending.server {
        server.cert = server_cert;
    }
}

/// True if the controller may have carried out the enrollment.
fn leaves_the_token_in_doubt(error: &Error) -> bool {
    matches!(
        error,
        Error::Enrollment { problem: EnrollmentProblem::MaybeSpent | EnrollmentProblem::BadCertificate, .. }
    )
}
