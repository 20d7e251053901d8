//! What a watch tells, and when.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use ziti_edge_client::api::services::{
    InterceptV1, ServiceChanges, ServiceList, ServiceQuery, ServiceStamp, ServiceWatch,
};
use ziti_edge_client::{Client, Error, Filter};
use ziti_edge_testkit::{Fault, Operation, Permission, Policy, ServiceSpec, TestController, Version};

use crate::support::{answer, client, controller, operations, page, start};

const UPDATES: Operation = Operation::Named("listServiceUpdates");

fn watch(client: &Client) -> ServiceWatch {
    client.services().watch(ServiceQuery::new().config_types(["all"])).unwrap()
}

fn names(services: &ServiceList) -> Vec<&str> {
    let mut names: Vec<&str> = services.iter().map(|service| service.name()).collect();
    names.sort_unstable();
    names
}

/// The names of what was added, changed and removed.
fn told(changes: &ServiceChanges) -> (Vec<&str>, Vec<&str>, Vec<&str>) {
    let removed = changes.removed.iter().map(|service| service.name.as_str()).collect();
    (names(&changes.added), names(&changes.changed), removed)
}

fn intercepting(name: &str, address: &str) -> ServiceSpec {
    let config = json!({"protocols": ["tcp"], "addresses": [address], "portRanges": [{"low": 1, "high": 2}]});
    ServiceSpec { name: name.to_owned(), configs: vec![("intercept.v1".to_owned(), config)], ..Default::default() }
}

fn nothing() -> (Vec<&'static str>, Vec<&'static str>, Vec<&'static str>) {
    Default::default()
}

#[test]
fn the_first_poll_tells_all_services_and_the_next_ones_what_changed() {
    for version in Version::ALL {
        let controller = controller(version, 2);
        let client = client(&controller);
        let mut watch = watch(&client);
        assert!(controller.requests().is_empty(), "a watch asks for nothing before its first poll");
        let first = watch.poll().unwrap();
        assert_eq!(told(&first), (vec!["svc-00001", "svc-00002"], vec![], vec![]), "{version:?}");
        assert_eq!((first.added.len(), first.added.total()), (2, 2));
        assert!(!first.is_empty() && watch.poll().unwrap().is_empty());

        let id = controller.add_service(intercepting("web", "a.test"));
        let added = watch.poll().unwrap();
        assert_eq!(told(&added), (vec!["web"], vec![], vec![]));
        let before = added.added.get(0).unwrap();

        controller.add_service(ServiceSpec { id: Some(id.clone()), ..intercepting("web", "b.test") });
        let changed = watch.poll().unwrap();
        assert_eq!(told(&changed), (vec![], vec!["web"], vec![]));
        let after = changed.changed.get(0).unwrap();
        assert_eq!(after.config::<InterceptV1>().unwrap().unwrap().addresses, ["b.test"]);
        assert_eq!((before.id(), before.config_ids().collect::<Vec<_>>()), (after.id(), after.config_ids().collect()));

        let both = vec![Policy::everybody(Permission::Dial), Policy::everybody(Permission::Bind)];
        let policies = ServiceSpec { id: Some(id.clone()), policies: both, ..intercepting("web", "b.test") };
        controller.add_service(policies);
        let permitted = watch.poll().unwrap();
        assert_eq!(told(&permitted), (vec![], vec!["web"], vec![]));
        assert!(permitted.changed.get(0).unwrap().can_bind());

        assert!(controller.remove_service(&id));
        let removed = watch.poll().unwrap();
        assert_eq!(told(&removed), (vec![], vec![], vec!["web"]));
        assert_eq!(removed.removed[0].id, id);
        assert!(watch.poll().unwrap().is_empty());
    }
}

#[test]
fn many_changes_of_one_poll_are_counted_and_what_is_gone_is_sorted() {
    let controller = controller(Version::V2_0, 5);
    let client = client(&controller);
    let mut watch = watch(&client);
    watch.poll().unwrap();
    let [first, second, gone @ ..]: [String; 5] = controller.service_ids().try_into().unwrap();
    for (id, name) in [(first, "one"), (second, "two")] {
        controller.add_service(ServiceSpec { id: Some(id), ..intercepting(name, "a.test") });
    }
    assert!(gone.iter().all(|id| controller.remove_service(id)));
    let changes = watch.poll().unwrap();
    assert_eq!((names(&changes.changed), changes.changed.total()), (vec!["one", "two"], 2));
    assert_eq!(changes.removed.iter().map(|service| service.id.as_str()).collect::<Vec<_>>(), gone);
    assert!(gone.is_sorted());
}

#[test]
fn a_stamp_that_is_earlier_than_the_last_one_is_a_change() {
    let controller = controller(Version::V2_0, 1);
    let client = client(&controller);
    let mut watch = watch(&client);
    for (second, expected) in [(5, vec!["svc-00001"]), (4, vec![]), (4, vec![]), (5, vec![])] {
        let stamp = json!({"data": {"lastChangeAt": format!("2026-11-22T07:13:0{second}.000Z")}}).to_string();
        controller.fault_times(UPDATES, answer(200, stamp), 1);
        assert_eq!(told(&watch.poll().unwrap()).0, expected);
    }
    assert_eq!(controller.count(Operation::Services), 3, "of four polls one had the stamp of the one before");
}

