//! External JWTs as the second factor.

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use serde_json::json;
use ziti_edge_client::api::authenticators::AuthenticatorChange;
use ziti_edge_client::api::list::ListQuery;
use ziti_edge_client::{Client, Error, EventKind, JwtSource, Login};
use ziti_edge_testkit::{Operation, Version};

use crate::alice::Time;
use crate::{Network, Supplier, alice, authorizations, build, list};

fn client(network: &Network, source: JwtSource) -> Client {
    build(Client::builder(&network.identity).second_factor_jwt(source))
}

fn questions(network: &Network) -> usize {
    network.controller.count(Operation::CurrentApiSession)
}

/// A token of alice that is good for a minute from now.
fn short(network: &Network) -> ziti_edge_client::Secret {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    network.second_token(&json!({"sub": crate::SUBJECT, "exp": now + 60}))
}

const OVER: Duration = Duration::from_secs(90);

#[test]
fn the_token_goes_with_every_request_of_the_login_and_not_with_the_login() {
    for version in Version::ALL {
        let network = Network::with_second_jwt(version);
        let token = network.second_token(&alice());
        let supplier = Supplier::new([token.clone()]);
        let client = client(&network, supplier.source());
        for _ in 0..3 {
            list(&client).unwrap();
        }
        let bearer = Some(format!("Bearer {}", token.expose()));
        assert_eq!(authorizations(&network, Operation::Authenticate), [None]);
        assert_eq!(authorizations(&network, Operation::Services), vec![bearer.clone(); 3]);
        assert_eq!(authorizations(&network, Operation::CurrentApiSession), [bearer], "asked once what it makes of it");
        assert_eq!(supplier.asked(), [(Some(network.second_signer.clone()), false)], "{version:?}");
    }
}

#[test]
fn a_login_that_wants_none_gets_none() {
    for version in Version::ALL {
        let network = Network::new(version);
        let supplier = Supplier::new([network.second_token(&alice())]);
        list(&client(&network, supplier.source())).unwrap();
        assert_eq!((supplier.asked().len(), questions(&network)), (0, 0), "{version:?}");
        assert_eq!(authorizations(&network, Operation::Services), [None]);
    }
}

#[test]
fn a_client_without_one_names_the_signer() {
    for version in Version::ALL {
        let network = Network::with_second_jwt(version);
        let client = build(Client::builder(&network.identity));
        let error = list(&client).unwrap_err();
        let wanted = format!("an external JWT of signer {}", network.second_signer);
        assert!(matches!(&error, Error::LoginPending { factors } if !factors[0].is_refused), "{error:?}");
        assert!(error.to_string().ends_with(&wanted), "{error}");
        assert!(matches!(client.authenticate(), Ok(Login::Pending(_))), "{version:?}");
    }
}

#[test]
fn a_supplier_is_asked_once_more_where_the_controller_refuses_its_token() {
    for version in Version::ALL {
        let network = Network::with_second_jwt(version);
        // 2.0 takes a token of anybody, but of the right signer.
        let refused = network.token(&alice());
        let supplier = Supplier::new([refused, network.second_token(&alice())]);
        assert_eq!(list(&client(&network, supplier.source())).unwrap(), 1, "{version:?}");
        let signer = Some(network.second_signer.clone());
        assert_eq!(supplier.asked(), [(signer.clone(), false), (signer, true)]);
        assert_eq!((network.logins(), network.controller.count(Operation::Services)), (1, 1), "{version:?}");
    }
}

#[test]
fn a_token_of_somebody_else_will_do_only_where_controllers_say_so() {
    for version in Version::ALL {
        let network = Network::with_second_jwt(version);
        let token = network.second_token(&json!({"sub": "mallory"}));
        let outcome = list(&client(&network, JwtSource::token(token)));
        match version {
            Version::V2_0 => assert_eq!(outcome.unwrap(), 1),
            _ => assert!(matches!(outcome, Err(Error::LoginPending { .. })), "{version:?}"),
        }
    }
}

#[test]
fn a_token_that_ends_while_the_login_lasts_is_replaced_and_the_request_repeated() {
    for version in Version::ALL {
        let network = Network::with_second_jwt(version);
        let supplier = Supplier::new([short(&network), network.second_token(&alice())]);
        let client = client(&network, supplier.source());
        list(&client).unwrap();
        network.controller.advance(OVER);
        network.controller.clear_requests();
        assert_eq!(list(&client).unwrap(), 1, "{version:?}");
        assert_eq!(supplier.asked()[1..], [(Some(network.second_signer.clone()), true)], "{version:?}");
        assert_eq!((network.logins(), network.controller.count(Operation::Services)), (0, 2), "{version:?}");
        assert_eq!(questions(&network), 2, "what the 401 meant, and what it makes of the new one");
    }
}

#[test]
fn a_token_that_is_known_to_have_ended_is_not_sent() {
    for version in Version::ALL {
        let network = Network::with_second_jwt(version);
        let supplier = Supplier::new([short(&network), network.second_token(&alice())]);
        let client = client(&network, supplier.source());
        list(&client).unwrap();
        network.controller.advance(OVER);
        client.controller().version().unwrap();
        network.controller.clear_requests();
        assert_eq!(list(&client).unwrap(), 1, "{version:?}");
        assert_eq!(network.controller.count(Operation::Services), 1, "{version:?}");
        assert_eq!(supplier.asked()[1..], [(Some(network.second_signer.clone()), false)], "{version:?}");
    }
}

