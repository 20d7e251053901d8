//! Refreshes that are answered other than usual, and clocks that go other than usual.

use std::time::Duration;

use serde_json::{Value, json};
use ziti_edge_client::{Client, Credentials, Error};
use ziti_edge_testkit::{Fault, Operation, Version};

use crate::support::{answer, seen};
use crate::{LOGIN, Network, TOKEN, Time, WAYS, Way, authorizations, build, list};

const DUE: Duration = Duration::from_secs(25 * 60);
const DAY: i64 = 24 * 3600;

/// A client whose tokens are due, what they are, and the clock.
struct Due {
    network: Network,
    client: Client,
    time: Time,
    access: String,
    refresh: String,
}

impl Due {
    fn new() -> Self {
        let (network, time) = (Network::new(Version::V2_0), Time::new());
        let client = build(time.of(network.builder(Way::Password)));
        let access = client.authenticate().unwrap().session().token.expose().to_owned();
        time.pass(&network.controller, DUE);
        // A refresh that fails for now tells the refresh token, and the old one is as good as before.
        network.controller.fault_times(TOKEN, Fault::Status(500), 1);
        assert_eq!(list(&client).unwrap(), 1);
        let mut due = Self { network, client, time, access, refresh: String::new() };
        due.refresh = due.sent_last();
        due.time.pass(&due.network.controller, Duration::from_secs(2 * 60));
        due
    }

    /// The refresh token that was sent last.
    fn sent_last(&self) -> String {
        let form = String::from_utf8(seen(&self.network.controller, TOKEN).pop().unwrap().body).unwrap();
        form.rsplit_once("refresh_token=").expect("it was a refresh").1.to_owned()
    }

    /// Answers the next refresh with this.
    fn answered(self, body: &Value) -> Self {
        self.network.controller.fault_times(TOKEN, answer(200, body.to_string()), 1);
        self.network.controller.clear_requests();
        self
    }

    fn count(&self) -> (usize, usize) {
        (self.network.count(TOKEN), self.network.count(LOGIN))
    }
}

#[test]
fn a_refresh_that_brings_no_other_refresh_token_leaves_the_one_there_was_in_use() {
    for refresh in [None, Some(Value::Null), Some(json!("")), Some(json!("with spaces")), Some(json!("the same"))] {
        let due = Due::new();
        let mut body = json!({ "access_token": due.access, "token_type": "Bearer", "expires_in": 1799 });
        if let Some(refresh) = &refresh {
            body["refresh_token"] = if refresh == "the same" { json!(due.refresh) } else { refresh.clone() };
        }
        let due = due.answered(&body);
        assert_eq!((list(&due.client).unwrap(), due.count()), (1, (1, 0)), "{refresh:?}");
        due.time.pass(&due.network.controller, DUE);
        assert_eq!((list(&due.client).unwrap(), due.count()), (1, (2, 0)), "{refresh:?}");
        assert_eq!((due.sent_last(), due.network.had()), (due.refresh, (1, 1)), "{refresh:?}");
    }
}

#[test]
fn an_access_token_that_is_not_taken_is_refreshed_once_more_and_no_password_is_sent_for_it() {
    for access in ["opaque", "e30.e30.x"] {
        let due = Due::new().answered(&json!({ "access_token": access, "expires_in": 1799 }));
        assert_eq!((list(&due.client).unwrap(), due.count()), (1, (2, 0)), "{access}");
    }
}

