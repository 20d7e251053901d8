//! Second factors: set up, asked for at login, and removed.

use std::time::SystemTime;

use ring::hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, Key, sign};
use ziti_edge_client::api::services::ServiceQuery;
use ziti_edge_client::{Client, Error, Login, Secret};

use crate::network::Network;
use crate::stories::Story;

pub(crate) const ALL: &[(&str, Story)] = &[
    ("a_second_factor_is_set_up_and_removed", a_second_factor_is_set_up_and_removed),
    ("a_login_waits_for_a_code_and_is_complete_with_it", a_login_waits_for_a_code_and_is_complete_with_it),
    ("a_recovery_code_works_once", a_recovery_code_works_once),
    ("a_code_survives_the_end_of_the_session_it_was_for", a_code_survives_the_end_of_the_session_it_was_for),
    ("a_login_that_needs_a_second_factor_can_set_it_up", a_login_that_needs_a_second_factor_can_set_it_up),
];

/// An authenticator app: what a provisioning URL makes of it.
pub(crate) struct App {
    secret: Vec<u8>,
}

impl App {
    pub(crate) fn set_up(url: &Secret) -> Self {
        let query = url.expose().split_once('?').expect("a provisioning URL has a query").1;
        let secret = query.split('&').find_map(|pair| pair.strip_prefix("secret=")).expect("it has a secret");
        Self { secret: base32(secret) }
    }

    /// The code that it shows now (RFC 6238).
    pub(crate) fn code(&self) -> Secret {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("it is after 1970").as_secs();
        let mac = sign(&Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.secret), &(now / 30).to_be_bytes());
        let at = usize::from(mac.as_ref()[19] & 0x0f);
        let number = mac.as_ref()[at..at + 4].iter().fold(0, |number, byte| number << 8 | u32::from(*byte));
        Secret::new(format!("{:06}", (number & 0x7fff_ffff) % 1_000_000))
    }
}

fn base32(text: &str) -> Vec<u8> {
    let digit = |c: char| "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".find(c).expect("it is Base32");
    let bits: Vec<usize> =
        text.trim_end_matches('=').chars().flat_map(|c| (0..5).rev().map(move |bit| digit(c) >> bit & 1)).collect();
    bits.chunks_exact(8).map(|bits| bits.iter().fold(0, |byte, bit| byte << 1 | *bit as u8)).collect()
}

/// Sets up a second factor for the identity of the client.
pub(crate) fn set_up(client: &Client) -> App {
    client.mfa().enroll().unwrap();
    let app = App::set_up(&client.mfa().get().unwrap().provisioning_url.expect("it is not verified yet"));
    client.mfa().verify(&app.code()).unwrap();
    app
}

fn list(client: &Client) -> Result<usize, Error> {
    client.services().list(&ServiceQuery::new()).map(|services| services.len())
}

#[track_caller]
fn assert_wrong_code<T: std::fmt::Debug>(outcome: Result<T, Error>) {
    match outcome {
        Err(Error::Api(answer)) => assert_eq!((answer.status, answer.code.as_str()), (400, "MFA_INVALID_TOKEN")),
        other => panic!("{other:?}"),
    }
}

fn a_second_factor_is_set_up_and_removed(network: &Network) {
    let member = network.enroll();
    let client = network.client(&member.identity);
    let mfa = client.mfa();
    let is_missing = |error: &Error| matches!(error, Error::Api(answer) if answer.status == 404);
    assert!(is_missing(&mfa.get().unwrap_err()) && is_missing(&mfa.qr_code().unwrap_err()));

    let id = mfa.enroll().unwrap();
    assert!(matches!(mfa.enroll(), Err(Error::Api(answer)) if answer.code == "MFA_EXISTS"));
    let new = mfa.get().unwrap();
    assert!(new.id == id && !new.is_verified && new.recovery_codes.len() == 20);
    assert!(mfa.qr_code().unwrap().png().len() > 100);
    let app = App::set_up(&new.provisioning_url.unwrap());
    assert_wrong_code(mfa.verify(&Secret::new("000000x")));
    mfa.verify(&app.code()).unwrap();
    let verified = mfa.get().unwrap();
    assert!(verified.is_verified && verified.provisioning_url.is_none() && verified.recovery_codes.is_empty());
    assert!(is_missing(&mfa.qr_code().unwrap_err()));
    list(&client).expect("the login stays complete");

    let texts = |codes: &[Secret]| codes.iter().map(|code| code.expose().to_owned()).collect::<Vec<_>>();
    let codes = texts(&mfa.recovery_codes(&app.code()).unwrap().recovery_codes);
    assert_eq!(codes, texts(&new.recovery_codes));
    mfa.create_recovery_codes(&app.code()).unwrap();
    assert_ne!(texts(&mfa.recovery_codes(&app.code()).unwrap().recovery_codes), codes);

    assert_wrong_code(mfa.delete(None));
    mfa.delete(Some(&app.code())).unwrap();
    assert!(is_missing(&mfa.get().unwrap_err()));
}

