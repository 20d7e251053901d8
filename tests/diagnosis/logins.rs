//! Steps that are about the identity.

use std::time::Duration;

use rcgen::{CertificateParams, KeyPair};
use serde_json::json;
use ziti_edge_client::{Client, Credentials, Identity, JwtSource, StepKind, StepOutcome, Store};
use ziti_edge_testkit::{IdentityOptions, Operation, TestController, Version};

use crate::support::{self, ENOUGH, controller};
use crate::{only_fails, step};

#[test]
fn a_refused_login_is_told_with_what_to_ask() {
    let controller = controller(Version::V1_6, 0);
    let (client, id) = support::client_and_id(&controller);
    controller.remove_identity(&id);
    for _ in 0..2 {
        let diagnosis = client.diagnose();
        only_fails(&diagnosis, StepKind::Login, "the controller refuses this identity");
        assert!(step(&diagnosis, StepKind::Login).advice.as_deref().unwrap().contains("administrator"));
    }
    assert_eq!(controller.count(Operation::Authenticate), 1, "the second diagnosis believes the first");
}

#[test]
fn a_certificate_that_a_node_may_not_know_yet_is_told_and_not_waited_for() {
    let controller = controller(Version::V2_0, 0);
    let (client, _) = support::client_and_id(&controller);
    let body = r#"{"error":{"code":"INVALID_AUTH","message":"not known yet"},"meta":{}}"#;
    controller.fault(Operation::Authenticate, support::answer(401, body));
    for asked in 1..=2 {
        only_fails(&client.diagnose(), StepKind::Login, "the next call asks again");
        assert_eq!(controller.count(Operation::Authenticate), asked, "once");
    }
    controller.clear_faults();
    assert!(client.diagnose().is_ok());
}

#[test]
fn a_login_that_waits_for_a_code_is_told() {
    let controller = controller(Version::V2_0, 0);
    let (client, id) = support::client_and_id(&controller);
    controller.require_mfa(&id, true);
    only_fails(&client.diagnose(), StepKind::Login, "the login still wants");
}

#[test]
fn an_expired_certificate_of_the_identity_is_told_beside_the_login() {
    let controller = controller(Version::V1_6, 0);
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.not_before = rcgen::date_time_ymd(2019, 1, 1);
    params.not_after = rcgen::date_time_ymd(2020, 1, 1);
    let certificate = params.self_signed(&key).unwrap().pem();
    let diagnosis = support::client_of(&controller, &certificate, &key.serialize_pem()).diagnose();
    let own = step(&diagnosis, StepKind::Certificate);
    assert!(own.outcome == StepOutcome::Failed && own.detail.contains("ended on 2020-01-01"), "{diagnosis}");
    assert_eq!(step(&diagnosis, StepKind::Login).outcome, StepOutcome::Failed, "{diagnosis}");
}

#[test]
fn an_identity_without_a_certificate_is_told_to_need_one_or_other_credentials() {
    let controller = controller(Version::V2_0, 0);
    let alice =
        IdentityOptions { name: "alice".to_owned(), password: Some("right".to_owned()), ..IdentityOptions::default() };
    controller.create_identity_with(alice);
    let file = json!({"ztAPI": controller.api_url(), "id": {"ca": controller.ca_pem()}});
    let builder = Client::builder(&Identity::from_json(&file.to_string()).unwrap()).timeout(ENOUGH);

    let diagnosis = builder.clone().build().unwrap().diagnose();
    let own = step(&diagnosis, StepKind::Certificate);
    assert!(own.outcome == StepOutcome::Failed && own.detail.contains("no certificate to log in with"), "{diagnosis}");
    assert!(own.advice.as_ref().unwrap().contains("other credentials"), "{diagnosis}");
    let login = step(&diagnosis, StepKind::Login);
    assert!(login.outcome == StepOutcome::Failed && login.detail.contains("certificate"), "{diagnosis}");
    assert_eq!(controller.count(Operation::Authenticate), 0);

    for (credentials, says) in [
        (Credentials::password("alice", "canary-wrong"), Some("INVALID_AUTH")),
        (Credentials::external_jwt(JwtSource::supplier(|_| Err("no token today".to_owned()))), Some("no token today")),
        (Credentials::password("alice", "right"), None),
    ] {
        let diagnosis = builder.clone().credentials(credentials).build().unwrap().diagnose();
        assert_eq!(step(&diagnosis, StepKind::Certificate).outcome, StepOutcome::Skipped, "{diagnosis}");
        match says {
            Some(says) => only_fails(&diagnosis, StepKind::Login, says),
            None => assert!(diagnosis.is_ok(), "{diagnosis}"),
        }
        assert!(!format!("{diagnosis} {diagnosis:?} {}", diagnosis.to_json()).contains("canary"));
    }
}

