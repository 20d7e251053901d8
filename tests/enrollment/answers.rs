//! What a controller answers to the request that spends the token.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::json;
use ziti_edge_client::{EnrollOptions, EnrollmentProblem, Error};
use ziti_edge_testkit::{Fault, Operation, TestController, Version};

use crate::network::{asks_for, foreign_certificate, json_answer, refusal, single};
use crate::place::{Place, problem_of};

#[test]
fn a_refusal_says_what_is_wrong_and_leaves_nothing_behind() {
    use EnrollmentProblem as Problem;
    let controller = single();
    for (status, code, expected) in [
        (400, "INVALID_ENROLLMENT_TOKEN", Problem::TokenNotKnown),
        (400, "ENROLLMENT_EXPIRED", Problem::TokenExpired),
        (400, "INVALID_ENROLL_METHOD", Problem::WrongMethod),
        (400, "COULD_NOT_PROCESS_CSR", Problem::CsrRefused),
        (400, "MISSING_OR_INVALID_CSR", Problem::CsrRefused),
        (409, "CERT_IN_USE", Problem::CertificateInUse),
        (409, "ENROLLMENT_IDENTITY_ALREADY_ENROLLED", Problem::AlreadyEnrolled),
        (400, "INVALID_ENROLLMENT_ALREADY_ENROLLED", Problem::AlreadyEnrolled),
        (400, "EDGE_ROUTER_ENROLL_COMMON_NAME_INVALID", Problem::CsrRefused),
        (400, "CERT_FAILED_VALIDATION", Problem::CertificateRefused),
        (400, "CERTIFICATE_FAILED_VALIDATION", Problem::CertificateRefused),
        (400, "MISSING_CERT_CLAIM", Problem::CertificateRefused),
        (400, "ENROLLMENT_NO_VALID_CAS", Problem::CertificateRefused),
        (400, "ENROLLMENT_CA_NOT_VALID", Problem::CertificateRefused),
        (409, "ENROLLMENT_NOT_ALLOWED", Problem::NotAllowed),
        (409, "INVALID_ENROLLMENT_NOT_ALLOWED", Problem::NotAllowed),
        (400, "COULD_NOT_VALIDATE", Problem::Refused),
        (602, "COULD_NOT_VALIDATE", Problem::Refused),
        (401, "UNAUTHORIZED", Problem::Refused),
        (404, "NOT_FOUND", Problem::Refused),
        (302, "ELSEWHERE", Problem::Refused),
    ] {
        controller.fault_times(Operation::Enroll, refusal(status, code), 1);
        let jwt = controller.create_identity("alice");
        let place = Place::new();
        let before = controller.count(Operation::Enroll);

        let error = place.enroll(&jwt).unwrap_err();

        let answer = error.answer().expect("the controller's answer is kept");
        assert_eq!(answer.status, status);
        if status == 302 {
            assert!(error.to_string().contains("redirects are not followed"), "{error}");
        } else {
            assert_eq!((answer.code.as_str(), answer.request_id.as_deref()), (code, Some("r3Qu3sT")));
        }
        let (problem, message) = problem_of(error);
        assert_eq!(problem, expected, "{code}");
        assert!(message.starts_with(advice(problem)), "{message}");
        assert_eq!(controller.count(Operation::Enroll), before + 1, "{code}: asked once");
        assert_eq!(place.names(), [""; 0], "{code}");
        place.enroll(&jwt).unwrap_or_else(|error| panic!("{code}: the token was not spent: {error}"));
    }
}

/// What an administrator reads first. It claims no more than the controller said.
fn advice(problem: EnrollmentProblem) -> &'static str {
    use EnrollmentProblem as Problem;
    match problem {
        Problem::TokenNotKnown => {
            "the controller does not know the token: it was used, deleted or replaced; ask for a new one"
        }
        Problem::TokenExpired => "the token expired; ask for a new one",
        Problem::WrongMethod => "the token was made for another method",
        Problem::CsrRefused => "the controller cannot use the certificate request",
        Problem::CertificateInUse => "the certificate belongs to an identity already; enroll another one, or have",
        Problem::AlreadyEnrolled => "the identity is enrolled already; log in with what it enrolled by",
        // Of the certificate, or of its CA.
        Problem::CertificateRefused => "",
        Problem::NotAllowed => "the network does not allow this way to enroll: have the signer enabled for it",
        Problem::Refused => "the controller refused the enrollment: ",
        other => panic!("{other:?} is no refusal"),
    }
}

