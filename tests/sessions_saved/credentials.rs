//! What another part of a program is given to use a login.

use std::sync::Arc;
use std::time::Duration;

use rcgen::{KeyPair, PublicKeyData, SigningKey};
use serde_json::{Value, json};
use ziti_edge_client::{
    Client, Credentials, Error, Identity, KeyAccess, LoginFlow, SessionKind, Signer, SigningScheme,
};
use ziti_edge_testkit::{Fault, Operation, Version};

use crate::alice::{Network, PASSWORD, Time, list};
use crate::support::ENOUGH;
use crate::{DUE, FLOWS, build};

#[test]
fn credentials_are_what_another_part_of_a_program_needs() {
    for version in Version::ALL {
        for (flow, kind) in [(LoginFlow::Legacy, SessionKind::Legacy), (LoginFlow::Oidc, SessionKind::Oidc)] {
            let network = Network::new(version);
            let time = Time::new();
            let client = build(time.of(network.builder(flow)));
            let credentials = client.credentials().unwrap();
            assert_eq!((credentials.kind, network.had()), (kind, (1, 0)), "it logs in");
            assert_eq!(credentials.identity_id.as_deref(), Some(network.id.as_str()));
            assert_eq!(Some(credentials.controller.as_str()), network.identity.controllers().next());
            assert!(credentials.left > Duration::from_secs(25 * 60), "{:?}", credentials.left);
            assert!(credentials.ca.starts_with("-----BEGIN CERTIFICATE-----"));
            let chain = credentials.certificate.as_deref().unwrap();
            assert!(chain.starts_with("-----BEGIN CERTIFICATE-----") && !chain.contains("PRIVATE"));
            assert_eq!(credentials.controllers, network.identity.controllers().collect::<Vec<_>>());
            assert!(credentials.second_factor_jwt.is_none() && credentials.key == KeyAccess::Pem);
            let shown = format!("{credentials:?}");
            assert!(!shown.contains(credentials.token.expose()), "{shown}");

            if kind == SessionKind::Oidc {
                time.pass(&network.controller, DUE);
                let renewed = client.credentials().unwrap();
                assert_ne!(renewed.token.expose(), credentials.token.expose());
                assert!(renewed.left > DUE && network.had() == (1, 1), "{version:?}");
            }
        }
    }
}

/// A key that nobody else has, as far as anybody can tell.
struct Token(KeyPair);

impl Signer for Token {
    fn reference(&self) -> String {
        "test:alice".to_owned()
    }

    fn public_key(&self) -> Result<Vec<u8>, String> {
        Ok(self.0.subject_public_key_info())
    }

    fn schemes(&self) -> Vec<SigningScheme> {
        vec![SigningScheme::EcdsaP256Sha256]
    }

    fn sign(&self, _: SigningScheme, message: &[u8], _: Duration) -> Result<Vec<u8>, String> {
        self.0.sign(message).map_err(|error| error.to_string())
    }
}

#[test]
fn they_say_where_the_key_is_and_do_not_hold_it() {
    let network = Network::new(Version::V2_0);
    let mut file: Value = serde_json::from_str(network.identity.to_json().expose()).unwrap();
    let key = file["id"]["key"].as_str().unwrap().trim_start_matches("pem:").to_owned();
    let pem = network.client(LoginFlow::Legacy).credentials().unwrap();
    assert_eq!(pem.key, KeyAccess::Pem);

    file["id"]["key"] = "test:alice".into();
    let signer = Arc::new(Token(KeyPair::from_pem(&key).unwrap()));
    let identity = Identity::from_json_with_signer(&file.to_string(), signer).unwrap();
    let signed = build(Client::builder(&identity).timeout(ENOUGH)).credentials().unwrap();
    assert_eq!((signed.key, &signed.certificate), (KeyAccess::Signer, &pem.certificate));

    let file = json!({"ztAPI": network.controller.api_url(), "id": {"ca": network.controller.ca_pem()}});
    let nobody = Identity::from_json(&file.to_string()).unwrap();
    let by_password = Client::builder(&nobody).credentials(Credentials::password("alice", PASSWORD));
    let credentials = build(by_password).credentials().unwrap();
    assert_eq!((credentials.key, credentials.certificate), (KeyAccess::None, None));
    assert_eq!(credentials.identity_id.as_deref(), Some(network.id.as_str()));
}

#[test]
fn a_login_that_waits_has_none_until_it_is_complete() {
    for flow in FLOWS {
        let network = Network::with_totp(Version::V2_0);
        let client = network.client(flow);
        assert!(matches!(client.credentials(), Err(Error::LoginPending { .. })), "{flow:?}");
        client.authenticate_mfa(&network.code()).unwrap();
        let credentials = client.credentials().unwrap();
        assert_eq!((credentials.token.expose().is_empty(), network.had().0), (false, 1), "{flow:?}");
    }
}

