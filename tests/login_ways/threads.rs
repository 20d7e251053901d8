//! Sixty-four threads, and logins that end, are refused, or lose who makes them.

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use ziti_edge_client::{CancelToken, Client, Credentials, Error, JwtSource};
use ziti_edge_testkit::{Fault, Operation, Version};

use crate::alice::{Network, alice, list};
use crate::support::answer;
use crate::{Supplier, build};

const THREADS: usize = 64;

/// What a list comes to on so many threads at once.
fn together(client: &Client) -> Vec<Result<usize, Error>> {
    let begin = Barrier::new(THREADS);
    thread::scope(|scope| {
        let call = || {
            begin.wait();
            list(client)
        };
        let calls: Vec<_> = (0..THREADS).map(|_| scope.spawn(call)).collect();
        calls.into_iter().map(|call| call.join().unwrap()).collect()
    })
}

/// One login, by a certificate and a second JWT from this supplier, which has ended.
fn ended(network: &Network, supplier: &Supplier) -> Client {
    let client = build(Client::builder(&network.identity).second_factor_jwt(supplier.source()));
    list(&client).unwrap();
    network.controller.expire_sessions();
    client
}

#[test]
fn a_session_that_ended_and_a_wrong_second_jwt_cost_one_login_and_two_tokens() {
    for version in Version::ALL {
        let network = Network::with_second_jwt(version);
        let [right, wrong] = [network.second_token(&alice()), network.token(&alice())];
        let supplier = Supplier::new([right.clone(), wrong, right]);
        let client = ended(&network, &supplier);
        assert!(together(&client).into_iter().all(|outcome| outcome.unwrap() == 1), "{version:?}");
        let told: Vec<bool> = supplier.asked().into_iter().map(|(_, refused)| refused).collect();
        assert_eq!((network.logins(), told), (2, vec![false, false, true]), "{version:?}");
        assert!(network.controller.count(Operation::Services) <= 1 + 2 * THREADS, "{version:?}");
    }
}

#[test]
fn second_jwts_that_are_all_wrong_are_tried_twice_and_no_thread_loops() {
    for version in Version::ALL {
        let network = Network::with_second_jwt(version);
        let supplier = Supplier::new([network.second_token(&alice()), network.token(&alice())]);
        let client = ended(&network, &supplier);
        for outcome in together(&client) {
            let Err(Error::LoginPending { factors }) = outcome else { panic!("{version:?}: {outcome:?}") };
            assert!(factors[0].is_refused, "{version:?}");
        }
        assert_eq!((network.logins(), supplier.asked().len()), (2, 3), "{version:?}");
        assert!(network.controller.count(Operation::Services) <= 1 + THREADS, "none was worth repeating: {version:?}");
    }
}

#[test]
fn a_refusal_after_the_session_ended_is_everybodys_and_is_asked_for_once() {
    for version in Version::ALL {
        let network = Network::new(version);
        for credentials in
            [network.right_password(), Credentials::external_jwt(JwtSource::token(network.token(&alice())))]
        {
            let client = network.client(credentials);
            list(&client).unwrap();
            let refusal = answer(401, r#"{"error":{"code":"INVALID_AUTH","message":"no"},"meta":{}}"#);
            network.controller.fault(Operation::Authenticate, refusal);
            network.controller.expire_sessions();
            let before = network.logins();
            for outcome in together(&client) {
                assert!(matches!(outcome, Err(Error::Rejected(_))), "{version:?}: {outcome:?}");
            }
            assert_eq!(network.logins() - before, 1, "{version:?}");
            network.controller.clear_faults();
            assert!(matches!(list(&client), Err(Error::Rejected(_))), "it is believed: {version:?}");
            client.retry_now();
            assert!(together(&client).into_iter().all(|outcome| outcome.unwrap() == 1), "{version:?}");
            assert_eq!(network.logins() - before, 2, "{version:?}");
        }
    }
}

#[test]
fn a_factor_that_is_wanted_all_at_once_is_everybodys_and_costs_no_login() {
    for version in Version::ALL {
        let network = Network::new(version);
        let client = build(Client::builder(&network.identity));
        list(&client).unwrap();
        network.controller.require_mfa(&network.id, true);
        for outcome in together(&client) {
            assert!(matches!(outcome, Err(Error::LoginPending { .. })), "{version:?}: {outcome:?}");
        }
        assert_eq!(network.logins(), 1, "{version:?}");
    }
}

/// Has `leader` begin a login that gets no answer, and all others call meanwhile; then the leader is made to give up.
fn led_in_vain(network: &Network, leader: &Client, others: &Client, end: impl FnOnce()) -> Error {
    network.controller.expire_sessions();
    network.controller.fault_times(Operation::Authenticate, Fault::StallBeforeAnswer, 1);
    let (before, begin) = (network.logins(), Barrier::new(THREADS));
    let call = || {
        begin.wait();
        list(others)
    };
    thread::scope(|scope| {
        let leading = scope.spawn(|| list(leader));
        while network.logins() == before {
            thread::sleep(Duration::from_millis(2));
        }
        let calls: Vec<_> = (1..THREADS).map(|_| scope.spawn(call)).collect();
        begin.wait();
        end();
        assert!(calls.into_iter().all(|call| call.join().unwrap().unwrap() == 1));
        assert_eq!(network.logins() - before, 2, "the one that led in vain, and the next");
        leading.join().unwrap().unwrap_err()
    })
}

#[test]
fn a_leader_that_gives_up_fails_alone_and_the_next_one_leads() {
    for version in Version::ALL {
        let network = Network::new(version);
        let client = build(Client::builder(&network.identity));
        list(&client).unwrap();
        let error = led_in_vain(&network, &client.with_timeout(Duration::from_millis(700)), &client, || {});
        assert!(matches!(error, Error::Timeout { .. }), "{version:?}: {error:?}");
        let cancel = CancelToken::new();
        let error = led_in_vain(&network, &client.with_cancel(&cancel), &client, || cancel.cancel());
        assert!(matches!(error, Error::Canceled { .. }), "{version:?}: {error:?}");
    }
}
