//! Controllers, and what all lists have in common.

use ziti_edge_client::api::list::ListQuery;
use ziti_edge_client::api::raw::RequestBody;
use ziti_edge_client::{Error, Filter, Method};

use crate::support::{client, controller};
use crate::{VERSIONS, plain, request_of, with_body};

#[test]
fn a_list_asks_for_pages_of_the_largest_size() {
    for version in VERSIONS {
        let controller = controller(version, 0);
        let client = client(&controller);
        let session = client.authenticate().unwrap().session().token.expose().to_owned();
        let sent = request_of(&controller, &client, |client| drop(client.controllers().list(&ListQuery::new())));
        let line = "GET /edge/client/v1/controllers?limit=500&offset=0 with certificate";
        assert_eq!(sent, plain(&controller, line, Some(&session)), "{version:?}");
        let sent = request_of(&controller, &client, |client| {
            client.controllers().iter(&ListQuery::new()).unwrap().for_each(drop);
        });
        assert_eq!(sent, plain(&controller, line, Some(&session)), "{version:?}");
    }
}

#[test]
fn a_page_asks_for_what_was_wanted() {
    let controller = controller(VERSIONS[0], 0);
    let client = client(&controller);
    let session = client.authenticate().unwrap().session().token.expose().to_owned();
    let query = ListQuery::new().filter(Filter::name().eq("a\"&")).sort("name desc").limit(3).offset(6);
    let sent = request_of(&controller, &client, |client| drop(client.controllers().page(&query)));
    let line = "GET /edge/client/v1/controllers?limit=3&offset=6&filter=name%20%3D%20%22a%5C%22%26%22\
                &sort=name%20desc with certificate";
    assert_eq!(sent, plain(&controller, line, Some(&session)));
    controller.clear_requests();
    let bad = ListQuery::new().filter(Filter::field("a b").eq(1));
    assert!(matches!(client.controllers().list(&bad), Err(Error::InvalidArgument(_))));
    assert!(matches!(client.controllers().list(&ListQuery::new().limit(1)), Err(Error::InvalidArgument(_))));
    assert!(controller.requests().is_empty(), "what is wrong from the beginning is not sent");
}

#[test]
fn a_media_type_that_cannot_be_sent_is_refused() {
    let controller = controller(VERSIONS[2], 0);
    let client = client(&controller);
    client.authenticate().unwrap();
    controller.clear_requests();
    for media_type in ["a".repeat(100_000), "a\r\nzt-session: x".to_owned()] {
        let body = RequestBody::new(&media_type, b"");
        let error = client.request(Method::Post, "/things", &[], Some(body)).unwrap_err();
        assert!(matches!(&error, Error::InvalidArgument(text) if text.contains("the media type")), "{error}");
    }
    assert!(controller.requests().is_empty());
}

#[test]
fn the_raw_door_sends_what_it_is_given() {
    let controller = controller(VERSIONS[2], 0);
    let client = client(&controller);
    let session = client.authenticate().unwrap().session().token.expose().to_owned();
    let sent = request_of(&controller, &client, |client| {
        drop(client.request(Method::Get, "/new%20things", &[("a b", "c&d"), ("e", "")], None));
    });
    let line = "GET /edge/client/v1/new%20things?a%20b=c%26d&e= with certificate";
    let expected = plain(&controller, line, Some(&session)).replace("encoding: identity", "encoding: gzip");
    assert_eq!(sent, expected);
    let body = RequestBody::json(r#"{"a":1}"#);
    for (method, name) in
        [(Method::Post, "POST"), (Method::Put, "PUT"), (Method::Patch, "PATCH"), (Method::Delete, "DELETE")]
    {
        let sent = request_of(&controller, &client, |client| {
            drop(client.management().request(method, "/things", &[], Some(body)));
        });
        let line = format!("{name} /edge/management/v1/things with certificate");
        let expected = with_body(&controller, &line, "application/json", r#"{"a":1}"#, Some(&session));
        assert_eq!(sent, expected.replace("encoding: identity", "encoding: gzip"));
    }
}
