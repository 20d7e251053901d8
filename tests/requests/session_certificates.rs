//! Certificates of a session.

use ziti_edge_client::Client;
use ziti_edge_client::api::list::ListQuery;

use crate::support::controller;
use crate::{VERSIONS, logged_in, plain, request_of, with_body};

type Sends = fn(&Client);

const PATH: &str = "/edge/client/v1/current-api-session/certificates";

#[test]
fn lists_and_single_certificates_are_their_line_alone() {
    let calls: [(&str, &str, Sends); 5] = [
        ("GET", "?limit=500&offset=0", |client| drop(client.session_certificates().list(&ListQuery::new()))),
        ("GET", "?limit=500&offset=0", |client| {
            client.session_certificates().iter(&ListQuery::new()).unwrap().for_each(drop);
        }),
        ("GET", "?limit=3&offset=6&filter=a%20%3D%201", |client| {
            drop(client.session_certificates().page(&ListQuery::new().filter("a = 1").limit(3).offset(6)));
        }),
        ("GET", "/a%2Fb", |client| drop(client.session_certificates().get("a/b"))),
        ("DELETE", "/a%2Fb", |client| drop(client.session_certificates().delete("a/b"))),
    ];
    for version in VERSIONS {
        let controller = controller(version, 0);
        let (client, token) = logged_in(&controller);
        for (method, tail, send) in calls {
            let line = format!("{method} {PATH}{tail} with certificate");
            assert_eq!(request_of(&controller, &client, send), plain(&controller, &line, Some(&token)), "{version:?}");
        }
    }
}

#[test]
fn a_certificate_is_asked_for_with_a_request_in_json() {
    for version in VERSIONS {
        let controller = controller(version, 0);
        let (client, token) = logged_in(&controller);
        let line = format!("POST {PATH} with certificate");
        let body = r#"{"csr":"line\nline\n"}"#;
        let sent =
            request_of(&controller, &client, |client| drop(client.session_certificates().create("line\nline\n")));
        assert_eq!(sent, with_body(&controller, &line, "application/json", body, Some(&token)), "{version:?}");
    }
}
