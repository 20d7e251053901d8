//! Choices of a key, from C.

use std::fs;
use std::path::Path;
use std::process::Command;

use rcgen::{KeyPair, PublicKeyData};
use ziti_edge_testkit::{Operation, TestController, Version};

use crate::scene::told;
use crate::support::{Linking, command, compile, root, valgrind};

pub(crate) fn every_choice_of_a_key_works_from_c() {
    run_calls(|program| command(program));
}

pub(crate) fn valgrind_finds_nothing_with_any_choice_of_a_key() {
    run_calls(valgrind);
}

/// Runs tests/c/calls_keys.c, whose signer needs openssl, the way that `run` says.
fn run_calls(run: impl Fn(&Path) -> Command) {
    let folder = tempfile::tempdir().unwrap();
    // With AES it would look to valgrind as if values were read that were never set.
    let controller = TestController::builder().version(Version::V1_6).only_chacha20(true).start().unwrap();
    let program = compile("tests/c/calls_keys.c", "c99", Linking::Shared, folder.path());
    let fixture = |name: &str| root().join("src/identity/tests/keys").join(name);
    let (public, private) = (folder.path().join("public.der"), folder.path().join("private.pem"));
    let key = KeyPair::generate().unwrap();
    fs::write(&public, key.subject_public_key_info()).unwrap();
    fs::write(&private, key.serialize_pem()).unwrap();
    let tokens = ["p256", "p384", "ed25519", "existing", "signer"].map(|name| controller.create_identity(name));

    let mut program = run(&program);
    program.args([fixture("p256-sec1.pem"), fixture("encrypted-pkcs8.pem"), public, private]).arg(folder.path());
    let output = program.args(tokens).output().unwrap();

    assert!(output.status.success(), "{}", told(&output));
    assert_eq!(controller.count(Operation::Enroll), 5, "what was refused never left");
}
