//! A cluster: tokens of one node are good at all of them.

use std::time::Duration;

use serde_json::{Value, json};
use ziti_edge_client::{Client, Credentials, Error, Identity, Login, LoginFlow};
use ziti_edge_testkit::{Fault, IdentityOptions, Operation, TestController, Version};

use crate::support::{ENOUGH, answer};
use crate::{AUTHORIZE, LOGIN, TOKEN, Time, build, list};

struct Cluster {
    nodes: Vec<TestController>,
    identity: Identity,
    id: String,
}

impl Cluster {
    fn new(change: impl FnOnce(&TestController, &str)) -> Self {
        let first = TestController::builder().services(1).start().expect("a free port");
        let mut file: Value = serde_json::from_str(&first.enrolled_identity_json("alice")).expect("it is JSON");
        let id = first.identity_id("alice").expect("it was made just now");
        change(&first, &id);
        let other = || TestController::builder().services(1).same_network_as(&first).start().expect("a free port");
        let others = [other(), other()];
        let nodes: Vec<_> = std::iter::once(first).chain(others).collect();
        file["ztAPIs"] = json!(nodes.iter().map(TestController::api_url).collect::<Vec<_>>());
        Self { nodes, identity: Identity::from_json(&file.to_string()).expect("it is whole"), id }
    }

    fn builder(&self) -> ziti_edge_client::ClientBuilder {
        Client::builder(&self.identity).login_flow(LoginFlow::Auto).timeout(ENOUGH).chance(|| 0.0)
    }

    /// How many logins ended with tokens at all nodes together, and refreshes.
    fn had(&self) -> (usize, usize) {
        let sum = |of: fn(&TestController) -> usize| self.nodes.iter().map(of).sum();
        (sum(TestController::oidc_logins), sum(TestController::oidc_refreshes))
    }

    fn lists(&self) -> Vec<usize> {
        self.nodes.iter().map(|node| node.count(Operation::Services)).collect()
    }
}

#[test]
fn a_login_goes_along_to_the_next_node_when_one_dies() {
    for fault in [Fault::Refuse, Fault::Reset, Fault::CloseBeforeAnswer, Fault::Status(502), Fault::Status(503)] {
        let cluster = Cluster::new(|_, _| {});
        let client = build(cluster.builder());
        assert_eq!(list(&client).unwrap(), 1);
        cluster.nodes[0].fault(Operation::Any, fault.clone());
        cluster.nodes[0].close_idle_connections();
        for _ in 0..3 {
            assert_eq!(list(&client).unwrap(), 1, "{fault:?}");
        }
        assert_eq!(cluster.had(), (1, 0), "{fault:?}: the token is good there, too");
        cluster.nodes[1].fault(Operation::Any, fault.clone());
        cluster.nodes[1].close_idle_connections();
        assert_eq!((list(&client).unwrap(), cluster.had()), (1, (1, 0)), "{fault:?}");
        assert_eq!(cluster.lists()[2], 1, "{fault:?}");
    }
}

#[test]
fn a_refresh_is_had_from_any_node() {
    let cluster = Cluster::new(|_, _| {});
    let time = Time::new();
    let client = build(time.of(cluster.builder()));
    assert_eq!(list(&client).unwrap(), 1);
    cluster.nodes[0].fault(Operation::Any, Fault::Refuse);
    cluster.nodes[0].close_idle_connections();
    for node in &cluster.nodes[1..] {
        node.advance(Duration::from_secs(25 * 60));
    }
    time.pass(&cluster.nodes[0], Duration::from_secs(25 * 60));
    assert_eq!((list(&client).unwrap(), cluster.had()), (1, (1, 1)));
    assert_eq!(cluster.nodes[1].count(TOKEN), 1);
}

/// Whether the node has refreshed them is not known, so the tokens are given up.
#[test]
fn a_node_that_falls_silent_at_a_refresh_costs_a_login_and_not_the_call() {
    let cluster = Cluster::new(|_, _| {});
    let time = Time::new();
    let client = build(time.of(cluster.builder()));
    assert_eq!(list(&client).unwrap(), 1);
    for node in &cluster.nodes[1..] {
        node.advance(Duration::from_secs(25 * 60));
    }
    time.pass(&cluster.nodes[0], Duration::from_secs(25 * 60));
    cluster.nodes[0].fault(Operation::Any, Fault::StallBeforeAnswer);
    assert_eq!(list(&client.with_timeout(Duration::from_secs(7))).unwrap(), 1);
    assert_eq!((cluster.nodes[0].count(TOKEN), cluster.nodes[1].oidc_logins(), cluster.had().1), (2, 1, 0));
}

