//! Why a call failed, as C reads it.

use std::ffi::{CString, c_char};
use std::ptr;
use std::time::Duration;

use super::guard::guard_or;
use super::strings::c_string;
use crate::error::{ApiError, EnrollmentProblem, Error, SessionProblem, Stage};
use crate::login::AuthQuery;

/// What a caller can do about a failure. New codes may be added; numbers never change.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum zec_code {
    /// Success. Also the code of a NULL error.
    ZEC_OK = 0,
    /// An argument cannot be used; the message names it.
    ZEC_ERR_INVALID_ARGUMENT = 1,
    /// No usable answer came: name look-up, connection, proxy, or the connection broke.
    ZEC_ERR_TRANSPORT = 2,
    /// The controller refused the request.
    ZEC_ERR_API = 3,
    /// The controller wants a login, or a better one, and a new login did not help.
    ZEC_ERR_UNAUTHORIZED = 4,
    /// The answer cannot be read.
    ZEC_ERR_DECODE = 5,
    /// A bug in this library. The handles of the call should be freed and not be used again.
    ZEC_ERR_PANIC = 6,
    /// The time of the call was over.
    ZEC_ERR_TIMEOUT = 7,
    /// The call was canceled.
    ZEC_ERR_CANCELED = 8,
    /// The peer could not be trusted, or TLS could not be agreed on.
    ZEC_ERR_TLS = 9,
    /// An identity file, key, certificate, external JWT or saved session cannot be used, or a callback does not give it.
    ZEC_ERR_IDENTITY = 10,
    /// Enrollment cannot go on; zec_error_enrollment_problem() says why in one word.
    ZEC_ERR_ENROLLMENT = 11,
    /// The login waits for another factor. zec_error_factors() says for which as a list, and zec_client_status() in words.
    ZEC_ERR_LOGIN_PENDING = 12,
    /// The controller refuses this identity's credentials. Later calls end with this at once: for ten minutes, or, of a
    /// password, until zec_client_retry_now() or zec_client_set_credentials().
    ZEC_ERR_REJECTED = 13,
    /// This cannot be done here; the message names the way that works.
    ZEC_ERR_UNSUPPORTED = 14,
    /// The controller is too busy (429) or cannot serve now (503).
    ZEC_ERR_BUSY = 15,
    /// A file could not be read or written; what was there before is unchanged.
    ZEC_ERR_STORAGE = 16,
}

/// Why a call failed. May be read and freed on any thread.
pub struct zec_error {
    code: zec_code,
    message: CString,
    stage: Option<CString>,
    enrollment_problem: Option<CString>,
    session_problem: Option<CString>,
    answer: Option<Answer>,
    is_retryable: bool,
    factors: Vec<AuthQuery>,
    known: Vec<String>,
}

/// The controller's answer, where one is the reason.
struct Answer {
    status: u16,
    code: CString,
    cause_json: Option<CString>,
    request_id: Option<CString>,
    retry_after: Option<Duration>,
}

impl zec_error {
    pub(crate) fn new(error: &Error) -> Self {
        Self {
            code: code(error),
            message: c_string(&error.to_string()),
            stage: error.stage().map(|stage: Stage| c_string(stage.as_str())),
            enrollment_problem: enrollment_problem(error).map(c_string),
            session_problem: session_problem(error).map(c_string),
            answer: error.answer().map(Answer::new),
            is_retryable: error.is_retryable(),
            factors: if let Error::LoginPending { factors } = error { factors.clone() } else { Vec::new() },
            known: if let Error::Rejected(rejection) = error { rejection.known.clone() } else { Vec::new() },
        }
    }

    /// The controller's code and the cause as JSON, where the answer has both.
    pub(crate) fn code_and_cause(&self) -> Option<(&str, &str)> {
        let answer = self.answer.as_ref()?;
        Some((answer.code.to_str().ok()?, answer.cause_json.as_ref()?.to_str().ok()?))
    }

    /// What a login that waits still wants.
    pub(crate) fn factors(&self) -> &[AuthQuery] {
        &self.factors
    }

    /// What is known here that may matter to a refusal of the credentials.
    pub(crate) fn known(&self) -> &[String] {
        &self.known
    }

