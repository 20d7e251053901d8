//! Sessions, the own identity, and what belongs to a service.

use serde_json::json;
use ziti_edge_client::api::list::ListQuery;
use ziti_edge_client::api::sessions::{SessionRequest, SessionType};
use ziti_edge_client::{Client, Error, Filter, Secret};
use ziti_edge_testkit::{TestController, Version};

use crate::support::{client, controller};
use crate::{VERSIONS, plain, request_of, text, with_body};

/// A controller, a client that is logged in there, and its session.
fn logged_in(version: Version) -> (TestController, Client, String) {
    let controller = controller(version, 0);
    let client = client(&controller);
    let token = client.authenticate().unwrap().session().token.expose().to_owned();
    (controller, client, token)
}

#[test]
fn each_call_without_a_body_sends_its_request_and_no_other() {
    for version in VERSIONS {
        let (controller, client, token) = logged_in(version);
        let check = |line: &str, call: &dyn Fn(&Client)| {
            let line = format!("{line} with certificate");
            assert_eq!(request_of(&controller, &client, call), plain(&controller, &line, Some(&token)), "{version:?}");
        };
        check("GET /edge/client/v1/sessions/a%2Fb", &|client| drop(client.sessions().get("a/b")));
        check("DELETE /edge/client/v1/sessions/a%2Fb", &|client| drop(client.sessions().delete("a/b")));
        check("GET /edge/client/v1/current-identity", &|client| drop(client.current_identity().get()));
        check("GET /edge/client/v1/services/a%2Fb/edge-routers", &|client| {
            drop(client.services().edge_routers("a/b", None));
        });
    }
}

#[test]
fn lists_ask_for_pages_of_the_largest_size_or_as_wanted() {
    let all = ListQuery::new();
    let some = ListQuery::new().filter(Filter::field("instanceId").eq("a&b")).sort("id desc").limit(3).offset(6);
    let (of_all, of_some) =
        ("limit=500&offset=0", "limit=3&offset=6&filter=instanceId%20%3D%20%22a%26b%22&sort=id%20desc");
    for version in VERSIONS {
        let (controller, client, token) = logged_in(version);
        let check = |path: &str, query: &str, call: &dyn Fn(&Client)| {
            let expected =
                plain(&controller, &format!("GET /edge/client/v1{path}?{query} with certificate"), Some(&token));
            // Each session names all of its edge routers: a list of them is worth compressing.
            let expected = if path == "/sessions" { expected.replace("identity\n", "gzip\n") } else { expected };
            assert_eq!(request_of(&controller, &client, call), expected, "{version:?}");
        };
        check("/sessions", of_all, &|client| drop(client.sessions().list(&all)));
        check("/sessions", of_all, &|client| client.sessions().iter(&all).unwrap().for_each(drop));
        check("/sessions", of_some, &|client| drop(client.sessions().page(&some)));
        let path = "/current-identity/edge-routers";
        check(path, of_all, &|client| drop(client.current_identity().edge_routers().list(&all)));
        check(path, of_all, &|client| client.current_identity().edge_routers().iter(&all).unwrap().for_each(drop));
        check(path, of_some, &|client| drop(client.current_identity().edge_routers().page(&some)));
        let path = "/services/a%2Fb/terminators";
        check(path, of_all, &|client| drop(client.services().terminators("a/b").list(&all)));
        check(path, of_all, &|client| client.services().terminators("a/b").iter(&all).unwrap().for_each(drop));
        check(path, of_some, &|client| drop(client.services().terminators("a/b").page(&some)));
    }
}

#[test]
fn a_session_is_asked_for_with_service_kind_and_tags() {
    let line = "POST /edge/client/v1/sessions with certificate";
    let tags = json!({"a\"b": ["é", 1]}).as_object().unwrap().clone();
    for version in VERSIONS {
        let (controller, client, token) = logged_in(version);
        for (request, body) in [
            (SessionRequest::new("id", SessionType::Dial), r#"{"serviceId":"id","type":"Dial"}"#),
            (SessionRequest::new("a\"b", SessionType::Bind), r#"{"serviceId":"a\"b","type":"Bind"}"#),
            (
                SessionRequest::new("id", SessionType::Dial).tags(tags.clone()),
                r#"{"serviceId":"id","type":"Dial","tags":{"a\"b":["é",1]}}"#,
            ),
        ] {
            let sent = request_of(&controller, &client, |client| drop(client.sessions().create(&request)));
            assert_eq!(sent, with_body(&controller, line, "application/json", body, Some(&token)), "{version:?}");
        }
    }
}

#[test]
fn the_token_of_a_session_goes_in_a_header_of_its_own() {
    let (controller, client, token) = logged_in(Version::V2_0);
    controller.clear_requests();
    // It is refused; what the client then asks for does not matter here.
    client.services().edge_routers("id", Some(&Secret::new("e.y.J"))).unwrap_err();
    let line = "GET /edge/client/v1/services/id/edge-routers with certificate";
    let expected = plain(&controller, line, Some(&token)).replace("\nuser-agent", "\nsession-token: e.y.J\nuser-agent");
    assert_eq!(text(&controller.requests()[0]), expected);
}

#[test]
fn what_cannot_be_asked_is_not_sent() {
    let (controller, client, _) = logged_in(Version::V2_0);
    controller.clear_requests();
    let refused = |result: Result<(), Error>| assert!(matches!(result, Err(Error::InvalidArgument(_))), "{result:?}");
    let limited = ListQuery::new().limit(1);
    for id in ["", ".", ".."] {
        refused(client.sessions().get(id).map(drop));
        refused(client.sessions().delete(id));
        refused(client.services().edge_routers(id, None).map(drop));
        refused(client.services().terminators(id).list(&ListQuery::new()).map(drop));
    }
    refused(client.sessions().list(&limited).map(drop));
    refused(client.current_identity().edge_routers().list(&limited).map(drop));
    refused(client.services().terminators("id").iter(&limited).map(drop));
    refused(client.sessions().page(&ListQuery::new().limit(0)).map(drop));
    refused("dial".parse::<SessionType>().map(drop));
    refused(client.services().edge_routers("id", Some(&Secret::new("a\nb"))).map(drop));
    let management = client.management();
    assert!(matches!(management.sessions().get("id"), Err(Error::Unsupported(_))));
    assert!(matches!(management.current_identity().get(), Err(Error::Unsupported(_))));
    assert!(controller.requests().is_empty());
}
