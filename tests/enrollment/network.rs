//! What tests ask of a network.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use rcgen::{KeyPair, PublicKeyData};
use serde_json::{Value, json};
use ziti_edge_testkit::{Fault, IdentityOptions, TestController, Version};

/// A controller with the manners of 1.6, which is not part of a cluster: what it says of a token is final.
pub(crate) fn single() -> TestController {
    TestController::builder().version(Version::V1_6).start().unwrap()
}

pub(crate) fn named(name: &str) -> IdentityOptions {
    IdentityOptions { name: name.to_owned(), ..IdentityOptions::default() }
}

/// The claims of a token.
pub(crate) fn claims(jwt: &str) -> Value {
    let claims = BASE64_URL_SAFE_NO_PAD.decode(jwt.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice(&claims).unwrap()
}

/// A good token with some claims changed, signed by the controller; null takes a claim away.
pub(crate) fn token_with(controller: &TestController, changes: Value) -> String {
    let mut claims = claims(&controller.create_identity("alice"));
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value.clone(),
        }
    }
    controller.sign_jwt(&json!({"alg": "ES256", "typ": "JWT"}).to_string(), &claims.to_string())
}

/// An answer in JSON instead of the right one.
pub(crate) fn json_answer(status: u16, body: Value) -> Fault {
    Fault::Body { status, content_type: "application/json".to_owned(), body: body.to_string().into_bytes() }
}

/// A refusal as controllers write it.
pub(crate) fn refusal(status: u16, code: &str) -> Fault {
    let error = json!({"code": code, "message": "the controller's words", "requestId": "r3Qu3sT"});
    json_answer(status, json!({"error": error, "meta": {}}))
}

/// A certificate with its chain, in PEM, for a key of nobody here.
pub(crate) fn foreign_certificate(controller: &TestController) -> String {
    let file: Value = serde_json::from_str(&controller.enrolled_identity_json("mallory")).unwrap();
    file["id"]["cert"].as_str().unwrap().trim_start_matches("pem:").to_owned()
}

/// The CA certificates in the order in which the controller gives its bundle: the intermediate first.
pub(crate) fn reordered_ca(controller: &TestController) -> String {
    const END: &str = "-----END CERTIFICATE-----\n";
    let ca = controller.ca_pem();
    let (root, intermediate) = ca.split_at(ca.find(END).unwrap() + END.len());
    format!("{intermediate}{root}")
}

/// Whether a certificate request asks for this key.
pub(crate) fn asks_for(csr_pem: &[u8], key_pem: &str) -> bool {
    let csr = std::str::from_utf8(csr_pem).unwrap();
    let base64: String = csr.lines().filter(|line| !line.starts_with("-----")).collect();
    let csr = BASE64_STANDARD.decode(base64).unwrap();
    let key = KeyPair::from_pem(key_pem).unwrap();
    csr.windows(key.der_bytes().len()).any(|window| window == key.der_bytes())
}
