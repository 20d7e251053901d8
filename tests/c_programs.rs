//! Programs in C, compiled strictly and linked with what cargo built for this test run.
#![cfg(all(feature = "capi", target_os = "linux"))]

#[path = "c/support.rs"]
mod support;

use support::{Linking, command, compile, exported_functions, root};

/// Compiles and runs a program of tests/c, which tells on standard error what does not hold.
fn run(name: &str, linking: Linking) {
    let folder = tempfile::tempdir().unwrap();
    let program = compile(&format!("tests/c/{name}.c"), "c99", linking, folder.path());
    let output = command(program).current_dir(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}: {}", output.status, String::from_utf8_lossy(&output.stderr));
}

/// The programs whose names begin like this, without their ending.
fn programs(begin: &str) -> Vec<String> {
    let files = std::fs::read_dir(root().join("tests/c")).unwrap().map(|file| file.unwrap().file_name());
    let names = files.filter_map(|name| name.into_string().unwrap().strip_suffix(".c").map(str::to_owned));
    let mut programs: Vec<String> = names.filter(|name| name.starts_with(begin)).collect();
    programs.sort();
    assert!(programs.contains(&begin.to_owned()), "{programs:?}");
    programs
}

#[test]
fn null_is_defined_everywhere() {
    programs("null").iter().for_each(|name| run(name, Linking::Shared));
}

#[test]
fn the_static_library_does_the_same() {
    run("null", Linking::Static);
}

#[test]
fn no_function_is_left_out_of_the_test_of_null() {
    let text = |name: &String| std::fs::read_to_string(root().join(format!("tests/c/{name}.c"))).unwrap();
    let program: String = programs("null").iter().map(text).collect();
    for function in exported_functions() {
        assert!(program.contains(&format!("{function}(")), "{function} is not called by tests/c/null*.c");
    }
}

#[test]
fn arguments_that_are_wrong_are_named() {
    programs("arguments").iter().for_each(|name| run(name, Linking::Shared));
}

#[test]
fn records_and_codes_are_where_they_were() {
    let folder = tempfile::tempdir().unwrap();
    for name in programs("abi") {
        compile(&format!("tests/c/{name}.c"), "c11", Linking::Shared, folder.path());
    }
}

#[test]
fn the_example_tells_how_to_use_it_and_what_went_wrong_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let program = compile("examples-c/list_services.c", "c99", Linking::Shared, folder.path());
    for (arguments, message) in [
        (&[][..], "usage: "),
        (&["identity.json", "0"], "usage: "),
        (&["identity.json", "5s"], "usage: "),
        (&["--jwt", "token.jwt"], "usage: "),
        (&["--jwt", "missing.jwt", "identity.json"], "missing.jwt"),
        (&["missing.json"], "missing.json"),
    ] {
        let output = command(&program).args(arguments).current_dir(folder.path()).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {told}");
        assert!(
            output.stdout.is_empty() && told.lines().count() == 1 && told.contains(message),
            "{arguments:?}: {told}"
        );
    }
}
