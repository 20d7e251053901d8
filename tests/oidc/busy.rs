//! Controllers that become busy in the middle of a login.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use ziti_edge_client::{Client, Error, Identity, LoginFlow};
use ziti_edge_testkit::{Fault, Operation, TestController, Version};

use crate::support::{ENOUGH, answer};
use crate::{AUTHORIZE, CALLBACK, DISCOVERY, LOGIN, Network, TOKEN, WAYS, Way, build, list};

/// What is asked of a controller for a login, in this order.
const STEPS: [Operation; 7] =
    [Operation::Version, DISCOVERY, AUTHORIZE, LOGIN, CALLBACK, TOKEN, Operation::CurrentApiSession];

fn too_many(retry_after: Option<&str>) -> Fault {
    Fault::TooManyRequests { retry_after: retry_after.map(str::to_owned) }
}

/// How often a login is begun that becomes stuck once at a step.
fn begun(step: Operation) -> usize {
    if matches!(step, Operation::Version | DISCOVERY) { 1 } else { 2 }
}

#[test]
fn a_login_begins_anew_whichever_step_a_controller_was_too_busy_for() {
    for flow in [LoginFlow::Auto, LoginFlow::Oidc] {
        for way in WAYS {
            for step in STEPS {
                let network = Network::new(Version::V2_0);
                network.controller.fault_times(step, too_many(None), 1);
                let client = build(network.builder(way).login_flow(flow).chance(|| 0.0));
                assert_eq!(list(&client).unwrap(), 1, "{flow:?} {way:?} {step:?}");
                assert_eq!(network.count(AUTHORIZE), begun(step), "{flow:?} {way:?} {step:?}");
                assert_eq!(network.count(Operation::Authenticate), 0, "{flow:?} {way:?} {step:?}");
                assert_eq!(client.status().counters.logins, 1, "{flow:?} {way:?} {step:?}");
            }
        }
    }
}

#[test]
fn so_it_does_where_something_in_between_is_busy_unless_that_shows_a_password_twice() {
    for way in WAYS {
        for step in STEPS {
            let network = Network::new(Version::V2_0);
            network.controller.fault_times(step, answer(503, "later"), 1);
            let outcome = list(&build(network.builder(way).chance(|| 0.0)));
            if (way, step) == (Way::Password, LOGIN) {
                assert!(matches!(outcome, Err(Error::Busy(_))), "{outcome:?}");
                assert_eq!(network.count(LOGIN), 1);
            } else {
                assert_eq!(outcome.unwrap(), 1, "{way:?} {step:?}");
                assert_eq!(network.count(AUTHORIZE), begun(step), "{way:?} {step:?}");
            }
        }
    }
}

#[test]
fn the_time_that_it_asks_for_in_the_middle_of_a_login_is_given() {
    std::thread::scope(|scope| {
        for step in STEPS {
            scope.spawn(move || {
                let network = Network::new(Version::V2_0);
                network.controller.fault_times(step, too_many(Some("1")), 1);
                let client = build(network.builder(Way::Certificate).chance(|| 0.0));
                let began = Instant::now();
                assert_eq!(list(&client).unwrap(), 1, "{step:?}");
                let took = began.elapsed();
                assert!((1000..2500).contains(&took.as_millis()), "{step:?}: {took:?}");
                assert_eq!(network.count(AUTHORIZE), begun(step), "{step:?}");
            });
        }
    });
}

#[test]
fn a_time_that_outlasts_the_call_ends_it_at_once() {
    for step in STEPS {
        let network = Network::new(Version::V2_0);
        network.controller.fault(step, too_many(Some("60")));
        let began = Instant::now();
        let outcome = list(&build(network.builder(Way::Certificate)));
        assert!(matches!(&outcome, Err(Error::Busy(answer)) if answer.retry_after.is_some()), "{step:?}: {outcome:?}");
        assert!(began.elapsed() < Duration::from_secs(3), "{step:?}");
        assert_eq!(network.count(step), 1, "{step:?}");
    }
}

/// Two nodes, of which the first is asked first.
fn cluster() -> (TestController, TestController, Client) {
    let first = TestController::builder().services(1).start().expect("a free port");
    let mut file: Value = serde_json::from_str(&first.enrolled_identity_json("alice")).expect("it is JSON");
    let second = TestController::builder().services(1).same_network_as(&first).start().expect("a free port");
    file["ztAPIs"] = json!([first.api_url(), second.api_url()]);
    let identity = Identity::from_json(&file.to_string()).expect("it is whole");
    let client = build(Client::builder(&identity).timeout(ENOUGH).chance(|| 0.0));
    (first, second, client)
}

#[test]
fn where_there_is_another_node_nobody_waits_and_each_is_begun_with_once() {
    for step in STEPS {
        for fault in [too_many(Some("15")), too_many(None), Fault::Status(503), Fault::Status(502)] {
            let (first, second, client) = cluster();
            first.fault(step, fault.clone());
            let began = Instant::now();
            assert_eq!(list(&client).unwrap(), 1, "{step:?} {fault:?}");
            assert!(began.elapsed() < Duration::from_secs(3), "{step:?} {fault:?}");
            assert_eq!((first.count(step), second.oidc_logins()), (1, 1), "{step:?} {fault:?}");
            assert!(first.count(AUTHORIZE) <= 1 && second.count(AUTHORIZE) == 1, "{step:?} {fault:?}");
        }
    }
}

#[test]
fn nodes_that_stay_busy_end_the_login_after_five_rounds() {
    for step in STEPS {
        let (first, second, client) = cluster();
        for node in [&first, &second] {
            node.fault(step, Fault::Status(503));
        }
        let outcome = list(&client);
        assert!(matches!(outcome, Err(Error::Busy(_))), "{step:?}: {outcome:?}");
        assert_eq!((first.count(step), second.count(step)), (5, 5), "{step:?}");
    }
}
