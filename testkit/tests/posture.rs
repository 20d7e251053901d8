//! Posture: what endpoints respond decides what they may use.

mod wire;

use std::time::Duration;

use serde_json::{Value, json};
use wire::{Connection, logged_in};
use ziti_edge_testkit::{
    Fault, MfaCheck, Operation, Permission, Policy, PostureCheck, ProcessCheck, ServiceSpec, TestController, Version,
};

const MINUTE: Duration = Duration::from_secs(60);

/// A controller with one service that demands this, and the id of that service.
fn guarded(checks: impl IntoIterator<Item = PostureCheck>) -> (TestController, String) {
    let controller = TestController::start().unwrap();
    let policy = checks.into_iter().fold(Policy::everybody(Permission::Dial), Policy::check);
    let id = controller.add_service(spec(vec![policy]));
    (controller, id)
}

fn spec(policies: Vec<Policy>) -> ServiceSpec {
    ServiceSpec { name: "guarded".to_owned(), policies, ..ServiceSpec::default() }
}

fn respond(connection: &mut Connection, token: &str, response: &Value) -> Value {
    let answer = connection.post("/posture-response", token, response).unwrap();
    assert_eq!(answer.status, 201, "{response}");
    answer.json()["data"]["services"].take()
}

/// Whether the only service says that it can be used; so must the list, and so must an attempt.
fn usable(connection: &mut Connection, token: &str, id: &str) -> bool {
    let detail = connection.get(&format!("/services/{id}"), Some(token)).unwrap().json();
    let list = connection.get("/services", Some(token)).unwrap().json();
    let passing = |row: &Value| row["postureQueries"].as_array().unwrap().iter().any(|set| set["isPassing"] == true);
    assert_eq!(passing(&detail["data"]), passing(&list["data"][0]));
    let attempt = connection.post("/sessions", token, &json!({"serviceId": id, "type": "Dial"})).unwrap();
    assert_eq!(attempt.status, if passing(&detail["data"]) { 201 } else { 409 });
    attempt.status == 201
}

fn remaining(connection: &mut Connection, token: &str, id: &str) -> i64 {
    let detail = connection.get(&format!("/services/{id}"), Some(token)).unwrap().json();
    detail["data"]["postureQueries"][0]["postureQueries"][0]["timeoutRemaining"].as_i64().unwrap()
}

/// The response that a process of this path runs, signed by this certificate.
fn run(path: &str, signer: &str) -> Value {
    json!({"id": "any", "typeId": "PROCESS", "path": path, "isRunning": true, "signerFingerprints": [signer]})
}

#[test]
fn every_kind_of_check_tells_right_from_wrong() {
    let agent = || ProcessCheck::new("Linux", "/usr/bin/agent");
    let process = |path: &str, running: bool, hash: &str| {
        let mut response = run(path, "AB:CD");
        response["isRunning"] = running.into();
        response["hash"] = hash.into();
        response
    };
    let run = |path: &str| run(path, "");
    let os = |name: &str, version: &str| json!({"typeId": "OS", "type": name, "version": version, "build": ""});
    let either = [agent(), ProcessCheck::new("Windows", "C:\\b.exe")];
    let cases = [
        (PostureCheck::os("Linux", "5.10"), os("Linux", "5.9.99"), os("linux", "5.10.0")),
        (PostureCheck::os("Linux", "5.10"), os("Windows", "10.0.0"), os("Linux", "6")),
        (PostureCheck::os("Linux", "5.10"), os("Linux", "six"), os("Linux", "5.11")),
        (
            PostureCheck::domain("Corp.test"),
            json!({"typeId": "DOMAIN", "domain": "corp"}),
            json!({"typeId": "DOMAIN", "domain": "CORP.TEST"}),
        ),
        (
            PostureCheck::mac("00:11:22:33:44:55"),
            json!({"typeId": "MAC", "macAddresses": ["00:11:22:33:44:56"]}),
            json!({"typeId": "MAC", "macAddresses": ["ff", "00-11-22-33-44-55"]}),
        ),
        (PostureCheck::process(agent()), process("/usr/bin/agent", false, ""), run("/usr/bin/agent")),
        (PostureCheck::process(agent()), run("/tmp/agent"), run("/usr/bin/agent")),
        (
            PostureCheck::process(ProcessCheck { hashes: vec!["aabb".into()], ..agent() }),
            process("/usr/bin/agent", true, "aabc"),
            process("/usr/bin/agent", true, "AABB"),
        ),
        (PostureCheck::any_process(either), run("/usr/bin/b"), run("C:\\b.exe")),
    ];
    for (check, mut wrong, mut right) in cases {
        let (controller, id) = guarded([check.clone()]);
        let (mut connection, token) = logged_in(&controller, "alice");
        wrong["id"] = check.id().into();
        right["id"] = check.id().into();
        assert!(!usable(&mut connection, &token, &id), "{check:?} before any response");
        respond(&mut connection, &token, &wrong);
        assert!(!usable(&mut connection, &token, &id), "{check:?} with {wrong}");
        respond(&mut connection, &token, &right);
        assert!(usable(&mut connection, &token, &id), "{check:?} with {right}");
        respond(&mut connection, &token, &wrong);
        if wrong["typeId"] != "PROCESS" || wrong["path"] == right["path"] {
            assert!(!usable(&mut connection, &token, &id), "{check:?} with {wrong} again");
        }
    }
}

