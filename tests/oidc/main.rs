//! Logging in over the controller's OIDC, and staying logged in by it.

mod about;
#[path = "../support/alice.rs"]
mod alice;
mod busy;
mod cluster;
mod factors;
mod flow;
mod half;
mod logout;
mod matrix;
mod odd;
mod refresh;
mod renewal;
mod shared;
#[path = "../support/mod.rs"]
mod support;
mod table;
mod trouble;

use alice::{Network, PASSWORD, Time, alice, list};
use serde_json::Value;
use support::{ENOUGH, seen};
use table::Way;
use ziti_edge_client::{Client, ClientBuilder, Credentials, JwtSource, LoginFlow, Secret};
use ziti_edge_testkit::{Builder, IdentityOptions, Operation, TestController, Version};

const DISCOVERY: Operation = Operation::Named("oidcDiscovery");
const AUTHORIZE: Operation = Operation::Named("oidcAuthorize");
const LOGIN: Operation = Operation::Named("oidcLogin");
const CALLBACK: Operation = Operation::Named("oidcCallback");
const TOKEN: Operation = Operation::Named("oidcToken");

const WAYS: [Way; 3] = [Way::Certificate, Way::Password, Way::ExternalJwt];

impl Network {
    fn new(version: Version) -> Self {
        Self::with(TestController::builder().version(version), |_| {})
    }

    fn with_second_jwt(version: Version) -> Self {
        Self::with_second_jwt_at(start(TestController::builder().version(version)))
    }

    fn with(builder: Builder, change: impl FnOnce(&mut IdentityOptions)) -> Self {
        Self::at(start(builder), change)
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
        self.signed_by(signer, claims)
    }

    fn second_jwt(&self) -> Secret {
        self.token(&self.second_signer, &alice())
    }

    fn count(&self, operation: Operation) -> usize {
        self.controller.count(operation)
    }

    /// How often logins ended with tokens, and how often these were refreshed.
    fn had(&self) -> (usize, usize) {
        (self.controller.oidc_logins(), self.controller.oidc_refreshes())
    }
}

/// With one service.
fn start(builder: Builder) -> TestController {
    builder.services(1).start().expect("a free port")
}

fn build(builder: ClientBuilder) -> Client {
    builder.build().expect("the identity is complete")
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
