//! Where a renewed identity is kept: files, hooks, and nothing; and who else changes it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ziti_edge_client::{Client, Error, Event, EventKind, Identity, Store};
use ziti_edge_testkit::{Fault, ListedController, TestController, Version};

use crate::support::{self, ENOUGH, controller, start};
use crate::{Clock, DAY, EXTEND, Scene, VERIFY, kinds, list};

#[test]
fn of_two_processes_one_renews_and_the_other_goes_on() {
    for version in Version::ALL {
        let scene = Scene::new(version);
        let other = scene.another();
        list(&other).unwrap();
        scene.client.renew().unwrap();
        assert_eq!(list(&other).unwrap(), 2, "its session stays");
        scene.controller.expire_sessions();
        let began = Instant::now();
        assert_eq!(list(&other).unwrap(), 2, "{version:?}");
        assert!(began.elapsed() < Duration::from_secs(5), "no node of a cluster is waited for: {:?}", began.elapsed());
        let cert = |client: &Client| client.identity().describe().certificate.unwrap().serial;
        assert_eq!(cert(&other), cert(&scene.client));
    }
}

#[test]
fn a_process_that_comes_second_takes_the_certificate_that_the_first_got() {
    let scene = Scene::new(Version::V2_0);
    let other = scene.another();
    list(&other).unwrap();
    scene.client.renew().unwrap();
    assert_eq!(other.renew().unwrap().kind, EventKind::CertificateReloaded);
    assert_eq!(scene.controller.count(EXTEND), 1);
}

#[test]
fn processes_that_renew_at_once_do_not_lose_the_identity() {
    let scene = Scene::new(Version::V1_6);
    let others: Vec<Client> = (0..4).map(|_| scene.another()).collect();
    others.iter().for_each(|client| drop(client.authenticate().unwrap()));
    std::thread::scope(|scope| {
        for client in &others {
            scope.spawn(|| client.renew().unwrap());
        }
    });
    scene.controller.expire_sessions();
    assert_eq!(list(&scene.another()).unwrap(), 2);
    assert_eq!(scene.files(), ["alice.json"]);
    assert!(others.iter().all(|client| list(client).unwrap() == 2));
}

#[test]
fn what_another_process_wrote_into_the_file_stays() {
    let scene = Scene::new(Version::V2_0);
    let mut json = scene.json();
    json["theirs"] = "kept".into();
    fs::write(scene.file(), json.to_string()).unwrap();
    scene.client.renew().unwrap();
    assert_eq!(scene.json()["theirs"], "kept");
}

/// Its certificate was replaced since, so it logs in no more; the client that runs has the one that does.
#[test]
fn an_old_copy_of_the_file_that_is_restored_locks_nobody_out() {
    let scene = Scene::new(Version::V2_0);
    let copy = fs::read(scene.file()).unwrap();
    // Certificates are dated to the second.
    scene.controller.advance(Duration::from_secs(5));
    scene.client.renew().unwrap();
    fs::write(scene.file(), copy).unwrap();
    let stale = scene.member("cert");
    let other = start(TestController::builder().version(Version::V2_0).services(2).same_network_as(&scene.controller));
    scene.controller.set_controllers([&scene.controller, &other].map(|node| ListedController::of("c", node)));
    assert!(kinds(&scene.client.maintain()).contains(&EventKind::ControllersChanged));
    assert_eq!(scene.member("cert"), stale, "what is in the file is another's business");
    scene.controller.expire_sessions();
    assert_eq!(list(&scene.client).unwrap(), 2, "but what is in use stays");

    scene.client.renew().unwrap();
    scene.controller.expire_sessions();
    assert_eq!((list(&scene.client).unwrap(), list(&scene.another()).unwrap()), (2, 2));
    assert_eq!((scene.files(), scene.another().identity().controllers().count()), (vec!["alice.json".to_owned()], 2));
}

