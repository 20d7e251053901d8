//! Enrollment of edge routers: `erott`.

use std::time::Duration;

use serde_json::{Value, json};
use ziti_edge_client::{
    EnrollOptions, EnrollmentProblem as Problem, Error, Identity, KeyChoice, PendingEnrollment, PrivateKey,
};
use ziti_edge_testkit::{Fault, Operation, TestController, Version};

use crate::network::{foreign_certificate, json_answer, refusal, single};
use crate::place::{Place, problem_of};

#[test]
fn a_router_gets_a_certificate_for_either_side() {
    for version in Version::ALL {
        let controller = TestController::builder().version(version).start().unwrap();
        let router = controller.create_router();
        let place = Place::new();

        let identity = place.enroll(&router.jwt).unwrap();

        assert_eq!(place.names(), ["alice.json"], "{version:?}");
        assert_eq!(identity.describe().name.as_deref(), Some(router.id.as_str()));
        let file: Value = serde_json::from_slice(&place.read("alice.json")).unwrap();
        for member in ["key", "cert", "ca", "server_key", "server_cert"] {
            assert!(file["id"][member].as_str().unwrap().starts_with("pem:-----BEGIN "), "{version:?} {member}");
        }
        assert_ne!(file["id"]["key"], file["id"]["server_key"]);
        let loaded = Identity::load(place.target()).unwrap();
        let server = loaded.server_certificate().unwrap().expect("a router has a server side");
        assert_eq!(file["id"]["server_cert"], format!("pem:{}", server.certificate));
        assert_eq!(file["id"]["server_key"], format!("pem:{}", server.key.expose()));
        assert!(!format!("{server:?}").contains("PRIVATE KEY"));
    }
}

#[test]
fn the_request_holds_two_requests_for_the_router() {
    for version in Version::ALL {
        let controller = TestController::builder().version(version).start().unwrap();
        let router = controller.create_router();
        let keys = EnrollOptions::new().key(KeyChoice::P384).server_key(KeyChoice::Ed25519);
        Place::new().enroll_with(&router.jwt, keys).unwrap();
        let seen = controller.requests();
        let request = &seen[2];
        assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/edge/client/v1/enroll"));
        assert_eq!(request.query, format!("method=erott&token={}", router.token), "{version:?}");
        assert_eq!(request.header("content-type"), Some("application/json"));
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let names: Vec<_> = body.as_object().unwrap().keys().collect();
        assert_eq!(names, ["certCsr", "serverCertCsr"]);
        assert_ne!(body["certCsr"], body["serverCertCsr"]);
    }
}

#[test]
fn both_keys_may_exist_already() {
    let controller = single();
    let keys = [(); 2].map(|()| rcgen::KeyPair::generate().unwrap().serialize_pem());
    let [own, server] = keys.each_ref().map(|pem| KeyChoice::Existing(PrivateKey::parse(pem.as_bytes()).unwrap()));
    let options = EnrollOptions::new().key(own).server_key(server);
    let identity = Place::new().enroll_with(&controller.create_router().jwt, options).unwrap();
    assert_eq!(
        identity.server_certificate().unwrap().unwrap().key.expose().trim(),
        keys[1].replace("\r\n", "\n").trim()
    );
    assert!(identity.to_json().expose().contains(&keys[0].replace("\r\n", "\n").trim().replace('\n', "\\n")));
}

#[test]
fn an_identity_that_is_no_router_has_no_server_side() {
    let controller = single();
    let identity = Place::new().enroll(&controller.create_identity("alice")).unwrap();
    assert!(identity.server_certificate().unwrap().is_none());
    let mut file: Value = serde_json::from_str(identity.to_json().expose()).unwrap();
    file["id"]["server_key"] = file["id"]["key"].clone();
    let half = Identity::from_json(&file.to_string()).unwrap();
    assert!(matches!(half.server_certificate(), Err(Error::Identity(_))));
    assert!(half.to_json().expose().contains("server_key"), "it is kept all the same");
}

#[test]
fn what_the_controller_refuses_is_told_and_leaves_nothing_behind() {
    let controller = single();
    for (fault, expected) in [
        (refusal(400, "INVALID_ENROLLMENT_TOKEN"), Problem::TokenNotKnown),
        (refusal(400, "ENROLLMENT_EXPIRED"), Problem::TokenExpired),
        (refusal(400, "INVALID_ENROLL_METHOD"), Problem::WrongMethod),
        (refusal(400, "MISSING_OR_INVALID_CSR"), Problem::CsrRefused),
        (refusal(400, "EDGE_ROUTER_ENROLL_COMMON_NAME_INVALID"), Problem::CsrRefused),
        (refusal(401, "UNAUTHORIZED"), Problem::Refused),
    ] {
        controller.fault_times(Operation::Enroll, fault, 1);
        let (jwt, place) = (controller.create_router().jwt, Place::new());
        assert_eq!(place.problem(&jwt).0, expected);
        assert_eq!(place.names(), [""; 0]);
        place.enroll(&jwt).unwrap();
        assert_eq!(Place::new().problem(&jwt).0, Problem::TokenNotKnown, "it works once");
    }
}

#[test]
fn a_request_whose_answer_was_lost_keeps_both_keys() {
    for (fault, carried_out) in [(Fault::LostAnswer, true), (Fault::CloseBeforeAnswer, false)] {
        let controller = single();
        let (jwt, place) = (controller.create_router().jwt, Place::new());
        controller.fault_times(Operation::Enroll, fault, 1);

        assert_eq!(place.problem(&jwt).0, Problem::MaybeSpent);

        assert_eq!(place.progress(&jwt), PendingEnrollment::AnswerLost);
        let kept: Value = serde_json::from_slice(&place.read("alice.json.pending")).unwrap();
        assert!(kept["key"].is_string() && kept["serverKey"].is_string() && kept["serverCsr"].is_string());
        match place.resume(&jwt) {
            Ok(identity) => {
                assert!(!carried_out);
                let server = identity.server_certificate().unwrap().unwrap();
                assert_eq!(kept["serverKey"], server.key.expose());
            }
            Err(error) => {
                assert!(carried_out);
                assert_eq!(problem_of(error).0, Problem::TokenNotKnown);
                assert_eq!(place.names(), ["alice.json.pending"]);
            }
        }
    }
}

#[test]
fn an_answer_without_both_certificates_says_that_the_token_is_spent() {
    let controller = single();
    let foreign = foreign_certificate(&controller);
    let answer = |data: Value| json_answer(200, json!({"data": data, "meta": {}}));
    for (fault, reason) in [
        (answer(json!({})), "data.cert"),
        (answer(json!({"serverCert": foreign})), "data.cert"),
        (answer(json!({"cert": foreign})), "data.serverCert"),
        (answer(json!({"cert": foreign, "serverCert": foreign})), "another key"),
        (Fault::EmptyBody, "body is empty"),
    ] {
        controller.fault_times(Operation::Enroll, fault, 1);
        let place = Place::new();
        let (problem, message) = place.problem(&controller.create_router().jwt);
        assert_eq!(problem, Problem::BadCertificate, "{message}");
        assert!(message.contains(reason) && message.contains("spent"), "{reason}: {message}");
        assert_eq!(place.names(), ["alice.json.pending"]);
    }
}

#[test]
fn clocks_that_are_three_days_apart_do_not_matter() {
    for move_clock in [TestController::advance, TestController::set_back] {
        let controller = single();
        move_clock(&controller, Duration::from_secs(3 * 24 * 3600));
        Place::new().enroll(&controller.create_router().jwt).unwrap();
    }
}