#[test]
fn a_watch_of_what_a_filter_cuts_out_takes_one_page() {
    let controller = controller(Version::V2_0, 3);
    let client = client(&controller);
    let mut watch = client.services().watch(ServiceQuery::new().filter("true skip 1 limit 2")).unwrap();
    controller.fault_times(Operation::Services, page(1..3, 1, 24), 1);
    assert_eq!(told(&watch.poll().unwrap()).0, ["svc-00001", "svc-00002"]);
    assert_eq!(controller.count(Operation::Services), 1);
}

#[test]
fn a_change_of_the_configs_alone_is_told_and_the_ticking_of_a_check_is_not() {
    let controller = controller(Version::V2_0, 0);
    let client = client(&controller);
    let mut watch = watch(&client);
    let polls = [("a.test", 600, (vec!["web"], vec![], vec![])), ("b.test", 600, (vec![], vec!["web"], vec![]))];
    for (poll, (address, left, expected)) in polls.into_iter().chain([("b.test", 300, nothing())]).enumerate() {
        let stamp = json!({"data": {"lastChangeAt": format!("2026-11-22T07:13:0{poll}.000Z")}}).to_string();
        let query = json!({"id": "mfa", "queryType": "MFA", "timeout": 600, "timeoutRemaining": left});
        let row = json!({"id": "i", "name": "web", "updatedAt": "2026-11-22T07:13:00.000Z",
            "config": {"intercept.v1": {"addresses": [address]}},
            "postureQueries": [{"policyId": "p", "policyType": "Dial", "postureQueries": [query]}]});
        let page = json!({"data": [row], "meta": {"pagination": {"offset": 0, "totalCount": 1}}}).to_string();
        controller.fault_times(UPDATES, answer(200, stamp), 1);
        controller.fault_times(Operation::Services, answer(200, page), 1);
        assert_eq!(told(&watch.poll().unwrap()), expected, "{address} {left}");
    }
    assert_eq!(controller.count(Operation::Services), 3);
}

#[test]
fn a_poll_that_finds_nothing_new_is_one_request_and_any_other_asks_for_the_stamp_first() {
    let controller = controller(Version::V2_0, 600);
    let client = client(&controller);
    let mut watch = watch(&client);
    client.authenticate().unwrap();
    controller.clear_requests();
    watch.poll().unwrap();
    assert_eq!(operations(&controller).len(), 3);
    assert_eq!((controller.count(UPDATES), controller.count(Operation::Services)), (1, 2));
    assert_eq!(controller.requests()[0].path, "/edge/client/v1/current-api-session/service-updates");
    controller.clear_requests();
    for _ in 0..3 {
        assert!(watch.poll().unwrap().is_empty());
    }
    assert_eq!((controller.requests().len(), controller.count(UPDATES)), (3, 3));
}

#[test]
fn a_service_that_may_no_longer_be_used_is_removed() {
    let controller = controller(Version::V2_0, 0);
    let client = client(&controller);
    let alice = controller.identity_id("alice").unwrap();
    let for_alice = Policy { identities: Some(vec![alice]), ..Policy::everybody(Permission::Dial) };
    let web = |policy: Policy| ServiceSpec { policies: vec![policy], ..intercepting("web", "a.test") };
    let id = controller.add_service(web(for_alice.clone()));
    let mut watch = watch(&client);
    assert_eq!(told(&watch.poll().unwrap()).0, ["web"]);
    let nobody = Policy { identities: Some(Vec::new()), ..for_alice };
    controller.add_service(ServiceSpec { id: Some(id), ..web(nobody) });
    assert_eq!(told(&watch.poll().unwrap()), (vec![], vec![], vec!["web"]));
}

#[test]
fn a_poll_that_fails_leaves_the_watch_as_it_was() {
    let controller = controller(Version::V2_0, 3);
    let client = client(&controller);
    let mut watch = watch(&client);
    watch.poll().unwrap();
    controller.add_service(intercepting("web", "a.test"));
    for operation in [UPDATES, Operation::Services] {
        controller.fault_times(operation, Fault::Status(500), 1);
        assert!(matches!(watch.poll(), Err(Error::Api(answer)) if answer.status == 500), "{operation:?}");
    }
    assert_eq!(told(&watch.poll().unwrap()), (vec!["web"], vec![], vec![]));
    assert!(watch.poll().unwrap().is_empty());
}

#[test]
fn a_list_that_breaks_off_after_its_first_page_tells_nothing() {
    let controller = controller(Version::V2_0, 700);
    let client = client(&controller);
    let mut watch = watch(&client);
    let first_page = client.services().page(&ServiceQuery::new()).unwrap();
    assert_eq!(first_page.len(), 500);
    controller.fault_times(Operation::Services, page(0..500, 0, 700), 1);
    controller.fault_times(Operation::Services, Fault::BadJson, 1);
    assert!(matches!(watch.poll(), Err(Error::Decode { .. })));
    assert_eq!(watch.poll().unwrap().added.len(), 700, "nothing is known of the page that came");
}

