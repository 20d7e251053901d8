//! Taken up again, a session goes on as if nothing had happened.

use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ziti_edge_client::{Client, Credentials, Error, EventKind, JwtSource, LoginFlow, Secret, Store};
use ziti_edge_testkit::{Operation, TestController, Version};

use crate::alice::{Network, Time, list};
use crate::{DUE, FLOWS, build};

fn resumed(network: &Network, flow: LoginFlow, saved: &Secret) -> Client {
    let client = network.client(flow);
    client.resume_session(saved).expect("it is this client's own");
    client
}

#[test]
fn a_session_outlives_its_client_without_another_login() {
    for version in Version::ALL {
        for flow in FLOWS {
            let network = Network::new(version);
            let mut saved = network.saved(flow);
            for restart in 0..3 {
                let client = resumed(&network, flow, &saved);
                assert_eq!((list(&client).unwrap(), network.had()), (1, (1, 0)), "{version:?} {flow:?} {restart}");
                let session = client.current_api_session().get().unwrap();
                assert_eq!(client.credentials().unwrap().api_session_id, session.id);
                saved = client.save_session().unwrap();
            }
        }
    }
}

#[test]
fn taking_up_a_session_asks_nobody() {
    let network = Network::new(Version::V2_0);
    let saved = network.saved(LoginFlow::Oidc);
    network.controller.clear_requests();
    let client = resumed(&network, LoginFlow::Oidc, &saved);
    assert!(client.save_session().is_some() && network.controller.requests().is_empty());
}

#[test]
fn sixty_four_threads_go_on_with_one_session() {
    for flow in FLOWS {
        let network = Network::new(Version::V2_0);
        let client = resumed(&network, flow, &network.saved(flow));
        let together = Barrier::new(64);
        thread::scope(|scope| {
            for _ in 0..64 {
                scope.spawn(|| {
                    together.wait();
                    assert_eq!(list(&client).unwrap(), 1);
                    assert!(client.save_session().is_some());
                });
            }
        });
        assert_eq!(network.had(), (1, 0), "{flow:?}");
    }
}

#[test]
fn tokens_that_are_due_are_refreshed_after_a_restart() {
    for version in Version::ALL {
        let network = Network::new(version);
        let time = Time::new();
        let client = build(time.of(network.builder(LoginFlow::Oidc)));
        assert_eq!(list(&client).unwrap(), 1);
        time.pass(&network.controller, DUE);
        let saved = client.save_session().unwrap();
        drop(client);
        let client = resumed(&network, LoginFlow::Oidc, &saved);
        assert_eq!((list(&client).unwrap(), network.had()), (1, (1, 1)), "{version:?}");
    }
}

#[test]
fn an_old_text_after_a_refresh_costs_one_login() {
    for version in Version::ALL {
        let builder = TestController::builder().version(version).services(1).revocation_delay(Duration::ZERO);
        let network = Network::at(builder.start().expect("a free port"), |_| {});
        let time = Time::new();
        let client = build(time.of(network.builder(LoginFlow::Oidc)));
        assert_eq!(list(&client).unwrap(), 1);
        let old = client.save_session().unwrap();
        time.pass(&network.controller, DUE);
        assert_eq!((list(&client).unwrap(), network.had()), (1, (1, 1)), "{version:?}");
        network.controller.expire_access_tokens();
        let client = resumed(&network, LoginFlow::Oidc, &old);
        for _ in 0..2 {
            assert_eq!((list(&client).unwrap(), network.had().0), (1, 2), "{version:?}");
        }
    }
}

/// A legacy session is over when it was unused for half an hour, of which a part was before the restart.
#[test]
fn the_time_that_a_session_was_unused_before_a_restart_counts_after_it() {
    const MOST: Duration = Duration::from_secs(29 * 60);
    let network = Network::new(Version::V2_0);
    let time = Time::new();
    let client = build(time.of(network.builder(LoginFlow::Legacy)));
    assert_eq!(list(&client).unwrap(), 1);
    time.pass(&network.controller, MOST);
    let saved = client.save_session().unwrap();
    let client = build(time.of(network.builder(LoginFlow::Legacy)));
    client.resume_session(&saved).unwrap();
    time.pass(&network.controller, Duration::from_secs(120));
    network.controller.clear_requests();
    assert_eq!((list(&client).unwrap(), network.controller.count(Operation::Services)), (1, 1), "nobody is asked");
}

#[test]
fn what_is_known_of_a_session_is_known_after_a_restart() {
    for flow in FLOWS {
        let network = Network::with_totp(Version::V2_0);
        let time = Time::new();
        let client = network.client(flow);
        client.authenticate_mfa(&network.code()).unwrap();
        let (knows, saved) = (client.status(), client.save_session().unwrap());
        assert!(knows.identity_name.is_some());
        let client = build(time.of(network.builder(flow)));
        client.resume_session(&saved).unwrap();
        let status = client.status();
        assert_eq!((status.identity_id, status.identity_name), (knows.identity_id, knows.identity_name), "{flow:?}");
        assert_eq!(client.credentials().unwrap().identity_id.as_deref(), Some(network.id.as_str()), "{flow:?}");
        if flow == LoginFlow::Legacy {
            // A new one would want another code.
            time.pass(&network.controller, Duration::from_secs(28 * 60));
            let events = client.maintain().events;
            assert!(events.iter().any(|event| event.kind == EventKind::LoginNeedsFactor), "{events:?}");
            assert_eq!(network.had(), (1, 0));
        }
    }
}

