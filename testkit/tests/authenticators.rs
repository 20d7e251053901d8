//! Passwords that change and certificates that are replaced.

mod wire;

use rcgen::{CertificateParams, KeyPair};
use serde_json::{Value, json};
use wire::{Answer, CLIENT, Connection, Identity};
use ziti_edge_testkit::{IdentityOptions, TestController, Version};

const MANAGEMENT: &str = "/edge/management/v1";

fn ask(connection: &mut Connection, method: &str, path: &str, token: &str, body: &Value) -> Answer {
    let headers = [("zt-session", token), ("Content-Type", "application/json")];
    let body = if body.is_null() { String::new() } else { body.to_string() };
    connection.ask(method, path, &headers, body.as_bytes()).unwrap()
}

fn by_password(connection: &mut Connection, name: &str, password: &str) -> Option<String> {
    let body = json!({"username": name, "password": password}).to_string();
    let path = format!("{CLIENT}/authenticate?method=password");
    let answer = connection.ask("POST", &path, &[("Content-Type", "application/json")], body.as_bytes()).unwrap();
    answer.header("zt-session").map(str::to_owned)
}

fn csr(key: &KeyPair) -> String {
    CertificateParams::default().serialize_request(key).unwrap().pem().unwrap().replace("\r\n", "\n")
}

fn own_path(base: &str, connection: &mut Connection, token: &str) -> String {
    let list = ask(connection, "GET", &format!("{base}/current-identity/authenticators"), token, &Value::Null).json();
    format!("{base}/current-identity/authenticators/{}", list["data"][0]["id"].as_str().unwrap())
}

#[test]
fn a_password_and_a_name_change_and_the_session_goes_on() {
    let controller = TestController::start().unwrap();
    let password = Some("first1".to_owned());
    controller.create_identity_with(IdentityOptions { name: "alice".into(), password, ..IdentityOptions::default() });
    let mut connection = Connection::open(&controller, None).unwrap();
    let token = by_password(&mut connection, "alice", "first1").unwrap();
    let path = own_path(CLIENT, &mut connection, &token);
    let patch = json!({"password": "second2", "currentPassword": "first1"});
    assert_eq!(ask(&mut connection, "PATCH", &path, &token, &patch).status, 200);
    let again = ask(&mut connection, "PATCH", &path, &token, &patch);
    assert_eq!((again.status, &again.json()["error"]["cause"]["field"]), (401, &json!("currentPassword")));
    assert_eq!(by_password(&mut connection, "alice", "first1"), None);
    assert!(by_password(&mut connection, "alice", "second2").is_some());
    let put = json!({"username": "alicia", "password": "third3", "currentPassword": "second2", "tags": {"a": 1}});
    assert_eq!(ask(&mut connection, "PUT", &path, &token, &put).status, 200);
    assert_eq!(by_password(&mut connection, "alice", "third3"), None);
    assert!(by_password(&mut connection, "alicia", "third3").is_some());
    let own = ask(&mut connection, "GET", &path, &token, &Value::Null).json();
    assert_eq!((&own["data"]["username"], &own["data"]["tags"]), (&json!("alicia"), &json!({"a": 1})));
}

/// Replaces the certificate of `identity`; the result is the new one.
fn extend(controller: &TestController, base: &str, identity: &Identity) -> Identity {
    let mut connection = Connection::open(controller, Some(identity)).unwrap();
    let token = connection.log_in("").unwrap();
    let path = own_path(base, &mut connection, &token);
    let key = KeyPair::generate().unwrap();
    let body = json!({"clientCertCsr": csr(&key)});
    let mut bare = Connection::open(controller, None).unwrap();
    assert_eq!(ask(&mut bare, "POST", &format!("{path}/extend"), &token, &body).status, 401, "no certificate shown");
    let issued = ask(&mut connection, "POST", &format!("{path}/extend"), &token, &body).json();
    let chain = issued["data"]["clientCert"].as_str().unwrap().to_owned();
    let renewed = Identity { chain: chain.clone(), key: key.serialize_pem() };
    connection.log_in("").expect("the old one is in force until the new one is confirmed");
    let confirm = json!({"clientCert": chain});
    assert_eq!(ask(&mut connection, "POST", &format!("{path}/extend-verify"), &token, &confirm).status, 200);
    assert_eq!(ask(&mut connection, "POST", &format!("{path}/extend-verify"), &token, &confirm).status, 409);
    assert_eq!(connection.get("/services", Some(&token)).unwrap().status, 200, "the session goes on");
    renewed
}

