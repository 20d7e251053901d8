//! A cancel from another thread ends a call in every stage, at once, and nothing but that call.
#![cfg(target_os = "linux")]

mod stages;

use std::thread;
use std::time::{Duration, Instant};

use stages::alone::{notes, run_alone, run_alone_with_held_names};
use stages::cells::{Cell, cells};
use stages::random::Random;
use stages::scene::{ENOUGH, SETTLE, Scene};
use stages::stopwatch::{Ended, Stopwatch};
use stages::{at_once, wait_until};
use ziti_edge_client::api::services::ServiceQuery;
use ziti_edge_client::{CancelToken, Client, EnrollOptions, Enrollment, EnrollmentProblem, Error, Identity, Stage};
use ziti_edge_testkit::{Fault, Operation, TestController};

/// How long a call may go on after it was canceled.
const AT_ONCE: Duration = Duration::from_millis(100);

/// Makes a call, and tells when it ended.
fn timed<T>(call: impl FnOnce() -> T) -> (T, Ended) {
    let watch = Stopwatch::start();
    (call(), watch.stop())
}

/// Plays a cell: once the call hangs it is canceled, and the next call works.
fn ends_at_once(cell: &Cell) {
    let scene = Scene::new(cell, notes());
    let user = scene.user(cell.kind);
    let cancel = CancelToken::new();
    let (outcome, is_reached) = thread::scope(|scope| {
        let call = scope.spawn(|| timed(|| user.call(ENOUGH, Some(&cancel))));
        let is_reached = scene.is_reached(SETTLE, || call.is_finished());
        let canceled = Instant::now();
        cancel.cancel();
        let (outcome, ended) = call.join().unwrap();
        ended.assert_within(AT_ONCE, canceled, &cell.to_string());
        (outcome, is_reached)
    });
    let error = outcome.expect_err("the call succeeded");
    assert!(is_reached, "{cell}: the call ended without having hung there: {error:?}");
    let (file, pending) = scene.new_identity_file();
    assert!(!file.exists());
    if cell.token_may_be_spent() {
        let told = format!("the call was canceled (stage {})", cell.stage);
        assert!(
            matches!(&error, Error::Enrollment { problem: EnrollmentProblem::MaybeSpent, message, .. }
                if message.contains(&told)),
            "{cell}: {error:?}"
        );
        assert!(pending.exists(), "{cell}: the key was not kept");
        assert_eq!(scene.controller.count(Operation::Enroll), 1, "{cell}: sent again");
        return;
    }
    assert!(matches!(&error, Error::Canceled { stage } if *stage == cell.stage), "{cell}: {error:?}");
    assert!(!pending.exists(), "{cell}: something was left behind");
    let again = user.call(ENOUGH, Some(&cancel));
    assert!(matches!(again, Err(Error::Canceled { .. })), "{cell}, with the same token: {again:?}");
    scene.clear();
    user.call(ENOUGH, None).unwrap_or_else(|error| panic!("{cell}, afterwards: {error:?}"));
}

fn all_end_at_once(stage: Stage) {
    at_once(&cells(stage), ends_at_once);
}

#[test]
fn in_resolve() {
    if !run_alone_with_held_names("in_resolve") {
        all_end_at_once(Stage::Resolve);
    }
}

#[test]
fn in_connect() {
    all_end_at_once(Stage::Connect);
}

#[test]
fn in_proxy() {
    all_end_at_once(Stage::Proxy);
}

#[test]
fn in_tls() {
    all_end_at_once(Stage::Tls);
}

#[test]
fn in_send() {
    all_end_at_once(Stage::Send);
}

#[test]
fn in_wait() {
    all_end_at_once(Stage::Wait);
}

