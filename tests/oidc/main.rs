//! Logging in over the controller's OIDC, and staying logged in by it.

mod cluster;
mod factors;
mod flow;
mod logout;
mod matrix;
mod refresh;
mod shared;
#[path = "../support/mod.rs"]
mod support;
mod trouble;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Value, json};
use support::{ENOUGH, seen};
use ziti_edge_client::api::services::ServiceQuery;
use ziti_edge_client::{Client, ClientBuilder, Credentials, Error, Identity, JwtSource, LoginFlow, Secret};
use ziti_edge_testkit::{Builder, ExternalSigner, IdentityOptions, Operation, TestController, Version};

const PASSWORD: &str = "canary-right-password";
/// What the identity providers call alice.
const SUBJECT: &str = "alice@example.test";

const DISCOVERY: Operation = Operation::Named("oidcDiscovery");
const AUTHORIZE: Operation = Operation::Named("oidcAuthorize");
const LOGIN: Operation = Operation::Named("oidcLogin");
const CALLBACK: Operation = Operation::Named("oidcCallback");
const TOKEN: Operation = Operation::Named("oidcToken");

/// By what alice logs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Certificate,
    Password,
    ExternalJwt,
}

const WAYS: [Way; 3] = [Way::Certificate, Way::Password, Way::ExternalJwt];

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
        Self::with(TestController::builder().version(version), |_| {})
    }

    /// Alice's logins want an external JWT as a second factor.
    fn with_second_jwt(version: Version) -> Self {
        let builder = TestController::builder().version(version);
        Self::with(builder, |alice| alice.secondary_signer = Some(String::new()))
    }

    fn with(builder: Builder, change: impl FnOnce(&mut IdentityOptions)) -> Self {
        let controller = builder.services(1).start().expect("a free port");
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
        Self { controller, signer, second_signer, identity, id }
    }

    fn credentials(&self, way: Way) -> Credentials {
        match way {
            Way::Certificate => Credentials::certificate(),
            Way::Password => Credentials::password("alice", PASSWORD),
            Way::ExternalJwt => Credentials::external_jwt(JwtSource::token(self.token(&self.signer, &alice()))),
        }
    }

    /// Options of a client that logs in over OIDC.
    fn builder(&self, way: Way) -> ClientBuilder {
        let builder = Client::builder(&self.identity).credentials(self.credentials(way));
        builder.login_flow(LoginFlow::Oidc).timeout(ENOUGH)
    }

    fn client(&self, way: Way) -> Client {
        build(self.builder(way))
    }

    fn token(&self, signer: &str, claims: &Value) -> Secret {
        Secret::new(self.controller.external_token(signer, claims).expect("the signer is known"))
    }

    fn second_jwt(&self) -> Secret {
        self.token(&self.second_signer, &alice())
    }

    /// The TOTP code of now.
    fn code(&self) -> Secret {
        Secret::new(self.controller.totp_code(&self.id).expect("alice has a second factor"))
    }

    fn count(&self, operation: Operation) -> usize {
        self.controller.count(operation)
    }

    /// How often logins ended with tokens, and how often these were refreshed.
    fn had(&self) -> (usize, usize) {
        (self.controller.oidc_logins(), self.controller.oidc_refreshes())
    }
}

fn alice() -> Value {
    json!({"sub": SUBJECT})
}

fn build(builder: ClientBuilder) -> Client {
    builder.build().expect("the identity is complete")
}

/// An operation that needs a complete login.
fn list(client: &Client) -> Result<usize, Error> {
    client.services().list(&ServiceQuery::new()).map(|services| services.len())
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

    /// Moves the clocks of the client and of the controller.
    fn pass(&self, controller: &TestController, by: Duration) {
        controller.advance(by);
        let mut now = self.0.lock().expect("no holder panics");
        *now = (now.0 + by, now.1 + by);
    }
}

/// The `Authorization` headers of the requests for an operation.
fn authorizations(network: &Network, operation: Operation) -> Vec<Vec<String>> {
    let requests = seen(&network.controller, operation);
    let of = |request: &ziti_edge_testkit::Seen| {
        let all = request.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        all.map(|(_, value)| value.clone()).collect()
    };
    requests.iter().map(of).collect()
}
