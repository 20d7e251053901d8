//! Every stage may hang; no call takes longer than it was given.
#![cfg(target_os = "linux")]

mod stages;

use std::thread;
use std::time::Duration;

use stages::alone::{notes, run_alone_with_held_names};
use stages::at_once;
use stages::cells::{Cell, Hang, Kind, cells};
use stages::scene::{ENOUGH, SETTLE, Scene};
use stages::stopwatch::Stopwatch;
use ziti_edge_client::api::services::ServiceQuery;
use ziti_edge_client::{
    CancelToken, Client, EnrollOptions, Enrollment, EnrollmentProblem, Error, Identity, Stage, Store,
};
use ziti_edge_testkit::{Fault, Operation, TestController};

const DEADLINE: Duration = Duration::from_millis(600);
const LATE: Duration = Duration::from_millis(250);

/// Makes a call, which ends neither before its deadline nor much later.
fn ends_at<T>(deadline: Duration, what: &str, call: impl FnOnce() -> T) -> T {
    let watch = Stopwatch::start();
    let outcome = call();
    let ended = watch.stop();
    assert!(ended.after(watch.began()) >= deadline, "{what}: ended before its deadline");
    ended.assert_within(deadline + LATE, watch.began(), what);
    outcome
}

/// Plays a cell: the call ends in time and says where it was, nothing was tried twice, and the next call works.
fn ends_in_time(cell: &Cell) {
    let scene = Scene::new(cell, notes());
    let user = scene.user(cell.kind);
    let deadline = cell.deadline();
    let (outcome, is_reached) = thread::scope(|scope| {
        let call = scope.spawn(|| ends_at(deadline, &cell.to_string(), || user.call(deadline, None)));
        let is_reached = scene.is_reached(SETTLE, || call.is_finished());
        (call.join().unwrap(), is_reached)
    });
    let error = outcome.expect_err("the call succeeded");
    assert!(is_reached, "{cell}: the call ended without having hung there: {error:?}");
    if cell.token_may_be_spent() {
        token_may_be_spent(cell, &scene, &error);
        return;
    }
    assert!(
        matches!(&error, Error::Timeout { stage, limit, .. } if *stage == cell.stage && *limit == deadline),
        "{cell}: {error:?}"
    );
    let (file, pending) = scene.new_identity_file();
    assert!(!file.exists() && !pending.exists(), "{cell}: something was left behind");
    scene.clear();
    user.call(ENOUGH, None).unwrap_or_else(|error| panic!("{cell}, afterwards: {error:?}"));
}

/// After a token was sent: told so, with the stage; the key is kept, and nothing is tried again.
fn token_may_be_spent(cell: &Cell, scene: &Scene, error: &Error) {
    let told = format!("(stage {}, 0.6 s)", cell.stage);
    assert!(
        matches!(error, Error::Enrollment { problem: EnrollmentProblem::MaybeSpent, message, .. }
            if message.contains(&told)),
        "{cell}: {error:?}"
    );
    let (file, pending) = scene.new_identity_file();
    assert!(!file.exists() && pending.exists(), "{cell}: the key was not kept");
    assert_eq!(scene.controller.count(Operation::Enroll), 1, "{cell}: sent again");
}

fn all_end_in_time(stage: Stage) {
    at_once(&cells(stage), ends_in_time);
}

#[test]
fn in_resolve() {
    if !run_alone_with_held_names("in_resolve") {
        all_end_in_time(Stage::Resolve);
    }
}

#[test]
fn in_connect() {
    all_end_in_time(Stage::Connect);
}

#[test]
fn in_proxy() {
    all_end_in_time(Stage::Proxy);
}

#[test]
fn in_tls() {
    all_end_in_time(Stage::Tls);
}

#[test]
fn in_send() {
    all_end_in_time(Stage::Send);
}

#[test]
fn in_wait() {
    all_end_in_time(Stage::Wait);
}

#[test]
fn in_body() {
    all_end_in_time(Stage::Body);
}

/// Why there are no more cells for `send`: a request that the controller does not read is sent all the same if it fits
/// into the buffers, and larger ones than these cannot be made.
#[test]
fn what_fits_into_the_socket_is_sent_at_once() {
    let cells = Kind::ALL.map(|kind| {
        let operation = match kind {
            Kind::Enroll => Operation::Enroll,
            Kind::Login | Kind::List => Operation::Any,
        };
        Cell { kind, stage: Stage::Wait, hang: Hang::Fault(operation, Fault::StallReading) }
    });
    at_once(&cells, ends_in_time);
}

