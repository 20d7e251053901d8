//! The login is renewed before it ends.

use std::time::Duration;

use ziti_edge_client::{Error, EventKind, Login};
use ziti_edge_testkit::{Fault, Operation, Version};

use crate::{Scene, kinds, list};

const MINUTE: Duration = Duration::from_secs(60);
const CONTROLLERS: Operation = Operation::Named("listControllers");

#[test]
fn maintenance_logs_in_and_then_has_nothing_to_do() {
    for version in Version::ALL {
        let scene = Scene::new(version);
        let first = scene.client.maintain();
        assert_eq!(kinds(&first), [EventKind::LoginRenewed], "{version:?}");
        assert_eq!(scene.told(), [EventKind::LoginRenewed]);
        assert!(first.next >= 18 * MINUTE && first.next <= 24 * MINUTE, "{first:?}");
        scene.controller.clear_requests();
        assert!(scene.client.maintain().events.is_empty());
        assert_eq!(scene.controller.requests().len(), 0, "nothing is due yet");
    }
}

#[test]
fn a_login_near_its_end_is_renewed_or_used_where_that_moves_its_end() {
    for version in Version::ALL {
        let scene = Scene::new(version);
        scene.client.maintain();
        scene.clock.advance(25 * MINUTE);
        scene.controller.advance(25 * MINUTE);
        let second = scene.client.maintain();
        let renewed = if version == Version::V2_0 { vec![EventKind::LoginRenewed] } else { vec![] };
        assert_eq!(kinds(&second), renewed, "{version:?}");
        scene.controller.advance(20 * MINUTE);
        scene.controller.clear_requests();
        assert_eq!(list(&scene.client).unwrap(), 2);
        assert_eq!(scene.controller.count(Operation::Authenticate), 0, "{version:?}: it is good");
    }
}

#[test]
fn a_login_that_has_ended_is_renewed() {
    let scene = Scene::new(Version::V2_0);
    scene.client.maintain();
    scene.controller.expire_sessions();
    scene.clock.advance(40 * MINUTE);
    assert_eq!(kinds(&scene.client.maintain()), [EventKind::LoginRenewed]);
}

#[test]
fn a_login_that_fails_is_tried_again_soon_and_holds_up_nothing() {
    let scene = Scene::new(Version::V2_0);
    scene.controller.fault(Operation::Authenticate, Fault::Status(503));
    let failed = scene.client.maintain();
    assert_eq!(failed.events[0].kind, EventKind::LoginFailed, "{failed:?}");
    assert!(failed.events[0].error.is_some());
    assert!(failed.events[0].message.starts_with("the login could not be renewed: "), "{failed:?}");
    assert!(failed.next <= Duration::from_secs(30), "{failed:?}");
    assert_eq!(failed.events.len(), 1, "what needs a login waits with it, and what needs none goes on: {failed:?}");
    scene.clock.advance(Duration::from_secs(31));
    assert_eq!(kinds(&scene.client.maintain()), [EventKind::LoginFailed], "and again");
    assert_eq!(scene.controller.count(CONTROLLERS), 0);
    scene.controller.clear_faults();
    scene.clock.advance(Duration::from_secs(61));
    assert_eq!(kinds(&scene.client.maintain()), [EventKind::LoginRenewed]);
    assert_eq!(scene.controller.count(CONTROLLERS), 1, "what waited is done at once");
}

#[test]
fn what_waited_for_a_login_is_done_once_a_call_has_made_one() {
    let scene = Scene::new(Version::V1_6);
    scene.controller.fault(Operation::Authenticate, Fault::Status(503));
    for pause in [31, 61, 121, 241] {
        scene.client.maintain();
        scene.clock.advance(Duration::from_secs(pause));
    }
    let failed = scene.client.maintain();
    assert!(kinds(&failed) == [EventKind::LoginFailed] && failed.next > 4 * MINUTE, "{failed:?}");
    assert!(kinds(&scene.client.maintain()).is_empty(), "it is not due");
    assert_eq!(scene.controller.count(CONTROLLERS), 0);
    scene.controller.clear_faults();
    scene.client.authenticate().unwrap();
    assert!(kinds(&scene.client.maintain()).is_empty());
    assert_eq!(scene.controller.count(CONTROLLERS), 1);
}

#[test]
fn a_login_that_waits_is_one_event_and_what_needs_it_waits_quietly() {
    for version in Version::ALL {
        let scene = Scene::new(version);
        scene.controller.require_mfa(&scene.id(), true);
        assert_eq!(kinds(&scene.client.maintain()), [EventKind::LoginNeedsFactor], "{version:?}");
        for _ in 0..70 {
            scene.clock.advance(MINUTE);
            let quiet = scene.client.maintain();
            assert!(quiet.events.is_empty() && quiet.next <= MINUTE, "{version:?}: {quiet:?}");
        }
        assert_eq!(scene.controller.count(CONTROLLERS), 0, "{version:?}");
        scene.controller.require_mfa(&scene.id(), false);
        scene.clock.advance(MINUTE);
        scene.client.maintain();
        assert!(scene.client.maintain().events.is_empty());
        assert_eq!(scene.controller.count(CONTROLLERS), 1, "{version:?}: what waited is done");
    }
}

