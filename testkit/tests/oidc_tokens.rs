//! Tokens of OpenID Connect: how they expire, are replaced and end, on one controller and on several.

mod wire;

use std::time::Duration;

use wire::Connection;
use wire::oidc::Tokens;
use ziti_edge_testkit::{Fault, IdentityOptions, Operation, TestController, Version};

const PASSWORD: &str = "secret1";
const SESSION: &str = "/current-api-session";

fn add_alice(controller: &TestController) -> String {
    let password = Some(PASSWORD.to_owned());
    let options = IdentityOptions { name: "alice".to_owned(), password, ..IdentityOptions::default() };
    controller.create_identity_with(options).id
}

/// A controller, and alice logged in.
fn logged_in(version: Version) -> (TestController, Connection, Tokens) {
    let controller = TestController::builder().version(version).start().unwrap();
    add_alice(&controller);
    let mut connection = Connection::open(&controller, None).unwrap();
    let tokens = connection.tokens_by_password("alice", PASSWORD);
    (controller, connection, tokens)
}

fn status(connection: &mut Connection, token: &str) -> u16 {
    connection.get_as(SESSION, &[token]).status
}

/// Refreshes, and says why not.
fn refresh(connection: &mut Connection, token: &str) -> Result<Tokens, String> {
    let answer = connection.refresh(token);
    if answer.status == 200 {
        return Ok(Tokens::of(&answer));
    }
    Err(answer.json()["error"].as_str().unwrap().to_owned())
}

#[test]
fn an_access_token_expires_by_the_controllers_clock_and_2_0_says_so() {
    for version in Version::ALL {
        let lifetime = Duration::from_secs(60);
        let builder = TestController::builder().version(version).access_token_lifetime(lifetime);
        let controller = builder.start().unwrap();
        add_alice(&controller);
        let mut connection = Connection::open(&controller, None).unwrap();
        let tokens = connection.tokens_by_password("alice", PASSWORD);
        assert_eq!(status(&mut connection, &tokens.access), 200);
        controller.advance(lifetime);
        let refused = connection.get_as(SESSION, &[&tokens.access]);
        assert_eq!(refused.status, 401, "{version:?}");
        let expired = refused.header("www-authenticate").is_some_and(|why| why.contains("error=\"expired\""));
        assert_eq!(expired, version == Version::V2_0);
        let renewed = refresh(&mut connection, &tokens.refresh).unwrap();
        assert_eq!(status(&mut connection, &renewed.access), 200);
    }
}

#[test]
fn a_refresh_token_expires_too() {
    let (controller, mut connection, tokens) = logged_in(Version::V2_0);
    controller.advance(Duration::from_secs(24 * 3600));
    assert_eq!(refresh(&mut connection, &tokens.refresh).unwrap_err(), "invalid_grant");
    assert_eq!(controller.session_count(), 0);
}

#[test]
fn a_refresh_ends_the_tokens_it_replaces_after_a_while() {
    for version in [Version::V1_6, Version::V2_0] {
        let (controller, mut connection, tokens) = logged_in(version);
        let renewed = refresh(&mut connection, &tokens.refresh).unwrap();
        assert_eq!(status(&mut connection, &tokens.access), 200);
        assert!(refresh(&mut connection, &tokens.refresh).is_ok(), "{version:?}");
        controller.advance(Duration::from_secs(30));
        assert_eq!(status(&mut connection, &tokens.access), 401, "{version:?}");
        assert_eq!(refresh(&mut connection, &tokens.refresh).unwrap_err(), "invalid_grant");
        assert_eq!(status(&mut connection, &renewed.access), 200);
        assert_eq!((controller.oidc_logins(), controller.oidc_refreshes()), (1, 2));
    }
}

#[test]
fn a_refresh_token_is_good_once_in_1_3() {
    let (_controller, mut connection, tokens) = logged_in(Version::V1_3);
    let renewed = refresh(&mut connection, &tokens.refresh).unwrap();
    assert_eq!(refresh(&mut connection, &tokens.refresh).unwrap_err(), "server_error");
    assert!(refresh(&mut connection, &renewed.refresh).is_ok());
}

#[test]
fn the_delay_can_be_none() {
    let controller = TestController::builder().revocation_delay(Duration::ZERO).start().unwrap();
    add_alice(&controller);
    let mut connection = Connection::open(&controller, None).unwrap();
    let tokens = connection.tokens_by_password("alice", PASSWORD);
    refresh(&mut connection, &tokens.refresh).unwrap();
    assert_eq!(status(&mut connection, &tokens.access), 401);
    assert_eq!(refresh(&mut connection, &tokens.refresh).unwrap_err(), "invalid_grant");
}

