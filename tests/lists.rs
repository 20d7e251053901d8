//! Lists of services: all rows, each once, or an error.

mod support;

use std::time::Duration;

use serde_json::{Value, json};
use support::{answer, builder, client, controller, page, page_text, seen, sorted_ids, start};
use ziti_edge_client::api::services::{InterceptV1, ServiceList, ServiceQuery};
use ziti_edge_client::{Client, Error};
use ziti_edge_testkit::{Fault, Operation, ServiceSpec, TestController, Version};

fn list(client: &Client) -> Result<ServiceList, Error> {
    client.services().list(&ServiceQuery::new())
}

/// What a list becomes whose pages are these, one after the other, and how many were asked for.
fn list_of(pages: Vec<Fault>) -> (Result<ServiceList, Error>, usize) {
    let controller = controller(Version::V2_0, 0);
    for page in pages {
        controller.fault_times(Operation::Services, page, 1);
    }
    let services = client(&controller).with_timeout(Duration::from_secs(5)).services().list(&ServiceQuery::new());
    (services, controller.count(Operation::Services))
}

fn ids(rows: impl IntoIterator<Item = usize>) -> Vec<String> {
    rows.into_iter().map(|row| format!("{row:05}")).collect()
}

#[test]
fn all_services_are_listed_however_many_there_are() {
    let controller = controller(Version::V1_3, 0);
    let client = client(&controller);
    for (count, pages) in [(0, 1), (1, 1), (499, 1), (500, 1), (501, 2), (1000, 2), (1001, 3)] {
        controller.set_services(count);
        controller.clear_requests();
        let services = list(&client).unwrap();
        assert_eq!((services.len(), services.total()), (count, count as u64));
        assert_eq!(sorted_ids(&services), controller.service_ids());
        assert_eq!((services.is_empty(), services.get(count).is_none()), (count == 0, true));
        assert_eq!(controller.count(Operation::Services), pages, "{count} services");
    }
}

#[test]
fn rows_that_move_between_pages_come_once_and_none_is_lost() {
    // Compressing pages that are never the same again would be most of the work.
    let controller = start(TestController::builder().services(10_000).gzip(false));
    let before = controller.service_ids();
    controller.move_rows_while_paging(true);
    let services = list(&client(&controller)).unwrap();
    let listed = sorted_ids(&services);
    let mut once = listed.clone();
    once.dedup();
    assert_eq!(once.len(), services.len(), "no row comes twice");
    let after = controller.service_ids();
    let stayed: Vec<&String> = before.iter().filter(|id| after.binary_search(id).is_ok()).collect();
    assert!(stayed.len() > 9900 && stayed.iter().all(|id| listed.binary_search(id).is_ok()));
    assert!(controller.count(Operation::Services) <= 60, "three passes at most");
}

#[test]
fn a_page_without_rows_ends_the_list() {
    let (services, pages) = list_of(vec![page(0..500, 0, 1200), page(0..0, 500, 1200), page(0..500, 0, 500)]);
    assert_eq!((services.unwrap().len(), pages), (500, 3), "read again because the total said otherwise");
    let (services, pages) = list_of(vec![page(0..0, 0, 9), page(0..0, 0, 9), page(0..0, 0, 9)]);
    assert_eq!((services.unwrap().len(), pages), (0, 3));
}

#[test]
fn a_total_that_shrinks_or_grows_is_followed() {
    let (services, pages) =
        list_of(vec![page(0..500, 0, 1500), page(500..700, 500, 700), page(0..500, 0, 700), page(500..700, 500, 700)]);
    assert_eq!((sorted_ids(&services.unwrap()), pages), (ids(0..700), 4));
    let (services, pages) = list_of(vec![
        page(0..500, 0, 600),
        page(500..1000, 500, 1100),
        page(1000..1100, 1000, 1100),
        page(0..500, 0, 1100),
        page(500..1000, 500, 1100),
        page(1000..1100, 1000, 1100),
    ]);
    assert_eq!((sorted_ids(&services.unwrap()), pages), (ids(0..1100), 6));
}

#[test]
fn a_row_that_slipped_past_is_found_when_the_list_is_read_again() {
    // Row 3 goes away after the first page, and row 500 takes a place on the page that was read already.
    let moved = |offset: usize| page_text(4..504, offset, 599);
    let first = page_text(0..500, 0, 600);
    let second = page_text(501..600, 500, 599);
    let again = answer(200, moved(0).replace("00004", "00000"));
    let rest = page_text(504..600, 500, 599);
    let (services, pages) = list_of(vec![answer(200, first), answer(200, second), again, answer(200, rest)]);
    let services = services.unwrap();
    assert!(pages >= 4 && sorted_ids(&services).contains(&"00500".to_owned()), "{pages}");
}

