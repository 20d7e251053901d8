use std::ffi::CStr;

use serde_json::value::RawValue;

use super::*;

fn read<'a>(text: *const c_char) -> Option<&'a str> {
    // SAFETY: an error's texts are NULL or NUL-terminated, and the tests keep their errors.
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_str().unwrap())
}

fn answer() -> ApiError {
    ApiError {
        status: 429,
        code: "SERVER_TOO_MANY_REQUESTS".into(),
        message: "too many requests".into(),
        cause: Some(RawValue::from_string(r#"{"reason":"rate limited"}"#.into()).unwrap()),
        request_id: Some("r-1".into()),
        retry_after: Some(Duration::from_millis(1500)),
        operation: "GET /services".into(),
    }
}

#[test]
fn what_the_controller_answered_can_be_read() {
    let error = zec_error::new(&Error::Busy(Box::new(answer())));
    let error = Some(&error);
    assert_eq!(zec_error_code(error), zec_code::ZEC_ERR_BUSY);
    assert_eq!(zec_error_http_status(error), 429);
    assert_eq!(read(zec_error_api_code(error)), Some("SERVER_TOO_MANY_REQUESTS"));
    assert_eq!(read(zec_error_cause_json(error)), Some(r#"{"reason":"rate limited"}"#));
    assert_eq!(read(zec_error_request_id(error)), Some("r-1"));
    assert_eq!(zec_error_retry_after_ms(error), 1500);
    assert!(zec_error_is_retryable(error));
    assert_eq!(read(zec_error_stage(error)), None);
    let message = read(zec_error_message(error)).unwrap();
    assert!(message.contains("too many requests") && message.contains("rate limited"), "{message}");
}

#[test]
fn a_timeout_says_its_stage() {
    let error = zec_error::new(&Error::Timeout {
        stage: Stage::Tls,
        controller: None,
        proxy: None,
        limit: Duration::from_secs(2),
    });
    assert_eq!(zec_error_code(Some(&error)), zec_code::ZEC_ERR_TIMEOUT);
    assert_eq!(read(zec_error_stage(Some(&error))), Some("tls"));
    assert_eq!(zec_error_http_status(Some(&error)), 0);
    assert_eq!(read(zec_error_api_code(Some(&error))), None);
}

#[test]
fn an_enrollment_says_its_problem_in_one_word() {
    let error = zec_error::new(&Error::enrollment(EnrollmentProblem::TokenExpired, "the token is over"));
    assert_eq!(zec_error_code(Some(&error)), zec_code::ZEC_ERR_ENROLLMENT);
    assert_eq!(read(zec_error_enrollment_problem(Some(&error))), Some("token_expired"));
    let error = zec_error::new(&Error::Identity("no key".into()));
    assert_eq!(read(zec_error_enrollment_problem(Some(&error))), None);
}

#[test]
fn the_numbers_of_the_codes_are_the_published_ones() {
    let published = [
        (zec_code::ZEC_OK, 0),
        (zec_code::ZEC_ERR_INVALID_ARGUMENT, 1),
        (zec_code::ZEC_ERR_TRANSPORT, 2),
        (zec_code::ZEC_ERR_API, 3),
        (zec_code::ZEC_ERR_UNAUTHORIZED, 4),
        (zec_code::ZEC_ERR_DECODE, 5),
        (zec_code::ZEC_ERR_PANIC, 6),
        (zec_code::ZEC_ERR_TIMEOUT, 7),
        (zec_code::ZEC_ERR_CANCELED, 8),
        (zec_code::ZEC_ERR_TLS, 9),
        (zec_code::ZEC_ERR_IDENTITY, 10),
        (zec_code::ZEC_ERR_ENROLLMENT, 11),
        (zec_code::ZEC_ERR_LOGIN_PENDING, 12),
        (zec_code::ZEC_ERR_REJECTED, 13),
        (zec_code::ZEC_ERR_UNSUPPORTED, 14),
        (zec_code::ZEC_ERR_BUSY, 15),
        (zec_code::ZEC_ERR_STORAGE, 16),
    ];
    for (code, number) in published {
        assert_eq!(code as i32, number, "{code:?}");
    }
}

#[test]
fn a_nul_in_a_message_does_not_hide_the_rest() {
    let error = zec_error::new(&Error::Identity("a\0b".into()));
    assert_eq!(read(zec_error_message(Some(&error))), Some("a\u{FFFD}b"));
}
