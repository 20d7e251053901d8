//! A login over OIDC that waits for factors goes on in another process: its user only gives what is missing.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::json;
use ziti_edge_client::{
    Client, ClientBuilder, Credentials, Error, JwtSource, Login, LoginFlow, Secret, SessionProblem,
};
use ziti_edge_testkit::{Operation, Version};

use crate::alice::{Network, PASSWORD, SUBJECT, Time, alice, list};
use crate::{build, problem};

const TOTP: Operation = Operation::Named("oidcTotp");
const BEGUN: Operation = Operation::Named("oidcAuthorize");

/// The text of a login that waits, made by a client which is gone.
fn saved(client: Client) -> Secret {
    let outcome = list(&client);
    assert!(matches!(&outcome, Err(Error::LoginPending { .. })), "{outcome:?}");
    client.save_session().expect("it waits, and can be saved")
}

fn resumed(builder: ClientBuilder, saved: &Secret) -> Client {
    let client = build(builder);
    client.resume_session(saved).expect("it is this client's own");
    client
}

fn is_pending(outcome: &Result<usize, Error>) -> bool {
    matches!(outcome, Err(Error::LoginPending { .. }))
}

/// All that is in the text.
fn content(saved: &Secret) -> String {
    String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(saved.expose()).expect("it is base64")).expect("it is JSON")
}

#[test]
fn after_a_restart_the_user_gives_the_code_and_nothing_else() {
    for version in Version::ALL {
        let network = Network::with_totp(version);
        let jwt = network.signed_by(&network.signer, &alice());
        let by_jwt = || Credentials::external_jwt(JwtSource::token(jwt.clone()));
        let by_password = || Credentials::password("alice", PASSWORD);
        for credentials in [&Credentials::certificate as &dyn Fn() -> Credentials, &by_password, &by_jwt] {
            let builder = || network.builder(LoginFlow::Oidc).credentials(credentials());
            let way = format!("{version:?} {:?}", credentials());
            network.controller.clear_requests();
            let logins = network.had().0;
            let mut text = saved(build(builder()));
            for _ in 0..2 {
                let client = resumed(builder(), &text);
                assert!(is_pending(&list(&client)), "{way}");
                let wrong = client.authenticate_mfa(&Secret::new("000000"));
                assert!(matches!(&wrong, Err(Error::Api(answer)) if answer.code == "INVALID TOTP CODE"), "{wrong:?}");
                text = client.save_session().unwrap();
            }
            let client = resumed(builder(), &text);
            assert!(matches!(client.authenticate_mfa(&network.code()).unwrap(), Login::Complete(_)), "{way}");
            assert_eq!((list(&client).unwrap(), network.had().0), (1, logins + 1), "{way}");
            assert_eq!(network.controller.count(BEGUN), 1, "{way}");
            let client = resumed(builder(), &client.save_session().unwrap());
            assert_eq!((list(&client).unwrap(), network.had().0), (1, logins + 1), "{way}: and no code again");
        }
    }
}

#[test]
fn totp_that_was_being_set_up_is_verified_after_a_restart() {
    for version in [Version::V1_6, Version::V2_0] {
        let network = Network::new(version);
        network.controller.require_mfa(&network.id, true);
        let client = network.client(LoginFlow::Oidc);
        client.mfa().enroll().unwrap();
        let address = client.mfa().get().unwrap().provisioning_url.unwrap();
        let shared = address.expose().split("secret=").nth(1).unwrap().split('&').next().unwrap().to_owned();
        let text = saved(client);
        assert!(!content(&text).contains(&shared), "what makes codes is not in the text");
        let client = resumed(network.builder(LoginFlow::Oidc), &text);
        client.mfa().verify(&network.code()).unwrap();
        assert_eq!((list(&client).unwrap(), network.controller.count(BEGUN)), (1, 1), "{version:?}");
        // Or taken back and begun anew, as its address is told once.
        let network = Network::new(version);
        network.controller.require_mfa(&network.id, true);
        let client = network.client(LoginFlow::Oidc);
        client.mfa().enroll().unwrap();
        let client = resumed(network.builder(LoginFlow::Oidc), &saved(client));
        assert!(client.mfa().get().is_err());
        client.mfa().delete(None).unwrap();
        client.mfa().enroll().unwrap();
        assert!(client.mfa().get().unwrap().provisioning_url.is_some());
        client.mfa().verify(&network.code()).unwrap();
        assert_eq!((list(&client).unwrap(), network.controller.count(BEGUN)), (1, 1), "{version:?}");
    }
}

