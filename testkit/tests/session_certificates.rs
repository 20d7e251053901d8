//! Certificates that belong to sessions.

mod wire;

use rcgen::{CertificateParams, DnType, KeyPair};
use serde_json::{Value, json};
use wire::{Answer, CLIENT, Connection, logged_in};
use ziti_edge_testkit::{TestController, Version};

fn create(connection: &mut Connection, token: &str) -> Answer {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "session");
    let csr = params.serialize_request(&KeyPair::generate().unwrap()).unwrap().pem().unwrap();
    let body = json!({"csr": csr.replace("\r\n", "\n")}).to_string();
    let headers = [("zt-session", token), ("Content-Type", "application/json")];
    let path = format!("{CLIENT}/current-api-session/certificates");
    connection.ask("POST", &path, &headers, body.as_bytes()).unwrap()
}

fn list(connection: &mut Connection, token: &str, query: &str) -> Vec<Value> {
    let path = format!("/current-api-session/certificates?{query}");
    connection.get(&path, Some(token)).unwrap().json()["data"].as_array().unwrap().clone()
}

#[test]
fn a_certificate_is_issued_listed_shown_and_deleted() {
    let controller = TestController::builder().version(Version::V1_6).start().unwrap();
    let (mut connection, token) = logged_in(&controller, "alice");
    let created = create(&mut connection, &token);
    assert_eq!(created.status, 201);
    let created = created.json()["data"].take();
    assert_eq!(pem::parse_many(created["certificate"].as_str().unwrap()).unwrap().len(), 2);
    let rows = list(&mut connection, &token, "filter=subject%20contains%20%22session%22");
    assert_eq!((rows.len(), &rows[0]["id"]), (1, &created["id"]));
    assert!(rows[0]["subject"].as_str().unwrap().contains("CN=session"), "{}", rows[0]);
    let path = format!("/current-api-session/certificates/{}", created["id"].as_str().unwrap());
    assert_eq!(connection.get(&path, Some(&token)).unwrap().json()["data"], rows[0]);
    let delete = |connection: &mut Connection| {
        connection.ask("DELETE", &format!("{CLIENT}{path}"), &[("zt-session", &token)], b"").unwrap().status
    };
    assert_eq!((delete(&mut connection), delete(&mut connection)), (200, 404));
}

#[test]
fn what_is_listed_of_others_depends_on_the_version() {
    for (version, own_after_login, seen_by_other) in
        [(Version::V1_3, 1, 3), (Version::V1_6, 0, 0), (Version::V2_0, 1, 3)]
    {
        let controller = TestController::builder().version(version).start().unwrap();
        let (mut alices, alices_token) = logged_in(&controller, "alice");
        assert_eq!(list(&mut alices, &alices_token, "").len(), own_after_login, "{version:?}");
        let created = create(&mut alices, &alices_token).json()["data"]["id"].take();
        let (mut bobs, bobs_token) = logged_in(&controller, "bob");
        assert_eq!(list(&mut bobs, &bobs_token, "").len(), seen_by_other, "{version:?}");
        let path = format!("/current-api-session/certificates/{}", created.as_str().unwrap());
        let missing = if version == Version::V1_3 { 500 } else { 404 };
        assert_eq!(bobs.get(&path, Some(&bobs_token)).unwrap().status, missing, "{version:?}");
        alices.ask("DELETE", &format!("{CLIENT}/current-api-session"), &[("zt-session", &alices_token)], b"").unwrap();
        assert!(list(&mut bobs, &bobs_token, "").iter().all(|row| row["id"] != created), "it went with its session");
    }
}
