//! Second factors, from enrollment to the last recovery code.

mod wire;

use std::time::Duration;

use serde_json::{Value, json};
use wire::{Answer, CLIENT, Connection, Identity, logged_in};
use ziti_edge_testkit::{TestController, Version};

const STEP: Duration = Duration::from_secs(30);

fn post(connection: &mut Connection, path: &str, token: &str, body: &Value) -> Answer {
    let headers = [("zt-session", token), ("Content-Type", "application/json")];
    connection.ask("POST", &format!("{CLIENT}{path}"), &headers, body.to_string().as_bytes()).unwrap()
}

fn with_code(connection: &mut Connection, method: &str, path: &str, token: &str, code: &str) -> Answer {
    let headers = [("zt-session", token), ("mfa-validation-code", code)];
    connection.ask(method, &format!("{CLIENT}/current-identity/mfa{path}"), &headers, b"").unwrap()
}

fn code(controller: &TestController) -> String {
    controller.totp_code(&controller.identity_id("alice").unwrap()).unwrap()
}

#[test]
fn an_identity_enrolls_verifies_and_needs_a_code_from_then_on() {
    for version in Version::ALL {
        let controller = TestController::builder().version(version).start().unwrap();
        let identity = Identity::of(&controller.enrolled_identity_json("alice"));
        let mut connection = Connection::open(&controller, Some(&identity)).unwrap();
        let token = connection.log_in("").unwrap();
        assert_eq!(post(&mut connection, "/current-identity/mfa", &token, &json!({})).status, 201);
        assert_eq!(post(&mut connection, "/current-identity/mfa", &token, &json!({})).status, 409);
        let body = json!({"code": code(&controller)});
        assert_eq!(post(&mut connection, "/authenticate/mfa", &token, &body).status, 409, "not verified yet");
        assert_eq!(post(&mut connection, "/current-identity/mfa/verify", &token, &body).status, 200);
        assert_eq!(connection.get("/services", Some(&token)).unwrap().status, 200, "the session goes on");

        let token = connection.log_in("").unwrap();
        assert_eq!(connection.get("/services", Some(&token)).unwrap().status, 401);
        assert_eq!(post(&mut connection, "/authenticate/mfa", &token, &json!({"code": "1"})).status, 400);
        assert_eq!(post(&mut connection, "/authenticate/mfa", &token, &body).status, 200);
        assert_eq!(connection.get("/services", Some(&token)).unwrap().status, 200);
        let session = connection.get("/current-api-session", Some(&token)).unwrap().json();
        assert_eq!(session["data"]["isMfaComplete"], true);
        assert_eq!(session["data"]["authQueries"], json!([]));
    }
}

#[test]
fn the_shared_secret_is_the_one_of_the_provisioning_url() {
    let controller = TestController::start().unwrap();
    let (mut connection, token) = logged_in(&controller, "alice");
    post(&mut connection, "/current-identity/mfa", &token, &json!({}));
    let mfa = connection.get("/current-identity/mfa", Some(&token)).unwrap().json();
    let url = mfa["data"]["provisioningUrl"].as_str().unwrap();
    assert!(url.starts_with("otpauth://totp/openziti.io:alice?issuer=openziti.io&secret="), "{url}");
    assert_eq!(url.rsplit('=').next().unwrap().len(), 16);
    assert_eq!(mfa["data"]["recoveryCodes"].as_array().unwrap().len(), 20);
    let picture = connection.get("/current-identity/mfa/qr-code", Some(&token)).unwrap();
    assert_eq!(picture.header("content-type"), Some("image/png"));
    assert!(picture.body.starts_with(b"\x89PNG\r\n\x1a\n") && picture.body.ends_with(b"IEND\xae\x42\x60\x82"));
}

#[test]
fn a_code_follows_the_controllers_clock_and_holds_for_two_steps() {
    let controller = TestController::start().unwrap();
    let identity = Identity::of(&controller.enrolled_identity_json("alice"));
    assert!(controller.enroll_mfa(&controller.identity_id("alice").unwrap()));
    let mut connection = Connection::open(&controller, Some(&identity)).unwrap();
    let token = connection.log_in("").unwrap();
    let old = code(&controller);
    controller.advance(10 * STEP);
    assert_ne!(code(&controller), old);
    assert_eq!(post(&mut connection, "/authenticate/mfa", &token, &json!({"code": old})).status, 400);
    let body = json!({"code": code(&controller)});
    // A second less, lest another step begin meanwhile.
    controller.advance(2 * STEP - Duration::from_secs(1));
    assert_eq!(post(&mut connection, "/authenticate/mfa", &token, &body).status, 200);
}