#[test]
fn one_token_that_has_ended_is_an_error_that_costs_no_more_requests() {
    for version in Version::ALL {
        let network = Network::with_second_jwt(version);
        let client = client(&network, JwtSource::token(short(&network)));
        list(&client).unwrap();
        network.controller.advance(OVER);
        network.controller.clear_requests();
        let wanted = format!("signer {}, as the one it had is refused or has expired", network.second_signer);
        for _ in 0..3 {
            let error = list(&client).unwrap_err();
            assert!(matches!(&error, Error::LoginPending { factors } if factors[0].is_refused), "{error:?}");
            assert!(error.to_string().ends_with(&wanted), "{error}");
        }
        assert_eq!((network.controller.requests().len(), network.logins()), (2, 0), "{version:?}");
    }
}

#[test]
fn a_supplier_without_a_good_token_is_no_loop() {
    for version in Version::ALL {
        let network = Network::with_second_jwt(version);
        let supplier = Supplier::new([network.token(&alice())]);
        let client = client(&network, supplier.source());
        for _ in 0..3 {
            assert!(matches!(list(&client), Err(Error::LoginPending { .. })), "{version:?}");
        }
        assert_eq!((supplier.asked().len(), questions(&network), network.logins()), (2, 2, 1), "{version:?}");
        client.retry_now();
        assert!(matches!(list(&client), Err(Error::LoginPending { .. })), "{version:?}");
        assert_eq!((supplier.asked().len(), network.logins()), (4, 1), "{version:?}");
        assert_eq!(network.controller.count(Operation::Services), 0, "no request was worth sending");
    }
}

#[test]
fn threads_share_the_token_that_replaces_another() {
    const THREADS: usize = 16;
    for version in Version::ALL {
        let network = Network::with_second_jwt(version);
        let supplier = Supplier::new([short(&network), network.second_token(&alice())]);
        let client = client(&network, supplier.source());
        list(&client).unwrap();
        network.controller.advance(OVER);
        let together = Barrier::new(THREADS);
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    together.wait();
                    assert_eq!(list(&client).unwrap(), 1);
                });
            }
        });
        assert_eq!((supplier.asked().len(), network.logins()), (2, 1), "{version:?}");
    }
}

#[test]
fn a_session_that_ends_with_its_token_is_made_anew_with_another() {
    for version in Version::ALL {
        let network = Network::with_second_jwt(version);
        let supplier = Supplier::new([network.second_token(&alice())]);
        let client = client(&network, supplier.source());
        list(&client).unwrap();
        network.controller.expire_sessions();
        assert_eq!((list(&client).unwrap(), network.logins()), (1, 2), "{version:?}");
        assert_eq!(supplier.asked()[1..], [(Some(network.second_signer.clone()), false)]);
    }
}

#[test]
fn a_refusal_of_what_was_asked_is_no_matter_of_the_token() {
    for version in Version::ALL {
        let network = Network::with_second_jwt(version);
        let supplier = Supplier::new([network.second_token(&alice())]);
        let client = client(&network, supplier.source());
        let password = client.authenticators().list(&ListQuery::new()).unwrap().into_vec();
        let password = password.iter().find(|own| own.method.as_deref() == Some("updb")).expect("alice has one");
        let change = AuthenticatorChange::new("wrong").password("new-password");
        let changed = client.authenticators().patch(&password.id, &change);
        assert!(matches!(changed, Err(Error::Unauthorized(_))), "{version:?}: {changed:?}");
        assert_eq!((supplier.asked().len(), network.logins()), (1, 1), "{version:?}");
    }
}

#[test]
fn what_the_supplier_says_instead_of_a_token_is_the_error_and_the_login_stays() {
    for version in Version::ALL {
        let network = Network::with_second_jwt(version);
        let client = client(&network, JwtSource::supplier(|_| Err("not now".to_owned())));
        for _ in 0..2 {
            let error = list(&client).unwrap_err().to_string();
            assert_eq!(error, format!("no external JWT of signer {} was supplied: not now", network.second_signer));
        }
        assert_eq!(network.logins(), 1, "{version:?}");
    }
}

#[test]
fn a_token_that_is_given_later_completes_the_login_there_is_for_all_clones() {
    for version in Version::ALL {
        let network = Network::with_second_jwt(version);
        let client = client(&network, JwtSource::token(network.token(&alice())));
        let clone = client.clone();
        assert!(matches!(list(&client), Err(Error::LoginPending { .. })), "{version:?}");
        client.set_second_factor_jwt(&JwtSource::token(network.second_token(&alice()))).unwrap();
        assert_eq!((list(&clone).unwrap(), list(&client).unwrap(), network.logins()), (1, 1, 1), "{version:?}");
        let client = build(Client::builder(&network.identity));
        client.authenticate().unwrap();
        client.set_second_factor_jwt(&JwtSource::token(network.second_token(&alice()))).unwrap();
        assert_eq!((list(&client).unwrap(), network.logins()), (1, 2), "{version:?}");
    }
}

#[test]
fn maintenance_gives_a_login_the_jwt_that_it_waits_for() {
    for version in Version::ALL {
        let (network, time) = (Network::with_second_jwt(version), Time::new());
        let wrong = network.token(&alice());
        let supplier = Supplier::new([wrong.clone(), wrong, network.second_token(&alice())]);
        let client = build(time.of(Client::builder(&network.identity).second_factor_jwt(supplier.source())));
        let kinds = || -> Vec<EventKind> { client.maintain().events.iter().map(|event| event.kind).collect() };
        assert_eq!(kinds(), [EventKind::LoginNeedsFactor], "{version:?}: both were refused");
        for minute in 0..10 {
            assert_eq!((kinds(), supplier.asked().len()), (vec![], 2), "{version:?} {minute}: it is told once");
            time.pass(&network.controller, Duration::from_secs(60));
        }
        assert_eq!((kinds(), supplier.asked().len()), (vec![], 3), "{version:?}");
        assert_eq!((list(&client).unwrap(), network.logins()), (1, 1), "{version:?}");
    }
}
