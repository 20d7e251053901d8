//! Identities in C: parts, descriptions, and enrollments that were interrupted.
#![cfg(all(feature = "capi", target_os = "linux"))]

#[path = "c/scene.rs"]
mod scene;
#[path = "c/support.rs"]
mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;

use scene::{enrolled, told};
use support::{Linking, command, compile};
use ziti_edge_client::{EnrollOptions, Enrollment, Identity, Store};
use ziti_edge_testkit::{Fault, Operation, TestController, Version};

#[test]
fn identities_are_put_together_described_and_resumed_from_c() {
    let controller = TestController::builder().version(Version::V2_0).start().unwrap();
    let folder = enrolled(&controller);
    let path = |name: &str| folder.path().join(name);
    fs::set_permissions(path("identity.json"), fs::Permissions::from_mode(0o600)).unwrap();
    let file: serde_json::Value =
        serde_json::from_str(Identity::load(path("identity.json")).unwrap().to_json().expose()).unwrap();
    let pem = |name: &str| file["id"][name].as_str().unwrap().trim_start_matches("pem:").to_owned();
    for name in ["key", "cert"] {
        fs::write(path(&format!("{name}.pem")), pem(name)).unwrap();
    }
    let tokens = [("lost", Fault::CloseBeforeAnswer), ("spent", Fault::LostAnswer)].map(|(name, fault)| {
        let jwt = controller.create_identity(name);
        controller.fault_times(Operation::Enroll, fault, 1);
        let options = EnrollOptions::new().store(Store::file(path(&format!("{name}.json"))));
        Enrollment::parse(&jwt).unwrap().enroll(&options).unwrap_err();
        jwt
    });
    let program = compile("tests/c/identity.c", "c99", Linking::Shared, folder.path());
    let output = command(program).arg(folder.path()).args(tokens).env("IDENTITY_CA", pem("ca")).output().unwrap();
    assert!(output.status.success(), "{}", told(&output));
}
