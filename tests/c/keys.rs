//! Choices of a key, from C.

use std::fs;

use rcgen::{KeyPair, PublicKeyData};
use ziti_edge_testkit::{Operation, TestController, Version};

use crate::scene::told;
use crate::support::{Linking, command, compile, root};

/// Runs tests/c/calls_keys.c, whose signer needs openssl.
pub(crate) fn every_choice_of_a_key_works_from_c() {
    let folder = tempfile::tempdir().unwrap();
    // No cluster: there the end of a token would not be the last word.
    let controller = TestController::builder().version(Version::V1_6).start().unwrap();
    let program = compile("tests/c/calls_keys.c", "c99", Linking::Shared, folder.path());
    let fixture = |name: &str| root().join("src/identity/tests/keys").join(name);
    let (public, private) = (folder.path().join("public.der"), folder.path().join("private.pem"));
    let key = KeyPair::generate().unwrap();
    fs::write(&public, key.subject_public_key_info()).unwrap();
    fs::write(&private, key.serialize_pem()).unwrap();
    let tokens = ["p256", "p384", "ed25519", "existing", "signer"].map(|name| controller.create_identity(name));

    let mut program = command(&program);
    program.args([fixture("p256-sec1.pem"), fixture("encrypted-pkcs8.pem"), public, private]).arg(folder.path());
    let output = program.args(tokens).output().unwrap();

    assert!(output.status.success(), "{}", told(&output));
    assert_eq!(controller.count(Operation::Enroll), 5, "what was refused never left");
}
