//! What the recordings cannot show: paging over many services, rows that move, time that passes.

mod wire;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rustls::HandshakeKind;
use serde_json::Value;
use wire::{CLIENT, Connection, Identity, logged_in};
use ziti_edge_testkit::{IdentityOptions, Operation, ServerKey, TestController, Version};

const MINUTE: Duration = Duration::from_secs(60);

/// The ids of all pages, as a client finds them that only counts offsets.
fn page_through(connection: &mut Connection, token: &str, limit: usize) -> Vec<String> {
    let mut ids = Vec::new();
    loop {
        let path = format!("/services?limit={limit}&offset={}", ids.len());
        let page = connection.get(&path, Some(token)).unwrap().json();
        let rows = page["data"].as_array().unwrap();
        if rows.is_empty() {
            return ids;
        }
        ids.extend(rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()));
    }
}

#[test]
fn pages_hold_every_service_once() {
    let controller = TestController::builder().services(1203).start().unwrap();
    let (mut connection, token) = logged_in(&controller, "alice");
    let ids = page_through(&mut connection, &token, 500);
    assert_eq!(ids, controller.service_ids());
    assert_eq!(ids.len(), 1203);
    assert_eq!(controller.count(Operation::Services), 4);
}

#[test]
fn rows_that_move_are_seen_twice_by_who_counts_offsets() {
    let controller = TestController::builder().services(100).start().unwrap();
    let there_before: BTreeSet<String> = controller.service_ids().into_iter().collect();
    controller.move_rows_while_paging(true);
    let (mut connection, token) = logged_in(&controller, "alice");
    let seen = page_through(&mut connection, &token, 10);
    let distinct: BTreeSet<String> = seen.iter().cloned().collect();
    assert!(distinct.len() < seen.len(), "no row was seen twice");
    let stayed: BTreeSet<String> = controller.service_ids().into_iter().collect();
    assert!(there_before.intersection(&stayed).all(|id| distinct.contains(id)), "a row was missed");
    assert_eq!(stayed.len(), 100);
}

