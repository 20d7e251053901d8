use serde_json::{Value, json};

use super::pages::{Limits, list, single};
use super::*;

const PAGE_OF_500: &str = include_str!("../../../tests/recordings/2.0-10k/services-page-of-500.json");

/// The limits of a call that has all the time it needs.
fn at_most(max_rows: u64) -> Limits<'static> {
    Limits { max_rows, check: &|| Ok(()) }
}

/// Reads the body of a page as it comes.
pub(in crate::api) fn read_page(body: &[u8]) -> Result<ServiceList, Error> {
    single(&ServiceQuery::new().page_at(0), at_most(1_000_000), |_, buffer| {
        *buffer = body.to_vec();
        Ok(())
    })
}

/// Reads the body of a single service as it comes.
pub(in crate::api) fn read_one(body: &[u8]) -> Result<OwnedService, Error> {
    decode::one("GET /services/x", body).map(OwnedService::new)
}

/// Uses every accessor, and returns what they say in the shape of the answer.
pub(in crate::api) fn all_of(service: Service<'_>) -> Value {
    let parsed = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let time = |at: Option<crate::api::Timestamp>| at.map(|at| (at.as_str().to_owned(), at.unix_seconds()).0);
    read_what_is_read_late(service);
    json!({
        "id": service.id(),
        "name": service.name(),
        "permissions": service.permissions().collect::<Vec<_>>(),
        "encryptionRequired": service.encryption_required(),
        "roleAttributes": service.role_attributes().collect::<Vec<_>>(),
        "config": parsed(service.config_json()),
        "configs": service.config_ids().collect::<Vec<_>>(),
        "tags": parsed(service.tags_json()),
        "postureQueries": parsed(service.posture_queries_json()),
        "terminatorStrategy": service.terminator_strategy(),
        "maxIdleTimeMillis": service.max_idle_time_millis(),
        "createdAt": time(service.created_at()),
        "updatedAt": time(service.updated_at()),
    })
}

/// Reads what is read only when it is asked for.
fn read_what_is_read_late(service: Service<'_>) {
    let _ = service.config::<InterceptV1>();
    let _ = service.config::<HostV1>();
    let _ = service.config_as::<Value>("host.v1");
    let _ = service.posture_queries();
    let _ = service.can_use(Permission::Dial);
}

fn page_of(rows: &[Value], meta: Value) -> Vec<u8> {
    json!({ "data": rows, "meta": meta }).to_string().into_bytes()
}

fn service(row: Value) -> OwnedService {
    read_one(&json!({ "data": row, "meta": {} }).to_string().into_bytes()).unwrap()
}

#[test]
fn five_hundred_recorded_services_are_read_as_they_are() {
    let services = read_page(PAGE_OF_500.as_bytes()).unwrap();
    let mut answer: Value = serde_json::from_str(PAGE_OF_500).unwrap();
    let rows = answer["data"].as_array_mut().unwrap();
    assert_eq!((services.len(), rows.len(), services.total()), (500, 500, 10_000));
    for (service, row) in services.iter().zip(rows) {
        let row = row.as_object_mut().unwrap();
        row.remove("_links");
        assert_eq!(all_of(service), Value::Object(row.clone()));
        let permissions: Vec<_> = service.permissions().collect();
        assert_eq!(
            (service.can_dial(), service.can_bind()),
            (permissions.contains(&"Dial"), permissions.contains(&"Bind"))
        );
        let intercept = service.config::<InterceptV1>().unwrap().unwrap();
        assert_eq!(json!(intercept.addresses), row["config"]["intercept.v1"]["addresses"]);
    }
}

#[test]
fn a_page_is_kept_in_less_than_its_body() {
    let services = read_page(PAGE_OF_500.as_bytes()).unwrap();
    let size: usize = services.blocks().iter().map(block::Block::size).sum();
    assert!(size < PAGE_OF_500.len() * 4 / 5, "{size} of {}", PAGE_OF_500.len());
}

#[test]
fn every_text_ends_with_a_nul_and_holds_no_other() {
    let services = read_page(PAGE_OF_500.as_bytes()).unwrap();
    let fields = [
        Field::Id,
        Field::Name,
        Field::CreatedAt,
        Field::UpdatedAt,
        Field::TerminatorStrategy,
        Field::ConfigJson,
        Field::TagsJson,
        Field::PostureQueriesJson,
    ];
    let lists = [List::Permissions, List::RoleAttributes, List::ConfigIds];
    for service in &services {
        let texts = fields.into_iter().map(|field| service.text_with_nul(field));
        for text in texts.chain(lists.into_iter().flat_map(|list| service.list_with_nuls(list).split_inclusive('\0'))) {
            assert_eq!(text.find('\0'), Some(text.len() - 1), "{text:?}");
        }
    }
}