/// The client knows of it by its calls, and nothing was due.
#[test]
fn a_login_that_a_call_found_waiting_is_looked_at_by_the_next_maintenance() {
    for version in Version::ALL {
        let scene = Scene::new(version);
        assert!(scene.client.maintain().next > 10 * MINUTE);
        scene.controller.require_mfa(&scene.id(), true);
        scene.controller.expire_sessions();
        assert!(matches!(list(&scene.client), Err(Error::LoginPending { .. })));
        let told = scene.client.maintain();
        assert!(kinds(&told) == [EventKind::LoginNeedsFactor] && told.next <= MINUTE, "{version:?}: {told:?}");
        assert!(scene.client.maintain().events.is_empty(), "{version:?}: it is told once");
        scene.controller.require_mfa(&scene.id(), false);
        scene.clock.advance(MINUTE);
        assert!(scene.client.maintain().events.is_empty());
        assert_eq!(list(&scene.client).unwrap(), 2, "{version:?}");
    }
}

/// It was complete when it was made, and maintenance is the first to be refused.
#[test]
fn a_factor_that_is_wanted_of_a_login_there_is_is_told_once_and_not_as_a_failure() {
    for version in Version::ALL {
        let scene = Scene::new(version);
        scene.client.maintain();
        scene.controller.require_mfa(&scene.id(), true);
        let mut told = Vec::new();
        for _ in 0..14 {
            scene.clock.advance(10 * MINUTE);
            scene.controller.advance(10 * MINUTE);
            told.extend(kinds(&scene.client.maintain()));
        }
        told.retain(|kind| *kind != EventKind::LoginRenewed);
        assert_eq!(told, [EventKind::LoginNeedsFactor], "{version:?}");
    }
}

#[test]
fn a_login_with_a_second_factor_is_left_to_its_user() {
    let scene = Scene::new(Version::V2_0);
    scene.controller.enroll_mfa(&scene.id());
    let login = scene.client.authenticate().unwrap();
    assert_eq!(login.session().auth_queries.len(), 1);
    let code = scene.controller.totp_code(&scene.id()).unwrap();
    scene.client.authenticate_mfa(&ziti_edge_client::Secret::new(code)).unwrap();
    scene.client.maintain();
    scene.clock.advance(25 * MINUTE);
    scene.controller.clear_requests();
    assert_eq!(kinds(&scene.client.maintain()), [EventKind::LoginNeedsFactor]);
    for _ in 0..3 {
        scene.clock.advance(MINUTE);
        assert_eq!(kinds(&scene.client.maintain()), [], "it is told once");
    }
    assert_eq!(scene.controller.count(Operation::Authenticate), 0);
    assert_eq!(list(&scene.client).unwrap(), 2, "the login goes on");
}

#[test]
fn maintenance_notices_that_a_login_waits_no_more() {
    for ended in [false, true] {
        let scene = Scene::new(Version::V2_0);
        scene.controller.require_mfa(&scene.id(), true);
        assert!(matches!(scene.client.authenticate(), Ok(Login::Pending(_))));
        scene.controller.require_mfa(&scene.id(), false);
        if ended {
            scene.controller.expire_sessions();
        }
        assert!(matches!(list(&scene.client), Err(Error::LoginPending { .. })), "nobody told the client: {ended}");
        let looked = scene.client.maintain();
        assert!(looked.next <= MINUTE && looked.events.is_empty(), "{looked:?}");
        assert_eq!(list(&scene.client).unwrap(), 2, "{ended}");
    }
}

#[test]
fn a_renewal_keeps_a_login_that_has_had_its_second_factor() {
    let scene = Scene::new(Version::V2_0);
    scene.controller.enroll_mfa(&scene.id());
    scene.client.authenticate().unwrap();
    let code = scene.controller.totp_code(&scene.id()).unwrap();
    scene.client.authenticate_mfa(&ziti_edge_client::Secret::new(code)).unwrap();
    scene.client.renew().unwrap();
    assert_eq!(list(&scene.client).unwrap(), 2);
}

#[test]
fn maintenance_has_the_time_of_one_call() {
    let scene = Scene::new(Version::V2_0);
    scene.controller.fault(Operation::Any, Fault::StallBeforeAnswer);
    let began = std::time::Instant::now();
    let maintenance = scene.client.with_timeout(Duration::from_millis(300)).maintain();
    assert!(began.elapsed() < Duration::from_secs(2));
    assert_eq!(kinds(&maintenance), [EventKind::LoginFailed, EventKind::CaFailed], "{maintenance:?}");
}
