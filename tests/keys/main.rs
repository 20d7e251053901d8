//! Every kind of key enrolls and logs in: new ones, ones that exist, and ones behind a signer.

mod kinds;
mod scripted;
mod signers;
mod trouble;

use std::path::PathBuf;

use tempfile::TempDir;
use ziti_edge_client::{Client, EnrollOptions, Enrollment, Error, Identity, KeyChoice, Login, Store};
use ziti_edge_testkit::{TestController, Version};

/// A controller whose word on a token is final, and a folder for the identity file `alice.json`.
pub(crate) struct Scene {
    pub(crate) controller: TestController,
    folder: TempDir,
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self::of(Version::V1_6)
    }

    pub(crate) fn of(version: Version) -> Self {
        let controller = TestController::builder().version(version).services(2).start().unwrap();
        Self { controller, folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("alice.json")
    }

    /// The names of all files in order, but for locks, which stay.
    pub(crate) fn files(&self) -> Vec<String> {
        let entries = self.folder.path().read_dir().unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<String> = entries.map(|name| name.into_string().unwrap()).collect();
        names.retain(|name| !name.ends_with(".lock"));
        names.sort();
        names
    }

    /// Enrolls a new identity into the file.
    pub(crate) fn enroll(&self, key: KeyChoice) -> Result<Identity, Error> {
        self.redeem(&self.controller.create_identity("alice"), key)
    }

    pub(crate) fn redeem(&self, jwt: &str, key: KeyChoice) -> Result<Identity, Error> {
        Enrollment::parse(jwt)?.enroll(&EnrollOptions::new().store(Store::file(self.path())).key(key))
    }
}

/// Logs in as whoever the identity is, with connections of its own.
pub(crate) fn log_in(identity: &Identity) -> Result<Login, Error> {
    Client::new(identity)?.authenticate()
}

/// The text of `id.key` in an identity file.
pub(crate) fn key_of(json: &str) -> String {
    let file: serde_json::Value = serde_json::from_str(json).unwrap();
    file["id"]["key"].as_str().unwrap().to_owned()
}
