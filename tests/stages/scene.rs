//! A controller, the way to it, and where on that way calls hang.

use std::cell::Cell as Flag;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use serde_json::{Value, json};
use tempfile::TempDir;
use ziti_edge_client::api::services::ServiceQuery;
use ziti_edge_client::{CancelToken, Client, EnrollOptions, Enrollment, Error, Identity, Proxy, Store};
use ziti_edge_testkit::{Builder, Fault, Operation, TestController};

use super::cells::{Cell, Hang, Kind};
use super::detour::Detour;
use super::names::HeldName;
use super::wait_until;

/// How many services the controllers of scenes have.
pub(crate) const SERVICES: usize = 3;
/// More than any call takes that does not hang.
pub(crate) const ENOUGH: Duration = Duration::from_secs(30);
/// From the moment at which a fault strikes until its client has surely noticed and hangs.
pub(crate) const SETTLE: Duration = Duration::from_millis(100);
/// More than the buffers of a narrow port and of the client hold.
const LONG: usize = 1024 * 1024;

/// Where one cell is played.
pub(crate) struct Scene {
    pub(crate) controller: TestController,
    obstacle: Obstacle,
    /// The address of the controller as the client knows it.
    url: String,
    long_request: bool,
    folder: TempDir,
}

enum Obstacle {
    Name(HeldName),
    Detour(Detour),
    Fault,
}

impl Scene {
    /// Sets the cell up. `notes` is where the shim for names leaves its notes.
    pub(crate) fn new(cell: &Cell, notes: Option<&Path>) -> Self {
        Self::with(TestController::builder(), cell, notes)
    }

    /// Sets the cell up with settings of the controller.
    pub(crate) fn with(builder: Builder, cell: &Cell, notes: Option<&Path>) -> Self {
        // A login is one request.
        let builder = builder.services(SERVICES).oidc(false);
        let held = match cell.hang {
            Hang::Name => Some(HeldName::new(cell.kind.name(), notes.expect("a process that can hold names back"))),
            _ => None,
        };
        let builder = match &held {
            Some(held) => builder.advertise_host(&held.name),
            None => builder,
        };
        let long_request = cell.hang == Hang::LongRequest;
        let controller = builder.narrow(long_request).start().unwrap();
        let obstacle = match &cell.hang {
            Hang::Name => Obstacle::Name(held.expect("made above")),
            Hang::FullQueue => Obstacle::Detour(Detour::full_queue(controller.address())),
            Hang::Proxy(unanswered) => Obstacle::Detour(Detour::proxy(controller.address(), *unanswered)),
            Hang::Fault(operation, fault) => {
                controller.fault(*operation, fault.clone());
                Obstacle::Fault
            }
            Hang::LongRequest => {
                controller.fault(Operation::Authenticate, Fault::StallReading);
                Obstacle::Fault
            }
        };
        let url = match &obstacle {
            Obstacle::Detour(detour) if cell.hang == Hang::FullQueue => format!("https://{}", detour.address),
            _ => controller.url(),
        };
        Self { controller, obstacle, url, long_request, folder: tempfile::tempdir().unwrap() }
    }

    /// The proxy that clients are to use, if this is about one.
    pub(crate) fn proxy(&self) -> Option<String> {
        match &self.obstacle {
            Obstacle::Detour(detour) => detour.proxy_url(),
            _ => None,
        }
    }

    /// A new enrollment token.
    pub(crate) fn token(&self) -> String {
        let token = self.controller.create_identity("somebody");
        let parts: Vec<Vec<u8>> = token.split('.').map(|part| BASE64.decode(part).unwrap()).collect();
        let mut claims: Value = serde_json::from_slice(&parts[1]).unwrap();
        claims["iss"] = json!(self.url);
        self.controller.sign_jwt(std::str::from_utf8(&parts[0]).unwrap(), &claims.to_string())
    }

    /// The file of an identity that is enrolled already.
    pub(crate) fn identity_file(&self) -> PathBuf {
        let path = self.folder.path().join("enrolled.json");
        let text = self.controller.enrolled_identity_json("somebody");
        fs::write(&path, text.replace(&self.controller.url(), &self.url)).unwrap();
        path
    }

    /// Where a new identity goes, and the key that waits for its certificate.
    pub(crate) fn new_identity_file(&self) -> (PathBuf, PathBuf) {
        let path = self.folder.path().join("new.json");
        let pending = path.with_extension("json.pending");
        (path, pending)
    }

    /// Waits until a call hangs where it is meant to, by another proof than what the client says. False if the call is
    /// over before.
    pub(crate) fn is_reached(&self, settle: Duration, is_over: impl Fn() -> bool) -> bool {
        let is_reached = Flag::new(false);
        wait_until("the call hangs or ends", || {
            is_reached.set(match &self.obstacle {
                Obstacle::Name(held) => held.is_asked(),
                Obstacle::Detour(detour) => detour.is_reached(),
                Obstacle::Fault => self.controller.faults_played() > 0,
            });
            is_reached.get() || is_over()
        });
        thread::sleep(settle);
        is_reached.get()
    }

    /// Takes away what calls hang on.
    pub(crate) fn clear(&self) {
        match &self.obstacle {
            Obstacle::Name(held) => held.release(),
            Obstacle::Detour(detour) => detour.open(),
            Obstacle::Fault => self.controller.clear_faults(),
        }
    }

    /// Somebody who makes calls of this kind here.
    pub(crate) fn user(&self, kind: Kind) -> User {
        let proxy = self.proxy().map(|url| Proxy::parse(&url).unwrap());
        let Kind::Enroll = kind else {
            let identity = Identity::load(self.identity_file()).unwrap();
            let builder = Client::builder(&identity).timeout(ENOUGH);
            let builder = proxy.into_iter().fold(builder, |builder, proxy| builder.proxy(proxy));
            let builder = if self.long_request { builder.config_types(["x".repeat(LONG)]) } else { builder };
            return User::Client { kind, client: builder.build().unwrap() };
        };
        let options = EnrollOptions::new().store(Store::file(self.new_identity_file().0));
        let options = proxy.into_iter().fold(options, |options, proxy| options.proxy(proxy));
        User::Stranger(Box::new((Enrollment::parse(&self.token()).unwrap(), options)))
    }
}

/// Somebody who makes calls.
pub(crate) enum User {
    Stranger(Box<(Enrollment, EnrollOptions)>),
    Client { kind: Kind, client: Client },
}

impl User {
    /// Makes the call. A list that comes is the whole list.
    pub(crate) fn call(&self, limit: Duration, cancel: Option<&CancelToken>) -> Result<(), Error> {
        let (kind, client) = match self {
            User::Client { kind, client } => (kind, client.with_timeout(limit)),
            User::Stranger(newcomer) => {
                let (enrollment, options) = &**newcomer;
                let options = options.clone().timeout(limit);
                let options = cancel.into_iter().fold(options, |options, cancel| options.cancel(cancel));
                return enrollment.enroll(&options).map(drop);
            }
        };
        let client = cancel.into_iter().fold(client, |client, cancel| client.with_cancel(cancel));
        if *kind == Kind::Login {
            return client.authenticate().map(drop);
        }
        let services = client.services().list(&ServiceQuery::new())?;
        assert_eq!(services.len(), SERVICES, "a list that is not whole");
        Ok(())
    }
}
