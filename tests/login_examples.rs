//! The examples that log in by a password or an external JWT, run as a reader would.

#[path = "c/support.rs"]
mod files;
mod support;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::json;
use tempfile::TempDir;
use ziti_edge_testkit::{ExternalSigner, IdentityOptions, TestController, Version};

/// Alice's folder, with an identity file that has no certificate.
struct Scene {
    controller: TestController,
    folder: TempDir,
    id: String,
}

impl Scene {
    fn new() -> Self {
        let controller = support::controller(Version::V2_0, 1);
        let alice = IdentityOptions {
            name: "alice".to_owned(),
            password: Some("right".to_owned()),
            external_id: Some("alice".to_owned()),
            ..IdentityOptions::default()
        };
        let id = controller.create_identity_with(alice).id;
        let folder = tempfile::tempdir().unwrap();
        let file = json!({"ztAPI": controller.api_url(), "id": {"ca": controller.ca_pem()}});
        fs::write(folder.path().join("identity.json"), file.to_string()).unwrap();
        Self { controller, folder, id }
    }

    /// Runs a program that reads `lines`: exit code, standard output and the last line of standard error.
    fn run(&self, program: &Path, arguments: &[&str], lines: &[&str]) -> (Option<i32>, String, String) {
        let mut command = files::command(program);
        command.args(arguments).current_dir(self.folder.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let input: String = lines.iter().map(|line| format!("{line}\n")).collect();
        // It may have ended without reading.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap().lines().last().unwrap_or_default().to_owned();
        (output.status.code(), String::from_utf8(output.stdout).unwrap(), told)
    }
}

const SERVICES: &str = "svc-00001\n";

fn password_and_code(program: &Path) {
    let scene = Scene::new();
    let arguments = ["identity.json", "alice"];
    let run = |lines: &[&str]| scene.run(program, &arguments, lines);
    assert_eq!(run(&["right"]).1, SERVICES);
    assert_eq!(scene.controller.session_count(), 0, "it logs out");
    let (code, out, told) = run(&["wrong"]);
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(told.contains("INVALID_AUTH"), "{told}");
    scene.controller.enroll_mfa(&scene.id);
    let totp = scene.controller.totp_code(&scene.id).unwrap();
    assert_eq!(run(&["right", "000000x", &totp]).1, SERVICES, "a wrong code is asked for again");
    let (code, out, told) = run(&["right"]);
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(told.ends_with("no code"), "{told}");
    let (code, _, told) = scene.run(program, &[], &[]);
    assert!(code == Some(1) && told.contains("usage: password_totp"), "{told}");
}

#[test]
fn the_example_in_rust_logs_in_by_password_and_code() {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--offline", "--example", "password_totp"]).current_dir(files::root());
    assert!(cargo.status().unwrap().success());
    let tests = std::env::current_exe().unwrap();
    let built = tests.parent().and_then(|deps| deps.parent()).unwrap();
    password_and_code(&built.join("examples/password_totp").with_extension(std::env::consts::EXE_EXTENSION));
}

#[cfg(all(feature = "capi", target_os = "linux"))]
fn c_example(name: &str, folder: &TempDir) -> PathBuf {
    files::compile(&format!("examples-c/{name}.c"), "c99", files::Linking::Shared, folder.path())
}

#[test]
#[cfg(all(feature = "capi", target_os = "linux"))]
fn the_example_in_c_logs_in_by_password_and_code() {
    let folder = tempfile::tempdir().unwrap();
    password_and_code(&c_example("password_totp", &folder));
}

#[test]
#[cfg(all(feature = "capi", target_os = "linux"))]
fn the_example_in_c_logs_in_by_an_external_jwt() {
    let scene = Scene::new();
    let program = c_example("external_jwt", &scene.folder);
    let signer = scene.controller.add_external_signer(ExternalSigner::named("idp"));
    let arguments = ["identity.json", "token"];
    let with = |claims: serde_json::Value| {
        let token = scene.controller.external_token(&signer, &claims).unwrap();
        fs::write(scene.folder.path().join("token"), format!("{token}\n")).unwrap();
        scene.run(&program, &arguments, &[])
    };
    assert_eq!(with(json!({"sub": "alice"})).1, SERVICES);
    for refused in [json!({"sub": "mallory"}), json!({"sub": "alice", "exp": 1})] {
        let (code, out, told) = with(refused);
        assert_eq!((code, out.as_str()), (Some(1), ""));
        assert!(told.contains("token holds a token that is refused or has expired"), "{told}");
    }
    fs::remove_file(scene.folder.path().join("token")).unwrap();
    let (code, _, told) = scene.run(&program, &arguments, &[]);
    assert!(code == Some(1) && told.contains("token cannot be read"), "{told}");
}
