//! The examples that log in at an identity provider, run as a reader would.

#[path = "c/support.rs"]
mod files;
mod support;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitCode, ExitStatus, Stdio};

use libtest_mimic::{Arguments, Trial};
use serde_json::json;
use tempfile::TempDir;
use ziti_edge_testkit::{IdentityOptions, ProviderPart, TestController, TestProvider};

fn main() -> ExitCode {
    let trial = |name: &str, test: fn()| {
        Trial::test(name, move || {
            test();
            Ok(())
        })
    };
    let mut trials = vec![trial("the_example_in_rust_waits_for_the_browser", in_rust)];
    if cfg!(all(feature = "capi", target_os = "linux")) {
        trials.push(trial("the_example_in_c_takes_the_address_at_which_the_browser_ends", || {
            in_c(|program| files::command(program))
        }));
        let with_valgrind = trial("valgrind_finds_nothing_in_the_example_in_c", || in_c(files::valgrind));
        trials.push(match files::has("valgrind") {
            true => with_valgrind,
            false => with_valgrind.with_kind("needs valgrind").with_ignored_flag(true),
        });
    }
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// A network whose users log in at a provider, and the folder of one of them, who has no certificate.
struct Scene {
    provider: TestProvider,
    _controller: TestController,
    folder: TempDir,
}

impl Scene {
    fn new() -> Self {
        let provider = TestProvider::start_with_only_chacha20().unwrap();
        let controller = support::start(TestController::builder().services(1).only_chacha20(true));
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
    fn start(&self, mut command: Command, arguments: &[&str]) -> (Child, BufReader<ChildStdout>, String) {
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

fn in_rust() {
    let program = files::rust_example("external_provider");
    let scene = Scene::new();
    let (child, output, url) = scene.start(files::command(&program), &["identity.json"]);
    let back = scene.provider.browse(&url).unwrap();
    let (host, target) = back.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    write!(stream, "GET /{target} HTTP/1.1\r\nHost: {host}\r\n\r\n").unwrap();
    let (status, text, told) = rest(child, output);
    assert!(status.success() && text == SERVICES, "{text}{told}");

    let output = files::command(&program).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("usage: external_provider"), "{output:?}");
}

/// Plays the user and the browser, and checks how the program ends that `run` runs.
fn in_c(run: fn(&Path) -> Command) {
    let scene = Scene::new();
    let program = files::compile("examples-c/external_provider.c", "c99", files::Linking::Shared, scene.folder.path());
    let arguments = ["identity.json", "http://127.0.0.1:8765/back"];
    let ends = |answer: &dyn Fn(&str) -> String| {
        let (mut child, output, url) = scene.start(run(&program), &arguments);
        writeln!(child.stdin.as_mut().unwrap(), "{}", answer(&url)).unwrap();
        rest(child, output)
    };
    let (status, text, told) = ends(&|url| scene.provider.browse(url).unwrap());
    assert!(status.success() && text == SERVICES && told.is_empty(), "{text}{told}");

    // A failure of the program's own, and nothing that valgrind would say.
    let fails = |answer: &dyn Fn(&str) -> String, why: &str| {
        let (status, text, told) = ends(answer);
        assert!(status.code() == Some(1) && text.is_empty(), "{status}: {text}{told}");
        assert!(told.starts_with(&format!("external_provider: {why}")) && told.lines().count() == 1, "{told}");
    };
    fails(&|_| String::new(), "redirect URL: it does not lead to");
    let refusal = json!({"error": "access_denied", "error_description": "the user said no", "code": null});
    scene.provider.change(ProviderPart::Redirect, refusal);
    fails(&|url| scene.provider.browse(url).unwrap(), "GET https://localhost:");
    scene.provider.heal();
    scene.provider.set_user("mallory@example.test");
    fails(&|url| scene.provider.browse(url).unwrap(), "");
    let output = run(&program).output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("usage: external_provider"), "{output:?}");
    assert_eq!(output.status.code(), Some(1));
}
