//! Several processes that took up the same text: each goes on, at the price of a login each at most.

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use ziti_edge_client::{Client, LoginFlow};
use ziti_edge_testkit::{TestController, Version};

use crate::alice::{Network, Time, list};
use crate::{DUE, FLOWS, build};

const PROCESSES: usize = 4;

/// Has all of them call at once, twice.
fn all_list(clients: &[Client], what: &str) {
    let together = Barrier::new(clients.len());
    thread::scope(|scope| {
        for client in clients {
            scope.spawn(|| {
                together.wait();
                for _ in 0..2 {
                    assert_eq!(list(client).unwrap_or_else(|error| panic!("{what}: {error}")), 1);
                }
            });
        }
    });
}

#[test]
fn each_goes_on_whether_or_not_a_refresh_token_is_taken_twice() {
    for version in Version::ALL {
        for delay in [Duration::ZERO, Duration::from_secs(75)] {
            let builder = TestController::builder().version(version).services(1).revocation_delay(delay);
            let network = Network::at(builder.start().expect("a free port"), |_| {});
            let text = network.saved(LoginFlow::Oidc);
            let time = Time::new();
            let resumed = || {
                let client = build(time.of(network.builder(LoginFlow::Oidc)));
                client.resume_session(&text).unwrap();
                client
            };
            let clients: Vec<Client> = (0..PROCESSES).map(|_| resumed()).collect();
            let what = format!("{version:?} {delay:?}");
            all_list(&clients, &what);
            assert_eq!(network.had(), (1, 0), "{what}: an access token is for all of them");
            for _ in 0..3 {
                time.pass(&network.controller, DUE);
                all_list(&clients, &what);
                // Those that were late find the tokens gone, and from then on have a login of their own.
                assert!(network.had().0 <= PROCESSES, "{what}: {:?}", network.had());
            }
            let logins = network.had().0;
            for _ in 0..3 {
                time.pass(&network.controller, DUE);
                all_list(&clients, &what);
            }
            assert_eq!(network.had().0, logins, "{what}: nobody disturbs the others any more");
        }
    }
}

#[test]
fn the_end_of_a_shared_session_costs_each_one_login() {
    for version in Version::ALL {
        for flow in FLOWS {
            let network = Network::new(version);
            let text = network.saved(flow);
            let clients: Vec<Client> = (0..PROCESSES)
                .map(|_| {
                    let client = network.client(flow);
                    client.resume_session(&text).unwrap();
                    client
                })
                .collect();
            clients[0].logout().unwrap();
            network.controller.expire_access_tokens();
            let what = format!("{version:?} {flow:?}");
            all_list(&clients, &what);
            all_list(&clients, &what);
            assert!(network.had().0 <= 1 + PROCESSES, "{what}: {:?}", network.had());
        }
    }
}