#[cfg(feature = "capi")]
#[test]
fn what_is_absent_is_null_in_c() {
    let unset = "0001-01-01T00:00:00.000Z";
    let body = json!({"id": "a", "name": "b", "createdAt": unset, "roleAttributes": ["x", "y"]});
    let mut row = super::ffi::Row::new(service(body));
    let record = row.view();
    assert!(record.created_at.is_null() && record.updated_at.is_null() && record.terminator_strategy.is_null());
    assert_eq!((record.config_ids_len, record.permissions_len, record.role_attributes_len), (0, 0, 2));
    assert!(!record.config_ids.is_null());
}

#[test]
fn a_nul_in_a_text_is_replaced() {
    let service = service(json!({"id": "a\0b", "name": "\0", "roleAttributes": ["x\0", "ö"], "tags": {"k": "\0"}}));
    let view = service.view();
    assert_eq!((view.id(), view.name()), ("a\u{fffd}b", "\u{fffd}"));
    assert_eq!(view.role_attributes().collect::<Vec<_>>(), ["x\u{fffd}", "ö"]);
    assert_eq!(view.tags_json(), r#"{"k":"\u0000"}"#);
}

#[test]
fn nulls_and_absent_fields_are_empty() {
    let nulls = json!({"id": "i", "name": "n", "permissions": null, "roleAttributes": null, "configs": null,
        "config": null, "tags": null, "postureQueries": null, "terminatorStrategy": null, "maxIdleTimeMillis": null,
        "encryptionRequired": null, "createdAt": null, "updatedAt": "0001-01-01T00:00:00.000Z"});
    for row in [json!({"id": "i", "name": "n"}), nulls] {
        let service = service(row);
        let wanted = json!({"id": "i", "name": "n", "permissions": [], "roleAttributes": [], "configs": [],
            "config": {}, "tags": {}, "postureQueries": [], "terminatorStrategy": null, "maxIdleTimeMillis": 0,
            "encryptionRequired": false, "createdAt": null, "updatedAt": null});
        assert_eq!(all_of(service.view()), wanted);
        assert_eq!(service.view().config::<InterceptV1>().unwrap(), None);
    }
}

#[test]
fn unknown_permissions_are_kept_and_mean_nothing() {
    let service = service(json!({"id": "i", "name": "n", "permissions": ["Invalid", "dial", ""]}));
    let view = service.view();
    assert_eq!((view.can_dial(), view.can_bind()), (false, false));
    assert_eq!(view.permissions().collect::<Vec<_>>(), ["Invalid", "dial", ""]);
}

#[test]
fn the_path_of_a_bad_field_is_told() {
    let good = json!({"id": "i", "name": "n"});
    for (row, wanted) in [
        (json!({"id": "i", "name": 7}), "data[1].name: invalid type: integer"),
        (json!({"id": "i"}), "data[1]: missing field `name`"),
        (json!({"name": "n"}), "data[1]: missing field `id`"),
        (json!({"id": "i", "name": "n", "config": "x"}), "data[1].config: this is not an object"),
        (json!({"id": "i", "name": "n", "postureQueries": {}}), "data[1].postureQueries: this is not a list"),
        (json!({"id": "i", "name": "n", "permissions": ["Dial", 3]}), "data[1].permissions[1]: invalid type"),
        (json!({"id": "i", "name": "n", "maxIdleTimeMillis": 1e99}), "data[1].maxIdleTimeMillis: invalid type"),
        (json!(null), "data[1]: invalid type: null, expected a service"),
        (json!([]), "data[1]: invalid type: sequence, expected a service"),
    ] {
        let message = read_page(&page_of(&[good.clone(), row], json!({}))).unwrap_err().to_string();
        assert!(message.starts_with("answer of GET /services cannot be read at "), "{message}");
        assert!(message.contains(wanted), "{message}");
    }
    for member in ["id", "config", "configs", "encryptionRequired", "maxIdleTimeMillis"] {
        let twice = format!(r#"{{"data":[{{"{member}":null,"name":"n","{member}":null}}]}}"#);
        let message = read_page(twice.as_bytes()).unwrap_err().to_string();
        assert!(message.contains(&format!("data[0]: duplicate field `{member}`")), "{message}");
    }
}

#[test]
fn a_copy_of_a_service_is_the_same_without_the_list() {
    let services = read_page(PAGE_OF_500.as_bytes()).unwrap();
    for position in [0, 1, 250, 499] {
        let service = services.get(position).unwrap();
        let copy = service.to_owned();
        assert_eq!(all_of(copy.view()), all_of(service));
        assert_eq!(all_of(copy.view().to_owned().view()), all_of(service));
    }
    assert!(services.get(500).is_none());
}

/// A controller with these services, that answers pages as it is asked, and can change with each request.
fn listed(mut ids: Vec<u32>, mut change: impl FnMut(usize, &mut Vec<u32>)) -> Result<(ServiceList, usize), Error> {
    let mut requests = 0;
    let services = list(&ServiceQuery::new(), at_most(10_000), |request, body| {
        change(requests, &mut ids);
        requests += 1;
        let target = request.target("").expose().to_owned();
        let offset: usize = target.split_once("offset=").unwrap().1.split('&').next().unwrap().parse().unwrap();
        let rows: Vec<_> =
            ids.iter().skip(offset).take(500).map(|id| json!({"id": id.to_string(), "name": "n"})).collect();
        *body = page_of(&rows, json!({"pagination": {"limit": 500, "offset": offset, "totalCount": ids.len()}}));
        Ok(())
    })?;
    Ok((services, requests))
}

fn ids_of(services: &ServiceList) -> Vec<u32> {
    services.iter().map(|service| service.id().parse().unwrap()).collect()
}

#[test]
fn lists_services_of_every_page() {
    for (count, pages) in [(0, 1), (1, 1), (499, 1), (500, 1), (501, 2), (1700, 4)] {
        let (services, requests) = listed((0..count).collect(), |_, _| {}).unwrap();
        assert_eq!((ids_of(&services), requests), ((0..count).collect(), pages));
        assert_eq!((services.len(), services.total()), (count as usize, u64::from(count)));
        assert_eq!((services.is_empty(), services.iter().len()), (count == 0, count as usize));
    }
}

#[test]
fn services_that_move_between_pages_come_once_and_none_is_lost() {
    let (services, requests) = listed((0..1700).collect(), |request, ids| match request {
        1 => drop(ids.drain(..10)),
        2 => ids.insert(0, 5000),
        3 => ids.rotate_left(700),
        _ => {}
    })
    .unwrap();
    let mut ids = ids_of(&services);
    ids.sort_unstable();
    assert_eq!(ids, (0..1700).chain([5000]).collect::<Vec<_>>());
    assert_eq!(requests, 8);
    assert_eq!(services.get(1700).map(|service| service.name()), Some("n"), "across the blocks of both passes");
}

#[test]
fn a_filter_with_its_own_limit_is_one_request() {
    let mut targets = Vec::new();
    let query = ServiceQuery::new().filter("true limit 2");
    let two = [json!({"id": "a", "name": "n"}), json!({"id": "b", "name": "n"})];
    let services = list(&query, at_most(10), |request, body| {
        targets.push(request.target("").expose().to_owned());
        *body = page_of(&two, json!({"pagination": {"limit": 2, "offset": 0, "totalCount": 24}}));
        Ok(())
    })
    .unwrap();
    assert_eq!((services.len(), services.total()), (2, 24));
    assert_eq!(targets, ["/services?limit=-1&offset=0&filter=true%20limit%202"]);
    let more_than_allowed = list(&query, at_most(1), |_, body| {
        *body = page_of(&two, json!({}));
        Ok(())
    });
    assert!(more_than_allowed.unwrap_err().to_string().contains("max_rows"));
}

#[test]
fn a_failing_page_fails_the_list() {
    let mut requests = 0;
    let error = list(&ServiceQuery::new(), at_most(10_000), |_, body| {
        requests += 1;
        if requests == 2 {
            return Err(Error::InvalidArgument("no".to_owned()));
        }
        *body = page_of(&[json!({"id": "a", "name": "n"})], json!({"pagination": {"totalCount": 7}}));
        Ok(())
    });
    assert!(matches!(error, Err(Error::InvalidArgument(_))));
    assert!(list(&ServiceQuery::new().limit(3), at_most(10), |_, _| panic!("asked")).is_err());
}

/// Answers with a page of 2000 rows and one more that cannot be read.
fn bad_at_its_end(_: &Request, body: &mut Vec<u8>) -> Result<(), Error> {
    let rows = r#"{"id":"a","name":"n"},"#.repeat(2000);
    *body = format!(r#"{{"data":[{rows}{{"id":7}}],"meta":{{}}}}"#).into_bytes();
    Ok(())
}

#[test]
fn a_page_is_read_no_further_than_rows_are_allowed() {
    let both = [
        list(&ServiceQuery::new(), at_most(999), bad_at_its_end),
        single(&ServiceQuery::new().page_at(0), at_most(999), bad_at_its_end),
    ];
    for outcome in both {
        assert!(matches!(outcome, Err(Error::InvalidArgument(message)) if message.contains("max_rows (999)")));
    }
}

#[test]
fn reading_a_page_of_many_rows_ends_with_the_call() {
    let check = || Err(Error::Canceled { stage: crate::Stage::Body });
    let limits = Limits { max_rows: 1_000_000, check: &check };
    let both = [
        list(&ServiceQuery::new(), limits, bad_at_its_end),
        single(&ServiceQuery::new().page_at(0), limits, bad_at_its_end),
    ];
    for outcome in both {
        assert!(matches!(outcome, Err(Error::Canceled { .. })));
    }
}
