//! Maintenance over months, and on several threads.

use std::collections::HashMap;
use std::thread;
use std::time::{Duration, SystemTime};

use ziti_edge_client::{Client, EventKind};
use ziti_edge_testkit::{Fault, Operation, TestController, Version};

use crate::support::{self, start};
use crate::{DAY, EXTEND, Scene, VERIFY, kinds, list};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

/// How long the certificate in use is still valid, by the scene's clock.
fn left(scene: &Scene) -> Duration {
    let until = scene.client.identity().describe().certificate.unwrap().not_after;
    until.duration_since(scene.clock.now().1).unwrap_or_default()
}

/// Lets this time pass, with maintenance whenever it wants to be called; the events by their kinds, and the calls.
fn live(scene: &Scene, time: Duration, each: impl Fn(Duration)) -> (HashMap<EventKind, usize>, usize) {
    let (mut events, mut calls, mut passed) = (HashMap::new(), 0, Duration::ZERO);
    while passed < time {
        let maintenance = scene.client.maintain();
        calls += 1;
        assert!(maintenance.next >= SECOND && maintenance.next <= HOUR, "{maintenance:?}");
        kinds(&maintenance).into_iter().for_each(|kind| *events.entry(kind).or_default() += 1);
        each(maintenance.next);
        scene.clock.advance(maintenance.next);
        scene.controller.advance(maintenance.next);
        passed += maintenance.next;
    }
    (events, calls)
}

fn scene(life: Duration, session: Duration) -> Scene {
    let builder = TestController::builder().version(Version::V2_0).services(2).session_timeout(session);
    Scene::with(start(builder.certificate_lifetime(life)), |builder| builder)
}

#[test]
fn in_ninety_days_everything_is_renewed_in_time_and_nobody_is_asked_too_often() {
    let life = 20 * DAY;
    let scene = scene(life, 10 * HOUR);
    let (events, calls) = live(&scene, 90 * DAY, |_| assert!(left(&scene) >= life / 3 - HOUR, "{:?}", left(&scene)));

    // Each certificate is in use for two thirds of its life, and each login for 60 to 80 % of its ten hours.
    assert_eq!(count(&events, EventKind::CertificateRenewed), 6);
    assert!((270..=360).contains(&count(&events, EventKind::LoginRenewed)), "{events:?}");
    assert_eq!(events.len(), 2, "and nothing else happened: {events:?}");
    assert_eq!((scene.controller.count(EXTEND), scene.controller.count(VERIFY)), (6, 6));
    let bundles = scene.controller.count(Operation::CaCerts);
    assert!(bundles.abs_diff(90 * 4) <= 1, "{bundles}");
    let hours = 90 * 24;
    assert!(calls <= 2 * hours, "{calls}");
    assert!(scene.controller.requests().len() <= 3 * hours, "{}", scene.controller.requests().len());
    assert_eq!(scene.files(), ["alice.json"]);
    assert_eq!(list(&scene.client).unwrap(), 2);
}

fn count(events: &HashMap<EventKind, usize>, kind: EventKind) -> usize {
    events.get(&kind).copied().unwrap_or_default()
}

#[test]
fn a_certificate_that_lives_shorter_than_the_usual_pause_is_renewed_in_time_too() {
    let life = Duration::from_secs(30 * 60);
    let scene = scene(life, 10 * HOUR);
    let (events, calls) = live(&scene, 10 * HOUR, |next| {
        assert!(left(&scene) > next, "it ends before maintenance is called again");
    });
    let renewed = count(&events, EventKind::CertificateRenewed);
    assert!((28..=32).contains(&renewed) && calls < 80, "{events:?}, {calls} calls");
}

#[test]
fn a_controller_that_always_fails_is_asked_once_an_hour_in_the_end() {
    let scene = scene(20 * DAY, 10 * HOUR);
    scene.client.maintain();
    scene.controller.fault(Operation::Any, Fault::Status(503));
    let before = scene.controller.requests().len();
    let (_, calls) = live(&scene, 5 * DAY, |_| ());
    // Four parts, of which each has ten tries on its way to one in an hour.
    assert!(calls <= 4 * (10 + 5 * 24), "{calls}");
    let asked = scene.controller.requests().len() - before;
    assert!(asked <= 4 * calls, "{asked} requests of {calls} calls");
    scene.controller.clear_faults();
    scene.clock.advance(HOUR);
    scene.client.maintain();
    assert_eq!(list(&scene.client).unwrap(), 2);
}