#[test]
fn in_body() {
    all_end_at_once(Stage::Body);
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

#[test]
fn waiting_for_the_login_of_another_thread() {
    let (controller, client) = logged_in(3);
    controller.expire_sessions();
    controller.fault_times(Operation::Authenticate, Fault::StallBeforeAnswer, 1);
    let (leaders, followers) = (CancelToken::new(), CancelToken::new());
    let [leading, following] = [&leaders, &followers].map(|token| client.with_cancel(token));
    thread::scope(|scope| {
        let leader = scope.spawn(|| timed(|| list(&leading)));
        wait_until("the login hangs", || controller.faults_played() == 1);
        let follower = scope.spawn(|| timed(|| list(&following)));
        let patient = scope.spawn(|| list(&client));
        wait_until("both list in vain", || controller.count(Operation::Services) == 3);
        thread::sleep(AT_ONCE);

        let is_canceled = |(outcome, ended): (Result<usize, Error>, Ended), canceled: Instant| {
            assert!(matches!(outcome, Err(Error::Canceled { stage: Stage::Wait })), "{outcome:?}");
            ended.assert_within(AT_ONCE, canceled, "list");
        };
        let canceled = Instant::now();
        followers.cancel();
        is_canceled(follower.join().unwrap(), canceled);
        assert!(!leader.is_finished() && !patient.is_finished(), "one cancel ended the calls of others");

        // Without the one who was logging in, the next one does.
        let canceled = Instant::now();
        leaders.cancel();
        is_canceled(leader.join().unwrap(), canceled);
        assert_eq!(patient.join().unwrap().unwrap(), 3);
    });
    assert_eq!(controller.count(Operation::Authenticate), 3, "the first, the canceled, and the one that took over");
}

#[test]
fn pausing_before_the_next_try() {
    let controller = TestController::builder().oidc(false).start().unwrap();
    controller.fault(Operation::Enroll, Fault::TooManyRequests { retry_after: Some("20".to_owned()) });
    let cancel = CancelToken::new();
    let enrollment = Enrollment::parse(&controller.create_identity("somebody")).unwrap();
    thread::scope(|scope| {
        let call = scope.spawn(|| timed(|| enrollment.enroll(&EnrollOptions::new().cancel(&cancel))));
        wait_until("the enrollment pauses", || controller.faults_played() == 1);
        thread::sleep(AT_ONCE);
        let canceled = Instant::now();
        cancel.cancel();
        let (outcome, ended) = call.join().unwrap();
        assert!(matches!(outcome, Err(Error::Canceled { stage: Stage::Wait })), "{outcome:?}");
        ended.assert_within(AT_ONCE, canceled, "enroll");
    });
    controller.clear_faults();
    enrollment.enroll(&EnrollOptions::new()).unwrap();
}

#[test]
fn one_token_ends_the_calls_of_all_its_clients_and_no_others() {
    let (controller, client) = logged_in(3);
    controller.fault(Operation::Services, Fault::StallInBody);
    let (token, other) = (CancelToken::new(), CancelToken::new());
    let canceled_client = client.with_cancel(&other).with_cancel(&token);
    let spared_client = client.with_cancel(&other);
    thread::scope(|scope| {
        let canceled: Vec<_> = (0..8).map(|_| scope.spawn(|| timed(|| list(&canceled_client)))).collect();
        let spared = scope.spawn(|| list(&spared_client));
        wait_until("all lists hang", || controller.faults_played() == 9);
        thread::sleep(AT_ONCE);
        let at = Instant::now();
        token.cancel();
        for call in canceled {
            let (outcome, ended) = call.join().unwrap();
            assert!(matches!(outcome, Err(Error::Canceled { stage: Stage::Body })), "{outcome:?}");
            ended.assert_within(AT_ONCE, at, "list");
        }
        assert!(!spared.is_finished());
        other.cancel();
        assert!(matches!(spared.join().unwrap(), Err(Error::Canceled { .. })));
    });
    controller.clear_faults();
    assert_eq!(list(&client).unwrap(), 3);
}

const CANCELS: usize = 200;
/// Two pages.
const MANY: usize = 600;

/// How many files and threads this process has.
fn belongings() -> (usize, usize) {
    let count = |folder: &str| std::fs::read_dir(folder).unwrap().count();
    (count("/proc/self/fd"), count("/proc/self/task"))
}

#[test]
fn two_hundred_cancels_at_random_points_leave_nothing_behind() {
    if run_alone("two_hundred_cancels_at_random_points_leave_nothing_behind") {
        return;
    }
    let controller = TestController::builder().oidc(false).services(MANY).start().unwrap();
    let without_clients = belongings();
    let identity = Identity::from_json(&controller.enrolled_identity_json("somebody")).unwrap();
    let client = Client::builder(&identity).timeout(ENOUGH).build().unwrap();
    assert_eq!(list(&client).unwrap(), MANY);
    let began = Instant::now();
    assert_eq!(list(&client).unwrap(), MANY);
    let usual = began.elapsed();

    let mut random = Random::new();
    let mut canceled = 0;
    for round in 0..CANCELS {
        // Now and then the list has to log in or to connect first.
        if round % 5 == 0 {
            controller.expire_sessions();
        }
        if round % 7 == 0 {
            controller.close_idle_connections();
        }
        let pause = random.below(usual);
        match cancel_after(&client, pause) {
            Ok(rows) => assert_eq!(rows, MANY, "round {round}: a list that is not whole"),
            Err(Error::Canceled { .. }) => canceled += 1,
            Err(error) => panic!("round {round}, canceled after {pause:?}: {error:?}"),
        }
        if round % 20 == 0 {
            assert_eq!(list(&client).unwrap(), MANY, "round {round}, afterwards");
        }
    }
    println!("{canceled} of {CANCELS} were canceled in time; a list takes {usual:?}");
    assert!(canceled > CANCELS / 2, "the other calls ended before");

    thread::sleep(AT_ONCE);
    let requests = controller.requests().len();
    thread::sleep(2 * AT_ONCE);
    assert_eq!(controller.requests().len(), requests, "a canceled call goes on");
    drop(client);
    wait_until("files and threads are those of before", || belongings() == without_clients);
}

/// Lists, and cancels that after a while. It ends at once.
fn cancel_after(client: &Client, pause: Duration) -> Result<usize, Error> {
    let cancel = CancelToken::new();
    let client = client.with_cancel(&cancel);
    thread::scope(|scope| {
        let call = scope.spawn(|| timed(|| list(&client)));
        thread::sleep(pause);
        let canceled = Instant::now();
        cancel.cancel();
        let (outcome, ended) = call.join().unwrap();
        ended.assert_within(AT_ONCE, canceled, &format!("list, canceled after {pause:?}"));
        outcome
    })
}