#[test]
fn recovery_codes_log_in_once_each_and_can_be_renewed() {
    let controller = TestController::start().unwrap();
    let identity = Identity::of(&controller.enrolled_identity_json("alice"));
    let id = controller.identity_id("alice").unwrap();
    controller.enroll_mfa(&id);
    let mut connection = Connection::open(&controller, Some(&identity)).unwrap();
    let codes = controller.recovery_codes(&id);
    let body = json!({"code": codes[0]});
    let token = connection.log_in("").unwrap();
    assert_eq!(post(&mut connection, "/authenticate/mfa", &token, &body).status, 200);
    let other = connection.log_in("").unwrap();
    assert_eq!(post(&mut connection, "/authenticate/mfa", &other, &body).status, 400);
    assert_eq!(controller.recovery_codes(&id), codes[1..]);

    let shown = with_code(&mut connection, "GET", "/recovery-codes", &token, &code(&controller)).json();
    assert_eq!(shown["data"]["recoveryCodes"], json!(codes[1..]));
    assert_eq!(with_code(&mut connection, "GET", "/recovery-codes", &token, &codes[1]).status, 400);
    let body = json!({"code": code(&controller)});
    assert_eq!(post(&mut connection, "/current-identity/mfa/recovery-codes", &token, &body).status, 200);
    let renewed = controller.recovery_codes(&id);
    assert!(renewed.len() == 20 && codes.iter().all(|code| !renewed.contains(code)));
}

#[test]
fn a_verified_second_factor_is_deleted_by_a_code_only() {
    let controller = TestController::start().unwrap();
    let identity = Identity::of(&controller.enrolled_identity_json("alice"));
    let id = controller.identity_id("alice").unwrap();
    let mut connection = Connection::open(&controller, Some(&identity)).unwrap();
    let token = connection.log_in("").unwrap();
    controller.enroll_mfa(&id);
    assert_eq!(with_code(&mut connection, "DELETE", "", &token, "").status, 400);
    assert_eq!(with_code(&mut connection, "DELETE", "", &token, &controller.recovery_codes(&id)[0]).status, 200);
    assert_eq!(with_code(&mut connection, "DELETE", "", &token, "").status, 404);
    assert_eq!(controller.totp_code(&id), None);
    let token = connection.log_in("").unwrap();
    assert_eq!(connection.get("/services", Some(&token)).unwrap().status, 200);
}

#[test]
fn a_policy_may_want_a_second_factor_of_who_has_none() {
    let controller = TestController::start().unwrap();
    let identity = Identity::of(&controller.enrolled_identity_json("alice"));
    controller.require_mfa(&controller.identity_id("alice").unwrap(), true);
    let mut connection = Connection::open(&controller, Some(&identity)).unwrap();
    let token = connection.log_in("").unwrap();
    assert_eq!(connection.get("/services", Some(&token)).unwrap().status, 401);
    assert_eq!(post(&mut connection, "/current-identity/mfa", &token, &json!({})).status, 201);
    let body = json!({"code": code(&controller)});
    assert_eq!(post(&mut connection, "/current-identity/mfa/verify", &token, &body).status, 200);
    assert_eq!(connection.get("/services", Some(&token)).unwrap().status, 200);
}

#[test]
fn broken_documents_are_refused_and_tokens_looked_at_first() {
    let controller = TestController::start().unwrap();
    let (mut connection, token) = logged_in(&controller, "alice");
    let path = format!("{CLIENT}/authenticate/mfa");
    let json = ("Content-Type", "application/json");
    let mut status = |headers: &[(&str, &str)], body: &str| {
        let answer = connection.ask("POST", &path, headers, body.as_bytes()).unwrap();
        (answer.status, answer.json()["error"]["code"].as_str().unwrap().to_owned())
    };
    assert_eq!(status(&[], ""), (401, "UNAUTHORIZED".into()), "no token counts more than no document");
    assert_eq!(status(&[("zt-session", "x")], ""), (602, "COULD_NOT_VALIDATE".into()), "a wrong one less");
    assert_eq!(status(&[("zt-session", &token), json], "[]"), (400, "COULD_NOT_PARSE_BODY".into()));
    assert_eq!(status(&[("zt-session", &token), json], "{"), (400, "COULD_NOT_PARSE_BODY".into()));
    assert_eq!(status(&[("zt-session", &token), ("Content-Type", "text/plain")], "{}").0, 415);
}
