//! The forms in which controllers of different age give a certificate.

use serde_json::{Value, json};
use ziti_edge_client::{EnrollOptions, EnrollmentProblem, Error, Identity, KeyChoice, PrivateKey};
use ziti_edge_testkit::{Fault, Operation, TestController};

use crate::network::{json_answer, single};
use crate::place::{Place, problem_of};

fn text(content_type: &str, body: String) -> Fault {
    Fault::Body { status: 200, content_type: content_type.to_owned(), body: body.into_bytes() }
}

fn certificate_in(place: &Place) -> String {
    let file: Value = serde_json::from_slice(&place.read("alice.json")).unwrap();
    file["id"]["cert"].as_str().unwrap().trim_start_matches("pem:").to_owned()
}

fn new_key() -> PrivateKey {
    PrivateKey::parse(rcgen::KeyPair::generate().unwrap().serialize_pem().as_bytes()).unwrap()
}

fn enroll(controller: &TestController, place: &Place, key: &PrivateKey) -> Result<Identity, Error> {
    let options = EnrollOptions::new().key(KeyChoice::Existing(key.clone()));
    place.enroll_with(&controller.create_identity("alice"), options)
}

#[test]
fn a_certificate_comes_as_pem_or_json_with_or_without_cas_and_controllers() {
    let controller = single();
    let key = new_key();
    let enroll = |place: &Place| enroll(&controller, place, &key);
    let first = Place::new();
    enroll(&first).unwrap();
    // It was issued for the key, so it fits whoever enrolls with that.
    let cert = certificate_in(&first);
    let url = "https://second.test:1280";
    let apis = json!({"edge-client": [{"version": "v1", "url": format!("{url}/edge/client/v1")}]});
    let data = |data: Value| json_answer(200, json!({"data": data, "meta": {}}));
    for (fault, told) in [
        (text("application/x-pem-file", cert.clone()), None),
        (text("application/x-pem-file", cert.replace('\n', "\r\n")), None),
        (text("application/json", format!("\n\n{cert}\n")), None),
        (text("", format!("subject=CN = alice\n{cert}")), None),
        (data(json!({"cert": cert})), None),
        (text("text/html", json!({"data": {"cert": cert}, "new": 1}).to_string()), None),
        (text("application/json; charset=utf-8", format!(" \n{}", json!({"data": {"cert": cert}}))), None),
        (data(json!({"cert": cert, "ca": controller.ca_pem(), "serverCert": null, "username": null})), None),
        // Whom to trust is not taken from there.
        (data(json!({"cert": cert, "ca": single().ca_pem()})), None),
        (data(json!({"cert": cert, "controllers": [{"name": "2", "apiAddresses": apis}]})), Some(url)),
        (data(json!({"cert": cert, "controllers": null})), None),
    ] {
        controller.fault_times(Operation::Enroll, fault.clone(), 1);
        let place = Place::new();

        let identity = enroll(&place).unwrap_or_else(|error| panic!("{fault:?}: {error}"));

        assert_eq!((place.names(), certificate_in(&place)), (vec!["alice.json".to_owned()], cert.clone()), "{fault:?}");
        let known: Vec<_> = identity.controllers().map(str::to_owned).collect();
        assert_eq!(known, [vec![controller.url()], told.map(str::to_owned).into_iter().collect()].concat());
        let (file, expected) = (place.read("alice.json"), first.read("alice.json"));
        let ca = |file: &[u8]| serde_json::from_slice::<Value>(file).unwrap()["id"]["ca"].clone();
        assert_eq!(ca(&file), ca(&expected), "{fault:?}");
    }
}

#[test]
fn a_certificate_of_another_network_is_not_stored_though_it_is_for_the_key() {
    let (controller, other, key) = (single(), single(), new_key());
    let (place, elsewhere) = (Place::new(), Place::new());
    enroll(&other, &elsewhere, &key).unwrap();
    let foreign = json!({"data": {"cert": certificate_in(&elsewhere)}, "meta": {}});
    controller.fault_times(Operation::Enroll, json_answer(200, foreign), 1);
    let (problem, message) = problem_of(enroll(&controller, &place, &key).unwrap_err());
    assert_eq!(problem, EnrollmentProblem::BadCertificate);
    assert!(message.contains("is not a client certificate of this network"), "{message}");
    assert_eq!(place.names(), ["alice.json.pending"]);
}

#[test]
fn controllers_are_kept_once_each_and_a_hundred_at_most() {
    let (controller, key, first) = (single(), new_key(), Place::new());
    enroll(&controller, &first, &key).unwrap();
    let cert = certificate_in(&first);
    let node = |url: &str| json!({"name": url, "apiAddresses": {"edge-client": [{"version": "v1", "url": url}]}});
    let other = |number: usize| format!("https://node-{}.test/edge/client/v1", number % 150);
    let nodes: Vec<_> = (0..300).map(|number| node(&other(number))).chain([node(&controller.api_url())]).collect();
    for (told, count) in [(&nodes[148..151], 4), (&nodes[..], 100), (&nodes[300..], 1)] {
        let told = [told, told].concat();
        let answer = json_answer(200, json!({"data": {"cert": cert, "controllers": told}, "meta": {}}));
        controller.fault_times(Operation::Enroll, answer, 1);
        let place = Place::new();
        let identity = enroll(&controller, &place, &key).unwrap();
        assert_eq!(identity.controllers().count(), count);
        let file: Value = serde_json::from_slice(&place.read("alice.json")).unwrap();
        assert_eq!(file["ztAPI"], controller.api_url(), "the one that enrolled comes first");
        assert_eq!(file["ztAPIs"].as_array().map_or(1, Vec::len), count, "{}", file["ztAPIs"]);
    }
}
