//! Sessions that outlive their client: saved, handed out, and taken up again.

#[path = "../support/alice.rs"]
mod alice;
mod credentials;
mod damaged;
mod handed_out;
mod hook;
mod refused;
mod renewed;
mod resumed;
#[path = "../support/mod.rs"]
mod support;
mod together;
mod waiting;

use std::time::Duration;

use alice::{Network, PASSWORD, alice, list};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use serde_json::Value;
use support::ENOUGH;
use ziti_edge_client::{Client, ClientBuilder, Credentials, Error, LoginFlow, Secret, SessionProblem};
use ziti_edge_testkit::{Operation, TestController, Version};

/// More than 80 percent of the life of an access token, and less than all of it.
const DUE: Duration = Duration::from_secs(25 * 60);
const FLOWS: [LoginFlow; 2] = [LoginFlow::Legacy, LoginFlow::Oidc];

impl Network {
    fn new(version: Version) -> Self {
        Self::at(controller(version), |_| {})
    }

    /// Alice's logins want an external JWT as a second factor: this one will do.
    fn with_second_jwt(version: Version) -> (Self, Secret) {
        let network = Self::with_second_jwt_at(controller(version));
        let jwt = network.signed_by(&network.second_signer, &alice());
        (network, jwt)
    }

    /// Alice's logins want a TOTP code.
    fn with_totp(version: Version) -> Self {
        let network = Self::new(version);
        network.controller.enroll_mfa(&network.id);
        network
    }

    fn builder(&self, flow: LoginFlow) -> ClientBuilder {
        Client::builder(&self.identity).login_flow(flow).timeout(ENOUGH)
    }

    fn client(&self, flow: LoginFlow) -> Client {
        build(self.builder(flow))
    }

    fn by_password(&self, flow: LoginFlow, name: &str) -> Client {
        build(self.builder(flow).credentials(Credentials::password(name, PASSWORD)))
    }

    /// A session that was saved by a client which is gone.
    fn saved(&self, flow: LoginFlow) -> Secret {
        let client = self.client(flow);
        assert_eq!(list(&client).expect("alice may log in"), 1);
        client.save_session().expect("there is a session")
    }

    /// How often somebody logged in, and how often tokens were refreshed.
    fn had(&self) -> (usize, usize) {
        let legacy = self.controller.count(Operation::Authenticate);
        (legacy + self.controller.oidc_logins(), self.controller.oidc_refreshes())
    }
}

fn controller(version: Version) -> TestController {
    TestController::builder().version(version).services(1).start().expect("a free port")
}

fn build(builder: ClientBuilder) -> Client {
    builder.build().expect("the identity is complete")
}

/// Why the session cannot be taken up, if it cannot.
fn problem(client: &Client, saved: &Secret) -> Option<SessionProblem> {
    match client.resume_session(saved) {
        Ok(()) => None,
        Err(Error::SavedSession { problem, message }) => {
            assert!(message.contains("log in") || message.contains("does not name"), "{message}");
            Some(problem)
        }
        Err(other) => panic!("{other}"),
    }
}

/// The text with a change that only somebody who looks into it can make.
fn changed(saved: &Secret, change: impl FnOnce(&mut Value)) -> Secret {
    let mut value: Value = serde_json::from_slice(&BASE64.decode(saved.expose()).unwrap()).unwrap();
    change(&mut value);
    Secret::new(BASE64.encode(value.to_string()))
}
