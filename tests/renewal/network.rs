//! The list of the controllers.

use serde_json::{Value, json};
use ziti_edge_client::EventKind;
use ziti_edge_testkit::{Fault, ListedController, Operation, TestController, Version};

use crate::support::{answer, start};
use crate::{DAY, Scene, kinds, list};

const LIST: Operation = Operation::Named("listControllers");

fn with_others(count: usize) -> (Scene, Vec<TestController>) {
    let scene = Scene::new(Version::V2_0);
    let more =
        |_| start(TestController::builder().version(Version::V2_0).services(2).same_network_as(&scene.controller));
    let others: Vec<_> = (0..count).map(more).collect();
    (scene, others)
}

fn announce(scene: &Scene, others: &[TestController]) {
    let own = ListedController::of("c0", &scene.controller);
    let rest = others.iter().enumerate().map(|(n, other)| ListedController::of(&format!("c{}", n + 1), other));
    scene.controller.set_controllers(std::iter::once(own).chain(rest));
}

fn saved(scene: &Scene) -> Vec<String> {
    let listed = scene.json()["ztAPIs"].clone();
    let listed: Vec<String> = serde_json::from_value(listed).unwrap();
    assert_eq!(scene.json()["ztAPI"], Value::from(listed[0].clone()));
    listed
}

#[test]
fn new_controllers_are_saved_and_used() {
    let (scene, others) = with_others(2);
    announce(&scene, &others);
    let maintenance = scene.client.maintain();
    assert_eq!(kinds(&maintenance), [EventKind::LoginRenewed, EventKind::ControllersChanged]);
    let all = [&scene.controller, &others[0], &others[1]].map(TestController::api_url);
    assert_eq!(saved(&scene), all);
    assert_eq!(list(&scene.client).unwrap(), 2);
    assert_eq!(scene.controller.count(Operation::Authenticate), 1, "the login goes on");
    scene.controller.fault(Operation::Any, Fault::Refuse);
    assert_eq!(list(&scene.client).unwrap(), 2, "another one serves");
    assert_eq!(list(&scene.another()).unwrap(), 2);
}

#[test]
fn controllers_that_left_the_network_are_forgotten() {
    let (scene, others) = with_others(2);
    announce(&scene, &others);
    scene.client.maintain();
    announce(&scene, &others[1..]);
    scene.clock.advance(DAY);
    assert!(kinds(&scene.client.maintain()).contains(&EventKind::ControllersChanged));
    assert_eq!(saved(&scene), [&scene.controller, &others[1]].map(TestController::api_url));
}

#[test]
fn each_controller_is_taken_once_whatever_its_address_looks_like() {
    let scene = Scene::new(Version::V2_0);
    let own = scene.controller.api_url();
    let node = |urls: &[&str]| {
        let urls: Vec<Value> = urls.iter().map(|url| json!({ "url": url, "version": "v1" })).collect();
        json!({ "id": "c", "apiAddresses": { "edge-client": urls, "edge-oidc": [{ "url": "https://oidc.test" }] } })
    };
    let nodes = [
        node(&[&own, &own]),
        node(&["https://[2001:db8::1]:1280/edge/client/v1", "ftp://x"]),
        node(&[]),
        node(&["https://[2001:DB8:0::1]:1280", "https://B.test:443/edge", "https://b.test/edge/client/v1"]),
    ];
    let page = json!({ "data": nodes, "meta": {} });
    scene.controller.fault(LIST, answer(200, page.to_string()));
    assert!(kinds(&scene.client.maintain()).contains(&EventKind::ControllersChanged));
    let loaded: Vec<String> = scene.client.identity().controllers().map(str::to_owned).collect();
    assert_eq!(loaded, [scene.controller.url().as_str(), "https://[2001:db8::1]:1280", "https://b.test:443"]);
    scene.clock.advance(DAY);
    assert!(!kinds(&scene.client.maintain()).contains(&EventKind::ControllersChanged), "and that is no change");
    assert_eq!(list(&scene.another()).unwrap(), 2);
}

#[test]
fn a_list_that_cannot_be_used_changes_nothing() {
    let (scene, others) = with_others(1);
    announce(&scene, &others);
    scene.client.maintain();
    let before = scene.json();
    let node = |url: &str| json!({ "id": "c", "apiAddresses": { "edge-client": [{ "url": url, "version": "v1" }] } });
    let bare = json!({ "id": "c", "apiAddresses": null });
    let lists = [json!([]), json!([bare]), json!([node("http://evil.test:1280")]), json!([node("")]), json!(null)];
    for list in lists {
        scene.clock.advance(DAY);
        let page = json!({ "data": list, "meta": {} });
        scene.controller.fault_times(LIST, answer(200, page.to_string()), 1);
        let told = kinds(&scene.client.maintain());
        assert!(!told.contains(&EventKind::ControllersChanged), "{page}: {told:?}");
        assert_eq!(scene.json(), before, "{page}");
    }
    for fault in [Fault::BadJson, Fault::Status(500), Fault::EmptyBody, Fault::Html] {
        scene.clock.advance(DAY);
        scene.controller.fault_times(LIST, fault.clone(), 1);
        assert!(kinds(&scene.client.maintain()).contains(&EventKind::ControllersFailed), "{fault:?}");
        assert_eq!(scene.json(), before, "{fault:?}");
    }
}

#[test]
fn a_controller_without_a_cluster_lists_none_and_nothing_changes() {
    for version in Version::ALL {
        let scene = Scene::new(version);
        let before = scene.json();
        assert_eq!(kinds(&scene.client.maintain()), [EventKind::LoginRenewed]);
        assert_eq!(scene.json(), before);
    }
}

#[test]
fn the_address_that_answers_stays_though_the_list_has_another_one() {
    let (scene, others) = with_others(1);
    scene.controller.set_controllers([ListedController::of("c1", &others[0])]);
    scene.client.maintain();
    assert_eq!(saved(&scene), [&scene.controller, &others[0]].map(TestController::api_url));
}