/// A network where logins want an external JWT and a code, a login that has had the JWT, and that.
fn with_both_factors() -> (Network, Secret, Secret) {
    let (network, jwt) = Network::with_second_jwt(Version::V2_0);
    network.controller.enroll_mfa(&network.id);
    let source = JwtSource::token(Secret::new(jwt.expose()));
    let text = saved(build(network.builder(LoginFlow::Oidc).second_factor_jwt(source)));
    (network, jwt, text)
}

#[test]
fn the_external_jwt_of_a_login_that_waits_is_supplied_again_and_not_saved() {
    let (network, jwt, text) = with_both_factors();
    assert!(!content(&text).contains(jwt.expose()));
    let asked = Arc::new(AtomicUsize::new(0));
    let asks = Arc::clone(&asked);
    let source = JwtSource::supplier(move |request| {
        assert!(request.signer.is_some());
        asks.fetch_add(1, Ordering::Relaxed);
        Ok(Secret::new(jwt.expose()))
    });
    let builder = || network.builder(LoginFlow::Oidc).second_factor_jwt(source.clone());
    // Saved once more on the way, it still knows what it has had.
    let client = resumed(builder(), &resumed(builder(), &text).save_session().unwrap());
    let outcome = list(&client);
    assert!(matches!(&outcome, Err(Error::LoginPending { factors }) if factors.len() == 1), "{outcome:?}");
    assert_eq!(asked.load(Ordering::Relaxed), 0, "it is the code that is missing");
    client.authenticate_mfa(&network.code()).unwrap();
    assert_eq!((list(&client).unwrap(), network.had(), network.controller.count(BEGUN)), (1, (1, 0), 1));
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

/// With a minute to go when it was shown.
#[test]
fn an_external_jwt_that_ended_while_the_login_waited_is_replaced_before_the_code_is_given() {
    let (network, good) = Network::with_second_jwt(Version::V2_0);
    network.controller.enroll_mfa(&network.id);
    let minute = Duration::from_secs(60);
    let ends = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + minute;
    let claims = json!({"sub": SUBJECT, "exp": ends.as_secs()});
    let short = network.signed_by(&network.second_signer, &claims);
    let with = |source| build(network.builder(LoginFlow::Oidc).second_factor_jwt(source));
    let tokens = Mutex::new(vec![Secret::new(good.expose()), Secret::new(short.expose())]);
    let renewed = with(JwtSource::supplier(move |_| Ok(tokens.lock().unwrap().pop().expect("no more is wanted"))));
    let fixed = with(JwtSource::token(Secret::new(short.expose())));
    assert!(is_pending(&list(&renewed)) && is_pending(&list(&fixed)));
    network.controller.advance(2 * minute);
    // An answer tells the time.
    assert!(renewed.controller().version().is_ok() && fixed.controller().version().is_ok());
    renewed.authenticate_mfa(&network.code()).unwrap();
    assert_eq!((list(&renewed).unwrap(), network.had().0), (1, 1));
    let codes = network.controller.count(TOTP);
    let outcome = fixed.authenticate_mfa(&network.code());
    let Err(Error::LoginPending { factors }) = &outcome else { panic!("{outcome:?}") };
    assert!(factors.iter().any(|factor| factor.is_refused) && network.controller.count(TOTP) == codes);
}

#[test]
fn no_code_is_used_up_where_the_external_jwt_is_not_at_hand() {
    let (network, _, text) = with_both_factors();
    let client = resumed(network.builder(LoginFlow::Oidc), &text);
    let outcome = client.authenticate_mfa(&network.code());
    let Err(Error::LoginPending { factors }) = &outcome else { panic!("{outcome:?}") };
    assert!(factors.iter().any(|factor| factor.type_id.as_deref() == Some("EXT-JWT") && !factor.is_refused));
    let over = Secret::new(format!("e30.{}.sig", BASE64_URL_SAFE_NO_PAD.encode(r#"{"exp":1}"#)));
    let builder = network.builder(LoginFlow::Oidc).second_factor_jwt(JwtSource::token(over));
    let outcome = resumed(builder, &text).authenticate_mfa(&network.code());
    let Err(Error::LoginPending { factors }) = &outcome else { panic!("{outcome:?}") };
    assert!(factors.iter().any(|factor| factor.is_refused));
    assert_eq!(network.controller.count(TOTP), 0);
}

#[test]
fn a_login_that_waited_for_ten_minutes_has_expired() {
    let minute = Duration::from_secs(60);
    let network = Network::with_totp(Version::V2_0);
    let time = Time::new();
    let client = build(time.of(network.builder(LoginFlow::Oidc)));
    assert!(is_pending(&list(&client)));
    time.pass(&network.controller, 9 * minute);
    let text = client.save_session().unwrap();
    let later = build(time.of(network.builder(LoginFlow::Oidc)));
    later.resume_session(&text).unwrap();
    assert!(is_pending(&list(&later)) && network.controller.count(BEGUN) == 1);
    time.pass(&network.controller, minute);
    assert!(is_pending(&list(&later)));
    assert_eq!(network.controller.count(BEGUN), 2, "another one was begun, as the first was over");
    // The same by the client that began it, whose user did not look at it meanwhile.
    let text = client.save_session().unwrap();
    assert_eq!(problem(&network.client(LoginFlow::Oidc), &text), Some(SessionProblem::Expired));
}

#[test]
fn the_time_that_the_text_of_a_waiting_login_lay_counts() {
    let network = Network::with_totp(Version::V2_0);
    let time = Time::new();
    let client = build(time.of(network.builder(LoginFlow::Oidc)));
    assert!(is_pending(&list(&client)));
    time.pass(&network.controller, Duration::from_millis(10 * 60 * 1000 - 30));
    let text = client.save_session().unwrap();
    thread::sleep(Duration::from_millis(40));
    assert_eq!(problem(&network.client(LoginFlow::Oidc), &text), Some(SessionProblem::Expired));
}

#[test]
fn a_code_for_a_login_that_the_controller_has_forgotten_is_given_to_a_new_one() {
    for version in Version::ALL {
        let network = Network::with_totp(version);
        let text = saved(network.client(LoginFlow::Oidc));
        network.controller.advance(Duration::from_secs(11 * 60));
        let client = resumed(network.builder(LoginFlow::Oidc), &text);
        assert!(matches!(client.authenticate_mfa(&network.code()).unwrap(), Login::Complete(_)), "{version:?}");
        assert_eq!((list(&client).unwrap(), network.controller.count(BEGUN)), (1, 2), "{version:?}");
    }
}

#[test]
fn a_login_that_became_complete_elsewhere_costs_one_login() {
    for version in Version::ALL {
        let network = Network::with_totp(version);
        let first = network.client(LoginFlow::Oidc);
        assert!(is_pending(&list(&first)));
        let text = first.save_session().unwrap();
        first.authenticate_mfa(&network.code()).unwrap();
        let client = resumed(network.builder(LoginFlow::Oidc), &text);
        assert!(is_pending(&list(&client)));
        client.authenticate_mfa(&network.code()).unwrap();
        assert_eq!((list(&client).unwrap(), network.controller.count(BEGUN)), (1, 2), "{version:?}");
    }
}
