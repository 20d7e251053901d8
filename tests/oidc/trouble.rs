//! Controllers that describe, redirect or answer other than they should.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use ziti_edge_client::{Credentials, Error, Login, LoginFlow};
use ziti_edge_testkit::{Fault, Operation, TestController, Version};

use crate::support::answer;
use crate::{AUTHORIZE, CALLBACK, DISCOVERY, LOGIN, Network, TOKEN, WAYS, Way, build, list};

/// A description like the controller's own, with one member changed.
fn described(network: &Network, member: &str, value: &str) -> Fault {
    let at = |path: &str| format!("{}/oidc{path}", network.controller.url());
    let mut description = json!({
        "issuer": at(""),
        "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/oauth/token"),
        "revocation_endpoint": at("/revoke"),
    });
    description[member] = Value::from(value);
    answer(200, description.to_string())
}

/// All that discovery can be other than it should.
fn faults(network: &Network) -> Vec<Fault> {
    let elsewhere = ["https://evil.test:1280/oidc", "https://127.0.0.1:1/oidc", "http://127.0.0.1/oidc"];
    let members = ["issuer", "authorization_endpoint", "token_endpoint", "revocation_endpoint"];
    let lies = members.iter().flat_map(|member| elsewhere.map(|place| described(network, member, place)));
    let other_issuer = described(network, "issuer", &format!("{}/other", network.controller.url()));
    let broken = [Fault::NoSuchPath, Fault::Html, Fault::BadJson, Fault::EmptyBody, Fault::Status(500), other_issuer];
    lies.chain(broken).chain([answer(200, "{}"), answer(404, "404 page not found")]).collect()
}

#[test]
fn where_oidc_is_wanted_and_cannot_be_used_the_error_says_why() {
    let network = Network::new(Version::V2_0);
    for fault in faults(&network) {
        network.controller.clear_requests();
        network.controller.fault(DISCOVERY, fault.clone());
        let outcome = list(&network.client(Way::Password));
        let Err(Error::Unsupported(why)) = &outcome else { panic!("{fault:?}: {outcome:?}") };
        assert!(why.contains("LoginFlow::Legacy") && why.contains("openid-configuration"), "{why}");
        assert_eq!((network.count(DISCOVERY), network.count(AUTHORIZE), network.count(LOGIN)), (1, 0, 0), "{fault:?}");
    }
}

#[test]
fn where_there_is_a_choice_a_login_falls_back_once() {
    let network = Network::new(Version::V2_0);
    for fault in faults(&network) {
        network.controller.clear_requests();
        network.controller.fault(DISCOVERY, fault.clone());
        let client = build(network.builder(Way::Password).login_flow(LoginFlow::Auto));
        for _ in 0..3 {
            assert_eq!(list(&client).unwrap(), 1, "{fault:?}");
        }
        let logins = (network.count(DISCOVERY), network.count(Operation::Authenticate), network.count(LOGIN));
        assert_eq!(logins, (1, 1, 0), "{fault:?}");
    }
}

#[test]
fn the_kind_of_login_is_chosen_by_what_the_controller_says_of_itself() {
    for version in Version::ALL {
        for (oidc, tokens) in [(true, version == Version::V2_0), (false, false)] {
            let network = Network::with(TestController::builder().version(version).oidc(oidc), |_| {});
            let client = build(network.builder(Way::Certificate).login_flow(LoginFlow::Auto));
            assert_eq!(list(&client).unwrap(), 1);
            assert_eq!(network.had(), (usize::from(tokens), 0), "{version:?} {oidc}");
            assert_eq!(network.count(Operation::Authenticate), usize::from(!tokens), "{version:?} {oidc}");
        }
    }
}

#[test]
fn a_controller_without_oidc_is_not_asked_for_it() {
    for version in Version::ALL {
        let network = Network::with(TestController::builder().version(version).oidc(false), |_| {});
        for way in WAYS {
            let outcome = list(&network.client(way));
            assert!(
                matches!(&outcome, Err(Error::Unsupported(why)) if why.contains("does not announce")),
                "{outcome:?}"
            );
        }
        assert_eq!((network.count(DISCOVERY), network.count(Operation::Authenticate)), (0, 0), "{version:?}");
    }
}

