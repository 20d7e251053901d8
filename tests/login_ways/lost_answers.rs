//! A password whose answer is lost: how often it is sent, to whom, and what makes it be sent again.

use serde_json::{Value, json};
use ziti_edge_client::{Client, ClientBuilder, Credentials, Error, Identity, JwtSource, LoginFlow};
use ziti_edge_testkit::{Fault, Operation, TestController, Version};

use crate::alice::{Network, PASSWORD, list};
use crate::build;
use crate::support::answer;

/// A kind of login, and the request of it that has the password.
const FLOWS: [(LoginFlow, Operation); 2] =
    [(LoginFlow::Legacy, Operation::Authenticate), (LoginFlow::Oidc, Operation::Named("oidcLogin"))];

fn network(version: Version) -> Network {
    Network::at(TestController::builder().version(version).services(1).start().unwrap(), |_| {})
}

fn builder(identity: &Identity, flow: LoginFlow) -> ClientBuilder {
    Client::builder(identity).credentials(Credentials::password("alice", PASSWORD)).login_flow(flow).chance(|| 0.0)
}

/// A client that has sent its password three times, and has had no answer.
fn silenced(network: &Network, flow: LoginFlow, sends: Operation) -> Client {
    let client = build(builder(&network.identity, flow));
    network.controller.fault_times(sends, Fault::LostAnswer, 3);
    for _ in 0..3 {
        assert!(matches!(list(&client), Err(Error::Transport { .. })));
    }
    assert!(is_silent(&client));
    assert_eq!(network.controller.count(sends), 3);
    client
}

