//! Enrollment by other means than a one-time token and a CSR.

mod wire;

use rcgen::{CertificateParams, DnType, KeyPair};
use serde_json::{Value, json};
use wire::{Answer, CLIENT, Connection, Identity};
use ziti_edge_testkit::{ExternalSigner, IdentityOptions, Papers, TestController, Version};

fn identity(papers: Papers) -> Identity {
    Identity { chain: papers.certificate, key: papers.key }
}

/// Asks in the generic form, as `identity` where there is one.
fn enroll(controller: &TestController, identity: Option<&Identity>, query: &str, body: &str) -> Answer {
    let content_type = if body.starts_with('{') { "application/json" } else { "text/plain" };
    let headers = [("Content-Type", content_type), ("Accept", "application/json")];
    let mut connection = Connection::open(controller, identity).unwrap();
    connection.ask("POST", &format!("{CLIENT}/enroll?{query}"), &headers, body.as_bytes()).unwrap()
}

fn logs_in(controller: &TestController, identity: &Identity) -> bool {
    let mut connection = Connection::open(controller, Some(identity)).unwrap();
    connection.ask("POST", &format!("{CLIENT}/authenticate?method=cert"), &[], b"").unwrap().status == 200
}

fn csr(key: &KeyPair, common_name: &str) -> String {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.serialize_request(key).unwrap().pem().unwrap().replace("\r\n", "\n")
}

fn options(name: &str, method: &str) -> IdentityOptions {
    IdentityOptions { name: name.into(), method: method.into(), ..IdentityOptions::default() }
}

#[test]
fn a_password_is_set_once_under_the_name_of_the_enrollment() {
    for version in Version::ALL {
        let controller = TestController::builder().version(version).start().unwrap();
        let token = controller.create_identity_with(options("alice", "updb")).token;
        let query = format!("method=updb&token={token}");
        let body = json!({"username": "somebody", "password": "abc"}).to_string();
        assert_eq!(enroll(&controller, None, &query, &body).status, 400, "too short a password keeps the token");
        let body = json!({"username": "somebody", "password": "secret"}).to_string();
        assert_eq!(enroll(&controller, None, &query, &body).status, 200, "{version:?}");
        assert_eq!(enroll(&controller, None, &query, &body).status, 400, "{version:?}");
        let mut connection = Connection::open(&controller, None).unwrap();
        let path = format!("{CLIENT}/authenticate?method=password");
        let mut status = |name: &str| {
            let body = json!({"username": name, "password": "secret"}).to_string();
            connection.ask("POST", &path, &[("Content-Type", "application/json")], body.as_bytes()).unwrap().status
        };
        assert_eq!((status("alice"), status("somebody")), (200, 401), "{version:?}");
    }
}

#[test]
fn an_identity_enrolls_by_a_certificate_of_the_authority_it_was_made_for() {
    for version in Version::ALL {
        let controller = TestController::builder().version(version).start().unwrap();
        let [own, other] = ["own", "other"].map(|name| controller.add_authority(name));
        let token = controller
            .create_identity_with(IdentityOptions { authority: Some(own.clone()), ..options("alice", "ottca") })
            .token;
        let query = format!("method=ottca&token={token}");
        let wrong = identity(other.issue("alice"));
        assert_eq!(enroll(&controller, Some(&wrong), &query, "").status, 400, "{version:?}");
        let right = identity(own.issue("alice"));
        assert!(!logs_in(&controller, &right), "{version:?}: not yet");
        assert_eq!(enroll(&controller, Some(&right), &query, "").status, 200, "{version:?}");
        assert!(logs_in(&controller, &right), "{version:?}");
    }
}

