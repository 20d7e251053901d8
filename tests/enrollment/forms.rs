//! The forms in which controllers of different age give a certificate.

use serde_json::{Value, json};
use ziti_edge_client::{EnrollOptions, KeyChoice, PrivateKey};
use ziti_edge_testkit::{Fault, Operation};

use crate::network::{json_answer, single};
use crate::place::Place;

fn text(content_type: &str, body: String) -> Fault {
    Fault::Body { status: 200, content_type: content_type.to_owned(), body: body.into_bytes() }
}

fn certificate_in(place: &Place) -> String {
    let file: Value = serde_json::from_slice(&place.read("alice.json")).unwrap();
    file["id"]["cert"].as_str().unwrap().trim_start_matches("pem:").to_owned()
}

#[test]
fn a_certificate_comes_as_pem_or_json_with_or_without_cas_and_controllers() {
    let controller = single();
    let key = PrivateKey::parse(rcgen::KeyPair::generate().unwrap().serialize_pem().as_bytes()).unwrap();
    let enroll = |place: &Place| {
        let options = EnrollOptions::new().key(KeyChoice::Existing(key.clone()));
        place.enroll_with(&controller.create_identity("alice"), options)
    };
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
