//! The header is what the sources say, complete, and acceptable to strict compilers.
#![cfg(all(feature = "capi", target_os = "linux"))]

#[path = "c/support.rs"]
mod support;

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use support::{compiles_alone, exported_functions, root};

const HEADER: &str = "include/ziti_edge_client.h";

/// The files with C functions and records, in the order in which a reader wants to meet them.
const SOURCES: &[&str] = &[
    "src/ffi/version.rs",
    "src/ffi/strings.rs",
    "src/ffi/string_list.rs",
    "src/ffi/error.rs",
    "src/ffi/cancel.rs",
    "src/ffi/callback.rs",
    "src/ffi/signer.rs",
    "src/ffi/query.rs",
    "src/identity/ffi.rs",
    "src/identity/parts/ffi.rs",
    "src/identity/describe/ffi.rs",
    "src/identity/server/ffi.rs",
    "src/enroll/options/ffi.rs",
    "src/enroll/ffi.rs",
    "src/login/ffi.rs",
    "src/client/status/ffi.rs",
    "src/client/diagnose/ffi.rs",
    "src/client/upkeep/ffi.rs",
    "src/client/session/ffi.rs",
    "src/client/ffi.rs",
    "src/api/authentication/ffi.rs",
    "src/api/authentication/external_jwt_signers/ffi.rs",
    "src/login/provider/keeper/ffi.rs",
    "src/login/provider/settings/ffi.rs",
    "src/login/provider/token/ffi.rs",
    "src/login/provider/authorization/ffi.rs",
    "src/login/provider/loopback/ffi.rs",
    "src/login/provider/device/ffi.rs",
    "src/api/controller/ffi.rs",
    "src/api/controller/controllers/ffi.rs",
    "src/api/controller/specs/ffi.rs",
    "src/api/enrollment/ffi.rs",
    "src/api/enrollment/network_jwts/ffi.rs",
    "src/api/enrollment/proof/ffi.rs",
    "src/api/posture/ffi.rs",
    "src/api/api_session/ffi.rs",
    "src/api/edge_router/ffi.rs",
    "src/api/current_identity/parts/ffi.rs",
    "src/api/current_identity/ffi.rs",
    "src/api/current_identity/edge_routers/ffi.rs",
    "src/api/api_session/certificates/ffi.rs",
    "src/api/authenticators/ffi.rs",
    "src/api/mfa/ffi.rs",
    "src/api/services/query/ffi.rs",
    "src/api/services/ffi.rs",
    "src/api/services/change/ffi.rs",
    "src/api/services/posture/ffi.rs",
    "src/api/services/config/ffi.rs",
    "src/api/services/config/health/ffi.rs",
    "src/api/services/config/intercept/ffi.rs",
    "src/api/services/config/host/ffi.rs",
    "src/api/services/config/tunneler/ffi.rs",
    "src/api/services/watch/ffi.rs",
    "src/api/services/terminators/ffi.rs",
    "src/api/services/edge_routers/ffi.rs",
    "src/api/sessions/ffi.rs",
    "src/api/sessions/failed_posture/ffi.rs",
    "src/api/raw/ffi.rs",
    "src/ffi/log.rs",
];

/// The header as it is checked in, or as it is about to be.
fn header() -> String {
    if updates() { printed() } else { fs::read_to_string(root().join(HEADER)).unwrap() }
}

fn updates() -> bool {
    std::env::var_os("UPDATE_HEADER").is_some()
}

fn printed() -> String {
    let config = cbindgen::Config::from_file(root().join("cbindgen.toml")).unwrap();
    let builder = cbindgen::Builder::new().with_config(config);
    let bindings = SOURCES.iter().fold(builder, |builder, source| builder.with_src(root().join(source)));
    let mut text = Vec::new();
    bindings.generate().unwrap().write(&mut text);
    String::from_utf8(text).unwrap().trim_start().to_owned()
}

/// Run with `UPDATE_HEADER=1` to print the header anew.
#[test]
fn the_header_is_the_one_that_the_sources_print() {
    let printed = printed();
    if updates() {
        fs::write(root().join(HEADER), &printed).unwrap();
    }
    let differing = printed.lines().zip(header().lines().map(str::to_owned)).find(|(new, old)| new != old);
    assert!(header() == printed, "the sources print another header, first at {differing:?}; see cbindgen.toml");
}

#[test]
fn every_exported_function_is_in_the_header_and_in_the_docs() {
    let header = header();
    let docs = fs::read_to_string(root().join("docs/c-api.md")).unwrap();
    let functions = exported_functions();
    assert!(functions.len() > 30, "{functions:?}");
    for function in &functions {
        assert!(header.contains(&format!("{function}(")), "{function} is not in the header");
        assert!(docs.contains(&format!("`{function}`")), "{function} is not in docs/c-api.md");
    }
    for page in ["docs/c-api.md", "docs/c-programs.md", "docs/logins.md"] {
        let text = fs::read_to_string(root().join(page)).unwrap();
        let named: BTreeSet<_> = text.split('`').filter(|word| word.starts_with("zec_")).collect();
        assert!(!named.is_empty(), "{page} names no function");
        for name in named {
            assert!(header.contains(name), "{page} has {name}, the header does not");
        }
    }
}

