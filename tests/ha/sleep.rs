//! The machine sleeps, and its clock is set.

use ziti_edge_testkit::{Operation, Version};

use crate::support::operations;
use crate::{HOUR, MINUTE, Network, list};

#[test]
fn after_a_long_sleep_the_next_call_logs_in_first() {
    for version in Version::ALL {
        let network = Network::new(1, version, |builder| builder);
        list(&network.client).unwrap();
        network.advance(8 * HOUR);
        network.clear_requests();
        assert_eq!(list(&network.client).unwrap(), 2);
        let asked = operations(&network.controllers[0]);
        assert_eq!(asked, [Operation::Authenticate, Operation::Services], "{version:?}: no 401 was needed for that");
    }
}

#[test]
fn a_session_that_may_be_good_is_used() {
    let network = Network::new(1, Version::V1_6, |builder| builder);
    list(&network.client).unwrap();
    for _ in 0..3 {
        network.advance(25 * MINUTE);
        network.clear_requests();
        list(&network.client).unwrap();
        assert_eq!(operations(&network.controllers[0]), [Operation::Services], "each use moves its end");
    }
}

#[test]
fn a_clock_that_is_set_changes_nothing() {
    let network = Network::new(1, Version::V2_0, |builder| builder);
    list(&network.client).unwrap();
    network.client.maintain();
    network.clear_requests();
    network.clock.set_forward(8 * HOUR);
    list(&network.client).unwrap();
    assert!(network.client.maintain().events.is_empty());
    network.clock.set_back(8 * HOUR);
    list(&network.client).unwrap();
    assert!(network.client.maintain().events.is_empty());
    assert_eq!(operations(&network.controllers[0]), [Operation::Services; 2]);
}