#[test]
fn access_tokens_that_are_never_taken_are_no_reason_to_go_on_asking_while_the_old_one_is_good() {
    let due = Due::new();
    due.network.controller.fault(TOKEN, answer(200, r#"{"access_token":"opaque","refresh_token":"r"}"#));
    due.network.controller.clear_requests();
    // What the controller refuses of a refresh, it may take of a login: one is tried.
    assert_eq!(list(&due.client).unwrap(), 1);
    assert!(due.count().0 <= 4 && due.count().1 == 1, "{:?}", due.count());
    let asked = due.count();
    assert_eq!((list(&due.client).unwrap(), due.count()), (1, asked));
}

#[test]
fn a_controller_that_refuses_each_token_is_asked_for_others_ever_less_often() {
    let network = Network::new(Version::V2_0);
    let client = build(network.builder(Way::Password).chance(|| 0.0));
    assert_eq!(list(&client).unwrap(), 1);
    network.controller.fault(Operation::Services, Fault::SessionGone);
    for _ in 0..8 {
        let outcome = list(&client.with_timeout(Duration::from_millis(600)));
        assert!(matches!(outcome, Err(Error::Unauthorized(_) | Error::Timeout { .. })), "{outcome:?}");
    }
    assert!(network.had().0 == 1 && network.had().1 <= 4, "{:?}", network.had());
}

#[test]
fn an_access_token_of_any_size_is_taken_from_a_refresh() {
    for length in [1, 4_096, 4_097, 16_384, 20_000] {
        let token = "x".repeat(length);
        let due = Due::new().answered(&json!({ "access_token": token, "expires_in": 1799 }));
        let session = json!({ "data": { "id": "s", "token": token }, "meta": {} });
        due.network.controller.fault(Operation::CurrentApiSession, answer(200, session.to_string()));
        due.network.controller.fault(Operation::Services, answer(200, r#"{"data":[],"meta":{}}"#));
        assert_eq!((list(&due.client).unwrap(), due.count()), (0, (1, 0)), "{length}");
        let sent = authorizations(&due.network, Operation::Services).pop().unwrap();
        assert_eq!(sent, [format!("Bearer {token}")], "{length}");
    }
}

#[test]
fn a_lifetime_that_cannot_be_meant_makes_no_loop_and_no_token_eternal() {
    let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
    for (expires_in, most) in [
        (None, minutes(5)),
        (Some(json!(null)), minutes(5)),
        (Some(json!(0)), minutes(5)),
        (Some(json!(-1799)), minutes(5)),
        (Some(json!(1)), Duration::from_secs(1)),
        (Some(json!(u64::MAX)), minutes(7 * 24 * 60)),
        (Some(json!(1e30)), minutes(7 * 24 * 60)),
    ] {
        let due = Due::new();
        let mut body = json!({ "access_token": due.access });
        if let Some(expires_in) = &expires_in {
            body["expires_in"] = expires_in.clone();
        }
        let due = due.answered(&body);
        for _ in 0..10 {
            assert_eq!(list(&due.client).unwrap(), 1, "{expires_in:?}");
        }
        assert_eq!(due.count(), (1, 0), "{expires_in:?}");
        assert_eq!(due.client.status().login.expires_in, Some(most), "{expires_in:?}");
        let next = due.client.maintain().next;
        assert!(next >= Duration::from_secs(1) && next <= minutes(24 * 60), "{expires_in:?}: {next:?}");
        // Whatever was said of it, the controller has the last word.
        due.network.controller.expire_access_tokens();
        assert_eq!((list(&due.client).unwrap(), due.count()), (1, (2, 0)), "{expires_in:?}");
    }
}

#[test]
fn a_lifetime_that_is_no_number_spends_the_refresh_token_and_takes_a_login() {
    let due = Due::new();
    let body = json!({ "access_token": due.access, "expires_in": "soon" });
    let due = due.answered(&body);
    assert_eq!((list(&due.client).unwrap(), due.count().1), (1, 1));
}

#[test]
fn a_clock_that_is_set_by_days_changes_nothing_about_a_login() {
    for version in Version::ALL {
        for way in WAYS {
            let (network, time) = (Network::new(version), Time::new());
            let client = build(time.of(network.builder(way)));
            client.maintain();
            for seconds in [3 * DAY, -6 * DAY, 3 * DAY] {
                time.set_wall(seconds);
                assert_eq!((list(&client).unwrap(), network.had()), (1, (1, 0)), "{version:?} {way:?} {seconds}");
                assert!(client.maintain().events.is_empty(), "{version:?} {way:?} {seconds}");
            }
            time.set_wall(-3 * DAY);
            time.pass(&network.controller, DUE);
            assert_eq!((list(&client).unwrap(), network.had()), (1, (1, 1)), "{version:?} {way:?}: due all the same");
        }
    }
}

#[test]
fn after_a_sleep_of_eight_hours_the_first_call_refreshes_and_nothing_else() {
    for version in Version::ALL {
        for way in WAYS {
            let (network, time) = (Network::new(version), Time::new());
            let client = build(time.of(network.builder(way)));
            assert_eq!(list(&client).unwrap(), 1);
            time.pass(&network.controller, Duration::from_secs(8 * 3600));
            network.controller.close_idle_connections();
            let refused = seen(&network.controller, Operation::Services).len();
            assert_eq!((list(&client).unwrap(), network.had()), (1, (1, 1)), "{version:?} {way:?}");
            let asked = seen(&network.controller, Operation::Services).len() - refused;
            assert_eq!((asked, network.count(LOGIN)), (1, 1), "{version:?} {way:?}: not by a refusal");
        }
    }
}

#[test]
fn a_refusal_names_a_controller_whose_clock_is_another() {
    for version in Version::ALL {
        let network = Network::new(version);
        network.controller.advance(Duration::from_secs(3 * 3600));
        let wrong = Credentials::password("alice", "canary-wrong");
        let outcome = list(&build(network.builder(Way::Password).credentials(wrong)));
        let Err(error @ Error::Rejected(_)) = &outcome else { panic!("{version:?}: {outcome:?}") };
        assert!(error.to_string().contains("s ahead of the local one"), "{version:?}: {error}");
    }
}
