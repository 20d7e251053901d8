//! Logins by a password, which controllers count when it is wrong.

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use ziti_edge_client::{Client, Credentials, Error, JwtSource, LoginState};
use ziti_edge_testkit::{Fault, Operation, TestController, Version};

use crate::alice::{Network, PASSWORD, Time, list};
use crate::build;
use crate::support::{answer, seen, start};

fn wrong() -> Credentials {
    Credentials::password("alice", "canary-wrong-password")
}

fn is_refused(client: &Client) -> bool {
    let error = list(client).unwrap_err();
    matches!(&error, Error::Rejected(rejection) if rejection.answer.code == "INVALID_AUTH")
}

#[test]
fn the_request_has_name_and_password_and_who_asks() {
    for version in Version::ALL {
        let network = Network::new(version);
        list(&network.client(network.right_password())).unwrap();
        let login = seen(&network.controller, Operation::Authenticate).remove(0);
        assert_eq!((login.method.as_str(), login.query.as_str()), ("POST", "method=password"));
        let body: Value = serde_json::from_slice(&login.body).unwrap();
        assert_eq!((&body["username"], &body["password"]), (&json!("alice"), &json!(PASSWORD)));
        assert_eq!((&body["configTypes"], &body["sdkInfo"]["type"]), (&json!(["all"]), &json!("ziti-edge-client")));
        assert_eq!(login.header("authorization"), None);
    }
}

#[test]
fn a_wrong_password_is_sent_once_whoever_asks() {
    for version in Version::ALL {
        let network = Network::new(version);
        let client = network.client(wrong());
        for _ in 0..3 {
            assert!(is_refused(&client), "{version:?}");
            assert!(matches!(client.authenticate(), Err(Error::Rejected(_))), "{version:?}");
            client.maintain();
        }
        assert_eq!(network.logins(), 1, "{version:?}");
        client.retry_now();
        assert!(is_refused(&client) && is_refused(&client));
        assert_eq!(network.logins(), 2, "{version:?}");
    }
}

#[test]
fn what_a_client_does_by_itself_sends_no_password_that_was_refused() {
    let network = Network::new(Version::V2_0);
    // Looking after the identity is done by connections that only the network's bundle verifies.
    let builder = Client::builder(&network.nobody()).trust_system_roots(true).credentials(wrong());
    let client = build(builder);
    for _ in 0..3 {
        client.maintain();
    }
    assert!(is_refused(&client));
    client.set_second_factor_jwt(&JwtSource::token("a.b.c")).unwrap();
    assert!(is_refused(&client));
    assert_eq!(network.logins(), 1);
}

/// Also where a login came after it that was not made by it.
#[test]
fn a_password_that_was_refused_shows_so_in_the_status_for_as_long_as_it_is_not_sent() {
    let (network, time) = (Network::new(Version::V2_0), Time::new());
    let first = network.client(network.right_password());
    list(&first).unwrap();
    let saved = first.save_session().unwrap();
    let client = build(time.of(Client::builder(&network.nobody()).credentials(wrong())));
    assert!(is_refused(&client));
    client.set_second_factor_jwt(&JwtSource::token("a.b.c")).unwrap();
    assert_eq!(client.status().login.state, LoginState::Rejected);
    client.resume_session(&saved).unwrap();
    assert_eq!((client.status().login.state, list(&client).unwrap()), (LoginState::Complete, 1));
    client.logout().unwrap();
    time.pass(&network.controller, Duration::from_secs(200));
    let login = client.status().login;
    assert_eq!(login.state, LoginState::Rejected);
    let refusal = login.refusal.unwrap();
    assert!(refusal.ago == Duration::from_secs(200) && refusal.message.contains("not sent again until"), "{refusal:?}");
    assert!(is_refused(&client));
    client.retry_now();
    assert_eq!((client.status().login.state, network.logins()), (LoginState::None, 2));
}

#[test]
fn threads_that_ask_together_send_a_wrong_password_once() {
    const THREADS: usize = 16;
    let network = Network::new(Version::V2_0);
    let client = network.client(wrong());
    let together = Barrier::new(THREADS);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                together.wait();
                assert!(is_refused(&client));
            });
        }
    });
    assert_eq!(network.logins(), 1);
}

