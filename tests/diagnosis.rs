//! Which step a diagnosis finds at fault, and why.

mod support;

use std::io::Read;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, Stream};
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
    }
}

#[test]
fn a_peer_that_is_silent_or_no_controller_is_told_by_the_step() {
    let controller = controller(Version::V2_0, 0);
    for (operation, fault, kind, says) in [
        (Operation::Any, Fault::SilentAfterAccept, StepKind::Tls, "the deadline passed"),
        (Operation::Version, answer(404, "{}"), StepKind::Version, "404"),
        (Operation::Version, Fault::Html, StepKind::Version, "GET /version"),
        (Operation::Version, Fault::StallBeforeAnswer, StepKind::Version, "the deadline passed"),
        (Operation::Authenticate, Fault::TooManyRequests { retry_after: None }, StepKind::Login, "429"),
    ] {
        controller.fault(operation, fault);
        let client = builder(&controller).timeout(Duration::from_secs(2)).build().unwrap();
        only_fails(&client.diagnose(), kind, says);
        controller.clear_faults();
    }
}

#[test]
fn one_dead_controller_leaves_time_for_the_next_one() {
    let controller = controller(Version::V2_0, 0);
    let hole = format!("https://{}", controller.blackhole());
    let began = Instant::now();
    let diagnosis = client_at(&controller, &[&hole, &controller.url()], None).diagnose();
    assert!(began.elapsed() < Duration::from_secs(4), "{diagnosis}");
    only_fails(&diagnosis, StepKind::Connect, "no answer");
    assert_eq!(step(&diagnosis, StepKind::Login).outcome, StepOutcome::Ok);
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
    assert!(step(&diagnosis, StepKind::Resolve).detail.starts_with(&format!("the proxy http://{address} is at")));
    assert!(!format!("{diagnosis} {diagnosis:?} {}", diagnosis.to_json()).contains("canary"));
}

#[test]
fn a_certificate_of_another_network_is_told_by_the_chain() {
    let (ours, other) = (controller(Version::V2_0, 0), controller(Version::V2_0, 0));
    let diagnosis = client_at(&ours, &[&other.url()], None).diagnose();
    only_fails(&diagnosis, StepKind::Chain, "signed by a CA that has the name of the network's CA but another key");
    assert!(other.requests().is_empty(), "a controller that is not trusted was asked");
}

#[test]
fn a_certificate_for_another_name_is_told_by_the_name() {
    let controller = support::start(TestController::builder().address("0.0.0.0:0"));
    let url = format!("https://127.0.0.2:{}", controller.address().port());
    let diagnosis = client_at(&controller, &[&url], None).diagnose();
    only_fails(&diagnosis, StepKind::Name, "is not valid for this name but for");
    assert_eq!(step(&diagnosis, StepKind::Chain).outcome, StepOutcome::Ok, "{diagnosis}");
    assert!(controller.requests().is_empty());
}