#[test]
fn signers_and_all_of_several_processes_count() {
    let signed = ProcessCheck { signers: vec!["abcd".into()], ..ProcessCheck::new("Linux", "/a") };
    let check = PostureCheck::all_processes([signed, ProcessCheck::new("Linux", "/b")]);
    let (controller, id) = guarded([check]);
    let (mut connection, token) = logged_in(&controller, "alice");
    respond(&mut connection, &token, &run("/b", ""));
    respond(&mut connection, &token, &run("/a", "ABCE"));
    assert!(!usable(&mut connection, &token, &id));
    respond(&mut connection, &token, &run("/a", "AB:CD"));
    assert!(usable(&mut connection, &token, &id));
}

#[test]
fn all_checks_of_one_policy_have_to_pass_and_one_policy_is_enough() {
    let domain = PostureCheck::domain("corp.test");
    let mac = PostureCheck::mac("001122334455");
    let policy = || Policy::everybody(Permission::Dial);
    let (os, both) = (PostureCheck::os("Linux", "5"), policy().check(domain.clone()).check(mac));
    let controller = TestController::start().unwrap();
    let id = controller.add_service(spec(vec![both, policy().check(os.clone())]));
    let (mut connection, token) = logged_in(&controller, "alice");
    respond(&mut connection, &token, &json!({"id": domain.id(), "typeId": "DOMAIN", "domain": "corp.test"}));
    let refused = connection.post("/sessions", &token, &json!({"serviceId": id})).unwrap().json();
    let failed: Vec<&Value> = refused["error"]["cause"]["data"].as_object().unwrap().values().collect();
    let mut failed: Vec<&str> = failed
        .iter()
        .flat_map(|checks| checks.as_array().unwrap())
        .map(|check| check["typeId"].as_str().unwrap())
        .collect();
    failed.sort_unstable();
    assert_eq!(failed, ["MAC", "OS"]);
    let linux = json!({"id": os.id(), "typeId": "OS", "type": "Linux", "version": "5.0"});
    respond(&mut connection, &token, &linux);
    assert!(usable(&mut connection, &token, &id));
}

#[test]
fn a_second_factor_counts_for_its_time_and_its_session() {
    let check = PostureCheck::mfa(MfaCheck { timeout: Some(10 * MINUTE), ..MfaCheck::default() });
    let (controller, id) = guarded([check]);
    let (mut connection, token) = logged_in(&controller, "alice");
    assert_eq!(remaining(&mut connection, &token, &id), 0);
    let other = connection.log_in("").unwrap();
    controller.pass_mfa(&token);
    assert!(usable(&mut connection, &token, &id) && !usable(&mut connection, &other, &id));
    controller.advance(9 * MINUTE);
    assert!((50..=60).contains(&remaining(&mut connection, &token, &id)));
    controller.advance(MINUTE);
    assert!(!usable(&mut connection, &token, &id));
    controller.pass_mfa(&token);
    assert!(usable(&mut connection, &token, &id));
}

#[test]
fn waking_up_and_unlocking_leave_five_minutes() {
    for (event, prompts) in [("woken", true), ("unlocked", true), ("unlocked", false)] {
        let mfa = MfaCheck { timeout: None, prompt_on_wake: prompts, prompt_on_unlock: prompts };
        let check = PostureCheck::mfa(mfa);
        let (controller, id) = guarded([check.clone()]);
        let (mut connection, token) = logged_in(&controller, "alice");
        let mut state = json!({"id": check.id(), "typeId": "ENDPOINT_STATE", "woken": false, "unlocked": false});
        state[event] = true.into();
        assert_eq!(respond(&mut connection, &token, &state), json!([]), "no factor was shown yet");
        controller.pass_mfa(&token);
        assert_eq!(remaining(&mut connection, &token, &id), -1);
        let told = respond(&mut connection, &token, &state);
        if prompts {
            let service = json!({
                "id": id, "name": "guarded", "postureQueryType": "MFA", "timeout": -1, "timeoutRemaining": 300,
            });
            assert_eq!(told, json!([service]));
        } else {
            assert_eq!(told, json!([]));
        }
        controller.advance(5 * MINUTE);
        assert_eq!(usable(&mut connection, &token, &id), !prompts, "{event}");
    }
}