/// A controller with so many services, and a client that is logged in there.
fn logged_in(services: usize) -> (TestController, Client) {
    let controller = TestController::builder().oidc(false).services(services).start().unwrap();
    let identity = Identity::from_json(&controller.enrolled_identity_json("somebody")).unwrap();
    let client = Client::builder(&identity).timeout(ENOUGH).build().unwrap();
    client.authenticate().unwrap();
    (controller, client)
}

fn list(client: &Client) -> Result<usize, Error> {
    client.services().list(&ServiceQuery::new()).map(|services| services.len())
}

/// Lists with a deadline; the call ends in time and in one of these stages.
fn lists_in_time(client: &Client, deadline: Duration, stages: &[Stage]) {
    let error = ends_at(deadline, "list", || list(&client.with_timeout(deadline))).unwrap_err();
    assert!(
        matches!(&error, Error::Timeout { stage, limit, .. } if stages.contains(stage) && *limit == deadline),
        "{error:?}"
    );
}

/// Enough for some pages of 500 services, which take their time without optimization.
const FOR_PAGES: Duration = Duration::from_millis(2500);

#[test]
fn the_third_page_of_a_list_has_what_the_first_two_left() {
    let (controller, client) = logged_in(1500);
    controller.fault_times(Operation::Services, Fault::Late(DEADLINE / 6), 2);
    controller.fault_times(Operation::Services, Fault::StallInBody, 1);
    lists_in_time(&client, FOR_PAGES, &[Stage::Body]);
    assert_eq!((controller.count(Operation::Services), controller.faults_played()), (3, 3));
    assert_eq!(list(&client).unwrap(), 1500);
}

#[test]
fn pages_that_are_all_late_share_one_deadline() {
    let (controller, client) = logged_in(5000);
    controller.fault(Operation::Services, Fault::Late(FOR_PAGES / 4));
    lists_in_time(&client, FOR_PAGES, &[Stage::Wait, Stage::Body]);
    let pages = controller.count(Operation::Services);
    assert!((2..=4).contains(&pages), "{pages} pages were asked for");
}

#[test]
fn a_list_that_has_to_log_in_again_has_one_deadline() {
    let (controller, client) = logged_in(3);
    controller.expire_sessions();
    controller.fault_times(Operation::Services, Fault::Late(DEADLINE / 3), 1);
    controller.fault_times(Operation::Authenticate, Fault::Late(DEADLINE / 3), 1);
    controller.fault_times(Operation::Services, Fault::StallBeforeAnswer, 1);
    lists_in_time(&client, DEADLINE, &[Stage::Wait]);
    assert_eq!(controller.faults_played(), 3);
    assert_eq!(list(&client).unwrap(), 3);
}

#[test]
fn an_enrollment_that_is_told_to_wait_keeps_its_deadline() {
    let controller = TestController::builder().oidc(false).start().unwrap();
    controller.fault(Operation::Enroll, Fault::TooManyRequests { retry_after: None });
    let folder = tempfile::tempdir().unwrap();
    // Whoever asks again leaves time for an answer.
    let deadline = Duration::from_secs(3);
    let options = EnrollOptions::new().timeout(deadline).store(Store::file(folder.path().join("new.json")));
    let enrollment = Enrollment::parse(&controller.create_identity("somebody")).unwrap();
    let watch = Stopwatch::start();
    let error = enrollment.enroll(&options).unwrap_err();
    watch.stop().assert_within(deadline + LATE, watch.began(), "enroll");
    assert!(matches!(error, Error::Busy(_)), "{error:?}");
    assert!((2..=10).contains(&controller.count(Operation::Enroll)), "{}", controller.count(Operation::Enroll));
    controller.clear_faults();
    enrollment.enroll(&options).unwrap();
}

#[test]
fn a_client_that_was_connected_keeps_its_deadline_in_the_next_handshake() {
    let (controller, client) = logged_in(3);
    controller.fault(Operation::Any, Fault::StallInHandshake);
    lists_in_time(&client, DEADLINE, &[Stage::Tls]);
    controller.clear_faults();
    assert_eq!(list(&client).unwrap(), 3);
}

#[test]
fn waiting_for_the_login_of_another_thread_ends_with_the_own_deadline() {
    let (controller, client) = logged_in(3);
    controller.expire_sessions();
    controller.fault(Operation::Authenticate, Fault::StallBeforeAnswer);
    let cancel = CancelToken::new();
    thread::scope(|scope| {
        let leader = scope.spawn(|| client.with_cancel(&cancel).authenticate());
        stages::wait_until("the login hangs", || controller.faults_played() == 1);
        lists_in_time(&client, DEADLINE, &[Stage::Wait]);
        assert!(!leader.is_finished(), "the time of one caller ended the login of another");
        cancel.cancel();
        leader.join().unwrap().unwrap_err();
    });
    assert_eq!(controller.count(Operation::Authenticate), 2, "each caller logged in for itself");
}
