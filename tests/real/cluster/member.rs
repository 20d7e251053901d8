//! An identity of the cluster, and clients of it that know the nodes in an order of the test's choice.

use std::thread;
use std::time::{Duration, Instant};

use ziti_edge_client::api::services::ServiceQuery;
use ziti_edge_client::{Client, ClientBuilder, Error, LoginFlow};

use super::Cluster;
use crate::network::{self, Network};
use crate::quickstart::PAUSE;

/// More than any call needs, on a machine that runs other tests too.
pub(super) const ENOUGH: Duration = Duration::from_secs(40);
/// The kinds of login.
pub(super) const FLOWS: [LoginFlow; 2] = [LoginFlow::Legacy, LoginFlow::Oidc];

/// An identity that has enrolled and may see two services.
pub(super) struct Member {
    pub(super) enrolled: network::Member,
}

impl Cluster {
    /// Has an identity made at a node, which also enrolls it, and waits until all nodes know what it may see.
    pub(super) fn member(&self, node: usize) -> Member {
        let network = Network::of_node(self.admin(node));
        let member = Member { enrolled: network.enroll() };
        network.offer_plain(&member.enrolled, 2);
        for node in 0..super::NODES {
            let client = self.builder(&member, &[node]).login_flow(LoginFlow::Legacy).build().expect("it is whole");
            let begun = Instant::now();
            while list(&client).expect("a node of a whole cluster serves") < 2 {
                assert!(begun.elapsed() < ENOUGH, "node {node} does not learn of the services");
                thread::sleep(PAUSE);
            }
        }
        member
    }

    /// A client that asks these nodes in this order.
    pub(super) fn builder(&self, member: &Member, nodes: &[usize]) -> ClientBuilder {
        let urls: Vec<String> = nodes.iter().map(|node| self.url(*node)).collect();
        let identity =
            member.enrolled.identity.with_controllers(&urls).expect("addresses of the cluster are good ones");
        Client::builder(&identity).timeout(ENOUGH).chance(|| 0.0)
    }
}

/// How many services the client sees.
pub(super) fn list(client: &Client) -> Result<usize, Error> {
    client.services().list(&ServiceQuery::new()).map(|services| services.len())
}