    /// The message of the panic stays out: nobody checked it for secrets.
    pub(crate) fn panicked(function: &str) -> Self {
        Self {
            code: zec_code::ZEC_ERR_PANIC,
            message: c_string(&format!("a bug: panic in {function}")),
            stage: None,
            enrollment_problem: None,
            session_problem: None,
            answer: None,
            is_retryable: false,
            factors: Vec::new(),
            known: Vec::new(),
        }
    }
}

impl Answer {
    fn new(answer: &ApiError) -> Self {
        let ApiError { status, code, message: _, cause, request_id, retry_after, operation: _ } = answer;
        Self {
            status: *status,
            code: c_string(code),
            cause_json: cause.as_ref().map(|cause| c_string(cause.get())),
            request_id: request_id.as_deref().map(c_string),
            retry_after: *retry_after,
        }
    }
}

pub(crate) fn code(error: &Error) -> zec_code {
    match error {
        Error::InvalidArgument(_) => zec_code::ZEC_ERR_INVALID_ARGUMENT,
        Error::Transport { .. } => zec_code::ZEC_ERR_TRANSPORT,
        Error::Timeout { .. } => zec_code::ZEC_ERR_TIMEOUT,
        Error::Canceled { .. } => zec_code::ZEC_ERR_CANCELED,
        Error::Tls { .. } => zec_code::ZEC_ERR_TLS,
        Error::Api(_) => zec_code::ZEC_ERR_API,
        Error::Unauthorized(_) => zec_code::ZEC_ERR_UNAUTHORIZED,
        Error::Busy(_) => zec_code::ZEC_ERR_BUSY,
        Error::Decode { .. } => zec_code::ZEC_ERR_DECODE,
        Error::Identity(_) => zec_code::ZEC_ERR_IDENTITY,
        Error::Enrollment { .. } => zec_code::ZEC_ERR_ENROLLMENT,
        Error::SavedSession { problem: SessionProblem::Unreadable | SessionProblem::NewerVersion, .. } => {
            zec_code::ZEC_ERR_INVALID_ARGUMENT
        }
        Error::SavedSession { .. } => zec_code::ZEC_ERR_IDENTITY,
        Error::LoginPending { .. } => zec_code::ZEC_ERR_LOGIN_PENDING,
        Error::Rejected(_) => zec_code::ZEC_ERR_REJECTED,
        Error::Unsupported(_) => zec_code::ZEC_ERR_UNSUPPORTED,
        Error::Storage { .. } => zec_code::ZEC_ERR_STORAGE,
    }
}

fn enrollment_problem(error: &Error) -> Option<&'static str> {
    let Error::Enrollment { problem, .. } = error else { return None };
    Some(match problem {
        EnrollmentProblem::TokenMalformed => "token_malformed",
        EnrollmentProblem::TokenExpired => "token_expired",
        EnrollmentProblem::TokenNotYetValid => "token_not_yet_valid",
        EnrollmentProblem::TokenNotFromController => "token_not_from_controller",
        EnrollmentProblem::TokenNotKnown => "token_not_known",
        EnrollmentProblem::MaybeSpent => "maybe_spent",
        EnrollmentProblem::CsrRefused => "csr_refused",
        EnrollmentProblem::WrongMethod => "wrong_method",
        EnrollmentProblem::AlreadyEnrolled => "already_enrolled",
        EnrollmentProblem::CertificateInUse => "certificate_in_use",
        EnrollmentProblem::CertificateRefused => "certificate_refused",
        EnrollmentProblem::PasswordRefused => "password_refused",
        EnrollmentProblem::ExternalJwtRefused => "external_jwt_refused",
        EnrollmentProblem::NotAllowed => "not_allowed",
        EnrollmentProblem::CaBundle => "ca_bundle",
        EnrollmentProblem::BadCertificate => "bad_certificate",
        EnrollmentProblem::Refused => "refused",
    })
}

fn session_problem(error: &Error) -> Option<&'static str> {
    let Error::SavedSession { problem, .. } = error else { return None };
    Some(match problem {
        SessionProblem::Unreadable => "unreadable",
        SessionProblem::NewerVersion => "newer_version",
        SessionProblem::WrongIdentity => "wrong_identity",
        SessionProblem::WrongNetwork => "wrong_network",
        SessionProblem::CertificateReplaced => "certificate_replaced",
        SessionProblem::Expired => "expired",
    })
}