fn a_login_waits_for_a_code_and_is_complete_with_it(network: &Network) {
    let member = network.enroll();
    let app = set_up(&network.client(&member.identity));
    let client = network.client(&member.identity);

    let Login::Pending(pending) = client.authenticate().unwrap() else { panic!("a code is wanted") };
    assert!(matches!(list(&client), Err(Error::LoginPending { .. })));
    assert_wrong_code(client.authenticate_mfa(&Secret::new("000000x")));
    assert!(matches!(list(&client), Err(Error::LoginPending { .. })));
    let Login::Complete(complete) = client.authenticate_mfa(&app.code()).unwrap() else { panic!("it was the code") };
    assert!(complete.id == pending.id && complete.is_mfa_complete && complete.auth_queries.is_empty());
    list(&client).unwrap();
    assert_eq!(client.current_api_session().get().unwrap().id, pending.id, "nobody logged in again");
    client.authenticate_mfa(&app.code()).expect("a complete login takes a code, too");
}

fn a_recovery_code_works_once(network: &Network) {
    let member = network.enroll();
    let first = network.client(&member.identity);
    let app = set_up(&first);
    let code = first.mfa().recovery_codes(&app.code()).unwrap().recovery_codes.remove(0);

    let client = network.client(&member.identity);
    assert!(matches!(client.authenticate_mfa(&code).unwrap(), Login::Complete(_)));
    assert_wrong_code(client.authenticate_mfa(&code));
    list(&client).expect("a complete login stays complete");
    let left = client.mfa().recovery_codes(&app.code()).unwrap().recovery_codes;
    assert!(left.len() == 19 && left.iter().all(|left| left.expose() != code.expose()));
}

fn a_code_survives_the_end_of_the_session_it_was_for(network: &Network) {
    let member = network.enroll();
    let first = network.client(&member.identity);
    let app = set_up(&first);
    let code = first.mfa().recovery_codes(&app.code()).unwrap().recovery_codes.remove(0);
    let client = network.client(&member.identity);
    let ended = client.authenticate().unwrap().session().id.clone();

    network.admin.delete(&format!("api-sessions/{ended}"));
    let Login::Complete(complete) = client.authenticate_mfa(&code).unwrap() else { panic!("it was a code") };

    assert_ne!(complete.id, ended);
    list(&client).unwrap();
}

fn a_login_that_needs_a_second_factor_can_set_it_up(network: &Network) {
    let member = network.enroll_with_strict_policy();
    let client = network.client(&member.identity);
    assert!(matches!(client.authenticate().unwrap(), Login::Pending(_)));
    assert!(matches!(list(&client), Err(Error::LoginPending { .. })));
    let nothing = client.authenticate_mfa(&Secret::new("123456"));
    assert!(matches!(nothing, Err(Error::Api(answer)) if answer.code == "MFA_NOT_ENROLLED"));

    client.mfa().enroll().unwrap();
    let app = App::set_up(&client.mfa().get().unwrap().provisioning_url.unwrap());
    client.mfa().qr_code().expect("it is needed for setting up");
    client.mfa().verify(&app.code()).unwrap();
    list(&client).expect("the login is complete now");
}