#[test]
fn the_file_of_somebody_else_is_neither_used_nor_overwritten() {
    let scene = Scene::new(Version::V2_0);
    let own = scene.json();
    let mut bob: serde_json::Value = serde_json::from_str(&scene.controller.enrolled_identity_json("bob")).unwrap();
    // Newer than the one in use, and refused.
    scene.controller.remove_identity(&scene.controller.identity_id("bob").unwrap());
    bob["ztAPI"] = own["ztAPI"].clone();
    fs::write(scene.file(), bob.to_string()).unwrap();
    for error in [scene.client.renew().unwrap_err(), scene.client.renew().unwrap_err()] {
        assert!(matches!(&error, Error::Identity(why) if why.contains("another certificate")), "{error:?}");
    }
    assert_eq!((scene.controller.count(EXTEND), scene.json()), (0, bob));
    assert_eq!(list(&scene.client).unwrap(), 2);
}

#[test]
fn a_folder_that_cannot_be_written_is_noticed_before_anything_is_asked_for() {
    let scene = Scene::new(Version::V2_0);
    let before = scene.json();
    let mode = |mode| fs::set_permissions(scene.folder.path(), fs::Permissions::from_mode(mode)).unwrap();
    mode(0o500);
    if fs::write(scene.folder.path().join("probe"), "").is_ok() {
        // Root may write everywhere; a link in place of the file is refused for everybody.
        mode(0o700);
        fs::remove_file(scene.folder.path().join("probe")).unwrap();
        let elsewhere = scene.folder.path().join("real.json");
        fs::rename(scene.file(), &elsewhere).unwrap();
        std::os::unix::fs::symlink(&elsewhere, scene.file()).unwrap();
    }
    let error = scene.client.renew().unwrap_err();
    assert!(matches!(error, Error::Storage { .. } | Error::Identity(_)), "{error:?}");
    mode(0o700);
    assert_eq!((scene.controller.count(EXTEND), scene.json()), (0, before));
}

#[test]
fn a_client_without_a_store_is_not_renewed() {
    let controller = controller(Version::V2_0, 2);
    let client = support::client(&controller);
    let error = client.renew().unwrap_err();
    assert!(matches!(&error, Error::InvalidArgument(message) if message.contains("store")), "{error:?}");
    assert_eq!(controller.count(EXTEND), 0);
    assert_eq!(client.renew_if_due().unwrap().map(|event| event.kind), None);
}

/// What a save hook was given, and whether it takes it.
#[derive(Clone, Default)]
struct Vault {
    texts: Arc<Mutex<Vec<String>>>,
    refuses: Arc<Mutex<Vec<bool>>>,
    told: Arc<Mutex<Vec<(EventKind, bool)>>>,
}

impl Vault {
    fn store(&self) -> Store {
        let vault = self.clone();
        Store::hook(move |text, _| {
            let mut refuses = vault.refuses.lock().unwrap();
            if !refuses.is_empty() && refuses.remove(0) {
                return Err("the vault is closed".to_owned());
            }
            vault.texts.lock().unwrap().push(text.expose().to_owned());
            Ok(())
        })
    }

    fn last(&self) -> String {
        self.texts.lock().unwrap().last().unwrap().clone()
    }

    fn client(&self, json: &str) -> Client {
        let (identity, told) = (Identity::from_json(json).unwrap(), Arc::clone(&self.told));
        let tell = move |event: &Event| told.lock().unwrap().push((event.kind, event.error.is_some()));
        Client::builder(&identity).store(self.store()).timeout(ENOUGH).on_event(tell).build().unwrap()
    }

    /// What was told since it was asked last, and whether with an error.
    fn told(&self) -> Vec<(EventKind, bool)> {
        std::mem::take(&mut *self.told.lock().unwrap())
    }

    fn refuse(&self, refuses: &[bool]) {
        *self.refuses.lock().unwrap() = refuses.to_vec();
    }

    fn saves(&self) -> usize {
        self.texts.lock().unwrap().len()
    }
}

#[test]
fn a_hook_is_given_both_pairs_and_then_the_new_one() {
    let controller = controller(Version::V2_0, 2);
    let vault = Vault::default();
    let client = vault.client(&controller.enrolled_identity_json("alice"));
    client.renew().unwrap();
    let texts = vault.texts.lock().unwrap().clone();
    assert_eq!(texts.len(), 2);
    assert!(texts[0].contains("\"renewal\"") && !texts[1].contains("\"renewal\""));
    controller.expire_sessions();
    // A crash between the two: what the hook has is enough.
    let recovered = vault.client(&texts[0]).with_timeout(Duration::from_secs(2));
    assert_eq!(list(&recovered).unwrap(), 2);
    assert!(!vault.last().contains("\"renewal\""));
    assert_eq!(list(&vault.client(&vault.last())).unwrap(), 2);
}

