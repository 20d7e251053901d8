//! Enrollments that were interrupted, and what becomes of them.

use std::fs;
use std::time::Duration;

use ziti_edge_client::{
    Client, EnrollOptions, Enrollment, EnrollmentProblem, Error, Identity, PendingEnrollment, Store,
};
use ziti_edge_testkit::{Fault, Operation, TestController, Version};

use crate::network::{asks_for, refusal, single};
use crate::place::{Place, problem_of};

/// Enrolls, loses the answer by this fault, and returns the token and the request that was seen.
fn interrupted(controller: &TestController, place: &Place, fault: Fault) -> (String, Vec<u8>) {
    let jwt = controller.create_identity("alice");
    controller.fault_times(Operation::Enroll, fault, 1);
    let options = EnrollOptions::new().timeout(Duration::from_secs(2));
    assert_eq!(problem_of(place.enroll_with(&jwt, options).unwrap_err()).0, EnrollmentProblem::MaybeSpent);
    (jwt, last_request(controller))
}

fn last_request(controller: &TestController) -> Vec<u8> {
    let seen = controller.requests().into_iter().rfind(|seen| seen.operation == Operation::Enroll);
    seen.expect("an enrollment was seen").body
}

#[test]
fn a_request_that_was_not_carried_out_is_sent_again_with_the_same_key() {
    for version in Version::ALL {
        for fault in [Fault::CloseBeforeAnswer, Fault::Reset, Fault::Status(502)] {
            let controller = TestController::builder().version(version).start().unwrap();
            let place = Place::new();
            let (jwt, request) = interrupted(&controller, &place, fault.clone());
            assert_eq!(place.progress(&jwt), PendingEnrollment::AnswerLost, "{fault:?}");
            let key = place.pending_key();

            let identity = place.resume(&jwt).unwrap_or_else(|error| panic!("{version:?} {fault:?}: {error}"));

            assert_eq!(last_request(&controller), request, "{fault:?}: byte for byte");
            assert!(asks_for(&request, &key) && identity.to_json().expose().contains(&key.replace('\n', "\\n")));
            assert_eq!((controller.count(Operation::Enroll), place.names()), (2, vec!["alice.json".to_owned()]));
            assert_eq!(place.progress(&jwt), PendingEnrollment::Nothing);
            Client::new(&Identity::load(place.target()).unwrap()).unwrap().authenticate().unwrap();
        }
    }
}

#[test]
fn a_request_that_was_carried_out_is_answered_once_and_the_key_stays() {
    for fault in [Fault::LostAnswer, Fault::ResetInBody, Fault::Truncate] {
        let (controller, place) = (single(), Place::new());
        let (jwt, request) = interrupted(&controller, &place, fault.clone());
        let before = place.read("alice.json.pending");

        let error = place.resume(&jwt).unwrap_err();

        let answer = error.answer().expect("the controller's answer is kept");
        assert_eq!(answer.code, "INVALID_ENROLLMENT_TOKEN");
        let (problem, message) = problem_of(error);
        assert_eq!(problem, EnrollmentProblem::TokenNotKnown, "{fault:?}");
        assert!(
            message.contains("the first request was carried out") && message.contains("the key stays"),
            "{message}"
        );
        assert!(message.contains("INVALID_ENROLLMENT_TOKEN"), "{message}");
        assert_eq!(last_request(&controller), request);
        assert_eq!(place.names(), ["alice.json.pending"], "{fault:?}");
        assert_eq!(place.read("alice.json.pending"), before, "{fault:?}: as it was");
    }
}

#[test]
fn without_being_told_to_nobody_sends_such_a_request_again() {
    let (controller, place) = (single(), Place::new());
    let (jwt, _) = interrupted(&controller, &place, Fault::LostAnswer);
    controller.clear_requests();

    let (problem, message) = place.problem(&jwt);

    assert_eq!(problem, EnrollmentProblem::MaybeSpent);
    assert!(message.contains("nothing was sent now") && message.contains("resume"), "{message}");
    assert_eq!(controller.requests().len(), 0);
    assert_eq!(place.names(), ["alice.json.pending"]);
}

#[test]
fn whatever_else_a_resumed_request_is_answered_the_key_stays() {
    let (controller, place) = (single(), Place::new());
    let (jwt, request) = interrupted(&controller, &place, Fault::CloseBeforeAnswer);
    for fault in [
        refusal(400, "COULD_NOT_PROCESS_CSR"),
        refusal(400, "ENROLLMENT_EXPIRED"),
        Fault::Status(500),
        Fault::Status(503),
        Fault::Reset,
    ] {
        controller.fault(Operation::Enroll, fault.clone());
        let options = EnrollOptions::new().timeout(Duration::from_millis(700)).store(Store::file(place.target()));
        Enrollment::parse(&jwt).unwrap().resume(&options).unwrap_err();
        assert_eq!(place.progress(&jwt), PendingEnrollment::AnswerLost, "{fault:?}");
        assert_eq!(last_request(&controller), request, "{fault:?}");
        controller.clear_faults();
    }
    place.resume(&jwt).unwrap();
    assert_eq!(place.names(), ["alice.json"]);
}

