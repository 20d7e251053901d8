//! What needs a C++ compiler, `nm` or valgrind.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use ziti_edge_testkit::{Fault, Operation};

use crate::scene::{controller, enrolled, flow, text, told};
use crate::support::{self, Linking, STALE, command, compile, compiles_alone, exported_functions};

/// The tool, the name and the test.
pub(crate) const ALL: &[(&str, &str, fn())] = &[
    ("c++", "both_headers_compile_alone_as_cpp", both_headers_compile_alone_as_cpp),
    ("c++", "the_cpp_header_owns_what_it_holds", the_cpp_header_owns_what_it_holds),
    ("nm", "the_shared_library_exports_the_header_and_nothing_else", exports_the_header_and_nothing_else),
    ("nm", "the_static_library_has_no_name_that_begins_with_ziti", no_name_begins_with_ziti),
    ("valgrind", "valgrind_finds_nothing_on_the_whole_way", valgrind_finds_nothing_on_the_whole_way),
    ("valgrind", "valgrind_finds_nothing_after_a_cancel", valgrind_finds_nothing_after_a_cancel),
];

fn both_headers_compile_alone_as_cpp() {
    compiles_alone("ziti_edge_client.h", "c++17");
    compiles_alone("ziti_edge_client.hpp", "c++17");
}

fn the_cpp_header_owns_what_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    let program = compile("tests/c/raii.cpp", "c++17", Linking::Shared, folder.path());
    let output = command(program).output().unwrap();
    assert!(output.status.success(), "{}", told(&output));
}

/// The third column of what `nm` lists.
fn names(nm: &mut Command) -> BTreeSet<String> {
    let output = nm.output().unwrap();
    text(&output.stdout).lines().filter_map(|line| line.split_whitespace().nth(2)).map(str::to_owned).collect()
}

fn exports_the_header_and_nothing_else() {
    let library = support::shared_library();
    let exported = names(Command::new("nm").args(["-D", "--defined-only"]).arg(&library));
    let declared = exported_functions();
    let missing: Vec<_> = declared.difference(&exported).collect();
    assert!(missing.is_empty(), "{} lacks {missing:?}: {STALE}", library.display());
    assert_eq!(exported, declared);
}

fn no_name_begins_with_ziti() {
    let names = names(Command::new("nm").args(["-g", "--defined-only"]).arg(support::static_library()));
    assert!(names.contains("zec_version"), "{STALE}");
    assert!(!names.iter().any(|name| name.starts_with("ziti_")), "{names:?}");
}

/// Leaks and wrong accesses are errors. Values that are not set are not looked for: the assembler of the ciphers
/// reads beyond its input on purpose.
fn valgrind(program: &Path) -> Command {
    let mut command = command("valgrind");
    command.args(["--quiet", "--error-exitcode=99", "--undef-value-errors=no", "--leak-check=full"]);
    command.arg("--errors-for-leak-kinds=definite,indirect").arg(program);
    command
}

fn valgrind_finds_nothing_on_the_whole_way() {
    let folder = tempfile::tempdir().unwrap();
    flow(folder.path(), &controller(), valgrind);
}

fn valgrind_finds_nothing_after_a_cancel() {
    let controller = controller();
    let folder = enrolled(&controller);
    let program = compile("tests/c/interrupted.c", "c99", Linking::Shared, folder.path());
    for (fault, stage) in [(Fault::StallInHandshake, "tls"), (Fault::StallInBody, "body")] {
        controller.clear_faults();
        controller.fault_times(Operation::Services, fault, 1);
        // Late enough for a call that valgrind slows down to have come to its stage.
        let arguments = ["list", "identity.json", "cancel", stage, "4"];
        let output = valgrind(&program).args(arguments).current_dir(folder.path()).output().unwrap();
        // Whether the call ended in time says nothing here.
        assert_ne!(output.status.code(), Some(99), "{}", told(&output));
        let said = format!("the call was canceled (stage {stage})");
        assert!(text(&output.stdout).contains(&said), "{}", told(&output));
    }
}