#[test]
fn new_credentials_are_for_all_clones_and_forget_what_was_refused() {
    for version in Version::ALL {
        let network = Network::new(version);
        let client = network.client(wrong());
        let clone = client.with_timeout(Duration::from_secs(10));
        assert!(is_refused(&client));
        client.set_credentials(network.right_password()).unwrap();
        assert_eq!((list(&clone).unwrap(), list(&client).unwrap(), network.logins()), (1, 1, 2), "{version:?}");
    }
}

#[test]
fn new_credentials_forget_the_login() {
    let network = Network::new(Version::V2_0);
    let client = build(Client::builder(&network.identity));
    list(&client).unwrap();
    client.set_credentials(network.right_password()).unwrap();
    network.controller.clear_requests();
    assert_eq!(list(&client).unwrap(), 1);
    assert!(network.controller.requests().iter().all(|request| !request.peer_has_certificate));
    assert_eq!(seen(&network.controller, Operation::Authenticate)[0].query, "method=password");
    client.set_credentials(Credentials::certificate()).unwrap();
    assert_eq!(list(&client).unwrap(), 1);
    assert_eq!(seen(&network.controller, Operation::Authenticate)[1].query, "method=cert");
}

#[test]
fn a_password_that_was_right_is_sent_again_when_the_session_has_ended() {
    for version in Version::ALL {
        let network = Network::new(version);
        let client = network.client(network.right_password());
        list(&client).unwrap();
        network.controller.expire_sessions();
        assert_eq!((list(&client).unwrap(), network.logins()), (1, 2), "{version:?}");
        // From now on it is another one.
        let refusal = json!({"error": {"code": "INVALID_AUTH", "message": "no"}, "meta": {}}).to_string();
        network.controller.fault(Operation::Authenticate, answer(401, refusal));
        network.controller.expire_sessions();
        assert!(is_refused(&client) && is_refused(&client));
        assert_eq!(network.logins(), 3, "{version:?}");
    }
}

#[test]
fn a_disabled_identity_is_refused_like_a_wrong_password() {
    for version in Version::ALL {
        let network = Network::with(version, |alice| alice.disabled = true);
        assert!(is_refused(&network.client(network.right_password())), "{version:?}");
    }
}

#[test]
fn a_refusal_says_what_to_do_and_nothing_of_the_certificate() {
    let network = Network::new(Version::V2_0);
    let client = build(Client::builder(&network.identity).credentials(wrong()));
    let error = list(&client).unwrap_err().to_string();
    assert!(error.contains("not sent again until") && !error.contains("certificate"), "{error}");
    assert!(!error.contains("canary"), "{error}");
}

/// Two controllers of one network, and a client that prefers the first.
fn two() -> (Network, TestController, Client) {
    let network = Network::new(Version::V2_0);
    let second = TestController::builder().oidc(false).same_network_as(&network.controller).start().unwrap();
    let mut file: Value = serde_json::from_str(network.nobody().to_json().expose()).unwrap();
    file["ztAPIs"] = json!([network.controller.url(), second.url()]);
    let identity = ziti_edge_client::Identity::from_json(&file.to_string()).unwrap();
    let client = build(Client::builder(&identity).credentials(network.right_password()).chance(|| 0.0));
    (network, second, client)
}

#[test]
fn a_password_that_no_controller_took_yet_is_not_repeated_where_its_answer_was_lost() {
    for fault in [Fault::LostAnswer, Fault::Reset, Fault::Truncate] {
        let (network, second, client) = two();
        network.controller.fault_times(Operation::Authenticate, fault.clone(), 1);
        assert!(matches!(list(&client), Err(Error::Transport { .. })), "{fault:?}");
        assert_eq!((network.logins(), second.count(Operation::Authenticate)), (1, 0), "{fault:?}");
    }
}

