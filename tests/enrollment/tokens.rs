//! Tokens whose time, method or use is wrong.

use std::cell::RefCell;
use std::time::{Duration, SystemTime};

use serde_json::json;
use ziti_edge_client::{EnrollOptions, Enrollment, EnrollmentProblem, Error, Store};
use ziti_edge_testkit::{IdentityOptions, Operation, TestController, Version};

use crate::network::{claims, named, single, token_with};
use crate::place::{Place, problem_of};

const HOUR: Duration = Duration::from_secs(3600);
const THREE_DAYS: Duration = Duration::from_secs(3 * 24 * 3600);

#[test]
fn a_token_may_lie_in_a_file() {
    let (controller, folder) = (single(), tempfile::tempdir().unwrap());
    let file = folder.path().join("alice.jwt");
    std::fs::write(&file, format!("\n{}\r\n", controller.create_identity("alice"))).unwrap();
    let place = Place::new();
    let options = EnrollOptions::new().store(Store::file(place.target()));
    Enrollment::load(&file).unwrap().enroll(&options).unwrap();
    assert_eq!(place.names(), ["alice.json"]);
}

#[test]
fn a_file_that_holds_no_token_is_named_with_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("alice.jwt");
    let transit = "e30.e30.e30";
    for (content, reason) in [
        (&b""[..], "is empty"),
        (b" \n", "is empty"),
        (b"\xff\xfeh\0", "is UTF-16 text; save it as UTF-8"),
        (b"\xef\xbb\xbfa.b.c", "begins with a byte order mark"),
        (b"\xc3\x28", "is not UTF-8"),
        (b"{}", "expected three parts"),
        (transit.as_bytes(), "the header names no alg"),
        (&[b'a'; 17_000], "17000 bytes are too long"),
    ] {
        std::fs::write(&file, content).unwrap();
        let (problem, message) = problem_of(Enrollment::load(&file).map(drop).unwrap_err());
        assert_eq!(problem, EnrollmentProblem::TokenMalformed, "{message}");
        assert!(message.contains("alice.jwt") && message.contains(reason), "{reason}: {message}");
    }
    let (problem, message) = problem_of(Enrollment::load(folder.path()).map(drop).unwrap_err());
    assert_eq!(problem, EnrollmentProblem::TokenMalformed);
    assert!(message.contains("is a folder"), "{message}");
    let error = Enrollment::load(folder.path().join("missing.jwt")).map(drop).unwrap_err();
    assert!(matches!(&error, Error::Storage { path, .. } if path.ends_with("missing.jwt")), "{error:?}");
}

#[test]
fn a_token_works_once() {
    for version in Version::ALL {
        let controller = TestController::builder().version(version).start().unwrap();
        let jwt = controller.create_identity("alice");
        Place::new().enroll(&jwt).unwrap();
        let place = Place::new();

        let (problem, message) = place.problem(&jwt);

        assert_eq!(problem, EnrollmentProblem::TokenNotKnown, "{version:?}");
        assert!(message.contains("ask for a new one") && message.contains("INVALID_ENROLLMENT_TOKEN"), "{message}");
        assert_eq!(place.names(), [""; 0], "{version:?}");
    }
}

#[test]
fn a_token_that_has_expired_is_not_sent() {
    let controller = single();
    let expired = IdentityOptions { expires_in: Duration::ZERO, ..named("alice") };
    let jwt = controller.create_identity_with(expired).jwt;
    let place = Place::new();

    let (problem, message) = place.problem(&jwt);

    assert_eq!(problem, EnrollmentProblem::TokenExpired);
    assert!(message.contains("ask for a new one") && !message.contains("clock"), "{message}");
    assert_eq!((controller.count(Operation::Enroll), place.names().len()), (0, 0));
}

#[test]
fn the_controllers_clock_says_that_a_token_has_expired() {
    let controller = single();
    let jwt = controller.create_identity("alice");
    controller.advance(THREE_DAYS);
    assert!(Enrollment::parse(&jwt).unwrap().expires_at().unwrap() > SystemTime::now(), "fine by the local clock");

    let (problem, message) = Place::new().problem(&jwt);

    assert_eq!(problem, EnrollmentProblem::TokenExpired);
    assert!(message.contains("the local clock is 2592") || message.contains("the local clock is 2591"), "{message}");
    assert_eq!(controller.count(Operation::Enroll), 0);
}