#[test]
fn a_certificate_that_is_not_valid_yet_is_told_with_its_time() {
    let controller = controller(Version::V1_6, 0);
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.not_before = rcgen::date_time_ymd(4000, 1, 1);
    params.not_after = rcgen::date_time_ymd(4001, 1, 1);
    let certificate = params.self_signed(&key).unwrap().pem();
    let diagnosis = support::client_of(&controller, &certificate, &key.serialize_pem()).diagnose();
    let own = step(&diagnosis, StepKind::Certificate);
    assert!(own.outcome == StepOutcome::Failed && own.detail.contains("4000-01-01"), "{diagnosis}");
}

#[test]
fn a_login_that_waits_is_told_and_not_made_anew() {
    let controller = controller(Version::V2_0, 0);
    let (client, id) = support::client_and_id(&controller);
    controller.enroll_mfa(&id);
    client.authenticate().unwrap();
    let diagnosis = client.diagnose();
    only_fails(&diagnosis, StepKind::Login, "knows the login there is, and the login still wants a TOTP code");
    assert_eq!(step(&diagnosis, StepKind::Login).advice.as_deref(), Some("give the login its factors"));
    assert_eq!(controller.count(Operation::Authenticate), 1);
}

#[test]
fn a_login_over_oidc_that_waits_is_told_and_not_made_anew() {
    const LOGIN: Operation = Operation::Named("oidcLogin");
    let controller = TestController::start().unwrap();
    let (client, id) = support::client_and_id(&controller);
    controller.enroll_mfa(&id);
    client.authenticate().unwrap();
    let logins = controller.count(LOGIN);
    let diagnosis = client.diagnose();
    only_fails(&diagnosis, StepKind::Login, "knows the login that was begun there, and the login still wants a TOTP");
    assert_eq!((logins, controller.count(LOGIN)), (1, 1));
}

#[test]
fn a_session_that_the_controller_does_not_know_any_more_is_replaced_as_by_any_call() {
    let controller = controller(Version::V1_6, 0);
    let client = support::client(&controller);
    client.authenticate().unwrap();
    controller.expire_sessions();
    let diagnosis = client.diagnose();
    assert!(diagnosis.is_ok() && step(&diagnosis, StepKind::Login).detail.starts_with("logged in at"), "{diagnosis}");
    assert_eq!(controller.count(Operation::Authenticate), 2);
}

#[test]
fn a_certificate_that_another_process_renewed_is_found_as_by_any_call() {
    let controller = controller(Version::V1_6, 0);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("identity.json");
    let (old, new) = (controller.enrolled_identity_json("alice"), controller.enrolled_identity_json("bob"));
    std::fs::write(&path, old).unwrap();
    let identity = Identity::load(&path).unwrap();
    let client = Client::builder(&identity).store(Store::file(&path)).timeout(ENOUGH).build().unwrap();
    controller.remove_identity(&controller.identity_id("alice").unwrap());
    std::fs::write(&path, new).unwrap();
    let diagnosis = client.diagnose();
    assert!(diagnosis.is_ok(), "the next call would log in with the newer one: {diagnosis}");
    assert!(step(&diagnosis, StepKind::Certificate).detail.starts_with("CN=bob is valid from"), "{diagnosis}");
}

#[test]
fn a_clock_that_is_three_days_off_is_told_in_seconds_and_beside_it_whether_the_login_works() {
    const THREE_DAYS: Duration = Duration::from_secs(3 * 24 * 3600);
    let controller = controller(Version::V2_0, 0);
    let client = support::client(&controller);
    controller.advance(THREE_DAYS);
    let diagnosis = client.diagnose();
    only_fails(&diagnosis, StepKind::Clock, "s behind the controller's: ");
    let detail = &step(&diagnosis, StepKind::Clock).detail;
    let off: u64 = detail.split_whitespace().find_map(|word| word.parse().ok()).unwrap();
    assert!(off.abs_diff(THREE_DAYS.as_secs()) < 60, "{detail}");
    assert!(step(&diagnosis, StepKind::Clock).advice.as_ref().unwrap().contains("NTP"));
    assert_eq!(step(&diagnosis, StepKind::Login).outcome, StepOutcome::Ok, "{diagnosis}");
}
