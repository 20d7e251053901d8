//! Which step a diagnosis finds at fault, and why.

mod certificates;
#[path = "../c/support.rs"]
mod files;
mod logins;
mod several;
#[path = "../support/mod.rs"]
mod support;
mod told;

use std::io::Read;
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::{answer, builder, client, controller};
use ziti_edge_client::{Client, Diagnosis, DiagnosisStep, Identity, Proxy, StepKind, StepOutcome};
use ziti_edge_testkit::{Fault, Operation, TestController, Version};

const CONTROLLER: [StepKind; 8] = [
    StepKind::Resolve,
    StepKind::Connect,
    StepKind::Proxy,
    StepKind::Tls,
    StepKind::Name,
    StepKind::Chain,
    StepKind::Version,
    StepKind::Clock,
];

/// The identity with other addresses and, if there is one, another CA bundle.
fn client_at(controller: &TestController, urls: &[&str], ca: Option<&str>) -> Client {
    let mut file: Value = serde_json::from_str(&controller.enrolled_identity_json("alice")).unwrap();
    file["ztAPI"] = json!(urls[0]);
    file["ztAPIs"] = json!(urls);
    if let Some(ca) = ca {
        file["id"]["ca"] = json!(format!("pem:{ca}"));
    }
    let identity = Identity::from_json(&file.to_string()).unwrap();
    Client::builder(&identity).timeout(Duration::from_secs(4)).chance(|| 0.0).build().unwrap()
}

fn step(diagnosis: &Diagnosis, kind: StepKind) -> &DiagnosisStep {
    diagnosis.steps().find(|step| step.kind == kind).unwrap_or_else(|| panic!("no step {kind:?}: {diagnosis}"))
}

/// The first step that failed, which has to be this one; whatever needs it was skipped.
fn only_fails(diagnosis: &Diagnosis, kind: StepKind, says: &str) {
    let failed: Vec<&DiagnosisStep> = diagnosis.steps().filter(|step| step.outcome == StepOutcome::Failed).collect();
    assert!(!diagnosis.is_ok());
    assert!(failed.len() == 1 && failed[0].kind == kind, "{diagnosis}");
    assert!(failed[0].detail.contains(says), "{diagnosis}");
}

#[test]
fn nothing_is_wrong_with_a_client_that_works() {
    let controller = controller(Version::V2_0, 0);
    let client = client(&controller);
    for login in ["logged in at ", "knows the login there is"] {
        let diagnosis = client.diagnose();
        assert!(diagnosis.is_ok(), "{diagnosis}");
        let kinds: Vec<StepKind> = diagnosis.controllers[0].steps.iter().map(|step| step.kind).collect();
        assert_eq!(kinds, CONTROLLER);
        assert_eq!(diagnosis.controllers[0].url, controller.url());
        assert!(step(&diagnosis, StepKind::Tls).detail.starts_with("TLS 1.3; shown: "), "{diagnosis}");
        assert!(step(&diagnosis, StepKind::Version).detail.ends_with("version is v0.0.0"), "{diagnosis}");
        assert!(step(&diagnosis, StepKind::Login).detail.contains(login), "{diagnosis}");
        assert_eq!(step(&diagnosis, StepKind::Proxy).outcome, StepOutcome::Skipped);
    }
    assert_eq!(controller.count(Operation::Authenticate), 1);
}

#[test]
fn what_cannot_be_reached_is_told_by_the_step() {
    let controller = controller(Version::V2_0, 0);
    let closed = format!("https://{}", TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap());
    let hole = format!("https://{}", controller.blackhole());
    for (url, kind, says) in [
        ("https://controller.invalid:1280", StepKind::Resolve, "controller.invalid cannot be resolved"),
        (&closed, StepKind::Connect, "refused"),
        (&hole, StepKind::Connect, "no answer in its share of the time"),
    ] {
        let began = Instant::now();
        let diagnosis = client_at(&controller, &[url], None).diagnose();
        assert!(began.elapsed() < Duration::from_secs(5));
        only_fails(&diagnosis, kind, says);
        assert!(step(&diagnosis, kind).advice.is_some());
        for skipped in [StepKind::Tls, StepKind::Version, StepKind::Clock, StepKind::Login] {
            assert_eq!(step(&diagnosis, skipped).outcome, StepOutcome::Skipped, "{diagnosis}");
        }
        assert_eq!(step(&diagnosis, StepKind::Tls).detail, "no connection was opened");
    }
}

