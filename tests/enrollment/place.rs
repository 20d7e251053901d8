//! A folder into which somebody enrolls.

use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;
use ziti_edge_client::{EnrollOptions, Enrollment, EnrollmentProblem, Error, Identity, PendingEnrollment, Store};

/// An empty folder, in which the identity file will be `alice.json`.
pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn target(&self) -> PathBuf {
        self.folder.path().join("alice.json")
    }

    /// Redeems a token into the folder.
    pub(crate) fn enroll(&self, jwt: &str) -> Result<Identity, Error> {
        self.enroll_with(jwt, EnrollOptions::new())
    }

    pub(crate) fn enroll_with(&self, jwt: &str, options: EnrollOptions) -> Result<Identity, Error> {
        Enrollment::parse(jwt)?.enroll(&options.store(Store::file(self.target())))
    }

    /// Goes on with an enrollment into the folder that was interrupted.
    pub(crate) fn resume(&self, jwt: &str) -> Result<Identity, Error> {
        Enrollment::parse(jwt)?.resume(&EnrollOptions::new().store(Store::file(self.target())))
    }

    /// How far an enrollment into the folder came.
    pub(crate) fn progress(&self, jwt: &str) -> PendingEnrollment {
        Enrollment::parse(jwt).unwrap().pending(&Store::file(self.target())).unwrap()
    }

    /// The problem of an enrollment that must fail with one, and its message.
    pub(crate) fn problem(&self, jwt: &str) -> (EnrollmentProblem, String) {
        problem_of(self.enroll(jwt).unwrap_err())
    }

    /// The names of all files in order, but for locks, which stay.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = self.folder.path().read_dir().unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<String> = entries.map(|name| name.into_string().unwrap()).collect();
        names.retain(|name| !name.ends_with(".lock"));
        names.sort();
        names
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.folder.path().join(name)).unwrap()
    }

    /// The private key in `alice.json.pending`, in PEM.
    pub(crate) fn pending_key(&self) -> String {
        let pending: serde_json::Value = serde_json::from_slice(&self.read("alice.json.pending")).unwrap();
        pending["key"].as_str().expect("a key").to_owned()
    }
}

pub(crate) fn problem_of(error: Error) -> (EnrollmentProblem, String) {
    match error {
        Error::Enrollment { problem, message, .. } => (problem, message),
        other => panic!("{other:?}"),
    }
}