fn pointer(text: Option<&CString>) -> *const c_char {
    text.map_or(ptr::null(), |text| text.as_ptr())
}

/// ZEC_OK if `error` is NULL.
#[unsafe(no_mangle)]
pub extern "C" fn zec_error_code(error: Option<&zec_error>) -> zec_code {
    guard_or(zec_code::ZEC_ERR_PANIC, || error.map_or(zec_code::ZEC_OK, |error| error.code))
}

/// A sentence for the log, without a secret. Never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn zec_error_message(error: Option<&zec_error>) -> *const c_char {
    guard_or(c"".as_ptr(), || error.map_or(c"success".as_ptr(), |error| error.message.as_ptr()))
}

/// What the call was doing when it failed: "resolve", "connect", "proxy", "proxy_login" (the proxy refuses the user
/// name and password of its address, or wants some), "tls", "send", "wait" or "body"; or NULL.
#[unsafe(no_mangle)]
pub extern "C" fn zec_error_stage(error: Option<&zec_error>) -> *const c_char {
    guard_or(ptr::null(), || pointer(error.and_then(|error| error.stage.as_ref())))
}

/// What stands in the way of an enrollment, as one word such as "token_expired", or NULL.
#[unsafe(no_mangle)]
pub extern "C" fn zec_error_enrollment_problem(error: Option<&zec_error>) -> *const c_char {
    guard_or(ptr::null(), || pointer(error.and_then(|error| error.enrollment_problem.as_ref())))
}

/// Why a saved session cannot be taken up again, as one word such as "expired", or NULL.
#[unsafe(no_mangle)]
pub extern "C" fn zec_error_session_problem(error: Option<&zec_error>) -> *const c_char {
    guard_or(ptr::null(), || pointer(error.and_then(|error| error.session_problem.as_ref())))
}

/// The HTTP status of the controller's answer, or 0. Controllers of 1.5 and later also send 601 to 606.
#[unsafe(no_mangle)]
pub extern "C" fn zec_error_http_status(error: Option<&zec_error>) -> u16 {
    guard_or(0, || error.and_then(|error| error.answer.as_ref()).map_or(0, |answer| answer.status))
}

/// The controller's code such as "INVALID_AUTH", or NULL.
#[unsafe(no_mangle)]
pub extern "C" fn zec_error_api_code(error: Option<&zec_error>) -> *const c_char {
    guard_or(ptr::null(), || pointer(error.and_then(|error| error.answer.as_ref()).map(|answer| &answer.code)))
}

/// What the controller calls the request in its log, or NULL.
#[unsafe(no_mangle)]
pub extern "C" fn zec_error_request_id(error: Option<&zec_error>) -> *const c_char {
    guard_or(ptr::null(), || pointer(error.and_then(|error| error.answer.as_ref()?.request_id.as_ref())))
}

/// The cause as the controller sent it: JSON of changing shape, or NULL.
#[unsafe(no_mangle)]
pub extern "C" fn zec_error_cause_json(error: Option<&zec_error>) -> *const c_char {
    guard_or(ptr::null(), || pointer(error.and_then(|error| error.answer.as_ref()?.cause_json.as_ref())))
}

/// The milliseconds until another try is of use: as long as the controller asks to be left alone, or, of
/// ZEC_ERR_REJECTED, until a login asks it again (a certificate or external JWT that is refused is believed to be so for
/// ten minutes; zec_client_retry_now has the next call ask). 0 where nothing says so.
#[unsafe(no_mangle)]
pub extern "C" fn zec_error_retry_after_ms(error: Option<&zec_error>) -> u64 {
    guard_or(0, || {
        let pause = error.and_then(|error| error.answer.as_ref()?.retry_after).unwrap_or_default();
        u64::try_from(pause.as_millis()).unwrap_or(u64::MAX)
    })
}

/// True where the same call may succeed later without a change.
#[unsafe(no_mangle)]
pub extern "C" fn zec_error_is_retryable(error: Option<&zec_error>) -> bool {
    guard_or(false, || error.is_some_and(|error| error.is_retryable))
}

#[unsafe(no_mangle)]
pub extern "C" fn zec_error_free(error: Option<Box<zec_error>>) {
    guard_or((), || drop(error));
}

#[cfg(test)]
#[path = "error_tests.rs"]
mod tests;