#[test]
fn a_hook_that_refuses_the_first_time_stops_the_renewal() {
    let controller = controller(Version::V2_0, 2);
    let vault = Vault::default();
    let client = vault.client(&controller.enrolled_identity_json("alice"));
    vault.refuses.lock().unwrap().push(true);
    let error = client.renew().unwrap_err();
    assert!(error.to_string().contains("the vault is closed"), "{error}");
    assert_eq!(controller.count(VERIFY), 0);
    client.authenticate().expect("the old one is in force");
}

#[test]
fn a_hook_that_refuses_the_second_time_is_asked_again() {
    let controller = controller(Version::V2_0, 2);
    let vault = Vault::default();
    let client = vault.client(&controller.enrolled_identity_json("alice"));
    vault.refuses.lock().unwrap().extend([false, true]);
    let error = client.renew().unwrap_err();
    assert!(error.to_string().contains("the vault is closed"), "{error}");
    assert_eq!(vault.told(), [(EventKind::CertificateRenewed, true)], "what is in use is told");
    controller.expire_sessions();
    assert_eq!(list(&client).unwrap(), 2, "the new one is used, as nothing else logs in");
    assert_eq!(client.renew_if_due().unwrap().unwrap().kind, EventKind::RenewalRecovered);
    assert_eq!(list(&vault.client(&vault.last())).unwrap(), 2);
    assert!(client.renew_if_due().unwrap().is_none());
}

/// The process ended after the confirmation, and what it left cannot be saved at first.
#[test]
fn a_pair_that_is_recovered_and_not_saved_is_used_and_saved_later() {
    let controller = controller(Version::V2_0, 2);
    let vault = Vault::default();
    vault.refuse(&[false, true]);
    vault.client(&controller.enrolled_identity_json("alice")).renew().unwrap_err();
    let left = vault.last();
    controller.expire_sessions();
    vault.told();

    vault.refuse(&[true, true]);
    let client = vault.client(&left).with_timeout(Duration::from_secs(5));
    assert_eq!(list(&client).unwrap(), 2);
    assert_eq!(vault.told(), [(EventKind::RenewalRecovered, true)]);
    assert!(client.renew_if_due().unwrap_err().to_string().contains("the vault is closed"));
    assert_eq!(client.renew_if_due().unwrap().unwrap().kind, EventKind::RenewalRecovered);
    assert_eq!(vault.told(), [(EventKind::RenewalRecovered, false)]);
    assert_eq!(list(&vault.client(&vault.last())).unwrap(), 2);
    assert!(client.renew_if_due().unwrap().is_none());
}

#[test]
fn each_change_is_one_save_and_one_that_is_refused_is_tried_again() {
    let controller = controller(Version::V2_0, 2);
    let start = || start(TestController::builder().version(Version::V2_0).services(2).same_network_as(&controller));
    let (other, vault, clock) = (start(), Vault::default(), Clock::default());
    let identity = Identity::from_json(&controller.enrolled_identity_json("alice")).unwrap();
    let now = clock.clone();
    let builder = Client::builder(&identity).store(vault.store()).timeout(ENOUGH).clock(move || now.now());
    let client = builder.chance(|| 0.0).build().unwrap();
    assert_eq!((kinds(&client.maintain()), vault.saves()), (vec![EventKind::LoginRenewed], 0));

    controller.set_controllers([&controller, &other].map(|node| ListedController::of("c", node)));
    let next = TestController::builder().version(Version::V2_0).same_network_as(&controller).new_authority(true);
    let next = next.start().unwrap();
    controller.announce_authorities_of(&[&controller, &next]);
    clock.advance(DAY);
    vault.refuse(&[true, true]);
    let mut failed = kinds(&client.maintain());
    failed.retain(|kind| *kind != EventKind::LoginRenewed);
    assert_eq!((failed, vault.saves()), (vec![EventKind::ControllersFailed, EventKind::CaFailed], 0));
    assert_eq!(client.identity().to_json().expose(), identity.to_json().expose(), "what is not saved is not used");

    clock.advance(Duration::from_secs(31));
    assert_eq!(kinds(&client.maintain()), [EventKind::ControllersChanged, EventKind::CaAdded]);
    assert_eq!(vault.saves(), 2, "one for each");
    let saved = Identity::from_json(&vault.last()).unwrap();
    assert_eq!(saved.to_json().expose(), client.identity().to_json().expose());
    assert_eq!(saved.controllers().count(), 2);
    clock.advance(DAY);
    client.maintain();
    assert_eq!(vault.saves(), 2, "and none without a change");
}

