//! What a controller says that does not enroll, and what has to be done about it.

use super::EnrollmentMethod;
use crate::error::{ApiError, EnrollmentProblem as Problem, Error};
use crate::wire::refusal;

/// Says what an administrator has to do, and claims no more than the answer does.
pub(super) fn refused(method: EnrollmentMethod, answer: ApiError) -> Error {
    let (problem, advice) = match (answer.status, answer.code.as_str()) {
        _ if answer.was_not_carried_out() => return refusal::into_error(answer),
        (429 | 503, _) => return refusal::into_error(answer),
        (501, _) => return not_there(method, &answer),
        (404, _) if method == EnrollmentMethod::Token => return not_there(method, &answer),
        // Also what proxies made up, such as 524: the controller may have gone on without them. But not a 501, which
        // says that nothing is there to be carried out.
        (500 | 502..=599, _) => (Problem::MaybeSpent, "the token may be spent; the request is not repeated"),
        (status, code) => of_code(method, status, code),
    };
    Error::Enrollment { problem, message: format!("{advice}: {answer}"), answer: Some(Box::new(answer)) }
}

fn of_code(method: EnrollmentMethod, status: u16, code: &str) -> (Problem, &'static str) {
    match code {
        "INVALID_ENROLLMENT_TOKEN" if method == EnrollmentMethod::Token => (
            Problem::ExternalJwtRefused,
            "no signer of the network vouches for the external JWT: it expired, is for another audience, or its signer \
             is not known or not enabled there",
        ),
        "INVALID_ENROLLMENT_TOKEN" => (
            Problem::TokenNotKnown,
            "the controller does not know the token: it was used, deleted or replaced; ask for a new one",
        ),
        "ENROLLMENT_EXPIRED" => (Problem::TokenExpired, "the token expired; ask for a new one"),
        "INVALID_ENROLL_METHOD" => (Problem::WrongMethod, "the token was made for another method"),
        "COULD_NOT_PROCESS_CSR" | "MISSING_OR_INVALID_CSR" | "EDGE_ROUTER_ENROLL_COMMON_NAME_INVALID" => {
            (Problem::CsrRefused, "the controller cannot use the certificate request")
        }
        "CERT_IN_USE" => (
            Problem::CertificateInUse,
            "the certificate belongs to an identity already; enroll another one, or have that identity deleted",
        ),
        "ENROLLMENT_IDENTITY_ALREADY_ENROLLED" | "INVALID_ENROLLMENT_ALREADY_ENROLLED" => {
            (Problem::AlreadyEnrolled, "the identity is enrolled already; log in with what it enrolled by")
        }
        "CERT_FAILED_VALIDATION" | "CERTIFICATE_FAILED_VALIDATION" | "MISSING_CERT_CLAIM" => (
            Problem::CertificateRefused,
            "no CA of the network that may enroll it vouches for the certificate: check that it is a client certificate \
             of the CA that the token was made for, and have that CA verified",
        ),
        "ENROLLMENT_CA_NOT_VALID" | "ENROLLMENT_NO_VALID_CAS" => (
            Problem::CertificateRefused,
            "the network has no CA that enrolls like this: have it verified, and this way to enroll enabled",
        ),
        "INVALID_ENROLLMENT_NOT_ALLOWED" | "ENROLLMENT_NOT_ALLOWED" => (
            Problem::NotAllowed,
            "the network does not allow this way to enroll: have the signer enabled for it, with or without a certificate",
        ),
        // 602 is what some versions make of 400.
        "COULD_NOT_VALIDATE" if method == EnrollmentMethod::Updb && matches!(status, 400 | 602) => (
            Problem::PasswordRefused,
            "the controller does not take this user name and password; the token is as it was",
        ),
        _ => (Problem::Refused, "the controller refused the enrollment"),
    }
}

fn not_there(method: EnrollmentMethod, answer: &ApiError) -> Error {
    let advice = match method {
        EnrollmentMethod::Token => "controllers have it since 2.0; ask for a token of another method",
        _ => "ask for a token of another method",
    };
    Error::Unsupported(format!("this controller cannot enroll by {method}: {advice}: {answer}"))
}
