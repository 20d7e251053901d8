//! All nodes are gone, and come back.

use std::thread;
use std::time::{Duration, Instant};

use ziti_edge_client::{Client, Error};

use super::logins::Clock;
use super::member::{ENOUGH, FLOWS, list};
use super::{Cluster, Story};

pub(super) const ALL: &[(&str, Story)] =
    &[("a_dead_cluster_is_left_in_peace_and_found_again", a_dead_cluster_is_left_in_peace_and_found_again)];

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

fn a_dead_cluster_is_left_in_peace_and_found_again(cluster: &mut Cluster) {
    let [leader, follower, other] = cluster.roles();
    let member = cluster.member(leader);
    let clients = FLOWS.map(|flow| {
        let clock = Clock::default();
        let time = clock.clone();
        let builder = cluster.builder(&member, &[leader, follower, other]).login_flow(flow);
        let client = builder.clock(move || time.now()).build().unwrap();
        assert_eq!(list(&client).unwrap(), 2);
        (client, clock)
    });
    (0..super::NODES).for_each(|node| cluster.kill(node));

    for (client, clock) in &clients {
        let hasty = client.with_timeout(SECOND / 5);
        call_each_second(&hasty, clock, 3 * MINUTE);
        let before = client.status().counters.connections;
        call_each_second(&hasty, clock, 10 * MINUTE);
        let made = client.status().counters.connections - before;
        // An attempt asks the node of the session, and then all of them for a login.
        assert!((10..=11 * 4).contains(&made), "{made} connections in ten minutes");
    }

    cluster.revive();
    for (client, clock) in &clients {
        let began = Instant::now();
        while list(client).is_err() {
            assert!(began.elapsed() < 2 * ENOUGH, "{:?}", client.status());
            clock.advance(MINUTE);
            thread::sleep(SECOND / 10);
        }
        // A node that begins again reads what it knew, a while longer than it takes to serve.
        let mut seen = (0..ENOUGH.as_secs() * 10).map(|_| {
            thread::sleep(SECOND / 10);
            list(client).unwrap()
        });
        assert!(seen.any(|seen| seen == 2));
        let counters = client.status().counters;
        assert!(counters.logins <= 2, "{counters:?}");
    }
}

/// A program that calls each second.
fn call_each_second(client: &Client, clock: &Clock, time: Duration) {
    for _ in 0..time.as_secs() {
        clock.advance(SECOND);
        let problem = list(client).unwrap_err();
        assert!(matches!(problem, Error::Transport { .. } | Error::Timeout { .. }), "{problem:?}");
    }
}
