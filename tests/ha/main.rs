//! What a client does while its controllers fail, are busy, or are gone for long, and while the machine sleeps.

mod busy;
mod outage;
mod schedule;
mod sleep;
#[path = "../support/mod.rs"]
mod support;

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Value, json};
use ziti_edge_client::api::raw::RequestBody;
use ziti_edge_client::api::services::ServiceQuery;
use ziti_edge_client::{Client, ClientBuilder, Error, Identity, LoginFlow, Method};
use ziti_edge_testkit::{IdentityOptions, Operation, TestController, Version};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// Of alice, who may log in by it, too.
const PASSWORD: &str = "canary-password";

/// The clock that decides what is due; it runs like the real one, and can be moved.
#[derive(Clone, Default)]
struct Clock {
    ahead: Arc<Mutex<(Duration, Duration)>>,
}

impl Clock {
    /// Time goes by, or the machine sleeps.
    fn advance(&self, by: Duration) {
        let mut ahead = self.ahead.lock().unwrap();
        *ahead = (ahead.0 + by, ahead.1 + by);
    }

    /// Somebody sets the wall clock.
    fn set_forward(&self, by: Duration) {
        self.ahead.lock().unwrap().1 += by;
    }

    fn set_back(&self, by: Duration) {
        self.ahead.lock().unwrap().1 -= by;
    }

    fn now(&self) -> (Instant, SystemTime) {
        let (steady, wall) = *self.ahead.lock().unwrap();
        (Instant::now() + steady, SystemTime::now() + wall)
    }
}

/// Controllers of one network with two services each, and a client of them, which makes legacy logins: those are the
/// ones that end with their controller.
struct Network {
    controllers: Vec<TestController>,
    client: Client,
    clock: Clock,
}

impl Network {
    fn new(count: usize, version: Version, options: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Self {
        let builder = || TestController::builder().version(version).services(2);
        let first = builder().start().expect("a free port");
        let (name, password) = ("alice".to_owned(), Some(PASSWORD.to_owned()));
        let alice = IdentityOptions { name, password, ..IdentityOptions::default() };
        let mut file: Value = serde_json::from_str(&first.enrolled_identity_json_with(alice)).unwrap();
        let other = |_| builder().same_network_as(&first).start().expect("a free port");
        let others: Vec<_> = (1..count).map(other).collect();
        let controllers: Vec<_> = std::iter::once(first).chain(others).collect();
        file["ztAPIs"] = json!(controllers.iter().map(TestController::api_url).collect::<Vec<_>>());
        let identity = Identity::from_json(&file.to_string()).unwrap();
        let clock = Clock::default();
        let time = clock.clone();
        let builder = Client::builder(&identity).timeout(support::ENOUGH).clock(move || time.now()).chance(|| 0.0);
        let builder = builder.login_flow(LoginFlow::Legacy);
        Self { controllers, client: options(builder).build().unwrap(), clock }
    }

    /// Time goes by for everybody.
    fn advance(&self, by: Duration) {
        self.clock.advance(by);
        self.controllers.iter().for_each(|controller| controller.advance(by));
    }

    fn count(&self, operation: Operation) -> usize {
        self.controllers.iter().map(|controller| controller.count(operation)).sum()
    }

    fn requests(&self) -> usize {
        self.count(Operation::Any)
    }

    fn clear_requests(&self) {
        self.controllers.iter().for_each(TestController::clear_requests);
    }
}

fn list(client: &Client) -> Result<usize, Error> {
    client.services().list(&ServiceQuery::new()).map(|services| services.len())
}

/// Asks for something that must not be done twice, and that no controller knows: it is answered with 404.
fn order(client: &Client, number: usize) -> Error {
    let path = format!("/orders/{number}");
    client.request(Method::Post, &path, &[], Some(RequestBody::json("{}"))).unwrap_err()
}
