//! Factors that a login waits for.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ziti_edge_client::{Client, Error, JwtSource, Login, Secret};
use ziti_edge_testkit::{Fault, Operation, Version};

use crate::support::seen;
use crate::{AUTHORIZE, LOGIN, Network, Time, WAYS, Way, alice, authorizations, build, list};

const TOTP: Operation = Operation::Named("oidcTotp");
const TOTP_ENROLL: Operation = Operation::Named("oidcTotpEnroll");

fn with_totp(version: Version) -> Network {
    let network = Network::new(version);
    network.controller.enroll_mfa(&network.id);
    network
}

fn assert_waits(client: &Client, what: &str) {
    let outcome = list(client);
    assert!(matches!(&outcome, Err(Error::LoginPending { factors }) if factors.len() == 1), "{what}: {outcome:?}");
}

#[test]
fn a_code_completes_a_login_and_a_wrong_one_changes_nothing() {
    for version in Version::ALL {
        for way in WAYS {
            let network = with_totp(version);
            let client = network.client(way);
            let login = client.authenticate().unwrap();
            let Login::Pending(session) = &login else { panic!("{login:?}") };
            assert_eq!((session.id.as_str(), session.token.expose()), ("", ""), "there is no session yet");
            assert_eq!(session.auth_queries[0].type_id.as_deref(), Some("TOTP"));
            for _ in 0..3 {
                let outcome = client.authenticate_mfa(&Secret::new("000000"));
                assert!(
                    matches!(&outcome, Err(Error::Api(answer)) if answer.code == "INVALID TOTP CODE"),
                    "{outcome:?}"
                );
            }
            assert_waits(&client, "a wrong code");
            let login = client.authenticate_mfa(&network.code()).unwrap();
            assert!(matches!(&login, Login::Complete(_)), "{login:?}");
            assert_eq!(list(&client).unwrap(), 1, "{version:?} {way:?}");
            assert_eq!((network.had(), network.count(LOGIN)), ((1, 0), 1), "{version:?} {way:?}");
        }
    }
}

#[test]
fn a_recovery_code_completes_a_login_once() {
    for version in Version::ALL {
        let network = with_totp(version);
        let client = network.client(Way::Password);
        client.authenticate_mfa(&network.code()).unwrap();
        let recovery = client.mfa().recovery_codes(&network.code()).unwrap().recovery_codes[0].clone();
        let client = network.client(Way::Password);
        assert!(matches!(client.authenticate_mfa(&recovery).unwrap(), Login::Complete(_)), "{version:?}");
        let client = network.client(Way::Password);
        assert!(matches!(client.authenticate_mfa(&recovery), Err(Error::Api(_))), "{version:?}");
    }
}

#[test]
fn a_call_that_needs_no_complete_login_waits_too_where_there_is_no_session() {
    let network = with_totp(Version::V2_0);
    let client = network.client(Way::Certificate);
    let outcome = client.current_api_session().get();
    assert!(matches!(outcome, Err(Error::LoginPending { .. })), "{outcome:?}");
    assert_eq!(network.count(Operation::CurrentApiSession), 0);
}

#[test]
fn a_login_that_the_controller_forgot_is_begun_anew_and_takes_the_code() {
    for version in Version::ALL {
        let network = with_totp(version);
        let time = Time::new();
        let client = build(time.of(network.builder(Way::Password)));
        assert!(matches!(client.authenticate().unwrap(), Login::Pending(_)));
        // The client knows that ten minutes are over.
        time.pass(&network.controller, Duration::from_secs(601));
        assert!(matches!(client.authenticate_mfa(&network.code()).unwrap(), Login::Complete(_)), "{version:?}");
        assert_eq!((network.count(LOGIN), network.count(TOTP)), (2, 1), "{version:?}");
        // Only the controller knows.
        assert!(matches!(client.authenticate().unwrap(), Login::Pending(_)));
        network.controller.advance(Duration::from_secs(601));
        assert!(matches!(client.authenticate_mfa(&network.code()).unwrap(), Login::Complete(_)), "{version:?}");
        assert_eq!((network.count(LOGIN), network.count(TOTP)), (4, 3), "{version:?}");
    }
}

