//! Every function of C with a controller behind it: what it gives, and how it is refused.
#![cfg(all(feature = "capi", target_os = "linux"))]

mod about;
mod client_session;
mod current_identity;
mod enroll;
#[path = "../c/enroll.rs"]
mod enrolling;
mod enrollments;
mod factors;
mod login;
mod logout;
mod posture;
mod provider;
mod proxy;
#[path = "../c/scene.rs"]
mod scene;
mod service_parts;
mod services;
mod sessions;
mod status;
#[path = "../c/support.rs"]
mod support;
#[path = "../support/proxy.rs"]
mod test_proxy;
mod unauthorized;
mod upkeep;

use std::path::Path;

use scene::{enrolled, text, told};
use support::{Linking, command, compile};
use test_proxy::TestProxy;
use ziti_edge_testkit::{Fault, Operation, TestController};

/// Compiles a program of tests/c and runs it as a new identity; it tells on standard error what does not hold.
fn run(program: &str, controller: &TestController, arguments: &[&str]) {
    let folder = enrolled(controller);
    let program = compile(&format!("tests/c/{program}.c"), "c99", Linking::Shared, folder.path());
    let output = command(&program).arg("identity.json").args(arguments).current_dir(folder.path()).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{}", told(&output));
}

/// Runs a program of tests/c in a folder with an identity of the controller, and gives what it wrote.
fn run_in(folder: &Path, name: &str, arguments: &[&str]) -> String {
    let program = compile(&format!("tests/c/{name}.c"), "c99", Linking::Shared, folder);
    let output = command(program).arg("identity.json").args(arguments).current_dir(folder).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{}", told(&output));
    text(&output.stdout)
}

/// Has the controller give this answer to an operation.
fn answers(controller: &TestController, operation: &'static str, status: u16, body: serde_json::Value) {
    let body = body.to_string().into_bytes();
    let fault = Fault::Body { status, content_type: "application/json".to_owned(), body };
    controller.fault(Operation::Named(operation), fault);
}
