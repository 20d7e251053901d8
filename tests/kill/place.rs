//! A folder with an identity file, and what may be in it after a crash.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rcgen::{KeyPair, PublicKeyData};
use tempfile::TempDir;
use ziti_edge_client::{Enrollment, EnrollmentProblem, Error, Identity, PendingEnrollment, Store};
use ziti_edge_testkit::{Operation, TestController};

use crate::job::{Job, enroll, resume};

const NAME: &str = "identity.json";

/// A folder for an identity file. The token that makes it lies elsewhere.
pub(crate) struct Place {
    folder: TempDir,
    elsewhere: TempDir,
    jwt: String,
}

impl Place {
    /// With a token of the controller, which forgets what it was asked so far.
    pub(crate) fn new(controller: &TestController) -> Self {
        let folder = || tempfile::tempdir().expect("a folder");
        let place = Self { folder: folder(), elsewhere: folder(), jwt: controller.create_identity("alice") };
        fs::write(place.token(), &place.jwt).unwrap();
        controller.clear_requests();
        place
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn target(&self) -> PathBuf {
        self.path().join(NAME)
    }

    pub(crate) fn token(&self) -> PathBuf {
        self.elsewhere.path().join("alice.jwt")
    }

    /// The enrollment that is going to be interrupted.
    pub(crate) fn with_job<T>(&self, run: impl FnOnce(&Job<'_>) -> T) -> T {
        run(&Job::Enroll(&self.token(), &self.target()))
    }

    /// The names of all files, in order, but for locks, which stay.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = self.path().read_dir().unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<String> = entries.map(|name| name.into_string().unwrap()).collect();
        names.retain(|name| !name.ends_with(".lock"));
        names.sort();
        names
    }

    /// Holds after any interruption: the target is whole or absent, nobody else may read a key, no key of a token that
    /// was spent is lost, an unspent token still works, and what is left over hinders nobody and goes.
    pub(crate) fn check_after_interruption(&self, controller: &TestController, what: &str) {
        let enrolled = self.target().exists();
        if enrolled {
            Identity::load(self.target()).unwrap_or_else(|error| panic!("{what}: {error}"));
        }
        for name in self.names() {
            let mode = fs::metadata(self.path().join(&name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{what}: {name} may be read by others");
        }
        let keeps_certificate = self.keeps_certificate();
        if enrolled || self.token_is_spent(controller, what) {
            assert!(enrolled || !keeps_certificate, "{what}: the certificate beside is not used");
            let request = controller.requests().into_iter().find(|seen| seen.operation == Operation::Enroll);
            let csr = String::from_utf8(request.expect("a spent token was sent").body).unwrap();
            let kept = self.kept_keys().iter().any(|key| fits(key, &csr));
            assert!(kept, "{what}: the token is spent and its key is lost; there is {:?}", self.names());
        }
        if !self.target().exists() {
            let fresh = controller.create_identity("bob");
            enroll(&fresh, &self.target()).unwrap_or_else(|error| panic!("{what}, then again: {error}"));
        }
        Identity::load(self.target()).unwrap().save(self.target()).unwrap();
        let leftover = |name: &String| name != NAME && !name.starts_with(&format!("{NAME}.pending"));
        assert_eq!(self.names().into_iter().find(leftover), None, "{what}: not tidied up by the next save");
    }

    /// Whether the certificate that was issued is beside the identity file.
    pub(crate) fn keeps_certificate(&self) -> bool {
        let text = fs::read_to_string(self.path().join(format!("{NAME}.pending")));
        text.is_ok_and(|text| text.contains("\"cert\": \"-----BEGIN CERTIFICATE-----"))
    }

    /// Tries the token again, which makes the identity if it can be made, or was and could not be stored. The journal
    /// has to know whether the request may have left.
    fn token_is_spent(&self, controller: &TestController, what: &str) -> bool {
        let state = self.state();
        let kept = self.kept_keys();
        if controller.count(Operation::Enroll) > 0 {
            assert!(state >= PendingEnrollment::AnswerLost, "{what}: the request left, and the journal says {state:?}");
        }
        let outcome = match enroll(&self.jwt, &self.target()) {
            Err(Error::Enrollment { problem: EnrollmentProblem::MaybeSpent, .. }) => {
                assert_eq!(state, PendingEnrollment::AnswerLost, "{what}: nothing else forbids another request");
                resume(&self.jwt, &self.target())
            }
            outcome => outcome,
        };
        match outcome {
            Ok(_) => {
                assert!(kept.is_empty() || self.kept_keys() == kept, "{what}: it went on with another key");
                false
            }
            Err(Error::Enrollment { problem: EnrollmentProblem::TokenNotKnown, .. }) => true,
            Err(other) => panic!("{what}, then the token again: {other}"),
        }
    }

    /// How far the enrollment came, as its journal tells.
    pub(crate) fn state(&self) -> PendingEnrollment {
        Enrollment::parse(&self.jwt).unwrap().pending(&Store::file(self.target())).unwrap()
    }

    /// PEM of all private keys in the folder.
    fn kept_keys(&self) -> Vec<String> {
        let files = self.names().into_iter().filter(|name| !name.ends_with(".tmp"));
        let documents = files.map(|name| {
            let text = fs::read_to_string(self.path().join(&name)).unwrap();
            let read = serde_json::from_str(&text);
            read.unwrap_or_else(|error| panic!("{name} is not whole: {error}"))
        });
        let key = |document: serde_json::Value| {
            let key = document.pointer("/id/key").or(document.get("key")).expect("every file here holds a key");
            key.as_str().expect("a key is a text").trim_start_matches("pem:").to_owned()
        };
        documents.map(key).collect()
    }
}

/// Whether a certificate request is for this key.
pub(crate) fn fits(key_pem: &str, csr_pem: &str) -> bool {
    let base64: String = csr_pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let csr = BASE64_STANDARD.decode(base64).unwrap();
    let key = KeyPair::from_pem(key_pem).unwrap();
    let public = key.der_bytes();
    csr.windows(public.len()).any(|window| window == public)
}
