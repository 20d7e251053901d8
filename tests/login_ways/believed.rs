//! How long a refusal answers for logins that nobody asked for: ten minutes.

use std::thread;
use std::time::Duration;

use ziti_edge_client::{Client, ClientBuilder, Credentials, Error, JwtSource};
use ziti_edge_testkit::{Operation, Version};

use crate::alice::{Network, Time, alice, list};
use crate::support::answer;
use crate::{Supplier, build};

const ALMOST: Duration = Duration::from_secs(599);

/// What a list comes to on eight threads.
fn on_threads(client: &Client) -> Vec<Result<usize, Error>> {
    thread::scope(|scope| {
        let calls: Vec<_> = (0..8).map(|_| scope.spawn(|| list(client))).collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    })
}

#[test]
fn a_refused_certificate_or_external_jwt_is_tried_again_once_in_ten_minutes() {
    let by_jwt = |network: &Network| Credentials::external_jwt(JwtSource::token(network.token(&alice())));
    for credentials in [&|_: &Network| Credentials::certificate(), &by_jwt as &dyn Fn(&Network) -> Credentials] {
        for version in [Version::V1_3, Version::V1_6] {
            let (network, time) = (Network::new(version), Time::new());
            let builder: ClientBuilder = Client::builder(&network.identity).credentials(credentials(&network));
            let client = build(time.of(builder));
            let refusal = r#"{"error":{"code":"INVALID_AUTH","message":"no"},"meta":{}}"#;
            network.controller.fault(Operation::Authenticate, answer(401, refusal));
            for attempts in 1..=3 {
                for passes in [ALMOST, Duration::from_secs(1)] {
                    let outcomes = on_threads(&client);
                    assert!(outcomes.iter().all(|outcome| matches!(outcome, Err(Error::Rejected(_)))), "{outcomes:?}");
                    client.maintain();
                    assert_eq!(network.logins(), attempts, "{version:?} {passes:?}");
                    time.pass(&network.controller, passes);
                }
            }
            network.controller.clear_faults();
            assert_eq!((list(&client).unwrap(), network.logins()), (1, 4), "{version:?}");
        }
    }
}

#[test]
fn a_refusal_that_is_told_again_says_how_old_it_is_and_when_the_controller_is_asked_again() {
    let by_jwt = |network: &Network| Credentials::external_jwt(JwtSource::token(network.token(&alice())));
    let certificate = |_: &Network| Credentials::certificate();
    let wrong = |_: &Network| Credentials::password("alice", "canary-wrong");
    for (credentials, is_for_a_while) in
        [(&certificate as &dyn Fn(&Network) -> Credentials, true), (&by_jwt, true), (&wrong, false)]
    {
        let (network, time) = (Network::new(Version::V1_6), Time::new());
        let client = build(time.of(Client::builder(&network.identity).credentials(credentials(&network))));
        let refusal = r#"{"error":{"code":"INVALID_AUTH","message":"no"},"meta":{}}"#;
        network.controller.fault(Operation::Authenticate, answer(401, refusal));
        let first = list(&client).unwrap_err();
        assert_eq!(first.retry_after(), is_for_a_while.then_some(Duration::from_secs(600)), "{first}");
        assert!(!first.to_string().contains(" ago"), "{first}");
        time.pass(&network.controller, Duration::from_secs(200));
        client.maintain();
        let told_again = if is_for_a_while { list(&client) } else { client.authenticate().map(|_| 0) }.unwrap_err();
        assert_eq!(network.logins(), 1);
        let text = told_again.to_string();
        assert!(text.contains("this is its answer of 200 s ago"), "{text}");
        assert_eq!(told_again.retry_after(), is_for_a_while.then_some(Duration::from_secs(400)));
        assert_eq!(text.contains("it is asked again in 400 s, or after retry_now"), is_for_a_while, "{text}");
        assert_eq!(text.contains("not sent again until"), !is_for_a_while, "{text}");
        assert_eq!(client.status().login.refusal.unwrap().ago, Duration::from_secs(200));
        if is_for_a_while {
            let asked = client.authenticate().unwrap_err();
            assert_eq!(
                (asked.retry_after(), network.logins()),
                (Some(Duration::from_secs(600)), 2),
                "it is asked anew"
            );
            time.pass(&network.controller, Duration::from_secs(3600));
            let message = client.status().login.refusal.unwrap().message;
            assert!(message.contains("the next call that needs a login asks it again"), "{message}");
        }
    }
}

#[test]
fn a_refused_second_jwt_is_supplied_again_once_in_ten_minutes() {
    for version in Version::ALL {
        let (network, time) = (Network::with_second_jwt(version), Time::new());
        let [wrong, right] = [network.token(&alice()), network.second_token(&alice())];
        let supplier = Supplier::new([wrong.clone(), wrong.clone(), wrong.clone(), wrong, right]);
        let client = build(time.of(Client::builder(&network.identity).second_factor_jwt(supplier.source())));
        // The session has to outlive this.
        for asked in [2, 4] {
            for passes in [ALMOST, Duration::from_secs(1)] {
                let outcomes = on_threads(&client);
                let waits = |outcome: &Result<_, Error>| matches!(outcome, Err(Error::LoginPending { .. }));
                assert!(outcomes.iter().all(waits), "{outcomes:?}");
                assert_eq!(supplier.asked().len(), asked, "{version:?} {passes:?}");
                time.pass(&network.controller, passes);
            }
        }
        assert_eq!((list(&client).unwrap(), network.logins()), (1, 1), "{version:?}");
    }
}

#[test]
fn a_401_of_an_earlier_login_is_settled_by_the_one_there_is() {
    for version in Version::ALL {
        let network = Network::new(version);
        let client = build(Client::builder(&network.identity));
        list(&client).unwrap();
        let first = client.credentials().unwrap().token;
        network.controller.fault_times(
            Operation::Services,
            ziti_edge_testkit::Fault::Late(Duration::from_millis(600)),
            1,
        );
        thread::scope(|scope| {
            let late = scope.spawn(|| list(&client));
            while network.controller.count(Operation::Services) < 2 {
                thread::sleep(Duration::from_millis(2));
            }
            client.authenticate().unwrap();
            network.controller.end_session(first.expose());
            assert_eq!(late.join().unwrap().unwrap(), 1, "{version:?}");
        });
        let asked = network.controller.count(Operation::CurrentApiSession);
        assert_eq!((network.logins(), asked), (2, 0), "no login and no question: {version:?}");
    }
}

#[test]
fn sessions_that_are_refused_at_once_are_no_loop_where_a_second_jwt_goes_with_them() {
    for version in Version::ALL {
        let network = Network::with_second_jwt(version);
        let supplier = Supplier::new([network.second_token(&alice())]);
        let client = build(Client::builder(&network.identity).second_factor_jwt(supplier.source()));
        network.controller.fault(Operation::Services, ziti_edge_testkit::Fault::SessionGone);
        let error = list(&client).unwrap_err();
        assert!(matches!(&error, Error::Unauthorized(_)), "{version:?}: {error:?}");
        assert_eq!((network.logins(), network.controller.count(Operation::Services)), (2, 2), "{version:?}");
    }
}
