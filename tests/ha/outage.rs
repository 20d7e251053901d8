//! No controller serves for long.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use ziti_edge_client::{Client, Credentials, Error, JwtSource, LoginFlow, StepKind, StepOutcome};
use ziti_edge_testkit::{Fault, Operation, Version};

use crate::support::ENOUGH;
use crate::{HOUR, MINUTE, Network, SECOND, list};

/// Three controllers that take connections and reset them, so that attempts can be counted.
fn dead() -> Network {
    let network = Network::new(3, Version::V2_0, |builder| builder);
    list(&network.client).unwrap();
    network.controllers.iter().for_each(|controller| controller.fault(Operation::Any, Fault::Reset));
    network.clear_requests();
    network
}

/// The most requests that one of the controllers has seen.
fn most(network: &Network) -> usize {
    network.controllers.iter().map(|controller| controller.requests().len()).max().unwrap()
}

/// How long this thread has been at work.
#[cfg(target_os = "linux")]
fn processor_time() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(told.split(' ').next().and_then(|spent| spent.parse().ok()).unwrap_or_default())
}

/// How long this thread has been there, which is more.
#[cfg(not(target_os = "linux"))]
fn processor_time() -> Duration {
    static START: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
    START.elapsed()
}

/// A client that does not wait for its turn.
fn hasty(network: &Network) -> Client {
    network.client.with_timeout(SECOND / 2)
}

/// Lets a second go by and calls, again and again.
fn call_each_second(network: &Network, client: &Client, time: Duration) {
    for _ in 0..time.as_secs() {
        network.advance(SECOND);
        list(client).unwrap_err();
    }
}

#[test]
fn a_program_that_calls_each_second_for_an_hour_makes_one_attempt_a_minute() {
    let network = dead();
    let client = hasty(&network);
    call_each_second(&network, &client, 3 * MINUTE);
    network.clear_requests();
    let began = processor_time();
    call_each_second(&network, &client, HOUR - 3 * MINUTE);
    let used = processor_time() - began;
    // An attempt asks the controller of the session, and then all of them for a login.
    assert!((50..=57 * 2).contains(&most(&network)), "{}", most(&network));
    let error = list(&client).unwrap_err();
    assert!(matches!(error, Error::Transport { .. }) && error.is_retryable(), "{error:?}");
    let told = error.to_string();
    assert!(told.contains("no controller has served for ") && told.contains("the next attempt is due in "), "{told}");
    assert!(used < (HOUR - 3 * MINUTE) / 1000, "calls that may not try cost next to nothing: {used:?}");
}

/// A clock that runs so much faster than the real one, by which calls end.
const HASTE: u32 = 50;

#[test]
fn silence_that_each_call_waits_out_is_an_outage_too() {
    let began = Instant::now();
    let moved = Arc::new(Mutex::new(Duration::ZERO));
    let jump = Arc::clone(&moved);
    let elapsed = move || began.elapsed() * HASTE + *jump.lock().unwrap();
    let time = elapsed.clone();
    let network =
        Network::new(3, Version::V2_0, |builder| builder.clock(move || (began + time(), SystemTime::now() + time())));
    list(&network.client).unwrap();
    network.controllers.iter().for_each(|controller| controller.fault(Operation::Any, Fault::StallBeforeAnswer));
    // Five seconds by the clock of the client.
    let client = network.client.with_timeout(SECOND / 10);
    let call_until = |end: Duration| {
        while elapsed() < end {
            *moved.lock().unwrap() += SECOND;
            list(&client).unwrap_err();
        }
    };
    call_until(5 * MINUTE);
    network.clear_requests();
    call_until(25 * MINUTE);
    assert!((15..=21).contains(&network.requests()), "{} in twenty minutes", network.requests());
    let told = list(&client).unwrap_err().to_string();
    assert!(told.contains("no controller has served for "), "{told}");
    network.controllers[1].clear_faults();
    network.client.retry_now();
    assert_eq!(list(&network.client).unwrap(), 2);
}

#[test]
fn calls_that_are_too_short_to_tell_silence_from_want_of_time_are_no_outage() {
    let network = Network::new(1, Version::V2_0, |builder| builder);
    list(&network.client).unwrap();
    let client = network.client.with_timeout(SECOND / 10);
    network.controllers[0].fault(Operation::Services, Fault::StallBeforeAnswer);
    for _ in 0..3 {
        list(&client).unwrap_err();
    }
    assert_eq!(network.count(Operation::Services), 4, "each has tried");
    network.controllers[0].clear_faults();
    assert_eq!(list(&client).unwrap(), 2, "and so does the next one, at once");
}

/// A call that ends without an answer, three seconds of which pass by the clock of the client.
fn call_in_vain(network: &Network, operation: Operation, fault: Fault) -> String {
    network.controllers[0].fault(operation, fault);
    let client = network.client.with_timeout(SECOND / 10);
    let error = thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(SECOND / 20);
            network.clock.advance(3 * SECOND);
        });
        list(&client).unwrap_err()
    });
    network.controllers[0].clear_faults();
    error.to_string()
}

