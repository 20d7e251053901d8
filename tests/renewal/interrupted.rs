//! Renewals that break off: answers that are lost, and processes that end.

use std::fs;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use ziti_edge_client::{Client, Error, EventKind};
use ziti_edge_testkit::{Fault, Operation, Version};

use crate::support::answer;
use crate::{EXTEND, Scene, VERIFY, list};

/// The controller loses what follows the new certificate: `fault` strikes its confirmation.
fn break_off(scene: &Scene, fault: Fault) -> Error {
    scene.controller.fault(VERIFY, fault);
    let error = scene.client.with_timeout(Duration::from_secs(5)).renew().unwrap_err();
    scene.controller.clear_faults();
    error
}

fn assert_settled(scene: &Scene, client: &Client) {
    assert_eq!(scene.files(), ["alice.json"], "nothing is left beside it");
    scene.controller.expire_sessions();
    assert_eq!(list(client).unwrap(), 2);
    assert_eq!(list(&scene.another()).unwrap(), 2);
}

#[test]
fn a_lost_answer_after_the_confirmation_is_found_out_at_once() {
    for version in Version::ALL {
        let scene = Scene::new(version);
        scene.controller.fault(VERIFY, Fault::LostAnswer);
        let event = scene.client.renew().unwrap();
        assert_eq!(event.kind, EventKind::CertificateRenewed);
        scene.controller.clear_faults();
        assert_settled(&scene, &scene.client);
    }
}

#[test]
fn a_confirmation_that_did_not_arrive_is_made_up_for_by_the_next_renewal() {
    for fault in [Fault::Reset, Fault::Status(503), Fault::Status(500), Fault::CloseBeforeAnswer] {
        let scene = Scene::new(Version::V2_0);
        let cert = scene.member("cert");
        break_off(&scene, fault.clone());
        assert_eq!(scene.member("cert"), cert, "{fault:?}");
        assert_eq!(scene.files(), ["alice.json", "alice.json.pending"], "both pairs are kept");
        scene.client.authenticate().expect("the old one is in force");
        assert_eq!(scene.client.renew_if_due().unwrap().unwrap().kind, EventKind::CertificateRenewed);
        assert_eq!(scene.controller.count(EXTEND), 1, "{fault:?}: the certificate that was kept is used");
        assert_settled(&scene, &scene.client);
    }
}

#[test]
fn a_refused_confirmation_leaves_the_old_certificate_and_nothing_else() {
    let scene = Scene::new(Version::V2_0);
    let before = scene.json();
    let error = break_off(&scene, Fault::Status(400));
    assert_eq!(error.answer().unwrap().status, 400);
    assert_eq!(scene.json(), before);
    assert_settled(&scene, &scene.client);
}

/// A controller that refuses everything at the moment says nothing about which of both pairs is in force.
#[test]
fn both_pairs_are_kept_while_neither_of_them_logs_in() {
    let scene = Scene::new(Version::V1_6);
    scene.client.authenticate().unwrap();
    let refusal = json!({ "error": { "code": "INVALID_AUTH", "message": "m" }, "meta": {} });
    scene.controller.fault_times(Operation::Authenticate, answer(401, refusal.to_string()), 2);
    break_off(&scene, Fault::Status(400));
    assert_eq!(scene.files(), ["alice.json", "alice.json.pending"]);
    assert_eq!(scene.client.renew_if_due().unwrap().unwrap().kind, EventKind::CertificateRenewed);
    assert_eq!(scene.controller.count(EXTEND), 1, "the one that was kept");
    assert_settled(&scene, &scene.client);
}

/// The controller is too busy to confirm, which says that it did not.
#[test]
fn a_controller_that_is_too_busy_to_confirm_is_asked_again_with_the_same_pair() {
    let scene = Scene::new(Version::V2_0);
    break_off(&scene, Fault::Status(429));
    assert_eq!(scene.files(), ["alice.json", "alice.json.pending"]);
    assert_eq!(scene.client.renew_if_due().unwrap().unwrap().kind, EventKind::CertificateRenewed);
    assert_eq!(scene.controller.count(EXTEND), 1);
    assert_settled(&scene, &scene.client);
}

/// Puts the folder into the state that a process leaves that ends right after the confirmation.
fn end_after_confirmation(scene: &Scene) -> String {
    let old = fs::read_to_string(scene.file()).unwrap();
    break_off(scene, Fault::Reset);
    let pending = fs::read_to_string(scene.file().with_extension("json.pending")).unwrap();
    let kept: Value = serde_json::from_str(&pending).unwrap();
    scene.client.renew().unwrap();
    fs::write(scene.file(), old).unwrap();
    fs::write(scene.file().with_extension("json.pending"), pending).unwrap();
    format!("pem:{}", kept["cert"].as_str().unwrap())
}

#[test]
fn a_process_that_starts_after_a_crash_takes_the_pair_that_was_confirmed() {
    for version in Version::ALL {
        let scene = Scene::new(version);
        let renewed = end_after_confirmation(&scene);
        scene.controller.clear_requests();
        let client = scene.another().with_timeout(Duration::from_secs(10));
        assert_eq!(list(&client).unwrap_or_else(|error| panic!("{version:?}: {error:?}")), 2);
        assert_eq!(scene.member("cert"), renewed);
        assert_settled(&scene, &client);
    }
}

