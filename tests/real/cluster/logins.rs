//! Logins at a cluster, and what becomes of them when nodes die or fall silent.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use ziti_edge_client::api::controller::ControllerNode;
use ziti_edge_client::api::list::{List, ListQuery};
use ziti_edge_client::{Client, EventKind, Identity, LoginFlow, SessionKind, Store};

use super::member::{ENOUGH, FLOWS, Member, list};
use super::{Cluster, Story};
use crate::quickstart::PAUSE;

pub(super) const ALL: &[(&str, Story)] = &[
    ("a_new_identity_logs_in_at_every_node_in_every_way", a_new_identity_logs_in_at_every_node_in_every_way),
    ("the_nodes_are_learnt_and_kept", the_nodes_are_learnt_and_kept),
    ("a_session_is_renewed_elsewhere_when_its_node_is_killed", a_session_is_renewed_elsewhere_when_its_node_is_killed),
    ("tokens_go_along_when_nodes_are_killed", tokens_go_along_when_nodes_are_killed),
    ("a_refresh_is_had_from_another_node", a_refresh_is_had_from_another_node),
    ("a_node_that_falls_silent_is_left_in_time", a_node_that_falls_silent_is_left_in_time),
];

/// A clock that runs like the real one, and can be moved.
#[derive(Clone, Default)]
pub(super) struct Clock(Arc<Mutex<Duration>>);

impl Clock {
    pub(super) fn advance(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }

    pub(super) fn now(&self) -> (Instant, SystemTime) {
        let ahead = *self.0.lock().unwrap();
        (Instant::now() + ahead, SystemTime::now() + ahead)
    }
}

/// The nodes that did not enroll it may have to learn of it first.
fn a_new_identity_logs_in_at_every_node_in_every_way(cluster: &mut Cluster) {
    let [leader, follower, other] = cluster.roles();
    let member = cluster.member(follower);
    for node in [other, leader, follower] {
        for (flow, kind) in [
            (LoginFlow::Auto, SessionKind::Oidc),
            (LoginFlow::Oidc, SessionKind::Oidc),
            (LoginFlow::Legacy, SessionKind::Legacy),
        ] {
            let client = cluster.builder(&member, &[node]).login_flow(flow).build().unwrap();
            let credentials = client.credentials().unwrap();
            assert_eq!((credentials.kind, credentials.controller), (kind, cluster.url(node)), "{flow:?}");
            assert_eq!(credentials.identity_id.as_deref(), Some(member.enrolled.id()), "{flow:?}");
            assert_eq!(list(&client).unwrap(), 2, "{flow:?} at node {node}");
        }
    }
}

fn the_nodes_are_learnt_and_kept(cluster: &mut Cluster) {
    let member = cluster.member(0);
    let leader = leader_that_lists_all(cluster, &member);
    let file = member.enrolled.invitation.file("one-node.json");
    let store = Store::file(&file);
    let client = cluster.builder(&member, &[leader]).store(store.clone()).build().unwrap();
    store.save(&client.identity()).unwrap();

    let maintenance = client.maintain();

    let learnt = maintenance.events.iter().find(|event| event.kind == EventKind::ControllersChanged);
    assert!(learnt.is_some_and(|event| event.error.is_none()), "{maintenance:?}");
    let origins = |identity: &Identity| {
        let mut origins: Vec<String> = identity.controllers().map(|url| url.replace("/edge/client/v1", "")).collect();
        origins.sort_unstable();
        origins
    };
    let mut expected: Vec<String> = (0..super::NODES).map(|node| cluster.url(node)).collect();
    expected.sort_unstable();
    assert_eq!(origins(&client.identity()), expected);
    assert_eq!(origins(&Identity::load(&file).unwrap()), expected, "they are in the file");
    assert!(client.maintain().events.is_empty(), "and that was all");
}

/// The leader, once it lists all nodes with where they are. A node that connected to it in haste has not said that, and
/// does so when it connects again.
fn leader_that_lists_all(cluster: &mut Cluster, member: &Member) -> usize {
    let begun = Instant::now();
    loop {
        let [leader, ..] = cluster.roles();
        let client = cluster.builder(member, &[leader]).build().unwrap();
        let listed = |node: usize, nodes: &List<ControllerNode>| {
            let has_address = |listed: &ControllerNode| listed.api_addresses.contains_key("edge-client");
            nodes.iter().any(|listed| listed.id == super::name_of(node) && has_address(listed))
        };
        let nodes = client.controllers().list(&ListQuery::new()).unwrap();
        let Some(missing) = (0..super::NODES).find(|node| !listed(*node, &nodes)) else { return leader };
        assert!(begun.elapsed() < super::HEAL_LIMIT, "node {missing} is not listed: {nodes:?}");
        if begun.elapsed() > ENOUGH / 4 {
            cluster.kill(missing);
            cluster.heal().unwrap();
        }
        thread::sleep(PAUSE * 10);
    }
}

