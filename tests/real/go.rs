//! Identity files are shared with the program's own SDK, in Go: what one writes, the other reads.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use ziti_edge_client::api::services::ServiceQuery;
use ziti_edge_client::{EventKind, Identity, KeyChoice};

use crate::network::{Invitation, Network};
use crate::quickstart;
use crate::stories::Story;

pub(crate) const ALL: &[(&str, Story)] = &[
    ("a_file_of_the_go_sdk_logs_in_and_is_renewed", a_file_of_the_go_sdk_logs_in_and_is_renewed),
    ("the_go_sdk_logs_in_with_files_of_ours", the_go_sdk_logs_in_with_files_of_ours),
];

/// A program of the controller's version may take so long to log in beside a busy build.
const LIMIT: Duration = Duration::from_secs(60);

fn program(network: &Network) -> Command {
    let mut command = quickstart::scrubbed(network.program().expect("only run where a program was started"));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Enrolls with the program, and gives what it wrote.
fn enroll_in_go(network: &Network, invitation: &Invitation, algorithm: &str) -> Value {
    let (jwt, file) = (invitation.file("token.jwt"), invitation.file("go.json"));
    fs::write(&jwt, &invitation.jwt).unwrap();
    let mut command = program(network);
    command.args(["edge", "enroll", "--keyAlg", algorithm, "--jwt"]).arg(&jwt).arg("--out").arg(&file);
    assert!(command.status().unwrap().success(), "the program does not enroll");
    serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
}

/// A program that runs until this is dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Has the program's tunneler log in with an identity file. What a login tells of its SDK is kept with the identity.
fn logs_in_with_go(network: &Network, id: &str, file: &Path) {
    let home = TempDir::new().unwrap();
    let mut command = program(network);
    command.args(["tunnel", "proxy", "no-such-service:1", "--cli-agent=false", "--identity"]).arg(file);
    let _running = Running(command.env("HOME", home.path()).spawn().unwrap());
    let start = Instant::now();
    loop {
        let identity = network.admin.find(&format!("identities/{id}")).unwrap();
        if identity["sdkInfo"]["type"].as_str().is_some_and(|sdk| sdk.contains("golang")) {
            return;
        }
        assert!(start.elapsed() < LIMIT, "the program does not log in: {identity}");
        thread::sleep(Duration::from_millis(100));
    }
}

fn a_file_of_the_go_sdk_logs_in_and_is_renewed(network: &Network) {
    for algorithm in ["EC", "RSA"] {
        let invitation = network.invite(&json!({}));
        let written = enroll_in_go(network, &invitation, algorithm);
        let path = invitation.file("go.json");
        let client = network.client(&Identity::load(&path).unwrap());
        client.services().list(&ServiceQuery::new()).unwrap();
        assert_eq!(client.renew().unwrap().kind, EventKind::CertificateRenewed, "{algorithm}");
        let renewed: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        assert_ne!(renewed["id"]["cert"], written["id"]["cert"]);
        for (name, value) in written.as_object().unwrap().iter().filter(|(name, _)| *name != "id") {
            assert_eq!(&renewed[name], value, "{name} is kept");
        }
        logs_in_with_go(network, &invitation.id, &path);
    }
}

fn the_go_sdk_logs_in_with_files_of_ours(network: &Network) {
    for key in [KeyChoice::P256, KeyChoice::P384] {
        let invitation = network.invite(&json!({}));
        network.redeem_with(&invitation, "ours.json", key).unwrap();
        logs_in_with_go(network, &invitation.id, &invitation.file("ours.json"));
    }
}
