//! The services of a recorded network, put together again from what its identities saw of them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};
use ziti_edge_testkit::{Permission, Policy, ServiceSpec, TestController};

use super::exchange::Exchange;

#[derive(Default)]
struct Seen {
    row: Value,
    configs: BTreeMap<String, Value>,
    /// Recorded session token to the posture queries it saw.
    by: BTreeMap<String, Value>,
}

/// What the recordings tell about services and the sessions that saw them.
#[derive(Default)]
pub(crate) struct World {
    services: BTreeMap<String, Seen>,
    /// Config types that a recorded session has asked for at login.
    types: BTreeMap<String, BTreeSet<String>>,
}

impl World {
    pub(crate) fn learn(exchanges: &[Exchange]) -> Self {
        let mut world = Self::default();
        let lists = exchanges.iter().filter(|exchange| exchange.is("listServices") || exchange.is("detailService"));
        for exchange in lists.filter(|exchange| exchange.status == 200) {
            let data = exchange.json().map(|mut body| body["data"].take()).unwrap_or_default();
            let rows = if let Value::Array(rows) = data { rows } else { vec![data] };
            for row in rows.into_iter().filter(Value::is_object) {
                world.add(exchange, row);
            }
        }
        world
    }

    fn add(&mut self, exchange: &Exchange, row: Value) {
        let token = exchange.header("zt-session").unwrap().to_owned();
        let configs = row["config"].as_object().cloned().unwrap_or_default();
        if !exchange.path.contains("configTypes") {
            self.types.entry(token.clone()).or_default().extend(configs.keys().cloned());
        }
        let seen = self.services.entry(row["id"].as_str().unwrap().to_owned()).or_default();
        seen.configs.extend(configs);
        seen.by.insert(token, row["postureQueries"].clone());
        seen.row = row;
    }

    /// The config types that a recorded session has.
    pub(crate) fn config_types(&self, token: &str) -> Vec<String> {
        self.types.get(token).into_iter().flatten().cloned().collect()
    }

    /// Makes the services; `identity` gives the id of the identity that stands for a recorded session.
    pub(crate) fn build(&self, controller: &TestController, mut identity: impl FnMut(&str) -> String) {
        let mut services: Vec<(&String, &Seen)> = self.services.iter().collect();
        services.sort_by_key(|(_, seen)| seen.row["createdAt"].to_string());
        for (id, seen) in services {
            let policies = seen.by.iter().flat_map(|(token, sets)| {
                let identity = identity(token);
                sets.as_array().unwrap().iter().map(move |set| policy(set, &identity))
            });
            let policies = policies.collect();
            controller.add_service(spec(id, seen, policies));
            // They were made one after another, and are sorted by that.
            controller.advance(Duration::from_millis(5));
        }
    }
}

fn policy(set: &Value, identity: &str) -> Policy {
    let permission = if set["policyType"] == "Bind" { Permission::Bind } else { Permission::Dial };
    Policy {
        permission,
        identities: Some(vec![identity.to_owned()]),
        posture_queries: set["postureQueries"].as_array().unwrap().clone(),
    }
}

fn spec(id: &str, seen: &Seen, policies: Vec<Policy>) -> ServiceSpec {
    let mut configs = seen.configs.clone();
    // A config that no session asked to see, but whose id every row carries.
    if seen.row["configs"].as_array().is_some_and(|ids| ids.len() > configs.len()) {
        let host = json!({"address": "10.0.0.1", "port": 80, "protocol": "tcp"});
        configs.entry("host.v1".to_owned()).or_insert(host);
    }
    let attributes = seen.row["roleAttributes"].as_array().into_iter().flatten();
    ServiceSpec {
        name: seen.row["name"].as_str().unwrap().to_owned(),
        id: Some(id.to_owned()),
        configs: configs.into_iter().collect(),
        policies,
        role_attributes: attributes.map(|attribute| attribute.as_str().unwrap().to_owned()).collect(),
        tags: seen.row["tags"].clone(),
        encryption_required: seen.row["encryptionRequired"] == true,
    }
}
