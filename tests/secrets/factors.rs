//! Second factors and passwords: codes, what sets up a device, and what refusals repeat of them.

use std::time::Duration;

use serde_json::json;
use ziti_edge_client::api::authenticators::AuthenticatorChange;
use ziti_edge_client::api::list::ListQuery;
use ziti_edge_client::{Client, Identity, Secret};
use ziti_edge_testkit::{Fault, IdentityOptions, Operation, TestController};

use crate::canaries::Canaries;
use crate::witness::Witness;

/// As people type it, and with what JSON and its escapes make of it.
const CODE: &str = "canary-of-a-code 123\"456/<\u{e9}> and-the-end-of-it";
const PASSWORD: &str = "canary-of-a-password\\\"/<&>\u{1f511}and-where-it-ends";

pub(crate) fn run(controller: &TestController, witness: &mut Witness, canaries: &mut Canaries) {
    let password = Some("first-canary-password".to_owned());
    let options = IdentityOptions { name: "mallory".to_owned(), password, ..IdentityOptions::default() };
    let identity = Identity::from_json(&controller.enrolled_identity_json_with(options)).unwrap();
    let client = Client::builder(&identity).timeout(Duration::from_secs(5)).build().unwrap();
    let id = controller.identity_id("mallory").unwrap();
    canaries.plant("first password", "first-canary-password");
    canaries.plant("code", CODE);
    canaries.plant("end of a code", "and-the-end-of-it");
    canaries.plant("password", PASSWORD);
    canaries.plant("end of a password", "and-where-it-ends");

    second_factor(controller, &client, &id, witness, canaries);
    repeated(controller, &client, witness);
}

fn second_factor(
    controller: &TestController,
    client: &Client,
    id: &str,
    witness: &mut Witness,
    canaries: &mut Canaries,
) {
    client.mfa().enroll().unwrap();
    let new = client.mfa().get().unwrap();
    canaries.plant("provisioning URL", new.provisioning_url.as_ref().unwrap().expose());
    let codes: Vec<&str> = new.recovery_codes[..3].iter().map(Secret::expose).collect();
    canaries.plant("recovery codes", codes.join("\", \""));
    witness.see("MfaEnrollment", &new);
    witness.see("QrCode", &client.mfa().qr_code().unwrap());
    let code = Secret::new(controller.totp_code(id).unwrap());
    client.mfa().verify(&code).unwrap();
    witness.see("RecoveryCodes", &client.mfa().recovery_codes(&code).unwrap());
    witness.see("Login", &client.authenticate_mfa(&code).unwrap());
    client.mfa().delete(Some(&code)).unwrap();
}

/// The same text between quotes, escaped as sparingly as can be, as Go does it, and as much as can be.
fn written(text: &str) -> [String; 3] {
    let sparing = json!(text).to_string().trim_matches('"').to_owned();
    let like_go = sparing.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026");
    let everything = text.encode_utf16().map(|unit| format!("\\u{unit:04X}")).collect();
    [sparing, like_go, everything]
}

/// Refusals that repeat a text of the request, in JSON in every way of writing it, and as it is.
fn repeating(text: &str) -> Vec<Fault> {
    let in_json = |text: String| {
        format!(r#"{{"error":{{"code":"X","message":"no {text}","cause":{{"field":"code","value":"{text}"}}}}}}"#)
    };
    let bodies = written(text).map(in_json).into_iter().chain([text.to_owned()]);
    let fault = |(body, status): (String, u16)| {
        let content_type = String::new();
        Fault::Body { status, content_type, body: body.into_bytes() }
    };
    bodies.flat_map(|body| [400, 404, 500].map(|status| (body.clone(), status))).map(fault).collect()
}

fn repeated(controller: &TestController, client: &Client, witness: &mut Witness) {
    let (code, any) = (Secret::new(CODE), client.authenticators().list(&ListQuery::new()).unwrap()[0].id.clone());
    for fault in repeating(CODE) {
        controller.fault(Operation::Any, fault);
        witness.fail("a code", client.authenticate_mfa(&code));
        witness.fail("a code to verify", client.mfa().verify(&code));
        witness.fail("a code in the body", client.mfa().create_recovery_codes(&code));
        witness.fail("a totp token", client.current_api_session().create_totp_token(&code));
        controller.clear_faults();
    }
    let change = AuthenticatorChange::new(Secret::new(PASSWORD)).password(Secret::new(PASSWORD));
    witness.see("AuthenticatorChange", &change);
    for fault in repeating(PASSWORD) {
        controller.fault(Operation::Any, fault);
        witness.fail("a password", client.authenticators().patch(&any, &change));
        witness.fail("all of it", client.authenticators().update(&any, &change.clone().username("mallory")));
        controller.clear_faults();
    }
    // In a header, where only what is printable can be sent.
    let code = Secret::new("canary-of-a-code 123 and-the-end-of-it");
    for fault in repeating(code.expose()) {
        controller.fault(Operation::Any, fault);
        witness.fail("a code in a header", client.mfa().recovery_codes(&code));
        witness.fail("a code to delete", client.mfa().delete(Some(&code)));
        controller.clear_faults();
    }
}