/// Several threads call all the time. None of their calls fails, and one login is made for all of them.
fn a_session_is_renewed_elsewhere_when_its_node_is_killed(cluster: &mut Cluster) {
    let [leader, follower, other] = cluster.roles();
    let member = cluster.member(leader);
    let nodes = [leader, follower, other];
    let client = cluster.builder(&member, &nodes).login_flow(LoginFlow::Legacy).build().unwrap();
    assert_eq!(list(&client).unwrap(), 2);
    assert_eq!(client.credentials().unwrap().controller, cluster.url(leader));

    kill_under_use(cluster, leader, &client);

    assert_eq!(client.credentials().unwrap().controller, cluster.url(follower));
    let counters = client.status().counters;
    assert_eq!((counters.logins, counters.failed_logins, counters.expired_logins), (2, 0, 0), "{counters:?}");
}

fn tokens_go_along_when_nodes_are_killed(cluster: &mut Cluster) {
    let [leader, follower, other] = cluster.roles();
    let member = cluster.member(leader);
    let client = cluster.builder(&member, &[leader, follower, other]).build().unwrap();
    assert_eq!(list(&client).unwrap(), 2);
    let token = client.credentials().unwrap().token;

    for node in [leader, follower] {
        kill_under_use(cluster, node, &client);
        assert!(client.credentials().unwrap().token.expose() == token.expose(), "the same tokens");
    }

    let counters = client.status().counters;
    assert_eq!((counters.logins, counters.refreshes, counters.expired_logins), (1, 0, 0), "{counters:?}");
}

/// Kills a node while threads call, and lets them call for a while after it.
fn kill_under_use(cluster: &mut Cluster, node: usize, client: &Client) {
    let (over, calls) = (AtomicBool::new(false), AtomicUsize::new(0));
    let call = || {
        while !over.load(Ordering::Relaxed) {
            assert_eq!(list(client).unwrap(), 2);
            calls.fetch_add(1, Ordering::Relaxed);
        }
    };
    let until = |count: usize| {
        let begun = Instant::now();
        while calls.load(Ordering::Relaxed) < count && begun.elapsed() < ENOUGH {
            thread::sleep(Duration::from_millis(5));
        }
    };
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(call);
        }
        until(8);
        cluster.kill(node);
        until(calls.load(Ordering::Relaxed) + 12);
        over.store(true, Ordering::Relaxed);
    });
}

fn a_refresh_is_had_from_another_node(cluster: &mut Cluster) {
    let [leader, follower, other] = cluster.roles();
    let member = cluster.member(leader);
    let clock = Clock::default();
    let time = clock.clone();
    let builder = cluster.builder(&member, &[other, follower, leader]).login_flow(LoginFlow::Oidc);
    let client = builder.clock(move || time.now()).build().unwrap();
    let first = client.credentials().unwrap();
    cluster.kill(other);

    clock.advance(first.left * 9 / 10);
    let second = client.credentials().unwrap();

    assert_eq!(second.api_session_id, first.api_session_id, "it is the same login");
    assert!(second.token.expose() != first.token.expose() && second.controller == cluster.url(follower), "{second:?}");
    assert_eq!(list(&client).unwrap(), 2);
    let counters = client.status().counters;
    assert_eq!((counters.logins, counters.refreshes, counters.expired_logins), (1, 1, 0), "{counters:?}");
}

/// Its connections stay open, and the kernel takes new ones for it.
fn a_node_that_falls_silent_is_left_in_time(cluster: &mut Cluster) {
    let [leader, follower, other] = cluster.roles();
    let member = cluster.member(leader);
    let timeout = Duration::from_secs(15);
    let clients = FLOWS.map(|flow| {
        let builder = cluster.builder(&member, &[follower, other, leader]).timeout(timeout);
        let client = builder.login_flow(flow).build().unwrap();
        assert_eq!(list(&client).unwrap(), 2);
        client
    });
    let new = cluster.builder(&member, &[follower, other, leader]).timeout(timeout).build().unwrap();

    cluster.silence(follower);

    thread::scope(|scope| {
        for client in clients.iter().chain([&new]) {
            scope.spawn(|| {
                let began = Instant::now();
                assert_eq!(list(client).unwrap(), 2);
                let took = began.elapsed();
                assert!((timeout / 4..timeout).contains(&took), "its share is a third of what is left: {took:?}");
                let began = Instant::now();
                assert_eq!(list(client).unwrap(), 2);
                assert!(began.elapsed() < timeout / 4, "it is paid once: {:?}", began.elapsed());
            });
        }
    });
}