/// What somebody does who wants the password to be sent, by its name.
type Asks = (&'static str, fn(&Client));

/// What something in between answers.
fn of_a_proxy(status: u16) -> Fault {
    Fault::Body { status, content_type: "text/html".to_owned(), body: b"<p>later</p>".to_vec() }
}

fn is_silent(client: &Client) -> bool {
    match list(client) {
        Err(Error::Identity(message)) => message.contains("not sent again until"),
        outcome => panic!("{outcome:?}"),
    }
}

#[test]
fn a_password_that_nobody_judged_is_sent_three_times_and_no_more() {
    for (flow, sends) in FLOWS {
        for fault in [
            Fault::LostAnswer,
            Fault::Reset,
            Fault::Status(500),
            of_a_proxy(502),
            Fault::EmptyBody,
            answer(200, "[]"),
            of_a_proxy(429),
        ] {
            let network = network(Version::V2_0);
            let client = build(builder(&network.identity, flow));
            network.controller.fault(sends, fault.clone());
            for sent in 1..=3 {
                let error = list(&client).unwrap_err();
                assert!(!matches!(error, Error::Identity(_) | Error::Rejected(_)), "{flow:?} {fault:?}: {error:?}");
                assert_eq!(network.controller.count(sends), sent, "{flow:?} {fault:?}");
            }
            network.controller.clear_faults();
            let clone = client.clone();
            for _ in 0..2 {
                assert!(is_silent(&client) && is_silent(&clone), "{flow:?} {fault:?}");
                client.maintain();
                client.diagnose();
                client.set_second_factor_jwt(&JwtSource::token("a.b.c")).unwrap();
            }
            assert_eq!(network.controller.count(sends), 3, "{flow:?} {fault:?}");
            assert_eq!(client.status().counters.failed_logins, 3, "{flow:?} {fault:?}");
        }
    }
}

#[test]
fn whoever_asks_for_it_has_the_password_sent_again() {
    let asked: [Asks; 3] = [
        ("authenticate", |client| assert!(client.authenticate().is_ok())),
        ("retry_now", Client::retry_now),
        ("set_credentials", |client| client.set_credentials(Credentials::password("alice", PASSWORD)).unwrap()),
    ];
    for version in Version::ALL {
        for (flow, sends) in FLOWS {
            for (what, asks) in asked {
                let network = network(version);
                let client = silenced(&network, flow, sends);
                asks(&client);
                assert_eq!(list(&client).unwrap(), 1, "{what} {version:?} {flow:?}");
                assert_eq!(network.controller.count(sends), 4, "{what} {version:?} {flow:?}");
            }
        }
    }
}

#[test]
fn three_more_are_lost_before_the_password_rests_again() {
    for (flow, sends) in FLOWS {
        let network = network(Version::V2_0);
        let client = silenced(&network, flow, sends);
        network.controller.fault(sends, Fault::LostAnswer);
        assert!(matches!(client.authenticate(), Err(Error::Transport { .. })));
        for _ in 0..2 {
            assert!(matches!(list(&client), Err(Error::Transport { .. })), "{flow:?}");
        }
        assert!(is_silent(&client));
        assert_eq!(network.controller.count(sends), 6, "{flow:?}");
        client.retry_now();
        for _ in 0..3 {
            assert!(matches!(list(&client), Err(Error::Transport { .. })), "{flow:?}");
        }
        assert!(is_silent(&client));
        assert_eq!(network.controller.count(sends), 9, "{flow:?}");
    }
}

#[test]
fn a_refusal_after_lost_answers_is_the_refusal_that_it_is() {
    for (flow, sends) in FLOWS {
        let network = network(Version::V2_0);
        let client = build(builder(&network.identity, flow).credentials(Credentials::password("alice", "wrong")));
        for _ in 0..2 {
            network.controller.fault_times(sends, Fault::LostAnswer, 2);
            for _ in 0..2 {
                assert!(matches!(list(&client), Err(Error::Transport { .. })), "{flow:?}");
            }
            assert!(matches!(list(&client), Err(Error::Rejected(_))), "{flow:?}");
            assert!(matches!(client.authenticate(), Err(Error::Rejected(_))), "{flow:?}");
            client.retry_now();
        }
        assert_eq!(network.controller.count(sends), 6, "{flow:?}");
    }
}

#[test]
fn a_password_that_was_right_survives_any_number_of_lost_answers() {
    for (flow, sends) in FLOWS {
        let network = network(Version::V2_0);
        let client = build(builder(&network.identity, flow));
        list(&client).unwrap();
        network.controller.fault(sends, Fault::LostAnswer);
        client.logout().unwrap();
        for _ in 0..5 {
            assert!(matches!(list(&client), Err(Error::Transport { .. })), "{flow:?}");
        }
        network.controller.clear_faults();
        assert_eq!(list(&client).unwrap(), 1, "{flow:?}");
    }
}

#[test]
fn what_no_controller_looked_at_does_not_count() {
    for (flow, sends) in FLOWS {
        let network = network(Version::V2_0);
        let client = build(builder(&network.identity, flow));
        // A legacy login tries five times by itself.
        network.controller.fault(sends, Fault::TooManyRequests { retry_after: None });
        while network.controller.count(sends) < 5 {
            assert!(matches!(list(&client), Err(Error::Busy(_))), "{flow:?}");
        }
        network.controller.clear_faults();
        assert_eq!(list(&client).unwrap(), 1, "{flow:?}");
    }
    let network = network(Version::V2_0);
    let client = build(builder(&network.identity, LoginFlow::Legacy));
    network.controller.fault(Operation::Any, Fault::Refuse);
    for _ in 0..4 {
        assert!(matches!(list(&client), Err(Error::Transport { .. })));
    }
    network.controller.clear_faults();
    assert_eq!(list(&client).unwrap(), 1);
}

#[test]
fn no_two_controllers_are_shown_an_unjudged_password_by_one_call() {
    for (flow, sends) in FLOWS {
        for fault in [Fault::LostAnswer, Fault::Reset, Fault::Status(504), of_a_proxy(503), of_a_proxy(429)] {
            let network = network(Version::V2_0);
            let second = TestController::builder().same_network_as(&network.controller).start().unwrap();
            let mut file: Value = serde_json::from_str(network.nobody().to_json().expose()).unwrap();
            file["ztAPIs"] = json!([network.controller.url(), second.url()]);
            let identity = Identity::from_json(&file.to_string()).unwrap();
            let client = build(builder(&identity, flow));
            for controller in [&network.controller, &second] {
                controller.fault(sends, fault.clone());
            }
            let sent = || network.controller.count(sends) + second.count(sends);
            for calls in 1..=3 {
                assert!(list(&client).is_err());
                assert_eq!(sent(), calls, "{flow:?} {fault:?}");
            }
            assert!(is_silent(&client) && sent() == 3, "{flow:?} {fault:?}");
        }
    }
}
