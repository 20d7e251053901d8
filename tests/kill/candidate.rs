//! Somebody who enrolls by any method, and what may be on disk when that was interrupted.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;
use ziti_edge_client::{
    EnrollOptions, Enrollment, EnrollmentMethod, EnrollmentProblem, Error, Identity, KeyChoice, PendingEnrollment,
    PrivateKey, Secret, Store,
};
use ziti_edge_testkit::{CertificateAuthority, ExternalSigner, IdentityOptions, Seen, TestController, Version};

use crate::job::Job;
use crate::place::fits;
use crate::tracer::{Mode, Traced, Tracer};

const PASSWORD: &str = "open sesame";

/// A network in which one can enroll by one of the methods.
pub(crate) struct Network {
    way: &'static str,
    pub(crate) controller: TestController,
    authority: CertificateAuthority,
    signer: String,
}

impl Network {
    /// `way` is the method, or `token-only` for an external JWT without a certificate.
    pub(crate) fn new(way: &'static str) -> Self {
        // One that is final about a token it does not know; only later ones enroll by an external JWT.
        let version = if way.starts_with("token") { Version::V2_0 } else { Version::V1_6 };
        let controller = TestController::builder().version(version).start().unwrap();
        let both =
            ExternalSigner { enrolls_to_certificate: true, enrolls_to_token: true, ..ExternalSigner::named("idp") };
        let (authority, signer) = (controller.add_authority("partner"), controller.add_external_signer(both));
        Self { way, controller, authority, signer }
    }

    /// Whether the network issues what nobody else has.
    pub(crate) fn issues(&self) -> bool {
        ["erott", "token"].contains(&self.way)
    }

    /// What the job reads: the token or the address, and what the method needs beside it.
    fn brings(&self) -> Value {
        let controller = &self.controller;
        let invited = || {
            let (method, authority) = (self.way.to_owned(), Some(self.authority.clone()));
            controller.create_identity_with(IdentityOptions {
                name: "alice".to_owned(),
                method,
                authority,
                ..Default::default()
            })
        };
        let papers = self.authority.issue("device");
        let with_papers = |token: String| json!({"token": token, "certificate": papers.certificate, "key": papers.key});
        let subject = json!({"sub": tempfile::tempdir().unwrap().path()});
        match self.way {
            "ottca" => with_papers(invited().jwt),
            "ca" => with_papers(controller.authority_jwt(&self.authority)),
            "updb" => json!({"token": invited().jwt, "username": "alice", "password": PASSWORD}),
            "erott" => json!({"token": controller.create_router().jwt}),
            way => json!({"token": controller.url(), "ca": controller.ca_pem(), "without_certificate": way != "token",
                "jwt": controller.external_token(&self.signer, &subject).unwrap()}),
        }
    }
}

/// What lies in a file for an enrollment.
pub(crate) fn enrollment(brings: &Value) -> (Enrollment, EnrollOptions) {
    let text = |name: &str| brings[name].as_str();
    let token = text("token").expect("a token or an address");
    let mut options = EnrollOptions::new();
    if let (Some(certificate), Some(key)) = (text("certificate"), text("key")) {
        let key = PrivateKey::parse(key.as_bytes()).unwrap();
        options = options.certificate(certificate).key(KeyChoice::Existing(key));
    }
    if let (Some(username), Some(password)) = (text("username"), text("password")) {
        options = options.username(username).password(Secret::new(password));
    }
    let Some(jwt) = text("jwt") else { return (Enrollment::parse(token).unwrap(), options) };
    options = options.external_jwt(Secret::new(jwt)).ca(text("ca").unwrap());
    if brings["without_certificate"] == true {
        options = options.without_certificate();
    }
    (Enrollment::from_url(token).unwrap().by(EnrollmentMethod::Token).unwrap(), options)
}

/// Somebody who enrolls into an empty folder.
pub(crate) struct Candidate<'a> {
    network: &'a Network,
    brings: Value,
    elsewhere: TempDir,
    folder: TempDir,
}

