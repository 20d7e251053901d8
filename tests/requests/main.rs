//! What goes out: each request to the byte, and no request more than needed.

mod about;
mod authenticators;
mod controllers;
mod enrollment;
mod mfa;
mod posture;
mod services;
mod session_certificates;
mod sessions;
#[path = "../support/mod.rs"]
mod support;

use support::{client, controller, operations, seen, sorted_ids, start};
use ziti_edge_client::api::services::ServiceQuery;
use ziti_edge_client::{Client, EnrollOptions, Enrollment};
use ziti_edge_testkit::{Operation, Seen, TestController, Version};

const VERSIONS: [Version; 3] = Version::ALL;

/// A request as text: its line, its headers by name, whether a certificate was shown, and its body.
fn text(request: &Seen) -> String {
    let target = match request.query.as_str() {
        "" => request.path.clone(),
        query => format!("{}?{query}", request.path),
    };
    let headers = request.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value));
    let mut headers: Vec<(String, &String)> = headers.collect();
    headers.sort_unstable();
    let headers: Vec<String> = headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let shown = if request.peer_has_certificate { "with" } else { "without" };
    let body = String::from_utf8(request.body.clone()).unwrap();
    format!("{} {target} {shown} certificate\n{}\n{body}", request.method, headers.join("\n"))
}

/// The text of a request without a body.
fn plain(controller: &TestController, line: &str, token: Option<&str>) -> String {
    let token = token.map(|token| format!("\nzt-session: {token}")).unwrap_or_default();
    // Only lists of services are worth compressing.
    let coding = if line.contains("/services?") { "gzip" } else { "identity" };
    format!(
        "{line}\naccept: application/json\naccept-encoding: {coding}\nhost: {}\nuser-agent: ziti-edge-client/{}{token}\n",
        controller.address(),
        env!("CARGO_PKG_VERSION"),
    )
}

/// The text of a request with a body.
fn with_body(controller: &TestController, line: &str, media_type: &str, body: &str, token: Option<&str>) -> String {
    let token = token.map(|token| format!("\nzt-session: {token}")).unwrap_or_default();
    format!(
        "{line}\naccept: application/json\naccept-encoding: identity\ncontent-length: {}\ncontent-type: {media_type}\n\
         host: {}\nuser-agent: ziti-edge-client/{}{token}\n{body}",
        body.len(),
        controller.address(),
        env!("CARGO_PKG_VERSION"),
    )
}

/// The only request that `call` makes once the client is logged in.
fn request_of(controller: &TestController, client: &Client, call: impl FnOnce(&Client)) -> String {
    controller.clear_requests();
    call(client);
    let requests = controller.requests();
    assert_eq!(requests.len(), 1, "{requests:?}");
    text(&requests[0])
}

/// A client that is logged in, and the token of its session.
fn logged_in(controller: &TestController) -> (Client, String) {
    let client = client(controller);
    let token = client.authenticate().unwrap().session().token.expose().to_owned();
    (client, token)
}

#[test]
fn a_login_is_one_post_with_the_certificate_and_no_session() {
    for version in VERSIONS {
        let controller = controller(version, 0);
        let builder = support::builder(&controller).config_types(["all", "a\"b"]).application("app é", "1");
        builder.send_environment(false).build().unwrap().authenticate().unwrap();
        let body = format!(
            r#"{{"configTypes":["all","a\"b"],"sdkInfo":{{"type":"ziti-edge-client","version":"{}","appId":"app é","appVersion":"1"}}}}"#,
            env!("CARGO_PKG_VERSION"),
        );
        let line = "POST /edge/client/v1/authenticate?method=cert with certificate";
        let requests = controller.requests();
        assert_eq!(text(&requests[0]), plain(&controller, "GET /version with certificate", None), "{version:?}");
        assert_eq!(text(&requests[1]), with_body(&controller, line, "application/json", &body, None), "{version:?}");
        assert_eq!(requests.len(), 2);
    }
}

