//! Services: what is sent to change one, and to learn whether any changed.

use serde_json::json;
use ziti_edge_client::Error;
use ziti_edge_client::api::services::{ServicePatch, ServiceQuery, ServiceStamp, ServiceUpdate};

use crate::support::{client, controller, operations, seen};
use crate::{VERSIONS, plain, request_of, with_body};
use ziti_edge_testkit::Operation;

#[test]
fn a_change_of_a_service_sends_all_that_was_said() {
    let mut update = ServiceUpdate::new("web");
    update.configs = vec!["c1".to_owned(), "c2".to_owned()];
    update.encryption_required = true;
    update.max_idle_time_millis = 5000;
    update.role_attributes = vec!["a\"b".to_owned()];
    update.tags = json!({"k": [1, null]}).as_object().unwrap().clone();
    update.terminator_strategy = Some("smartrouting".to_owned());
    let full = concat!(
        r#"{"name":"web","configs":["c1","c2"],"encryptionRequired":true"#,
        r#","maxIdleTimeMillis":5000,"roleAttributes":["a\"b"],"tags":{"k":[1,null]},"terminatorStrategy":"smartrouting"}"#
    );
    let mut patch = ServicePatch::default();
    patch.role_attributes = Some(Vec::new());
    patch.encryption_required = Some(false);
    for version in VERSIONS {
        let controller = controller(version, 0);
        let client = client(&controller);
        let session = client.authenticate().unwrap().session().token.expose().to_owned();
        let check = |method: &str, body: &str, call: &dyn Fn() -> Result<(), Error>| {
            let sent = request_of(&controller, &client, |_| {
                let error = call().unwrap_err();
                assert!(
                    matches!(&error, Error::Unsupported(message) if message.contains("not implemented")),
                    "{error}"
                );
            });
            let line = format!("{method} /edge/client/v1/services/a%2Fb with certificate");
            assert_eq!(sent, with_body(&controller, &line, "application/json", body, Some(&session)), "{version:?}");
        };
        let services = client.services();
        check("PUT", full, &|| services.update("a/b", &update));
        check("PATCH", r#"{"encryptionRequired":false,"roleAttributes":[]}"#, &|| services.patch("a/b", &patch));
        let sent = request_of(&controller, &client, |_| drop(services.delete("a/b").unwrap_err()));
        let line = "DELETE /edge/client/v1/services/a%2Fb with certificate";
        assert_eq!(sent.replace("content-length: 0\n", ""), plain(&controller, line, Some(&session)), "{version:?}");
    }
}

#[test]
fn a_patch_can_say_everything() {
    let controller = controller(VERSIONS[2], 0);
    let mut patch = ServicePatch::default();
    patch.name = Some("web".to_owned());
    patch.configs = Some(vec!["c".to_owned()]);
    patch.encryption_required = Some(true);
    patch.max_idle_time_millis = Some(0);
    patch.role_attributes = Some(vec!["r".to_owned()]);
    patch.tags = Some(serde_json::Map::new());
    patch.terminator_strategy = Some("random".to_owned());
    client(&controller).services().patch("id", &patch).unwrap_err();
    let sent = controller.requests().pop().unwrap();
    let body = concat!(
        r#"{"name":"web","configs":["c"],"encryptionRequired":true"#,
        r#","maxIdleTimeMillis":0,"roleAttributes":["r"],"tags":{},"terminatorStrategy":"random"}"#
    );
    assert_eq!(String::from_utf8(sent.body).unwrap(), body);
}

#[test]
fn whether_anything_changed_is_one_small_request() {
    for version in VERSIONS {
        let controller = controller(version, 1);
        let client = client(&controller);
        let session = client.authenticate().unwrap().session().token.expose().to_owned();
        let line = "GET /edge/client/v1/current-api-session/service-updates with certificate";
        let expected = plain(&controller, line, Some(&session));
        let sent = request_of(&controller, &client, |client| {
            client.current_api_session().service_updates().unwrap();
        });
        assert_eq!(sent, expected, "{version:?}");
        let sent = request_of(&controller, &client, |client| {
            client.services().changed_since(Some(&ServiceStamp::new("x"))).unwrap();
        });
        assert_eq!(sent, expected, "{version:?}");
    }
}

#[test]
fn services_are_fetched_page_by_page_as_they_are_asked_for() {
    let controller = controller(VERSIONS[1], 1001);
    let client = client(&controller);
    client.authenticate().unwrap();
    let query = ServiceQuery::new().sort("name").config_types(["host.v1"]);
    let mut services = client.services().iter(&query).unwrap();
    controller.clear_requests();
    assert_eq!(services.next().unwrap().unwrap().view().name(), "svc-00001");
    assert_eq!(operations(&controller), [Operation::Services]);
    assert_eq!(services.by_ref().take(499).filter_map(Result::ok).count(), 499);
    assert_eq!(controller.requests().len(), 1, "the next page is not asked for yet");
    assert_eq!(services.by_ref().count(), 501);
    assert!(services.next().is_none(), "and stays so");
    let queries: Vec<String> = seen(&controller, Operation::Services).into_iter().map(|page| page.query).collect();
    let wanted = [0, 500, 1000].map(|offset| format!("limit=500&offset={offset}&sort=name&configTypes=host.v1"));
    assert_eq!(queries, wanted);
    for bad in [ServiceQuery::new().limit(1), ServiceQuery::new().offset(1)] {
        assert!(matches!(client.services().iter(&bad), Err(Error::InvalidArgument(_))));
        assert!(matches!(client.services().watch(bad), Err(Error::InvalidArgument(_))));
    }
    assert_eq!(controller.requests().len(), 3, "what is wrong from the beginning is not sent");
}

#[test]
fn one_by_one_a_filter_with_its_own_limit_is_one_request() {
    let controller = controller(VERSIONS[2], 20);
    let client = client(&controller);
    client.authenticate().unwrap();
    controller.clear_requests();
    let query = ServiceQuery::new().filter("true limit 2");
    assert_eq!(client.services().iter(&query).unwrap().filter_map(Result::ok).count(), 2);
    let requests = controller.requests();
    assert_eq!((requests.len(), requests[0].query.as_str()), (1, "limit=-1&offset=0&filter=true%20limit%202"));
}