#[test]
fn filters_and_sorts() {
    let controller = TestController::builder().services(20).start().unwrap();
    let (mut connection, token) = logged_in(&controller, "alice");
    let mut names = |query: &str| {
        let page = connection.get(&format!("/services?{query}"), Some(&token)).unwrap().json();
        let rows = page["data"].as_array().unwrap().iter();
        rows.map(|row| row["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names("filter=name%20%3D%20%22svc-00007%22"), ["svc-00007"]);
    assert_eq!(names("sort=name%20desc&limit=2"), ["svc-00020", "svc-00019"]);
    let either = "filter=name%20contains%20%2200003%22%20or%20not%20(name%20!=%20%22svc-00001%22)%20sort%20by%20name";
    assert_eq!(names(either), ["svc-00001", "svc-00003"]);
    assert_eq!(names("filter=true%20sort%20by%20name%20skip%204%20limit%201"), ["svc-00005"]);
    assert_eq!(names("filter=isSystem%20=%20true"), [""; 0]);
}

#[test]
fn a_session_ends_when_its_time_is_over() {
    for (version, polled_lives) in [(Version::V1_3, true), (Version::V1_6, true), (Version::V2_0, false)] {
        let controller = TestController::builder().version(version).session_timeout(MINUTE).start().unwrap();
        let (mut connection, token) = logged_in(&controller, "alice");
        for _ in 0..4 {
            controller.advance(MINUTE / 3);
            connection.get("/current-api-session", Some(&token)).unwrap();
        }
        let status = connection.get("/services", Some(&token)).unwrap().status;
        assert_eq!(status == 200, polled_lives, "{version:?}");
        controller.advance(MINUTE);
        assert_eq!(connection.get("/services", Some(&token)).unwrap().status, 401);
        assert_eq!(controller.session_count(), 0);
    }
}

#[test]
fn a_login_that_needs_a_code_may_only_look_at_itself() {
    let controller = TestController::start().unwrap();
    let identity = Identity::of(&controller.enrolled_identity_json("alice"));
    let id = controller.identity_id("alice").unwrap();
    controller.require_mfa(&id, true);
    let mut connection = Connection::open(&controller, Some(&identity)).unwrap();
    let token = connection.log_in("").unwrap();
    let session = connection.get("/current-api-session", Some(&token)).unwrap().json();
    assert_eq!(session["data"]["authQueries"][0]["typeId"], "MFA");
    let refused = connection.get("/services", Some(&token)).unwrap();
    assert_eq!((refused.status, refused.header("www-authenticate")), (401, None));
    controller.require_mfa(&id, false);
    assert_eq!(connection.get("/services", Some(&token)).unwrap().status, 200);
}

#[test]
fn an_enrollment_token_expires_by_the_controllers_clock() {
    let controller = TestController::start().unwrap();
    let created = controller.create_identity_with(IdentityOptions { expires_in: MINUTE, ..IdentityOptions::default() });
    controller.advance(2 * MINUTE);
    let mut connection = Connection::open(&controller, None).unwrap();
    let path = format!("{CLIENT}/enroll?method=ott&token={}", created.token);
    let answer = connection.ask("POST", &path, &[("Content-Type", "text/plain")], b"x").unwrap();
    assert_eq!(answer.json()["error"]["code"], "ENROLLMENT_EXPIRED");
}

#[test]
fn requests_are_remembered_as_they_came() {
    let controller = TestController::start().unwrap();
    let (mut connection, token) = logged_in(&controller, "alice");
    connection.get("/services?limit=1", Some(&token)).unwrap();
    let requests = controller.requests();
    let seen = requests.last().unwrap();
    assert_eq!((seen.operation, seen.method.as_str(), seen.query.as_str()), (Operation::Services, "GET", "limit=1"));
    assert_eq!(seen.path, format!("{CLIENT}/services"));
    assert_eq!(seen.header("ZT-SESSION"), Some(token.as_str()));
    assert!(seen.peer_has_certificate);
    assert_eq!(seen.connection, 1);
    assert_eq!(requests[0].body, br#"{"configTypes":["all"]}"#);
    controller.clear_requests();
    assert_eq!(controller.count(Operation::Any), 0);
}

#[test]
fn every_kind_of_server_key_serves() {
    for server_key in [ServerKey::P256, ServerKey::P384, ServerKey::Rsa] {
        let controller = TestController::builder().server_key(server_key).start().unwrap();
        let mut connection = Connection::open(&controller, None).unwrap();
        assert_eq!(connection.get("/version", None).unwrap().status, 200, "{server_key:?}");
    }
}

#[test]
fn sends_leaf_intermediate_and_root_and_bundles_the_authorities() {
    let controller = TestController::start().unwrap();
    let mut connection = Connection::open(&controller, None).unwrap();
    let chain: Vec<Vec<u8>> =
        connection.tls.conn.peer_certificates().unwrap().iter().map(|certificate| certificate.to_vec()).collect();
    let authorities = pem::parse_many(controller.ca_pem()).unwrap();
    assert_eq!(chain, [&controller.server_certificate(), authorities[1].contents(), authorities[0].contents()]);
    let bundle = connection.get("/.well-known/est/cacerts", None).unwrap().body;
    let bundle = BASE64_STANDARD.decode(bundle.iter().copied().filter(|byte| *byte != b'\n').collect::<Vec<_>>());
    let bundle = bundle.unwrap();
    assert!(chain[1..].iter().all(|authority| bundle.windows(authority.len()).any(|part| part == authority)));
    assert!(!bundle.windows(chain[0].len()).any(|part| part == chain[0]));
}

#[test]
fn gzip_is_sent_only_if_asked_for_and_switched_on() {
    for gzip in [true, false] {
        let controller = TestController::builder().gzip(gzip).start().unwrap();
        let mut connection = Connection::open(&controller, None).unwrap();
        let plain = connection.get("/version", None).unwrap();
        assert_eq!(plain.header("content-encoding"), None);
        let asked = connection.ask("GET", "/version", &[("Accept-Encoding", "gzip")], b"").unwrap();
        assert_eq!(asked.header("content-encoding").is_some(), gzip);
        assert_eq!(asked.body, plain.body);
    }
}

#[test]
fn recorded_services_are_as_long_as_recorded_and_all_different() {
    let page = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/recordings/2.0-10k/services-page-of-500.json");
    let recorded: Value = serde_json::from_slice(&std::fs::read(&page).unwrap()).unwrap();
    let controller = TestController::builder().recorded_services(&page, 1500).start().unwrap();
    let (mut connection, token) = logged_in(&controller, "alice");
    let mut names = BTreeSet::new();
    let mut bytes = 0;
    for offset in [0, 500, 1000] {
        let answer = connection.get(&format!("/services?limit=500&offset={offset}"), Some(&token)).unwrap();
        bytes += answer.body.len();
        let rows = answer.json()["data"].take();
        names.extend(rows.as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap().to_owned()));
    }
    assert_eq!((controller.service_ids().len(), names.len()), (1500, 1500));
    let recorded = recorded.to_string().len();
    assert!(bytes.abs_diff(3 * recorded) < recorded / 100, "{bytes} bytes, three times {recorded} were recorded");
}

#[test]
fn a_resumed_connection_shows_the_same_certificate() {
    let controller = TestController::start().unwrap();
    let (connection, _) = logged_in(&controller, "alice");
    let mut resumed = connection.resume(&controller).unwrap();
    assert_eq!(resumed.tls.conn.handshake_kind(), Some(HandshakeKind::Resumed));
    let token = resumed.log_in("").unwrap();
    let session = resumed.get("/current-api-session", Some(&token)).unwrap().json();
    assert_eq!(session["data"]["identity"]["name"], "alice");
}
