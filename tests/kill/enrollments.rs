//! Enrollments that are interrupted.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Instant;

use ziti_edge_client::Identity;
use ziti_edge_testkit::{Operation, TestController};

use crate::job::Job;
use crate::place::Place;
use crate::tracer::{KILLED, Mode, Step, Traced, Tracer, failures};
use crate::{Story, TracedStory};

pub(crate) const TRACED: &[(&str, TracedStory)] = &[
    ("killed_at_any_step_an_enrollment_loses_no_key", killed_at_any_step_an_enrollment_loses_no_key),
    ("the_key_is_durable_before_the_request_leaves", the_key_is_durable_before_the_request_leaves),
    ("whatever_step_fails_an_enrollment_says_so_and_loses_nothing", whatever_step_fails_an_enrollment_loses_nothing),
];
pub(crate) const PLAIN: &[(&str, Story)] = &[
    ("killed_at_any_moment_an_enrollment_loses_no_key", killed_at_any_moment_an_enrollment_loses_no_key),
    ("of_enrollments_into_one_file_at_once_one_spends_its_token", of_enrollments_into_one_file_one_spends_its_token),
];

fn undisturbed(tracer: &Tracer, controller: &TestController) -> (Place, Traced) {
    let place = Place::new(controller);
    let traced = place.with_job(|job| tracer.run(Mode::Count, place.path(), job));
    assert_eq!(traced.code, 0, "{}", traced.said);
    Identity::load(place.target()).unwrap();
    (place, traced)
}

fn killed_at_any_step_an_enrollment_loses_no_key(tracer: &Tracer) {
    let controller = TestController::start().unwrap();
    let (_, whole) = undisturbed(tracer, &controller);
    let torn = whole.steps().filter(|step| step.call == "write").map(|step| Mode::Torn(step.number));
    let modes: Vec<Mode> = whole.steps().map(|step| Mode::Kill(step.number)).chain(torn).collect();
    assert!(modes.len() > 20, "the steps are seen: {:#?}", whole.log);

    let mut spent = 0;
    for mode in modes {
        let place = Place::new(&controller);
        let traced = place.with_job(|job| tracer.run(mode, place.path(), job));
        assert_eq!(traced.code, KILLED, "{mode:?}: {}", traced.said);
        spent += controller.count(Operation::Enroll);
        place.check_after_interruption(&controller, &format!("{mode:?} of {:?}", traced.steps().last()));
    }
    assert!(spent > 5, "some were killed after the request had left");
}

/// Not even a power cut may lose the key, or that its request left: name and content of both were synced before the
/// connection was opened on which the request leaves.
fn the_key_is_durable_before_the_request_leaves(tracer: &Tracer) {
    let controller = TestController::start().unwrap();
    let (place, traced) = undisturbed(tracer, &controller);
    let pending = place.path().join("identity.json.pending");

    let log = &traced.log;
    let position = |what: &str, found: &dyn Fn(&Step) -> bool| {
        log.iter().position(found).unwrap_or_else(|| panic!("{what} is missing: {log:#?}"))
    };
    // The last one but one before the connection writes the key down, the last one that the request leaves.
    let connected = log.iter().rposition(|step| step.call == "connect").expect("a connection");
    let renames = log[..connected].iter().filter(|step| step.call == "rename" && step.to == pending).count();
    assert_eq!(renames, 2, "{log:#?}");
    let renamed =
        log[..connected].iter().rposition(|step| step.call == "rename" && step.to == pending).expect("a rename");
    let temporary = &log[renamed].path;
    let written = log.iter().rposition(|step| step.call == "write" && step.path == *temporary).expect("a write");
    let synced = position("the sync", &|step| step.call == "fsync" && step.path == *temporary);
    let name_synced = renamed
        + log[renamed..].iter().position(|step| step.call == "fsync" && step.path == place.path()).expect("a sync");
    let order = [written, synced, renamed, name_synced, connected];
    assert!(order.is_sorted(), "{order:?} in {log:#?}");

    let seen = controller.requests();
    let connection_of = |operation| seen.iter().find(|seen| seen.operation == operation).unwrap().connection;
    let others = seen.iter().filter(|seen| seen.operation != Operation::Enroll).map(|seen| seen.connection);
    assert!(others.max() < Some(connection_of(Operation::Enroll)), "the request has a later connection of its own");
}

