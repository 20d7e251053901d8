//! The meanings of a 401 from C.

use std::fs;
use std::time::Duration;

use ziti_edge_testkit::{Fault, IdentityOptions, Operation, TestController, Version};

use crate::run_in;

#[test]
fn the_meanings_of_a_401_are_codes_of_their_own() {
    let controller = TestController::builder().version(Version::V1_6).oidc(false).services(1).start().unwrap();
    let alice = |password: &str| IdentityOptions {
        name: "alice".to_owned(),
        password: Some(password.to_owned()),
        ..IdentityOptions::default()
    };
    let named = |name: &str| IdentityOptions { name: name.to_owned(), ..IdentityOptions::default() };
    let folder = tempfile::tempdir().unwrap();
    for (file, options) in [("identity", alice("canary-password")), ("pending", named("bob")), ("gone", named("carol"))]
    {
        let text = controller.enrolled_identity_json_with(options);
        fs::write(folder.path().join(file).with_extension("json"), text).unwrap();
    }
    controller.require_mfa(&controller.identity_id("bob").unwrap(), true);
    controller.remove_identity(&controller.identity_id("carol").unwrap());
    let refused = |body: &str| Fault::Body {
        status: 401,
        content_type: "application/json".to_owned(),
        body: format!(r#"{{"error":{{"code":"UNAUTHORIZED","message":"not for you"{body}}},"meta":{{}}}}"#).into(),
    };
    let well = Fault::Late(Duration::ZERO);
    for fault in [
        Fault::SessionGone,
        well.clone(),
        Fault::SessionGone,
        Fault::SessionGone,
        well.clone(),
        well.clone(),
        refused(""),
        refused(r#","cause":{"field":"currentPassword","reason":"x"}"#),
    ] {
        controller.fault_times(Operation::Services, fault, 1);
    }
    // By certificate alice logs in four times, bob and carol once.
    controller.fault_times(Operation::Authenticate, well, 6);
    controller.fault_times(Operation::Authenticate, Fault::LostAnswer, 3);
    run_in(folder.path(), "calls_unauthorized", &["pending.json", "gone.json", "canary-password"]);
    assert_eq!(controller.count(Operation::Authenticate), 6 + 3 + 1);
}
