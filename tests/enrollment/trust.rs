//! Whom an enrollment believes: nobody before the token is proved, and nobody whom the CA bundle does not vouch for.

use serde_json::json;
use ziti_edge_client::{EnrollOptions, EnrollmentProblem, Error};
use ziti_edge_testkit::{Fault, Operation, TestController};

use crate::network::{json_answer, single, token_with};
use crate::place::Place;

pub(crate) fn bundle(body: impl Into<Vec<u8>>) -> Fault {
    Fault::Body { status: 200, content_type: "application/pkcs7-mime".into(), body: body.into() }
}

#[test]
fn somebody_in_the_middle_does_not_see_a_single_request() {
    let (controller, middle) = (TestController::start().unwrap(), TestController::start().unwrap());
    let jwt = token_with(&controller, json!({"iss": middle.url()}));
    let place = Place::new();

    let (problem, message) = place.problem(&jwt);

    assert_eq!(problem, EnrollmentProblem::TokenNotFromController);
    assert!(message.contains("proxy") && message.contains(&middle.url()), "{message}");
    assert!(middle.connections() > 0, "they were talked to");
    assert_eq!((middle.requests().len(), controller.connections()), (0, 0));
    assert_eq!(place.names(), [""; 0]);
}

#[test]
fn an_algorithm_that_is_not_of_the_controllers_key_proves_nothing() {
    let controller = single();
    let claims = crate::network::claims(&controller.create_identity("alice")).to_string();
    for algorithm in ["RS256", "PS256", "EdDSA"] {
        let jwt = controller.sign_jwt(&json!({"alg": algorithm}).to_string(), &claims);
        let (problem, message) = Place::new().problem(&jwt);
        assert_eq!(problem, EnrollmentProblem::TokenNotFromController);
        assert!(message.contains(algorithm), "{message}");
    }
    assert_eq!(controller.requests().len(), 0);
}

#[test]
fn a_token_that_was_tampered_with_is_not_believed() {
    let controller = single();
    let jwt = controller.create_identity("alice");
    let other = controller.create_identity("bob");
    let parts: Vec<&str> = jwt.split('.').collect();
    let signature = other.rsplit('.').next().unwrap();
    let (problem, _) = Place::new().problem(&format!("{}.{}.{signature}", parts[0], parts[1]));
    assert_eq!(problem, EnrollmentProblem::TokenNotFromController);
    assert_eq!(controller.requests().len(), 0);
}

#[test]
fn a_bundle_that_cannot_be_used_spends_nothing() {
    let controller = single();
    let jwt = controller.create_identity("alice");
    for (fault, reason) in [
        (bundle(""), "empty"),
        (bundle("\n\n"), "empty"),
        (bundle("junk !"), "not base64"),
        (bundle("MAA="), "not a PKCS#7"),
        (bundle([0x30, 0x80, 0xff, 0xfe]), "not a PKCS#7"),
        (bundle("<html>sign in</html>"), "not base64"),
        (bundle(controller.ca_pem()), "no PKCS7 block"),
        (Fault::EmptyBody, "empty"),
        (Fault::Html, "not base64"),
    ] {
        controller.fault_times(Operation::CaCerts, fault, 1);
        let place = Place::new();
        let (problem, message) = place.problem(&jwt);
        assert_eq!(problem, EnrollmentProblem::CaBundle, "{message}");
        assert!(message.contains(reason) && message.contains("the token is not spent"), "{reason}: {message}");
        assert_eq!(place.names(), [""; 0]);
    }
    assert_eq!(controller.count(Operation::Enroll), 0);
    Place::new().enroll(&jwt).unwrap();
}

#[test]
fn a_bundle_of_another_network_does_not_vouch_for_the_controller() {
    let controller = single();
    let jwt = controller.create_identity("alice");
    controller.fault_times(Operation::CaCerts, bundle(foreign_bundle()), 1);
    let place = Place::new();

    let (problem, message) = place.problem(&jwt);

    assert_eq!(problem, EnrollmentProblem::CaBundle);
    assert!(message.contains("not signed by the network's CA") && message.contains("not spent"), "{message}");
    assert_eq!((controller.count(Operation::Enroll), place.names().len()), (0, 0));
    Place::new().enroll(&jwt).unwrap();
}

