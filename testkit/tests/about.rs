//! What a controller tells of itself and of its network.

mod wire;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use wire::{CLIENT, Connection, logged_in};
use ziti_edge_testkit::{ListedController, Operation, TestController, Version};

#[test]
fn lists_the_controllers_of_its_network_as_told() {
    let first = TestController::start().unwrap();
    let second = TestController::builder().same_network_as(&first).start().unwrap();
    let offline = ListedController { is_online: false, ..ListedController::of("ctrl-2", &second) };
    first.set_controllers([ListedController::of("ctrl-1", &first), offline]);
    let (mut connection, token) = logged_in(&first, "alice");
    let page = connection.get("/controllers?sort=name%20desc", Some(&token)).unwrap().json();
    let names: Vec<&Value> = page["data"].as_array().unwrap().iter().map(|row| &row["name"]).collect();
    assert_eq!(names, [&json!("ctrl-2"), &json!("ctrl-1")]);
    let row = &page["data"][0];
    assert_eq!(row["isOnline"], false);
    assert_eq!(row["apiAddresses"]["edge-client"][0]["url"], json!(second.api_url()));
    let filtered = connection.get("/controllers?filter=isOnline%20%3D%20true", Some(&token)).unwrap().json();
    assert_eq!(filtered["meta"]["pagination"]["totalCount"], 1);
}

#[test]
fn on_its_own_2_0_lists_itself_and_the_others_nothing() {
    for (version, listed) in [(Version::V1_3, 0), (Version::V1_6, 0), (Version::V2_0, 1)] {
        let controller = TestController::builder().version(version).start().unwrap();
        let (mut connection, token) = logged_in(&controller, "alice");
        let page = connection.get("/controllers", Some(&token)).unwrap().json();
        assert_eq!(page["data"].as_array().unwrap().len(), listed, "{version:?}");
    }
}

#[test]
fn the_networks_token_is_its_own_and_lasts() {
    let controller = TestController::start().unwrap();
    let mut connection = Connection::open(&controller, None).unwrap();
    let tokens = connection.get("/network-jwts", None).unwrap().json();
    let token = tokens["data"][0]["token"].as_str().unwrap();
    let claims = BASE64_URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims["iss"], json!(format!("{}/", controller.url())));
    assert_eq!((claims.get("exp"), &claims["em"]), (None, &json!("network")));
}

#[test]
fn api_documents_come_as_asked_for() {
    let controller = TestController::start().unwrap();
    let mut connection = Connection::open(&controller, None).unwrap();
    let document = connection.get("/specs/edge-management/spec", None).unwrap().json();
    assert_eq!(document["basePath"], "/edge/management/v1");
    let path = format!("{CLIENT}/specs/edge-client/spec");
    let answer = connection.ask("GET", &path, &[("Accept", "text/yaml")], b"").unwrap();
    assert_eq!(answer.header("content-type"), Some("text/yaml"));
    assert!(answer.body.starts_with(b"swagger: \"2.0\"\n"));
    assert_eq!(controller.count(Operation::by_name("detailSpecBody").unwrap()), 2);
}
