//! Enrollment by a password: `updb`.

use std::time::Duration;

use serde_json::json;
use ziti_edge_client::{
    EnrollOptions, Enrollment, EnrollmentProblem as Problem, Identity, PendingEnrollment, Secret, Store,
};
use ziti_edge_testkit::{Fault, IdentityOptions, Operation, TestController, Version};

use crate::network::{json_answer, named, refusal, single};
use crate::place::{Place, problem_of};

const PASSWORD: &str = "open \"sesame\" <1>";

fn with(username: &str) -> EnrollOptions {
    EnrollOptions::new().username(username).password(Secret::new(PASSWORD)).timeout(Duration::from_secs(10))
}

fn token(controller: &TestController) -> String {
    controller.create_identity_with(IdentityOptions { method: "updb".to_owned(), ..named("alice") }).jwt
}

fn resume(place: &Place, jwt: &str, options: EnrollOptions) -> Result<Identity, ziti_edge_client::Error> {
    Enrollment::parse(jwt).unwrap().resume(&options.store(Store::file(place.target())))
}

#[test]
fn a_password_is_set_and_the_identity_has_no_certificate() {
    for version in Version::ALL {
        let controller = TestController::builder().version(version).start().unwrap();
        let place = Place::new();

        let identity = place.enroll_with(&token(&controller), with("alice")).unwrap();

        assert_eq!(identity.username(), Some("alice"), "{version:?}");
        assert_eq!(place.names(), ["alice.json"]);
        let text = String::from_utf8(place.read("alice.json")).unwrap();
        assert!(!text.contains("sesame") && !text.contains("alice"), "{text}");
        let file: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(file["ztAPI"], controller.api_url());
        let members: Vec<_> = file["id"].as_object().unwrap().keys().collect();
        assert_eq!(members, ["ca"], "{version:?}");
        let loaded = Identity::load(place.target()).unwrap();
        assert_eq!((loaded.username(), loaded.describe().certificate.is_none()), (None, true));
        assert!(loaded.controllers().eq([controller.url()]));
    }
}

