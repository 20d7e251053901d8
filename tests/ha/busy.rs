//! Controllers that ask for patience.

use std::thread;
use std::time::{Duration, Instant};

use ziti_edge_client::{Client, Credentials, Error, EventKind, JwtSource, LoginFlow};
use ziti_edge_testkit::{Fault, Operation, TestController, Version};

use crate::support::answer;
use crate::{MINUTE, Network, SECOND, list, order};

fn too_many(retry_after: &str) -> Fault {
    Fault::TooManyRequests { retry_after: Some(retry_after.to_owned()) }
}

fn alone() -> Network {
    let network = Network::new(1, Version::V2_0, |builder| builder);
    list(&network.client).unwrap();
    network.clear_requests();
    network
}

fn retry_after(error: &Error) -> Duration {
    let Error::Busy(answer) = error else { panic!("{error:?}") };
    answer.retry_after.unwrap()
}

#[test]
fn a_busy_controller_is_asked_again_within_the_time_of_the_call() {
    for fault in [Fault::Status(503), Fault::TooManyRequests { retry_after: None }, too_many("soon"), too_many("0")] {
        for operation in [Operation::Services, Operation::Authenticate] {
            let network = Network::new(1, Version::V2_0, |builder| builder);
            network.controllers[0].fault_times(operation, fault.clone(), 2);
            assert_eq!(list(&network.client).unwrap(), 2, "{fault:?}");
            assert_eq!(network.count(operation), 3, "{fault:?}");
        }
    }
}

#[test]
fn one_that_stays_busy_is_not_asked_for_ever() {
    let network = alone();
    network.controllers[0].fault(Operation::Services, Fault::Status(503));
    assert!(matches!(list(&network.client), Err(Error::Busy(_))));
    assert_eq!(network.count(Operation::Services), 5);
}

#[test]
fn it_is_left_alone_for_as_long_as_it_asks() {
    let network = alone();
    network.controllers[0].fault_times(Operation::Services, too_many("1"), 1);
    let began = Instant::now();
    assert_eq!(list(&network.client).unwrap(), 2);
    assert!((SECOND..3 * SECOND).contains(&began.elapsed()), "{:?}", began.elapsed());
}

#[test]
fn it_is_left_alone_by_other_credentials_too() {
    let network = alone();
    network.controllers[0].fault(Operation::Services, too_many("1000"));
    list(&network.client).unwrap_err();
    network.clear_requests();
    for change in [
        |client: &Client| client.set_credentials(Credentials::certificate()),
        |client: &Client| client.set_second_factor_jwt(&JwtSource::token("any")),
    ] {
        change(&network.client).unwrap();
        assert!(retry_after(&list(&network.client).unwrap_err()) > MINUTE);
    }
    assert_eq!(network.requests(), 0);
    network.client.retry_now();
    network.controllers[0].clear_faults();
    assert_eq!(list(&network.client).unwrap(), 2);
}

/// A generation with another bundle is a new one in all but what is known of its controllers.
#[test]
fn it_is_left_alone_with_another_ca_bundle_too() {
    let network = Network::new(2, Version::V2_0, |builder| builder.login_flow(LoginFlow::Oidc));
    let [first, second] = &network.controllers[..] else { unreachable!("there are two") };
    list(&network.client).unwrap();
    first.fault(Operation::Services, too_many("200"));
    list(&network.client).unwrap();
    first.clear_faults();
    let other = TestController::builder().same_network_as(first).new_authority(true).start().expect("a free port");
    for controller in &network.controllers {
        controller.announce_authorities_of(&[first, &other]);
    }
    let events = network.client.maintain().events;
    assert!(events.iter().any(|event| event.kind == EventKind::CaAdded), "{events:?}");
    network.clear_requests();
    second.fault(Operation::Any, Fault::Refuse);
    second.close_idle_connections();
    assert!(list(&network.client.with_timeout(5 * SECOND)).is_err());
    assert!(first.requests().is_empty(), "it asked for patience");
}

#[test]
fn a_session_is_not_given_up_for_a_controller_that_asks_for_patience() {
    let network = Network::new(2, Version::V2_0, |builder| builder);
    let [first, second] = &network.controllers[..] else { unreachable!("there are two") };
    list(&network.client).unwrap();
    first.fault_times(Operation::Version, Fault::Status(502), 1);
    second.fault_times(Operation::Version, too_many("200"), 1);
    network.client.controller().version().unwrap();
    assert_eq!(second.count(Operation::Version), 1);
    network.advance(70 * SECOND);
    first.fault(Operation::Services, Fault::StallBeforeAnswer);
    list(&network.client.with_timeout(SECOND / 3)).unwrap_err();
    first.clear_faults();
    assert_eq!((list(&network.client).unwrap(), network.count(Operation::Authenticate)), (2, 1));
}

