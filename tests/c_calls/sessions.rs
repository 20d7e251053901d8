//! Sessions with services.

use serde_json::json;
use ziti_edge_testkit::{Permission, Policy, PostureCheck, ServiceSpec, TestController, Version};

use crate::{answers, run};

#[test]
fn sessions_from_c() {
    for version in [Version::V1_6, Version::V2_0] {
        let controller = TestController::builder().oidc(false).version(version).start().unwrap();
        let policies = [Permission::Dial, Permission::Bind].map(Policy::everybody).to_vec();
        let add = |name: &str, spec| controller.add_service(ServiceSpec { name: name.to_owned(), ..spec });
        let service = add("web", ServiceSpec { policies, ..ServiceSpec::default() });
        let check = PostureCheck::mac("00:11:22:33:44:55").with_id("mac-1");
        let policy = Policy { id: Some("p1".to_owned()), ..Policy::everybody(Permission::Dial).check(check) };
        let guarded = add("guarded", ServiceSpec { policies: vec![policy], ..ServiceSpec::default() });
        let routerless = add("routerless", ServiceSpec { edge_routers: Some(Vec::new()), ..ServiceSpec::default() });
        run("calls_sessions", &controller, &[&service, &guarded, &routerless]);
    }
}

#[test]
fn secrets_are_wiped_when_their_result_is_freed() {
    let controller = TestController::builder().oidc(false).version(Version::V1_6).services(1).start().unwrap();
    let enrollment = json!({"ott": {"id": "e", "token": "t", "jwt": "a canary to be enrolled with"}});
    answers(&controller, "getCurrentIdentity", 200, json!({"data": {"id": "i", "enrollment": enrollment}}));
    let codes = json!({"data": {"id": "m", "recoveryCodes": ["a canary of a recovery code"]}});
    answers(&controller, "detailMfaRecoveryCodes", 200, codes);
    answers(&controller, "createTotpToken", 200, json!({"data": {"token": "a canary of a totp token"}}));
    run("wiped", &controller, &[&controller.service_ids()[0]]);
}
