//! Staying logged in by refresh tokens.

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use ziti_edge_client::api::services::ServiceQuery;
use ziti_edge_client::{Client, Error, Login};
use ziti_edge_testkit::{Fault, Operation, TestController, Version};

use crate::support::{answer, seen};
use crate::{LOGIN, Network, TOKEN, Time, Way, authorizations, build, list};

/// More than 80 percent of the life of an access token, and less than all of it.
const DUE: Duration = Duration::from_secs(25 * 60);
const LIFE: Duration = Duration::from_secs(30 * 60);

/// A client that is logged in, by a clock that the test moves.
fn logged_in(network: &Network, way: Way) -> (Client, Time) {
    let time = Time::new();
    let client = build(time.of(network.builder(way)));
    assert_eq!(list(&client).unwrap(), 1);
    (client, time)
}

fn token_of_last_list(network: &Network) -> String {
    authorizations(network, Operation::Services).pop().expect("a list was asked for")[0].clone()
}

#[test]
fn tokens_are_refreshed_before_they_end_by_the_call_that_needs_them() {
    for version in Version::ALL {
        let network = Network::new(version);
        let (client, time) = logged_in(&network, Way::Password);
        let first = token_of_last_list(&network);
        time.pass(&network.controller, Duration::from_secs(17 * 60));
        assert_eq!((list(&client).unwrap(), network.had()), (1, (1, 0)), "{version:?}: not yet");
        for refreshes in 1..=5 {
            time.pass(&network.controller, DUE);
            assert_eq!((list(&client).unwrap(), network.had()), (1, (1, refreshes)), "{version:?}");
        }
        assert_ne!(token_of_last_list(&network), first, "{version:?}");
        assert_eq!((network.count(LOGIN), client.authenticate().is_ok()), (1, true), "no password was sent for it");
    }
}

#[test]
fn the_token_of_a_refresh_is_used_at_once_as_the_old_one_dies_with_it() {
    for version in Version::ALL {
        let builder = TestController::builder().version(version).revocation_delay(Duration::ZERO);
        let network = Network::with(builder, |_| {});
        let (client, time) = logged_in(&network, Way::Certificate);
        time.pass(&network.controller, DUE);
        for _ in 0..3 {
            assert_eq!(list(&client).unwrap(), 1, "{version:?}");
        }
        assert_eq!(network.had(), (1, 1), "{version:?}");
        let session = client.current_api_session().get().unwrap();
        assert_eq!(format!("Bearer {}", session.token.expose()), token_of_last_list(&network));
    }
}

#[test]
fn sixty_four_threads_share_one_refresh_before_the_end_and_after_it() {
    const THREADS: usize = 64;
    for version in Version::ALL {
        let network = Network::new(version);
        let (client, time) = logged_in(&network, Way::Password);
        for (round, expire) in [(1, false), (2, true)] {
            match expire {
                true => network.controller.expire_access_tokens(),
                false => time.pass(&network.controller, DUE),
            }
            let together = Barrier::new(THREADS);
            thread::scope(|scope| {
                for _ in 0..THREADS {
                    scope.spawn(|| {
                        together.wait();
                        assert_eq!(list(&client).unwrap(), 1);
                    });
                }
            });
            assert_eq!(network.had(), (1, round), "{version:?}");
        }
    }
}

#[test]
fn an_access_token_that_is_refused_is_refreshed_in_the_middle_of_a_list() {
    for version in Version::ALL {
        let network = Network::new(version);
        let (client, _) = logged_in(&network, Way::ExternalJwt);
        network.controller.set_services(1200);
        network.controller.fault_times(Operation::Services, Fault::Late(Duration::ZERO), 1);
        network.controller.fault_times(Operation::Services, Fault::SessionGone, 1);
        let services = client.services().list(&ServiceQuery::new()).unwrap();
        assert_eq!((services.len(), network.had()), (1200, (1, 1)), "{version:?}");
    }
}

#[test]
fn a_refresh_whose_answer_is_lost_ends_in_a_full_login() {
    for version in Version::ALL {
        let network = Network::new(version);
        let (client, time) = logged_in(&network, Way::Certificate);
        time.pass(&network.controller, DUE);
        network.controller.fault_times(TOKEN, Fault::LostAnswer, 1);
        assert_eq!(list(&client).unwrap(), 1, "{version:?}");
        assert_eq!(network.had(), (2, 1), "{version:?}");
        time.pass(&network.controller, DUE);
        assert_eq!((list(&client).unwrap(), network.had()), (1, (2, 2)), "{version:?}: with the newer token");
    }
}

