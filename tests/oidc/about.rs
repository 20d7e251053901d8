//! What a login tells of the application and its machine: the same in each way to log in.

use serde_json::{Value, json};
use ziti_edge_client::{Client, ClientBuilder, JwtSource, LoginFlow};
use ziti_edge_testkit::{Operation, Version};

use crate::support::seen;
use crate::{LOGIN, Network, WAYS, build, list};

/// A client of each way to log in, of each kind of login, with the name of both.
fn clients(network: &Network, options: impl Fn(ClientBuilder) -> ClientBuilder) -> Vec<(String, Client)> {
    let all = [LoginFlow::Legacy, LoginFlow::Oidc].into_iter().flat_map(|flow| WAYS.map(|way| (flow, way)));
    let client = |(flow, way)| {
        let name = format!("{:?} {flow:?} {way:?}", network.controller.version());
        (name, build(options(network.builder(way).login_flow(flow))))
    };
    all.map(client).collect()
}

/// What the logins since the last time told, without who logged in.
fn told(network: &Network) -> Vec<Value> {
    let logins = [Operation::Authenticate, LOGIN].map(|login| seen(&network.controller, login)).concat();
    network.controller.clear_requests();
    let read = |body: &[u8]| {
        let mut body: Value = serde_json::from_slice(body).expect("JSON");
        let members = body.as_object_mut().expect("an object");
        members.retain(|name, _| !["id", "username", "password"].contains(&name.as_str()));
        body
    };
    logins.iter().map(|login| read(&login.body)).collect()
}

#[test]
fn each_way_to_log_in_tells_of_the_application_within_the_limits_of_controllers() {
    for version in Version::ALL {
        let network = Network::new(version);
        let long = "é".repeat(200);
        let options = |builder: ClientBuilder| {
            builder.config_types(["intercept.v1", "no.such.type"]).application(&long, "4.2").send_environment(false)
        };
        let sdk = json!({
            "type": "ziti-edge-client",
            "version": env!("CARGO_PKG_VERSION"),
            "appId": "é".repeat(127),
            "appVersion": "4.2",
        });
        let expected = json!({"configTypes": ["intercept.v1", "no.such.type"], "sdkInfo": sdk});
        for (name, client) in clients(&network, options) {
            assert_eq!(list(&client).unwrap(), 1, "{name}");
            assert_eq!(told(&network), std::slice::from_ref(&expected), "{name}");
        }
    }
}

#[test]
fn each_way_to_log_in_tells_of_the_machine_unless_it_is_not_to() {
    for version in Version::ALL {
        let network = Network::new(version);
        for (name, client) in clients(&network, |builder| builder) {
            assert_eq!(list(&client).unwrap(), 1, "{name}");
            let login = told(&network).remove(0);
            assert_eq!(login["configTypes"], json!(["all"]), "{name}");
            let machine = login["envInfo"].as_object().expect("it is told");
            assert_eq!(machine["os"], std::env::consts::OS, "{name}");
            assert_eq!(machine["arch"], std::env::consts::ARCH, "{name}");
            for (what, text) in machine {
                let longest = if what == "hostname" { 253 } else { 255 };
                assert!((1..=longest).contains(&text.as_str().expect("a text").len()), "{name} {what}: {text}");
            }
        }
    }
}

#[test]
fn a_first_factor_that_is_shown_again_tells_the_same() {
    let network = Network::with_second_jwt(Version::V2_0);
    let second = || JwtSource::token(network.second_jwt());
    for (name, client) in clients(&network, |builder| builder.second_factor_jwt(second())) {
        assert_eq!(list(&client).unwrap(), 1, "{name}");
        let first = told(&network);
        assert_eq!(first.len(), if name.contains("Oidc") { 2 } else { 1 }, "{name}");
        client.authenticate().unwrap();
        let again = told(&network);
        assert!(first.iter().chain(&again).all(|told| *told == first[0]), "{name}: {first:?}, then {again:?}");
    }
}
