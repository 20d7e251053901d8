//! The one request that spends the token.

use std::time::{Duration, Instant};

use super::answer;
use super::bootstrap::Network;
use crate::error::{ApiError, EnrollmentProblem, Error};
use crate::transport::{Attempt, Call, Failure};
use crate::trust::EnrollmentToken;
use crate::wire::{Body, Method, Request, refusal};

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// How long a node of a cluster may take to learn of a token that another node made.
const LAGGING_NODE: Duration = Duration::from_secs(2);
/// A leaf with its intermediates, in JSON.
const MAX_CERTIFICATE: u64 = 1024 * 1024;

/// Sends the certificate request and returns the chain that was issued, as PEM.
///
/// Repeats only what the controller says it did not do. A request whose answer was lost is never repeated.
pub(super) fn redeem(call: &Call, token: &EnrollmentToken, network: &Network, csr: &str) -> Result<String, Error> {
    let mut request = Request::new(Method::Post, "/enroll")
        .without_login()
        .query("method", token.method.as_str())
        .secret_query("token", &token.one_time)
        .body(Body::text(csr.to_owned()));
    request.max_answer = MAX_CERTIFICATE;
    let attempt = Attempt {
        controller: &network.controller,
        base_path: &network.base_path,
        credential: None,
        first_byte_by: None,
    };
    let mut unknown_since = None;
    let mut pause = FIRST_PAUSE;
    let mut body = Vec::new();
    loop {
        let head = network.connections.exchange(call, &attempt, &request, &mut body).map_err(lost)?;
        if head.is_success() {
            return issued_chain(&request, &body);
        }
        let answer = refusal::read(&request.operation(), &head, &body);
        let wait = answer.retry_after.unwrap_or(pause).max(pause);
        if call.remaining().min(patience(&answer, network, &mut unknown_since)) <= wait {
            return Err(refused(answer));
        }
        log::debug!("enrollment was not carried out ({} {}), trying again", answer.status, answer.code);
        call.pause(wait)?;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// How much longer to ask after an answer that promises that nothing happened and may not be repeated for ever: too
/// busy, no leader, and on a cluster a token that this node does not know yet.
fn patience(answer: &ApiError, network: &Network, unknown_since: &mut Option<Instant>) -> Duration {
    match (answer.status, answer.code.as_str()) {
        (429 | 503, _) => Duration::MAX,
        (_, "INVALID_ENROLLMENT_TOKEN") if network.clustered => {
            LAGGING_NODE.saturating_sub(unknown_since.get_or_insert_with(Instant::now).elapsed())
        }
        _ => Duration::ZERO,
    }
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

/// The token is spent, so a missing certificate is told as what it is.
fn issued_chain(request: &Request, body: &[u8]) -> Result<String, Error> {
    let operation = request.operation();
    let missing = || Error::Decode {
        operation: operation.clone(),
        path: "data.cert".to_owned(),
        message: "a string is missing".to_owned(),
    };
    let chain = answer::read(&operation, body).and_then(|enrolled| enrolled.cert.ok_or_else(missing));
    chain.map_err(|error| {
        let message = format!("the token is spent, but the answer holds no certificate: {error}");
        Error::enrollment(EnrollmentProblem::BadCertificate, message)
    })
}

/// Says what an administrator has to do, and claims no more than the answer does.
fn refused(answer: ApiError) -> Error {
    let (problem, advice) = match (answer.status, answer.code.as_str()) {
        (429 | 503, _) => return refusal::into_error(answer),
        // Also what proxies made up, such as 524: the controller may have gone on without them. But not a 501, which
        // says that nothing is there to be carried out.
        (500 | 502..=599, _) => (EnrollmentProblem::MaybeSpent, "the token may be spent; the request is not repeated"),
        (_, "INVALID_ENROLLMENT_TOKEN") => (
            EnrollmentProblem::TokenNotKnown,
            "the controller does not know the token: it was used, deleted or replaced; ask for a new one",
        ),
        (_, "ENROLLMENT_EXPIRED") => (EnrollmentProblem::TokenExpired, "the token expired; ask for a new one"),
        (_, "INVALID_ENROLL_METHOD") => (EnrollmentProblem::WrongMethod, "the token was made for another method"),
        (_, "COULD_NOT_PROCESS_CSR" | "MISSING_OR_INVALID_CSR") => {
            (EnrollmentProblem::CsrRefused, "the controller cannot use the certificate request")
        }
        (_, "CERT_IN_USE" | "ENROLLMENT_IDENTITY_ALREADY_ENROLLED" | "INVALID_ENROLLMENT_ALREADY_ENROLLED") => {
            (EnrollmentProblem::AlreadyEnrolled, "the identity is enrolled already")
        }
        _ => (EnrollmentProblem::Refused, "the controller refused the enrollment"),
    };
    Error::Enrollment { problem, message: format!("{advice}: {answer}"), answer: Some(Box::new(answer)) }
}