#[test]
fn a_hook_is_told_of_a_pair_of_a_newer_version() {
    let controller = controller(Version::V2_0, 2);
    let mut json: serde_json::Value = serde_json::from_str(&controller.enrolled_identity_json("alice")).unwrap();
    json["renewal"] = serde_json::json!({ "version": 2, "sealed": "x" });
    let vault = Vault::default();
    let client = vault.client(&json.to_string());
    let error = client.renew().unwrap_err();
    assert!(error.to_string().contains("a newer version of this library"), "{error}");
    assert_eq!((controller.count(EXTEND), vault.saves()), (0, 0));
    assert_eq!(list(&client).unwrap(), 2);
}

#[test]
fn a_hook_keeps_the_pair_whose_confirmation_was_lost() {
    let controller = controller(Version::V2_0, 2);
    let vault = Vault::default();
    let client = vault.client(&controller.enrolled_identity_json("alice"));
    controller.fault_times(VERIFY, Fault::Reset, 1);
    client.renew().unwrap_err();
    assert_eq!(client.renew_if_due().unwrap().unwrap().kind, EventKind::CertificateRenewed);
    assert_eq!(controller.count(EXTEND), 1);
    assert_eq!(list(&vault.client(&vault.last())).unwrap(), 2);
}

#[test]
fn a_hook_is_given_the_identity_without_a_pair_that_was_refused() {
    let controller = controller(Version::V2_0, 2);
    let vault = Vault::default();
    let client = vault.client(&controller.enrolled_identity_json("alice"));
    controller.fault_times(VERIFY, Fault::Status(400), 1);
    client.renew().unwrap_err();
    assert_eq!((vault.saves(), vault.last().contains("\"renewal\"")), (2, false));
    assert_eq!(vault.last(), client.identity().to_json().expose());
    assert!(client.renew_if_due().unwrap().is_none(), "nothing is left to be finished");
}

#[test]
fn a_hook_that_maintains_from_inside_does_nothing() {
    let controller = controller(Version::V2_0, 2);
    let inside: Arc<Mutex<Option<Client>>> = Arc::default();
    let outcomes: Arc<Mutex<Vec<usize>>> = Arc::default();
    let (client_inside, seen) = (Arc::clone(&inside), Arc::clone(&outcomes));
    let store = Store::hook(move |_, _| {
        let client = client_inside.lock().unwrap().clone().unwrap();
        seen.lock().unwrap().push(client.maintain().events.len());
        Ok(())
    });
    let identity = Identity::from_json(&controller.enrolled_identity_json("alice")).unwrap();
    let client = Client::builder(&identity).store(store).timeout(ENOUGH).build().unwrap();
    *inside.lock().unwrap() = Some(client.clone());
    client.renew().unwrap();
    assert_eq!(*outcomes.lock().unwrap(), [0, 0]);
    *inside.lock().unwrap() = None;
}

#[test]
fn a_hook_that_renews_from_inside_is_told_so() {
    let controller = controller(Version::V2_0, 2);
    let inside: Arc<Mutex<Option<Client>>> = Arc::default();
    let outcome: Arc<Mutex<Option<Error>>> = Arc::default();
    let (client_inside, seen) = (Arc::clone(&inside), Arc::clone(&outcome));
    let store = Store::hook(move |_, _| {
        let client = client_inside.lock().unwrap().clone().unwrap();
        *seen.lock().unwrap() = client.renew().err();
        Ok(())
    });
    let identity = Identity::from_json(&controller.enrolled_identity_json("alice")).unwrap();
    let client = Client::builder(&identity).store(store).timeout(ENOUGH).build().unwrap();
    *inside.lock().unwrap() = Some(client.clone());
    client.renew().unwrap();
    assert!(matches!(outcome.lock().unwrap().take(), Some(Error::InvalidArgument(_))));
    *inside.lock().unwrap() = None;
}