#[test]
fn a_certificate_that_is_over_or_of_the_future_is_told_by_the_chain() {
    let controller = controller(Version::V2_0, 0);
    for (from, until, says) in [(2019, 2020, "expired on 2020-01-01"), (4000, 4001, "is valid only from 4000-01-01")] {
        let (address, ca) = serve_valid(from, until);
        let url = format!("https://{address}");
        let diagnosis = client_at(&controller, &[&url], Some(&ca)).diagnose();
        only_fails(&diagnosis, StepKind::Chain, says);
        assert_eq!(step(&diagnosis, StepKind::Name).outcome, StepOutcome::Ok, "{diagnosis}");
    }
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

#[test]
fn a_refused_login_is_told_with_what_to_ask() {
    let controller = controller(Version::V1_6, 0);
    let (client, id) = support::client_and_id(&controller);
    controller.remove_identity(&id);
    for _ in 0..2 {
        let diagnosis = client.diagnose();
        only_fails(&diagnosis, StepKind::Login, "the controller refuses this identity");
        assert!(step(&diagnosis, StepKind::Login).advice.as_deref().unwrap().contains("administrator"));
    }
    assert_eq!(controller.count(Operation::Authenticate), 1, "the second diagnosis believes the first");
}

#[test]
fn a_login_that_waits_for_a_code_is_told() {
    let controller = controller(Version::V2_0, 0);
    let (client, id) = support::client_and_id(&controller);
    controller.require_mfa(&id, true);
    only_fails(&client.diagnose(), StepKind::Login, "the login still wants");
}

#[test]
fn an_expired_certificate_of_the_identity_is_told_beside_the_login() {
    let controller = controller(Version::V1_6, 0);
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.not_before = rcgen::date_time_ymd(2019, 1, 1);
    params.not_after = rcgen::date_time_ymd(2020, 1, 1);
    let certificate = params.self_signed(&key).unwrap().pem();
    let diagnosis = support::client_of(&controller, &certificate, &key.serialize_pem()).diagnose();
    let own = step(&diagnosis, StepKind::Certificate);
    assert!(own.outcome == StepOutcome::Failed && own.detail.contains("ended on 2020-01-01"), "{diagnosis}");
    assert_eq!(step(&diagnosis, StepKind::Login).outcome, StepOutcome::Failed, "{diagnosis}");
}

#[test]
fn a_diagnosis_ends_with_its_call() {
    let controller = controller(Version::V2_0, 0);
    let cancel = ziti_edge_client::CancelToken::new();
    cancel.cancel();
    let diagnosis = client(&controller).with_cancel(&cancel).diagnose();
    assert!(!diagnosis.is_ok() && diagnosis.to_string().contains("canceled"), "{diagnosis}");
    let began = Instant::now();
    assert!(!client(&controller).with_timeout(Duration::ZERO).diagnose().is_ok());
    assert!(began.elapsed() < Duration::from_secs(1));
    assert!(controller.requests().is_empty());
}

#[test]
fn text_and_json_have_all_steps() {
    let controller = controller(Version::V2_0, 0);
    let diagnosis = client(&controller).diagnose();
    let text = diagnosis.to_string();
    assert!(text.starts_with(&format!("{}\n  ok       resolve      127.0.0.1 is at 127.0.0.1\n", controller.url())));
    assert!(
        text.contains("\nidentity\n  ok       certificate  ") && text.contains("\n  ok       login        "),
        "{text}"
    );
    let json: Value = serde_json::from_str(&diagnosis.to_json()).unwrap();
    assert_eq!(json["controllers"][0]["steps"][0]["kind"], "resolve");
    assert_eq!(
        json["identity"][1],
        json!({"kind": "login", "outcome": "ok", "detail": json["identity"][1]["detail"], "advice": null})
    );
}

#[test]
fn the_example_prints_the_diagnosis_and_fails_if_a_step_did() {
    let controller = controller(Version::V2_0, 0);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("identity.json");
    std::fs::write(&path, controller.enrolled_identity_json("alice")).unwrap();
    let mut command = std::process::Command::new(env!("CARGO"));
    command.args(["run", "--quiet", "--offline", "--example", "diagnose", "--"]).arg(&path);
    for name in ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
        command.env_remove(name);
    }
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    for (is_there, code, says) in [(true, 0, "  ok       login "), (false, 1, "  failed   connect ")] {
        if !is_there {
            controller.fault(Operation::Any, Fault::Refuse);
        }
        let output = command.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.starts_with(&controller.url()) && text.contains(says), "{output:?}");
        assert_eq!(output.status.code(), Some(code), "{output:?}");
    }
}

/// A TLS server on loopback whose certificate is valid in these years, and the CA that issued it.
fn serve_valid(from: i32, until: i32) -> (SocketAddr, String) {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(from, 1, 1);
    params.not_after = rcgen::date_time_ymd(until, 1, 1);
    let chain = vec![params.signed_by(&key, &authority).unwrap().der().clone()];
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::Pkcs8(key.serialize_der().into()))
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut socket in listener.incoming().flatten() {
            let mut connection = ServerConnection::new(config.clone()).unwrap();
            let _ = Stream::new(&mut connection, &mut socket).read(&mut [0; 1]);
        }
    });
    (address, authority.pem())
}