#[test]
fn a_token_that_has_expired_by_the_local_clock_only_works() {
    let controller = single();
    controller.set_back(THREE_DAYS);
    let jwt = controller.create_identity("alice");
    assert!(Enrollment::parse(&jwt).unwrap().expires_at().unwrap() < SystemTime::now() - HOUR);

    let told = told_while(|| drop(Place::new().enroll(&jwt).unwrap()));

    assert!(told.iter().any(|line| line.contains("the local clock is 259")), "{told:?}");
}

#[test]
fn a_local_clock_that_is_late_does_not_keep_an_identity_from_enrolling() {
    let controller = single();
    controller.advance(THREE_DAYS);
    let jwt = controller.create_identity("alice");
    let place = Place::new();

    let told = told_while(|| drop(place.enroll(&jwt).unwrap()));

    assert!(told.iter().any(|line| line.contains("the local clock is 259")), "{told:?}");
    assert!(told.iter().any(|line| line.contains("valid only from")), "the new certificate is in the future: {told:?}");
    assert_eq!(place.names(), ["alice.json"]);
}

#[test]
fn clocks_that_agree_are_not_worth_a_word() {
    let controller = single();
    controller.advance(Duration::from_secs(50));
    let told = told_while(|| drop(Place::new().enroll(&controller.create_identity("alice")).unwrap()));
    assert_eq!(told, [""; 0]);
}

#[test]
fn a_token_may_be_for_later() {
    let controller = single();
    let soon = claims(&controller.create_identity("alice"))["exp"].as_u64().unwrap() - 3600;
    let jwt = token_with(&controller, json!({"nbf": soon}));

    let (problem, message) = Place::new().problem(&jwt);

    assert_eq!(problem, EnrollmentProblem::TokenNotYetValid);
    assert!(message.contains("valid only in 7"), "{message}");
    assert_eq!(controller.count(Operation::Enroll), 0);
    controller.advance(2 * HOUR);
    Place::new().enroll(&jwt).unwrap();
}

#[test]
fn a_token_without_an_end_ends_where_the_controller_says_so() {
    let controller = single();
    let jwt = token_with(&controller, json!({"exp": null}));
    controller.advance(4 * HOUR);
    let place = Place::new();

    let (problem, message) = place.problem(&jwt);

    assert_eq!(problem, EnrollmentProblem::TokenExpired);
    assert!(message.contains("ENROLLMENT_EXPIRED"), "{message}");
    assert_eq!((controller.count(Operation::Enroll), place.names().len()), (1, 0));
}

#[test]
fn a_token_whose_enrollment_has_another_method_is_of_that_method() {
    let controller = single();
    let created = controller.create_identity_with(IdentityOptions { method: "updb".into(), ..named("alice") });
    let jwt = token_with(&controller, json!({"jti": created.token}));
    let place = Place::new();
    assert_eq!(place.problem(&jwt).0, EnrollmentProblem::WrongMethod);
    assert_eq!(place.names(), [""; 0]);
}

/// What the library logs as a warning on this thread while `run` runs.
pub(crate) fn told_while(run: impl FnOnce()) -> Vec<String> {
    thread_local!(static TOLD: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) });
    struct Listener;
    impl log::Log for Listener {
        fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
            metadata.target().starts_with("ziti_edge_client") && metadata.level() <= log::Level::Warn
        }

        fn log(&self, record: &log::Record<'_>) {
            if self.enabled(record.metadata()) {
                TOLD.with_borrow_mut(|told| told.push(record.args().to_string()));
            }
        }

        fn flush(&self) {}
    }
    // Set already by another test of this program.
    let _ = log::set_logger(&Listener);
    log::set_max_level(log::LevelFilter::Warn);
    TOLD.take();
    run();
    TOLD.take()
}
