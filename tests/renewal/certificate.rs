//! A certificate is renewed, or stays.

use std::fs;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use ziti_edge_client::{EnrollOptions, Enrollment, Error, EventKind, Identity, KeyChoice, PrivateKey, Store};
use ziti_edge_testkit::{Fault, Operation, Version};

use crate::support::{self, answer, seen};
use crate::{Clock, DAY, EXTEND, Scene, VERIFY, certificates, client_of, kinds, list};

#[test]
fn a_certificate_is_renewed_with_the_same_key_and_its_chain_is_whole() {
    for version in Version::ALL {
        let scene = Scene::new(version);
        let (key, cert) = (scene.member("key"), scene.member("cert"));
        let event = scene.client.renew().unwrap();
        assert_eq!(event.kind, EventKind::CertificateRenewed);
        assert!(event.message.contains("the same key"), "{event}");
        assert_eq!(scene.told(), [EventKind::CertificateRenewed]);

        assert_eq!(scene.member("key"), key);
        assert_ne!(scene.member("cert"), cert);
        assert_eq!(certificates(&scene.member("cert")), 2, "{version:?}");
        assert_eq!(scene.files(), ["alice.json"], "nothing is left beside it");
        assert_eq!(
            scene.client.identity().to_json().expose(),
            Identity::load(scene.file()).unwrap().to_json().expose()
        );

        scene.controller.expire_sessions();
        assert_eq!(list(&scene.client).unwrap(), 2, "the client shows the new one");
        assert_eq!(list(&scene.another()).unwrap(), 2, "and so does whoever loads it");
    }
}

#[test]
fn the_old_certificate_is_refused_afterwards() {
    let scene = Scene::new(Version::V1_6);
    let old = Identity::from_json(&scene.json().to_string()).unwrap();
    scene.client.renew().unwrap();
    let refused = ziti_edge_client::Client::new(&old).unwrap().authenticate();
    assert!(matches!(refused, Err(Error::Rejected(_))), "{refused:?}");
}

#[test]
fn a_certificate_can_be_renewed_again_and_again() {
    let scene = Scene::new(Version::V2_0);
    for _ in 0..3 {
        scene.client.renew().unwrap();
        scene.controller.expire_sessions();
        assert_eq!(list(&scene.client).unwrap(), 2);
    }
    assert_eq!(scene.files(), ["alice.json"]);
}

#[test]
fn an_administrator_who_asks_gets_a_renewal_and_a_new_key_if_wanted() {
    for (version, key_roll) in [(Version::V1_6, false), (Version::V1_6, true), (Version::V2_0, true)] {
        let scene = Scene::new(version);
        assert!(scene.client.renew_if_due().unwrap().is_none());
        let key = scene.member("key");
        scene.controller.request_certificate_extension(&scene.id(), key_roll);
        scene.client.authenticate().unwrap();
        let event = scene.client.renew_if_due().unwrap().unwrap();
        assert_eq!(event.message.contains("a new key"), key_roll, "{event}");
        assert_eq!(scene.member("key") != key, key_roll);
        assert!(scene.client.renew_if_due().unwrap().is_none(), "once");
        assert_eq!(list(&scene.another()).unwrap(), 2);
    }
}

#[test]
fn a_new_key_is_made_of_the_kind_that_was_chosen() {
    for (choice, kind) in [(KeyChoice::P384, "ECDSA P-384"), (KeyChoice::Ed25519, "Ed25519")] {
        let controller = support::controller(Version::V2_0, 2);
        let scene = Scene::with(controller, |builder| builder.always_renew_key(true).renewal_key(choice));
        scene.client.renew().unwrap();
        assert_eq!(Identity::load(scene.file()).unwrap().describe().key_kind.as_deref(), Some(kind));
        scene.controller.expire_sessions();
        assert_eq!(list(&scene.client).unwrap(), 2);
    }
}

#[test]
fn a_certificate_is_due_when_its_end_is_near() {
    let scene = Scene::new(Version::V2_0);
    scene.clock.advance(334 * DAY);
    assert!(scene.client.renew_if_due().unwrap().is_none());
    scene.clock.advance(2 * DAY);
    assert_eq!(scene.client.renew_if_due().unwrap().unwrap().kind, EventKind::CertificateRenewed);

    let early = Scene::with(support::controller(Version::V2_0, 2), |builder| builder.renew_before(366 * DAY));
    assert!(early.client.renew_if_due().unwrap().is_none(), "a new one is never due at once");
    early.clock.advance(123 * DAY);
    assert_eq!(early.client.renew_if_due().unwrap().unwrap().kind, EventKind::CertificateRenewed);
}

