//! No controller serves for long.

use std::time::{Duration, Instant};

use ziti_edge_client::{Client, Error, StepKind, StepOutcome};
use ziti_edge_testkit::{Fault, Operation, Version};

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
    let began = Instant::now();
    call_each_second(&network, &client, HOUR - 3 * MINUTE);
    // An attempt asks the controller of the session, and then all of them for a login.
    assert!((50..=57 * 2).contains(&most(&network)), "{}", most(&network));
    let error = list(&client).unwrap_err();
    assert!(matches!(error, Error::Transport { .. }) && error.is_retryable(), "{error:?}");
    let told = error.to_string();
    assert!(told.contains("no controller has served for ") && told.contains("the next attempt is due in "), "{told}");
    assert!(began.elapsed() < 30 * SECOND, "calls that may not try cost next to nothing: {:?}", began.elapsed());
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