#[test]
fn the_cpp_header_owns_whatever_has_to_be_freed() {
    let cpp = fs::read_to_string(root().join("include/ziti_edge_client.hpp")).unwrap();
    for function in exported_functions().iter().filter(|name| name.ends_with("_free")) {
        let root = function.trim_end_matches("_free");
        let owner = format!("using {} = detail::owned<{root}>;", root.trim_start_matches("zec_"));
        let release = format!("void release({root} *root) noexcept {{ {function}(root); }}");
        let special = matches!(root, "zec_string" | "zec_error");
        assert!(special || cpp.contains(&owner) && cpp.contains(&release), "the C++ header lacks an owner of {root}");
    }
}

#[test]
fn the_header_begins_with_its_four_rules() {
    let header = header();
    let places = ["Ownership.", "Strings.", "Errors.", "Threads.", "#ifndef"].map(|rule| header.find(rule).unwrap());
    assert!(places.is_sorted(), "{places:?}");
}

#[test]
fn version_macros_are_those_of_the_package() {
    let header = header();
    let of = |name: &str| {
        let start = format!("#define {name} ");
        header.lines().find_map(|line| line.strip_prefix(&start)).unwrap_or_else(|| panic!("{name} is missing"))
    };
    assert_eq!(of("ZEC_VERSION_MAJOR"), env!("CARGO_PKG_VERSION_MAJOR"));
    assert_eq!(of("ZEC_VERSION_MINOR"), env!("CARGO_PKG_VERSION_MINOR"));
    assert_eq!(of("ZEC_VERSION_PATCH"), env!("CARGO_PKG_VERSION_PATCH"));
    assert_eq!(of("ZEC_VERSION"), format!("{:?}", env!("CARGO_PKG_VERSION")));
}

#[test]
fn macros_are_upper_case_and_all_names_have_our_prefix() {
    let header = header();
    for name in header.lines().filter_map(|line| line.trim_start().strip_prefix("#define ")) {
        let name = name.split([' ', '(']).next().unwrap();
        assert_eq!(name, name.to_uppercase());
        assert!(name.starts_with("ZEC_") || name == "ZITI_EDGE_CLIENT_H", "{name}");
    }
    let types = header.lines().filter_map(|line| line.strip_prefix("} "));
    let names: Vec<_> = types.map(|line| line.trim_end_matches(';')).filter(|name| !name.contains("//")).collect();
    assert!(names.len() > 8, "{names:?}");
    for name in names {
        assert!(name.starts_with("zec_"), "{name}");
    }
}

#[test]
fn the_header_compiles_alone_without_a_warning() {
    for standard in ["c99", "c11"] {
        compiles_alone("ziti_edge_client.h", standard);
    }
}

#[test]
fn every_field_and_code_is_locked_by_the_abi_test() {
    let files = fs::read_dir(root().join("tests/c")).unwrap().map(|file| file.unwrap().path());
    let locks = files.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with("abi"));
    let lock: String = locks.map(|path| fs::read_to_string(path).unwrap()).collect();
    let header = header();
    for record in header.split("typedef struct {\n").skip(1) {
        let (body, rest) = record.split_once("\n} ").unwrap();
        let name = rest.split(';').next().unwrap();
        for field in body.lines().filter(|line| !line.trim_start().starts_with("//")) {
            let field = field.trim_end_matches(';').rsplit([' ', '*']).next().unwrap();
            assert!(lock.contains(&format!("AT({name}, {field}, ")), "{name}.{field} is not in tests/c/abi*.c");
        }
    }
    let codes = header.lines().filter(|line| line.starts_with("  ZEC_")).map(|line| line.trim_end_matches(','));
    for code in codes {
        assert!(
            lock.contains(&format!("IS({});", code.trim().replace(" = ", ", "))),
            "{code} is not in tests/c/abi*.c"
        );
    }
}

/// A field that is added where an older header has padding would be read from callers that never set it. With four-byte
/// pointers a number of eight bytes begins at a multiple of eight (ARM) or of four (x86).
#[test]
fn structs_that_callers_fill_in_end_without_padding_where_pointers_are_small() {
    let header = header();
    let mut program = format!("#include \"{}\"\n", root().join(HEADER).display());
    let inits: Vec<_> = header.lines().filter_map(|line| line.trim().strip_prefix("{ sizeof(")).collect();
    for name in inits.iter().map(|rest| rest.split(')').next().unwrap()) {
        let (body, _) = header.split_once(&format!("\n}} {name};")).unwrap();
        let last = body.lines().last().unwrap().trim_end_matches(';').rsplit([' ', '*']).next().unwrap();
        program += &format!(
            "_Static_assert(offsetof({name}, {last}) + sizeof((({name} *)0)->{last}) == sizeof({name}), \"{name}\");\n"
        );
    }
    assert!(inits.len() > 10, "{inits:?}");
    for alignment in ["-malign-double", "-mno-align-double"] {
        let compile = |program: &str| {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("padding.c");
            fs::write(&file, program).unwrap();
            let mut cc = Command::new("cc");
            cc.args(["-std=c11", "-m32", "-ffreestanding", "-fsyntax-only", alignment]).arg(file).output().unwrap()
        };
        // Not every compiler has the other width.
        if compile("#include <stdint.h>\nint x;\n").status.success() {
            let output = compile(&program);
            assert!(output.status.success(), "{alignment}: {}", String::from_utf8_lossy(&output.stderr));
        }
    }
}
