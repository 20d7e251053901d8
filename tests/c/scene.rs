//! C programs and a controller for them.
#![allow(dead_code, reason = "each test program uses its part")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;
use ziti_edge_testkit::{Operation, TestController};

use crate::support::{Linking, compile};

/// Without OIDC: programs log in by one request.
pub(crate) fn controller() -> TestController {
    TestController::builder().services(5).oidc(false).start().unwrap()
}

/// A folder with the identity file of an identity that is enrolled.
pub(crate) fn enrolled(controller: &TestController) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("identity.json"), controller.enrolled_identity_json("alice")).unwrap();
    folder
}

pub(crate) fn told(output: &Output) -> String {
    format!("{}: {}{}", output.status, text(&output.stdout), text(&output.stderr))
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Runs tests/c/flow.c, the way that `run` says, and looks at what it sent.
pub(crate) fn flow(folder: &Path, controller: &TestController, run: impl Fn(&Path) -> Command) {
    let program = compile("tests/c/flow.c", "c99", Linking::Shared, folder);
    let tokens = ["alice", "bob"].map(|name| controller.create_identity(name));
    let output = run(&program).args(tokens).arg(folder).output().unwrap();
    assert!(output.status.success(), "{}", told(&output));
    let seen = controller.requests();
    let login = seen.iter().rfind(|request| request.operation == Operation::Authenticate).unwrap();
    let login: serde_json::Value = serde_json::from_slice(&login.body).unwrap();
    assert_eq!(login["configTypes"], serde_json::json!(["intercept.v1"]));
    assert_eq!((&login["sdkInfo"]["appId"], &login["sdkInfo"]["appVersion"]), (&"flow".into(), &"1.2.3".into()));
    assert_eq!(login.get("envInfo"), None);
}
