//! The examples that watch services, run as a reader would.

#[path = "c/support.rs"]
mod files;
mod support;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;
use ziti_edge_testkit::{Fault, Operation, TestController, Version};

/// One of the examples, compiled, and what it needs to run.
struct Example {
    folder: TempDir,
    program: PathBuf,
    controller: TestController,
}

impl Example {
    fn new(program: impl FnOnce(&TempDir) -> PathBuf) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // No cluster: there a refusal of a certificate this new would be tried until the time is over.
        let controller = support::controller(Version::V1_3, 2);
        fs::write(folder.path().join("identity.json"), controller.enrolled_identity_json("alice")).unwrap();
        Self { program: program(&folder), folder, controller }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = files::command(&self.program);
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        command
    }

    /// Runs to the end: exit code, standard output and standard error.
    fn run(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let output = self.command(arguments).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    }

    fn prints_all_services_first_and_ends_in_order(&self) {
        let (code, out, told) = self.run(&["identity.json", "1", "1"]);
        let mut lines: Vec<&str> = out.lines().collect();
        lines.sort_unstable();
        let all = ["+ svc-00001 svc-00001.ziti", "+ svc-00002 svc-00002.ziti"];
        assert_eq!((code, lines.as_slice(), told.as_str()), (Some(0), &all[..], ""));
        assert_eq!(self.controller.session_count(), 0, "it logs out");
    }

    fn tells_an_error_that_may_pass_and_goes_on(&self) {
        self.controller.fault_times(Operation::Services, Fault::Status(500), 1);
        let (code, out, told) = self.run(&["identity.json", "1", "2"]);
        assert_eq!((code, out.lines().count(), told.lines().count()), (Some(0), 2, 1), "{out}{told}");
        assert!(told.starts_with("watch_services: "), "{told}");
    }

    fn ends_with_1_and_one_line_if_something_is_wrong(&self) {
        for (arguments, reason) in [
            (&[][..], "usage: "),
            (&["identity.json", "0"], "usage: "),
            (&["identity.json", "1", "x"], "usage: "),
            (&["identity.json", "1", "1", "1"], "usage: "),
            (&["missing.json"], "missing.json"),
        ] {
            let (code, out, told) = self.run(arguments);
            assert_eq!((code, out.as_str(), told.lines().count()), (Some(1), "", 1), "{arguments:?}: {told}");
            assert!(told.contains(reason), "{arguments:?}: {told}");
        }
        self.controller.remove_identity(&self.controller.identity_id("alice").unwrap());
        let (code, out, told) = self.run(&["identity.json"]);
        assert_eq!((code, out.as_str(), told.lines().count()), (Some(1), "", 1), "{told}");
        assert!(told.contains("refuses this identity"), "{told}");
    }

    /// A running example whose first poll is over.
    fn running(&self) -> Child {
        let mut child = self.command(&["identity.json", "600"]).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
        assert_eq!(lines.take(2).filter_map(Result::ok).count(), 2);
        child
    }
}

#[cfg(all(feature = "capi", target_os = "linux"))]
fn c_example(folder: &TempDir) -> PathBuf {
    files::compile("examples-c/watch_services.c", "c99", files::Linking::Shared, folder.path())
}

#[test]
fn the_example_in_rust_tells_what_changes_and_what_is_wrong() {
    let example = Example::new(|_| files::rust_example("watch_services"));
    example.prints_all_services_first_and_ends_in_order();
    example.tells_an_error_that_may_pass_and_goes_on();
    example.ends_with_1_and_one_line_if_something_is_wrong();
}

#[test]
#[cfg(all(feature = "capi", target_os = "linux"))]
fn the_example_in_c_tells_what_changes_and_what_is_wrong() {
    let example = Example::new(c_example);
    example.prints_all_services_first_and_ends_in_order();
    example.tells_an_error_that_may_pass_and_goes_on();
    example.ends_with_1_and_one_line_if_something_is_wrong();
}

#[test]
#[cfg(all(feature = "capi", target_os = "linux"))]
fn a_signal_ends_the_example_in_c_at_once_and_in_order() {
    use rustix::process::{Pid, Signal, kill_process};

    let example = Example::new(c_example);
    let mut child = example.running();
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(example.controller.session_count(), 0, "it logs out");
}