/// They prove the login to a controller without anything else of the client.
#[test]
fn their_token_is_the_one_that_calls_use() {
    for version in Version::ALL {
        for flow in FLOWS {
            let network = Network::new(version);
            let client = network.client(flow);
            let credentials = client.credentials().unwrap();
            network.controller.clear_requests();
            assert_eq!(list(&client).unwrap(), 1);
            let sent = network.controller.requests().pop().unwrap();
            let shown = match credentials.kind {
                SessionKind::Legacy => sent.header("zt-session").map(str::to_owned),
                _ => sent.header("authorization").and_then(|value| value.strip_prefix("Bearer ")).map(str::to_owned),
            };
            assert_eq!(shown.as_deref(), Some(credentials.token.expose()), "{version:?} {flow:?}");
        }
    }
}

/// Whoever is given them uses them for a while, and nobody sees that here.
#[test]
fn a_legacy_session_near_its_end_is_replaced_before_it_is_handed_out_unless_its_use_moves_its_end() {
    for version in Version::ALL {
        let (network, time) = (Network::new(version), Time::new());
        let client = build(time.of(network.builder(LoginFlow::Legacy)));
        let first = client.credentials().unwrap();
        time.pass(&network.controller, Duration::from_secs(15 * 60));
        assert_eq!(client.credentials().unwrap().token.expose(), first.token.expose(), "{version:?}: it is not near");
        time.pass(&network.controller, DUE - Duration::from_secs(15 * 60));
        let second = client.credentials().unwrap();
        let is_moved = version != Version::V2_0;
        assert_eq!(second.token.expose() == first.token.expose(), is_moved, "{version:?}");
        assert!(second.left > DUE && network.had().0 == if is_moved { 1 } else { 2 }, "{version:?}: {second:?}");
        time.pass(&network.controller, Duration::from_secs(15 * 60));
        network.controller.clear_requests();
        assert_eq!(client.credentials().unwrap().token.expose(), second.token.expose(), "{version:?}");
        assert_eq!(network.controller.requests().len(), 0, "{version:?}: it is as good as new");
    }
}

#[test]
fn a_legacy_session_that_cannot_be_replaced_for_now_is_handed_out_as_long_as_it_lasts() {
    let (network, time) = (Network::new(Version::V2_0), Time::new());
    let client = build(time.of(network.builder(LoginFlow::Legacy).timeout(Duration::from_secs(2))));
    let first = client.credentials().unwrap();
    time.pass(&network.controller, DUE);
    network.controller.fault(Operation::Authenticate, Fault::Refuse);
    assert_eq!(client.credentials().unwrap().token.expose(), first.token.expose());
    time.pass(&network.controller, Duration::from_secs(10 * 60));
    client.credentials().expect_err("it is over");
    network.controller.clear_faults();
    client.retry_now();
    assert_ne!(client.credentials().unwrap().token.expose(), first.token.expose());
}

#[test]
fn a_legacy_session_that_had_a_code_is_handed_out_to_its_end() {
    let (network, time) = (Network::with_totp(Version::V2_0), Time::new());
    let client = build(time.of(network.builder(LoginFlow::Legacy)));
    client.authenticate().unwrap();
    client.authenticate_mfa(&network.code()).unwrap();
    let first = client.credentials().unwrap();
    time.pass(&network.controller, DUE);
    assert_eq!((client.credentials().unwrap().token.expose(), network.had().0), (first.token.expose(), 1));
}

#[test]
fn what_is_left_of_them_is_told_by_the_clock_that_nobody_sets() {
    for flow in FLOWS {
        let network = Network::new(Version::V2_0);
        let time = Time::new();
        let client = build(time.of(network.builder(flow)));
        let first = client.credentials().unwrap().left;
        time.set_wall(24 * 3600);
        assert_eq!(client.credentials().unwrap().left, first, "{flow:?}: the wall clock was set");
        time.pass(&network.controller, Duration::from_secs(600));
        assert_eq!(client.credentials().unwrap().left, first - Duration::from_secs(600), "{flow:?}");
        // And it is told after a restart, too; a use of it changes nothing.
        assert_eq!(list(&client).unwrap(), 1);
        let saved = client.save_session().unwrap();
        let resumed = build(time.of(network.builder(flow)));
        resumed.resume_session(&saved).unwrap();
        let left = resumed.credentials().unwrap().left;
        assert!(first - Duration::from_secs(600) - left < Duration::from_secs(5), "{flow:?}: {left:?}");
    }
}
