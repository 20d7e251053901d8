//! Logins by tokens of external JWT signers, as the first factor and as the second, and passwords that lock.

mod wire;

use std::time::Duration;

use serde_json::{Value, json};
use wire::{Answer, CLIENT, Connection};
use ziti_edge_testkit::{ExternalSigner, IdentityOptions, Lockout, TestController, Version};

fn bearer(controller: &TestController, signer: &str, claims: &Value) -> String {
    format!("Bearer {}", controller.external_token(signer, claims).unwrap())
}

fn log_in(connection: &mut Connection, method: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
    let mut all = vec![("Content-Type", "application/json")];
    all.extend(headers);
    let path = format!("{CLIENT}/authenticate?method={method}");
    connection.ask("POST", &path, &all, body.to_string().as_bytes()).unwrap()
}

fn by_password(connection: &mut Connection, password: &str) -> Answer {
    log_in(connection, "password", &[], &json!({"username": "alice", "password": password}))
}

fn alice(options: IdentityOptions) -> IdentityOptions {
    let external_id = Some("alice@example.test".to_owned());
    IdentityOptions { name: "alice".into(), password: Some("secret".into()), external_id, ..options }
}

#[test]
fn a_token_logs_in_whom_its_claim_names_by_external_id_or_by_id() {
    for version in Version::ALL {
        let controller = TestController::builder().version(version).start().unwrap();
        let by_email = ExternalSigner { claim: "email".into(), ..ExternalSigner::named("mail") };
        let by_email = controller.add_external_signer(by_email);
        let by_id = ExternalSigner { by_external_id: false, ..ExternalSigner::named("ids") };
        let by_id = controller.add_external_signer(by_id);
        let id = controller.create_identity_with(alice(IdentityOptions::default())).id;
        let mut connection = Connection::open(&controller, None).unwrap();
        for (signer, claims, good) in [
            (&by_email, json!({"email": "alice@example.test"}), true),
            (&by_email, json!({"email": "bob@example.test"}), false),
            (&by_id, json!({"sub": id}), true),
            (&by_id, json!({"sub": "alice@example.test"}), false),
        ] {
            let token = bearer(&controller, signer, &claims);
            let answer = log_in(&mut connection, "ext-jwt", &[("Authorization", &token)], &json!({}));
            assert_eq!(answer.status == 200, good, "{version:?} {claims}");
            if good {
                assert_eq!(answer.json()["data"]["identity"]["name"], "alice");
                assert_eq!(answer.json()["data"]["authenticatorId"], format!("extJwtId:{signer}"));
            }
        }
    }
}

#[test]
fn a_token_expires_by_the_controllers_clock_and_2_0_says_so() {
    let controller = TestController::builder().external_signer(ExternalSigner::named("idp")).start().unwrap();
    let mut connection = Connection::open(&controller, None).unwrap();
    let signers = connection.get("/external-jwt-signers", None).unwrap().json();
    let signer = signers["data"][0]["id"].as_str().unwrap().to_owned();
    controller.create_identity_with(alice(IdentityOptions::default()));
    let token = bearer(&controller, &signer, &json!({"sub": "alice@example.test"}));
    controller.advance(Duration::from_secs(3601));
    let answer = log_in(&mut connection, "ext-jwt", &[("Authorization", &token)], &json!({}));
    assert_eq!(answer.status, 401);
    let challenge = answer.header("www-authenticate").unwrap();
    assert!(challenge.contains("error=\"expired\"") && challenge.contains(&signer), "{challenge}");
}

#[test]
fn a_second_token_is_needed_with_every_request() {
    for version in Version::ALL {
        let controller = TestController::builder().version(version).start().unwrap();
        let signer = controller.add_external_signer(ExternalSigner::named("idp"));
        let options = IdentityOptions { secondary_signer: Some(signer.clone()), ..IdentityOptions::default() };
        controller.create_identity_with(alice(options));
        let mut connection = Connection::open(&controller, None).unwrap();
        let answer = by_password(&mut connection, "secret");
        let session = answer.header("zt-session").unwrap().to_owned();
        assert_eq!(answer.json()["data"]["authQueries"][0]["id"], json!(signer));
        let mut services = |claims: Option<Value>| {
            let token = claims.map(|claims| bearer(&controller, &signer, &claims));
            let mut headers = vec![("zt-session", session.as_str())];
            headers.extend(token.as_deref().map(|token| ("Authorization", token)));
            connection.ask("GET", &format!("{CLIENT}/services"), &headers, b"").unwrap().status
        };
        assert_eq!(services(None), 401, "{version:?}");
        assert_eq!(services(Some(json!({"sub": "alice@example.test"}))), 200, "{version:?}");
        assert_eq!(services(None), 401, "{version:?}");
        let of_another = services(Some(json!({"sub": "bob@example.test"})));
        assert_eq!(of_another == 200, version == Version::V2_0, "2.0 takes a token of anybody");
    }
}

#[test]
fn tokens_of_one_network_are_good_at_all_its_controllers() {
    let first = TestController::start().unwrap();
    let signer = first.add_external_signer(ExternalSigner::named("idp"));
    first.create_identity_with(alice(IdentityOptions::default()));
    let second = TestController::builder().same_network_as(&first).start().unwrap();
    let mut connection = Connection::open(&second, None).unwrap();
    let token = bearer(&first, &signer, &json!({"sub": "alice@example.test"}));
    let answer = log_in(&mut connection, "ext-jwt", &[("Authorization", &token)], &json!({}));
    assert_eq!(answer.status, 200);
}

#[test]
fn wrong_passwords_lock_and_2_0_unlocks_in_time() {
    let minute = Duration::from_secs(60);
    for (version, locked_at, unlocks) in
        [(Version::V1_3, 4, false), (Version::V1_6, 4, false), (Version::V2_0, 3, true)]
    {
        let controller = TestController::builder().version(version).start().unwrap();
        let lockout = Some(Lockout { attempts: 3, time: minute });
        controller.create_identity_with(alice(IdentityOptions { lockout, ..IdentityOptions::default() }));
        let mut connection = Connection::open(&controller, None).unwrap();
        for _ in 1..locked_at {
            assert_eq!(by_password(&mut connection, "wrong").status, 401);
        }
        assert_eq!(by_password(&mut connection, "secret").status, 200, "{version:?}: one more was free");
        for _ in 0..locked_at {
            assert_eq!(by_password(&mut connection, "wrong").status, 401);
        }
        assert_eq!(by_password(&mut connection, "secret").status, 401, "{version:?}");
        controller.advance(minute);
        assert_eq!(by_password(&mut connection, "secret").status == 200, unlocks, "{version:?}");
    }
}
