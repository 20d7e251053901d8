//! The examples that log in by a password or an external JWT, run as a reader would.

#[path = "c/support.rs"]
mod files;
#[path = "c/login_examples.rs"]
mod login_examples;

use login_examples::{Flow, password_and_code};

#[test]
fn the_example_in_rust_logs_in_by_password_and_code() {
    let program = files::rust_example("password_totp");
    Flow::ALL.into_iter().for_each(|flow| password_and_code(&program, flow, |program| files::command(program)));
}

#[test]
#[cfg(all(feature = "capi", target_os = "linux"))]
fn the_example_in_c_logs_in_by_password_and_code() {
    let folder = tempfile::tempdir().unwrap();
    let program = files::compile("examples-c/password_totp.c", "c99", files::Linking::Shared, folder.path());
    Flow::ALL.into_iter().for_each(|flow| password_and_code(&program, flow, |program| files::command(program)));
}

#[test]
#[cfg(all(feature = "capi", target_os = "linux"))]
fn the_example_in_c_logs_in_by_an_external_jwt() {
    let folder = tempfile::tempdir().unwrap();
    let program = files::compile("examples-c/external_jwt.c", "c99", files::Linking::Shared, folder.path());
    let external_jwt = login_examples::external_jwt;
    Flow::ALL.into_iter().for_each(|flow| external_jwt(&program, flow, |program| files::command(program)));
}