#[test]
fn a_step_that_leads_nowhere_is_an_error_and_no_credential_follows_it() {
    let page = Fault::Html;
    let no_location = || answer(302, "");
    for (operation, fault) in [
        (AUTHORIZE, no_location()),
        (AUTHORIZE, page.clone()),
        (AUTHORIZE, answer(200, "{}")),
        (AUTHORIZE, Fault::EmptyBody),
        (AUTHORIZE, answer(400, r#"{"error":"invalid_client","error_description":"client not found"}"#)),
        (LOGIN, no_location()),
        (LOGIN, Fault::EmptyBody),
        (LOGIN, Fault::BadJson),
        (LOGIN, answer(200, r#"{"data":null,"meta":null}"#)),
        (LOGIN, Fault::Status(500)),
        (CALLBACK, no_location()),
        (CALLBACK, page),
        (CALLBACK, answer(200, "{}")),
        (TOKEN, Fault::EmptyBody),
        (TOKEN, Fault::Html),
        (TOKEN, answer(200, r#"{"access_token":"with spaces"}"#)),
        // The nonce of another login.
        (TOKEN, answer(200, r#"{"access_token":"a","id_token":"e30.eyJub25jZSI6Im90aGVyIn0.x"}"#)),
        (TOKEN, answer(400, r#"{"error":"invalid_grant","error_description":"invalid code"}"#)),
        (Operation::CurrentApiSession, Fault::Html),
    ] {
        let network = Network::new(Version::V2_0);
        network.controller.fault(operation, fault.clone());
        let outcome = list(&network.client(Way::Password));
        let expected = matches!(outcome, Err(Error::Decode { .. } | Error::Api(_)));
        assert!(expected, "{operation:?} {fault:?}: {outcome:?}");
        let steps = [AUTHORIZE, LOGIN, CALLBACK, TOKEN, Operation::CurrentApiSession];
        let after = steps.iter().skip_while(|step| **step != operation).skip(1);
        assert!(after.clone().all(|step| network.count(*step) == 0), "{operation:?} {fault:?}");
    }
}

#[test]
fn wrong_credentials_are_rejected_in_all_the_ways_that_controllers_say_so() {
    for version in Version::ALL {
        let network = Network::new(version);
        let wrong = Credentials::password("alice", "canary-wrong");
        let client = build(network.builder(Way::Password).credentials(wrong));
        for _ in 0..3 {
            let outcome = list(&client);
            let Err(Error::Rejected(rejection)) = &outcome else { panic!("{version:?}: {outcome:?}") };
            assert!(!rejection.to_string().contains("canary"), "{rejection}");
        }
        assert_eq!(network.count(LOGIN), 1, "{version:?}: a wrong password is not sent again");
        client.set_credentials(network.credentials(Way::Password)).unwrap();
        assert_eq!(list(&client).unwrap(), 1);

        network.controller.remove_identity(&network.id);
        for way in [Way::Certificate, Way::ExternalJwt] {
            // A certificate this new may have to become known, which is waited for.
            let outcome = list(&network.client(way).with_timeout(Duration::from_millis(500)));
            assert!(matches!(outcome, Err(Error::Rejected(_))), "{version:?} {way:?}: {outcome:?}");
        }
    }
}

#[test]
fn tokens_of_any_size_and_kind_are_used_as_they_are() {
    for length in [3, 5_000, 17_000, 30_000] {
        let network = Network::new(Version::V2_0);
        let token = "x".repeat(length);
        let body = json!({"access_token": token, "token_type": "Bearer", "expires_in": 1799});
        network.controller.fault(TOKEN, answer(200, body.to_string()));
        let session = json!({"data": {"id": "s", "token": token}, "meta": {}});
        network.controller.fault(Operation::CurrentApiSession, answer(200, session.to_string()));
        let login = network.client(Way::Password).authenticate().unwrap();
        assert!(matches!(&login, Login::Complete(session) if session.token.expose() == token), "{length}");
        let sent = crate::authorizations(&network, Operation::CurrentApiSession);
        assert_eq!(sent, [[format!("Bearer {token}")]], "{length}");
    }
}

#[test]
fn a_login_ends_with_its_call_however_a_step_stalls() {
    for operation in [DISCOVERY, AUTHORIZE, LOGIN, CALLBACK, TOKEN] {
        let network = Network::new(Version::V2_0);
        network.controller.fault(operation, Fault::StallBeforeAnswer);
        let client = network.client(Way::Certificate).with_timeout(Duration::from_millis(300));
        let began = Instant::now();
        let outcome = list(&client);
        assert!(matches!(outcome, Err(Error::Timeout { .. })), "{operation:?}: {outcome:?}");
        assert!(began.elapsed() < Duration::from_secs(3), "{operation:?}");
        network.controller.clear_faults();
        assert_eq!(list(&network.client(Way::Certificate)).unwrap(), 1);
    }
}
