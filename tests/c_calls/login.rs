//! Credentials from C.

use std::fs;

use serde_json::json;
use ziti_edge_testkit::{ExternalSigner, IdentityOptions, Operation, TestController};

use crate::run_in;

#[test]
fn passwords_and_external_jwts_log_in_and_are_replaced() {
    let controller = TestController::builder().oidc(false).services(1).start().unwrap();
    let [idp, second] = ["idp", "second"].map(|name| controller.add_external_signer(ExternalSigner::named(name)));
    let alice = IdentityOptions {
        name: "alice".to_owned(),
        password: Some("right".to_owned()),
        external_id: Some("alice".to_owned()),
        secondary_signer: Some(second.clone()),
        ..IdentityOptions::default()
    };
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("identity.json"), controller.enrolled_identity_json_with(alice)).unwrap();
    let [jwt, second] = [idp, second].map(|id| controller.external_token(&id, &json!({"sub": "alice"})).unwrap());
    run_in(folder.path(), "calls_login", &["right", &jwt, &second]);
    let logins = controller.requests().into_iter().filter(|seen| seen.operation == Operation::Authenticate);
    let queries: Vec<String> = logins.map(|seen| seen.query).collect();
    let (password, jwt, cert) = ("method=password", "method=ext-jwt", "method=cert");
    assert_eq!(queries, [password, password, password, password, jwt, jwt, cert]);
}
