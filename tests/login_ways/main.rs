//! Logging in by a certificate, a password or an external JWT, alone and with second factors.

mod external_jwt;
mod matrix;
mod password;
mod recorded;
mod second_jwt;
#[path = "../support/mod.rs"]
mod support;

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use support::{ENOUGH, seen};
use ziti_edge_client::api::services::ServiceQuery;
use ziti_edge_client::{Client, ClientBuilder, Credentials, Error, Identity, JwtRequest, JwtSource, Secret};
use ziti_edge_testkit::{ExternalSigner, IdentityOptions, Operation, TestController, Version};

const PASSWORD: &str = "canary-right-password";
/// What the identity providers call alice.
const SUBJECT: &str = "alice@example.test";

/// A controller with one service, and alice, who can log in there by all means.
struct Network {
    controller: TestController,
    /// The signer of logins.
    signer: String,
    /// The signer of second factors.
    second_signer: String,
    /// Alice, with a certificate.
    identity: Identity,
    id: String,
}

impl Network {
    fn new(version: Version) -> Self {
        Self::with(version, |_| {})
    }

    /// Alice's logins want an external JWT as a second factor.
    fn with_second_jwt(version: Version) -> Self {
        Self::with(version, |alice| alice.secondary_signer = Some(String::new()))
    }

    fn with(version: Version, change: impl FnOnce(&mut IdentityOptions)) -> Self {
        let controller = support::controller(version, 1);
        let signer = controller.add_external_signer(ExternalSigner::named("idp"));
        let second_signer = controller.add_external_signer(ExternalSigner::named("second"));
        let mut alice = IdentityOptions {
            name: "alice".to_owned(),
            password: Some(PASSWORD.to_owned()),
            external_id: Some(SUBJECT.to_owned()),
            ..IdentityOptions::default()
        };
        change(&mut alice);
        if let Some(wanted) = &mut alice.secondary_signer {
            wanted.clone_from(&second_signer);
        }
        let identity = Identity::from_json(&controller.enrolled_identity_json_with(alice)).expect("it is whole");
        let id = controller.identity_id("alice").expect("it was made just now");
        controller.clear_requests();
        Self { controller, signer, second_signer, identity, id }
    }

    /// Somebody without a certificate of his own.
    fn nobody(&self) -> Identity {
        let file = json!({"ztAPI": self.controller.api_url(), "id": {"ca": self.controller.ca_pem()}});
        Identity::from_json(&file.to_string()).expect("a bundle is enough")
    }

    /// A client without a certificate, but with these credentials.
    fn client(&self, credentials: Credentials) -> Client {
        build(Client::builder(&self.nobody()).credentials(credentials))
    }

    fn right_password(&self) -> Credentials {
        Credentials::password("alice", PASSWORD)
    }

    fn token(&self, claims: &Value) -> Secret {
        self.signed_by(&self.signer, claims)
    }

    fn second_token(&self, claims: &Value) -> Secret {
        self.signed_by(&self.second_signer, claims)
    }

    fn signed_by(&self, signer: &str, claims: &Value) -> Secret {
        Secret::new(self.controller.external_token(signer, claims).expect("the signer is known"))
    }

    fn logins(&self) -> usize {
        self.controller.count(Operation::Authenticate)
    }
}

fn build(builder: ClientBuilder) -> Client {
    builder.timeout(ENOUGH).build().expect("the identity is complete")
}

/// An operation that needs a complete login.
fn list(client: &Client) -> Result<usize, Error> {
    client.services().list(&ServiceQuery::new()).map(|services| services.len())
}

fn alice() -> Value {
    json!({"sub": SUBJECT})
}

/// Supplies one token after the other, the last one again and again, and keeps what it was told.
#[derive(Clone)]
struct Supplier {
    tokens: Arc<Vec<Secret>>,
    asked: Arc<Mutex<Vec<JwtRequest>>>,
}

impl Supplier {
    fn new(tokens: impl IntoIterator<Item = Secret>) -> Self {
        Self { tokens: Arc::new(tokens.into_iter().collect()), asked: Arc::default() }
    }

    fn source(&self) -> JwtSource {
        let own = self.clone();
        JwtSource::supplier(move |request| {
            let mut asked = own.asked.lock().unwrap_or_else(PoisonError::into_inner);
            asked.push(request.clone());
            own.tokens.get(asked.len() - 1).or(own.tokens.last()).cloned().ok_or("there is none".to_owned())
        })
    }

    /// For which signer it was asked each time, and whether the last token had been refused.
    fn asked(&self) -> Vec<(Option<String>, bool)> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked.iter().map(|request| (request.signer.clone(), request.refused)).collect()
    }
}

/// The values of a header that came with the requests for an operation.
fn authorizations(network: &Network, operation: Operation) -> Vec<Option<String>> {
    let requests = seen(&network.controller, operation);
    requests.iter().map(|request| request.header("authorization").map(str::to_owned)).collect()
}
