//! Posture from C.

use std::time::Duration;

use ziti_edge_testkit::{
    Fault, MfaCheck, Operation, Permission, Policy, PostureCheck, Seen, ServiceSpec, TestController, Version,
};

use crate::run;

const SINGLE: Operation = Operation::Named("createPostureResponse");
const BULK: Operation = Operation::Named("createPostureResponseBulk");

fn controller() -> TestController {
    let controller = TestController::builder().oidc(false).version(Version::V2_0).start().unwrap();
    let mfa = MfaCheck { timeout: Some(Duration::from_secs(600)), prompt_on_wake: true, prompt_on_unlock: true };
    let policy = Policy::everybody(Permission::Dial).check(PostureCheck::mfa(mfa).with_id("q5"));
    controller.add_service(ServiceSpec { name: "guarded".to_owned(), policies: vec![policy], ..Default::default() });
    controller
}

fn bodies(controller: &TestController, operation: Operation) -> Vec<String> {
    let seen = controller.requests().into_iter().filter(|seen| seen.operation == operation);
    seen.map(|Seen { body, .. }| String::from_utf8(body).unwrap()).collect()
}

const RESPONSES: [&str; 5] = [
    r#"{"typeId":"OS","id":"q1","type":"Linux","version":"6.1.0","build":"7"}"#,
    r#"{"typeId":"DOMAIN","id":"q2","domain":"corp.test"}"#,
    r#"{"typeId":"MAC","id":"q3","macAddresses":["00:11:22:33:44:55","a"]}"#,
    r#"{"typeId":"PROCESS","id":"q4","path":"/a","isRunning":true,"hash":"ab","signerFingerprints":["cd"]}"#,
    r#"{"typeId":"ENDPOINT_STATE","id":"q5","woken":true,"unlocked":true}"#,
];

#[test]
fn every_kind_of_response_is_told_from_c() {
    let controller = controller();
    run("calls_posture", &controller, &[]);
    assert_eq!(bodies(&controller, SINGLE), RESPONSES);
    assert_eq!(bodies(&controller, BULK), [format!("[{}]", RESPONSES.join(","))]);
}

#[test]
fn services_whose_timeouts_changed_are_told_to_c() {
    let controller = controller();
    let changed = r#"{"data":{"services":[{"id":"s1","name":"guarded","postureQueryType":"MFA","timeout":600,
        "timeoutRemaining":300},{"id":"s2"}]},"meta":{}}"#;
    let answer =
        Fault::Body { status: 201, content_type: "application/json".to_owned(), body: changed.as_bytes().to_vec() };
    controller.fault(SINGLE, answer.clone());
    controller.fault(BULK, answer);
    run("calls_posture", &controller, &["changed"]);
}

#[test]
fn posture_that_is_refused_is_an_error_in_c() {
    let controller = controller();
    controller.fault(SINGLE, Fault::Status(400));
    controller.fault(BULK, Fault::Status(501));
    run("calls_posture", &controller, &["refused"]);
    assert_eq!(bodies(&controller, SINGLE).len(), 6, "five, and the first of those that went in bulk");
}
