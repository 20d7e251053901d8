use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::*;
use crate::api::recorded::successes;
use crate::wire::envelope;

#[test]
fn the_root_says_the_same_as_the_version() {
    let versions = successes("listVersion");
    for (name, body) in successes("listRoot") {
        let root: Version = envelope::data("GET /", body.as_bytes()).unwrap();
        assert_eq!(root.base_path("edge-client"), Some("/edge/client/v1"), "{name}");
        assert!(root.has_capability("OIDC_AUTH") && root.runtime_version.as_deref() == Some("go1.26.8"), "{name}");
        let same = |body: &str| envelope::data::<Version>("GET /version", body.as_bytes()).unwrap() == root;
        assert!(versions.iter().any(|(_, body)| same(body)), "{name}");
    }
}

#[test]
fn recorded_capabilities_and_protocols_are_read_as_they_are() {
    for (name, body) in successes("listEnumeratedCapabilities") {
        let capabilities: Vec<String> = envelope::data("GET /enumerated-capabilities", body.as_bytes()).unwrap();
        assert_eq!(capabilities, ["OIDC_AUTH", "HA_CONTROLLER"], "{name}");
    }
    for (name, body) in successes("listProtocols") {
        let protocols: BTreeMap<String, Protocol> = envelope::data("GET /protocols", body.as_bytes()).unwrap();
        assert_eq!(protocols.len(), 1, "{name}");
        assert_eq!(protocols["https"].address.as_deref(), Some("controller.test:1280"), "{name}");
    }
}

#[test]
fn recorded_ca_certificates_become_pem() {
    let recorded = successes("listWellKnownCas");
    assert!(recorded.len() > 20, "{}", recorded.len());
    for (name, body) in recorded {
        let certificates = CaCertificates::read("GET /.well-known/est/cacerts", body.as_bytes()).unwrap();
        assert_eq!(certificates.pem.matches("-----BEGIN CERTIFICATE-----\n").count(), 2, "{name}");
        assert!(certificates.pem.ends_with("-----END CERTIFICATE-----\n"), "{name}");
        assert_eq!(certificates.problems, [""; 0], "{name}");
    }
}

#[test]
fn a_certificate_that_cannot_be_read_is_told_and_hides_no_other() {
    let (_, body) = successes("listWellKnownCas").swap_remove(0);
    let whole: String = body.split_whitespace().collect();
    let mut set = STANDARD.decode(whole).unwrap();
    let version = set.windows(5).position(|window| window == [0xa0, 3, 2, 1, 2]).expect("of the first certificate");
    set[version] = 0xaf;
    let certificates = CaCertificates::read("GET /.well-known/est/cacerts", &set).unwrap();
    assert_eq!(certificates.pem.matches("-----BEGIN CERTIFICATE-----\n").count(), 1);
    assert_eq!(certificates.problems.len(), 1);
    assert!(certificates.problems[0].starts_with("certificate 1 is not a valid X.509 certificate"));
}

#[test]
fn an_answer_without_certificates_is_refused_by_its_operation() {
    for body in ["", "{}", "MIIB", "<html>"] {
        let error = CaCertificates::read("GET /.well-known/est/cacerts", body.as_bytes()).unwrap_err();
        let Error::Decode { operation, path, message } = error else { panic!("{error:?}") };
        assert_eq!((operation.as_str(), path.as_str()), ("GET /.well-known/est/cacerts", "the certificates"));
        assert!(!message.is_empty(), "{body}");
    }
}

#[test]
fn recorded_specs_are_read_as_they_are() {
    for (name, body) in successes("listSpecs") {
        let specs: Vec<Spec> = envelope::data("GET /specs", body.as_bytes()).unwrap();
        assert_eq!(specs.iter().map(|spec| spec.id.as_str()).collect::<Vec<_>>(), ["edge-client"], "{name}");
    }
    for (name, body) in successes("detailSpec") {
        let spec: Spec = envelope::data("GET /specs/x", body.as_bytes()).unwrap();
        let sent: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(sent["data"]["id"].as_str(), Some(spec.id.as_str()), "{name}");
        assert_eq!(sent["data"]["name"].as_str(), spec.name.as_deref(), "{name}");
        let times = [("createdAt", &spec.created_at), ("updatedAt", &spec.updated_at)];
        for (key, time) in times {
            assert_eq!(sent["data"][key].as_str(), time.as_ref().map(|at| at.as_str()), "{name}");
        }
        assert!(spec.tags.is_empty(), "{name}");
    }
    for (name, body) in successes("detailSpecBody") {
        let spec = SpecBody::read("GET /specs/x/spec", None, body.clone().into_bytes()).unwrap();
        assert!(spec.text == body && spec.text.contains("/edge/client/v1"), "{name}");
    }
}
