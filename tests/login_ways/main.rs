//! Logging in by a certificate, a password or an external JWT, alone and with second factors.

#[path = "../support/alice.rs"]
mod alice;
mod believed;
mod clocks;
mod external_jwt;
mod given_up;
mod lost_answers;
mod matrix;
mod password;
mod recorded;
mod second_jwt;
mod states;
#[path = "../support/mod.rs"]
mod support;
mod threads;

use std::sync::{Arc, Mutex, PoisonError};

use alice::{Network, PASSWORD, SUBJECT, alice, list};
use serde_json::Value;
use support::{ENOUGH, seen};
use ziti_edge_client::{Client, ClientBuilder, Credentials, JwtRequest, JwtSource, Secret};
use ziti_edge_testkit::{IdentityOptions, Operation, Version};

impl Network {
    fn new(version: Version) -> Self {
        Self::with(version, |_| {})
    }

    fn with_second_jwt(version: Version) -> Self {
        Self::with_second_jwt_at(support::controller(version, 1))
    }

    fn with(version: Version, change: impl FnOnce(&mut IdentityOptions)) -> Self {
        Self::at(support::controller(version, 1), change)
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

    fn logins(&self) -> usize {
        self.controller.count(Operation::Authenticate)
    }
}

fn build(builder: ClientBuilder) -> Client {
    builder.timeout(ENOUGH).build().expect("the identity is complete")
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
