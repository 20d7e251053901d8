//! Sessions with services, and what belongs to a service: what the recordings do not show.

mod wire;

use std::time::Duration;

use serde_json::{Value, json};
use wire::{CLIENT, Connection, Identity, logged_in};
use ziti_edge_testkit::{
    EdgeRouter, IdentityOptions, Permission, Policy, ServiceSpec, Terminator, TestController, Version,
};

fn service(name: &str) -> ServiceSpec {
    ServiceSpec { name: name.to_owned(), ..ServiceSpec::default() }
}

/// Makes a session; the result is the status and the session, or the error.
fn dial(connection: &mut Connection, token: &str, service_id: &str) -> (u16, Value) {
    let document = json!({"serviceId": service_id, "type": "Dial"});
    let answer = connection.post("/sessions", token, &document).unwrap();
    let mut body = answer.json();
    (answer.status, if answer.status == 201 { body["data"].take() } else { body["error"].take() })
}

fn listed(connection: &mut Connection, token: &str, query: &str) -> Vec<Value> {
    let answer = connection.get(&format!("/sessions{query}"), Some(token)).unwrap();
    assert_eq!(answer.status, 200);
    answer.json()["data"].as_array().unwrap().clone()
}

fn stamp(connection: &mut Connection, token: &str) -> String {
    let answer = connection.get("/current-api-session/service-updates", Some(token)).unwrap();
    answer.json()["data"]["lastChangeAt"].as_str().unwrap().to_owned()
}

#[test]
fn a_session_made_again_is_the_same_one() {
    for version in Version::ALL {
        let controller = TestController::builder().version(version).start().unwrap();
        let id = controller.add_service(service("web"));
        let (mut connection, token) = logged_in(&controller, "alice");
        let (_, first) = dial(&mut connection, &token, &id);
        let (_, second) = dial(&mut connection, &token, &id);
        assert_eq!(first["id"], second["id"], "{version:?}");
        let signed = version == Version::V2_0;
        assert_eq!(first["token"] != second["token"], signed, "{version:?}");
        let rows = listed(&mut connection, &token, "");
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0]["token"], first[if signed { "id" } else { "token" }], "{version:?}");
    }
}

#[test]
fn sessions_are_those_of_one_login_and_go_with_it() {
    let controller = TestController::start().unwrap();
    let id = controller.add_service(service("web"));
    let (mut connection, token) = logged_in(&controller, "alice");
    let (_, session) = dial(&mut connection, &token, &id);
    let path = format!("/sessions/{}", session["id"].as_str().unwrap());
    let other = connection.log_in("").unwrap();
    assert!(listed(&mut connection, &other, "").is_empty());
    assert_eq!(connection.delete(&path, &other).unwrap().status, 404);
    assert_eq!(connection.get(&path, Some(&token)).unwrap().status, 200);
    controller.end_session(&token);
    assert_eq!(connection.get(&path, Some(&token)).unwrap().status, 401);
    assert_eq!(connection.get(&path, Some(&other)).unwrap().status, 404);
}

#[test]
fn a_session_goes_with_its_service() {
    let controller = TestController::start().unwrap();
    let id = controller.add_service(service("web"));
    let (mut connection, token) = logged_in(&controller, "alice");
    let (_, session) = dial(&mut connection, &token, &id);
    controller.remove_service(&id);
    assert!(listed(&mut connection, &token, "").is_empty());
    let path = format!("/sessions/{}", session["id"].as_str().unwrap());
    assert_eq!(connection.get(&path, Some(&token)).unwrap().status, 404);
    assert_eq!(dial(&mut connection, &token, &id).0, 404);
}

#[test]
fn sessions_are_paged_and_filtered() {
    let controller = TestController::builder().services(12).start().unwrap();
    let (mut connection, token) = logged_in(&controller, "alice");
    let ids = controller.service_ids();
    let made: Vec<Value> = ids.iter().map(|id| dial(&mut connection, &token, id).1["id"].take()).collect();
    let page = listed(&mut connection, &token, "?limit=5&offset=10");
    assert_eq!(page.iter().map(|row| &row["id"]).collect::<Vec<_>>(), made[10..].iter().collect::<Vec<_>>());
    let of_one = listed(&mut connection, &token, &format!("?filter=service%20%3D%20%22{}%22", ids[3]));
    assert_eq!(of_one.iter().map(|row| &row["id"]).collect::<Vec<_>>(), [&made[3]]);
    let unknown = connection.get("/sessions?filter=serviceId%20%3D%20%22x%22", Some(&token)).unwrap();
    assert_eq!(unknown.json()["error"]["code"], "INVALID_FILTER");
}

#[test]
fn a_session_needs_a_router_that_serves_the_service_and_is_online() {
    let controller = TestController::start().unwrap();
    let anywhere = controller.add_service(service("anywhere"));
    let spec = ServiceSpec { edge_routers: Some(vec!["east".to_owned()]), ..service("in the east") };
    let eastern = controller.add_service(spec);
    let (mut connection, token) = logged_in(&controller, "alice");
    let (status, error) = dial(&mut connection, &token, &eastern);
    assert_eq!((status, error["code"].as_str()), (400, Some("NO_EDGE_ROUTERS_AVAILABLE")));
    let east = EdgeRouter { online: false, address: "east.test:3022".to_owned(), ..EdgeRouter::named("east") };
    controller.set_edge_routers([EdgeRouter::named("west"), east.clone()]);
    assert_eq!(dial(&mut connection, &token, &eastern).0, 400);
    controller.set_edge_routers([EdgeRouter::named("west"), EdgeRouter { online: true, ..east }]);
    let (_, session) = dial(&mut connection, &token, &eastern);
    assert_eq!(session["edgeRouters"].as_array().unwrap().len(), 1);
    assert_eq!(session["edgeRouters"][0]["urls"]["tls"], "tls://east.test:3022");
    assert_eq!(dial(&mut connection, &token, &anywhere).1["edgeRouters"].as_array().unwrap().len(), 2);
    let own = connection.get("/current-identity/edge-routers?filter=name%20=%20%22west%22", Some(&token)).unwrap();
    assert_eq!(own.json()["data"][0]["name"], "west");
}