#[test]
fn whoever_has_a_certificate_of_an_authority_enrolls_once() {
    for version in Version::ALL {
        let controller = TestController::builder().version(version).start().unwrap();
        let authority = controller.add_authority("factory");
        let device = identity(authority.issue("device-1"));
        assert_eq!(enroll(&controller, None, "method=ca", "").status, 400, "{version:?}");
        assert_eq!(enroll(&controller, Some(&device), "method=ca", "").status, 200, "{version:?}");
        assert!(controller.identity_id("factory-device-1").is_some());
        assert!(logs_in(&controller, &device), "{version:?}");
        assert_eq!(enroll(&controller, Some(&device), "method=ca", "").status, 409, "{version:?}");
        let named = identity(authority.issue("device-2"));
        assert_eq!(enroll(&controller, Some(&named), "method=ca", r#"{"name": "Bob"}"#).status, 200);
        assert!(controller.identity_id("Bob").is_some());
    }
}

#[test]
fn a_router_enrolls_under_its_id_and_replaces_its_certificates() {
    let controller = TestController::start().unwrap();
    let router = controller.create_router();
    let key = KeyPair::generate().unwrap();
    let requests = |name: &str| json!({"certCsr": csr(&key, name), "serverCertCsr": csr(&key, name)}).to_string();
    let query = format!("method=erott&token={}", router.token);
    assert_eq!(enroll(&controller, None, &query, &requests("another")).status, 400);
    let answer = enroll(&controller, None, &query, &requests(&router.id)).json();
    let chain = answer["data"]["cert"].as_str().unwrap().to_owned();
    let first = Identity { chain, key: key.serialize_pem() };
    let extend = |identity: &Identity| {
        let mut connection = Connection::open(&controller, Some(identity)).unwrap();
        let headers = [("Content-Type", "application/json")];
        let path = format!("{CLIENT}/enroll/extend/router");
        connection.ask("POST", &path, &headers, requests(&router.id).as_bytes()).unwrap()
    };
    let chain = extend(&first).json()["data"]["cert"].as_str().unwrap().to_owned();
    assert_eq!(extend(&first).status, 401, "it was replaced");
    assert_eq!(extend(&Identity { chain, key: key.serialize_pem() }).status, 200);
}

#[test]
fn a_token_of_a_signer_enrolls_to_a_certificate_or_to_tokens() {
    let controller = TestController::start().unwrap();
    let signer = |name: &str, to_certificate: bool| {
        controller.add_external_signer(ExternalSigner {
            enrolls_to_certificate: to_certificate,
            enrolls_to_token: !to_certificate,
            ..ExternalSigner::named(name)
        })
    };
    let (to_certificate, to_token) = (signer("a", true), signer("b", false));
    let mut connection = Connection::open(&controller, None).unwrap();
    let mut ask = |path: &str, signer: &str, subject: &str, body: &Value| {
        let token = controller.external_token(signer, &json!({"sub": subject})).unwrap();
        let headers = [("Authorization", &*format!("Bearer {token}")), ("Content-Type", "application/json")];
        connection.ask("POST", &format!("{CLIENT}{path}"), &headers, body.to_string().as_bytes()).unwrap()
    };
    let key = KeyPair::generate().unwrap();
    let bad = json!({"clientCsr": "nonsense"});
    assert_eq!(ask("/enroll/token", &to_certificate, "alice", &bad).status, 400);
    let with_csr = json!({"clientCsr": csr(&key, "alice")});
    let answer = ask("/enroll/token", &to_certificate, "alice", &with_csr);
    assert_eq!(answer.status, 200, "the bad one left nobody behind");
    let chain = answer.json()["data"]["cert"].as_str().unwrap().to_owned();
    assert!(logs_in(&controller, &Identity { chain, key: key.serialize_pem() }));
    assert_eq!(ask("/enroll/token", &to_token, "bob", &with_csr).status, 409, "not allowed");
    assert_eq!(ask("/authenticate?method=ext-jwt", &to_token, "bob", &json!({})).status, 401);
    assert_eq!(ask("/enroll/token", &to_token, "bob", &json!({})).status, 200);
    assert_eq!(ask("/authenticate?method=ext-jwt", &to_token, "bob", &json!({})).status, 200);
}

#[test]
fn enrollment_tokens_tell_their_method_and_whom_they_are_for() {
    let controller = TestController::start().unwrap();
    let authority = controller.add_authority("factory");
    let router = controller.create_router();
    let updb = controller.create_identity_with(options("alice", "updb"));
    for (jwt, method, subject) in [
        (controller.authority_jwt(&authority), "ca", authority.id()),
        (router.jwt, "erott", router.id.as_str()),
        (updb.jwt, "updb", updb.id.as_str()),
    ] {
        use base64::Engine;
        let claims = jwt.split('.').nth(1).unwrap();
        let claims = base64::prelude::BASE64_URL_SAFE_NO_PAD.decode(claims).unwrap();
        let claims: Value = serde_json::from_slice(&claims).unwrap();
        assert_eq!((&claims["em"], &claims["sub"]), (&json!(method), &json!(subject)));
    }
}
