//! Alice, who can log in by all means, and the controller where she does.

#![allow(dead_code, reason = "each test program uses another part")]

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Value, json};
use ziti_edge_client::api::services::ServiceQuery;
use ziti_edge_client::{Client, ClientBuilder, Error, Identity, Secret};
use ziti_edge_testkit::{ExternalSigner, IdentityOptions, TestController};

pub(crate) const PASSWORD: &str = "canary-right-password";
/// What the identity providers call alice.
pub(crate) const SUBJECT: &str = "alice@example.test";

/// A controller, and alice.
pub(crate) struct Network {
    pub(crate) controller: TestController,
    /// The signer of logins.
    pub(crate) signer: String,
    /// The signer of second factors.
    pub(crate) second_signer: String,
    /// Alice, with a certificate.
    pub(crate) identity: Identity,
    pub(crate) id: String,
}

impl Network {
    /// Enrolls alice at the controller.
    pub(crate) fn at(controller: TestController, change: impl FnOnce(&mut IdentityOptions)) -> Self {
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

    /// The same; her logins want an external JWT as a second factor.
    pub(crate) fn with_second_jwt_at(controller: TestController) -> Self {
        Self::at(controller, |alice| alice.secondary_signer = Some(String::new()))
    }

    /// Somebody without a certificate of his own.
    pub(crate) fn nobody(&self) -> Identity {
        let file = json!({"ztAPI": self.controller.api_url(), "id": {"ca": self.controller.ca_pem()}});
        Identity::from_json(&file.to_string()).expect("a bundle is enough")
    }

    pub(crate) fn signed_by(&self, signer: &str, claims: &Value) -> Secret {
        Secret::new(self.controller.external_token(signer, claims).expect("the signer is known"))
    }

    /// The TOTP code of now.
    pub(crate) fn code(&self) -> Secret {
        Secret::new(self.controller.totp_code(&self.id).expect("alice has a second factor"))
    }
}

/// What a token says that is hers.
pub(crate) fn alice() -> Value {
    json!({"sub": SUBJECT})
}

/// An operation that needs a complete login.
pub(crate) fn list(client: &Client) -> Result<usize, Error> {
    client.services().list(&ServiceQuery::new()).map(|services| services.len())
}

/// A clock that a test moves.
#[derive(Clone)]
pub(crate) struct Time(Arc<Mutex<(Instant, SystemTime)>>);

impl Time {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new((Instant::now(), SystemTime::now()))))
    }

    pub(crate) fn of(&self, builder: ClientBuilder) -> ClientBuilder {
        let own = self.0.clone();
        builder.clock(move || *own.lock().expect("no holder panics"))
    }

    /// Moves the client's wall clock alone by so many seconds, as who sets it does.
    pub(crate) fn set_wall(&self, seconds: i64) {
        let by = Duration::from_secs(seconds.unsigned_abs());
        let mut now = self.0.lock().expect("no holder panics");
        now.1 = if seconds < 0 { now.1 - by } else { now.1 + by };
    }

    /// Moves the clocks of the client and of the controller.
    pub(crate) fn pass(&self, controller: &TestController, by: Duration) {
        controller.advance(by);
        let mut now = self.0.lock().expect("no holder panics");
        *now = (now.0 + by, now.1 + by);
    }
}