#[test]
fn an_administrator_is_heard_by_a_client_that_is_logged_in_already() {
    let scene = Scene::new(Version::V2_0);
    list(&scene.client).unwrap();
    let key = scene.member("key");
    scene.controller.request_certificate_extension(&scene.id(), true);
    let event = scene.client.renew_if_due().unwrap().unwrap();
    assert!(event.message.contains("a new key"), "{event}");
    assert_ne!(scene.member("key"), key);
    assert_eq!(scene.client.renew_if_due().unwrap().map(|event| event.kind), None);
}

#[test]
fn a_certificate_of_a_third_party_is_not_renewed() {
    let scene = Scene::new(Version::V2_0);
    scene.client.authenticate().unwrap();
    // What the controller says at a login by a certificate that it did not issue.
    let mut session: Value = serde_json::json!({ "data": { "id": "s", "token": "t", "isCertExtendable": false } });
    session["data"]["authenticatorId"] = "a".into();
    scene.controller.fault_times(Operation::Authenticate, answer(200, session.to_string()), 1);
    scene.client.authenticate().unwrap();
    let before = scene.json();
    let error = scene.client.renew().unwrap_err();
    assert!(matches!(error, Error::Unsupported(_)), "{error:?}");
    assert!(scene.client.renew_if_due().unwrap().is_none());
    assert_eq!((scene.controller.count(EXTEND), scene.json()), (0, before));
}

/// That of a real third party, when its end is near: nobody is asked, and it is told why.
#[test]
fn a_certificate_of_a_third_party_that_ends_is_told_of_once_an_hour() {
    let controller = support::controller(Version::V2_0, 2);
    let authority = controller.add_authority("partner");
    let papers = authority.issue("device-1");
    let key = PrivateKey::parse(papers.key.as_bytes()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let options = EnrollOptions::new().certificate(&papers.certificate).key(KeyChoice::Existing(key));
    let options = options.store(Store::file(folder.path().join("device.json")));
    Enrollment::parse(&controller.authority_jwt(&authority)).unwrap().enroll(&options).unwrap();
    let before = fs::read(folder.path().join("device.json")).unwrap();
    let (clock, told) = (Clock::default(), Arc::default());
    let client = client_of(&folder.path().join("device.json"), &clock, &told, |builder| builder);
    assert_eq!(kinds(&client.maintain()), [EventKind::LoginRenewed]);
    clock.advance(360 * DAY);

    let error = client.renew_if_due().unwrap_err();
    assert!(matches!(&error, Error::Unsupported(why) if why.contains("did not issue it")), "{error:?}");
    for (minutes, times) in [(0, 1), (1, 0), (30, 0), (30, 1)] {
        clock.advance(Duration::from_secs(60 * minutes));
        let failed = client.maintain().events.into_iter().filter(|event| event.kind == EventKind::RenewalFailed);
        assert_eq!(failed.count(), times, "after {minutes} minutes more");
    }
    assert_eq!(controller.count(EXTEND), 0);
    assert_eq!(fs::read(folder.path().join("device.json")).unwrap(), before);
    assert_eq!(list(&client).unwrap(), 2);
}

#[test]
fn a_lost_answer_of_the_extension_leaves_the_old_certificate() {
    let scene = Scene::new(Version::V2_0);
    let before = scene.json();
    scene.controller.fault_times(EXTEND, Fault::LostAnswer, 1);
    assert!(matches!(scene.client.renew(), Err(Error::Transport { .. })));
    assert_eq!((scene.json(), scene.files()), (before, vec!["alice.json".to_owned()]));
    scene.client.authenticate().expect("the old one is in force");
    scene.client.renew().expect("and another one is issued");
    assert_eq!((scene.controller.count(EXTEND), scene.controller.count(VERIFY)), (2, 1));
}

/// It confirmed the new certificate, and the login with that meets a node that has not heard of it yet.
#[test]
fn a_node_that_learns_of_the_new_certificate_later_is_waited_for() {
    let unknown =
        || answer(401, json!({ "error": { "code": "INVALID_AUTH", "message": "m" }, "meta": {} }).to_string());
    let scene = Scene::new(Version::V2_0);
    scene.client.authenticate().unwrap();
    scene.controller.fault_times(Operation::Authenticate, unknown(), 2);
    assert_eq!(scene.client.renew().unwrap().kind, EventKind::CertificateRenewed);
    assert_eq!(scene.files(), ["alice.json"]);

    // Without a cluster there is nobody to wait for: both pairs are kept, and the next call finds the one in force.
    let scene = Scene::new(Version::V1_6);
    scene.client.authenticate().unwrap();
    scene.controller.fault_times(Operation::Authenticate, unknown(), 1);
    assert!(matches!(scene.client.renew(), Err(Error::Rejected(_))));
    assert_eq!(scene.files(), ["alice.json", "alice.json.pending"]);
    scene.controller.expire_sessions();
    assert_eq!(list(&scene.client).unwrap(), 2);
    assert_eq!((scene.told(), scene.files()), (vec![EventKind::RenewalRecovered], vec!["alice.json".to_owned()]));
}

#[test]
fn a_refused_extension_changes_nothing() {
    for status in [400, 401, 404, 409, 500, 503] {
        let scene = Scene::new(Version::V2_0);
        let before = scene.json();
        scene.controller.fault(EXTEND, Fault::Status(status));
        let error = scene.client.renew().unwrap_err();
        assert_eq!(error.answer().unwrap().status, status);
        assert_eq!((scene.json(), scene.files()), (before, vec!["alice.json".to_owned()]), "{status}");
        assert_eq!(scene.controller.count(VERIFY), 0);
        scene.controller.clear_faults();
        scene.client.authenticate().expect("the old one is the valid one");
        scene.client.renew().expect("and can be renewed");
    }
}

#[test]
fn an_answer_without_the_right_certificate_is_not_confirmed() {
    let scene = Scene::new(Version::V2_0);
    let before = scene.json();
    let own = before["id"]["cert"].as_str().unwrap().trim_start_matches("pem:").to_owned();
    let other: Value = serde_json::from_str(&scene.controller.enrolled_identity_json("bob")).unwrap();
    let other = other["id"]["cert"].as_str().unwrap().trim_start_matches("pem:").to_owned();
    let (self_signed, _) = self_signed();
    for certificate in ["", "nonsense", &other, &self_signed, &own[..own.len() / 3]] {
        let body = serde_json::json!({ "data": { "clientCert": certificate, "ca": "" } });
        scene.controller.fault_times(EXTEND, answer(200, body.to_string()), 1);
        let error = scene.client.renew().unwrap_err();
        assert!(matches!(error, Error::Identity(_)), "{certificate}: {error:?}");
    }
    assert_eq!((scene.controller.count(VERIFY), scene.json(), scene.files().len()), (0, before, 1));
}

fn self_signed() -> (String, String) {
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::default().self_signed(&key).unwrap();
    (certificate.pem(), key.serialize_pem())
}

#[test]
fn threads_that_call_meanwhile_notice_nothing() {
    let scene = Scene::new(Version::V2_0);
    list(&scene.client).unwrap();
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| {
                for _ in 0..8 {
                    assert_eq!(list(&scene.client).unwrap(), 2);
                }
            });
        }
        for _ in 0..3 {
            scene.client.renew().unwrap();
        }
    });
    assert_eq!(list(&scene.another()).unwrap(), 2);
}

