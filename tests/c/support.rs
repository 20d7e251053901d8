//! What the tests of the C face share.
#![allow(dead_code, reason = "each test program uses its part")]

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder of the package.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The program of an example in Rust, built.
pub(crate) fn rust_example(name: &str) -> PathBuf {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--offline", "--example", name]).current_dir(root());
    assert!(cargo.status().unwrap().success());
    let tests = std::env::current_exe().unwrap();
    let built = tests.parent().and_then(|deps| deps.parent()).unwrap();
    built.join("examples").join(name).with_extension(std::env::consts::EXE_EXTENSION)
}

/// All Rust files below a folder of the package, by path from there.
pub(crate) fn rust_files(folder: &str) -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
                files.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

/// The names of all functions that the sources export.
pub(crate) fn exported_functions() -> BTreeSet<String> {
    let files = rust_files("src");
    let names = files.iter().flat_map(|(_, text)| {
        let starts = text.lines().filter(|line| line.starts_with("pub ") && line.contains("extern \"C\" fn "));
        starts.map(|line| line.split("fn ").nth(1).unwrap().split('(').next().unwrap().to_owned())
    });
    names.collect()
}

/// Where cargo put what it built for this test run.
fn built() -> PathBuf {
    std::env::current_exe().unwrap().parent().unwrap().to_owned()
}

pub(crate) fn shared_library() -> PathBuf {
    existing(built().join("libziti_edge_client.so"))
}

pub(crate) fn static_library() -> PathBuf {
    existing(built().join("libziti_edge_client.a"))
}

fn existing(path: PathBuf) -> PathBuf {
    assert!(path.exists(), "{} was not built: run this test with cargo test", path.display());
    path
}

/// What to do about a library that lacks functions. Cargo has one place for it, whatever it is built from and with.
pub(crate) const STALE: &str = "the library there was built from other sources or with other features: run cargo \
     clean -p ziti-edge-client and test again";

/// True if the program `tool` is there.
pub(crate) fn has(tool: &str) -> bool {
    let version = if tool == "openssl" { "version" } else { "--version" };
    Command::new(tool).arg(version).output().is_ok_and(|output| output.status.success())
}

/// How a C program gets the library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Linking {
    Shared,
    Static,
}

/// Compiles a C or C++ file of the package, strictly, into `folder`. Gives the program.
///
/// `ZEC_ASAN_LIBRARY` names a static library built with AddressSanitizer to link all programs with (docs/testing.md).
pub(crate) fn compile(source: &str, standard: &str, linking: Linking, folder: &Path) -> PathBuf {
    let program = folder.join(Path::new(source).file_stem().unwrap());
    let is_cpp = standard.starts_with("c++");
    let mut command = Command::new(if is_cpp { "c++" } else { "cc" });
    command
        .args([&format!("-std={standard}"), "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-g", "-pthread"])
        .arg("-I")
        .arg(root().join("include"))
        .arg(root().join(source))
        .arg("-o")
        .arg(&program);
    let system = ["-lgcc_s", "-lutil", "-lrt", "-lpthread", "-lm", "-ldl", "-lc"];
    match (std::env::var_os("ZEC_ASAN_LIBRARY"), linking) {
        (Some(library), _) => command.arg("-fsanitize=address").arg(library).args(system),
        (None, Linking::Shared) => command.arg("-L").arg(built()).arg("-lziti_edge_client"),
        (None, Linking::Static) => command.arg(static_library()).args(system),
    };
    let output = command.output().unwrap_or_else(|error| panic!("cc cannot be run, install a C compiler: {error}"));
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(!told.contains("undefined reference to `zec_"), "{told}{}: {STALE}", built().display());
    assert!(output.status.success(), "{source} as {standard}: {told}");
    program
}

/// Compiles a header strictly, and nothing else.
pub(crate) fn compiles_alone(header: &str, standard: &str) {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("alone");
    // A macro is only compiled where it is used.
    let uses = "zec_client_options c = ZEC_CLIENT_OPTIONS_INIT; zec_enroll_options e = ZEC_ENROLL_OPTIONS_INIT;\n\
                zec_service_query q = ZEC_SERVICE_QUERY_INIT; zec_enroll_body b = ZEC_ENROLL_BODY_INIT;\n\
                zec_posture_response p = ZEC_POSTURE_RESPONSE_INIT; zec_signer_options s = ZEC_SIGNER_OPTIONS_INIT;\n\
                zec_service_update f = ZEC_SERVICE_UPDATE_INIT; zec_service_patch g = ZEC_SERVICE_PATCH_INIT;\n\
                zec_provider_options o = ZEC_PROVIDER_OPTIONS_INIT;\n";
    fs::write(&source, format!("#include \"{header}\"\n{uses}")).unwrap();
    let (compiler, language) = if standard.starts_with("c++") { ("c++", "c++") } else { ("cc", "c") };
    let output = Command::new(compiler)
        .args(["-x", language, &format!("-std={standard}"), "-Wall", "-Wextra", "-Wpedantic", "-Werror"])
        .args(["-Wshadow", "-Wconversion", "-fsyntax-only", "-I"])
        .arg(root().join("include"))
        .arg(&source)
        .output()
        .unwrap_or_else(|error| panic!("{compiler} cannot be run, install a C compiler: {error}"));
    assert!(output.status.success(), "{header} as {standard}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A command that runs a compiled program and finds the shared library.
pub(crate) fn command(program: impl Into<OsString>) -> Command {
    let mut command = Command::new(program.into());
    command.env("LD_LIBRARY_PATH", built());
    command
}

/// The same under valgrind: leaks, wrong accesses and values that were never set are errors. What is only "possibly lost"
/// is not: the standard library keeps pointers into the middle of what it allocates for maps and threads.
pub(crate) fn valgrind(program: &Path) -> Command {
    let mut command = command("valgrind");
    command.args(["--quiet", "--error-exitcode=99", "--leak-check=full"]);
    let leaks = "definite,indirect";
    command.arg(format!("--errors-for-leak-kinds={leaks}")).arg(format!("--show-leak-kinds={leaks}")).arg(program);
    command
}