#[test]
fn many_threads_recover_once() {
    let scene = Scene::new(Version::V1_6);
    end_after_confirmation(&scene);
    scene.controller.clear_requests();
    let client = scene.another();
    std::thread::scope(|scope| {
        for number in 0..16 {
            let client = &client;
            // Some come when the new certificate is saved already, and not yet in use.
            scope.spawn(move || {
                thread::sleep(Duration::from_millis(number));
                assert_eq!(list(client).unwrap(), 2);
            });
        }
    });
    assert_eq!(scene.controller.count(Operation::Authenticate), 2, "the refused, the new");
    assert_settled(&scene, &client);
}

#[test]
fn the_pair_that_is_in_force_already_is_only_tidied_up() {
    let scene = Scene::new(Version::V1_6);
    end_after_confirmation(&scene);
    list(&scene.another()).unwrap();
    // The crash came between the save and the end of the sidecar.
    let pending = scene.file().with_extension("json.pending");
    let json = scene.json();
    let id = &json["id"];
    let text = |name: &str| id[name].as_str().unwrap().trim_start_matches("pem:").to_owned();
    let kept = serde_json::json!({ "version": 1, "replaces": "00", "key": text("key"), "cert": text("cert") });
    fs::write(&pending, kept.to_string()).unwrap();
    let client = scene.another();
    assert_eq!(client.renew_if_due().unwrap().unwrap().kind, EventKind::RenewalRecovered);
    assert_eq!(scene.json(), json);
    assert_settled(&scene, &client);
}

#[test]
fn what_else_lies_beside_the_identity_is_left_alone() {
    let scene = Scene::new(Version::V2_0);
    let pending = scene.file().with_extension("json.pending");
    let stranger = Scene::new(Version::V2_0);
    break_off(&stranger, Fault::Reset);
    let foreign = fs::read_to_string(stranger.file().with_extension("json.pending")).unwrap();
    let enrollment = r#"{"version":1,"token":"f","key":"-----BEGIN PRIVATE KEY-----","csr":"c"}"#;
    for text in ["", "nonsense", "[]", "{}", enrollment, &foreign] {
        fs::write(&pending, text).unwrap();
        assert!(scene.client.renew_if_due().unwrap().is_none(), "{text}");
        scene.client.renew().unwrap();
        let aside = scene.file().with_extension("json.pending.1");
        assert_eq!(fs::read_to_string(&aside).unwrap(), text, "it is moved aside, not lost");
        fs::remove_file(aside).unwrap();
    }
    assert_settled(&scene, &scene.client);
}

#[test]
fn what_a_newer_version_keeps_there_is_told_and_left_alone() {
    let scene = Scene::new(Version::V2_0);
    let (before, pending) = (scene.json(), scene.file().with_extension("json.pending"));
    for text in [r#"{"version":2,"pair":"sealed"}"#, r#"{"version":99,"replaces":"1","key":"k","cert":"c"}"#] {
        for name in ["json.pending", "json.pending.7"] {
            let sidecar = scene.file().with_extension(name);
            fs::write(&sidecar, text).unwrap();
            for error in [scene.client.renew().unwrap_err(), scene.client.renew_if_due().unwrap_err()] {
                let message = error.to_string();
                assert!(matches!(error, Error::Identity(_)) && message.contains(name), "{message}");
                assert!(message.contains("a newer version of this library"), "{message}");
            }
            assert_eq!(fs::read_to_string(&sidecar).unwrap(), text);
            assert_eq!((scene.controller.count(EXTEND), scene.json()), (0, before.clone()));
            fs::remove_file(sidecar).unwrap();
        }
    }
    for text in [r#"{"version":1}"#, r#"{"version":"2"}"#, r#"{"version":null}"#, r#"{"version":-2}"#] {
        fs::write(&pending, text).unwrap();
        scene.client.renew_if_due().expect("no version that is known to be newer");
    }
    fs::remove_file(pending).unwrap();
    assert_settled(&scene, &scene.client);
}

/// Nobody is locked out by it: the old pair is in force, and another is issued.
#[test]
fn a_kept_pair_that_cannot_be_used_is_moved_aside() {
    let pairs = [
        |kept: &mut Value| kept["cert"] = "nonsense".into(),
        |kept: &mut Value| kept["key"] = "test:elsewhere".into(),
        |kept: &mut Value| kept["key"] = rcgen::KeyPair::generate().unwrap().serialize_pem().into(),
    ];
    for spoil in pairs {
        let scene = Scene::new(Version::V2_0);
        break_off(&scene, Fault::Reset);
        let pending = scene.file().with_extension("json.pending");
        let mut kept: Value = serde_json::from_slice(&fs::read(&pending).unwrap()).unwrap();
        spoil(&mut kept);
        fs::write(&pending, kept.to_string()).unwrap();
        assert_eq!(scene.client.renew().unwrap().kind, EventKind::CertificateRenewed);
        assert_eq!(scene.controller.count(EXTEND), 2);
        let aside = scene.file().with_extension("json.pending.1");
        assert_eq!(fs::read_to_string(&aside).unwrap(), kept.to_string());
        fs::remove_file(aside).unwrap();
        assert_settled(&scene, &scene.client);
    }
}

/// Another renewal was begun elsewhere meanwhile, so the controller knows nothing of the pair that is kept.
#[test]
fn a_kept_pair_that_was_overtaken_is_given_up_and_another_is_issued() {
    let scene = Scene::new(Version::V2_0);
    break_off(&scene, Fault::Reset);
    let before = scene.json();
    scene.controller.fault_times(VERIFY, Fault::Status(400), 1);
    assert_eq!(scene.client.renew_if_due().unwrap_err().answer().unwrap().status, 400);
    assert_eq!((scene.json(), scene.files()), (before, vec!["alice.json".to_owned()]));
    scene.client.renew().unwrap();
    assert_settled(&scene, &scene.client);
}
