//! What needs a leader, while there is none.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use ziti_edge_client::{Client, EnrollOptions, Enrollment, EnrollmentProblem, Error, Identity, Store};

use super::member::{ENOUGH, FLOWS, list};
use super::{Cluster, Story};
use crate::network::{Invitation, Network};

pub(super) const ALL: &[(&str, Story)] = &[
    ("an_enrollment_outlasts_the_death_of_the_leader", an_enrollment_outlasts_the_death_of_the_leader),
    ("without_a_majority_there_are_reads_and_no_writes", without_a_majority_there_are_reads_and_no_writes),
];

fn enroll(network: &Network, invitation: &Invitation, timeout: Duration) -> Result<Identity, Error> {
    Enrollment::parse(&invitation.jwt)?.enroll(&options(network, invitation, timeout))
}

fn options(network: &Network, invitation: &Invitation, timeout: Duration) -> EnrollOptions {
    network.enroll_options().timeout(timeout).store(Store::file(invitation.file("identity.json")))
}

/// How many certificates the network has made for it.
fn certificates(network: &Network, id: &str) -> usize {
    let filter = format!("authenticators?filter=identity%3D%22{id}%22");
    let found = network.admin.find(&filter).expect("the collection is always there");
    found.as_array().expect("a list").len()
}

/// The node that the token names has lost its leader: it says so, and is asked until there is another one.
fn an_enrollment_outlasts_the_death_of_the_leader(cluster: &mut Cluster) {
    let [leader, follower, other] = cluster.roles();
    let network = Network::of_node(cluster.admin(follower));
    let (first, second) = (network.invite(&json!({})), network.invite(&json!({})));
    cluster.kill(leader);

    let began = Instant::now();
    let hasty = enroll(&network, &first, Duration::from_secs(1));
    let took = began.elapsed();
    assert!(took < Duration::from_millis(1100), "{took:?}");
    match hasty {
        Ok(_) => {}
        // A node that waits for its leader answers no sooner than that is replaced.
        Err(Error::Enrollment { problem: EnrollmentProblem::MaybeSpent, .. }) => {
            let resumed = Enrollment::parse(&first.jwt).unwrap().resume(&options(&network, &first, ENOUGH));
            let was_spent =
                |error: &Error| matches!(error, Error::Enrollment { problem: EnrollmentProblem::TokenNotKnown, .. });
            assert!(resumed.as_ref().map_or_else(was_spent, |_| true), "{resumed:?}");
        }
        Err(problem) => {
            assert!(matches!(problem, Error::Busy(_) | Error::Timeout { .. }), "{problem:?}");
            enroll(&network, &first, ENOUGH).expect("no refusal has spent the token");
        }
    }
    let identity = enroll(&network, &second, ENOUGH).expect("there is a new leader by and by");

    for invitation in [&first, &second] {
        assert_eq!(certificates(&network, &invitation.id), 1, "enrolled once");
    }
    let nodes: Vec<String> = [other, follower].iter().map(|node| cluster.url(*node)).collect();
    let client = Client::new(&identity.with_controllers(&nodes).unwrap()).unwrap();
    client.authenticate().unwrap();
}

fn without_a_majority_there_are_reads_and_no_writes(cluster: &mut Cluster) {
    let [leader, follower, other] = cluster.roles();
    let member = cluster.member(other);
    let network = Network::of_node(cluster.admin(other));
    let invitation = network.invite(&json!({}));
    let nodes = [leader, follower, other];
    let clients = FLOWS.map(|flow| {
        let client = cluster.builder(&member, &nodes).login_flow(flow).build().unwrap();
        assert_eq!(list(&client).unwrap(), 2);
        client
    });
    cluster.kill(leader);
    cluster.kill(follower);

    for client in &clients {
        assert_eq!(list(client).unwrap(), 2, "reads need no leader");
    }
    cluster.wait_until_nobody_leads(other);
    let began = Instant::now();
    let hasty = Duration::from_secs(4);
    thread::scope(|scope| {
        scope.spawn(|| {
            let problem = enroll(&network, &invitation, hasty).unwrap_err();
            assert!(matches!(&problem, Error::Busy(_)), "{problem:?}");
        });
        for client in &clients {
            scope.spawn(|| {
                let problem = client.with_timeout(hasty).mfa().enroll().unwrap_err();
                assert!(matches!(&problem, Error::Busy(_) | Error::Timeout { .. }), "{problem:?}");
            });
        }
    });
    assert!(began.elapsed() < hasty + Duration::from_millis(500), "{:?}", began.elapsed());

    cluster.revive();
    let identity = enroll(&network, &invitation, ENOUGH).expect("no refusal has spent the token");
    assert_eq!(certificates(&network, &invitation.id), 1, "enrolled once");
    Client::new(&identity).unwrap().authenticate().unwrap();
}
