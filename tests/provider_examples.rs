//! The examples that log in at an identity provider, run as a reader would.

#[path = "c/support.rs"]
mod files;
mod support;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

use serde_json::json;
use tempfile::TempDir;
use ziti_edge_testkit::{IdentityOptions, TestController, TestProvider, Version};

/// A network whose users log in at a provider, and the folder of one of them, who has no certificate.
struct Scene {
    provider: TestProvider,
    _controller: TestController,
    folder: TempDir,
}

impl Scene {
    fn new() -> Self {
        let (provider, controller) = (TestProvider::start().unwrap(), support::controller(Version::V2_0, 1));
        controller.add_external_signer(provider.signer("idp"));
        let external_id = Some("alice@example.test".to_owned());
        controller.create_identity_with(IdentityOptions {
            name: "alice".to_owned(),
            external_id,
            ..IdentityOptions::default()
        });
        let folder = tempfile::tempdir().unwrap();
        let file = json!({"ztAPI": controller.api_url(), "id": {"ca": controller.ca_pem()}});
        fs::write(folder.path().join("identity.json"), file.to_string()).unwrap();
        fs::write(folder.path().join("roots.pem"), provider.ca_pem()).unwrap();
        Self { provider, _controller: controller, folder }
    }

    /// Starts a program on a system whose roots vouch for the provider, and reads its first two lines: what to do, and
    /// the address to open.
    fn start(&self, program: &Path, arguments: &[&str]) -> (Child, BufReader<ChildStdout>, String) {
        let mut command = files::command(program);
        command.args(arguments).current_dir(self.folder.path());
        command.env("SSL_CERT_FILE", self.folder.path().join("roots.pem")).env_remove("SSL_CERT_DIR");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut lines = [String::new(), String::new()];
        for line in &mut lines {
            output.read_line(line).unwrap();
        }
        let [_, url] = lines;
        (child, output, url.trim_end().to_owned())
    }
}

/// What a program prints until it ends, and how it ends.
fn rest(mut child: Child, mut output: BufReader<ChildStdout>) -> (ExitStatus, String, String) {
    drop(child.stdin.take());
    let mut text = String::new();
    output.read_to_string(&mut text).unwrap();
    let mut told = String::new();
    child.stderr.take().unwrap().read_to_string(&mut told).unwrap();
    (child.wait().unwrap(), text, told)
}

const SERVICES: &str = "svc-00001\n";

#[test]
fn the_example_in_rust_waits_for_the_browser() {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--offline", "--example", "external_provider"]).current_dir(files::root());
    assert!(cargo.status().unwrap().success());
    let tests = std::env::current_exe().unwrap();
    let built = tests.parent().and_then(|deps| deps.parent()).unwrap();
    let program = built.join("examples/external_provider").with_extension(std::env::consts::EXE_EXTENSION);

    let scene = Scene::new();
    let (child, output, url) = scene.start(&program, &["identity.json"]);
    let back = scene.provider.browse(&url).unwrap();
    let (host, target) = back.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    write!(stream, "GET /{target} HTTP/1.1\r\nHost: {host}\r\n\r\n").unwrap();
    let (status, text, told) = rest(child, output);
    assert!(status.success() && text == SERVICES, "{text}{told}");

    let output = files::command(&program).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("usage: external_provider"), "{output:?}");
}

#[test]
#[cfg(all(feature = "capi", target_os = "linux"))]
fn the_example_in_c_takes_the_address_at_which_the_browser_ends() {
    let scene = Scene::new();
    let program = files::compile("examples-c/external_provider.c", "c99", files::Linking::Shared, scene.folder.path());
    let arguments = ["identity.json", "http://127.0.0.1:8765/back"];
    let (mut child, output, url) = scene.start(&program, &arguments);
    writeln!(child.stdin.as_mut().unwrap(), "{}", scene.provider.browse(&url).unwrap()).unwrap();
    let (status, text, told) = rest(child, output);
    assert!(status.success() && text == SERVICES, "{text}{told}");

    let (child, output, _) = scene.start(&program, &arguments);
    let (status, text, told) = rest(child, output);
    assert!(!status.success() && text.is_empty(), "{text}");
    assert!(told.starts_with("external_provider: redirect URL: it does not lead to"), "{told}");
    let output = files::command(&program).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("usage: external_provider"), "{output:?}");
}
