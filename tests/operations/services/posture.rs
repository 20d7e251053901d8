//! What is asked of the device, and what becomes of the answer.

use ziti_edge_client::api::raw::RequestBody;
use ziti_edge_client::api::services::{Permission, PostureQuerySet, ServiceQuery};
use ziti_edge_client::{Client, Method};
use ziti_edge_testkit::{self as testkit, Policy, PostureCheck, ServiceSpec, TestController, Version};

use crate::support::{client, controller};

/// A service that may be hosted by everybody, and dialed from a device that passes one of these sets of checks.
fn add(controller: &TestController, dial: Vec<Vec<PostureCheck>>) -> String {
    let policy = |checks: Vec<PostureCheck>| {
        checks.into_iter().fold(Policy::everybody(testkit::Permission::Dial), Policy::check)
    };
    let bind = Policy::everybody(testkit::Permission::Bind);
    let policies = dial.into_iter().map(policy).chain([bind]).collect();
    controller.add_service(ServiceSpec { name: "web".to_owned(), policies, ..Default::default() })
}

fn says(client: &Client, response: &str) {
    client.request(Method::Post, "/posture-response", &[], Some(RequestBody::json(response))).unwrap();
}

fn dial_and_bind(client: &Client, id: &str) -> (bool, bool) {
    let service = client.services().get(id).unwrap();
    let can = |permission| service.view().can_use(permission).unwrap();
    (can(Permission::Dial), can(Permission::Bind))
}

#[test]
fn a_service_can_be_used_once_the_device_passes_any_policy() {
    for version in Version::ALL {
        let controller = controller(version, 0);
        let client = client(&controller);
        let (domain, os) = (PostureCheck::domain("corp"), PostureCheck::os("Linux", "5.0.0"));
        let id = add(&controller, vec![vec![domain.clone(), os], vec![domain, PostureCheck::mac("00:11:22:33:44:55")]]);
        let service = client.services().get(&id).unwrap();
        assert!(service.view().can_dial() && service.view().can_bind(), "both are permitted");
        assert_eq!(dial_and_bind(&client, &id), (false, true), "{version:?}");

        let sets = service.view().posture_queries().unwrap();
        let dial: Vec<&PostureQuerySet> =
            sets.iter().filter(|set| set.policy_type.as_deref() == Some("Dial")).collect();
        assert_eq!((dial.len(), sets.len()), (2, 3));
        assert!(dial.iter().all(|set| !set.is_passing && set.queries.len() == 2));
        let query = |query_type: &str| {
            let mut queries = dial.iter().flat_map(|set| &set.queries);
            queries.find(|query| query.query_type.as_deref() == Some(query_type)).unwrap().id.clone()
        };

        says(&client, &format!(r#"{{"id":"{}","typeId":"DOMAIN","domain":"CORP"}}"#, query("DOMAIN")));
        assert_eq!(dial_and_bind(&client, &id), (false, true), "one of two checks is not enough");
        says(&client, &format!(r#"{{"id":"{}","typeId":"MAC","macAddresses":["001122334455"]}}"#, query("MAC")));
        assert_eq!(dial_and_bind(&client, &id), (true, true));
    }
}

#[test]
fn a_watch_tells_when_the_outcome_of_a_check_changes() {
    let controller = controller(Version::V2_0, 3);
    let client = client(&controller);
    let id = add(&controller, vec![vec![PostureCheck::domain("corp")]]);
    let mut watch = client.services().watch(ServiceQuery::new()).unwrap();
    assert_eq!(watch.poll().unwrap().added.len(), 4);
    says(&client, r#"{"id":"any","typeId":"DOMAIN","domain":"corp"}"#);
    let changes = watch.poll().unwrap();
    let changed: Vec<&str> = changes.changed.iter().map(|service| service.id()).collect();
    assert_eq!((changed, changes.added.len(), changes.removed.len()), (vec![id.as_str()], 0, 0));
    assert!(changes.changed.get(0).unwrap().can_use(Permission::Dial).unwrap());
}