#[test]
fn what_an_endpoint_is_holds_for_all_sessions_of_its_identity_and_no_other() {
    let check = PostureCheck::domain("corp.test");
    let (controller, id) = guarded([check.clone()]);
    let (mut connection, token) = logged_in(&controller, "alice");
    respond(&mut connection, &token, &json!({"id": check.id(), "typeId": "DOMAIN", "domain": "corp.test"}));
    let second = connection.log_in("").unwrap();
    assert!(usable(&mut connection, &second, &id));
    let (mut stranger, token) = logged_in(&controller, "bob");
    assert!(!usable(&mut stranger, &token, &id));
}

#[test]
fn the_stamp_moves_if_and_only_if_a_result_does() {
    let check = PostureCheck::domain("corp.test");
    let (controller, _) = guarded([check.clone()]);
    let (mut connection, token) = logged_in(&controller, "alice");
    let mut stamp_after = |domain: &str| {
        let response = json!({"id": check.id(), "typeId": "DOMAIN", "domain": domain});
        respond(&mut connection, &token, &response);
        let updates = connection.get("/current-api-session/service-updates", Some(&token)).unwrap();
        updates.json()["data"]["lastChangeAt"].as_str().unwrap().to_owned()
    };
    let stamps = ["x", "y", "corp.test", "corp.test", "x"].map(&mut stamp_after);
    assert!(stamps[0] == stamps[1] && stamps[1] < stamps[2], "{stamps:?}");
    assert!(stamps[2] == stamps[3] && stamps[3] < stamps[4], "{stamps:?}");
}

#[test]
fn a_bulk_with_one_bad_response_changes_nothing() {
    let check = PostureCheck::domain("corp.test");
    let (controller, id) = guarded([check.clone()]);
    let (mut connection, token) = logged_in(&controller, "alice");
    let good = json!({"id": check.id(), "typeId": "DOMAIN", "domain": "corp.test"});
    let bad = json!({"id": check.id(), "typeId": "MFA"});
    assert_eq!(connection.post("/posture-response-bulk", &token, &json!([good, bad])).unwrap().status, 400);
    assert!(!usable(&mut connection, &token, &id));
    assert_eq!(connection.post("/posture-response-bulk", &token, &json!([good])).unwrap().status, 201);
    assert!(usable(&mut connection, &token, &id));
}

#[test]
fn a_controller_can_lack_the_bulk_operation() {
    let (controller, id) = guarded([PostureCheck::domain("corp.test")]);
    let bulk = Operation::Named("createPostureResponseBulk");
    controller.fault(bulk, Fault::NoSuchPath);
    let (mut connection, token) = logged_in(&controller, "alice");
    let response = json!({"id": "any", "typeId": "DOMAIN", "domain": "corp.test"});
    let missing = connection.post("/posture-response-bulk", &token, &json!([response])).unwrap();
    assert_eq!((missing.status, missing.json()["error"]["code"].as_str()), (404, Some("NOT_FOUND")));
    assert_eq!(controller.count(bulk), 1);
    respond(&mut connection, &token, &response);
    assert!(usable(&mut connection, &token, &id));
}

#[test]
fn only_2_0_tells_when_a_second_factor_is_asked_for() {
    for version in Version::ALL {
        let controller = TestController::builder().version(version).start().unwrap();
        let policy = Policy::everybody(Permission::Dial).check(PostureCheck::mfa(MfaCheck::default()));
        let id = controller.add_service(spec(vec![policy]));
        let (mut connection, token) = logged_in(&controller, "alice");
        let detail = connection.get(&format!("/services/{id}"), Some(&token)).unwrap().json();
        let query = &detail["data"]["postureQueries"][0]["postureQueries"][0];
        assert_eq!(query.get("promptOnWake").is_some(), version == Version::V2_0, "{version:?}");
    }
}

#[test]
#[should_panic(expected = "no operation listSesions")]
fn a_fault_for_an_operation_that_is_not_there_is_a_mistake() {
    TestController::start().unwrap().fault(Operation::Named("listSesions"), Fault::BadJson);
}