#[test]
fn a_controller_that_ignores_the_offset_is_an_error_and_no_endless_list() {
    let first = || page(0..500, 0, 1200);
    let (services, pages) = list_of(vec![first(), first(), first(), first()]);
    let error = services.unwrap_err();
    assert!(matches!(&error, Error::Decode { path, .. } if path == "meta.pagination.offset"), "{error:?}");
    assert_eq!(pages, 2);

    let controller = controller(Version::V2_0, 0);
    controller.fault(Operation::Services, answer(200, r#"{"data":[{"id":"a","name":"a"}],"meta":{}}"#));
    let error = list(&builder(&controller).max_rows(1).build().unwrap()).unwrap_err();
    assert!(matches!(&error, Error::Decode { message, .. } if message.contains("not ended")), "{error:?}");
}

#[test]
fn rows_that_come_twice_are_listed_once() {
    let twice = page_text(0..3, 0, 6).replace("]", r#",{"id":"00001","name":"x"},{"id":"00000","name":"y"}]"#);
    let all = || page(0..5, 0, 5);
    let (services, _) = list_of(vec![answer(200, twice), page(3..5, 5, 7), all(), all()]);
    assert_eq!(sorted_ids(&services.unwrap()), ids(0..5));
}

#[test]
fn a_list_of_more_rows_than_allowed_is_an_error_at_its_first_page() {
    let controller = controller(Version::V2_0, 1001);
    let error = list(&builder(&controller).max_rows(1000).build().unwrap()).unwrap_err();
    assert!(matches!(&error, Error::InvalidArgument(text) if text.contains("1001") && text.contains("max_rows")));
    assert_eq!(controller.count(Operation::Services), 1);
    let bounded = builder(&controller).max_rows(1001).build().unwrap();
    assert_eq!(list(&bounded).unwrap().len(), 1001);
    let few = builder(&controller).max_rows(10).build().unwrap();
    assert_eq!(few.services().page(&ServiceQuery::new().limit(10)).unwrap().len(), 10, "a page has its own limit");
    few.services().page(&ServiceQuery::new()).unwrap_err();
    let narrow = ServiceQuery::new().filter("name contains \"svc-0000\"");
    assert_eq!(few.services().list(&narrow).unwrap().len(), 9);
}

#[test]
fn a_filter_reaches_the_controller_as_it_was_written() {
    let controller = controller(Version::V2_0, 30);
    controller.add_service(ServiceSpec { name: "ä+b & \"c\" 100%".to_owned(), ..ServiceSpec::default() });
    let client = client(&controller);
    let names = |filter: &str| -> Vec<String> {
        let services = client.services().list(&ServiceQuery::new().filter(filter).sort("name desc")).unwrap();
        services.iter().map(|service| service.name().to_owned()).collect()
    };
    assert_eq!(names("name contains \"1\" and name contains \"svc-0002\""), ["svc-00021"]);
    assert_eq!(names(r#"name = "ä+b & \"c\" 100%""#), ["ä+b & \"c\" 100%"]);
    assert_eq!(names("name = \"nothing\""), [""; 0]);
    assert_eq!(names("name contains \"svc-\" limit 2"), ["svc-00030", "svc-00029"], "a window of its own is kept");
    let error = client.services().list(&ServiceQuery::new().filter("name = ")).unwrap_err();
    assert!(matches!(&error, Error::Api(answer) if answer.code == "INVALID_FILTER"), "{error:?}");
}

#[test]
fn a_page_is_the_part_that_was_asked_for() {
    let controller = controller(Version::V1_6, 25);
    let client = client(&controller);
    let page = |query: ServiceQuery| client.services().page(&query).unwrap();
    let part = page(ServiceQuery::new().sort("name").limit(10).offset(20));
    let names: Vec<&str> = part.iter().map(|service| service.name()).collect();
    assert_eq!(names, ["svc-00021", "svc-00022", "svc-00023", "svc-00024", "svc-00025"]);
    assert_eq!(part.total(), 25);
    assert_eq!((page(ServiceQuery::new()).len(), page(ServiceQuery::new().offset(99)).len()), (25, 0));
    let before = controller.requests().len();
    for query in [ServiceQuery::new().limit(0), ServiceQuery::new().limit(5)] {
        assert!(matches!(client.services().list(&query), Err(Error::InvalidArgument(_))));
    }
    assert_eq!(controller.requests().len(), before, "what cannot be meant is not sent");
}

#[test]
fn an_unknown_id_is_not_found() {
    for version in Version::ALL {
        let controller = controller(version, 1);
        let client = client(&controller);
        for id in ["unknown", "a/b", "ä ?&#%2f"] {
            let error = client.services().get(id).unwrap_err();
            let Error::Api(answer) = &error else { panic!("{error:?}") };
            assert_eq!((answer.status, answer.code.as_str()), (404, "NOT_FOUND"));
            assert_eq!(answer.operation.split('/').next(), Some("GET "));
            assert!(answer.request_id.is_some() && !error.is_retryable());
        }
        let id = "a/b ?#%é";
        let spec = ServiceSpec { name: "odd".to_owned(), id: Some(id.to_owned()), ..ServiceSpec::default() };
        controller.add_service(spec);
        assert_eq!(client.services().get(id).unwrap().view().name(), "odd");
    }
}

#[test]
fn a_service_of_which_little_is_known_is_listed() {
    let controller = controller(Version::V2_0, 0);
    let tags = json!({ "nested": { "a": [1, null] }, "text": "ü\u{1f600}\"\\" });
    let spec = ServiceSpec { name: "bare".to_owned(), tags: tags.clone(), ..ServiceSpec::default() };
    let id = controller.add_service(spec);
    let client = builder(&controller).config_types([""; 0]).build().unwrap();
    let one = client.services().get(&id).unwrap();
    let sent = String::from_utf8(seen(&controller, Operation::Authenticate)[0].body.clone()).unwrap();
    assert!(sent.starts_with(r#"{"configTypes":[],"#), "{sent}");
    assert_eq!((one.view().config_json(), one.view().config_ids().count()), ("{}", 0), "null is none");
    assert_eq!(one.view().role_attributes().count(), 0);
    assert_eq!(one.view().config::<InterceptV1>().unwrap(), None);
    assert_eq!(serde_json::from_str::<Value>(one.view().tags_json()).unwrap(), tags);
    assert_eq!(list(&client).unwrap().get(0).unwrap().name(), "bare");
}

/// A real page of five services as the controller sends it.
fn whole_page(controller: &TestController, client: &Client) -> String {
    let mut rows: Vec<Value> = Vec::new();
    for service in &list(client).unwrap() {
        let text = |json: &str| serde_json::from_str::<Value>(json).unwrap();
        rows.push(json!({
            "id": service.id(), "name": service.name(), "config": text(service.config_json()),
            "tags": text(service.tags_json()), "permissions": service.permissions().collect::<Vec<_>>(),
            "configs": service.config_ids().collect::<Vec<_>>(), "roleAttributes": null, "postureQueries": [],
            "encryptionRequired": true, "maxIdleTimeMillis": 0, "createdAt": "2026-11-22T06:53:50.416Z",
        }));
    }
    assert_eq!(rows.len(), controller.service_ids().len());
    let pagination = json!({ "limit": 500, "offset": 0, "totalCount": rows.len() });
    json!({ "data": rows, "meta": { "filterableFields": ["id"], "pagination": pagination } }).to_string()
}

#[test]
fn a_page_cut_off_anywhere_gives_an_error_and_never_a_part() {
    let controller = controller(Version::V2_0, 5);
    let client = client(&controller);
    let whole = whole_page(&controller, &client);
    controller.fault_times(Operation::Services, answer(200, whole.clone()), 1);
    assert_eq!(list(&client).unwrap().len(), 5, "the whole page is fine");
    let step = whole.len().div_ceil(500).max(1);
    let places: Vec<usize> = (0..whole.len()).step_by(step).chain([whole.len() - 2, whole.len() - 1]).collect();
    assert!(places.len() > 300, "{}", whole.len());
    for place in places {
        controller.fault_times(Operation::Services, answer(200, &whole.as_bytes()[..place]), 1);
        let error = list(&client).unwrap_err();
        assert!(matches!(error, Error::Decode { .. }), "cut at {place}: {error:?}");
    }
    assert_eq!(controller.connections(), 1);
}

#[test]
fn an_answer_that_breaks_off_on_the_wire_gives_an_error_and_never_a_part() {
    let controller = controller(Version::V2_0, 600);
    for gzip in [true, false] {
        let client = builder(&controller).gzip(gzip).build().unwrap();
        list(&client).unwrap();
        for fault in [Fault::Truncate, Fault::ResetInBody, Fault::WrongLength] {
            controller.fault_times(Operation::Services, fault.clone(), 1);
            let error = list(&client).unwrap_err();
            assert!(matches!(error, Error::Transport { .. } | Error::Decode { .. }), "{fault:?}: {error:?}");
            assert_eq!(list(&client).unwrap().len(), 600, "after {fault:?}");
        }
    }
}