fn logs_in(controller: &TestController, identity: &Identity) -> bool {
    let mut connection = Connection::open(controller, Some(identity)).unwrap();
    connection.ask("POST", &format!("{CLIENT}/authenticate?method=cert"), &[], b"").unwrap().status == 200
}

#[test]
fn a_certificate_is_replaced_on_either_api() {
    for version in Version::ALL {
        let controller = TestController::builder().version(version).start().unwrap();
        let first = Identity::of(&controller.enrolled_identity_json("alice"));
        let second = extend(&controller, CLIENT, &first);
        assert!(!logs_in(&controller, &first) && logs_in(&controller, &second), "{version:?}");
        let third = extend(&controller, MANAGEMENT, &second);
        assert!(!logs_in(&controller, &second) && logs_in(&controller, &third), "{version:?}");
    }
}

#[test]
fn logins_say_that_a_certificate_is_to_be_replaced() {
    let controller = TestController::start().unwrap();
    let identity = Identity::of(&controller.enrolled_identity_json("alice"));
    controller.request_certificate_extension(&controller.identity_id("alice").unwrap(), false);
    let mut connection = Connection::open(&controller, Some(&identity)).unwrap();
    let path = format!("{CLIENT}/authenticate?method=cert");
    let answer = connection.ask("POST", &path, &[], b"").unwrap();
    assert_eq!(answer.header("ziti-authenticator-extend-requested"), Some("true"));
    let session = &answer.json()["data"];
    assert_eq!((&session["isCertExtendRequested"], session.get("isCertKeyRollRequested")), (&json!(true), None));
    let renewed = extend(&controller, CLIENT, &identity);
    let mut connection = Connection::open(&controller, Some(&renewed)).unwrap();
    let answer = connection.ask("POST", &path, &[], b"").unwrap();
    assert_eq!(answer.header("ziti-authenticator-extend-requested"), None);
}

#[test]
fn somebody_elses_authenticator_is_not_there_and_a_certificate_has_no_password() {
    let controller = TestController::start().unwrap();
    let [alice, bob] = ["alice", "bob"].map(|name| Identity::of(&controller.enrolled_identity_json(name)));
    let mut alices = Connection::open(&controller, Some(&alice)).unwrap();
    let mut bobs = Connection::open(&controller, Some(&bob)).unwrap();
    let (alices_token, bobs_token) = (alices.log_in("").unwrap(), bobs.log_in("").unwrap());
    let path = own_path(CLIENT, &mut alices, &alices_token);
    assert_eq!(ask(&mut bobs, "GET", &path, &bobs_token, &Value::Null).status, 404);
    let body = json!({"clientCertCsr": csr(&KeyPair::generate().unwrap())});
    assert_eq!(ask(&mut bobs, "POST", &format!("{path}/extend"), &bobs_token, &body).status, 404);
    assert_eq!(ask(&mut bobs, "POST", &format!("{path}/extend"), &alices_token, &body).status, 401);
    let patch = json!({"password": "second2", "currentPassword": "first1"});
    assert_eq!(ask(&mut alices, "PATCH", &path, &alices_token, &patch).status, 409);
}

#[test]
fn only_administrators_see_other_identities() {
    let controller = TestController::start().unwrap();
    let admin = IdentityOptions { name: "root".into(), is_admin: true, ..IdentityOptions::default() };
    let admin = Identity::of(&controller.enrolled_identity_json_with(admin));
    let alice = Identity::of(&controller.enrolled_identity_json("alice"));
    let path = format!("{MANAGEMENT}/identities?filter=name%20%3D%20%22alice%22");
    let listed = |identity: &Identity| {
        let mut connection = Connection::open(&controller, Some(identity)).unwrap();
        let token = connection.log_in("").unwrap();
        ask(&mut connection, "GET", &path, &token, &Value::Null)
    };
    assert_eq!(listed(&alice).status, 401);
    let page = listed(&admin).json();
    assert_eq!(page["data"][0]["id"], json!(controller.identity_id("alice").unwrap()));
    assert_eq!(page["meta"]["pagination"]["totalCount"], 1);
}
