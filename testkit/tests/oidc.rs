//! Logins by OpenID Connect, and the sessions they start: what the recordings do not show.

mod wire;

use serde_json::{Value, json};
use wire::oidc::{REDIRECT, Tokens, told};
use wire::{CLIENT, Connection, Identity};
use ziti_edge_testkit::{ExternalSigner, Fault, IdentityOptions, Operation, ServiceSpec, TestController, Version};

const PASSWORD: &str = "secret1";

fn person(name: &str) -> IdentityOptions {
    IdentityOptions { name: name.to_owned(), password: Some(PASSWORD.to_owned()), ..IdentityOptions::default() }
}

/// A controller with an identity that has a password, and its id.
fn with_alice(version: Version) -> (TestController, String) {
    let controller = TestController::builder().version(version).start().unwrap();
    let id = controller.create_identity_with(person("alice")).id;
    (controller, id)
}

fn connect(controller: &TestController) -> Connection {
    Connection::open(controller, None).unwrap()
}

fn credentials(id: &str) -> Value {
    json!({"id": id, "username": "alice", "password": PASSWORD})
}

#[test]
fn a_login_ends_with_tokens_whose_session_every_version_shows() {
    for version in Version::ALL {
        let (controller, id) = with_alice(version);
        let mut connection = connect(&controller);
        let tokens = connection.tokens_by_password("alice", PASSWORD);
        let session = connection.get_as("/current-api-session", &[&tokens.access]).json();
        assert_eq!(session["data"]["identityId"], id.as_str(), "{version:?}");
        assert_eq!(session["data"]["token"], tokens.access.as_str());
        assert_eq!((controller.oidc_logins(), controller.session_count()), (1, 1));
        assert_eq!(controller.count(Operation::Authenticate), 0);
        assert_eq!(controller.count(Operation::Named("oidcLogin")), 1);
    }
}

#[test]
fn a_code_is_for_the_verifier_and_the_redirection_it_was_asked_with_and_good_once() {
    let (controller, _) = with_alice(Version::V2_0);
    let mut connection = connect(&controller);
    let id = connection.begin();
    connection.step("password", &credentials(&id), &[]);
    let code = connection.code(&id);
    let form = |verifier: &str, port: &str| {
        format!(
            "grant_type=authorization_code&client_id=openziti&code={code}&code_verifier={verifier}\
             &redirect_uri=http%3A%2F%2Flocalhost%3A{port}%2Fauth%2Fcallback"
        )
    };
    for (wrong, port) in [("wrong", "8080"), ("", "8080"), (wire::oidc::VERIFIER, "9090")] {
        let refused = connection.token(&form(wrong, port));
        assert_eq!((refused.status, &refused.json()["error"]), (400, &json!("invalid_grant")), "{wrong} {port}");
    }
    assert_eq!(connection.token(&form(wire::oidc::VERIFIER, "8080")).status, 200);
    assert_eq!(connection.token(&form(wire::oidc::VERIFIER, "8080")).status, 400);
}

#[test]
fn a_login_takes_ten_minutes_at_most() {
    let (controller, _) = with_alice(Version::V2_0);
    let mut connection = connect(&controller);
    let id = connection.begin();
    controller.advance(std::time::Duration::from_secs(600));
    assert_eq!(connection.step("password", &credentials(&id), &[]).status, 401);
}

#[test]
fn no_tokens_are_to_be_had_before_the_login_is_complete() {
    let (controller, id) = with_alice(Version::V2_0);
    assert!(controller.enroll_mfa(&id));
    let mut connection = connect(&controller);
    let login = connection.begin();
    let callback = format!("/oidc/authorize/callback?id={login}");
    let early = connection.ask("GET", &callback, &[], b"").unwrap();
    assert_eq!(told(&early, "error").unwrap(), "interaction_required");
    let asked = connection.step("password", &credentials(&login), &[]);
    assert_eq!((asked.status, asked.header("totp-required")), (200, Some("true")));
    let early = connection.ask("GET", &callback, &[], b"").unwrap();
    assert_eq!((told(&early, "error").unwrap(), told(&early, "code")), ("interaction_required".to_owned(), None));
    let code = controller.recovery_codes(&id).remove(0);
    let wrong = connection.step("totp", &json!({"id": login, "code": "000000"}), &[]);
    assert_eq!((wrong.status, &wrong.json()["code"]), (400, &json!("INVALID TOTP CODE")));
    assert_eq!(connection.step("totp", &json!({"id": login, "code": code}), &[]).status, 302);
    let tokens = connection.finish(&login);
    let session = connection.get_as("/current-api-session", &[&tokens.access]).json();
    assert_eq!(session["data"]["isMfaComplete"], true);
}

