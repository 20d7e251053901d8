//! The network itself, without an identity: by its token or by the address of a controller.

use serde_json::json;
use ziti_edge_client::{
    EnrollOptions, Enrollment, EnrollmentMethod, EnrollmentProblem as Problem, Error, Identity, Store,
};
use ziti_edge_testkit::{Fault, Operation, TestController, Version};

use crate::network::{reordered_ca, single, token_with};
use crate::place::{Place, problem_of};
use crate::trust::{bundle, foreign_bundle};

/// The token that controllers hand to everybody.
fn token(controller: &TestController) -> String {
    let url = format!("{}/", controller.url());
    token_with(controller, json!({"em": "network", "iss": url, "sub": url, "aud": ["openziti-enroller"], "exp": null}))
}

fn at(controller: &TestController, place: &Place, options: EnrollOptions) -> Result<Identity, Error> {
    Enrollment::from_url(&controller.url()).unwrap().enroll(&options.store(Store::file(place.target())))
}

#[test]
fn a_network_token_gives_the_network_and_nobody_in_it() {
    for version in Version::ALL {
        let controller = TestController::builder().version(version).start().unwrap();
        let place = Place::new();

        let identity = place.enroll(&token(&controller)).unwrap();

        assert_eq!(place.names(), ["alice.json"], "{version:?}");
        let file: serde_json::Value = serde_json::from_slice(&place.read("alice.json")).unwrap();
        assert_eq!(file["id"], json!({"ca": format!("pem:{}", reordered_ca(&controller))}));
        assert_eq!(file["ztAPI"], controller.api_url());
        assert!(identity.describe().certificate.is_none() && identity.username().is_none());
        let operations: Vec<_> = controller.requests().iter().map(|seen| seen.operation).collect();
        assert_eq!(operations, [Operation::Version, Operation::CaCerts], "nothing is enrolled");
    }
}

#[test]
fn the_address_of_a_controller_that_a_ca_vouches_for_gives_the_same() {
    for version in Version::ALL {
        let controller = TestController::builder().version(version).start().unwrap();
        let (by_address, by_token) = (Place::new(), Place::new());
        at(&controller, &by_address, EnrollOptions::new().ca(controller.ca_pem())).unwrap();
        by_token.enroll(&token(&controller)).unwrap();
        assert_eq!(by_address.read("alice.json"), by_token.read("alice.json"), "{version:?}");
        assert_eq!(controller.count(Operation::Enroll), 0);
    }
}

#[test]
fn an_address_says_what_it_is() {
    let enrollment = Enrollment::from_url(" https://ctrl.example:1280/edge/client/v1 ").unwrap();
    assert_eq!((enrollment.method(), enrollment.issuer()), (EnrollmentMethod::Network, "https://ctrl.example:1280"));
    assert_eq!((enrollment.subject(), enrollment.expires_at(), enrollment.needs().len()), ("", None, 0));
    for bad in ["", "http://ctrl.example", "https://", "https://user:password@ctrl.example"] {
        assert!(matches!(Enrollment::from_url(bad), Err(Error::InvalidArgument(_))), "{bad}");
    }
}

#[test]
fn an_address_that_nobody_vouches_for_is_not_asked_anything() {
    let (controller, other) = (single(), single());
    let place = Place::new();
    for options in [EnrollOptions::new().ca(other.ca_pem()), EnrollOptions::new()] {
        let error = at(&controller, &place, options).unwrap_err();
        // Without system roots there is nothing to verify with.
        assert!(matches!(error, Error::Tls { .. } | Error::Identity(_) | Error::Unsupported(_)), "{error:?}");
    }
    let error = at(&controller, &place, EnrollOptions::new().ca("no CA")).unwrap_err();
    assert!(matches!(&error, Error::Identity(why) if why.contains("the option ca")), "{error:?}");
    assert_eq!((controller.requests().len(), place.names().len()), (0, 0));
}

#[test]
fn a_bundle_that_does_not_vouch_for_the_controller_is_not_stored() {
    let controller = single();
    controller.fault(Operation::CaCerts, bundle(foreign_bundle()));
    let place = Place::new();
    let by_address = at(&controller, &place, EnrollOptions::new().ca(controller.ca_pem())).unwrap_err();
    let by_token = place.enroll(&token(&controller)).unwrap_err();
    for error in [by_address, by_token] {
        let (problem, message) = problem_of(error);
        assert_eq!(problem, Problem::CaBundle, "{message}");
    }
    assert_eq!(place.names(), [""; 0]);
}

#[test]
fn a_network_token_of_somebody_else_is_not_believed() {
    let (controller, other) = (single(), single());
    let jwt = token_with(&other, json!({"em": "network", "iss": controller.url(), "exp": null}));
    let place = Place::new();
    assert_eq!(problem_of(place.enroll(&jwt).unwrap_err()).0, Problem::TokenNotFromController);
    assert_eq!((controller.requests().len(), place.names().len()), (0, 0));
}

#[test]
fn what_is_there_is_not_replaced() {
    let controller = single();
    let place = Place::new();
    std::fs::write(place.target(), "of somebody else").unwrap();
    let error = place.enroll(&token(&controller)).unwrap_err();
    assert!(error.to_string().contains("exists already"), "{error}");
    assert_eq!((place.read("alice.json"), controller.connections()), (b"of somebody else".to_vec(), 0));
}

#[test]
fn a_controller_that_does_not_answer_leaves_nothing_behind() {
    let controller = single();
    let jwt = token(&controller);
    for (operation, fault) in [
        (Operation::Version, Fault::Status(500)),
        (Operation::Version, Fault::Html),
        (Operation::CaCerts, Fault::EmptyBody),
        (Operation::CaCerts, Fault::Reset),
        (Operation::Any, Fault::Refuse),
    ] {
        controller.fault(operation, fault.clone());
        let place = Place::new();
        place.enroll(&jwt).unwrap_err();
        at(&controller, &place, EnrollOptions::new().ca(controller.ca_pem())).unwrap_err();
        assert_eq!(place.names(), [""; 0], "{fault:?}");
        controller.clear_faults();
    }
    Place::new().enroll(&jwt).unwrap();
}

#[test]
fn clocks_that_are_three_days_apart_do_not_matter() {
    for move_clock in [TestController::advance, TestController::set_back] {
        let controller = single();
        let jwt = token(&controller);
        move_clock(&controller, std::time::Duration::from_secs(3 * 24 * 3600));
        let (by_token, by_address) = (Place::new(), Place::new());
        by_token.enroll(&jwt).unwrap();
        at(&controller, &by_address, EnrollOptions::new().ca(controller.ca_pem())).unwrap();
        assert_eq!(by_token.read("alice.json"), by_address.read("alice.json"));
    }
}
