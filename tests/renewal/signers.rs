//! The certificate of a key that only a signer has.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rcgen::{KeyPair, PublicKeyData, SigningKey};
use serde_json::Value;
use tempfile::TempDir;
use ziti_edge_client::{Client, Error, Event, EventKind, Identity, KeyChoice, Signer, SigningScheme};
use ziti_edge_testkit::{Fault, TestController, Version};

use crate::support::{self, ENOUGH, seen};
use crate::{Clock, EXTEND, VERIFY, kinds, list};

const REFERENCE: &str = "test:alice";

/// A signer whose key happens to be here; it can be told to sign no certificate requests.
struct Token {
    key: KeyPair,
    locked: AtomicBool,
}

impl Signer for Token {
    fn reference(&self) -> String {
        REFERENCE.to_owned()
    }

    fn public_key(&self) -> Result<Vec<u8>, String> {
        Ok(self.key.subject_public_key_info())
    }

    fn schemes(&self) -> Vec<SigningScheme> {
        vec![SigningScheme::EcdsaP256Sha256]
    }

    fn sign(&self, _: SigningScheme, message: &[u8], _: Duration) -> Result<Vec<u8>, String> {
        // The message of a handshake begins with spaces.
        if self.locked.load(Ordering::Relaxed) && !message.starts_with(b"    ") {
            return Err("the token is locked".to_owned());
        }
        self.key.sign(message).map_err(|error| error.to_string())
    }
}

/// An identity in a file, whose key is behind a signer.
struct Scene {
    controller: TestController,
    folder: TempDir,
    signer: Arc<Token>,
    clock: Clock,
    told: Arc<Mutex<Vec<EventKind>>>,
}

impl Scene {
    fn new(version: Version) -> Self {
        let controller = support::controller(version, 2);
        let mut file: Value = serde_json::from_str(&controller.enrolled_identity_json("alice")).unwrap();
        let key = KeyPair::from_pem(file["id"]["key"].as_str().unwrap().trim_start_matches("pem:")).unwrap();
        file["id"]["key"] = REFERENCE.into();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("alice.json"), file.to_string()).unwrap();
        let signer = Arc::new(Token { key, locked: AtomicBool::new(false) });
        Self { controller, folder, signer, clock: Clock::default(), told: Arc::default() }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("alice.json")
    }

    fn client(
        &self,
        options: impl FnOnce(ziti_edge_client::ClientBuilder) -> ziti_edge_client::ClientBuilder,
    ) -> Client {
        let identity = Identity::load_with_signer(self.file(), self.signer.clone()).unwrap();
        let (clock, told) = (self.clock.clone(), Arc::clone(&self.told));
        let builder = Client::builder(&identity).timeout(ENOUGH).clock(move || clock.now());
        options(builder.on_event(move |event: &Event| told.lock().unwrap().push(event.kind))).build().unwrap()
    }

    fn text(&self, suffix: &str) -> String {
        fs::read_to_string(self.folder.path().join(format!("alice.json{suffix}"))).unwrap()
    }

    fn member(&self, name: &str) -> String {
        let file: Value = serde_json::from_str(&self.text("")).unwrap();
        file["id"][name].as_str().unwrap().to_owned()
    }
}

#[test]
fn a_signer_keeps_its_key_and_gets_a_new_certificate() {
    for version in Version::ALL {
        let scene = Scene::new(version);
        let client = scene.client(|builder| builder);
        let cert = scene.member("cert");
        for _ in 0..2 {
            let event = client.renew().unwrap();
            assert!(event.message.contains("with the same key"), "{event}");
        }
        assert_eq!(scene.member("key"), REFERENCE);
        assert_ne!(scene.member("cert"), cert);
        assert!(!scene.text("").contains("PRIVATE KEY"));
        scene.controller.expire_sessions();
        assert_eq!(list(&client).unwrap(), 2, "{version:?}");
        assert_eq!(list(&scene.client(|builder| builder)).unwrap(), 2);
    }
}

#[test]
fn a_new_key_that_is_asked_for_is_an_error_that_says_what_to_do_and_the_old_pair_goes_on() {
    let scene = Scene::new(Version::V2_0);
    let before = scene.text("");
    let client = scene.client(|builder| builder);
    client.authenticate().unwrap();
    let id = scene.controller.identity_id("alice").unwrap();
    scene.controller.request_certificate_extension(&id, true);
    for client in [&client, &scene.client(|builder| builder.always_renew_key(true))] {
        let error = client.renew().unwrap_err();
        assert!(matches!(&error, Error::Unsupported(why) if why.contains("enroll with it")), "{error:?}");
    }
    let error = client.renew_if_due().unwrap_err();
    assert!(matches!(error, Error::Unsupported(_)), "{error:?}");

    assert_eq!(kinds(&client.maintain()), [EventKind::RenewalFailed]);
    scene.clock.advance(Duration::from_secs(1800));
    assert!(!kinds(&client.maintain()).contains(&EventKind::RenewalFailed), "not each time");
    assert_eq!((scene.controller.count(EXTEND), scene.text("")), (0, before));
    scene.controller.expire_sessions();
    assert_eq!(list(&client).unwrap(), 2);
}

#[test]
fn a_renewal_makes_no_key_in_another_signer() {
    let controller = support::controller(Version::V2_0, 2);
    let other = Arc::new(Token { key: KeyPair::generate().unwrap(), locked: AtomicBool::new(false) });
    let scene =
        crate::Scene::with(controller, |builder| builder.always_renew_key(true).renewal_key(KeyChoice::Signer(other)));
    let before = scene.json();
    assert!(matches!(scene.client.renew(), Err(Error::Unsupported(_))));
    assert_eq!((scene.controller.count(EXTEND), scene.json()), (0, before));
}

#[test]
fn a_signer_that_signs_no_request_stops_the_renewal_before_anything_is_asked_for() {
    let scene = Scene::new(Version::V2_0);
    let before = scene.text("");
    let client = scene.client(|builder| builder);
    scene.signer.locked.store(true, Ordering::Relaxed);
    let error = client.renew().unwrap_err();
    assert!(error.to_string().contains("the token is locked"), "{error}");
    assert_eq!((scene.controller.count(EXTEND), scene.text("")), (0, before));
    scene.signer.locked.store(false, Ordering::Relaxed);
    client.renew().unwrap();
}

#[test]
fn a_renewal_with_a_signer_that_broke_off_comes_to_its_end_elsewhere() {
    let scene = Scene::new(Version::V1_6);
    let client = scene.client(|builder| builder);
    scene.controller.fault_times(VERIFY, Fault::Reset, 1);
    client.renew().unwrap_err();
    let kept = scene.text(".pending");
    assert!(kept.contains(REFERENCE) && !kept.contains("PRIVATE KEY"), "{kept}");
    let event = scene.client(|builder| builder).renew_if_due().unwrap().unwrap();
    assert!(event.kind == EventKind::CertificateRenewed && event.message.contains("the same key"), "{event}");
    assert_eq!(seen(&scene.controller, EXTEND).len(), 1);
    scene.controller.expire_sessions();
    assert_eq!(list(&client).unwrap(), 2, "and the first one goes on with it");
    assert!(!scene.folder.path().join("alice.json.pending").exists());
}