#[test]
fn a_second_factor_can_be_set_up_on_the_way_and_be_given_up() {
    let (controller, id) = with_alice(Version::V2_0);
    controller.require_mfa(&id, true);
    let mut connection = connect(&controller);
    let login = connection.begin();
    connection.step("password", &credentials(&login), &[]);
    let started = connection.step("totp/enroll", &json!({"id": login}), &[]);
    assert_eq!((started.status, &started.json()["isVerified"]), (201, &json!(false)));
    let cancel = format!("/oidc/login/totp/enroll?id={login}");
    assert_eq!(connection.ask("DELETE", &cancel, &[], b"").unwrap().status, 415, "of no kind");
    assert_eq!(connection.ask("DELETE", &cancel, &[("Content-Type", "application/json")], b"{}").unwrap().status, 200);
    assert_eq!(connection.step("totp/enroll", &json!({"id": login}), &[]).status, 201);
    let code = controller.totp_code(&id).unwrap();
    let verified = connection.step("totp/enroll/verify", &json!({"id": login, "code": code}), &[]);
    assert_eq!(verified.status, 302);
    connection.finish(&login);
}

#[test]
fn second_factors_come_one_after_another_in_2_0() {
    let controller = TestController::start().unwrap();
    let signer = controller.add_external_signer(ExternalSigner::named("idp"));
    let options = IdentityOptions { secondary_signer: Some(signer.clone()), ..person("alice") };
    let id = controller.create_identity_with(options).id;
    assert!(controller.enroll_mfa(&id));
    let external = controller.external_token(&signer, &json!({"sub": "anybody"})).unwrap();
    let mut connection = connect(&controller);
    let login = connection.begin();
    let kinds = |answer: &wire::Answer| {
        let queries = answer.json()["authQueries"].as_array().unwrap().clone();
        queries.iter().map(|query| query["typeId"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(kinds(&connection.step("password", &credentials(&login), &[])), ["TOTP", "EXT-JWT"]);
    let code = controller.totp_code(&id).unwrap();
    let left = connection.step("totp", &json!({"id": login, "code": code}), &[]);
    assert_eq!(kinds(&left), ["EXT-JWT"]);
    assert_eq!(connection.step("password", &credentials(&login), &[&external]).status, 302);
    let tokens = connection.finish(&login);
    let status = |connection: &mut Connection, bearers: &[&str]| connection.get_as("/services", bearers).status;
    assert_eq!(status(&mut connection, &[&tokens.access]), 401);
    assert_eq!(status(&mut connection, &[&tokens.access, &external]), 200);
    assert_eq!(status(&mut connection, &[&external, &tokens.access]), 200);
}

#[test]
fn an_external_token_logs_in_by_itself() {
    for version in Version::ALL {
        let controller = TestController::builder().version(version).start().unwrap();
        let signer = controller.add_external_signer(ExternalSigner::named("idp"));
        let options = IdentityOptions { external_id: Some("al".to_owned()), ..person("alice") };
        controller.create_identity_with(options);
        let good = controller.external_token(&signer, &json!({"sub": "al"})).unwrap();
        let other = controller.external_token(&signer, &json!({"sub": "nobody"})).unwrap();
        let mut connection = connect(&controller);
        let login = connection.begin();
        assert_eq!(connection.step("ext-jwt", &json!({"id": login}), &[&other]).status, 401, "{version:?}");
        assert_eq!(connection.step("ext-jwt", &json!({"id": login}), &[&good]).status, 302, "{version:?}");
        connection.finish(&login);
    }
}

fn by_certificate(controller: &TestController, identity: &Identity) -> Tokens {
    let mut connection = Connection::open(controller, Some(identity)).unwrap();
    let id = told(&connection.authorize(""), "authRequestID").unwrap();
    assert_eq!(connection.step("cert", &json!({"id": id}), &[]).status, 302);
    connection.finish(&id)
}

#[test]
fn a_token_had_by_certificate_is_good_with_that_certificate_only_in_2_0() {
    for version in Version::ALL {
        let controller = TestController::builder().version(version).start().unwrap();
        let [own, other] = ["own", "other"].map(|name| Identity::of(&controller.enrolled_identity_json(name)));
        let tokens = by_certificate(&controller, &own);
        let status = |identity: Option<&Identity>| {
            Connection::open(&controller, identity).unwrap().get_as("/services", &[&tokens.access]).status
        };
        assert_eq!(status(Some(&own)), 200);
        assert_eq!(status(Some(&own.leaf_only())), 200);
        let unbound = if version == Version::V2_0 { 401 } else { 200 };
        assert_eq!((status(Some(&other)), status(None)), (unbound, unbound), "{version:?}");
    }
}

#[test]
fn the_login_page_follows_what_the_client_shows_and_asks_for() {
    let controller = TestController::start().unwrap();
    let identity = Identity::of(&controller.enrolled_identity_json("alice"));
    let mut with = Connection::open(&controller, Some(&identity)).unwrap();
    let mut without = connect(&controller);
    let page = |connection: &mut Connection, more: &str| {
        let answer = connection.authorize(more);
        answer.header("location").unwrap().split('?').next().unwrap().to_owned()
    };
    assert_eq!(page(&mut with, ""), "/oidc/login/cert");
    assert_eq!(page(&mut with, "&method=password"), "/oidc/login/username");
    assert_eq!(page(&mut without, ""), "/oidc/login/username");
    assert_eq!(page(&mut without, "&method=cert"), "/oidc/login/cert");
    assert_eq!(page(&mut without, "&method=ext-jwt"), "/oidc/login/ext-jwt");
    assert_eq!(page(&mut without, "&response_type=token"), REDIRECT);
}

#[test]
fn a_controller_may_be_without_it_and_says_so() {
    for version in Version::ALL {
        let controller = TestController::builder().version(version).oidc(false).start().unwrap();
        let mut connection = connect(&controller);
        let told = connection.get("/version", None).unwrap().json();
        assert!(told["data"]["apiVersions"].get("edge-oidc").is_none());
        assert!(!told["data"]["capabilities"].as_array().unwrap().contains(&json!("OIDC_AUTH")));
        let discovery = connection.ask("GET", "/oidc/.well-known/openid-configuration", &[], b"").unwrap();
        assert_eq!((discovery.status, discovery.body), (404, b"404 page not found\n".to_vec()));
    }
}

#[test]
fn its_routes_have_names_for_faults() {
    let (controller, _) = with_alice(Version::V2_0);
    controller.fault_times(Operation::Named("oidcAuthorize"), Fault::Status(503), 1);
    controller.fault_times(Operation::Named("oidcDiscovery"), Fault::NoSuchPath, 1);
    let mut connection = connect(&controller);
    assert_eq!(connection.authorize("").status, 503);
    let mut discover = || connection.ask("GET", "/oidc/.well-known/openid-configuration", &[], b"").unwrap();
    assert_eq!(discover().header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(discover().json()["issuer"], format!("{}/oidc", controller.url()));
    connection.tokens_by_password("alice", PASSWORD);
}

#[test]
fn what_a_session_dials_is_kept_by_nobody() {
    for version in Version::ALL {
        let (controller, _) = with_alice(version);
        let service = controller.add_service(ServiceSpec { name: "web".to_owned(), ..ServiceSpec::default() });
        let mut connection = connect(&controller);
        let tokens = connection.tokens_by_password("alice", PASSWORD);
        let bearer = format!("Bearer {}", tokens.access);
        let headers = [("Content-Type", "application/json"), ("Authorization", bearer.as_str())];
        let body = json!({"serviceId": service, "type": "Dial"}).to_string();
        let dialed = connection.ask("POST", &format!("{CLIENT}/sessions"), &headers, body.as_bytes()).unwrap();
        assert_eq!((dialed.status, &dialed.json()["data"]["service"]), (201, &Value::Null), "{version:?}");
        let listed = connection.get_as("/sessions", &[&tokens.access]).json();
        assert_eq!(listed["data"], json!([]), "{version:?}");
    }
}
