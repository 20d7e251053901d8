//! The raw enrollment operations from C.

use std::fs;
use std::path::Path;

use rcgen::{CertificateParams, DnType, KeyPair};
use serde_json::json;
use ziti_edge_testkit::{ExternalSigner, IdentityOptions, TestController, Version};

use crate::scene::{enrolled, text, told};
use crate::support::{Linking, command, compile};
use crate::{answers, run};

fn csr(folder: &Path, name: &str) -> String {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    let key = KeyPair::generate().unwrap();
    let csr = params.serialize_request(&key).unwrap().pem().unwrap();
    fs::write(folder.join("router-key.pem"), key.serialize_pem()).unwrap();
    csr
}

/// An identity file of somebody with these papers.
fn identity(controller: &TestController, cert: &str, key: &str) -> String {
    let pem = |text: &str| format!("pem:{text}");
    let id = json!({"cert": pem(cert), "key": pem(key), "ca": pem(&controller.ca_pem())});
    json!({"ztAPI": controller.api_url(), "id": id}).to_string()
}

#[test]
fn identities_and_routers_enroll_from_c() {
    let controller = TestController::builder().oidc(false).version(Version::V2_0).start().unwrap();
    let folder = enrolled(&controller);
    let papers = controller.add_authority("partner").issue("partner");
    fs::write(folder.path().join("partner.json"), identity(&controller, &papers.certificate, &papers.key)).unwrap();
    let token = |method: &str| {
        let method = method.to_owned();
        controller.create_identity_with(IdentityOptions { name: "bob".to_owned(), method, ..Default::default() }).token
    };
    let signer =
        ExternalSigner { enrolls_to_token: true, enrolls_to_certificate: true, ..ExternalSigner::named("idp") };
    let signer = controller.add_external_signer(signer);
    let jwt = |sub: &str| controller.external_token(&signer, &json!({ "sub": sub })).unwrap();
    let router = controller.create_router();
    let csr = csr(folder.path(), &router.id);
    let arguments = [
        csr.clone(),
        token("ott"),
        token("ott"),
        token("ottca"),
        token("updb"),
        token("updb"),
        router.token,
        jwt("carol"),
        jwt("dave"),
    ];
    let program = compile("tests/c/calls_enrollments.c", "c99", Linking::Shared, folder.path());
    let output = command(program).arg("identity.json").args(arguments).current_dir(folder.path()).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{}", told(&output));

    // What the router got, it renews.
    let key = fs::read_to_string(folder.path().join("router-key.pem")).unwrap();
    fs::write(folder.path().join("router.json"), identity(&controller, &text(&output.stdout), &key)).unwrap();
    let program = compile("tests/c/calls_router.c", "c99", Linking::Shared, folder.path());
    let output = command(program).arg("router.json").arg(&csr).current_dir(folder.path()).output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{}", told(&output));
}

#[test]
fn enrollments_that_are_refused_are_errors_in_c() {
    let controller = TestController::builder().oidc(false).version(Version::V2_0).start().unwrap();
    run("calls_enrollments", &controller, &["refused"]);
}

/// No controller carries these out, so one is made to.
#[test]
fn keys_and_signatures_are_read_in_c() {
    let controller = TestController::builder().oidc(false).version(Version::V2_0).start().unwrap();
    let key = json!({"kty": "RSA", "kid": "1", "alg": "RS256", "use": "sig", "key_ops": ["verify"], "n": "bg",
        "e": "AQAB", "crv": "P-256", "x": "eA", "y": "eQ", "x5c": ["TUlJ"], "x5t": "t", "x5t#S256": "s", "x5u": "u"});
    answers(&controller, "getEnrollmentJwks", 200, json!({"keys": [key, {}]}));
    let signed = json!({"signature": "s", "algorithm": "a", "kid": "k", "caPool": "c"});
    answers(&controller, "enrollmentChallenge", 200, signed);
    run("calls_proof", &controller, &[]);
}