#[test]
fn the_request_is_the_one_that_all_versions_take_and_shows_no_certificate() {
    for version in Version::ALL {
        let controller = TestController::builder().version(version).start().unwrap();
        let created = controller.create_identity_with(IdentityOptions { method: "updb".to_owned(), ..named("alice") });
        Place::new().enroll_with(&created.jwt, with("alice")).unwrap();
        let seen = controller.requests();
        let operations: Vec<_> = seen.iter().map(|seen| seen.operation).collect();
        assert_eq!(operations, [Operation::Version, Operation::CaCerts, Operation::Enroll], "{version:?}");
        assert_eq!((seen[2].method.as_str(), seen[2].path.as_str()), ("POST", "/edge/client/v1/enroll"));
        assert_eq!(seen[2].query, format!("method=updb&token={}", created.token));
        assert_eq!(seen[2].header("content-type"), Some("application/json"));
        assert_eq!(seen[2].body, br#"{"username":"alice","password":"open \"sesame\" <1>"}"#);
        assert!(seen.iter().all(|seen| !seen.peer_has_certificate));
    }
}

#[test]
fn the_name_of_the_enrollment_counts_where_the_controller_tells_it() {
    for (version, told) in [(Version::V1_3, "somebody"), (Version::V1_6, "alice"), (Version::V2_0, "alice")] {
        let controller = TestController::builder().version(version).start().unwrap();
        let identity = Place::new().enroll_with(&token(&controller), with("somebody")).unwrap();
        assert_eq!(identity.username(), Some(told), "{version:?}");
    }
}

#[test]
fn a_password_that_is_not_taken_spends_nothing_and_is_not_repeated() {
    for version in Version::ALL {
        let controller = TestController::builder().version(version).start().unwrap();
        let (jwt, place) = (token(&controller), Place::new());
        let short = with("alice").password(Secret::new("qZ7"));

        let error = place.enroll_with(&jwt, short).unwrap_err();

        assert!(!format!("{error} {error:?}").contains("qZ7"), "{error:?}");
        assert_eq!(problem_of(error).0, Problem::PasswordRefused, "{version:?}");
        assert_eq!(place.names(), [""; 0]);
        place.enroll_with(&jwt, with("alice")).unwrap();
    }
}

#[test]
fn what_the_controller_refuses_is_told_and_leaves_nothing_behind() {
    let controller = single();
    for (fault, expected) in [
        (refusal(400, "INVALID_ENROLLMENT_TOKEN"), Problem::TokenNotKnown),
        (refusal(400, "ENROLLMENT_EXPIRED"), Problem::TokenExpired),
        (refusal(400, "INVALID_ENROLL_METHOD"), Problem::WrongMethod),
        (refusal(409, "ENROLLMENT_IDENTITY_ALREADY_ENROLLED"), Problem::AlreadyEnrolled),
        (refusal(602, "COULD_NOT_VALIDATE"), Problem::PasswordRefused),
        (refusal(403, "ELSE"), Problem::Refused),
    ] {
        controller.fault_times(Operation::Enroll, fault, 1);
        let (jwt, place) = (token(&controller), Place::new());
        assert_eq!(problem_of(place.enroll_with(&jwt, with("alice")).unwrap_err()).0, expected);
        assert_eq!(place.names(), [""; 0]);
        place.enroll_with(&jwt, with("alice")).unwrap();
    }
}

#[test]
fn a_token_for_a_password_works_once() {
    let controller = single();
    let jwt = token(&controller);
    Place::new().enroll_with(&jwt, with("alice")).unwrap();
    assert_eq!(problem_of(Place::new().enroll_with(&jwt, with("alice")).unwrap_err()).0, Problem::TokenNotKnown);
}

#[test]
fn a_password_whose_answer_was_lost_is_found_out_by_resuming() {
    for version in Version::ALL {
        for (fault, logins) in [(Fault::LostAnswer, 1), (Fault::CloseBeforeAnswer, 0)] {
            let controller = TestController::builder().version(version).start().unwrap();
            let (jwt, place) = (token(&controller), Place::new());
            controller.fault_times(Operation::Enroll, fault.clone(), 1);

            let error = place.enroll_with(&jwt, with("alice")).unwrap_err();

            assert_eq!(problem_of(error).0, Problem::MaybeSpent);
            assert_eq!(place.progress(&jwt), PendingEnrollment::AnswerLost);
            let kept = String::from_utf8(place.read("alice.json.pending")).unwrap();
            assert!(!kept.contains("sesame"), "{kept}");
            let identity = resume(&place, &jwt, with("alice")).unwrap();
            assert_eq!(identity.username(), Some("alice"), "{version:?} {fault:?}");
            assert_eq!(controller.count(Operation::Authenticate), logins, "{version:?} {fault:?}");
            assert_eq!(place.names(), ["alice.json"]);
        }
    }
}

#[test]
fn another_password_than_the_one_that_was_set_is_no_proof() {
    let controller = single();
    let (jwt, place) = (token(&controller), Place::new());
    controller.fault_times(Operation::Enroll, Fault::LostAnswer, 1);
    place.enroll_with(&jwt, with("alice")).unwrap_err();

    let error = resume(&place, &jwt, with("alice").password(Secret::new("another one"))).unwrap_err();

    let (problem, message) = problem_of(error);
    assert_eq!(problem, Problem::TokenNotKnown);
    assert!(message.contains("it cannot log in"), "{message}");
    assert_eq!(place.names(), ["alice.json.pending"]);
    assert_eq!(resume(&place, &jwt, with("alice")).unwrap().username(), Some("alice"));
}

/// The place was taken while the controller answered.
#[test]
fn an_identity_that_could_not_be_stored_is_stored_by_the_next_try() {
    let controller = single();
    let (jwt, place) = (token(&controller), Place::new());
    controller.fault_times(Operation::Enroll, Fault::Late(Duration::from_millis(300)), 1);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while controller.count(Operation::Enroll) == 0 {
                std::thread::sleep(Duration::from_millis(5));
            }
            std::fs::write(place.target(), "of somebody else").unwrap();
        });
        place.enroll_with(&jwt, with("somebody")).unwrap_err();
    });
    std::fs::remove_file(place.target()).unwrap();
    assert_eq!(place.progress(&jwt), PendingEnrollment::CarriedOut);
    let identity = place.enroll_with(&jwt, with("somebody")).unwrap();
    assert_eq!(identity.username(), Some("alice"), "the name was kept");
    assert_eq!(controller.count(Operation::Enroll), 1);
}

#[test]
fn clocks_that_are_three_days_apart_do_not_matter() {
    for move_clock in [TestController::advance, TestController::set_back] {
        let controller = single();
        move_clock(&controller, Duration::from_secs(3 * 24 * 3600));
        let place = Place::new();
        place.enroll_with(&token(&controller), with("alice")).unwrap();
        assert_eq!(place.names(), ["alice.json"]);
    }
}

/// As newer controllers answer.
#[test]
fn controllers_that_the_answer_tells_of_are_kept() {
    let controller = single();
    let address =
        |url: &str| json!({"edge-client": [{"version": "v1", "url": url}], "edge-oidc": [{"url": "https://no:1"}]});
    let urls = ["https://second.test:1280/edge/client/v1", "http://not-this.test", &controller.api_url()];
    let told: Vec<_> = urls.iter().map(|url| json!({"name": "c", "apiAddresses": address(url)})).collect();
    controller.fault(Operation::Enroll, json_answer(200, json!({"data": {"controllers": told}, "meta": {}})));
    let identity = Place::new().enroll_with(&token(&controller), with("alice")).unwrap();
    assert!(identity.controllers().eq([controller.url().as_str(), "https://second.test:1280"]), "{identity:?}");
}

#[test]
fn a_node_of_a_cluster_is_given_time_to_learn_of_a_token() {
    let cluster = TestController::builder().version(Version::V2_0).start().unwrap();
    cluster.fault_times(Operation::Enroll, refusal(400, "INVALID_ENROLLMENT_TOKEN"), 2);
    Place::new().enroll_with(&token(&cluster), with("alice")).unwrap();
    assert_eq!(cluster.count(Operation::Enroll), 3);
    cluster.fault_times(Operation::Enroll, refusal(400, "INVALID_ENROLLMENT_TOKEN"), 1);
    Place::new().enroll(&cluster.create_router().jwt).unwrap();
    assert_eq!(cluster.count(Operation::Enroll), 5, "routers alike");
}