#[test]
fn a_new_login_with_the_same_services_is_no_change() {
    let controller = controller(Version::V1_6, 3);
    let client = client(&controller);
    let mut watch = watch(&client);
    watch.poll().unwrap();
    let stamp = client.services().changed_since(None).unwrap().unwrap();
    controller.advance(std::time::Duration::from_secs(5));
    controller.expire_sessions();
    assert_eq!(told(&watch.poll().unwrap()), nothing());
    assert_eq!(controller.count(Operation::Authenticate), 2);
    assert!(client.services().changed_since(Some(&stamp)).unwrap().is_some(), "the stamp is another");
    controller.expire_sessions();
    controller.add_service(intercepting("web", "a.test"));
    assert_eq!(told(&watch.poll().unwrap()), (vec!["web"], vec![], vec![]));
}

#[test]
fn a_session_that_ends_between_stamp_and_list_is_made_anew() {
    let controller = controller(Version::V2_0, 3);
    let client = client(&controller);
    let mut watch = watch(&client);
    watch.poll().unwrap();
    controller.add_service(intercepting("web", "a.test"));
    controller.fault_times(Operation::Services, Fault::SessionGone, 1);
    assert_eq!(told(&watch.poll().unwrap()), (vec!["web"], vec![], vec![]));
    assert_eq!(controller.count(Operation::Authenticate), 2);
    assert!(watch.poll().unwrap().is_empty());
}

#[test]
fn rows_that_move_while_they_are_listed_are_told_once_and_in_the_end_all_is_known() {
    let controller = start(TestController::builder().services(1200).gzip(false));
    let client = client(&controller);
    let mut watch = watch(&client);
    let mut known: BTreeMap<String, String> = BTreeMap::new();
    for moves in [true, true, false] {
        controller.move_rows_while_paging(moves);
        let changes = watch.poll().unwrap();
        for removed in &changes.removed {
            assert!(known.remove(&removed.id).is_some(), "{removed:?} was not there");
        }
        for service in &changes.added {
            assert!(
                known.insert(service.id().to_owned(), service.name().to_owned()).is_none(),
                "{service:?} was there"
            );
        }
        assert!(changes.changed.iter().all(|service| known.contains_key(service.id())));
        controller.add_service(intercepting(&format!("moves {moves}"), "a.test"));
    }
    let last = watch.poll().unwrap();
    assert_eq!((last.added.len(), last.removed.len()), (1, 0), "{last:?}");
    known.extend(last.added.iter().map(|service| (service.id().to_owned(), service.name().to_owned())));
    assert_eq!(known.into_keys().collect::<Vec<_>>(), controller.service_ids());
}

#[test]
fn a_watch_sees_only_what_its_query_selects() {
    let controller = controller(Version::V2_0, 3);
    let client = client(&controller);
    let query = ServiceQuery::new().filter(Filter::name().eq("web")).config_types(["host.v1"]);
    let mut watch = client.services().watch(query).unwrap();
    assert!(watch.poll().unwrap().is_empty());
    controller.add_service(intercepting("web", "a.test"));
    assert_eq!(told(&watch.poll().unwrap()), (vec!["web"], vec![], vec![]));
    controller.add_service(intercepting("other", "a.test"));
    assert_eq!(told(&watch.poll().unwrap()), nothing());
}

#[test]
fn a_watch_works_on_any_thread_and_without_the_client_it_was_made_of() {
    let controller = controller(Version::V2_0, 2);
    let mut watch = watch(&client(&controller));
    let changes = std::thread::spawn(move || watch.poll().unwrap()).join().unwrap();
    assert_eq!(changes.added.len(), 2);
}

#[test]
fn stamps_differ_exactly_if_something_changed() {
    for version in Version::ALL {
        let controller = controller(version, 1);
        let client = client(&controller);
        let first = client.services().changed_since(None).unwrap().expect("without a stamp there is always one");
        let updates = client.current_api_session().service_updates().unwrap();
        assert_eq!(first.as_str(), updates.last_change_at.as_str());
        assert_eq!(client.services().changed_since(Some(&first)).unwrap(), None, "{version:?}");
        assert_eq!(client.services().changed_since(Some(&ServiceStamp::new(first.as_str()))).unwrap(), None);
        controller.add_service(intercepting("web", "a.test"));
        let second = client.services().changed_since(Some(&first)).unwrap().unwrap();
        assert_ne!(first, second);
        assert_eq!(client.services().changed_since(Some(&first)).unwrap(), Some(second));
    }
}

#[test]
fn an_answer_without_a_time_is_no_stamp() {
    let controller = controller(Version::V2_0, 1);
    let client = client(&controller);
    for data in [json!({}), json!({"lastChangeAt": null}), json!({"lastChangeAt": 7}), Value::Null] {
        let body = json!({ "data": data, "meta": {} }).to_string();
        controller.fault_times(UPDATES, answer(200, body), 1);
        assert!(matches!(client.services().changed_since(None), Err(Error::Decode { .. })), "{data}");
    }
}