#[test]
fn a_certificate_for_another_name_is_no_proof() {
    let controller = TestController::builder().address("127.0.0.2:0").start().expect("a loopback address");
    let jwt = token_with(&controller, json!({ "iss": format!("https://{}", controller.address()) }));
    let (problem, message) = Place::new().problem(&jwt);
    assert_eq!(problem, EnrollmentProblem::CaBundle);
    assert!(message.contains("not valid for this name") && message.contains("localhost"), "{message}");
    assert_eq!(controller.count(Operation::Enroll), 0);
}

#[test]
fn a_version_that_leads_elsewhere_is_not_followed() {
    let controller = single();
    let jwt = controller.create_identity("alice");
    for path in ["https://evil.test/edge", "//evil.test/edge", "@evil.test/", "/edge/../..", "/x?token=", "edge", ""] {
        let apis = json!({"edge-client": {"v1": {"path": path, "apiBaseUrls": ["https://evil.test"]}}});
        let fault = json_answer(200, json!({"data": {"apiVersions": apis}, "meta": {}}));
        controller.fault_times(Operation::Version, fault, 1);
        let place = Place::new();
        let error = place.enroll(&jwt).unwrap_err();
        assert!(matches!(error, Error::Decode { .. }), "{path}: {error:?}");
        assert_eq!(place.names(), [""; 0], "{path}");
    }
    assert_eq!(controller.count(Operation::Enroll), 0);
    Place::new().enroll(&jwt).unwrap();
}

/// Hosts in a version answer are never taken, only the path.
#[test]
fn the_host_stays_the_one_of_the_token() {
    let (controller, elsewhere) = (single(), single());
    let urls = [format!("{}/edge/client/v1", elsewhere.url())];
    let apis = json!({"edge-client": {"v1": {"path": "/edge/client/v1", "apiBaseUrls": urls}}});
    controller.fault(Operation::Version, json_answer(200, json!({"data": {"apiVersions": apis}, "meta": {}})));

    let identity = Place::new().enroll(&controller.create_identity("alice")).unwrap();

    assert!(identity.controllers().eq([controller.url()]));
    assert_eq!(elsewhere.connections(), 0);
}

#[test]
fn whatever_goes_wrong_before_the_request_spends_nothing() {
    let controller = single();
    let jwt = controller.create_identity("alice");
    let mut messages = Vec::new();
    for operation in [Operation::Version, Operation::CaCerts] {
        for fault in [
            Fault::Status(302),
            Fault::Status(404),
            Fault::Status(500),
            Fault::Status(503),
            Fault::TooManyRequests { retry_after: None },
            Fault::Reset,
            Fault::Truncate,
            Fault::Oversized { bytes: 8 * 1024 * 1024 },
            Fault::HugeHeaders,
            Fault::StallBeforeAnswer,
        ] {
            controller.fault(operation, fault.clone());
            let place = Place::new();
            let options = EnrollOptions::new().timeout(std::time::Duration::from_millis(800));
            let error = place.enroll_with(&jwt, options).unwrap_err();
            assert!(!matches!(error, Error::Enrollment { .. }), "{operation:?} {fault:?}: {error:?}");
            assert_eq!(place.names(), [""; 0], "{operation:?} {fault:?}");
            messages.push(error.to_string());
            controller.clear_faults();
        }
    }
    assert!(messages[0].contains("redirects are not followed"), "{}", messages[0]);
    assert_eq!(controller.count(Operation::Enroll), 0);
    Place::new().enroll(&jwt).unwrap();
}

/// The bundle of a network that has nothing to do with the one in question: a certs-only PKCS#7, in base64.
pub(crate) fn foreign_bundle() -> String {
    use base64::Engine;
    let mut parameters = rcgen::CertificateParams::default();
    parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let root = parameters.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap();
    let element = |tag: u8, content: &[u8]| {
        let length = u16::try_from(content.len()).unwrap().to_be_bytes();
        let header = match length {
            [0, short @ 0..128] => vec![tag, short],
            [0, one] => vec![tag, 0x81, one],
            [high, low] => vec![tag, 0x82, high, low],
        };
        [header, content.to_vec()].concat()
    };
    let signed_data = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 2];
    let data = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1];
    let content = [&[2, 1, 1, 0x31, 0][..], &element(0x30, &data), &element(0xa0, root.der()), &[0x31, 0]].concat();
    let info = [&signed_data[..], &element(0xa0, &element(0x30, &content))].concat();
    base64::prelude::BASE64_STANDARD.encode(element(0x30, &info))
}
