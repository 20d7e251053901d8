//! From a token to an identity file, and every way in which that goes wrong.

mod answers;
mod certificates;
mod each_way;
mod external_jwts;
mod forms;
mod inputs;
mod lagging;
mod network;
mod options;
mod passwords;
mod place;
mod recorded;
mod resume;
mod routers;
mod signers;
#[cfg(feature = "native-certs")]
mod system_roots;
mod tokens;
mod trust;
mod ways;
mod without_identity;

use ziti_edge_client::{Client, Identity};
use ziti_edge_testkit::{Operation, ServerKey, TestController, Version};

use place::Place;

#[test]
fn a_token_becomes_an_identity_that_logs_in() {
    for version in Version::ALL {
        let controller = TestController::builder().version(version).start().unwrap();
        let created = controller.create_identity_with(network::named("alice"));
        let place = Place::new();

        let identity = place.enroll(&created.jwt).unwrap();

        assert_eq!(place.names(), ["alice.json"], "{version:?}");
        let loaded = Identity::load(place.target()).unwrap();
        assert_eq!(loaded.to_json().expose(), identity.to_json().expose(), "{version:?}");
        assert!(loaded.controllers().eq([controller.url()]), "{version:?}");
        for identity in [loaded, identity] {
            let login = Client::new(&identity).unwrap().authenticate().unwrap();
            assert_eq!(login.session().identity_id.as_ref(), Some(&created.id), "{version:?}");
        }
    }
}

#[test]
fn the_file_is_what_other_clients_of_the_network_read() {
    let controller = TestController::start().unwrap();
    let place = Place::new();
    place.enroll(&controller.create_identity("alice")).unwrap();

    let file: serde_json::Value = serde_json::from_slice(&place.read("alice.json")).unwrap();
    assert_eq!(file["ztAPI"], controller.api_url());
    assert_eq!(file["id"]["ca"], format!("pem:{}", network::reordered_ca(&controller)));
    assert!(file["id"]["cert"].as_str().unwrap().starts_with("pem:-----BEGIN CERTIFICATE-----\n"));
    assert!(file["id"]["key"].as_str().unwrap().starts_with("pem:-----BEGIN PRIVATE KEY-----\n"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(place.target().metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn the_request_is_the_one_that_all_versions_take() {
    for version in Version::ALL {
        let controller = TestController::builder().version(version).start().unwrap();
        let created = controller.create_identity_with(network::named("alice"));
        Place::new().enroll(&created.jwt).unwrap();

        let seen = controller.requests();
        let operations: Vec<Operation> = seen.iter().map(|seen| seen.operation).collect();
        assert_eq!(operations, [Operation::Version, Operation::CaCerts, Operation::Enroll], "{version:?}");
        let request = &seen[2];
        assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/edge/client/v1/enroll"));
        assert_eq!(request.query, format!("method=ott&token={}", created.token));
        assert_eq!(request.header("content-type"), Some("text/plain"));
        assert_eq!(request.header("accept"), Some("application/json"));
        assert!(request.body.starts_with(b"-----BEGIN CERTIFICATE REQUEST-----\n"));
        assert!(seen.iter().all(|seen| !seen.peer_has_certificate), "there is no certificate to show yet");
        let told = |text: &str| text.contains(&created.token);
        assert!(seen[..2].iter().all(|seen| !told(&seen.path) && !told(&seen.query) && seen.body.is_empty()));
    }
}

#[test]
fn every_kind_of_key_a_controller_may_have_is_understood() {
    for server_key in [ServerKey::P256, ServerKey::P384, ServerKey::Rsa] {
        let controller = TestController::builder().server_key(server_key).start().unwrap();
        let place = Place::new();
        place.enroll(&controller.create_identity("alice")).unwrap_or_else(|error| panic!("{server_key:?}: {error}"));
        assert_eq!(place.names(), ["alice.json"]);
    }
}

#[test]
fn a_controller_may_be_called_by_name() {
    let controller = TestController::builder().advertise_host("localhost").start().unwrap();
    let identity = Place::new().enroll(&controller.create_identity("alice")).unwrap();
    assert!(identity.controllers().eq([controller.url()]));
    assert!(controller.url().contains("localhost"));
}
