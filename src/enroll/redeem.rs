//! The one request that spends the token.

use std::time::{Duration, Instant};

use super::EnrollmentMethod;
use super::answer::{self, Enrolled};
use super::bootstrap::Network;
use super::refusal::refused;
use crate::error::{ApiError, EnrollmentProblem, Error};
use crate::identity::Pending;
use crate::login::{Backoff, Jitter, spread};
use crate::transport::{Call, Failure};
use crate::wire::{Request, refusal};

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// The least time for an answer. One that does not come in time leaves it open whether the token is spent, so nobody
/// asks again that late.
const ANSWER_TIME: Duration = Duration::from_millis(500);
/// How long a node of a cluster may take to learn of a token that another node made.
const LAGGING_NODE: Duration = Duration::from_secs(2);

/// What an answer has to hold.
#[derive(Clone, Copy)]
pub(super) enum Expected {
    Nothing,
    Certificate,
    BothCertificates,
}

impl Expected {
    pub(super) fn of(pending: &Pending) -> Self {
        match (&pending.own, &pending.server) {
            (_, Some(_)) => Self::BothCertificates,
            (Some(_), None) => Self::Certificate,
            (None, None) => Self::Nothing,
        }
    }
}

/// Sends the request and returns what it gave.
///
/// Repeats only what the controller says it did not do. A request whose answer was lost is never repeated.
pub(super) fn redeem(
    call: &Call,
    network: &Network,
    method: EnrollmentMethod,
    request: &Request,
    expected: Expected,
) -> Result<Enrolled, Error> {
    let mut unknown_since = None;
    let (mut pauses, jitter) = (Backoff::new(FIRST_PAUSE, LONGEST_PAUSE), Jitter::default());
    let mut body = Vec::new();
    loop {
        let began = Instant::now();
        let head = network.connections.exchange(call, &network.attempt(), request, &mut body).map_err(lost)?;
        if head.is_success() {
            return read(request, &body, expected);
        }
        let answer_time = began.elapsed().max(ANSWER_TIME);
        let answer = refusal::read(&request.operation(), &head, &body);
        let pause = pauses.pause(&jitter);
        let wait = answer.retry_after.map_or(pause, |asked| spread(asked, &jitter).max(pause));
        let patience = match method.is_one_time() && network.clustered {
            true => patience(&answer, &mut unknown_since),
            false => patience_with_the_busy(&answer),
        };
        if call.remaining().saturating_sub(answer_time).min(patience) <= wait {
            return Err(refused(method, answer));
        }
        log::debug!("enrollment was not carried out ({} {}), trying again", answer.status, answer.code);
        call.pause(wait)?;
    }
}

/// How much longer to ask after an answer that promises that nothing happened and may not be repeated for ever: too
/// busy, no leader, and on a cluster a token that this node does not know yet.
fn patience(answer: &ApiError, unknown_since: &mut Option<Instant>) -> Duration {
    match answer.code.as_str() {
        "INVALID_ENROLLMENT_TOKEN" => {
            LAGGING_NODE.saturating_sub(unknown_since.get_or_insert_with(Instant::now).elapsed())
        }
        _ => patience_with_the_busy(answer),
    }
}

fn patience_with_the_busy(answer: &ApiError) -> Duration {
    if matches!(answer.status, 429 | 503) || answer.was_not_carried_out() { Duration::MAX } else { Duration::ZERO }
}

fn lost(failure: Failure) -> Error {
    if !failure.sent {
        return failure.error;
    }
    let message = format!(
        "the answer to the enrollment was lost, and the token may be spent: {}; the request is not repeated",
        failure.error
    );
    Error::enrollment(EnrollmentProblem::MaybeSpent, message)
}

/// The enrollment was carried out, so what is missing is told as what it is.
fn read(request: &Request, body: &[u8], expected: Expected) -> Result<Enrolled, Error> {
    let operation = request.operation();
    let missing = |name: &str| Error::Decode {
        operation: operation.clone(),
        path: format!("data.{name}"),
        message: "a string is missing".to_owned(),
    };
    let enrolled = answer::read(&operation, body).and_then(|enrolled| match expected {
        Expected::Certificate | Expected::BothCertificates if enrolled.cert.is_none() => Err(missing("cert")),
        Expected::BothCertificates if enrolled.server_cert.is_none() => Err(missing("serverCert")),
        _ => Ok(enrolled),
    });
    enrolled.map_err(|error| match expected {
        Expected::Nothing => Error::enrollment(
            EnrollmentProblem::MaybeSpent,
            format!("the enrollment may have been carried out, but the answer cannot be read: {error}"),
        ),
        _ => Error::enrollment(
            EnrollmentProblem::BadCertificate,
            format!("the token is spent, but the answer holds no certificate: {error}"),
        ),
    })
}
