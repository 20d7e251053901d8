//! The machine sleeps, and its clock is set.

use serde_json::{Value, json};
use ziti_edge_client::{Client, Error, Identity};
use ziti_edge_testkit::{Fault, Operation, TestController, Version};

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

#[test]
fn what_a_client_tells_of_itself_is_older_after_a_sleep() {
    let network = Network::new(2, Version::V1_6, |builder| builder);
    network.controllers[0].fault(Operation::Any, Fault::Refuse);
    list(&network.client).unwrap();
    let avoided = |client: &Client| client.status().controllers.iter().any(|one| one.avoided_for.is_some());
    assert!(avoided(&network.client));
    for controller in &network.controllers {
        controller.remove_identity(&controller.identity_id("alice").unwrap());
    }
    network.client.authenticate().unwrap_err();
    network.advance(HOUR);
    let refusal = network.client.status().login.refusal.unwrap();
    assert!(refusal.ago >= HOUR && !avoided(&network.client), "{refusal:?}");
}

#[test]
fn a_rejection_names_the_controllers_clock_if_it_is_off() {
    let network = Network::new(1, Version::V1_6, |builder| builder);
    let controller = &network.controllers[0];
    controller.set_back(HOUR);
    controller.remove_identity(&controller.identity_id("alice").unwrap());
    let error = network.client.authenticate().unwrap_err();
    let Error::Rejected(rejection) = &error else { panic!("{error:?}") };
    let told = rejection.known.last().unwrap();
    assert!(told.starts_with(&format!("the clock of {} is 3", controller.url())), "{told}");
    assert!(told.ends_with(" s behind the local one"), "{told}");
}

#[test]
fn a_refused_certificate_of_a_controller_names_the_clock_of_one_that_told_the_time() {
    let first = TestController::builder().services(2).start().unwrap();
    let mut file: Value = serde_json::from_str(&first.enrolled_identity_json("alice")).unwrap();
    let second = TestController::builder().same_network_as(&first).new_authority(true).start().unwrap();
    file["ztAPIs"] = json!([first.api_url(), second.api_url()]);
    let identity = Identity::from_json(&file.to_string()).unwrap();
    let client = Client::builder(&identity).chance(|| 0.0).build().unwrap();
    first.advance(HOUR);
    list(&client).unwrap();
    first.fault(Operation::Any, Fault::Refuse);
    let error = client.controller().version().unwrap_err();
    assert!(matches!(error, Error::Tls { .. }), "{error:?}");
    let told = error.to_string();
    assert!(told.contains(&format!("; the clock of {} is 3", first.url())), "{told}");
    assert!(told.contains(" s ahead of the local one"), "{told}");
}
