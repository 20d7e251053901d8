//! The example in C, with a key in the token.

use std::fs;
use std::path::Path;

use ziti_edge_client::Signer;
use ziti_edge_testkit::{Operation, TestController};

use crate::stories::{PIN, TOKEN, generate_p256, signer};
use crate::support::{Linking, command, compile};

/// What the example includes. Packages of p11-kit for development have it.
const HEADER: &str = "/usr/include/p11-kit-1/p11-kit/pkcs11.h";

/// What is missing for the test, if something is.
pub(crate) fn lacks() -> Option<&'static str> {
    (!Path::new(HEADER).exists()).then_some("p11-kit's header")
}

pub(crate) fn the_example_in_c_enrolls_and_logs_in() {
    generate_p256("from c");
    let (controller, folder) = (TestController::start().unwrap(), tempfile::tempdir().unwrap());
    let program = compile("examples-c/pkcs11_signer.c", "c99", Linking::Shared, folder.path());
    fs::write(folder.path().join("public.der"), signer("from c").public_key().unwrap()).unwrap();
    fs::write(folder.path().join("alice.jwt"), controller.create_identity("alice")).unwrap();
    let module = std::env::var(crate::MODULE).unwrap();
    let run = |pin: &str, key: &str, jwt: &[&str]| {
        let mut program = command(&program);
        program.args([module.as_str(), TOKEN, key, "public.der", "alice.json"]).args(jwt);
        let output = program.env("PKCS11_PIN", pin).current_dir(folder.path()).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        (output.status.success(), String::from_utf8(output.stdout).unwrap(), told)
    };

    let refused = |words: &str| (false, String::new(), format!("pkcs11_signer: {words}\n"));
    assert_eq!(run("0", "from c", &["alice.jwt"]), refused("the token refuses the PIN"));
    assert_eq!(run(PIN, "missing", &["alice.jwt"]), refused("there is no such key"));
    assert_eq!(controller.count(Operation::Enroll), 0);
    let good = (true, "alice\n".to_owned(), String::new());
    assert_eq!(run(PIN, "from c", &["alice.jwt"]), good);
    assert_eq!(run(PIN, "from c", &[]), good);
    assert_eq!(controller.session_count(), 0, "the example logs out");
}