#[test]
fn the_token_of_a_session_shows_its_routers_unless_it_was_tampered_with() {
    let controller = TestController::start().unwrap();
    let id = controller.add_service(service("web"));
    let (mut connection, token) = logged_in(&controller, "alice");
    let (_, session) = dial(&mut connection, &token, &id);
    let good = session["token"].as_str().unwrap().to_owned();
    let mut ask = |session_token: &str| {
        let headers = [("zt-session", token.as_str()), ("session-token", session_token)];
        connection.ask("GET", &format!("{CLIENT}/services/{id}/edge-routers"), &headers, b"").unwrap()
    };
    assert_eq!(ask(&good).json()["data"]["edgeRouters"][0]["name"], "router-1");
    let (message, signature) = good.rsplit_once('.').unwrap();
    let forged = format!("{message}.{}", signature.chars().rev().collect::<String>());
    assert_eq!(ask(&forged).status, 401);
    assert_eq!(ask("nonsense").status, 401);
}

#[test]
fn terminators_are_paged_and_filtered_by_what_hosts_them() {
    let controller = TestController::start().unwrap();
    let at = |identity: &str| Terminator { identity: identity.to_owned(), router: "router-1".to_owned() };
    let terminators = vec![at("a"), at("b"), at("c")];
    let id = controller.add_service(ServiceSpec { terminators, ..service("web") });
    let (mut connection, token) = logged_in(&controller, "alice");
    let mut identities = |query: &str| {
        let page = connection.get(&format!("/services/{id}/terminators?{query}"), Some(&token)).unwrap().json();
        let rows = page["data"].as_array().unwrap().iter();
        rows.map(|row| row["identity"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(identities("sort=instanceId"), ["a", "b", "c"]);
    assert_eq!(identities("sort=instanceId%20desc&limit=1&offset=1"), ["b"]);
    assert_eq!(identities("filter=router.name%20=%20%22router-1%22%20and%20instanceId%20=%20%22c%22"), ["c"]);
}

#[test]
fn the_stamp_of_a_session_moves_with_what_its_identity_can_see() {
    let controller = TestController::start().unwrap();
    let (mut connection, token) = logged_in(&controller, "alice");
    let first = stamp(&mut connection, &token);
    let others = Policy { identities: Some(vec!["nobody".to_owned()]), ..Policy::everybody(Permission::Dial) };
    let hidden = controller.add_service(ServiceSpec { policies: vec![others], ..service("hidden") });
    controller.remove_service(&hidden);
    assert_eq!(stamp(&mut connection, &token), first);
    let id = controller.add_service(service("web"));
    let added = stamp(&mut connection, &token);
    controller.remove_service(&id);
    let removed = stamp(&mut connection, &token);
    assert!(first < added && added < removed, "{first} {added} {removed}");
    assert_eq!(stamp(&mut connection, &token), removed);
}

#[test]
fn sessions_that_began_at_different_times_have_different_stamps() {
    let controller = TestController::start().unwrap();
    let (mut connection, token) = logged_in(&controller, "alice");
    controller.advance(Duration::from_secs(5));
    let later = connection.log_in("").unwrap();
    assert_ne!(stamp(&mut connection, &token), stamp(&mut connection, &later));
}

#[test]
fn an_identity_sees_what_it_was_made_with_and_what_it_told_at_login() {
    let controller = TestController::start().unwrap();
    controller.create_identity_with(IdentityOptions {
        name: "bob".to_owned(),
        password: Some("secret".to_owned()),
        role_attributes: vec!["web".to_owned()],
        app_data: json!({"color": "red"}),
        ..IdentityOptions::default()
    });
    let mut connection = Connection::open(&controller, None).unwrap();
    let body = json!({"username": "bob", "password": "secret", "envInfo": {"os": "Linux"}});
    let headers = [("Content-Type", "application/json")];
    let path = format!("{CLIENT}/authenticate?method=password");
    let login = connection.ask("POST", &path, &headers, body.to_string().as_bytes()).unwrap();
    let token = login.header("zt-session").unwrap().to_owned();
    let seen = connection.get("/current-identity", Some(&token)).unwrap().json();
    let seen = &seen["data"];
    assert_eq!((&seen["name"], &seen["roleAttributes"]), (&json!("bob"), &json!(["web"])));
    assert_eq!((&seen["appData"], &seen["envInfo"]), (&json!({"color": "red"}), &json!({"os": "Linux"})));
    assert_eq!(seen["authenticators"]["updb"]["username"], "bob");
    let by_certificate = Identity::of(&controller.enrolled_identity_json("carol"));
    let mut connection = Connection::open(&controller, Some(&by_certificate)).unwrap();
    let token = connection.log_in("").unwrap();
    let seen = connection.get("/current-identity", Some(&token)).unwrap().json();
    assert!(seen["data"]["authenticators"]["cert"]["fingerprint"].is_string());
}
