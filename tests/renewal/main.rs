//! A client that keeps itself going: its certificate, its login, its controllers and their CA certificates.

mod authorities;
mod certificate;
mod interrupted;
mod log;
mod login;
mod network;
mod schedule;
mod signers;
mod stores;
#[path = "../support/mod.rs"]
mod support;

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use serde_json::Value;
use support::ENOUGH;
use tempfile::TempDir;
use ziti_edge_client::api::services::ServiceQuery;
use ziti_edge_client::{Client, ClientBuilder, Error, Event, EventKind, Identity, Maintenance};
use ziti_edge_testkit::{Operation, TestController, Version};

const EXTEND: Operation = Operation::Named("extendCurrentIdentityAuthenticator");
const VERIFY: Operation = Operation::Named("extendVerifyCurrentIdentityAuthenticator");
const DAY: Duration = Duration::from_secs(24 * 3600);

/// A clock that tests set forward.
#[derive(Clone, Default)]
struct Clock {
    ahead: Arc<Mutex<Duration>>,
}

impl Clock {
    fn advance(&self, by: Duration) {
        *self.ahead.lock().unwrap() += by;
    }

    fn now(&self) -> (Instant, SystemTime) {
        let ahead = *self.ahead.lock().unwrap();
        (Instant::now() + ahead, SystemTime::now() + ahead)
    }
}

/// An identity in a file, and a client of it whose events are kept.
struct Scene {
    controller: TestController,
    folder: TempDir,
    client: Client,
    clock: Clock,
    told: Arc<Mutex<Vec<EventKind>>>,
}

impl Scene {
    fn new(version: Version) -> Self {
        Self::with(support::controller(version, 2), |builder| builder)
    }

    fn with(controller: TestController, options: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("alice.json"), controller.enrolled_identity_json("alice")).unwrap();
        let (clock, told) = (Clock::default(), Arc::default());
        let client = client_of(&folder.path().join("alice.json"), &clock, &told, options);
        Self { controller, folder, client, clock, told }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("alice.json")
    }

    /// What another process would do: the file, and a client of it.
    fn another(&self) -> Client {
        client_of(&self.file(), &self.clock, &Arc::default(), |builder| builder)
    }

    fn json(&self) -> Value {
        serde_json::from_str(&fs::read_to_string(self.file()).unwrap()).unwrap()
    }

    fn member(&self, name: &str) -> String {
        self.json()["id"][name].as_str().unwrap().to_owned()
    }

    /// The names of all files but the lock.
    fn files(&self) -> Vec<String> {
        let entries = self.folder.path().read_dir().unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<String> = entries.map(|name| name.into_string().unwrap()).collect();
        names.retain(|name| !name.ends_with(".lock"));
        names.sort();
        names
    }

    fn id(&self) -> String {
        self.controller.identity_id("alice").unwrap()
    }

    /// The kinds of all events since it was asked last.
    fn told(&self) -> Vec<EventKind> {
        std::mem::take(&mut *self.told.lock().unwrap())
    }
}

fn client_of(
    file: &std::path::Path,
    clock: &Clock,
    told: &Arc<Mutex<Vec<EventKind>>>,
    options: impl FnOnce(ClientBuilder) -> ClientBuilder,
) -> Client {
    let (clock, told) = (clock.clone(), Arc::clone(told));
    let builder = Client::builder(&Identity::load(file).unwrap()).timeout(ENOUGH).clock(move || clock.now());
    // The first controller of the list is asked first.
    let builder = builder.chance(|| 0.0);
    let builder = builder.on_event(move |event: &Event| told.lock().unwrap().push(event.kind));
    options(builder).build().unwrap()
}

fn list(client: &Client) -> Result<usize, Error> {
    client.services().list(&ServiceQuery::new()).map(|services| services.len())
}

fn kinds(maintenance: &Maintenance) -> Vec<EventKind> {
    maintenance.events.iter().map(|event| event.kind).collect()
}

fn certificates(pem: &str) -> usize {
    pem.matches("-----BEGIN CERTIFICATE-----").count()
}
