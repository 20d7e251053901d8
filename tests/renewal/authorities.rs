//! The CA certificates of the network change, and nobody is locked out.

use std::net::SocketAddr;
use std::time::Duration;

use ziti_edge_client::{Client, Error, EventKind};
use ziti_edge_testkit::{Fault, ListedController, Operation, TestController, Version};

use crate::support::{answer, start};
use crate::{DAY, Scene, certificates, kinds, list};

const HOUR: Duration = Duration::from_secs(3600);

/// A controller with another CA, which knows the same identities; at the same address, if that is free.
fn rotated(from: &TestController, address: Option<SocketAddr>) -> TestController {
    let builder =
        TestController::builder().version(Version::V2_0).services(2).same_network_as(from).new_authority(true);
    start(match address {
        Some(address) => builder.address(address.to_string()),
        None => builder,
    })
}

/// What is told when maintenance is due again.
fn later(scene: &Scene, by: Duration) -> Vec<EventKind> {
    scene.clock.advance(by);
    let mut kinds = kinds(&scene.client.maintain());
    kinds.retain(|kind| *kind != EventKind::LoginRenewed);
    kinds
}

#[test]
fn the_same_certificates_are_no_change() {
    for version in Version::ALL {
        let scene = Scene::new(version);
        let before = scene.json();
        assert_eq!(kinds(&scene.client.maintain()), [EventKind::LoginRenewed]);
        assert_eq!(scene.json(), before);
    }
}

#[test]
fn a_network_changes_its_ca_and_the_client_goes_along() {
    let mut scene = Scene::new(Version::V2_0);
    let next = rotated(&scene.controller, None);
    scene.controller.announce_authorities_of(&[&scene.controller, &next]);
    assert_eq!(later(&scene, Duration::ZERO), [EventKind::CaAdded]);
    assert_eq!(certificates(&scene.member("ca")), 4, "old and new together");
    assert_eq!(later(&scene, DAY), [], "as long as the network names both, both stay");

    // The controller shows a certificate of the new CA now, and goes back once.
    let address = scene.controller.address();
    let old = std::mem::replace(&mut scene.controller, next);
    drop(old);
    let switched = rotated_like(&scene.controller, address);
    switched.announce_authorities_of(&[&switched]);
    assert_eq!(list(&scene.client).unwrap(), 2);
    assert_eq!(later(&scene, DAY), [], "the trial begins");
    assert_eq!(later(&scene, HOUR), []);
    assert_eq!(certificates(&scene.member("ca")), 4);
    assert_eq!(later(&scene, DAY), [EventKind::CaRemoved]);
    assert_eq!(certificates(&scene.member("ca")), 2);
    assert_eq!(list(&scene.client).unwrap(), 2);
    assert_eq!(list(&scene.another()).unwrap(), 2);
}

/// One more controller with the certificates of this one, at another's address.
fn rotated_like(of: &TestController, address: SocketAddr) -> TestController {
    let builder = TestController::builder().version(Version::V2_0).services(2).same_network_as(of);
    start(builder.address(address.to_string()))
}

#[test]
fn a_network_that_goes_back_to_the_old_ca_locks_nobody_out() {
    let mut scene = Scene::new(Version::V2_0);
    let old = rotated_like(&scene.controller, "127.0.0.1:0".parse().unwrap());
    let next = rotated(&scene.controller, None);
    scene.controller.announce_authorities_of(&[&next]);
    assert_eq!(later(&scene, Duration::ZERO), [EventKind::CaAdded]);
    let address = scene.controller.address();
    scene.controller = old;
    let switched = rotated_like(&next, address);
    assert_eq!(later(&scene, DAY), [], "it is tried without the old one");
    assert_eq!(list(&scene.client).unwrap(), 2);
    drop(switched);
    let back = rotated_like(&scene.controller, address);
    back.announce_authorities_of(&[&next]);
    assert_eq!(later(&scene, 2 * DAY), [], "the new one alone does not do");
    assert_eq!(list(&scene.client).unwrap(), 2);
    assert_eq!(certificates(&scene.member("ca")), 4);
    drop(back);
    let again = rotated_like(&next, address);
    assert_eq!(later(&scene, DAY), [], "the trial begins anew");
    assert_eq!(certificates(&scene.member("ca")), 4);
    drop(again);
}

#[test]
fn announced_certificates_that_verify_no_controller_remove_nothing() {
    let scene = Scene::new(Version::V2_0);
    let next = rotated(&scene.controller, None);
    scene.controller.announce_authorities_of(&[&next]);
    assert_eq!(later(&scene, Duration::ZERO), [EventKind::CaAdded]);
    for _ in 0..3 {
        assert_eq!(later(&scene, DAY), []);
    }
    assert_eq!(certificates(&scene.member("ca")), 4);
    assert_eq!(list(&scene.client).unwrap(), 2);
}

/// While it is tried whether the old certificates can go, another process adds one.
#[test]
fn what_another_process_adds_meanwhile_stays_when_the_old_ones_go() {
    let mut scene = Scene::new(Version::V2_0);
    let (next, third) = (rotated(&scene.controller, None), rotated(&scene.controller, None));
    scene.controller.announce_authorities_of(&[&next]);
    assert_eq!(later(&scene, Duration::ZERO), [EventKind::CaAdded]);
    let address = scene.controller.address();
    scene.controller = rotated_like(&next, "127.0.0.1:0".parse().unwrap());
    let switched = rotated_like(&next, address);
    assert_eq!(later(&scene, DAY), [], "the trial begins");
    let mut json = scene.json();
    let ca = format!("{}{}", scene.member("ca"), third.ca_pem());
    json["id"]["ca"] = ca.into();
    std::fs::write(scene.file(), json.to_string()).unwrap();
    assert_eq!(later(&scene, 2 * DAY), [EventKind::CaAdded, EventKind::CaRemoved], "each change is told");
    assert_eq!(certificates(&scene.member("ca")), 4, "the new ones, and those that were added");
    drop(switched);
}

