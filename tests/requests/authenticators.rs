//! Authenticators, at the client API and at the management API.

use serde_json::{Map, json};
use ziti_edge_client::api::authenticators::AuthenticatorChange;
use ziti_edge_client::api::list::ListQuery;
use ziti_edge_client::{Client, Filter, Secret};

use crate::support::controller;
use crate::{VERSIONS, logged_in, plain, request_of, with_body};

type Sends = fn(&Client);

const LISTS: [(&str, Sends); 3] = [
    ("GET authenticators?limit=500&offset=0", |client| drop(client.authenticators().list(&ListQuery::new()))),
    ("GET authenticators?limit=500&offset=0", |client| {
        client.authenticators().iter(&ListQuery::new()).unwrap().for_each(drop);
    }),
    ("GET authenticators?limit=2&offset=4&filter=method%20%3D%20%22cert%22&sort=id", |client| {
        let query = ListQuery::new().filter(Filter::field("method").eq("cert")).sort("id").limit(2).offset(4);
        drop(client.authenticators().page(&query));
    }),
];

const ONE: (&str, Sends) = ("GET authenticators/a%2Fb", |client| drop(client.authenticators().get("a/b")));

const CHANGES: [(&str, &str, Sends); 4] = [
    (
        "PUT authenticators/a%2Fb",
        r#"{"username":"carol","password":"new\"","currentPassword":"old","tags":{"a":1}}"#,
        |client| {
            let tags = Map::from_iter([("a".to_owned(), json!(1))]);
            let change = AuthenticatorChange::new(Secret::new("old")).username("carol").password(Secret::new("new\""));
            drop(client.authenticators().update("a/b", &change.tags(tags)));
        },
    ),
    ("PATCH authenticators/a%2Fb", r#"{"password":"new","currentPassword":"old"}"#, |client| {
        let change = AuthenticatorChange::new(Secret::new("old")).password(Secret::new("new"));
        drop(client.authenticators().patch("a/b", &change));
    }),
    ("POST authenticators/a%2Fb/extend", r#"{"clientCertCsr":"line\nline\n"}"#, |client| {
        drop(client.authenticators().extend("a/b", "line\nline\n"));
    }),
    ("POST authenticators/a%2Fb/extend-verify", r#"{"clientCert":"line\nline\n"}"#, |client| {
        drop(client.authenticators().extend_verify("a/b", "line\nline\n"));
    }),
];

/// The whole line: `authenticators` stands for its path below the base path of an API.
fn line(api: &str, short: &str) -> String {
    let path = format!("/edge/{api}/v1/current-identity/authenticators");
    format!("{} with certificate", short.replacen("authenticators", &path, 1))
}

#[test]
fn both_apis_are_asked_the_same() {
    for version in VERSIONS {
        let controller = controller(version, 0);
        let (client, token) = logged_in(&controller);
        for (api, client) in [("client", client.clone()), ("management", client.management())] {
            for (short, send) in LISTS.into_iter().chain([ONE]) {
                let sent = request_of(&controller, &client, send);
                assert_eq!(sent, plain(&controller, &line(api, short), Some(&token)), "{version:?}");
            }
            for (short, body, send) in CHANGES {
                let sent = request_of(&controller, &client, send);
                let expected = with_body(&controller, &line(api, short), "application/json", body, Some(&token));
                assert_eq!(sent, expected, "{version:?}");
            }
        }
    }
}

#[test]
fn the_own_session_is_asked_for_and_ended_at_the_management_api() {
    for version in VERSIONS {
        let controller = controller(version, 0);
        let (client, token) = logged_in(&controller);
        let management = client.management();
        let calls: [(&str, Sends); 2] =
            [("GET", |client| drop(client.current_api_session().get())), ("DELETE", |client| client.logout().unwrap())];
        for (method, send) in calls {
            let line = format!("{method} /edge/management/v1/current-api-session with certificate");
            assert_eq!(request_of(&controller, &management, send), plain(&controller, &line, Some(&token)));
        }
    }
}