#[test]
fn a_refresh_that_is_refused_ends_in_a_full_login() {
    let refused = |code: &str| answer(400, format!(r#"{{"error":"{code}","error_description":"no"}}"#));
    for fault in [refused("invalid_grant"), refused("invalid_client"), Fault::EmptyBody, Fault::Html, answer(200, "{}")]
    {
        let network = Network::new(Version::V2_0);
        let (client, time) = logged_in(&network, Way::Password);
        time.pass(&network.controller, DUE);
        network.controller.fault_times(TOKEN, fault.clone(), 1);
        assert_eq!(list(&client).unwrap(), 1, "{fault:?}");
        assert_eq!((network.count(LOGIN), network.controller.oidc_logins()), (2, 2), "{fault:?}");
    }
}

/// As 2.0 has it of an identity that was disabled.
#[test]
fn tokens_that_are_refused_after_a_refresh_too_end_in_a_full_login() {
    let network = Network::new(Version::V2_0);
    let (client, _) = logged_in(&network, Way::Password);
    for operation in [Operation::Services, Operation::CurrentApiSession] {
        network.controller.fault(operation, Fault::Status(401));
    }
    network.controller.fault(LOGIN, Fault::Status(401));
    for _ in 0..3 {
        let error = list(&client).unwrap_err();
        assert!(matches!(error, Error::Rejected(_)), "{error:?}");
    }
    assert_eq!(network.count(LOGIN), 2, "a refusal is believed");
    assert!(network.controller.oidc_refreshes() <= 2, "the tokens are not refreshed for ever");
    network.controller.clear_faults();
    client.retry_now();
    assert_eq!((list(&client).unwrap(), network.controller.oidc_logins()), (1, 2));
}

#[test]
fn a_refresh_that_fails_for_now_leaves_the_old_token_in_use_until_it_ends() {
    let server_error = answer(400, r#"{"error":"server_error","error_description":"try later"}"#);
    for fault in [Fault::Status(500), Fault::Status(503), server_error] {
        let network = Network::new(Version::V2_0);
        let (client, time) = logged_in(&network, Way::Password);
        let first = token_of_last_list(&network);
        time.pass(&network.controller, DUE);
        network.controller.fault(TOKEN, fault.clone());
        for _ in 0..3 {
            assert_eq!(list(&client).unwrap(), 1, "{fault:?}");
        }
        assert_eq!(token_of_last_list(&network), first, "{fault:?}");
        assert_eq!(network.count(TOKEN), 2, "{fault:?}: the next try is put off");
        network.controller.clear_faults();
        time.pass(&network.controller, Duration::from_secs(2 * 60));
        assert_eq!(list(&client).unwrap(), 1, "{fault:?}");
        assert_eq!(
            (network.count(LOGIN), network.had()),
            (1, (1, 1)),
            "{fault:?}: the refresh token was as good as before"
        );
    }
}

#[test]
fn when_both_tokens_are_over_the_credentials_log_in_anew() {
    for version in Version::ALL {
        let network = Network::new(version);
        let (client, time) = logged_in(&network, Way::Password);
        time.pass(&network.controller, Duration::from_secs(25 * 3600));
        assert_eq!((list(&client).unwrap(), network.had()), (1, (2, 0)), "{version:?}");
    }
}

#[test]
fn a_login_with_a_code_is_refreshed_without_another_code() {
    for version in Version::ALL {
        let network = Network::new(version);
        network.controller.enroll_mfa(&network.id);
        let time = Time::new();
        let client = build(time.of(network.builder(Way::Password)));
        client.authenticate_mfa(&network.code()).unwrap();
        for _ in 0..4 {
            time.pass(&network.controller, DUE);
            assert_eq!(list(&client).unwrap(), 1, "{version:?}");
        }
        assert_eq!(network.had(), (1, 4), "{version:?}");
        time.pass(&network.controller, Duration::from_secs(25 * 3600));
        assert!(matches!(list(&client), Err(Error::LoginPending { .. })), "{version:?}: a new login wants a new code");
        assert!(matches!(client.authenticate_mfa(&network.code()).unwrap(), Login::Complete(_)));
    }
}

#[test]
fn maintenance_refreshes_in_time_and_says_when_it_wants_to_be_called_again() {
    let network = Network::new(Version::V2_0);
    let (client, time) = logged_in(&network, Way::Certificate);
    for refreshes in 1..=3 {
        let next = client.maintain().next;
        assert!(next <= LIFE, "{next:?}");
        time.pass(&network.controller, DUE);
        let events = client.maintain().events;
        assert_eq!(network.had(), (1, refreshes), "{events:?}");
    }
    assert_eq!((network.count(LOGIN), list(&client).unwrap()), (1, 1));
}

#[test]
fn a_call_without_time_for_a_refresh_ends_as_its_own_and_the_next_one_goes_on() {
    let network = Network::new(Version::V2_0);
    let (client, time) = logged_in(&network, Way::Password);
    time.pass(&network.controller, DUE);
    network.controller.fault(TOKEN, Fault::StallBeforeAnswer);
    let outcome = list(&client.with_timeout(Duration::from_millis(200)));
    assert!(matches!(outcome, Err(Error::Timeout { .. })), "{outcome:?}");
    network.controller.clear_faults();
    assert_eq!((list(&client).unwrap(), network.had()), (1, (1, 1)));
}

#[test]
fn the_refresh_token_goes_to_the_token_endpoint_and_nowhere_else() {
    let network = Network::new(Version::V2_0);
    let (client, time) = logged_in(&network, Way::Password);
    time.pass(&network.controller, DUE);
    list(&client).unwrap();
    let sent = seen(&network.controller, TOKEN).pop().unwrap();
    let form = String::from_utf8(sent.body.clone()).unwrap();
    assert!(form.starts_with("grant_type=refresh_token&client_id=openziti&refresh_token=ey"), "{form}");
    assert_eq!((sent.header("authorization"), sent.query.as_str()), (None, ""));
    let token = form.rsplit_once('=').unwrap().1;
    let others = network.controller.requests();
    let others = others.iter().filter(|request| request.operation != TOKEN);
    assert!(others.flat_map(|request| &request.headers).all(|(_, value)| !value.contains(token)));
}