fn whatever_step_fails_an_enrollment_loses_nothing(tracer: &Tracer) {
    let controller = TestController::start().unwrap();
    let (_, whole) = undisturbed(tracer, &controller);
    for (number, error) in failures(&whole) {
        let place = Place::new(&controller);
        let traced = place.with_job(|job| tracer.run(Mode::Fail(number, error), place.path(), job));
        let step = traced.steps().nth(number - 1).expect("the step that failed was met");
        let what = format!("{error} at {step:?}");
        if traced.code == 0 {
            assert!(may_fail_unnoticed(&traced, step, place.path()), "{what}: nothing was said");
            Identity::load(place.target()).unwrap_or_else(|error| panic!("{what}: {error}"));
            continue;
        }
        assert_eq!(traced.code, 1, "{what}: {}", traced.said);
        let named = traced.said.contains(place.path().to_str().unwrap());
        assert!(named, "{what}: the message does not say where: {}", traced.said);
        if controller.count(Operation::Enroll) == 0 {
            assert_eq!(place.names(), [""; 0], "{what}: the token is not spent, so nothing of it stays");
        } else {
            assert!(place.target().exists() || place.keeps_certificate(), "{what}: the certificate is lost");
        }
        place.check_after_interruption(&controller, &what);
    }
}

/// Tidying up may fail: before the work what an earlier crash left, after it the key that is in the identity by then.
/// So may the copy of the certificate, if the identity is stored all the same.
fn may_fail_unnoticed(traced: &Traced, step: &Step, folder: &Path) -> bool {
    let renames = |name: &str| -> Vec<usize> {
        let steps = traced.steps().filter(|step| step.call == "rename" && step.to.ends_with(name));
        steps.map(|step| step.number).collect()
    };
    // The key, then that it was sent; a third one, of the certificate, is missing if that is what failed.
    let (marked, saved) = (renames("identity.json.pending")[1] + 2, renames("identity.json")[0] - 3);
    let keeps_certificate = (marked + 1..saved).contains(&step.number);
    keeps_certificate || step.number > saved + 5 || (step.call == "open" && step.path == folder)
}

/// Thirty times, at moments spread over the time that an enrollment takes.
fn killed_at_any_moment_an_enrollment_loses_no_key() {
    const KILLS: u32 = 30;
    let controller = TestController::start().unwrap();
    let place = Place::new(&controller);
    let start = Instant::now();
    assert!(place.with_job(|job| job.command().status()).unwrap().success());
    let takes = start.elapsed();

    for kill in 0..KILLS {
        let place = Place::new(&controller);
        let mut child = place.with_job(|job| job.command().stdout(Stdio::null()).spawn()).unwrap();
        std::thread::sleep(takes * kill / KILLS);
        child.kill().unwrap();
        child.wait().unwrap();
        place.check_after_interruption(&controller, &format!("kill {kill} of {KILLS} in {takes:?}"));
    }
}

fn of_enrollments_into_one_file_one_spends_its_token() {
    let controller = TestController::start().unwrap();
    let (place, others) = (Place::new(&controller), [(); 3].map(|()| Place::new(&controller)));
    let tokens = others.iter().map(Place::token).chain([place.token()]);
    let start = |token: PathBuf| Job::Enroll(&token, &place.target()).command().stdout(Stdio::piped()).spawn().unwrap();
    let processes: Vec<_> = tokens.map(start).collect();
    let outputs: Vec<_> = processes.into_iter().map(|process| process.wait_with_output().unwrap()).collect();

    let refused = outputs.iter().filter(|output| !output.status.success());
    let reasons: Vec<_> = refused.map(|output| String::from_utf8_lossy(&output.stdout)).collect();
    let known = |reason: &str| reason.contains("another enrollment") || reason.contains("exists already");
    assert!(reasons.len() == 3 && reasons.iter().all(|reason| known(reason)), "{reasons:?}");
    assert_eq!(controller.count(Operation::Enroll), 1);
    assert_eq!(place.names(), ["identity.json"]);
    Identity::load(place.target()).unwrap();
}