#[test]
fn a_code_whose_answer_is_lost_is_not_sent_again_and_its_tokens_are_fetched() {
    for version in Version::ALL {
        let network = with_totp(version);
        let client = network.client(Way::Password);
        client.authenticate().unwrap();
        network.controller.fault_times(TOTP, Fault::LostAnswer, 1);
        let login = client.authenticate_mfa(&network.code()).unwrap();
        assert!(matches!(login, Login::Complete(_)), "{version:?}: {login:?}");
        assert_eq!((network.count(TOTP), network.had()), (1, (1, 0)), "{version:?}");
    }
}

#[test]
fn a_code_that_may_not_have_arrived_is_an_error_and_the_login_goes_on_waiting() {
    for version in Version::ALL {
        let network = with_totp(version);
        let client = network.client(Way::Password);
        client.authenticate().unwrap();
        network.controller.fault_times(TOTP, Fault::Reset, 1);
        let outcome = client.authenticate_mfa(&network.code());
        assert!(matches!(outcome, Err(Error::Transport { .. })), "{version:?}: {outcome:?}");
        assert_waits(&client, "a lost code");
        assert!(matches!(client.authenticate_mfa(&network.code()).unwrap(), Login::Complete(_)));
    }
}

#[test]
fn totp_is_set_up_while_the_login_waits_for_it() {
    for version in [Version::V1_6, Version::V2_0] {
        for way in WAYS {
            let network = Network::new(version);
            network.controller.require_mfa(&network.id, true);
            let client = network.client(way);
            assert_waits(&client, "before");
            assert!(matches!(client.mfa().get(), Err(Error::LoginPending { .. })), "nothing is begun");
            let id = client.mfa().enroll().unwrap();
            let setup = client.mfa().get().unwrap();
            assert_eq!((setup.id, setup.is_verified), (id, false));
            assert!(setup.provisioning_url.is_some() && !setup.recovery_codes.is_empty());
            assert!(matches!(client.mfa().qr_code(), Err(Error::LoginPending { .. })), "there is no picture of it");
            let again = client.mfa().enroll();
            assert!(matches!(&again, Err(Error::Api(answer)) if answer.code == "MFA_EXISTS"), "{again:?}");
            let wrong = client.mfa().verify(&Secret::new("000000"));
            assert!(matches!(&wrong, Err(Error::Api(answer)) if answer.code == "MFA_INVALID_TOKEN"), "{wrong:?}");
            client.mfa().verify(&network.code()).unwrap();
            assert_eq!(list(&client).unwrap(), 1, "{version:?} {way:?}");
            assert!(client.mfa().get().unwrap().is_verified, "the session's own");
            assert_eq!(network.count(LOGIN), 1);
        }
    }
}

#[test]
fn a_set_up_outlives_the_login_that_it_was_begun_in() {
    for version in [Version::V1_6, Version::V2_0] {
        for client_knows in [true, false] {
            let network = Network::new(version);
            network.controller.require_mfa(&network.id, true);
            let time = Time::new();
            let client = build(time.of(network.builder(Way::Password)));
            client.mfa().enroll().unwrap();
            match client_knows {
                true => time.pass(&network.controller, Duration::from_secs(601)),
                false => network.controller.advance(Duration::from_secs(601)),
            }
            let what = format!("{version:?} {client_knows}");
            assert!(matches!(client.mfa().verify(&Secret::new("000000")), Err(Error::Api(_))), "{what}");
            client.mfa().verify(&network.code()).unwrap();
            assert_eq!((list(&client).unwrap(), network.count(LOGIN)), (1, 2), "{what}");
        }
    }
}