#[test]
fn each_call_sends_its_request_and_no_other() {
    for version in VERSIONS {
        let controller = controller(version, 1);
        let client = client(&controller);
        let token = client.authenticate().unwrap().session().token.expose().to_owned();
        let check = |line: &str, token: Option<&str>, call: &dyn Fn(&Client)| {
            let sent = request_of(&controller, &client, call);
            assert_eq!(sent, plain(&controller, &format!("{line} with certificate"), token), "{version:?}");
        };
        check("GET /version", None, &|client| drop(client.controller().version().unwrap()));
        let token = Some(token.as_str());
        check("GET /edge/client/v1/current-api-session", token, &|client| {
            client.current_api_session().get().unwrap();
        });
        check("GET /edge/client/v1/services?limit=500&offset=0", token, &|client| {
            client.services().list(&ServiceQuery::new()).unwrap();
        });
        check(
            "GET /edge/client/v1/services?limit=7&offset=3&filter=name%20contains%20%22%C3%A4%26b%2Bc%22\
             &sort=name%20desc&configTypes=intercept.v1&configTypes=a%2Cb",
            token,
            &|client| {
                let query = ServiceQuery::new().filter("name contains \"ä&b+c\"").sort("name desc").limit(7).offset(3);
                client.services().page(&query.config_types(["intercept.v1", "a,b"])).unwrap();
            },
        );
        let id = controller.service_ids().remove(0);
        check(&format!("GET /edge/client/v1/services/{id}"), token, &|client| {
            client.services().get(&id).unwrap();
        });
        check("DELETE /edge/client/v1/current-api-session", token, &|client| client.logout().unwrap());
    }
}

#[test]
fn an_enrollment_shows_no_certificate_and_sends_one_csr() {
    for version in VERSIONS {
        let controller = controller(version, 0);
        let created = controller.create_identity_with(ziti_edge_testkit::IdentityOptions {
            name: "alice".to_owned(),
            ..Default::default()
        });
        Enrollment::parse(&created.jwt).unwrap().enroll(&EnrollOptions::new()).unwrap();
        let requests = controller.requests();
        assert!(requests.iter().all(|request| !request.peer_has_certificate), "there is none yet");
        assert!(requests.iter().all(|request| request.header("zt-session").is_none()));
        let enrollments = seen(&controller, Operation::Enroll);
        assert_eq!(enrollments.len(), 1);
        let csr = String::from_utf8(enrollments[0].body.clone()).unwrap();
        assert!(csr.starts_with("-----BEGIN CERTIFICATE REQUEST-----\n"), "{csr}");
        assert!(csr.trim_end().ends_with("-----END CERTIFICATE REQUEST-----"), "{csr}");
        let line = format!("POST /edge/client/v1/enroll?method=ott&token={} without certificate", created.token);
        assert_eq!(text(&enrollments[0]), with_body(&controller, &line, "text/plain", &csr, None), "{version:?}");
        let bundle = &seen(&controller, Operation::CaCerts)[0];
        assert_eq!(bundle.header("accept"), Some("application/pkcs7-mime"));
        assert_eq!(bundle.method, "GET");
    }
}

#[test]
fn ten_thousand_services_take_one_login_and_twenty_pages_on_one_connection() {
    let controller = start(TestController::builder().version(Version::V2_0).services(10_000).gzip(false));
    let services = client(&controller).services().list(&ServiceQuery::new()).unwrap();
    assert_eq!((services.len(), services.total()), (10_000, 10_000));
    assert_eq!(sorted_ids(&services), controller.service_ids());
    assert_eq!(operations(&controller)[..2], [Operation::Version, Operation::Authenticate]);
    let queries: Vec<String> = controller.requests()[2..].iter().map(|page| page.query.clone()).collect();
    let wanted: Vec<String> = (0..20).map(|page| format!("limit=500&offset={}", page * 500)).collect();
    assert_eq!(queries, wanted);
    assert_eq!(controller.connections(), 1);
}

#[test]
fn a_client_asks_for_the_version_once_however_often_it_logs_in() {
    let controller = controller(Version::V1_6, 1);
    let client = client(&controller);
    for _ in 0..5 {
        client.services().list(&ServiceQuery::new()).unwrap();
        client.current_api_session().get().unwrap();
        controller.expire_sessions();
    }
    client.logout().unwrap();
    assert_eq!((controller.count(Operation::Version), controller.count(Operation::Authenticate)), (1, 5));
    assert_eq!(controller.connections(), 1);
}

#[test]
fn making_a_client_and_logging_out_without_a_login_ask_for_nothing() {
    let controller = controller(Version::V2_0, 0);
    client(&controller).logout().unwrap();
    assert_eq!((controller.requests().len(), controller.connections()), (0, 0));
}

#[test]
fn ids_become_one_segment_of_the_path() {
    let controller = controller(Version::V2_0, 0);
    let client = client(&controller);
    for (id, segment) in [("a/b", "a%2Fb"), ("ä ?#", "%C3%A4%20%3F%23"), ("../x", "..%2Fx"), ("%2e", "%252e")] {
        controller.clear_requests();
        client.services().get(id).unwrap_err();
        let request = controller.requests().pop().unwrap();
        assert_eq!((request.path, request.query), (format!("/edge/client/v1/services/{segment}"), String::new()));
    }
    controller.clear_requests();
    for id in ["", ".", ".."] {
        client.services().get(id).unwrap_err();
    }
    assert_eq!(controller.requests().len(), 0, "these would ask for something else");
}
