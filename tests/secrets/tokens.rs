//! Logins over OIDC: what goes over the wire on the way to tokens, and the tokens.

use std::time::Duration;

use serde_json::Value;
use ziti_edge_client::api::services::ServiceQuery;
use ziti_edge_client::{Client, Credentials, Identity, LoginFlow, Secret};
use ziti_edge_testkit::{Fault, IdentityOptions, Operation, TestController, Version};

use crate::canaries::Canaries;
use crate::session::saved;
use crate::witness::Witness;

const PASSWORD: &str = "canary-password-over-oidc";
const STEPS: [&str; 5] = ["oidcDiscovery", "oidcAuthorize", "oidcLogin", "oidcCallback", "oidcToken"];

pub(crate) fn run(version: Version, witness: &mut Witness, canaries: &mut Canaries) {
    let controller = TestController::builder().version(version).services(1).start().unwrap();
    let password = Some(PASSWORD.to_owned());
    let options = IdentityOptions { name: "trudy".to_owned(), password, ..IdentityOptions::default() };
    let identity = Identity::from_json(&controller.enrolled_identity_json_with(options)).unwrap();
    canaries.plant("password over OIDC", PASSWORD);
    let builder = || {
        let credentials = Credentials::password("trudy", PASSWORD);
        Client::builder(&identity).credentials(credentials).login_flow(LoginFlow::Oidc).timeout(Duration::from_secs(5))
    };
    let client = builder().build().unwrap();
    witness.see("Client over OIDC", &client);
    witness.see("Login over OIDC", &client.authenticate().unwrap());
    controller.expire_access_tokens();
    client.services().list(&ServiceQuery::new()).unwrap();
    saved(&client, witness, canaries);
    let forgetful = builder().on_session_change(|_, _| Err("the disk is full".to_owned())).build().unwrap();
    forgetful.services().list(&ServiceQuery::new()).unwrap();
    saved(&forgetful, witness, canaries);
    witness.see("LoggedOut", &client.logout_everywhere().unwrap());
    for step in STEPS {
        // Only who was sent a password can repeat it.
        let said = |status| repeating(if step == "oidcLogin" { PASSWORD } else { "nothing" }, status);
        for fault in [said(400), said(401), said(200), said(302), Fault::Html, Fault::Reset] {
            controller.fault(Operation::Named(step), fault);
            witness.fail(step, builder().build().unwrap().authenticate());
            controller.clear_faults();
        }
    }
    controller.enroll_mfa(&controller.identity_id("trudy").unwrap());
    witness.see("a login over OIDC that waits", &client.authenticate().unwrap());
    saved(&client, witness, canaries);
    let resumed = builder().build().unwrap();
    resumed.resume_session(&client.save_session().unwrap()).unwrap();
    witness.see("Client with a login that waits", &resumed);
    witness.see("Status of a login that waits", &resumed.status());
    witness.fail("a wrong code", resumed.authenticate_mfa(&Secret::new("000000")));
    plant_what_was_sent(&controller, canaries);
}

/// An answer that repeats a text wherever it can.
fn repeating(text: &str, status: u16) -> Fault {
    let body = format!(r#"{{"code":"X","message":"not {text}","error":"{text}","access_token":"{text} "}}"#);
    Fault::Body { status, content_type: "application/json".to_owned(), body: body.into_bytes() }
}

fn plant_what_was_sent(controller: &TestController, canaries: &mut Canaries) {
    for request in controller.requests() {
        let text = String::from_utf8_lossy(&request.body).into_owned();
        match request.operation_id {
            "oidcLogin" => {
                let body: Value = serde_json::from_str(&text).unwrap();
                canaries.plant("name of a login", body["id"].as_str().unwrap());
            }
            "oidcToken" | "oidcRevoke" | "oidcEndSession" => {
                for (name, value) in text.split('&').filter_map(|pair| pair.split_once('=')) {
                    if ["code", "code_verifier", "refresh_token", "token", "id_token_hint"].contains(&name) {
                        canaries.plant(name, value);
                    }
                }
            }
            _ => {}
        }
        let bearer = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
        if let Some(token) = bearer {
            canaries.plant("access token", token);
        }
    }
}
