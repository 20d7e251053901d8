//! Tests of the C face that need more than a C compiler. Where a tool is missing they are ignored, and say which.

#[cfg(all(feature = "capi", target_os = "linux"))]
#[path = "c/enroll.rs"]
mod enroll;
#[cfg(all(feature = "capi", target_os = "linux"))]
#[path = "c/keys.rs"]
mod keys;
#[cfg(all(feature = "capi", target_os = "linux"))]
#[path = "c/login_examples.rs"]
mod login_examples;
#[cfg(all(feature = "capi", target_os = "linux"))]
#[path = "c/oidc.rs"]
mod oidc;
#[cfg(all(feature = "capi", target_os = "linux"))]
#[path = "c/scene.rs"]
mod scene;
#[cfg(all(feature = "capi", target_os = "linux"))]
#[path = "c/support.rs"]
mod support;
#[cfg(all(feature = "capi", target_os = "linux"))]
#[path = "c/tools.rs"]
mod tools;

use std::process::ExitCode;

use libtest_mimic::{Arguments, Trial};

fn main() -> ExitCode {
    libtest_mimic::run(&Arguments::from_args(), trials()).exit_code()
}

#[cfg(not(all(feature = "capi", target_os = "linux")))]
fn trials() -> Vec<Trial> {
    Vec::new()
}

#[cfg(all(feature = "capi", target_os = "linux"))]
fn trials() -> Vec<Trial> {
    tools::ALL.iter().map(|&(tools, name, test)| trial(tools, name, test)).collect()
}

#[cfg(all(feature = "capi", target_os = "linux"))]
fn trial(tools: &str, name: &str, test: fn()) -> Trial {
    let is_there = tools.split(' ').all(support::has);
    let trial = Trial::test(name, move || {
        test();
        Ok(())
    });
    if is_there { trial } else { trial.with_kind(format!("needs {tools}")).with_ignored_flag(true) }
}
