//! The example that a stranger runs first, run as they would.

use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn quickstart(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO"));
    command.args(["run", "--quiet", "--offline", "--example", "quickstart", "--"]).args(arguments);
    command.current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
    command
}

fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = quickstart(arguments).output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[test]
fn enrolls_lists_services_as_a_table_and_logs_out_without_any_argument() {
    let (code, out, progress) = run(&[]);
    assert_eq!(code, Some(0), "{progress}");
    let rows: Vec<&str> = out.lines().collect();
    assert!(rows[0].starts_with("ID ") && rows[0].ends_with(" INTERCEPTS"), "{out}");
    assert_eq!(rows.len(), 6, "{out}");
    assert!(rows[1..].iter().all(|row| row.split_whitespace().count() >= 4), "{out}");
    for step in ["enrolling at https://", "wrote ", "logged in as quickstart", "5 services", "logged out"] {
        assert!(progress.contains(step), "{step}: {progress}");
    }
}

#[test]
fn prints_nothing_but_json_lines_if_asked_to() {
    let (code, out, progress) = run(&["--json", "--timeout", "20"]);
    assert_eq!((code, out.lines().count()), (Some(0), 5), "{progress}");
    for line in out.lines() {
        let service: Value = serde_json::from_str(line).unwrap();
        assert!(service["id"].is_string() && service["name"].is_string(), "{line}");
        assert!(service["permissions"].is_array() && service["intercepts"].is_array(), "{line}");
    }
}

#[test]
fn ends_with_1_and_one_line_if_something_is_wrong() {
    for (arguments, reason) in [
        (&["--identity", "/nowhere/alice.json"][..], "/nowhere/alice.json"),
        (&["--jwt", "alice.jwt"], "--jwt needs --identity"),
        (&["--jwt", "/nowhere/alice.jwt", "--identity", "/nowhere/alice.json"], "/nowhere/alice.jwt"),
        (&["--timeout", "0"], "above 0"),
        (&["--timeout"], "needs a value"),
        (&["--loud"], "unknown argument --loud"),
    ] {
        let (code, out, error) = run(arguments);
        assert_eq!((code, out.as_str(), error.lines().count()), (Some(1), "", 1), "{arguments:?}: {error}");
        assert!(error.starts_with("quickstart: ") && error.contains(reason), "{arguments:?}: {error}");
    }
}

#[test]
#[cfg(unix)]
fn a_reader_that_leaves_is_an_error_and_no_panic() {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let Output { status, stderr, .. } = quickstart(&[]).stdout(writer).output().unwrap();
    let error = String::from_utf8(stderr).unwrap();
    assert_eq!(status.code(), Some(1), "{error}");
    assert!(error.contains("logged out") && error.lines().last().unwrap().starts_with("quickstart: "), "{error}");
    assert!(!error.contains("panicked"), "{error}");
}
