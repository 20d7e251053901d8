//! Each state of a login: reached, and left, however the session or the connection ended meanwhile.

use std::time::Duration;

use ziti_edge_client::{Client, Credentials, Error, JwtSource, Login, LoginFlow, LoginState, Secret};
use ziti_edge_testkit::{TestController, Version};

use crate::alice::{Network, PASSWORD, alice, list};
use crate::build;

/// What a login waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Complete,
    Code,
    SetUp,
    Jwt,
    JwtAndCode,
}

/// What happens while it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meanwhile {
    Nothing,
    /// The connections are closed.
    Stale,
    /// Sessions and tokens have ended.
    Ended,
    /// A login that was begun is forgotten, which the client does not know.
    Forgotten,
    /// All of that, as where the controller was started anew with another memory.
    Restarted,
}

use Meanwhile::{Ended, Forgotten, Nothing, Restarted, Stale};

/// More than controllers remember a login over OIDC that was begun, and less than a session lasts.
const FORGETS: Duration = Duration::from_secs(11 * 60);

fn cells() -> impl Iterator<Item = (Version, LoginFlow, State)> {
    let states = [State::Complete, State::Code, State::SetUp, State::Jwt, State::JwtAndCode];
    let flows = [LoginFlow::Legacy, LoginFlow::Oidc];
    let all = Version::ALL.into_iter().flat_map(move |version| flows.map(|flow| (version, flow)));
    let all = all.flat_map(move |(version, flow)| states.map(|state| (version, flow, state)));
    // What does not work over OIDC is in the table of docs/logins.md.
    all.filter(|(version, flow, state)| match state {
        _ if *flow == LoginFlow::Legacy => true,
        State::Complete | State::Code => true,
        State::SetUp => *version != Version::V1_3,
        State::Jwt | State::JwtAndCode => *version == Version::V2_0,
    })
}

fn network(version: Version, state: State) -> Network {
    let controller = TestController::builder().version(version).services(1).start().unwrap();
    let network = match state {
        State::Jwt | State::JwtAndCode => Network::with_second_jwt_at(controller),
        _ => Network::at(controller, |_| {}),
    };
    match state {
        State::Code | State::JwtAndCode => assert!(network.controller.enroll_mfa(&network.id)),
        State::SetUp => network.controller.require_mfa(&network.id, true),
        State::Complete | State::Jwt => {}
    }
    network
}

fn happens(network: &Network, meanwhile: Meanwhile) {
    if matches!(meanwhile, Stale | Restarted) {
        network.controller.close_idle_connections();
    }
    if matches!(meanwhile, Ended | Restarted) {
        network.controller.expire_sessions();
    }
    if matches!(meanwhile, Forgotten | Restarted) {
        network.controller.advance(FORGETS);
    }
}

/// Does what the state asks for.
fn leave(network: &Network, client: &Client, state: State) {
    if matches!(state, State::Jwt | State::JwtAndCode) {
        let jwt = network.signed_by(&network.second_signer, &alice());
        client.set_second_factor_jwt(&JwtSource::token(jwt)).unwrap();
    }
    match state {
        State::SetUp => {
            client.mfa().enroll().unwrap();
            client.mfa().verify(&network.code()).unwrap();
        }
        State::Code | State::JwtAndCode => {
            let login = client.authenticate_mfa(&network.code()).unwrap();
            assert!(matches!(login, Login::Complete(_)), "{login:?}");
        }
        State::Complete | State::Jwt => {}
    }
}

fn logins(network: &Network) -> usize {
    use ziti_edge_testkit::Operation;
    network.controller.count(Operation::Authenticate) + network.controller.count(Operation::Named("oidcAuthorize"))
}

fn every_state_is_reached_and_left_after(meanwhile: Meanwhile, credentials: &Credentials) {
    for (version, flow, state) in cells() {
        let cell = format!("{version:?} {flow:?} {state:?} {meanwhile:?} {credentials:?}");
        let network = network(version, state);
        let client = build(Client::builder(&network.identity).credentials(credentials.clone()).login_flow(flow));
        let is_complete = state == State::Complete;
        assert_eq!(matches!(client.authenticate(), Ok(Login::Complete(_))), is_complete, "{cell}");
        let is_as_before = || match list(&client) {
            Ok(_) => is_complete,
            Err(Error::LoginPending { factors }) => !factors.is_empty() && !is_complete,
            Err(error) => panic!("{cell}: {error:?}"),
        };
        assert!(is_as_before(), "{cell}");
        assert_eq!(client.status().login.state == LoginState::Complete, is_complete, "{cell}");
        happens(&network, meanwhile);
        assert!(is_as_before(), "{cell}");
        leave(&network, &client, state);
        assert!(matches!(list(&client), Ok(1)), "{cell}");
        assert!(client.status().login.state == LoginState::Complete, "{cell}");
        // Where it is over OIDC, a JWT comes with the first factor, so that it takes a login of its own.
        assert!(logins(&network) <= 3, "{cell}: {}", logins(&network));
    }
}

#[test]
fn every_state_is_reached_and_left() {
    every_state_is_reached_and_left_after(Nothing, &Credentials::certificate());
}

#[test]
fn every_state_is_reached_and_left_by_connections_that_were_closed() {
    every_state_is_reached_and_left_after(Stale, &Credentials::certificate());
}

#[test]
fn every_state_is_reached_and_left_though_the_session_has_ended() {
    every_state_is_reached_and_left_after(Ended, &Credentials::certificate());
}

#[test]
fn every_state_is_reached_and_left_though_the_password_has_to_be_shown_again() {
    every_state_is_reached_and_left_after(Ended, &Credentials::password("alice", PASSWORD));
}

#[test]
fn every_state_is_reached_and_left_though_the_controller_forgot_what_was_begun() {
    every_state_is_reached_and_left_after(Forgotten, &Credentials::certificate());
}

#[test]
fn every_state_is_reached_and_left_at_a_controller_that_was_started_anew() {
    every_state_is_reached_and_left_after(Restarted, &Credentials::certificate());
}

#[test]
fn a_wrong_code_changes_nothing_in_any_state_that_wants_one() {
    for (version, flow, state) in cells().filter(|(_, _, state)| matches!(state, State::Code | State::JwtAndCode)) {
        let cell = format!("{version:?} {flow:?} {state:?}");
        let network = network(version, state);
        let client = build(Client::builder(&network.identity).login_flow(flow));
        client.authenticate().unwrap();
        let before = logins(&network);
        for _ in 0..4 {
            let refused = client.authenticate_mfa(&Secret::new("000000"));
            assert!(matches!(&refused, Err(Error::Api(answer)) if answer.status == 400), "{cell}: {refused:?}");
            assert!(matches!(list(&client), Err(Error::LoginPending { .. })), "{cell}");
        }
        assert_eq!(logins(&network), before, "{cell}");
        leave(&network, &client, state);
        assert_eq!(list(&client).unwrap(), 1, "{cell}");
    }
}
