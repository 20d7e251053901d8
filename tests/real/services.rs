//! Services that come, change and go; names of every kind, lists of many pages, and the raw door.

use std::collections::BTreeSet;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use ziti_edge_client::api::list::ListQuery;
use ziti_edge_client::api::raw::RequestBody;
use ziti_edge_client::api::services::{ServiceChanges, ServiceQuery, ServiceWatch};
use ziti_edge_client::{Error, Filter, Method};

use crate::network::{Network, unique};
use crate::papers::NewRouter;
use crate::stories::Story;

pub(crate) const ALL: &[(&str, Story)] = &[
    ("a_watch_tells_which_services_come_change_and_go", a_watch_tells_which_services_come_change_and_go),
    ("filters_find_names_of_every_kind", filters_find_names_of_every_kind),
    ("terminators_of_every_page_are_listed_once", terminators_of_every_page_are_listed_once),
    ("the_raw_door_leads_everywhere", the_raw_door_leads_everywhere),
];

const HOSTILE: [&str; 7] =
    [r#"a"b\"#, r#"" or true or name = ""#, "%_*?", "wäre π 🦀", r#"a\\"c'd"#, r"C:\\\x", "tab\tand\\\nline"];

/// Polls until something changes.
fn wait_for_change(watch: &mut ServiceWatch) -> ServiceChanges {
    let start = Instant::now();
    loop {
        let changes = watch.poll().unwrap();
        if !changes.is_empty() {
            return changes;
        }
        assert!(start.elapsed() < Duration::from_secs(20), "nothing changes");
        thread::sleep(Duration::from_millis(100));
    }
}

fn a_watch_tells_which_services_come_change_and_go(network: &Network) {
    let member = network.enroll();
    let first = network.offer_with_configs(&member, 1).remove(0);
    let client = network.client(&member.identity);
    let query = ServiceQuery::new().filter(Filter::name().contains("zec-test"));
    let mut watch = client.services().watch(query).unwrap();
    let ids = |list: &ziti_edge_client::api::services::ServiceList| {
        list.iter().map(|service| service.id().to_owned()).collect::<Vec<_>>()
    };
    let start = watch.poll().unwrap();
    assert_eq!((ids(&start.added), start.changed.len(), start.removed.len()), (vec![first.id.clone()], 0, 0));

    let second = network.offer_with_configs(&member, 1).remove(0);
    let changes = wait_for_change(&mut watch);
    assert_eq!((ids(&changes.added), changes.changed.len(), changes.removed.len()), (vec![second.id.clone()], 0, 0));

    let data = json!({ "protocol": "tcp", "address": "127.0.0.1", "port": 9999 });
    network.admin.patch(&format!("configs/{}", first.host_config), &json!({ "data": data }));
    let changes = wait_for_change(&mut watch);
    assert_eq!((ids(&changes.changed), changes.added.len(), changes.removed.len()), (vec![first.id.clone()], 0, 0));
    assert!(changes.changed.get(0).unwrap().config_json().contains("9999"));

    network.admin.delete(&format!("services/{}", second.id));
    let changes = wait_for_change(&mut watch);
    assert_eq!((changes.added.len(), changes.changed.len(), changes.removed.len()), (0, 0, 1));
    assert_eq!((&changes.removed[0].id, &changes.removed[0].name), (&second.id, &second.name));
}

fn filters_find_names_of_every_kind(network: &Network) {
    let member = network.enroll();
    let prefix = unique("name");
    let names = HOSTILE.map(|name| format!("{prefix} {name}"));
    for name in &names {
        let id = network.admin.create("services", &json!({ "name": name, "encryptionRequired": true }));
        network.allow("Dial", &member, &format!("@{id}"), &[]);
    }
    let client = network.client(&member.identity);
    let found = |filter: Filter| {
        let services = client.services().list(&ServiceQuery::new().filter(filter)).unwrap();
        services.iter().map(|service| service.name().to_owned()).collect::<BTreeSet<_>>()
    };
    for (name, hostile) in names.iter().zip(HOSTILE) {
        let this = BTreeSet::from([name.clone()]);
        assert_eq!(found(Filter::name().eq(name)), this);
        assert_eq!(found(Filter::name().contains(&prefix).and(Filter::name().contains(hostile))), this, "{hostile}");
        assert!(found(Filter::name().eq(hostile)).is_empty(), "{hostile}");
    }
    let unheard_of = client.services().list(&ServiceQuery::new().filter(Filter::name().eq(r"C:\new"))).unwrap_err();
    assert!(matches!(unheard_of, Error::InvalidArgument(_)), "{unheard_of:?}");
    let others = found(Filter::name().contains(&prefix).and(Filter::name().eq(&names[0]).not()));
    assert_eq!(others, names[1..].iter().cloned().collect());
}

fn terminators_of_every_page_are_listed_once(network: &Network) {
    let member = network.enroll();
    let service = network.offer_plain(&member, 1).remove(0);
    let router = NewRouter::register(network).id;
    let terminator = |port: u16| {
        let address = format!("tcp:127.0.0.1:{port}");
        let body = json!({ "service": service, "router": router, "binding": "transport", "address": address });
        network.admin.create("terminators", &body)
    };
    let made: BTreeSet<String> = (1..=510).map(terminator).collect();
    let client = network.client(&member.identity);
    let terminators = client.services().terminators(&service);

    let all = terminators.list(&ListQuery::new()).unwrap();
    assert_eq!((all.len(), all.total()), (510, 510));
    assert_eq!(all.iter().map(|terminator| terminator.id.clone()).collect::<BTreeSet<_>>(), made);
    let page = terminators.page(&ListQuery::new().limit(20).offset(500)).unwrap();
    assert_eq!((page.len(), page.total()), (10, 510));
    assert_eq!(terminators.iter(&ListQuery::new()).unwrap().map(Result::unwrap).count(), 510);
}

fn the_raw_door_leads_everywhere(network: &Network) {
    let member = network.enroll();
    let service = network.offer_plain(&member, 1).remove(0);
    let client = network.client(&member.identity);

    let query = [("filter", r#"name contains "plain""#), ("limit", "500")];
    let answer = client.request(Method::Get, "/services", &query, None).unwrap();
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!((answer.status, answer.content_type.as_deref()), (200, Some("application/json")));
    assert!(body["data"].as_array().unwrap().iter().any(|row| row["id"] == service.as_str()), "{body}");

    let body = json!({ "typeId": "DOMAIN", "id": "nobody.knows", "domain": "corp.test" }).to_string();
    let answer = client.request(Method::Post, "/posture-response", &[], Some(RequestBody::json(&body))).unwrap();
    assert_eq!(answer.status, 201);

    let refused = client.request(Method::Get, "/services/nobody.knows", &[], None).unwrap_err();
    assert!(matches!(refused, Error::Api(answer) if answer.status == 404 && answer.code == "NOT_FOUND"));
    let unsupported = client.request(Method::Delete, &format!("/services/{service}"), &[], None).unwrap_err();
    assert!(matches!(unsupported, Error::Unsupported(_)), "{unsupported:?}");
}
