//! Processes that use one identity at the same time, and one that trusts more than its network.

use std::fs;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;
use ziti_edge_testkit::{Fault, ListedController, Operation, TestController, Version};

use crate::Story;
use crate::job::{Job, SYSTEM};

pub(crate) const PLAIN: &[(&str, Story)] = &[
    ("of_two_processes_one_renews_and_the_other_goes_on", of_two_processes_one_renews_and_the_other_goes_on),
    ("processes_that_renew_at_once_all_go_on_with_one_certificate", processes_that_renew_at_once_all_go_on),
    ("what_a_killed_process_had_issued_is_finished_by_another", what_a_killed_process_had_issued_is_finished),
    ("processes_that_take_over_changes_at_once_lose_none", processes_that_take_over_changes_at_once_lose_none),
    ("a_host_that_only_the_system_vouches_for_changes_no_identity", a_host_that_only_the_system_vouches_for),
    ("who_trusts_the_system_too_takes_changes_from_its_network", who_trusts_the_system_too_takes_changes),
];

const EXTEND: Operation = Operation::Named("extendCurrentIdentityAuthenticator");
const VERIFY: Operation = Operation::Named("extendVerifyCurrentIdentityAuthenticator");

fn builder(version: Version) -> ziti_edge_testkit::Builder {
    TestController::builder().version(version).services(2)
}

/// A folder with an identity, and its controller.
struct Place {
    controller: TestController,
    folder: TempDir,
}

impl Place {
    fn new(version: Version) -> Self {
        let (controller, folder) = (builder(version).start().unwrap(), tempfile::tempdir().unwrap());
        fs::write(folder.path().join("alice.json"), controller.enrolled_identity_json("alice")).unwrap();
        Self { controller, folder }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("alice.json")
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&fs::read(self.file()).unwrap()).unwrap()
    }

    fn peer(&self) -> Peer {
        Peer::start(Job::Serve(&self.file(), "").command())
    }

    /// A process that trusts the system's roots, which are those of `vouching`.
    fn trusting_peer(&self, vouching: &TestController) -> Peer {
        let roots = self.folder.path().join("roots.pem");
        fs::write(&roots, vouching.ca_pem()).unwrap();
        let mut command = Job::Serve(&self.file(), SYSTEM).command();
        command.env("SSL_CERT_FILE", roots).env_remove("SSL_CERT_DIR");
        Peer::start(command)
    }
}

/// Another process with a client.
struct Peer {
    process: Child,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Peer {
    fn start(mut command: std::process::Command) -> Self {
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let answers = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, answers }
    }

    fn tell(&mut self, word: &str) {
        let mut stdin = self.process.stdin.as_ref().unwrap();
        stdin.write_all(format!("{word}\n").as_bytes()).unwrap();
    }

    fn hear(&mut self) -> String {
        self.answers.next().expect("the process lives").unwrap()
    }

