//! The login is renewed before it ends.

use std::time::Duration;

use ziti_edge_client::{Error, EventKind, Login};
use ziti_edge_testkit::{Fault, Operation, Version};

use crate::{Scene, kinds, list};

const MINUTE: Duration = Duration::from_secs(60);

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
    assert!(!kinds(&failed).contains(&EventKind::CaFailed), "what needs no login goes on: {failed:?}");
    scene.controller.clear_faults();
    scene.clock.advance(Duration::from_secs(31));
    assert_eq!(kinds(&scene.client.maintain()), [EventKind::LoginRenewed]);
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
    assert_eq!(maintenance.events.len(), 4, "each part says so: {maintenance:?}");
}