impl<'a> Candidate<'a> {
    /// The controller forgets what it was asked so far.
    pub(crate) fn new(network: &'a Network) -> Self {
        let folder = || tempfile::tempdir().expect("a folder");
        let candidate = Self { network, brings: network.brings(), elsewhere: folder(), folder: folder() };
        fs::write(candidate.file(), candidate.brings.to_string()).unwrap();
        network.controller.clear_requests();
        candidate
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn target(&self) -> PathBuf {
        self.folder().join("identity.json")
    }

    fn file(&self) -> PathBuf {
        self.elsewhere.path().join("brings.json")
    }

    pub(crate) fn run(&self, tracer: &Tracer, mode: Mode) -> Traced {
        tracer.run(mode, self.folder(), &Job::EnrollBy(&self.file(), &self.target()))
    }

    /// Holds after any interruption: the target is whole or absent, what is there is its owner's alone and tells no
    /// secret of the user, the journal knows whether the request may have left, and another try and `resume` make the
    /// identity. Unless what only the network could issue is lost: then the keys that were sent are kept.
    ///
    /// Returns whether it was lost.
    pub(crate) fn check_after_interruption(&self, what: &str) -> bool {
        let (sent, enrolled) = (self.sent(), self.target().exists());
        for name in self.names() {
            let path = self.folder().join(&name);
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o077, 0, "{what}: {name}");
            let text = fs::read_to_string(path).unwrap();
            let told = ["password", "jwt", "key"].iter().find(|secret| {
                let secret = self.brings[**secret].as_str();
                secret.is_some_and(|secret| text.contains(secret.lines().nth(1).unwrap_or(secret)))
            });
            // The identity has the key of its certificate.
            assert!(told.is_none() || (told == Some(&"key") && is_identity(&name)), "{what}: {name} has its {told:?}");
        }
        if enrolled {
            Identity::load(self.target()).unwrap_or_else(|error| panic!("{what}: {error}"));
            return false;
        }
        let (state, kept) = (self.state(), self.kept_keys());
        let left = sent.is_some();
        assert!(!left || state >= PendingEnrollment::AnswerLost, "{what}: the request left, the journal has {state:?}");
        let error = match self.finish(state, what) {
            Ok(identity) => {
                assert_eq!(self.names(), ["identity.json"], "{what}");
                let text = identity.to_json();
                let uses = |key: &String| text.expose().contains(&key.replace('\n', "\\n"));
                assert!(kept.iter().all(uses), "{what}: it went on with another key");
                return false;
            }
            Err(error) => error,
        };
        use EnrollmentProblem::{AlreadyEnrolled, TokenNotKnown};
        let gone = matches!(error, Error::Enrollment { problem: TokenNotKnown | AlreadyEnrolled, .. });
        assert!(gone && left && self.network.issues(), "{what}, then again: {error}");
        let (csrs, kept) = (csrs_of(&sent.unwrap()), self.kept_keys());
        assert_eq!(kept.len(), csrs.len(), "{what}: all keys stay");
        assert!(csrs.iter().all(|csr| kept.iter().any(|key| fits(key, csr))), "{what}: they are those that were sent");
        true
    }

    /// Tries again, and goes on where it is refused to send the request a second time.
    fn finish(&self, state: PendingEnrollment, what: &str) -> Result<Identity, Error> {
        let (enrollment, options) = enrollment(&self.brings);
        let options = options.store(Store::file(self.target()));
        match enrollment.enroll(&options) {
            Err(Error::Enrollment { problem: EnrollmentProblem::MaybeSpent, .. }) => {
                assert_eq!(state, PendingEnrollment::AnswerLost, "{what}: nothing else forbids another request");
                enrollment.resume(&options)
            }
            outcome => outcome,
        }
    }

    /// How far it came, as the journal tells.
    fn state(&self) -> PendingEnrollment {
        enrollment(&self.brings).0.pending(&Store::file(self.target())).unwrap()
    }

    /// The request that enrolled, if one was seen.
    pub(crate) fn sent(&self) -> Option<Seen> {
        self.network.controller.requests().into_iter().find(|seen| seen.path.contains("/enroll"))
    }

    /// The names of all files, in order, but for locks, which stay.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = self.folder().read_dir().unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<String> = entries.map(|name| name.into_string().unwrap()).collect();
        names.retain(|name| !name.ends_with(".lock"));
        names.sort();
        names
    }

    /// PEM of the keys that are kept beside the identity.
    fn kept_keys(&self) -> Vec<String> {
        let journals = self.names().into_iter().filter(|name| name.contains(".pending") && !name.ends_with(".tmp"));
        let journals = journals.map(|name| fs::read(self.folder().join(name)).unwrap());
        let journals = journals.map(|text| serde_json::from_slice::<Value>(&text).expect("a journal is whole"));
        let keys = |journal: Value| ["key", "serverKey"].map(|name| journal[name].as_str().map(str::to_owned));
        journals.flat_map(keys).flatten().collect()
    }
}

fn is_identity(name: &str) -> bool {
    name == "identity.json" || (name.ends_with(".tmp") && !name.contains(".pending"))
}

fn csrs_of(sent: &Seen) -> Vec<String> {
    let body: Value = serde_json::from_slice(&sent.body).expect("JSON");
    let names = ["clientCsr", "certCsr", "serverCertCsr"];
    names.iter().filter_map(|name| body[*name].as_str().map(str::to_owned)).collect()
}