    fn ask(&mut self, word: &str) -> String {
        self.tell(word);
        self.hear()
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // It ended already, or is not needed any more.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn of_two_processes_one_renews_and_the_other_goes_on() {
    for version in Version::ALL {
        let place = Place::new(version);
        let (mut one, mut other) = (place.peer(), place.peer());
        assert_eq!((one.ask("list"), other.ask("list")), ("2".to_owned(), "2".to_owned()));
        for _ in 0..2 {
            assert_eq!(one.ask("renew"), "certificate_renewed");
            assert_eq!(other.ask("list"), "2", "its session stays");
            place.controller.expire_sessions();
            let began = Instant::now();
            assert_eq!(other.ask("list"), "2", "{version:?}");
            assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
            std::mem::swap(&mut one, &mut other);
        }
        assert_eq!(place.controller.count(VERIFY), 2);
    }
}

fn processes_that_renew_at_once_all_go_on() {
    let place = Place::new(Version::V1_6);
    let mut peers: Vec<Peer> = (0..4).map(|_| place.peer()).collect();
    peers.iter_mut().for_each(|peer| assert_eq!(peer.ask("list"), "2"));
    peers.iter_mut().for_each(|peer| peer.tell("renew"));
    for peer in &mut peers {
        let said = peer.hear();
        assert!(["certificate_renewed", "certificate_reloaded"].contains(&said.as_str()), "{said}");
    }
    place.controller.expire_sessions();
    peers.iter_mut().for_each(|peer| assert_eq!(peer.ask("list"), "2"));
    assert_eq!(place.peer().ask("list"), "2");
    assert!(!place.folder.path().join("alice.json.pending").exists());
}

fn what_a_killed_process_had_issued_is_finished() {
    let place = Place::new(Version::V1_6);
    let (mut one, mut other) = (place.peer(), place.peer());
    assert_eq!(other.ask("list"), "2");
    place.controller.fault(VERIFY, Fault::StallBeforeAnswer);
    one.tell("renew");
    let (pending, began) = (place.folder.path().join("alice.json.pending"), Instant::now());
    while !pending.exists() || place.controller.count(EXTEND) == 0 {
        assert!(began.elapsed() < Duration::from_secs(20));
        thread::sleep(Duration::from_millis(5));
    }
    drop(one);
    place.controller.clear_faults();
    assert_eq!(other.ask("list"), "2");
    assert_eq!(other.ask("renew"), "certificate_renewed", "the lock went with its holder");
    assert_eq!((place.controller.count(EXTEND), pending.exists()), (1, false));
    place.controller.expire_sessions();
    assert_eq!((other.ask("list"), place.peer().ask("list")), ("2".to_owned(), "2".to_owned()));
}

fn processes_that_take_over_changes_at_once_lose_none() {
    let place = Place::new(Version::V2_0);
    let other = builder(Version::V2_0).same_network_as(&place.controller).start().unwrap();
    let next = builder(Version::V2_0).same_network_as(&place.controller).new_authority(true).start().unwrap();
    let listed = [("c1", &place.controller), ("c2", &other)].map(|(id, node)| ListedController::of(id, node));
    place.controller.set_controllers(listed);
    // Whichever of them is asked.
    for node in [&place.controller, &other] {
        node.announce_authorities_of(&[&place.controller, &next]);
    }
    let mut peers: Vec<Peer> = (0..4).map(|_| place.peer()).collect();
    peers.iter_mut().for_each(|peer| peer.tell("maintain"));
    for peer in &mut peers {
        let said = peer.hear();
        assert!(said.contains("controllers_changed") && said.contains("ca_added"), "{said}");
    }
    let json = place.json();
    assert_eq!(json["ztAPIs"].as_array().unwrap().len(), 2);
    assert_eq!(json["id"]["ca"].as_str().unwrap().matches("-----BEGIN CERTIFICATE-----").count(), 4);
    place.controller.fault(Operation::Any, Fault::Refuse);
    assert_eq!((peers[0].ask("list"), place.peer().ask("list")), ("2".to_owned(), "2".to_owned()));
}

/// A host that knows the identity and is vouched for by the system, but is not verified by the network's own bundle.
fn a_host_that_only_the_system_vouches_for() {
    let mut place = Place::new(Version::V2_0);
    let address = place.controller.address();
    let stranger = builder(Version::V2_0).same_network_as(&place.controller).new_authority(true);
    let authority = stranger.start().unwrap();
    let network = std::mem::replace(&mut place.controller, authority);
    drop(network);
    let stranger = builder(Version::V2_0).same_network_as(&place.controller).address(address.to_string());
    let stranger = stranger.start().unwrap();
    stranger.set_controllers([ListedController::of("evil", &place.controller)]);
    let before = fs::read(place.file()).unwrap();

    let mut peer = place.trusting_peer(&stranger);

    let said = peer.ask("maintain");
    assert!(said.starts_with("login_renewed") && !said.contains('|'), "{said}");
    assert_eq!(peer.ask("list"), "2", "for all else the system's word counts");
    assert_eq!(fs::read(place.file()).unwrap(), before);
    let asked = |operation| stranger.count(operation);
    assert_eq!((asked(Operation::Named("listControllers")), asked(Operation::CaCerts)), (0, 0));
}

fn who_trusts_the_system_too_takes_changes() {
    let place = Place::new(Version::V2_0);
    let other = builder(Version::V2_0).same_network_as(&place.controller).start().unwrap();
    let next = builder(Version::V2_0).same_network_as(&place.controller).new_authority(true).start().unwrap();
    let listed = [("c1", &place.controller), ("c2", &other)].map(|(id, node)| ListedController::of(id, node));
    place.controller.set_controllers(listed);
    // Whichever of them is asked.
    for node in [&place.controller, &other] {
        node.announce_authorities_of(&[&place.controller, &next]);
    }
    let said = place.trusting_peer(&next).ask("maintain");
    assert!(said.contains("controllers_changed") && said.contains("ca_added"), "{said}");
    assert_eq!(place.json()["ztAPIs"].as_array().unwrap().len(), 2);
}