#[test]
fn a_peer_that_is_silent_or_no_controller_is_told_by_the_step() {
    let controller = controller(Version::V2_0, 0);
    let (slow, late, other) = ("answered in time", "no answer comes", "something else than a controller");
    let address = "check that this is the address";
    let (failed, untold) = ("the TLS handshake failed", "the controller's version was not told");
    for (operation, fault, kind, says, advises, clock) in [
        (Operation::Any, Fault::SilentAfterAccept, StepKind::Tls, "the deadline passed", slow, failed),
        (Operation::Any, Fault::StallInHandshake, StepKind::Tls, "the deadline passed", slow, failed),
        (Operation::Any, Fault::CloseBeforeAnswer, StepKind::Version, "ended too early", address, untold),
        (Operation::Version, answer(404, "{}"), StepKind::Version, "404", address, untold),
        (Operation::Version, answer(503, "{}"), StepKind::Version, "503", "overloaded", untold),
        (Operation::Version, Fault::Html, StepKind::Version, "GET /version", address, untold),
        (Operation::Version, Fault::StallBeforeAnswer, StepKind::Version, "the deadline passed", late, untold),
        (
            Operation::Authenticate,
            Fault::TooManyRequests { retry_after: None },
            StepKind::Login,
            "429",
            "later",
            "agrees",
        ),
        (Operation::Authenticate, Fault::StallBeforeAnswer, StepKind::Login, "the deadline passed", "hangs", "agrees"),
        (Operation::Authenticate, Fault::LostAnswer, StepKind::Login, "ended too early", "try again", "agrees"),
    ] {
        controller.fault(operation, fault);
        let client = builder(&controller).timeout(Duration::from_secs(2)).build().unwrap();
        let diagnosis = client.diagnose();
        only_fails(&diagnosis, kind, says);
        assert!(step(&diagnosis, kind).advice.as_ref().is_some_and(|advice| advice.contains(advises)), "{diagnosis}");
        assert!(step(&diagnosis, StepKind::Clock).detail.contains(clock), "{diagnosis}");
        controller.clear_faults();
    }
    let plain = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", plain.local_addr().unwrap());
    thread::spawn(move || plain.incoming().for_each(drop));
    let diagnosis = client_at(&controller, &[&url], None).diagnose();
    only_fails(&diagnosis, StepKind::Tls, "connection");
    assert!(step(&diagnosis, StepKind::Tls).advice.as_ref().unwrap().contains(other), "{diagnosis}");
    for kind in [StepKind::Name, StepKind::Chain, StepKind::Version, StepKind::Clock] {
        assert_eq!(step(&diagnosis, kind).detail, failed, "connect was ok");
    }
}

#[test]
fn a_proxy_is_a_step_of_its_own() {
    let controller = controller(Version::V2_0, 0);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut peer in listener.incoming().flatten() {
            thread::spawn(move || {
                let _ = peer.read(&mut [0; 1024]);
                let _ = std::io::Write::write_all(&mut peer, b"HTTP/1.1 407 x\r\n\r\n");
            });
        }
    });
    let proxy = Proxy::parse(&format!("http://user:canary@{address}")).unwrap();
    let diagnosis = builder(&controller).proxy(proxy).build().unwrap().diagnose();
    only_fails(&diagnosis, StepKind::Proxy, "407: it refuses the login");
    assert_eq!(step(&diagnosis, StepKind::Tls).detail, "the proxy does not lead to the controller");
    assert!(step(&diagnosis, StepKind::Resolve).detail.starts_with(&format!("the proxy http://{address} is at")));
    assert!(!format!("{diagnosis} {diagnosis:?} {}", diagnosis.to_json()).contains("canary"));
}

#[test]
fn a_clock_that_is_off_is_told_with_both_times() {
    let controller = controller(Version::V2_0, 0);
    let client = client(&controller);
    controller.advance(Duration::from_secs(3600));
    only_fails(&client.diagnose(), StepKind::Clock, "s behind the controller's: ");
    controller.set_back(Duration::from_secs(7200));
    only_fails(&client.diagnose(), StepKind::Clock, "s ahead of the controller's: ");
}
