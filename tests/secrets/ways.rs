//! Logins by passwords and external JWTs: what is right, what is wrong, and what refusals repeat of them.

use std::time::Duration;

use serde_json::json;
use ziti_edge_client::api::services::ServiceQuery;
use ziti_edge_client::{Client, ClientBuilder, Credentials, Error, Identity, JwtSource, Secret};
use ziti_edge_testkit::{ExternalSigner, Fault, IdentityOptions, Operation, TestController};

use crate::canaries::Canaries;
use crate::witness::Witness;

const PASSWORD: &str = "canary-of-a-login-password\\\"<&>and-where-this-ends";

pub(crate) fn run(controller: &TestController, witness: &mut Witness, canaries: &mut Canaries) {
    let [idp, second] = ["idp", "second"].map(|name| controller.add_external_signer(ExternalSigner::named(name)));
    let carol = IdentityOptions {
        name: "carol".to_owned(),
        password: Some(PASSWORD.to_owned()),
        external_id: Some("carol".to_owned()),
        secondary_signer: Some(second.clone()),
        ..IdentityOptions::default()
    };
    let identity = Identity::from_json(&controller.enrolled_identity_json_with(carol)).unwrap();
    let mut token = |signer: &str, subject: &str| {
        let token = controller.external_token(signer, &json!({"sub": subject})).unwrap();
        canaries.plant("external JWT", &token);
        canaries.plant("its signature", token.rsplit('.').next().unwrap());
        Secret::new(token)
    };
    let (first, wrong, second) = (token(&idp, "carol"), token(&idp, "nobody"), token(&second, "carol"));
    canaries.plant("login password", PASSWORD);
    canaries.plant("end of a login password", "and-where-this-ends");
    canaries.plant("wrong password", "canary-wrong-password");

    let new = |credentials: Credentials, second: &Secret| {
        let source = JwtSource::token(second.clone());
        let builder = Client::builder(&identity).timeout(Duration::from_secs(5));
        builder.credentials(credentials).second_factor_jwt(source)
    };
    let by_token = |token: &Secret| Credentials::external_jwt(JwtSource::token(token.clone()));
    let password = || Credentials::password("carol", PASSWORD);
    for credentials in [password(), by_token(&first)] {
        good(new(credentials, &second), witness);
    }
    for credentials in [Credentials::password("carol", "canary-wrong-password"), by_token(&wrong)] {
        let client = new(credentials, &second).build().unwrap();
        witness.fail("refused credentials", list(&client));
        witness.fail("refused credentials again", client.authenticate());
    }
    witness.fail("a refused second factor", list(&new(password(), &wrong).build().unwrap()));
    suppliers(&first, &new, witness);
    repeated(controller, [(password(), PASSWORD), (by_token(&first), first.expose())], &second, &new, witness);
}

fn list(client: &Client) -> Result<usize, Error> {
    client.services().list(&ServiceQuery::new()).map(|services| services.len())
}

fn good(builder: ClientBuilder, witness: &mut Witness) {
    witness.see("ClientBuilder", &builder);
    let client = builder.build().unwrap();
    witness.see("Client by other credentials", &client);
    assert_eq!(list(&client).unwrap(), 3);
    witness.see("Login by other credentials", &client.authenticate().unwrap());
}

fn suppliers(token: &Secret, new: &impl Fn(Credentials, &Secret) -> ClientBuilder, witness: &mut Witness) {
    let broken = format!("{}\r\nx: y", token.expose());
    let source = JwtSource::supplier(move |_| Ok(Secret::new(broken.clone())));
    witness.see("JwtSource", &source);
    let client = new(Credentials::external_jwt(source), token).build().unwrap();
    witness.fail("a token that cannot be sent", list(&client));
}

/// Controllers that repeat what they are given.
fn repeated(
    controller: &TestController,
    credentials: [(Credentials, &str); 2],
    second: &Secret,
    new: &impl Fn(Credentials, &Secret) -> ClientBuilder,
    witness: &mut Witness,
) {
    let answer = |status, told: &str| {
        let error = json!({"code": told, "message": format!("no {told}"), "cause": {"field": "x", "reason": told}});
        let body = json!({"error": error, "meta": {}}).to_string().into_bytes();
        Fault::Body { status, content_type: "application/json".to_owned(), body }
    };
    for (credentials, secret) in credentials {
        for status in [400, 401, 500] {
            let client = new(credentials.clone(), second).build().unwrap();
            controller.fault(Operation::Authenticate, answer(status, secret));
            witness.fail(&format!("a login that is repeated with {status}"), list(&client));
            controller.clear_faults();
            client.retry_now();
            list(&client).unwrap();
            controller.fault(Operation::Services, answer(status, second.expose()));
            witness.fail(&format!("a second factor that is repeated with {status}"), list(&client));
            controller.clear_faults();
        }
    }
}