/// The scene, and a client of its file with the CA of `other` in it, too, which the controller does not announce.
fn trusting(other: &TestController, scene: &Scene, controllers: &[&TestController]) -> Client {
    let mut json = scene.json();
    json["id"]["ca"] = format!("{}{}", scene.member("ca"), other.ca_pem()).into();
    json["ztAPIs"] = controllers.iter().map(|node| node.api_url()).collect();
    scene.controller.set_controllers(controllers.iter().map(|node| ListedController::of("c", node)));
    std::fs::write(scene.file(), json.to_string()).unwrap();
    scene.another()
}

fn removed(client: &Client, scene: &Scene, by: Duration) -> bool {
    scene.clock.advance(by);
    kinds(&client.maintain()).contains(&EventKind::CaRemoved)
}

#[test]
fn old_certificates_stay_while_one_controller_cannot_do_without_them() {
    let scene = Scene::new(Version::V2_0);
    let late = rotated(&scene.controller, None);
    let client = trusting(&late, &scene, &[&scene.controller, &late]);
    for _ in 0..3 {
        assert!(!removed(&client, &scene, DAY));
    }
    assert_eq!(certificates(&scene.member("ca")), 4);
    late.fault(Operation::Any, Fault::Refuse);
    assert!(!removed(&client, &scene, DAY), "the trial begins");
    assert!(removed(&client, &scene, DAY), "what cannot be reached at all holds nothing up");
}

#[test]
fn while_no_controller_answers_to_the_new_ones_alone_no_trial_begins() {
    let scene = Scene::new(Version::V2_0);
    let other = rotated(&scene.controller, None);
    let client = trusting(&other, &scene, &[&scene.controller]);
    list(&client).unwrap();
    // This client knows the version already; it is asked for on each new connection of a trial.
    scene.controller.fault(Operation::Version, Fault::Reset);
    assert!(!removed(&client, &scene, Duration::ZERO));
    assert_eq!(scene.controller.count(Operation::CaCerts), 1);
    scene.controller.clear_faults();
    assert!(!removed(&client, &scene, DAY), "it begins now");
    assert!(removed(&client, &scene, DAY));
    assert_eq!(list(&client).unwrap(), 2);
}

#[test]
fn of_a_bundle_that_is_partly_bad_the_good_is_taken_and_nothing_goes() {
    let scene = Scene::new(Version::V2_0);
    let next = rotated(&scene.controller, None);
    let own: Vec<_> = pem::parse_many(scene.member("ca")).unwrap().into_iter().map(pem::Pem::into_contents).collect();
    let new: Vec<_> = pem::parse_many(next.ca_pem()).unwrap().into_iter().map(pem::Pem::into_contents).collect();
    let bad = vec![0x30, 3, 2, 1, 5];
    scene.controller.announce_certificates([own[0].clone(), bad.clone()]);
    for _ in 0..3 {
        assert_eq!(later(&scene, DAY), [], "what is missing may be what cannot be read");
        assert_eq!(certificates(&scene.member("ca")), 2);
    }
    scene.controller.announce_certificates([bad.clone(), new[0].clone(), bad, own[1].clone(), own[1].clone()]);
    assert_eq!(later(&scene, DAY), [EventKind::CaAdded]);
    assert_eq!(certificates(&scene.member("ca")), 3);
    assert_eq!(list(&scene.client).unwrap(), 2);
}

#[test]
fn a_bundle_without_a_usable_certificate_changes_nothing() {
    let scene = Scene::new(Version::V2_0);
    let before = scene.json();
    for elements in [vec![], vec![vec![0x30, 3, 2, 1, 5]]] {
        scene.controller.announce_certificates(elements);
        assert_eq!(later(&scene, DAY), [EventKind::CaFailed]);
        assert_eq!(scene.json(), before);
    }
    assert_eq!(list(&scene.client).unwrap(), 2);
}

#[test]
fn a_bundle_that_cannot_be_read_changes_nothing() {
    let scene = Scene::new(Version::V2_0);
    let before = scene.json();
    let bundle = Operation::CaCerts;
    for fault in [Fault::EmptyBody, Fault::Html, Fault::Status(500), Fault::Truncate, answer(200, "AAAA")] {
        scene.controller.fault_times(bundle, fault.clone(), 1);
        assert_eq!(later(&scene, DAY), [EventKind::CaFailed], "{fault:?}");
        assert_eq!(scene.json(), before);
    }
}

#[test]
fn a_host_that_is_not_of_the_network_is_asked_for_nothing() {
    let mut scene = Scene::new(Version::V2_0);
    let before = scene.json();
    let address = scene.controller.address();
    let stranger = rotated(&scene.controller, None);
    let old = std::mem::replace(&mut scene.controller, stranger);
    drop(old);
    let stranger = rotated_like(&scene.controller, address);
    let maintenance = scene.client.maintain();
    assert!(maintenance.events.iter().all(|event| matches!(event.error, Some(Error::Tls { .. }))), "{maintenance:?}");
    assert_eq!((scene.json(), stranger.requests().len()), (before, 0));
}