#[test]
fn a_controller_that_cannot_be_reached_leaves_what_there_was_to_resume() {
    let (controller, place) = (single(), Place::new());
    let (jwt, _) = interrupted(&controller, &place, Fault::CloseBeforeAnswer);
    let before = place.read("alice.json.pending");
    controller.fault(Operation::Any, Fault::Refuse);

    let error = place.resume(&jwt).unwrap_err();

    assert!(matches!(error, Error::Transport { .. }), "{error:?}");
    assert_eq!(place.read("alice.json.pending"), before);
    controller.clear_faults();
    place.resume(&jwt).unwrap();
}

/// The next enrollment of the same name moves the key aside, where it is found again.
#[test]
fn a_key_that_was_moved_aside_is_found_and_brought_back() {
    let (controller, place) = (single(), Place::new());
    let (first, request) = interrupted(&controller, &place, Fault::CloseBeforeAnswer);
    let (second, _) = interrupted(&controller, &place, Fault::LostAnswer);
    assert_eq!(place.names(), ["alice.json.pending", "alice.json.pending.1"]);
    for jwt in [&first, &second] {
        assert_eq!(place.progress(jwt), PendingEnrollment::AnswerLost);
    }

    place.resume(&first).unwrap();

    assert_eq!(last_request(&controller), request);
    assert_eq!(place.names(), ["alice.json", "alice.json.pending.2"], "the other one is kept");
    assert_eq!(place.progress(&first), PendingEnrollment::Nothing);
    assert_eq!(place.progress(&second), PendingEnrollment::AnswerLost);
}

/// As after a crash between the writing of the key and that of its journal.
#[test]
fn a_key_that_was_never_sent_is_used_by_the_next_enrollment() {
    let (controller, place) = (single(), Place::new());
    for goes_on in [Place::resume, Place::enroll] {
        let (jwt, _) = interrupted(&controller, &place, Fault::CloseBeforeAnswer);
        let sidecar = place.target().with_file_name("alice.json.pending");
        let mut journal: serde_json::Value = serde_json::from_slice(&place.read("alice.json.pending")).unwrap();
        assert!(journal.as_object_mut().unwrap().remove("sentAt").is_some(), "{journal}");
        fs::write(&sidecar, journal.to_string()).unwrap();
        assert_eq!(place.progress(&jwt), PendingEnrollment::KeyKept);
        let key = place.pending_key();

        let identity = goes_on(&place, &jwt).unwrap();

        assert!(identity.to_json().expose().contains(&key.replace('\n', "\\n")));
        fs::remove_file(place.target()).unwrap();
    }
}

#[test]
fn a_certificate_that_is_there_already_is_not_asked_for_again() {
    let (controller, place) = (single(), Place::new());
    let jwt = controller.create_identity("alice");
    controller.fault_times(Operation::Enroll, Fault::Late(Duration::from_millis(300)), 1);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while controller.count(Operation::Enroll) == 0 {
                std::thread::sleep(Duration::from_millis(5));
            }
            fs::write(place.target(), "of somebody else").unwrap();
        });
        place.enroll(&jwt).unwrap_err();
    });
    fs::remove_file(place.target()).unwrap();
    assert_eq!(place.progress(&jwt), PendingEnrollment::CertificateIssued);

    place.resume(&jwt).unwrap();

    assert_eq!(controller.count(Operation::Enroll), 1);
    assert_eq!(place.names(), ["alice.json"]);
}

#[test]
fn where_nothing_is_kept_there_is_nothing_to_resume() {
    let (controller, place) = (single(), Place::new());
    let jwt = controller.create_identity("alice");
    let token = Enrollment::parse(&jwt).unwrap();
    let message = place.resume(&jwt).unwrap_err().to_string();
    assert!(message.contains("alice.json: no enrollment with this token is to be resumed"), "{message}");
    for options in [EnrollOptions::new(), EnrollOptions::new().store(Store::hook(|_, _| Ok(())))] {
        let error = token.resume(&options).unwrap_err();
        assert!(matches!(&error, Error::InvalidArgument(why) if why.contains("name its store")), "{error:?}");
    }
    place.enroll(&jwt).unwrap();
    let message = place.resume(&jwt).unwrap_err().to_string();
    assert!(message.contains("alice.json: exists already"), "{message}");
    assert_eq!(controller.count(Operation::Enroll), 1);
    let elsewhere = Store::file(place.target().join("no/such/folder.json"));
    assert_eq!(token.pending(&elsewhere).unwrap(), PendingEnrollment::Nothing);
    assert_eq!(token.pending(&Store::hook(|_, _| Ok(()))).unwrap(), PendingEnrollment::Nothing);
}

#[test]
fn a_damaged_journal_is_nobodys_and_is_not_lost() {
    let (controller, place) = (single(), Place::new());
    let (jwt, _) = interrupted(&controller, &place, Fault::CloseBeforeAnswer);
    let sidecar = place.target().with_file_name("alice.json.pending");
    let torn = place.read("alice.json.pending");
    fs::write(&sidecar, &torn[..torn.len() / 2]).unwrap();
    assert_eq!(place.progress(&jwt), PendingEnrollment::Nothing);
    place.resume(&jwt).unwrap_err();

    place.enroll(&jwt).unwrap();

    assert_eq!(place.names(), ["alice.json", "alice.json.pending.1"]);
    assert_eq!(place.read("alice.json.pending.1"), torn[..torn.len() / 2]);
}
