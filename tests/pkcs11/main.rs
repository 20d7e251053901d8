//! Keys in a PKCS#11 token, that of SoftHSM2: the signer of the example, against a controller.
//!
//! SoftHSM2 finds its configuration through the environment, so this program makes a token and then runs itself once
//! more with it. Where SoftHSM2 is missing, every test is ignored and says so.

#[cfg(all(feature = "capi", target_os = "linux"))]
mod c_program;
mod stories;
#[cfg(all(feature = "capi", target_os = "linux"))]
#[path = "../c/support.rs"]
mod support;
#[path = "../../examples/pkcs11/token.rs"]
mod token;

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use libtest_mimic::{Arguments, Trial};

/// Set where SoftHSM2 has its token.
const CONFIGURATION: &str = "SOFTHSM2_CONF";
/// Set in the second run.
const MODULE: &str = "ZEC_TEST_PKCS11_MODULE";

/// Where packages put the module.
const MODULES: &[&str] = &[
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
];

fn main() -> ExitCode {
    // One story at a time: while one thread of SoftHSM2 makes or deletes a key, others fail to make one, and processes that
    // begin see no token.
    let arguments = Arguments { test_threads: Some(1), ..Arguments::from_args() };
    if std::env::var_os(MODULE).is_some() {
        return libtest_mimic::run(&arguments, trials(false)).exit_code();
    }
    let tool = Command::new("softhsm2-util").arg("--version").output();
    let module = MODULES.iter().find(|path| Path::new(path).exists());
    match (module, tool.is_ok_and(|output| output.status.success())) {
        (Some(module), true) => with_a_token(module),
        _ => libtest_mimic::run(&arguments, trials(true)).exit_code(),
    }
}

fn trials(ignored: bool) -> Vec<Trial> {
    let trial = |&(name, lacks, story): &stories::Story| {
        let trial = Trial::test(name, move || {
            story();
            Ok(())
        });
        match if ignored { Some("softhsm2") } else { lacks() } {
            Some(missing) => trial.with_kind(format!("needs {missing}")).with_ignored_flag(true),
            None => trial,
        }
    };
    stories::ALL.iter().map(trial).collect()
}

/// Runs this program once more, with a new token that is gone afterwards.
fn with_a_token(module: &str) -> ExitCode {
    let folder = tempfile::tempdir().expect("a folder for the token");
    let (tokens, file) = (folder.path().join("tokens"), folder.path().join("softhsm2.conf"));
    std::fs::create_dir(&tokens).expect("the folder is empty");
    let text = format!("directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n", tokens.display());
    std::fs::write(&file, text).expect("the folder can be written to");
    let made = Command::new("softhsm2-util")
        .args(["--init-token", "--free", "--label", stories::TOKEN, "--so-pin", "0000", "--pin", stories::PIN])
        .env(CONFIGURATION, &file)
        .stdout(Stdio::null())
        .status();
    assert!(made.is_ok_and(|status| status.success()), "softhsm2-util makes no token");
    let itself = std::env::current_exe().expect("the path of this program");
    let mut again = Command::new(itself);
    again.args(std::env::args_os().skip(1)).env(CONFIGURATION, &file).env(MODULE, module);
    let status = again.status().expect("this program runs");
    if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