#[test]
fn an_answer_that_is_lost_keeps_the_key_and_is_not_asked_for_again() {
    let controller = single();
    for fault in [
        Fault::LostAnswer,
        Fault::CloseBeforeAnswer,
        Fault::Reset,
        Fault::ResetInBody,
        Fault::Truncate,
        Fault::StallBeforeAnswer,
        Fault::StallInHeaders,
        Fault::StallInBody,
        Fault::Oversized { bytes: 2 * 1024 * 1024 },
        Fault::HugeHeaders,
        Fault::Status(500),
        Fault::Status(502),
        Fault::Status(504),
        Fault::Status(524),
    ] {
        controller.fault_times(Operation::Enroll, fault.clone(), 1);
        controller.clear_requests();
        let place = Place::new();
        let timeout = EnrollOptions::new().timeout(Duration::from_millis(700));

        let error = place.enroll_with(&controller.create_identity("alice"), timeout).unwrap_err();

        let (problem, message) = problem_of(error);
        assert_eq!(problem, EnrollmentProblem::MaybeSpent, "{fault:?}: {message}");
        assert!(message.contains("not repeated"), "{message}");
        assert_eq!(place.names(), ["alice.json.pending"], "{fault:?}");
        let seen = controller.requests();
        let sent: Vec<_> = seen.iter().filter(|seen| seen.operation == Operation::Enroll).collect();
        assert_eq!(sent.len(), 1, "{fault:?}");
        assert!(
            asks_for(&sent[0].body, &place.pending_key()),
            "{fault:?}: the key that is kept is the one that was sent"
        );
        controller.clear_faults();
    }
}

#[test]
fn an_earlier_key_whose_token_may_be_spent_outlives_the_next_enrollment() {
    let controller = single();
    controller.fault_times(Operation::Enroll, Fault::LostAnswer, 1);
    let place = Place::new();
    place.enroll(&controller.create_identity("alice")).unwrap_err();
    let earlier = place.pending_key();

    place.enroll(&controller.create_identity("alice")).unwrap();

    assert_eq!(place.names(), ["alice.json", "alice.json.pending.1"]);
    assert!(String::from_utf8(place.read("alice.json.pending.1")).unwrap().contains(&earlier.replace('\n', "\\n")));
}

/// The certificate was issued, but its place was taken meanwhile, or a crash came before it was stored.
#[test]
fn a_certificate_that_could_not_be_stored_is_stored_by_the_next_try() {
    let controller = single();
    let (jwt, place) = (controller.create_identity("alice"), Place::new());
    controller.fault_times(Operation::Enroll, Fault::Late(Duration::from_millis(300)), 1);
    let error = std::thread::scope(|scope| {
        scope.spawn(|| {
            while controller.count(Operation::Enroll) == 0 {
                std::thread::sleep(Duration::from_millis(5));
            }
            fs::write(place.target(), "of somebody else").unwrap();
        });
        place.enroll(&jwt).unwrap_err()
    });
    assert!(matches!(error, Error::Storage { .. }), "{error:?}");
    assert!(error.to_string().contains("the token is spent"), "{error}");
    assert_eq!(place.read("alice.json"), b"of somebody else");
    let key = place.pending_key();
    fs::remove_file(place.target()).unwrap();

    let identity = place.enroll(&jwt).unwrap();

    assert!(identity.to_json().expose().contains(&key.replace('\n', "\\n")), "it has the key that was sent");
    assert_eq!(controller.count(Operation::Enroll), 1, "the request is not repeated");
    assert_eq!(place.names(), ["alice.json"]);
}

#[test]
fn a_busy_controller_is_asked_again() {
    for version in Version::ALL {
        let controller = TestController::builder().version(version).start().unwrap();
        let busy = Fault::TooManyRequests { retry_after: None };
        controller.fault_times(Operation::Enroll, busy, 1);
        controller.fault_times(Operation::Enroll, Fault::Status(503), 1);
        let place = Place::new();

        place.enroll(&controller.create_identity("alice")).unwrap();

        assert_eq!(controller.count(Operation::Enroll), 3, "{version:?}");
        assert_eq!(place.names(), ["alice.json"]);
    }
}

