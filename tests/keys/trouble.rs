//! Signers that fail: the caller reads why, nothing is spent, nothing else takes the key's place.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use rcgen::{KeyPair, PublicKeyData};
use ziti_edge_client::{Client, Error, Identity, KeyChoice};
use ziti_edge_testkit::{Operation, TestController};

use crate::scripted::Scripted;
use crate::{Scene, log_in};

fn failing(why: &'static str) -> Arc<Scripted> {
    let signer = Arc::new(Scripted::new());
    signer.first(move |_| Err(why.to_owned()));
    signer
}

fn words(error: &Error) -> &str {
    match error {
        Error::Identity(words) => words,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_signer_that_fails_spends_no_token_and_leaves_no_file() {
    let scene = Scene::new();
    let jwt = scene.controller.create_identity("alice");
    let error = scene.redeem(&jwt, KeyChoice::Signer(failing("the token was pulled out"))).unwrap_err();
    assert_eq!(words(&error), "signer test:alice: the token was pulled out");
    assert_eq!((scene.controller.count(Operation::Enroll), scene.files().len()), (0, 0));
    scene.redeem(&jwt, KeyChoice::P256).expect("the token is not spent");
}

#[test]
fn a_signer_with_another_public_key_spends_no_token() {
    let scene = Scene::new();
    let mut signer = Scripted::new();
    signer.public_key = Some(KeyPair::generate().unwrap().subject_public_key_info());
    let error = scene.enroll(KeyChoice::Signer(Arc::new(signer))).unwrap_err();
    assert!(words(&error).contains("does not fit its public key"), "{error}");
    assert_eq!((scene.controller.count(Operation::Enroll), scene.files().len()), (0, 0));
}

#[test]
fn a_login_fails_with_the_words_of_the_signer_and_works_again_with_it() {
    let (scene, signer) = (Scene::new(), Arc::new(Scripted::new()));
    let identity = scene.enroll(KeyChoice::Signer(signer.clone())).unwrap();
    let client = Client::new(&identity).unwrap();
    signer.first(|_| Err("the PIN is locked".to_owned()));
    for _ in 0..2 {
        let error = client.authenticate().unwrap_err();
        assert_eq!(words(&error), "signer test:alice: the PIN is locked");
        assert!(!error.is_retryable() && error.stage().is_none());
    }
    assert_eq!(scene.controller.count(Operation::Authenticate), 0);
    signer.first(|_| Ok(()));
    client.authenticate().unwrap();
}

#[test]
fn a_signer_that_panics_is_an_error_and_poisons_nothing() {
    let (scene, signer) = (Scene::new(), Arc::new(Scripted::new()));
    let identity = scene.enroll(KeyChoice::Signer(signer.clone())).unwrap();
    let client = Client::new(&identity).unwrap();
    signer.first(|_| panic!("as the test wants it"));
    let error = client.authenticate().unwrap_err();
    assert_eq!(words(&error), "signer test:alice: it panicked when it was to sign");
    signer.first(|_| Ok(()));
    client.authenticate().unwrap();
}

#[test]
fn a_signer_that_fails_is_no_reason_to_ask_another_controller() {
    let (scene, signer) = (Scene::new(), Arc::new(Scripted::new()));
    let identity = scene.enroll(KeyChoice::Signer(signer.clone())).unwrap();
    let other = TestController::builder().same_network_as(&scene.controller).start().unwrap();
    let mut file: serde_json::Value = serde_json::from_str(identity.to_json().expose()).unwrap();
    file["ztAPIs"] = serde_json::json!([scene.controller.api_url(), other.api_url()]);
    let identity = Identity::from_json_with_signer(&file.to_string(), signer.clone()).unwrap();
    // Chance decides which of the two is asked.
    let connections = || scene.controller.connections() + other.connections();
    let before = (signer.calls(), connections());
    signer.first(|_| Err("no".to_owned()));
    words(&log_in(&identity).unwrap_err());
    assert_eq!((signer.calls() - before.0, connections() - before.1), (1, 1));
}

#[test]
fn a_slow_signer_is_waited_for_and_then_the_time_is_over() {
    let (scene, signer) = (Scene::new(), Arc::new(Scripted::new()));
    let identity = scene.enroll(KeyChoice::Signer(signer.clone())).unwrap();
    signer.first(|left| {
        std::thread::sleep(left + Duration::from_millis(20));
        Ok(())
    });
    let client = Client::builder(&identity).timeout(Duration::from_millis(400)).build().unwrap();
    let began = Instant::now();
    let error = client.authenticate().unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

#[test]
fn no_error_and_no_log_tells_what_follows_the_question_mark_of_a_reference() {
    let scene = Scene::new();
    let identity = scene.enroll(KeyChoice::Signer(Arc::new(Scripted::new()))).unwrap();
    let errors = [
        Identity::load(scene.path()).unwrap_err(),
        Identity::load_with_signer(scene.path(), Arc::new(Scripted::new())).unwrap_err(),
    ];
    let shown = format!("{errors:?} {} {} {identity:?}", errors[0], errors[1]);
    assert!(shown.contains("test:alice") && !shown.contains("canary"), "{shown}");
}

#[test]
fn a_signer_that_comes_back_to_its_own_client_is_refused_and_may_use_another_one() {
    let (scene, signer) = (Scene::new(), Arc::new(Scripted::new()));
    let identity = scene.enroll(KeyChoice::Signer(signer.clone())).unwrap();
    let saved = {
        let first = Client::new(&identity).unwrap();
        first.authenticate().unwrap();
        first.save_session().unwrap()
    };
    // A client that has a login, and a handshake before it.
    let client = Client::new(&identity).unwrap();
    client.resume_session(&saved).unwrap();
    let another = Client::new(&Identity::from_json(&scene.controller.enrolled_identity_json("bob")).unwrap()).unwrap();
    let own: Arc<OnceLock<Client>> = Arc::default();
    own.set(client.clone()).unwrap();
    signer.first(move |_| {
        let own = own.get().unwrap();
        match own.current_identity().get() {
            Err(Error::InvalidArgument(why)) if why.contains("from inside of a callback") => {}
            other => return Err(format!("{other:?}")),
        }
        assert!(own.status().last_error.is_some());
        another.current_identity().get().map(drop).map_err(|error| error.to_string())
    });
    assert_eq!(client.current_identity().get().unwrap().name.as_deref(), Some("alice"));
    assert_eq!(signer.calls(), 3, "one for each of the enrollment, the first and the second client");
}