#[test]
fn a_set_up_is_begun_and_taken_back_where_the_controller_forgot_the_login() {
    for version in [Version::V1_6, Version::V2_0] {
        let network = Network::new(version);
        network.controller.require_mfa(&network.id, true);
        let client = network.client(Way::Password);
        assert_waits(&client, "for a set-up");
        network.controller.advance(Duration::from_secs(601));
        client.mfa().enroll().unwrap();
        network.controller.advance(Duration::from_secs(601));
        client.mfa().delete(None).unwrap();
        client.mfa().enroll().unwrap();
        assert_eq!((network.count(LOGIN), network.had()), (3, (0, 0)), "{version:?}");
        client.mfa().verify(&network.code()).unwrap();
        assert_eq!(list(&client).unwrap(), 1, "{version:?}");
    }
}

#[test]
fn a_controller_that_wants_no_more_codes_for_now_is_told_as_busy_and_sent_none() {
    let network = with_totp(Version::V2_0);
    let client = network.client(Way::Password);
    client.authenticate().unwrap();
    network.controller.fault_times(TOTP, Fault::TooManyRequests { retry_after: Some("1".to_owned()) }, 1);
    let outcome = client.authenticate_mfa(&network.code());
    assert!(matches!(outcome, Err(Error::Busy(_))), "{outcome:?}");
    assert_eq!(network.count(TOTP), 1, "a code is sent once");
    client.retry_now();
    assert!(matches!(client.authenticate_mfa(&network.code()).unwrap(), Login::Complete(_)));
    assert_eq!((network.count(TOTP), network.count(LOGIN)), (2, 1));
}

#[test]
fn a_set_up_is_taken_back_and_begun_anew() {
    for version in [Version::V1_6, Version::V2_0] {
        let network = Network::new(version);
        network.controller.require_mfa(&network.id, true);
        network.client(Way::Password).mfa().enroll().unwrap();
        // Another program knows nothing of what that one was told.
        let client = network.client(Way::Password);
        assert!(matches!(client.mfa().enroll(), Err(Error::Api(_))));
        client.mfa().delete(None).unwrap();
        client.mfa().enroll().unwrap();
        client.mfa().verify(&network.code()).unwrap();
        assert_eq!(list(&client).unwrap(), 1, "{version:?}");
    }
}

#[test]
fn where_totp_cannot_be_set_up_on_the_way_the_error_names_the_way_that_works() {
    let network = Network::new(Version::V1_3);
    network.controller.require_mfa(&network.id, true);
    let client = network.client(Way::Password);
    let outcome = client.mfa().enroll();
    assert!(matches!(&outcome, Err(Error::Unsupported(why)) if why.contains("LoginFlow::Legacy")), "{outcome:?}");
    assert_eq!(network.count(TOTP_ENROLL), 1);
    assert_waits(&client, "as before");
}

#[test]
fn a_second_jwt_is_shown_with_the_first_factor_and_with_every_request() {
    for way in WAYS {
        let network = Network::with_second_jwt(Version::V2_0);
        let jwt = network.second_jwt();
        let client = build(network.builder(way).second_factor_jwt(JwtSource::token(jwt.clone())));
        assert_eq!(list(&client).unwrap(), 1, "{way:?}");
        let bearer = format!("Bearer {}", jwt.expose());
        let shown = authorizations(&network, LOGIN);
        assert_eq!((shown.len(), shown[0].len()), (2, usize::from(way == Way::ExternalJwt)), "not before it is wanted");
        assert_eq!(shown[1].last(), Some(&bearer));
        let listed = authorizations(&network, Operation::Services).pop().unwrap();
        assert_eq!((listed.len(), listed.last()), (2, Some(&bearer)), "{way:?}");
        assert_eq!((network.count(AUTHORIZE), network.had()), (1, (1, 0)));
    }
}