#[test]
fn patience_that_would_outlast_the_call_ends_it_at_once_and_the_next_ones_too() {
    for asked in ["100", "1000000000", "Fri, 31 Dec 2099 23:59:59 GMT"] {
        let network = alone();
        let controller = &network.controllers[0];
        controller.fault_times(Operation::Services, too_many(asked), 1);
        let began = Instant::now();
        let quoted = retry_after(&list(&network.client).unwrap_err());
        assert!(quoted >= 100 * SECOND && quoted <= 60 * MINUTE, "{asked}: {quoted:?}");
        network.advance(50 * SECOND);
        let left = retry_after(&list(&network.client).unwrap_err());
        assert!(left <= 250 * SECOND, "{asked}: {left:?}");
        // It would be silent about a login, too.
        assert!(matches!(network.client.authenticate(), Err(Error::Busy(_))));
        assert!(began.elapsed() < 5 * SECOND);
        assert_eq!(network.requests(), 1, "{asked}");
        network.advance(5 * MINUTE);
        assert_eq!(list(&network.client).unwrap(), 2, "{asked}: no patience is longer than five minutes");
    }
}

#[test]
fn who_insists_need_not_be_patient() {
    let network = alone();
    network.controllers[0].fault_times(Operation::Services, too_many("100"), 1);
    list(&network.client).unwrap_err();
    network.client.retry_now();
    assert_eq!(list(&network.client).unwrap(), 2);
}

#[test]
fn another_controller_serves_while_one_is_busy() {
    for fault in [Fault::TooManyRequests { retry_after: None }, too_many("100"), Fault::Status(503)] {
        let network = Network::new(2, Version::V2_0, |builder| builder);
        let [first, second] = &network.controllers[..] else { unreachable!("there are two") };
        list(&network.client).unwrap();
        first.fault_times(Operation::Services, fault.clone(), 1);
        let began = Instant::now();
        assert_eq!(list(&network.client).unwrap(), 2, "{fault:?}");
        assert!(began.elapsed() < 2 * SECOND);
        first.clear_requests();
        second.fault(Operation::Any, Fault::Refuse);
        let client = network.client.with_timeout(5 * SECOND);
        let is_left_alone = fault == too_many("100");
        assert_eq!(list(&client).is_err(), is_left_alone, "{fault:?}");
        assert_eq!(first.requests().is_empty(), is_left_alone, "{fault:?}: nobody else is a reason to disturb it");
    }
}

#[test]
fn what_may_not_be_done_twice_is_repeated_only_if_it_was_not_begun() {
    let no_leader = answer(503, r#"{"error":{"code":"CLUSTER_NO_LEADER","message":"no leader"},"meta":{}}"#);
    let proxy = |status| answer(status, "<html>slow down</html>");
    let unhandled = |why: &str| {
        let cause = format!(r#"{{"code":"UNHANDLED","message":"{why}"}}"#);
        answer(500, format!(r#"{{"error":{{"code":"UNHANDLED","message":"oh","cause":{cause}}},"meta":{{}}}}"#))
    };
    let dead_leader = unhandled("error dialing peer tls:127.0.0.1:1: connection refused");
    let unbegun = [Fault::TooManyRequests { retry_after: None }, no_leader, dead_leader];
    let other_trouble = unhandled("the answer of the leader: error dialing peer");
    let unsure = [proxy(429), proxy(503), Fault::Status(502), Fault::Status(500), Fault::LostAnswer, other_trouble];
    let faults = unbegun.into_iter().map(|fault| (fault, 2)).chain(unsure.into_iter().map(|fault| (fault, 1)));
    for (fault, times) in faults {
        let network = alone();
        network.controllers[0].fault_times(Operation::Other, fault.clone(), 1);
        let error = order(&network.client, 1);
        let arrived = matches!(&error, Error::Api(answer) if answer.status == 404);
        assert_eq!((network.count(Operation::Other), arrived), (times, times == 2), "{fault:?}: {error:?}");
    }
}

#[test]
fn threads_that_share_a_client_share_its_patience() {
    let network = alone();
    network.controllers[0].fault_times(Operation::Authenticate, too_many("1"), 1);
    network.controllers[0].expire_sessions();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert_eq!(list(&network.client).unwrap(), 2));
        }
    });
    assert_eq!(network.count(Operation::Authenticate), 2, "one login, asked for twice");
}

#[test]
fn maintenance_comes_again_rather_than_to_wait() {
    let network = Network::new(1, Version::V2_0, |builder| builder);
    network.controllers[0].fault(Operation::Authenticate, too_many("2"));
    let began = Instant::now();
    let maintenance = network.client.maintain();
    assert!(maintenance.events[0].error.is_some() && began.elapsed() < SECOND, "{maintenance:?}");
    assert_eq!(network.count(Operation::Authenticate), 1);
}
