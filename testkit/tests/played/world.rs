//! The services of a recorded network, put together again from what its identities saw of them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};
use ziti_edge_testkit::{
    MfaCheck, Permission, Policy, PostureCheck, ProcessCheck, ServiceSpec, Terminator, TestController,
};

use super::exchange::Exchange;

#[derive(Default)]
struct Seen {
    row: Value,
    configs: BTreeMap<String, Value>,
    /// Recorded session token to the posture queries it saw.
    by: BTreeMap<String, Value>,
    terminators: Vec<Terminator>,
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
        for exchange in exchanges.iter().filter(|exchange| exchange.status < 300) {
            let data = exchange.json().map(|mut body| body["data"].take()).unwrap_or_default();
            let rows = if let Value::Array(rows) = data { rows } else { vec![data] };
            let rows = rows.into_iter().filter(Value::is_object);
            match exchange.operation.as_deref() {
                Some("listServices" | "detailService") => rows.for_each(|row| world.add(exchange, row)),
                Some("listServiceTerminators") => rows.for_each(|row| world.add_terminator(row)),
                _ => (),
            }
        }
        exchanges.iter().for_each(|exchange| world.add_unlisted(exchange));
        world
    }

    /// A service that a session dialed, and that no page recorded for it holds.
    fn add_unlisted(&mut self, exchange: &Exchange) {
        if !exchange.is("createSession") || exchange.status != 201 {
            return;
        }
        let session = exchange.json().unwrap()["data"].take();
        let id = session["serviceId"].as_str().unwrap().to_owned();
        let policy = json!({"policyId": format!("of {id}"), "policyType": session["type"], "postureQueries": []});
        let row = || json!({"name": id, "tags": {}, "encryptionRequired": true});
        let seen = self.services.entry(id.clone()).or_insert_with(|| Seen { row: row(), ..Seen::default() });
        seen.by.entry(exchange.session().unwrap().to_owned()).or_insert_with(|| json!([policy]));
    }

    fn add_terminator(&mut self, row: Value) {
        let seen = self.services.entry(row["serviceId"].as_str().unwrap().to_owned()).or_default();
        let identity = row["identity"].as_str().unwrap().to_owned();
        seen.terminators.push(Terminator { identity, router: "router-1".to_owned() });
    }

    fn add(&mut self, exchange: &Exchange, row: Value) {
        let token = exchange.session().unwrap().to_owned();
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
        id: Some(set["policyId"].as_str().unwrap().to_owned()),
        identities: Some(vec![identity.to_owned()]),
        checks: set["postureQueries"].as_array().unwrap().iter().map(check).collect(),
        ..Policy::everybody(permission)
    }
}

/// The check behind a posture query: what the recorded responses passed, but for the process, whose hash never fitted.
fn check(query: &Value) -> PostureCheck {
    let process = |query: &Value| ProcessCheck::new(query["osType"].as_str().unwrap(), query["path"].as_str().unwrap());
    let check = match query["queryType"].as_str().unwrap() {
        "OS" => PostureCheck::os("Linux", "5.0.0"),
        "DOMAIN" => PostureCheck::domain("corp.example.test"),
        "MAC" => PostureCheck::mac("00:11:22:33:44:55"),
        "PROCESS" => {
            PostureCheck::process(ProcessCheck { hashes: vec!["ff".repeat(64)], ..process(&query["process"]) })
        }
        "PROCESS_MULTI" => PostureCheck::any_process(query["processes"].as_array().unwrap().iter().map(process)),
        "MFA" => PostureCheck::mfa(MfaCheck {
            timeout: Some(Duration::from_secs(query["timeout"].as_u64().unwrap())),
            prompt_on_wake: true,
            prompt_on_unlock: true,
        }),
        query_type => panic!("no check is behind {query_type}"),
    };
    check.with_id(query["id"].as_str().unwrap())
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
        terminators: seen.terminators.clone(),
        ..ServiceSpec::default()
    }
}
