//! Several controllers, and how long all may take.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use ziti_edge_client::{CancelToken, StepKind, StepOutcome};
use ziti_edge_testkit::{Fault, Operation, TestController, Version};

use crate::support::{self, client, controller};
use crate::{client_at, only_fails, step};

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
fn a_diagnosis_ends_with_its_call() {
    let controller = controller(Version::V2_0, 0);
    let cancel = CancelToken::new();
    cancel.cancel();
    let diagnosis = client(&controller).with_cancel(&cancel).diagnose();
    assert!(!diagnosis.is_ok() && diagnosis.to_string().contains("canceled"), "{diagnosis}");
    let began = Instant::now();
    assert!(!client(&controller).with_timeout(Duration::ZERO).diagnose().is_ok());
    assert!(began.elapsed() < Duration::from_secs(1));
    assert!(controller.requests().is_empty());
}

#[test]
fn each_controller_has_a_result_of_its_own() {
    let builder = || TestController::builder().version(Version::V2_0);
    let good = support::start(builder());
    let [late, html, foreign] = [
        support::start(builder().same_network_as(&good)),
        support::start(builder().same_network_as(&good)),
        support::start(builder()),
    ];
    late.fault(Operation::Any, Fault::SilentAfterAccept);
    html.fault(Operation::Version, Fault::Html);
    let urls = [late.url(), html.url(), foreign.url(), good.url()];
    let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
    let began = Instant::now();
    let diagnosis = client_at(&good, &urls, None).with_timeout(Duration::from_secs(10)).diagnose();
    assert!(began.elapsed() < Duration::from_secs(4), "the silent one has a fifth of ten seconds");
    let told: Vec<&str> = diagnosis.controllers.iter().map(|one| one.url.as_str()).collect();
    assert_eq!(told, urls);
    let failed = |at: usize| {
        let steps = diagnosis.controllers[at].steps.iter();
        steps.filter(|step| step.outcome == StepOutcome::Failed).map(|step| step.kind).collect::<Vec<_>>()
    };
    assert_eq!(
        [failed(0), failed(1), failed(2), failed(3)],
        [vec![StepKind::Tls], vec![StepKind::Version], vec![StepKind::Chain], vec![]],
        "{diagnosis}"
    );
    assert_eq!(step(&diagnosis, StepKind::Login).outcome, StepOutcome::Ok, "{diagnosis}");
    assert!(!diagnosis.is_ok());
}

#[test]
fn a_diagnosis_that_hangs_is_canceled_at_once() {
    let controller = controller(Version::V2_0, 0);
    for (operation, fault) in [
        (Operation::Any, Fault::SilentAfterAccept),
        (Operation::Version, Fault::StallBeforeAnswer),
        (Operation::Authenticate, Fault::StallInBody),
    ] {
        controller.fault(operation, fault.clone());
        let cancel = CancelToken::new();
        let client = client(&controller).with_cancel(&cancel);
        let played = controller.faults_played();
        thread::scope(|scope| {
            let running = scope.spawn(|| (client.diagnose(), Instant::now()));
            while controller.faults_played() == played {
                thread::yield_now();
            }
            thread::sleep(Duration::from_millis(50));
            let canceled = Instant::now();
            cancel.cancel();
            let (diagnosis, ended) = running.join().unwrap();
            assert!(ended.duration_since(canceled) < Duration::from_millis(500), "{fault:?}");
            assert!(diagnosis.to_string().contains("the call was canceled"), "{diagnosis}");
        });
        controller.clear_faults();
    }
}

#[test]
fn a_diagnosis_waits_for_no_turn_after_a_long_outage() {
    let controller = controller(Version::V2_0, 0);
    let now = Arc::new(Mutex::new((Instant::now(), SystemTime::now())));
    let own = Arc::clone(&now);
    let builder = support::builder(&controller).timeout(Duration::from_secs(2));
    let client = builder.clock(move || *own.lock().unwrap()).build().unwrap();
    let call = || client.current_identity().get().unwrap_err();
    controller.fault(Operation::Any, Fault::Refuse);
    for _ in 0..6 {
        call();
        now.lock().unwrap().0 += Duration::from_secs(61);
    }
    call();
    controller.clear_faults();
    assert!(call().to_string().contains("the next attempt"), "it is not its turn");
    let diagnosis = client.diagnose();
    assert!(diagnosis.is_ok(), "{diagnosis}");
}