#[test]
fn threads_that_renew_at_once_do_so_one_after_the_other() {
    let scene = Scene::new(Version::V1_6);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| scene.client.renew().unwrap());
        }
    });
    assert_eq!((scene.controller.count(VERIFY), scene.files().len()), (4, 1));
    assert_eq!(list(&scene.another()).unwrap(), 2);
}

#[test]
fn a_renewal_keeps_to_its_time() {
    let scene = Scene::new(Version::V2_0);
    scene.client.authenticate().unwrap();
    scene.controller.fault(EXTEND, Fault::StallBeforeAnswer);
    let error = scene.client.with_timeout(Duration::from_millis(300)).renew().unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
    assert_eq!(scene.files(), ["alice.json"]);
}

#[test]
fn maintenance_renews_what_is_due_and_tells_what_fails() {
    let scene = Scene::new(Version::V2_0);
    let first = scene.client.maintain();
    assert_eq!(kinds(&first), [EventKind::LoginRenewed]);
    scene.clock.advance(340 * DAY);
    scene.controller.fault(EXTEND, Fault::Status(500));
    let failed = scene.client.maintain();
    assert!(kinds(&failed).contains(&EventKind::RenewalFailed), "{failed:?}");
    assert!(failed.next <= Duration::from_secs(30), "{failed:?}");
    scene.controller.clear_faults();
    scene.clock.advance(Duration::from_secs(31));
    assert_eq!(kinds(&scene.client.maintain()), [EventKind::CertificateRenewed]);
    assert_eq!(seen(&scene.controller, VERIFY).len(), 1);
}