/// Also by tokens that were saved before anybody asked what their session is.
#[test]
fn a_certificate_is_renewed_by_a_session_of_before_a_restart() {
    for flow in FLOWS {
        for (first_text, by_hand) in [(true, false), (true, true), (false, false)] {
            let network = Network::new(Version::V2_0);
            network.controller.request_certificate_extension(&network.id, false);
            let texts: Arc<Mutex<Vec<Secret>>> = Arc::default();
            let keeps = Arc::clone(&texts);
            let client = build(network.builder(flow).on_session_change(move |text, _| {
                keeps.lock().unwrap().extend(text.cloned());
                Ok(())
            }));
            assert_eq!(list(&client).unwrap(), 1);
            let texts = texts.lock().unwrap();
            let saved = if first_text { texts.first() } else { texts.last() }.unwrap();
            let client = build(network.builder(flow).store(Store::hook(|_, _| Ok(()))));
            client.resume_session(saved).unwrap();
            // The wish of an administrator is in what a controller says of a session.
            let renewed = if by_hand { client.renew().map(Some) } else { client.renew_if_due() };
            assert!(renewed.unwrap().is_some(), "{flow:?} {first_text} {by_hand}");
        }
    }
}

#[test]
fn a_session_ends_the_belief_in_an_earlier_refusal() {
    for flow in FLOWS {
        let network = Network::new(Version::V2_0);
        let saved = {
            let client = network.by_password(flow, "alice");
            assert_eq!(list(&client).unwrap(), 1);
            client.save_session().unwrap()
        };
        let wrong = Credentials::password("alice", "forgotten");
        let client = build(network.builder(flow).credentials(wrong));
        assert!(matches!(list(&client), Err(Error::Rejected(_))) && client.status().login.refusal.is_some());
        client.resume_session(&saved).unwrap();
        assert!(list(&client).unwrap() == 1 && client.status().login.refusal.is_none(), "{flow:?}");
    }
}

#[test]
fn a_session_that_the_controller_has_forgotten_costs_one_login() {
    for version in Version::ALL {
        let network = Network::new(version);
        let saved = network.saved(LoginFlow::Legacy);
        network.controller.expire_sessions();
        let client = resumed(&network, LoginFlow::Legacy, &saved);
        assert_eq!((list(&client).unwrap(), network.had()), (1, (2, 0)), "{version:?}");
    }
}

#[test]
fn a_login_that_waits_for_a_code_waits_for_it_after_a_restart() {
    for version in Version::ALL {
        let network = Network::with_totp(version);
        let client = network.client(LoginFlow::Legacy);
        assert!(matches!(list(&client), Err(Error::LoginPending { .. })), "{version:?}");
        let saved = client.save_session().unwrap();
        drop(client);
        let client = resumed(&network, LoginFlow::Legacy, &saved);
        assert!(matches!(list(&client), Err(Error::LoginPending { .. })), "{version:?}");
        client.authenticate_mfa(&network.code()).unwrap();
        assert_eq!((list(&client).unwrap(), network.had()), (1, (1, 0)), "{version:?}");
        let client = resumed(&network, LoginFlow::Legacy, &client.save_session().unwrap());
        assert_eq!((list(&client).unwrap(), network.had()), (1, (1, 0)), "{version:?}: and no code again");
    }
}

#[test]
fn the_external_jwt_of_a_second_factor_is_supplied_again_and_not_saved() {
    for version in Version::ALL {
        let (network, jwt) = Network::with_second_jwt(version);
        let with_jwt = |jwt: &Secret| {
            let source = JwtSource::token(Secret::new(jwt.expose()));
            build(network.builder(LoginFlow::Legacy).second_factor_jwt(source))
        };
        let client = with_jwt(&jwt);
        assert_eq!(list(&client).unwrap(), 1);
        assert_eq!(client.credentials().unwrap().second_factor_jwt.unwrap().expose(), jwt.expose());
        let saved = client.save_session().unwrap();
        let text = BASE64_URL_SAFE_NO_PAD.decode(saved.expose()).unwrap();
        assert!(!String::from_utf8(text).unwrap().contains(jwt.expose()), "{version:?}");
        let client = with_jwt(&jwt);
        client.resume_session(&saved).unwrap();
        assert_eq!((list(&client).unwrap(), network.had()), (1, (1, 0)), "{version:?}");
        let without = resumed(&network, LoginFlow::Legacy, &saved);
        assert!(matches!(list(&without), Err(Error::LoginPending { .. })), "{version:?}");
    }
}