#[test]
fn a_refresh_whose_answer_is_lost_has_replaced_the_tokens() {
    let (controller, mut connection, tokens) = logged_in(Version::V2_0);
    controller.fault_times(Operation::Named("oidcToken"), Fault::LostAnswer, 1);
    let form = format!("grant_type=refresh_token&client_id=openziti&refresh_token={}", tokens.refresh);
    let headers = [("Content-Type", "application/x-www-form-urlencoded")];
    assert!(connection.ask("POST", "/oidc/oauth/token", &headers, form.as_bytes()).is_err());
    assert_eq!(controller.oidc_refreshes(), 1);
    controller.advance(Duration::from_secs(30));
    let mut connection = Connection::open(&controller, None).unwrap();
    assert_eq!(refresh(&mut connection, &tokens.refresh).unwrap_err(), "invalid_grant");
}

#[test]
fn a_revoked_refresh_token_is_no_good_at_once() {
    let (_controller, mut connection, tokens) = logged_in(Version::V2_0);
    let renewed = refresh(&mut connection, &tokens.refresh).unwrap();
    let headers = [("Content-Type", "application/x-www-form-urlencoded")];
    let form = format!("token={}&client_id=openziti", renewed.refresh);
    assert_eq!(connection.ask("POST", "/oidc/revoke", &headers, form.as_bytes()).unwrap().status, 200);
    assert_eq!(refresh(&mut connection, &renewed.refresh).unwrap_err(), "invalid_grant");
    assert_eq!(status(&mut connection, &renewed.access), 200, "it has an id of its own");
}

#[test]
fn logging_out_ends_access_tokens_in_2_0_and_is_done_once() {
    for version in Version::ALL {
        let (_controller, mut connection, tokens) = logged_in(version);
        let other = connection.tokens_by_password("alice", PASSWORD);
        assert_eq!(connection.end_session("nonsense").status, 400);
        assert_eq!(connection.end_session(&tokens.id).status, 302);
        let after = if version == Version::V2_0 { 401 } else { 200 };
        assert_eq!(status(&mut connection, &tokens.access), after, "{version:?}");
        assert_eq!(status(&mut connection, &other.access), after, "{version:?}");
        let renewed = refresh(&mut connection, &other.refresh).unwrap();
        assert_eq!(status(&mut connection, &renewed.access), 200);
        let later = connection.tokens_by_password("alice", PASSWORD);
        let refused = if version == Version::V1_3 { 400 } else { 500 };
        assert_eq!(connection.end_session(&later.id).status, refused);
        assert_eq!(status(&mut connection, &later.access), 200);
    }
}

#[test]
fn a_session_that_is_ended_can_be_refreshed_unless_all_are() {
    let (controller, mut connection, tokens) = logged_in(Version::V2_0);
    controller.end_session(&tokens.access);
    assert_eq!(status(&mut connection, &tokens.access), 401);
    let renewed = refresh(&mut connection, &tokens.refresh).unwrap();
    controller.fault_times(Operation::CurrentApiSession, Fault::SessionGone, 1);
    assert_eq!(status(&mut connection, &renewed.access), 401);
    let renewed = refresh(&mut connection, &renewed.refresh).unwrap();
    controller.expire_access_tokens();
    assert_eq!(status(&mut connection, &renewed.access), 401);
    let renewed = refresh(&mut connection, &renewed.refresh).unwrap();
    controller.expire_sessions();
    assert_eq!(status(&mut connection, &renewed.access), 401);
    assert!(refresh(&mut connection, &renewed.refresh).is_err());
}

#[test]
fn where_a_token_stands_among_others_matters_in_2_0() {
    for version in Version::ALL {
        let (_controller, mut connection, tokens) = logged_in(version);
        let mut at = |place: usize| {
            let mut bearers = vec!["x"; place];
            bearers.push(&tokens.access);
            connection.get_as(SESSION, &bearers).status
        };
        assert_eq!((at(0), at(2)), (200, 200), "{version:?}");
        assert_eq!(at(3), if version == Version::V2_0 { 401 } else { 200 }, "{version:?}");
    }
}

#[test]
fn tokens_are_good_on_every_controller_of_a_network() {
    let first = TestController::start().unwrap();
    add_alice(&first);
    let second = TestController::builder().same_network_as(&first).start().unwrap();
    let stranger = TestController::start().unwrap();
    let [mut on_first, mut on_second, mut on_stranger] =
        [&first, &second, &stranger].map(|controller| Connection::open(controller, None).unwrap());
    let tokens = on_first.tokens_by_password("alice", PASSWORD);
    let id = |connection: &mut Connection| connection.get_as(SESSION, &[&tokens.access]).json()["data"]["id"].clone();
    assert_eq!(id(&mut on_first), id(&mut on_second));
    assert_eq!(status(&mut on_stranger, &tokens.access), 401);
    let renewed = refresh(&mut on_second, &tokens.refresh).unwrap();
    assert_eq!(status(&mut on_first, &renewed.access), 200);
    assert_eq!((first.oidc_refreshes(), second.oidc_refreshes()), (0, 1));
    for controller in [&first, &second] {
        controller.advance(Duration::from_secs(30));
    }
    assert_eq!(status(&mut on_first, &tokens.access), 401);
    assert_eq!(on_second.end_session(&tokens.id).status, 302);
    assert_eq!(status(&mut on_first, &renewed.access), 401);
}
