//! Keys behind a signer, when all goes well.

use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::Duration;

use ziti_edge_client::api::services::ServiceQuery;
use ziti_edge_client::{Client, EnrollOptions, Enrollment, Identity, KeyChoice};
use ziti_edge_testkit::{Fault, Operation, Version};

use crate::scripted::{REFERENCE, Scripted};
use crate::{Scene, key_of, log_in};

#[test]
fn a_signer_enrolls_and_logs_in() {
    for version in Version::ALL {
        let (scene, signer) = (Scene::of(version), Arc::new(Scripted::new()));
        let enrolled = scene.enroll(KeyChoice::Signer(signer.clone())).unwrap();
        assert_eq!(signer.calls(), 1, "for the certificate request");
        assert_eq!(scene.files(), ["alice.json"]);
        assert_eq!(key_of(enrolled.to_json().expose()), REFERENCE);

        let loaded = Identity::load_with_signer(scene.path(), signer.clone()).unwrap();
        let read = Identity::from_json_with_signer(enrolled.to_json().expose(), signer.clone()).unwrap();
        for (at, identity) in [enrolled, loaded, read].into_iter().enumerate() {
            let client = Client::new(&identity).unwrap();
            assert_eq!(client.services().list(&ServiceQuery::new()).unwrap().len(), 2, "{version:?}");
            assert!(signer.calls() >= at + 2, "it proves the key in each handshake");
        }
        assert!(scene.controller.requests().iter().any(|seen| seen.peer_has_certificate));
    }
}

#[test]
fn a_signer_is_told_what_is_left_of_the_time() {
    let (scene, signer) = (Scene::new(), Arc::new(Scripted::new()));
    let told = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&told);
    signer.first(move |left| {
        log.lock().unwrap().push(left);
        Ok(())
    });
    let token = Enrollment::parse(&scene.controller.create_identity("alice")).unwrap();
    let options = EnrollOptions::new().key(KeyChoice::Signer(signer)).timeout(Duration::from_secs(300));
    let identity = token.enroll(&options).unwrap();
    Client::builder(&identity).timeout(Duration::from_secs(7)).build().unwrap().authenticate().unwrap();

    let told = told.lock().unwrap();
    assert!(told[0] <= Duration::from_secs(300) && told[0] > Duration::from_secs(200), "{told:?}");
    assert!(told.len() > 1 && told[1..].iter().all(|left| *left <= Duration::from_secs(7)), "{told:?}");
    assert!(told[1..].iter().all(|left| *left > Duration::from_secs(1)), "{told:?}");
}

#[test]
fn several_threads_sign_at_once() {
    const THREADS: usize = 4;
    let (scene, signer) = (Scene::new(), Arc::new(Scripted::new()));
    let identity = scene.enroll(KeyChoice::Signer(signer.clone())).unwrap();
    let barrier = Arc::new(Barrier::new(THREADS));
    // Passed only by as many as there are threads: a lock around the signer would let no one through.
    signer.first(move |_| {
        barrier.wait();
        Ok(())
    });
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let client = Client::builder(&identity).timeout(Duration::from_secs(20)).build().unwrap();
                client.controller().version().unwrap();
            });
        }
    });
}

#[test]
fn a_signer_may_use_the_library_itself() {
    let (scene, signer) = (Scene::new(), Arc::new(Scripted::new()));
    let identity = scene.enroll(KeyChoice::Signer(signer.clone())).unwrap();
    let other = Identity::from_json(&scene.controller.enrolled_identity_json("bob")).unwrap();
    signer.first(move |_| log_in(&other).map(drop).map_err(|error| error.to_string()));
    log_in(&identity).unwrap();
}

/// What is kept beside the file after the certificate was issued names the signer, and only it can go on from there.
#[test]
fn an_interrupted_enrollment_goes_on_with_the_same_signer_only() {
    let (scene, signer) = (Scene::new(), Arc::new(Scripted::new()));
    let jwt = scene.controller.create_identity("alice");
    let pending = scene.path().with_extension("json.pending");
    // An answer without a certificate keeps what was kept before the request; the token is still good here.
    let empty = Fault::Body { status: 200, content_type: "application/json".into(), body: b"{}".to_vec() };
    scene.controller.fault_times(Operation::Enroll, empty, 1);
    scene.redeem(&jwt, KeyChoice::Signer(signer.clone())).unwrap_err();
    let mut kept: serde_json::Value = serde_json::from_slice(&std::fs::read(&pending).unwrap()).unwrap();
    assert_eq!(kept["key"], REFERENCE, "the reference and no key");
    std::fs::remove_file(&pending).unwrap();

    let enrolled = scene.redeem(&jwt, KeyChoice::Signer(signer.clone())).unwrap();
    let file: serde_json::Value = serde_json::from_str(enrolled.to_json().expose()).unwrap();
    kept["cert"] = file["id"]["cert"].as_str().unwrap().trim_start_matches("pem:").into();
    std::fs::remove_file(scene.path()).unwrap();
    std::fs::write(&pending, kept.to_string()).unwrap();

    let error = scene.redeem(&jwt, KeyChoice::P256).unwrap_err().to_string();
    assert!(error.contains("belongs to another key than the one to enroll with"), "{error}");
    let error = scene.redeem(&jwt, KeyChoice::Signer(Arc::new(Scripted::new()))).unwrap_err().to_string();
    assert!(error.contains("is for another key"), "{error}");
    log_in(&scene.redeem(&jwt, KeyChoice::Signer(signer)).unwrap()).unwrap();
    assert_eq!(scene.controller.count(Operation::Enroll), 2, "no further request");
}
