//! From the credentials to the tokens.

use serde_json::Value;
use ziti_edge_client::{Error, Login};
use ziti_edge_testkit::{Fault, Operation, Version};

use crate::support::{operations, seen};
use crate::{AUTHORIZE, CALLBACK, DISCOVERY, LOGIN, Network, TOKEN, WAYS, Way, authorizations, list};

fn each(run: impl Fn(Version, Way, &Network)) {
    for version in Version::ALL {
        for way in WAYS {
            run(version, way, &Network::new(version));
        }
    }
}

#[test]
fn each_way_to_log_in_ends_with_tokens_in_as_many_steps() {
    each(|version, way, network| {
        let client = network.client(way);
        let login = client.authenticate().unwrap();
        let Login::Complete(session) = &login else { panic!("{version:?} {way:?}: {login:?}") };
        assert_eq!(session.identity_id.as_deref(), Some(network.id.as_str()), "{version:?} {way:?}");
        assert!(session.expires_at.is_some() && session.token.expose().split('.').count() == 3);
        assert_eq!(list(&client).unwrap(), 1, "{version:?} {way:?}");
        let steps = [
            Operation::Version,
            DISCOVERY,
            AUTHORIZE,
            LOGIN,
            CALLBACK,
            TOKEN,
            Operation::CurrentApiSession,
            Operation::Services,
        ];
        assert_eq!(operations(&network.controller), steps, "{version:?} {way:?}");
        assert_eq!(network.had(), (1, 0));
    });
}

#[test]
fn requests_carry_the_access_token_and_nothing_of_a_legacy_session() {
    each(|version, way, network| {
        let client = network.client(way);
        assert_eq!(list(&client).unwrap(), 1);
        let token = client.authenticate().unwrap().session().token.expose().to_owned();
        assert_eq!(list(&client).unwrap(), 1);
        let last = authorizations(network, Operation::Services).pop().unwrap();
        assert_eq!(last, [format!("Bearer {token}")], "{version:?} {way:?}");
        let sent = seen(&network.controller, Operation::Services);
        assert!(sent.iter().all(|request| request.header("zt-session").is_none()));
    });
}

#[test]
fn the_login_tells_who_asks_as_a_legacy_one_does() {
    each(|version, way, network| {
        list(&network.client(way)).unwrap();
        let sent = seen(&network.controller, LOGIN).pop().unwrap();
        assert_eq!(sent.header("accept"), Some("application/json"));
        let body: Value = serde_json::from_slice(&sent.body).unwrap();
        assert!(body["id"].as_str().is_some_and(|id| !id.is_empty()), "{version:?} {way:?}");
        assert_eq!(body["configTypes"], serde_json::json!(["all"]));
        assert_eq!(body["sdkInfo"]["type"], "ziti-edge-client");
        assert_eq!(body["envInfo"]["os"], std::env::consts::OS);
        assert_eq!(body.get("password").is_some(), way == Way::Password);
    });
}

#[test]
fn tokens_that_end_with_the_logins_of_their_second_are_refreshed_once_it_is_over() {
    let network = Network::new(Version::V2_0);
    network.controller.fault_times(Operation::CurrentApiSession, Fault::SessionGone, 1);
    let client = network.client(Way::Password);
    assert!(matches!(client.authenticate().unwrap(), Login::Complete(_)));
    assert_eq!((network.had(), network.count(LOGIN), list(&client).unwrap()), ((1, 1), 1, 1));
    // Once, and no longer.
    network.controller.fault(Operation::CurrentApiSession, Fault::SessionGone);
    let outcome = network.client(Way::Password).authenticate();
    assert!(matches!(outcome, Err(Error::Unauthorized(_))), "{outcome:?}");
    assert_eq!(network.had(), (2, 2));
}