#[test]
fn a_login_without_end_and_one_that_ends_at_once_make_no_busy_loop() {
    for seconds in [u64::MAX, 0, 1] {
        let scene = Scene::new(Version::V2_0);
        let session = serde_json::json!({ "id": "s", "token": "t", "expirationSeconds": seconds });
        let body = serde_json::json!({ "data": session }).to_string();
        scene.controller.fault(Operation::Authenticate, support::answer(200, body));
        let maintenance = scene.client.maintain();
        let least = if seconds == u64::MAX { 20 * SECOND } else { SECOND };
        assert!(maintenance.next >= least, "{seconds}: {maintenance:?}");
    }
}

/// What all clones of a client were told when as many threads did the same at once.
fn at_once<T: Send>(client: &Client, run: impl Fn(&Client) -> T + Sync) -> Vec<T> {
    thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| run(&client.clone()))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn threads_that_maintain_at_once_do_each_thing_once_and_tell_it_once() {
    let scene = Scene::new(Version::V2_0);
    let returned: Vec<_> = at_once(&scene.client, |client| kinds(&client.maintain())).concat();
    assert_eq!((returned, scene.told()), (vec![EventKind::LoginRenewed], vec![EventKind::LoginRenewed]));
    assert_eq!(scene.controller.count(Operation::Authenticate), 1);
    scene.clock.advance(340 * DAY);
    let mut returned: Vec<_> = at_once(&scene.client, |client| kinds(&client.maintain())).concat();
    returned.retain(|kind| *kind != EventKind::LoginRenewed);
    assert_eq!(returned, [EventKind::CertificateRenewed]);
    assert_eq!(scene.told().iter().filter(|kind| **kind == EventKind::CertificateRenewed).count(), 1);
    assert_eq!(scene.controller.count(VERIFY), 1);
}

#[test]
fn threads_that_renew_what_is_due_do_so_once() {
    let scene = Scene::new(Version::V2_0);
    scene.clock.advance(340 * DAY);
    let returned = at_once(&scene.client, |client| client.renew_if_due().unwrap());
    assert_eq!(returned.iter().flatten().count(), 1);
    assert_eq!((scene.controller.count(VERIFY), scene.told()), (1, vec![EventKind::CertificateRenewed]));

    scene.controller.fault_times(VERIFY, Fault::Reset, 1);
    scene.client.renew().unwrap_err();
    let finished = at_once(&scene.client, |client| client.renew_if_due().unwrap());
    assert_eq!(finished.iter().flatten().count(), 1, "nor is what broke off finished twice");
    assert_eq!(scene.controller.count(EXTEND), 2);
}

#[test]
fn who_waits_for_another_thread_does_so_for_its_own_time() {
    let scene = Scene::new(Version::V2_0);
    scene.controller.fault(Operation::Any, Fault::StallBeforeAnswer);
    thread::scope(|scope| {
        let slow = scope.spawn(|| scene.client.with_timeout(2 * SECOND).maintain());
        thread::sleep(Duration::from_millis(200));
        let began = std::time::Instant::now();
        let waited = scene.client.with_timeout(Duration::from_millis(100)).maintain();
        assert!(began.elapsed() < SECOND && waited.events.is_empty() && waited.next == SECOND, "{waited:?}");
        assert_eq!(slow.join().unwrap().events.len(), 2, "of the login and of the CA bundle");
    });
}

#[test]
fn a_clock_that_is_three_days_off_neither_renews_nor_stops_a_renewal() {
    for ahead in [true, false] {
        let wall = move |now: SystemTime| if ahead { now + 3 * DAY } else { now - 3 * DAY };
        let scene = Scene::with(support::controller(Version::V2_0, 2), |builder| {
            builder.clock(move || (std::time::Instant::now(), wall(SystemTime::now())))
        });
        assert_eq!(kinds(&scene.client.maintain()), [EventKind::LoginRenewed]);
        assert!(scene.client.renew_if_due().unwrap().is_none());
        scene.client.renew().unwrap();
        assert!(scene.client.renew_if_due().unwrap().is_none());
        assert_eq!(list(&scene.another()).unwrap(), 2);
    }
}