#[test]
fn a_controller_that_stays_busy_ends_the_call_in_time_and_spends_nothing() {
    let controller = single();
    let jwt = controller.create_identity("alice");
    for fault in [Fault::Status(503), Fault::TooManyRequests { retry_after: Some("3600".into()) }] {
        controller.fault(Operation::Enroll, fault.clone());
        let place = Place::new();
        let start = Instant::now();

        let error = place.enroll_with(&jwt, EnrollOptions::new().timeout(Duration::from_secs(1))).unwrap_err();

        assert!(matches!(error, Error::Busy(_)), "{error:?}");
        assert!(start.elapsed() < Duration::from_millis(1250), "{fault:?}: {:?}", start.elapsed());
        assert_eq!(place.names(), [""; 0], "{fault:?}");
    }
    controller.clear_faults();
    Place::new().enroll(&jwt).unwrap();
}

/// A node may not have heard yet of a token that another node made.
#[test]
fn a_node_of_a_cluster_is_given_time_to_learn_of_a_token() {
    let cluster = TestController::builder().version(Version::V2_0).start().unwrap();
    cluster.fault_times(Operation::Enroll, refusal(400, "INVALID_ENROLLMENT_TOKEN"), 2);
    Place::new().enroll(&cluster.create_identity("alice")).unwrap();
    assert_eq!(cluster.count(Operation::Enroll), 3);

    let alone = single();
    alone.fault_times(Operation::Enroll, refusal(400, "INVALID_ENROLLMENT_TOKEN"), 1);
    assert_eq!(Place::new().problem(&alone.create_identity("alice")).0, EnrollmentProblem::TokenNotKnown);
    assert_eq!(alone.count(Operation::Enroll), 1);
}

#[test]
fn a_token_that_a_cluster_does_not_know_is_asked_for_two_seconds_at_most() {
    let cluster = TestController::builder().version(Version::V2_0).start().unwrap();
    cluster.fault(Operation::Enroll, refusal(400, "INVALID_ENROLLMENT_TOKEN"));
    let start = Instant::now();
    assert_eq!(Place::new().problem(&cluster.create_identity("alice")).0, EnrollmentProblem::TokenNotKnown);
    assert!(start.elapsed() < Duration::from_millis(2250), "{:?}", start.elapsed());
    assert!(cluster.count(Operation::Enroll) > 2);
}

#[test]
fn an_answer_without_a_usable_certificate_says_that_the_token_is_spent_and_keeps_the_key() {
    let controller = single();
    let foreign = foreign_certificate(&controller);
    let pem = |content_type: &str, body: &str| Fault::Body {
        status: 200,
        content_type: content_type.to_owned(),
        body: body.as_bytes().to_vec(),
    };
    let cert = |text: &str| json_answer(200, json!({"data": {"cert": text}, "meta": {}}));
    for (fault, reason) in [
        (json_answer(200, json!({})), "holds no certificate"),
        (json_answer(200, json!({"data": null, "meta": {}})), "holds no certificate"),
        (json_answer(200, json!({"data": {}, "meta": {}})), "holds no certificate"),
        (json_answer(200, json!([])), "holds no certificate"),
        (json_answer(200, json!({"data": {"cert": 7}, "meta": {}})), "holds no certificate"),
        (cert(""), "no certificate"),
        (cert("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), "certificate 1"),
        (cert(&foreign[..300]), "cut off"),
        (cert(&foreign), "another key"),
        (pem("application/x-pem-file", &foreign), "another key"),
        (pem("text/plain; charset=utf-8", &foreign), "another key"),
        (pem("application/json", &foreign), "another key"),
        (pem("", &foreign), "another key"),
        (Fault::EmptyBody, "body is empty"),
        (Fault::BadJson, "holds no certificate"),
        (Fault::Html, "holds no certificate"),
    ] {
        controller.fault_times(Operation::Enroll, fault.clone(), 1);
        let place = Place::new();
        let (problem, message) = place.problem(&controller.create_identity("alice"));
        assert_eq!(problem, EnrollmentProblem::BadCertificate, "{message}");
        assert!(message.contains(reason) && message.contains("spent"), "{reason}: {message}");
        assert_eq!(place.names(), ["alice.json.pending"], "{message}");
        let kept = String::from_utf8(place.read("alice.json.pending")).unwrap();
        let answered_none = ["holds no certificate", "body is empty"].contains(&reason);
        assert_eq!(kept.contains("\"cert\""), !answered_none, "{reason}: {kept}");
    }
}