#[test]
fn a_second_jwt_and_a_code_complete_a_login_together() {
    for way in WAYS {
        let network = Network::with_second_jwt(Version::V2_0);
        network.controller.enroll_mfa(&network.id);
        let client = build(network.builder(way).second_factor_jwt(JwtSource::token(network.second_jwt())));
        assert_waits(&client, "for the code alone");
        assert!(matches!(client.authenticate_mfa(&network.code()).unwrap(), Login::Complete(_)), "{way:?}");
        assert_eq!(list(&client).unwrap(), 1, "{way:?}");
    }
}

#[test]
fn a_second_jwt_that_is_refused_leaves_the_login_waiting_for_another() {
    let network = Network::with_second_jwt(Version::V2_0);
    let wrong = network.token(&network.signer, &alice());
    let client = build(network.builder(Way::Password).second_factor_jwt(JwtSource::token(wrong)));
    let login = client.authenticate().unwrap();
    let Login::Pending(session) = &login else { panic!("{login:?}") };
    assert!(
        session.auth_queries[0].is_refused && session.auth_queries[0].id.as_deref() == Some(&network.second_signer)
    );
    assert_eq!(network.count(LOGIN), 2);
    assert_waits(&client, "and is not shown again by itself");
    assert_eq!(network.count(LOGIN), 2);
    client.set_second_factor_jwt(&JwtSource::token(network.second_jwt())).unwrap();
    assert_eq!((list(&client).unwrap(), network.count(LOGIN)), (1, 4), "the other one comes with the first factor");
}

#[test]
fn a_second_jwt_that_is_void_before_its_end_is_told_and_asked_for_once() {
    for way in WAYS {
        let network = Network::with_second_jwt(Version::V2_0);
        let (jwt, asked) = (network.second_jwt(), Arc::new(AtomicUsize::new(0)));
        let (supplied, count) = (jwt.clone(), Arc::clone(&asked));
        let source = JwtSource::supplier(move |_| {
            count.fetch_add(1, Ordering::Relaxed);
            Ok(supplied.clone())
        });
        let client = build(network.builder(way).second_factor_jwt(source));
        assert_eq!((list(&client).unwrap(), asked.load(Ordering::Relaxed)), (1, 1), "{way:?}");
        assert!(network.controller.change_signer_key(&network.second_signer));
        network.controller.clear_requests();
        for _ in 0..3 {
            let outcome = list(&client);
            let Err(Error::LoginPending { factors }) = &outcome else { panic!("{way:?}: {outcome:?}") };
            assert!(factors[0].is_refused && factors[0].id.as_deref() == Some(&network.second_signer), "{factors:?}");
        }
        assert_eq!(asked.load(Ordering::Relaxed), 2, "{way:?}: once more, as the first was refused");
        let sent = (network.count(Operation::Services), network.controller.requests().len());
        assert_eq!(sent, (1, 3), "{way:?}: the call, what it means, and the other token");
        client.set_second_factor_jwt(&JwtSource::token(network.second_jwt())).unwrap();
        assert_eq!((list(&client).unwrap(), network.had()), (1, (1, 0)), "{way:?}: the login goes on");
    }
}

#[test]
fn without_a_second_jwt_the_login_waits() {
    for version in Version::ALL {
        let network = Network::with_second_jwt(version);
        let client = network.client(Way::Password);
        assert_waits(&client, "for a JWT");
        assert_eq!(network.count(LOGIN), 1, "{version:?}");
    }
}

#[test]
fn where_no_second_jwt_is_taken_the_error_names_the_way_that_works() {
    for version in [Version::V1_3, Version::V1_6] {
        let network = Network::with_second_jwt(version);
        let client = build(network.builder(Way::Password).second_factor_jwt(JwtSource::token(network.second_jwt())));
        let outcome = list(&client);
        assert!(matches!(&outcome, Err(Error::Unsupported(why)) if why.contains("LoginFlow::Legacy")), "{outcome:?}");
        assert_eq!(seen(&network.controller, LOGIN).len(), 2, "{version:?}");
    }
}
