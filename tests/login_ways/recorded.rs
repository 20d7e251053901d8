//! What real controllers answered to logins, and what a client makes of it.

use std::fs;
use std::path::Path;

use serde_json::Value;
use ziti_edge_client::{Credentials, Error, JwtSource, Login};
use ziti_edge_testkit::{Fault, Operation, Version};

use crate::{Network, alice};

/// Method, status and body of each recorded answer to a login.
fn logins(version: &str) -> Vec<(String, u16, String)> {
    let file = format!("tests/recordings/{version}/authentication.jsonl");
    let lines = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
    let exchanges = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let login = |exchange: Value| {
        let method = exchange["request"]["path"].as_str()?.split_once("/authenticate?method=")?.1.to_owned();
        let status = u16::try_from(exchange["response"]["status"].as_u64()?).ok()?;
        Some((method, status, exchange["response"]["body"].as_str()?.to_owned()))
    };
    exchanges.filter_map(login).collect()
}

fn credentials(network: &Network, method: &str) -> Option<Credentials> {
    match method {
        "password" => Some(network.right_password()),
        "ext-jwt" => Some(Credentials::external_jwt(JwtSource::token(network.token(&alice())))),
        _ => None,
    }
}

#[test]
fn every_recorded_answer_to_a_login_is_understood() {
    for (version, recorded) in [(Version::V1_3, "1.3"), (Version::V1_6, "1.6"), (Version::V2_0, "2.0")] {
        let network = Network::new(version);
        let (mut complete, mut pending, mut rejected, mut refused) = (0, 0, 0, 0);
        for (method, status, body) in logins(recorded) {
            let Some(credentials) = credentials(&network, &method) else { continue };
            let answer: Value = serde_json::from_str(&body).unwrap();
            let told = answer["error"]["code"].as_str().unwrap_or_default().to_owned();
            let content_type = "application/json".to_owned();
            let fault = Fault::Body { status, content_type, body: body.clone().into_bytes() };
            network.controller.fault_times(Operation::Authenticate, fault, 1);
            let wants = answer["data"]["authQueries"].as_array().map_or(0, Vec::len);
            let what = format!("{recorded} {method} {status} {told}");
            match network.client(credentials).authenticate() {
                Ok(Login::Complete(session)) => {
                    assert_eq!((status, wants, session.identity_id.is_some()), (200, 0, true), "{what}");
                    complete += 1;
                }
                Ok(Login::Pending(session)) => {
                    assert_eq!((status, session.auth_queries.len()), (200, wants), "{what}");
                    pending += 1;
                }
                Err(Error::Rejected(why)) => {
                    assert_eq!((status, why.answer.code), (401, told), "{what}");
                    rejected += 1;
                }
                Err(Error::Api(answer)) => {
                    assert_eq!((answer.status, answer.code), (status, told), "{what}");
                    refused += 1;
                }
                Err(error) => panic!("{what}: {error:?}"),
                Ok(other) => panic!("{what}: {other:?}"),
            }
        }
        assert!(
            complete > 5 && pending > 1 && rejected > 10 && refused > 5,
            "{complete} {pending} {rejected} {refused}"
        );
    }
}
