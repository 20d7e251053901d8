//! A status as JSON, which programs read: its keys, and that it is the same as the struct.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use ziti_edge_client::{Client, Credentials, Failed, Proxy, Status};
use ziti_edge_testkit::{Fault, IdentityOptions, Operation, TestController, Version};

use crate::status_of;
use crate::support::{ENOUGH, builder, client, controller, identity};

fn ms(duration: Option<Duration>) -> Value {
    json!(duration.map(|duration| u64::try_from(duration.as_millis()).unwrap()))
}

fn failed(failed: &Option<Failed>) -> Value {
    json!(failed.as_ref().map(|failed| json!({"agoMs": ms(Some(failed.ago)), "message": failed.message})))
}

/// The JSON of a status, spelled out: these keys stay as they are.
fn spelled_out(status: &Status) -> Value {
    let controller = |one: &ziti_edge_client::ControllerStatus| {
        json!({
            "url": one.url,
            "answeredAgoMs": ms(one.answered),
            "failed": failed(&one.failed),
            "avoidedForMs": ms(one.avoided_for),
        })
    };
    let (login, counters) = (&status.login, &status.counters);
    json!({
        "identityId": status.identity_id,
        "identityName": status.identity_name,
        "controllers": status.controllers.iter().map(controller).collect::<Vec<_>>(),
        "login": {
            "state": login.state.as_str(),
            "inFlight": login.in_flight,
            "factors": login.factors,
            "controller": login.controller,
            "expiresInMs": ms(login.expires_in),
            "refusal": failed(&login.refusal),
        },
        "certificateEnds": status.certificate_ends.map(|end| {
            let seconds = end.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
            let time = time::OffsetDateTime::from_unix_timestamp(seconds.try_into().unwrap()).unwrap();
            time.format(&time::format_description::well_known::Rfc3339).unwrap()
        }),
        "certificateLeftMs": ms(status.certificate_left),
        "clockAheadSeconds": status.clock_ahead_seconds,
        "lastError": failed(&status.last_error),
        "counters": {
            "requests": counters.requests,
            "connections": counters.connections,
            "retries": counters.retries,
            "failovers": counters.failovers,
            "logins": counters.logins,
            "failedLogins": counters.failed_logins,
            "refreshes": counters.refreshes,
            "expiredLogins": counters.expired_logins,
        },
    })
}

fn same(client: &Client) -> Value {
    let status = status_of(client);
    let json: Value = serde_json::from_str(&status.to_json()).unwrap();
    assert_eq!(json, spelled_out(&status));
    assert_eq!(status.to_json().lines().count(), 1, "for a line of a log");
    json
}

/// All keys of an object and of what is in it.
fn keys(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(key, value)| {
            found.insert(key.clone());
            keys(value, found);
        }),
        Value::Array(items) => items.iter().for_each(|item| keys(item, found)),
        _ => {}
    }
}

#[test]
fn the_json_is_the_struct_in_each_state() {
    let controller = controller(Version::V1_6, 1);
    let (client, id) = crate::support::client_and_id(&controller);
    assert_eq!(same(&client)["login"]["state"], "none");
    client.authenticate().unwrap();
    assert_eq!(same(&client)["login"]["state"], "complete");
    controller.enroll_mfa(&id);
    client.authenticate().unwrap();
    assert_eq!(same(&client)["login"]["state"], "pending");
    controller.remove_identity(&id);
    client.with_timeout(Duration::from_secs(1)).authenticate().unwrap_err();
    let json = same(&client);
    assert!(json["login"]["refusal"]["agoMs"].is_u64() && json["lastError"]["message"].is_string(), "{json}");
}

#[test]
fn every_key_is_documented() {
    let controller = controller(Version::V1_6, 0);
    let client = client(&controller);
    controller.fault(Operation::Authenticate, Fault::Status(503));
    client.with_timeout(Duration::from_secs(1)).authenticate().unwrap_err();
    let mut known = BTreeSet::new();
    keys(&same(&client), &mut known);
    let diagnosis: Value = serde_json::from_str(&client.diagnose().to_json()).unwrap();
    keys(&diagnosis, &mut known);
    assert!(known.len() > 50, "{known:?}");
    let docs = include_str!("../../docs/status.md");
    let missing: Vec<_> = known.iter().filter(|key| !docs.contains(&format!("`{key}`"))).collect();
    assert!(missing.is_empty(), "docs/status.md lacks {missing:?}");
}

#[test]
fn no_status_and_no_diagnosis_holds_a_secret() {
    let controller = TestController::start().unwrap();
    let alice = IdentityOptions {
        name: "alice".to_owned(),
        password: Some("canary-right".to_owned()),
        ..IdentityOptions::default()
    };
    controller.create_identity_with(alice);
    let proxy = Proxy::parse(&format!("http://somebody:canary-proxy@{}", controller.blackhole())).unwrap();
    let identity = identity(&controller);
    let make = |password: &str| {
        Client::builder(&identity).credentials(Credentials::password("alice", password)).timeout(ENOUGH)
    };
    let right = make("canary-right").build().unwrap();
    let session = right.authenticate().unwrap().session().clone();
    let refused = make("canary-wrong").build().unwrap();
    refused.authenticate().unwrap_err();
    let lost = make("canary-lost").proxy(proxy).timeout(Duration::from_secs(1)).build().unwrap();
    lost.authenticate().unwrap_err();
    let by_certificate = builder(&controller).build().unwrap();
    by_certificate.authenticate().unwrap();
    for client in [&right, &refused, &lost, &by_certificate] {
        let (status, diagnosis) = (status_of(client), client.diagnose());
        let told = format!("{status:?} {} {diagnosis} {diagnosis:?} {}", status.to_json(), diagnosis.to_json());
        let tokens = [
            Some(session.token.expose().to_owned()),
            client.credentials().ok().map(|own| own.token.expose().to_owned()),
        ];
        assert!(!told.contains("canary") && !told.contains("PRIVATE KEY"), "{told}");
        for token in tokens.into_iter().flatten().filter(|token| !token.is_empty()) {
            assert!(!told.contains(&token), "a token is told");
        }
    }
}
