//! The examples that enroll, run as a reader would.

#[path = "c/support.rs"]
mod files;
mod support;

use std::fs;
use std::path::PathBuf;

use serde_json::json;
use tempfile::TempDir;
use ziti_edge_testkit::{ExternalSigner, Fault, IdentityOptions, Operation, TestController, Version};

/// One of the examples, compiled, with a controller and a folder of files to give it.
struct Example {
    folder: TempDir,
    program: PathBuf,
    controller: TestController,
}

impl Example {
    fn new(program: impl FnOnce(&TempDir) -> PathBuf) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let controller = support::controller(Version::V2_0, 2);
        Self { program: program(&folder), folder, controller }
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).unwrap();
    }

    fn token(&self, name: &str, method: &str) {
        let options = IdentityOptions { name: name.to_owned(), method: method.to_owned(), ..Default::default() };
        self.write(&format!("{name}.jwt"), &self.controller.create_identity_with(options).jwt);
    }

    /// Runs to the end: whether it succeeded, and what it said.
    fn run(&self, arguments: &str) -> (bool, String) {
        let mut command = files::command(&self.program);
        let output = command.args(arguments.split(' ')).current_dir(self.folder.path()).output().unwrap();
        let told = if output.status.success() { output.stdout } else { output.stderr };
        (output.status.success(), String::from_utf8(told).unwrap())
    }

    fn enrolls(&self, arguments: &str) -> String {
        let (success, told) = self.run(arguments);
        assert!(success && told.contains("enrolled"), "{arguments}: {told}");
        told
    }

    fn fails(&self, arguments: &str, reason: &str) {
        let (success, told) = self.run(arguments);
        assert!(!success && told.starts_with("enroll: ") && told.contains(reason), "{arguments}: {told}");
    }

    fn enrolls_by_every_method(&self) {
        let url = self.controller.url();
        self.write("ca.pem", &self.controller.ca_pem());
        let papers = self.controller.add_authority("partner").issue("device");
        self.write("device.pem", &papers.certificate);
        self.write("device.key", &papers.key);
        let signer = ExternalSigner { enrolls_to_token: true, ..ExternalSigner::named("idp") };
        let signer = self.controller.add_external_signer(signer);
        let external = self.controller.external_token(&signer, &json!({ "sub": "carol" })).unwrap();
        self.write("carol.jwt", &external);
        self.write("robert.password", "open sesame\n");
        self.token("alice", "ott");
        self.token("device", "ottca");
        self.token("robert", "updb");

        self.enrolls("alice.jwt alice.json");
        self.fails("device.jwt device.json", "needs the option");
        self.fails("device.jwt device.json certificate=device.pem key=missing.key", "missing.key");
        self.enrolls("device.jwt device.json certificate=device.pem key=device.key");
        let told = self.enrolls("robert.jwt robert.json username=robert password=robert.password");
        assert!(told.contains("the user name is robert"), "{told}");
        let by_token = "method=token external_jwt=carol.jwt without_certificate=yes ca=ca.pem";
        self.enrolls(&format!("{url} carol.json {by_token}"));
        self.enrolls(&format!("{url} network.json ca=ca.pem"));
        for name in ["alice", "device", "robert", "carol", "network"] {
            assert!(self.folder.path().join(format!("{name}.json")).exists(), "{name}");
        }
        self.fails("alice.jwt alice.json", "alice.json");
        self.fails("alice.jwt other.json color=red", "color");
    }

    fn resumes_what_was_interrupted(&self) {
        self.token("dora", "ott");
        self.controller.fault_times(Operation::Enroll, Fault::Reset, 1);
        self.fails("dora.jwt dora.json", "may");
        self.fails("dora.jwt dora.json", "may");
        self.enrolls("dora.jwt dora.json resume=yes");
    }
}

#[test]
fn the_example_in_rust_enrolls_by_every_method() {
    let example = Example::new(|_| files::rust_example("enroll"));
    example.enrolls_by_every_method();
    example.resumes_what_was_interrupted();
}

#[test]
#[cfg(all(feature = "capi", target_os = "linux"))]
fn the_example_in_c_enrolls_by_every_method() {
    let compiled =
        |folder: &TempDir| files::compile("examples-c/enroll.c", "c99", files::Linking::Shared, folder.path());
    let example = Example::new(compiled);
    example.enrolls_by_every_method();
    example.resumes_what_was_interrupted();
}
