//! Second factors, authenticators and session certificates from C.

use std::fs;
use std::path::Path;

use rcgen::{CertificateParams, KeyPair};
use ziti_edge_testkit::{Fault, IdentityOptions, Operation, TestController};

use crate::run_in;
use crate::scene::enrolled;

fn write_csr(folder: &Path) {
    let csr = CertificateParams::default().serialize_request(&KeyPair::generate().unwrap()).unwrap();
    fs::write(folder.join("csr.pem"), csr.pem().unwrap()).unwrap();
}

#[test]
fn a_second_factor_is_set_up_asked_for_and_removed() {
    let controller = TestController::builder().oidc(false).services(1).start().unwrap();
    let folder = enrolled(&controller);
    run_in(folder.path(), "calls_mfa", &["begin"]);
    let body = r#"{"data":{"token":"a.b.c","issuedAt":"2026-11-22T06:54:09.212Z"},"meta":null}"#;
    let token = Fault::Body { status: 200, content_type: "application/json".to_owned(), body: body.into() };
    controller.fault_times(Operation::Named("createTotpToken"), token, 1);
    let id = controller.identity_id("alice").unwrap();
    let code = controller.totp_code(&id).unwrap();
    run_in(folder.path(), "calls_mfa", &["go-on", &code]);
    assert_eq!(controller.totp_code(&id), None);
}

#[test]
fn passwords_and_certificates_are_changed_at_both_apis() {
    let controller = TestController::builder().oidc(false).start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let options = IdentityOptions {
        name: "alice".to_owned(),
        password: Some("first".to_owned()),
        is_admin: true,
        ..IdentityOptions::default()
    };
    fs::write(folder.path().join("identity.json"), controller.enrolled_identity_json_with(options)).unwrap();
    write_csr(folder.path());
    let certificate = run_in(folder.path(), "calls_authenticators", &["csr.pem"]);
    assert!(certificate.starts_with("-----BEGIN CERTIFICATE-----"), "{certificate}");
    assert_eq!((controller.count(Operation::Authenticate), controller.session_count()), (1, 0));
}

#[test]
fn a_session_is_given_a_certificate() {
    let controller = TestController::builder().oidc(false).start().unwrap();
    let folder = enrolled(&controller);
    write_csr(folder.path());
    run_in(folder.path(), "calls_session_certificates", &["csr.pem"]);
}
