//! One login for all that a client does: its maintenance, a diagnosis, other settings, and what it tells of itself.

use std::time::Duration;

use ziti_edge_client::{EventKind, JwtSource, Login, LoginState, StepKind, StepOutcome};
use ziti_edge_testkit::{Fault, ListedController, TestController, Version};

use crate::support::start;
use crate::{AUTHORIZE, LOGIN, Network, TOKEN, Time, Way, build, list};

const DUE: Duration = Duration::from_secs(25 * 60);

/// The network has one more controller by now.
fn grow(network: &Network) -> TestController {
    let other = start(TestController::builder().services(1).same_network_as(&network.controller));
    let nodes = [("one", &network.controller), ("two", &other)];
    network.controller.set_controllers(nodes.map(|(name, node)| ListedController::of(name, node)));
    other
}

#[test]
fn what_maintenance_renews_is_the_login_of_all() {
    for trust in [false, true] {
        let network = Network::new(Version::V2_0);
        network.controller.enroll_mfa(&network.id);
        let client = build(network.builder(Way::Password).trust_system_roots(trust));
        client.authenticate_mfa(&network.code()).unwrap();
        let _other = grow(&network);
        network.controller.expire_access_tokens();
        let events = client.maintain().events;
        assert!(events.iter().any(|event| event.kind == EventKind::ControllersChanged), "{events:?}");
        assert_eq!(list(&client).unwrap(), 1, "{trust}: no code is wanted");
        assert_eq!((network.had(), network.count(LOGIN)), ((1, 1), 1), "{trust}: the password is sent once");
    }
}

#[test]
fn what_a_call_under_way_renews_is_used_after_the_second_factor_changed() {
    let network = Network::with_second_jwt(Version::V2_0);
    let time = Time::new();
    let second = || JwtSource::token(network.second_jwt());
    let client = build(time.of(network.builder(Way::Password).second_factor_jwt(second())));
    assert_eq!(list(&client).unwrap(), 1);
    time.pass(&network.controller, DUE);
    network.controller.fault(TOKEN, Fault::StallBeforeAnswer);
    std::thread::scope(|scope| {
        let call = scope.spawn(|| list(&client));
        while network.count(TOKEN) < 2 {
            std::thread::yield_now();
        }
        client.set_second_factor_jwt(&second()).unwrap();
        network.controller.clear_faults();
        assert_eq!(call.join().unwrap().unwrap(), 1);
    });
    // The answer to the refresh was lost, so the call logged in anew; the next one goes on with that.
    assert_eq!((list(&client).unwrap(), network.had()), (1, (2, 0)));
}

#[test]
fn maintenance_tells_of_no_renewal_that_failed() {
    let network = Network::new(Version::V2_0);
    let time = Time::new();
    let client = build(time.of(network.builder(Way::Certificate)));
    client.maintain();
    for (fault, told) in [(Some(Fault::Status(500)), 0), (None, 1)] {
        time.pass(&network.controller, DUE);
        match fault {
            Some(fault) => network.controller.fault(TOKEN, fault),
            None => network.controller.clear_faults(),
        }
        let events = client.maintain().events;
        let renewed = events.iter().filter(|event| event.kind == EventKind::LoginRenewed).count();
        assert_eq!((renewed, network.had().1), (told, told), "{events:?}");
    }
}

#[test]
fn the_end_of_a_login_is_that_of_its_newest_tokens() {
    let network = Network::new(Version::V2_0);
    let time = Time::new();
    let client = build(time.of(network.builder(Way::Certificate)));
    for _ in 0..3 {
        assert_eq!(list(&client).unwrap(), 1);
        let left = client.status().login.expires_in.unwrap();
        assert!(left > Duration::from_secs(29 * 60), "{left:?}");
        time.pass(&network.controller, DUE);
        assert_eq!(client.status().login.expires_in, Some(left - DUE));
    }
    time.pass(&network.controller, DUE);
    assert_eq!(client.status().login.expires_in, Some(Duration::ZERO));
}

#[test]
fn a_login_that_waits_is_told_and_left_alone_by_a_diagnosis() {
    let network = Network::new(Version::V2_0);
    network.controller.enroll_mfa(&network.id);
    let client = build(network.builder(Way::Password));
    assert!(matches!(client.authenticate().unwrap(), Login::Pending(_)));
    let status = client.status().login;
    assert_eq!(status.state, LoginState::Pending);
    assert!(status.expires_in.unwrap() <= Duration::from_secs(10 * 60), "{status:?}");
    let diagnosis = client.diagnose();
    let login = diagnosis.steps().find(|step| step.kind == StepKind::Login).unwrap();
    assert!(login.outcome == StepOutcome::Failed && login.detail.contains("TOTP"), "{login:?}");
    assert!(matches!(client.authenticate_mfa(&network.code()).unwrap(), Login::Complete(_)));
    assert_eq!((network.count(AUTHORIZE), network.had()), (1, (1, 0)));
}
