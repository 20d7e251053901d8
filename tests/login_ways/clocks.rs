//! A clock that somebody sets ends no token.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use ziti_edge_client::{Client, Credentials, Error, JwtSource};
use ziti_edge_testkit::Version;

use crate::{Network, alice, build, list};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// The wall clock of a client's machine, which is set while its other clock goes on.
#[derive(Clone)]
struct Wall(Arc<Mutex<SystemTime>>);

impl Wall {
    fn right() -> Self {
        Self(Arc::new(Mutex::new(SystemTime::now())))
    }

    fn set(&self, change: impl FnOnce(SystemTime) -> SystemTime) {
        let mut wall = self.0.lock().expect("no holder panics");
        *wall = change(*wall);
    }

    fn client(&self, network: &Network, second: bool) -> Client {
        let own = self.0.clone();
        let clock = move || (Instant::now(), *own.lock().expect("no holder panics"));
        let builder = match second {
            true => {
                Client::builder(&network.identity).second_factor_jwt(JwtSource::token(network.second_token(&alice())))
            }
            false => Client::builder(&network.nobody())
                .credentials(Credentials::external_jwt(JwtSource::token(network.token(&alice())))),
        };
        build(builder.clock(clock))
    }
}

#[test]
fn a_token_is_shown_on_whichever_day_the_local_clock_is_set_to() {
    for version in Version::ALL {
        for second in [false, true] {
            let network = if second { Network::with_second_jwt(version) } else { Network::new(version) };
            let wall = Wall::right();
            let client = wall.client(&network, second);
            assert_eq!(list(&client).unwrap(), 1);
            for (days, set) in [(1, (|wall| wall + DAY) as fn(SystemTime) -> SystemTime), (-1, |wall| wall - 2 * DAY)] {
                wall.set(set);
                let off = client.status().clock_ahead_seconds.unwrap() + days * 24 * 3600;
                assert!(off.abs() <= 2, "{version:?} {days}: the local clock is that far ahead, but for {off} s");
                network.controller.expire_sessions();
                assert_eq!(list(&client).unwrap(), 1, "{version:?} {days}");
            }
        }
    }
}

/// By the controller's clock it is over, whatever the local one is set to.
#[test]
fn a_token_that_is_over_is_not_shown_on_any_day() {
    let network = Network::new(Version::V2_0);
    let wall = Wall::right();
    let client = wall.client(&network, false);
    assert_eq!(list(&client).unwrap(), 1);
    network.controller.advance(30 * DAY);
    network.controller.expire_sessions();
    wall.set(|wall| wall - DAY);
    let outcome = list(&client);
    assert!(matches!(&outcome, Err(Error::Identity(why)) if why.contains("expired at")), "{outcome:?}");
}