#[test]
fn a_login_whose_node_dies_on_the_way_begins_anew_at_the_next_one() {
    for operation in [AUTHORIZE, LOGIN, Operation::Named("oidcCallback"), TOKEN, Operation::CurrentApiSession] {
        let cluster = Cluster::new(|_, _| {});
        cluster.nodes[0].fault(operation, Fault::LostAnswer);
        assert_eq!(list(&build(cluster.builder())).unwrap(), 1, "{operation:?}");
        assert_eq!((cluster.nodes[1].oidc_logins(), cluster.nodes[1].count(AUTHORIZE)), (1, 1), "{operation:?}");
    }
}

#[test]
fn a_password_whose_answer_is_lost_is_shown_to_no_other_node() {
    let cluster = Cluster::new(|_, _| {});
    cluster.nodes[0].fault(LOGIN, Fault::LostAnswer);
    let client = build(cluster.builder().credentials(Credentials::password("alice", "canary")));
    let outcome = list(&client);
    assert!(matches!(outcome, Err(Error::Transport { .. })), "{outcome:?}");
    assert_eq!(cluster.nodes[1].count(LOGIN), 0);
}

#[test]
fn a_password_that_was_not_judged_is_not_taken_for_a_good_one() {
    let cluster = Cluster::new(|_, _| {});
    let client = build(cluster.builder().credentials(Credentials::password("alice", "canary")));
    for status in [400, 404, 409] {
        cluster.nodes[0].fault(LOGIN, answer(status, r#"{"code":"OTHER","message":"not about the password"}"#));
        let outcome = list(&client);
        assert!(matches!(outcome, Err(Error::Api(_))), "{outcome:?}");
        cluster.nodes[0].fault(LOGIN, Fault::LostAnswer);
        let outcome = list(&client);
        assert!(matches!(outcome, Err(Error::Transport { .. })), "{outcome:?}");
        assert_eq!(cluster.nodes[1].count(LOGIN), 0, "{status}");
        client.retry_now();
    }
}

#[test]
fn a_login_that_waits_stays_with_its_node() {
    let cluster = Cluster::new(|first, id| assert!(first.enroll_mfa(id)));
    let client = build(cluster.builder());
    assert!(matches!(client.authenticate().unwrap(), Login::Pending(_)));
    let code = || cluster.nodes[0].totp_code(&cluster.id).expect("alice has a second factor").into();
    assert!(matches!(client.authenticate_mfa(&code()).unwrap(), Login::Complete(_)));
    assert!(cluster.nodes[1..].iter().all(|node| node.requests().is_empty()));
    assert_eq!(list(&client).unwrap(), 1);
}

#[test]
fn old_controllers_keep_their_logins_to_themselves() {
    let cluster = |version| TestController::builder().version(version).services(1).start().expect("a free port");
    for version in [Version::V1_3, Version::V1_6] {
        let node = cluster(version);
        let identity = Identity::from_json(&node.enrolled_identity_json("alice")).expect("it is whole");
        let client = build(Client::builder(&identity).timeout(ENOUGH));
        assert_eq!((list(&client).unwrap(), node.oidc_logins()), (1, 0), "{version:?}");
    }
}

#[test]
fn a_password_that_was_taken_is_shown_again_when_a_later_answer_is_lost() {
    let first = TestController::builder().services(1).start().expect("a free port");
    let options =
        IdentityOptions { name: "alice".to_owned(), password: Some("canary".to_owned()), ..IdentityOptions::default() };
    let mut file: Value = serde_json::from_str(&first.enrolled_identity_json_with(options)).expect("it is JSON");
    let second = TestController::builder().services(1).same_network_as(&first).start().expect("a free port");
    file["ztAPIs"] = json!([first.api_url(), second.api_url()]);
    let identity = Identity::from_json(&file.to_string()).expect("it is whole");
    first.fault(TOKEN, Fault::LostAnswer);
    let builder = Client::builder(&identity).timeout(ENOUGH).chance(|| 0.0);
    let client = build(builder.credentials(Credentials::password("alice", "canary")));
    assert_eq!((list(&client).unwrap(), second.oidc_logins()), (1, 1));
}
