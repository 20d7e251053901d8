//! Sessions that outlive their client: saved, handed out, and taken up again.

mod credentials;
mod damaged;
mod handed_out;
mod hook;
mod refused;
mod resumed;
#[path = "../support/mod.rs"]
mod support;
mod together;
mod waiting;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use serde_json::{Value, json};
use support::ENOUGH;
use ziti_edge_client::api::services::ServiceQuery;
use ziti_edge_client::{Client, ClientBuilder, Credentials, Error, Identity, LoginFlow, Secret, SessionProblem};
use ziti_edge_testkit::{ExternalSigner, IdentityOptions, Operation, TestController, Version};

const PASSWORD: &str = "canary-right-password";
/// What the identity provider calls alice.
const SUBJECT: &str = "alice@example.test";
/// More than 80 percent of the life of an access token, and less than all of it.
const DUE: Duration = Duration::from_secs(25 * 60);
const FLOWS: [LoginFlow; 2] = [LoginFlow::Legacy, LoginFlow::Oidc];

/// A controller with one service, and alice.
struct Network {
    controller: TestController,
    identity: Identity,
    id: String,
    /// Of the second factor that logins want, if they do.
    signer: Option<String>,
}

impl Network {
    fn new(version: Version) -> Self {
        Self::with(controller(version), None)
    }

    /// Alice's logins want an external JWT as a second factor: this one will do.
    fn with_second_jwt(version: Version) -> (Self, Secret) {
        let controller = controller(version);
        let signer = controller.add_external_signer(ExternalSigner::named("second"));
        let jwt = controller.external_token(&signer, &json!({"sub": SUBJECT})).expect("the signer is known");
        (Self::with(controller, Some(signer)), Secret::new(jwt))
    }

    fn with(controller: TestController, signer: Option<String>) -> Self {
        let alice = IdentityOptions {
            name: "alice".to_owned(),
            password: Some(PASSWORD.to_owned()),
            external_id: Some(SUBJECT.to_owned()),
            secondary_signer: signer.clone(),
            ..IdentityOptions::default()
        };
        let identity = Identity::from_json(&controller.enrolled_identity_json_with(alice)).expect("it is whole");
        let id = controller.identity_id("alice").expect("it was made just now");
        Self { controller, identity, id, signer }
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

    /// The TOTP code of now.
    fn code(&self) -> Secret {
        Secret::new(self.controller.totp_code(&self.id).expect("alice has a second factor"))
    }
}

fn controller(version: Version) -> TestController {
    TestController::builder().version(version).services(1).start().expect("a free port")
}

fn build(builder: ClientBuilder) -> Client {
    builder.build().expect("the identity is complete")
}

/// An operation that needs a complete login.
fn list(client: &Client) -> Result<usize, Error> {
    client.services().list(&ServiceQuery::new()).map(|services| services.len())
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

/// A clock that a test moves.
#[derive(Clone)]
struct Time(Arc<Mutex<(Instant, SystemTime)>>);

impl Time {
    fn new() -> Self {
        Self(Arc::new(Mutex::new((Instant::now(), SystemTime::now()))))
    }

    fn of(&self, builder: ClientBuilder) -> ClientBuilder {
        let own = self.0.clone();
        builder.clock(move || *own.lock().expect("no holder panics"))
    }

    /// Sets the wall clock of the client forward; its other clock does not notice.
    fn set(&self, by: Duration) {
        self.0.lock().expect("no holder panics").1 += by;
    }

    /// Moves the clocks of the client and of the controller.
    fn pass(&self, controller: &TestController, by: Duration) {
        controller.advance(by);
        let mut now = self.0.lock().expect("no holder panics");
        *now = (now.0 + by, now.1 + by);
    }
}
