//! Every way to enroll, from C.

use std::fs;
use std::path::Path;
use std::process::Command;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use ziti_edge_testkit::{ExternalSigner, IdentityOptions, TestController, Version};

use crate::scene::told;
use crate::support::{Linking, compile};

/// The token that controllers hand to everybody.
fn network_token(controller: &TestController) -> String {
    let jwt = controller.create_identity("nobody");
    let claims = BASE64_URL_SAFE_NO_PAD.decode(jwt.split('.').nth(1).unwrap()).unwrap();
    let mut claims: Value = serde_json::from_slice(&claims).unwrap();
    claims["em"] = "network".into();
    controller.sign_jwt(&json!({"alg": "ES256"}).to_string(), &claims.to_string())
}

/// Runs tests/c/calls_enroll.c the way that `run` says.
pub(crate) fn identities_enroll_by_every_method(run: impl Fn(&Path) -> Command) {
    // With AES it would look to valgrind as if values were read that were never set.
    let controller = TestController::builder().oidc(false).version(Version::V2_0).only_chacha20(true).start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let authority = controller.add_authority("partner");
    let stranger = TestController::builder().oidc(false).start().unwrap().add_authority("stranger");
    for (name, issuer) in
        [("device-1", &authority), ("device-2", &authority), ("device-3", &authority), ("stranger", &stranger)]
    {
        let papers = issuer.issue(name);
        fs::write(folder.path().join(format!("{name}.pem")), papers.certificate).unwrap();
        fs::write(folder.path().join(format!("{name}.key")), papers.key).unwrap();
    }
    fs::write(folder.path().join("ca.pem"), controller.ca_pem()).unwrap();
    let signer =
        ExternalSigner { enrolls_to_token: true, enrolls_to_certificate: true, ..ExternalSigner::named("idp") };
    let signer = controller.add_external_signer(signer);
    let token = |method: &str| {
        let method = method.to_owned();
        controller.create_identity_with(IdentityOptions { name: "alice".to_owned(), method, ..Default::default() }).jwt
    };
    let external = |subject: &str| controller.external_token(&signer, &json!({ "sub": subject })).unwrap();
    let arguments = [
        controller.url(),
        token("ottca"),
        controller.authority_jwt(&authority),
        token("updb"),
        token("updb"),
        controller.create_router().jwt,
        network_token(&controller),
        external("carol"),
        external("dave"),
    ];
    let program = compile("tests/c/calls_enroll.c", "c99", Linking::Shared, folder.path());
    let output = run(&program).arg(folder.path()).args(arguments).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{}", told(&output));
    assert!(controller.identity_id("the second device").is_some());
}