#[test]
fn only_silence_without_an_answer_in_between_adds_up() {
    let told = |fault: Fault, answer_in_between: bool| {
        let network = Network::new(1, Version::V2_0, |builder| builder);
        list(&network.client).unwrap();
        for _ in 0..2 {
            if answer_in_between {
                assert_eq!(list(&network.client).unwrap(), 2);
            }
            let told = call_in_vain(&network, Operation::Services, fault.clone());
            assert!(!told.contains("no controller has served"), "{told}");
        }
        // Shorter than the pause between two attempts of an outage.
        network.controllers[0].fault(Operation::Services, fault);
        list(&network.client.with_timeout(SECOND / 20)).unwrap_err().to_string()
    };
    let outage = "no controller has served";
    assert!(told(Fault::StallBeforeAnswer, false).contains(outage));
    assert!(!told(Fault::StallBeforeAnswer, true).contains(outage));
    assert!(!told(Fault::StallInBody, false).contains(outage), "who answers slowly is no silent one");
}

#[test]
fn other_credentials_are_no_reason_to_disturb_the_dead() {
    let network = dead();
    let client = hasty(&network);
    call_each_second(&network, &client, 10 * MINUTE);
    list(&client).unwrap_err();
    network.clear_requests();
    for change in [
        |client: &Client| client.set_credentials(Credentials::certificate()),
        |client: &Client| client.set_second_factor_jwt(&JwtSource::token("any")),
    ] {
        change(&network.client).unwrap();
        let told = list(&client).unwrap_err().to_string();
        assert!(told.contains("no controller has served for "), "{told}");
    }
    assert_eq!(most(&network), 0);
}

#[test]
fn a_program_that_leaves_it_to_maintenance_makes_fewer() {
    let network = dead();
    network.client.logout().unwrap_err();
    network.clear_requests();
    let mut time = Duration::ZERO;
    while time < HOUR {
        let next = network.client.maintain().next;
        network.advance(next);
        time += next;
    }
    assert!(most(&network) > 0 && most(&network) <= 60, "{}", most(&network));
}

#[test]
fn who_comes_back_is_found_within_a_minute() {
    let network = dead();
    let client = hasty(&network);
    call_each_second(&network, &client, 10 * MINUTE);
    network.controllers[2].clear_faults();
    let waited = (0..=60).find(|_| {
        network.advance(SECOND);
        list(&client).is_ok()
    });
    assert!(waited.is_some(), "a minute went by");
    assert_eq!(list(&network.client).unwrap(), 2, "and that was all");
}

#[test]
fn a_login_that_is_asked_for_is_tried_however_long_nobody_served() {
    let network = dead();
    let client = hasty(&network);
    call_each_second(&network, &client, 10 * MINUTE);
    network.clear_requests();
    list(&client).unwrap_err();
    client.authenticate().unwrap_err();
    assert!(most(&network) > 0);
    network.controllers[1].clear_faults();
    network.client.authenticate().unwrap();
    assert_eq!(list(&network.client).unwrap(), 2);
}

#[test]
fn who_insists_is_allowed_an_attempt() {
    let network = dead();
    let client = hasty(&network);
    call_each_second(&network, &client, 10 * MINUTE);
    network.controllers[1].clear_faults();
    network.client.retry_now();
    assert_eq!(list(&network.client).unwrap(), 2);
}

#[test]
fn a_diagnosis_waits_for_no_turn_and_allows_no_other_call_one() {
    let network = dead();
    let client = hasty(&network);
    call_each_second(&network, &client, 10 * MINUTE);
    list(&client).unwrap_err();
    assert!(!network.client.diagnose().is_ok());
    network.clear_requests();
    list(&client).unwrap_err();
    assert_eq!(most(&network), 0);
    network.controllers.iter().for_each(|controller| controller.clear_faults());
    let diagnosis = network.client.diagnose();
    let login = diagnosis.steps().find(|step| step.kind == StepKind::Login).unwrap();
    assert_eq!(login.outcome, StepOutcome::Ok, "{diagnosis}");
}

/// Their turns are tested with a thousand of them, and without a network, beside what decides about them.
#[test]
fn clients_that_lost_their_controller_together_log_in_once_each() {
    let network = Network::new(1, Version::V2_0, |builder| builder);
    let controller = &network.controllers[0];
    let clients: Vec<Client> = (0..30)
        .map(|_| Client::builder(&network.client.identity()).timeout(ENOUGH).login_flow(LoginFlow::Legacy))
        .map(|builder| builder.build().unwrap())
        .collect();
    clients.iter().for_each(|client| assert_eq!(list(client).unwrap(), 2));
    controller.fault(Operation::Any, Fault::Reset);
    controller.expire_sessions();
    clients.iter().for_each(|client| drop(list(client).unwrap_err()));
    controller.clear_faults();
    controller.clear_requests();
    thread::scope(|scope| {
        for client in clients.iter().chain(&clients) {
            scope.spawn(|| assert_eq!(list(client).unwrap(), 2));
        }
    });
    assert_eq!((controller.count(Operation::Authenticate), controller.session_count()), (30, 30));
}

#[test]
fn in_the_first_minute_calls_wait_for_their_turn_and_then_try() {
    let network = dead();
    for _ in 0..3 {
        list(&network.client).unwrap_err();
    }
    network.controllers.iter().for_each(|controller| controller.clear_faults());
    let began = Instant::now();
    assert_eq!(list(&network.client).unwrap(), 2);
    assert!(began.elapsed() < 3 * SECOND, "{:?}", began.elapsed());
}