#[test]
fn a_password_that_is_refused_by_now_is_not_repeated_for_having_been_right_once() {
    let (network, second, client) = two();
    client.authenticate().unwrap();
    network.controller.remove_identity(&network.id);
    assert!(matches!(client.authenticate(), Err(Error::Rejected(_))));
    client.retry_now();
    network.controller.fault_times(Operation::Authenticate, Fault::LostAnswer, 1);
    assert!(matches!(client.authenticate(), Err(Error::Transport { .. })));
    assert_eq!(second.count(Operation::Authenticate), 0);
}

#[test]
fn a_password_that_was_right_goes_to_the_next_controller() {
    let (network, second, client) = two();
    client.authenticate().unwrap();
    network.controller.fault(Operation::Any, Fault::Reset);
    client.authenticate().unwrap();
    assert_eq!(second.count(Operation::Authenticate), 1);
    let (network, second, client) = two();
    network.controller.fault(Operation::Any, Fault::Refuse);
    client.authenticate().unwrap();
    assert_eq!(second.count(Operation::Authenticate), 1, "the first one never got it");
}

#[test]
fn a_certificate_that_is_not_shown_is_not_looked_after() {
    for version in Version::ALL {
        let network = Network::new(version);
        network.controller.request_certificate_extension(&network.id, false);
        let builder = Client::builder(&network.identity).credentials(network.right_password());
        let client = build(builder.renew_before(Duration::from_secs(100 * 365 * 24 * 3600)));
        let events = client.maintain().events;
        assert!(events.iter().all(|event| event.error.is_none()), "{version:?}: {events:?}");
        let extensions = Operation::Named("extendCurrentIdentityAuthenticator");
        assert_eq!((network.controller.count(extensions), network.logins()), (0, 1), "{version:?}");
    }
}

/// A client by password that has made a legacy session of an hour.
fn for_an_hour(version: Version, time: &Time) -> (Network, Client) {
    let lasts = Duration::from_secs(3600);
    let controller = TestController::builder().version(version).services(1).session_timeout(lasts);
    let network = Network::at(start(controller), |_| {});
    let builder = Client::builder(&network.nobody()).credentials(network.right_password());
    let client = build(time.of(builder));
    list(&client).unwrap();
    client.maintain();
    (network, client)
}

#[test]
fn a_renewal_of_a_session_sends_the_password_once_however_many_look_after_it() {
    for version in Version::ALL {
        let time = Time::new();
        let (network, client) = for_an_hour(version, &time);
        let renews = usize::from(version == Version::V2_0);
        for renewals in 1..=3 {
            time.pass(&network.controller, Duration::from_secs(50 * 60));
            thread::scope(|scope| {
                for _ in 0..8 {
                    scope.spawn(|| {
                        client.maintain();
                        assert_eq!(list(&client).unwrap(), 1);
                    });
                }
            });
            let expected = 1 + renewals * renews;
            assert_eq!(network.logins(), expected, "others move the end with each use: {version:?}");
            client.maintain();
            assert_eq!(network.logins(), expected, "{version:?}");
        }
    }
}

#[test]
fn a_renewal_whose_answer_is_lost_leaves_the_session_and_is_not_repeated_at_once() {
    let time = Time::new();
    let (network, client) = for_an_hour(Version::V2_0, &time);
    time.pass(&network.controller, Duration::from_secs(50 * 60));
    network.controller.fault(Operation::Authenticate, Fault::Reset);
    let before = network.logins();
    client.maintain();
    let sent = network.logins() - before;
    assert!((1..=2).contains(&sent), "once more where a kept connection turned out to be closed: {sent}");
    for _ in 0..3 {
        time.pass(&network.controller, Duration::from_secs(5));
        client.maintain();
        assert_eq!((list(&client).unwrap(), network.logins() - before), (1, sent));
    }
}

#[test]
fn who_asks_for_a_login_has_the_password_sent_once_for_each() {
    for version in Version::ALL {
        let time = Time::new();
        let (network, client) = for_an_hour(version, &time);
        for logins in 2..=4 {
            client.authenticate().unwrap();
            assert_eq!((list(&client).unwrap(), network.logins()), (1, logins), "{version:?}");
        }
    }
}
