//! What needs a C++ compiler, `nm`, openssl or valgrind.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use ziti_edge_testkit::{Fault, Operation, TestController};

use crate::enroll::identities_enroll_by_every_method;
use crate::keys;
use crate::login_examples::{Flow, external_jwt, password_and_code};
use crate::oidc::logins_over_oidc;
use crate::scene::{enrolled, flow, text, told};
use crate::support::{self, Linking, STALE, command, compile, compiles_alone, exported_functions, valgrind};

/// The tools, the name and the test.
pub(crate) const ALL: &[(&str, &str, fn())] = &[
    ("c++", "both_headers_compile_alone_as_cpp", both_headers_compile_alone_as_cpp),
    ("c++", "the_cpp_header_owns_what_it_holds", the_cpp_header_owns_what_it_holds),
    ("nm", "the_shared_library_exports_the_header_and_nothing_else", exports_the_header_and_nothing_else),
    ("nm", "the_static_library_has_no_name_that_begins_with_ziti", no_name_begins_with_ziti),
    ("openssl", "every_choice_of_a_key_works_from_c", keys::every_choice_of_a_key_works_from_c),
    (
        "openssl valgrind",
        "valgrind_finds_nothing_with_any_choice_of_a_key",
        keys::valgrind_finds_nothing_with_any_choice_of_a_key,
    ),
    ("valgrind", "valgrind_finds_nothing_whichever_way_enrolls", valgrind_finds_nothing_whichever_way_enrolls),
    ("valgrind", "valgrind_finds_nothing_on_the_whole_way", valgrind_finds_nothing_on_the_whole_way),
    ("valgrind", "valgrind_finds_nothing_in_a_login_over_oidc", valgrind_finds_nothing_in_a_login_over_oidc),
    ("valgrind", "valgrind_finds_nothing_in_the_examples_that_log_in", valgrind_finds_nothing_in_the_examples),
    ("valgrind", "valgrind_finds_nothing_in_a_diagnosis", valgrind_finds_nothing_in_a_diagnosis),
    ("c++ valgrind", "valgrind_finds_nothing_where_cpp_throws", valgrind_finds_nothing_where_cpp_throws),
];

fn both_headers_compile_alone_as_cpp() {
    compiles_alone("ziti_edge_client.h", "c++17");
    compiles_alone("ziti_edge_client.hpp", "c++17");
}

fn the_cpp_header_owns_what_it_holds() {
    raii(|program| command(program));
}

fn raii(run: impl Fn(&Path) -> Command) {
    // With AES it would look to valgrind as if values were read that were never set.
    let controller = TestController::builder().oidc(false).services(5).only_chacha20(true).start().unwrap();
    let folder = enrolled(&controller);
    let program = compile("tests/c/raii.cpp", "c++17", Linking::Shared, folder.path());
    let output = run(&program).arg(folder.path().join("identity.json")).output().unwrap();
    assert!(output.status.success(), "{}", told(&output));
    assert_eq!(controller.session_count(), 1, "the other client left its session behind");
}

fn valgrind_finds_nothing_where_cpp_throws() {
    raii(valgrind);
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

fn valgrind_finds_nothing_whichever_way_enrolls() {
    identities_enroll_by_every_method(valgrind);
}

fn valgrind_finds_nothing_in_a_login_over_oidc() {
    logins_over_oidc(valgrind);
}

fn valgrind_finds_nothing_in_the_examples() {
    let folder = tempfile::tempdir().unwrap();
    let compiled = |name: &str| compile(&format!("examples-c/{name}.c"), "c99", Linking::Shared, folder.path());
    let (by_password, by_jwt) = (compiled("password_totp"), compiled("external_jwt"));
    for flow in Flow::ALL {
        password_and_code(&by_password, flow, valgrind);
        external_jwt(&by_jwt, flow, valgrind);
    }
}

fn valgrind_finds_nothing_in_a_diagnosis() {
    let controller = TestController::builder().only_chacha20(true).start().unwrap();
    let folder = enrolled(&controller);
    let program = compile("examples-c/diagnose.c", "c99", Linking::Shared, folder.path());
    for is_there in [true, false] {
        if !is_there {
            controller.fault(Operation::Any, Fault::Refuse);
        }
        let output = valgrind(&program).arg("identity.json").current_dir(folder.path()).output().unwrap();
        assert_eq!(output.status.code(), Some(i32::from(!is_there)), "{}", told(&output));
        assert!(output.stderr.is_empty() && text(&output.stdout).starts_with("client\n"), "{}", told(&output));
    }
}

fn valgrind_finds_nothing_on_the_whole_way() {
    let folder = tempfile::tempdir().unwrap();
    // With AES it would look as if values were read that were never set.
    let controller = TestController::builder().oidc(false).services(5).only_chacha20(true).start().unwrap();
    flow(folder.path(), &controller, valgrind);
}
