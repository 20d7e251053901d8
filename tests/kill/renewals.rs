//! Renewals that are interrupted.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;
use ziti_edge_client::{Client, Identity};
use ziti_edge_testkit::{TestController, Version};

use crate::TracedStory;
use crate::job::{Job, renew};
use crate::tracer::{KILLED, Mode, Traced, Tracer, failures};

pub(crate) const TRACED: &[(&str, TracedStory)] = &[
    ("killed_at_any_step_a_renewal_leaves_an_identity_that_logs_in", killed_at_any_step_a_renewal_leaves_an_identity),
    ("whatever_step_fails_a_renewal_leaves_an_identity_that_logs_in", whatever_step_fails_a_renewal_leaves_an_identity),
];

/// A folder with an identity file, and its controller.
struct Place {
    controller: TestController,
    folder: TempDir,
}

impl Place {
    /// With the manners of 1.6, which refuses an old certificate at once.
    fn new() -> Self {
        let controller = TestController::builder().version(Version::V1_6).start().unwrap();
        let place = Self { controller, folder: tempfile::tempdir().unwrap() };
        fs::write(place.file(), place.controller.enrolled_identity_json("alice")).unwrap();
        place
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("identity.json")
    }

    fn run(&self, tracer: &Tracer, mode: Mode) -> Traced {
        tracer.run(mode, self.folder.path(), &Job::Renew(&self.file(), self.folder.path()))
    }

    /// Holds after any interruption: the file is whole and its user logs in, at once and after the next renewal, which
    /// leaves nothing behind. Returns whether the new pair was the one in force.
    fn check(&self, before: &str, what: &str) -> bool {
        let client = || {
            let identity = Identity::load(self.file()).unwrap_or_else(|error| panic!("{what}: {error}"));
            Client::builder(&identity).timeout(Duration::from_secs(10)).build().unwrap()
        };
        client().authenticate().unwrap_or_else(|error| panic!("{what}: {error}; there is {:?}", self.names()));
        let renewed = fs::read_to_string(self.file()).unwrap() != before;
        renew(&self.file()).unwrap_or_else(|error| panic!("{what}, then again: {error}"));
        client().authenticate().unwrap_or_else(|error| panic!("{what}, then renewed: {error}"));
        assert_eq!(self.names(), ["identity.json", "identity.json.lock"], "{what}");
        renewed
    }

    fn names(&self) -> Vec<String> {
        let entries = self.folder.path().read_dir().unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<String> = entries.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        names
    }
}

fn killed_at_any_step_a_renewal_leaves_an_identity(tracer: &Tracer) {
    let whole = Place::new().run(tracer, Mode::Count);
    assert_eq!(whole.code, 0, "{}", whole.said);
    let torn = whole.steps().filter(|step| step.call == "write").map(|step| Mode::Torn(step.number));
    let mut outcomes = [0, 0];
    for mode in whole.steps().map(|step| Mode::Kill(step.number)).chain(torn) {
        let place = Place::new();
        let before = fs::read_to_string(place.file()).unwrap();
        let traced = place.run(tracer, mode);
        assert_eq!(traced.code, KILLED, "{mode:?}: {}", traced.said);
        let what = format!("{mode:?} of {:?}", traced.steps().last());
        outcomes[usize::from(place.check(&before, &what))] += 1;
    }
    assert!(outcomes.iter().all(|outcome| *outcome > 3), "both outcomes were met: {outcomes:?}");
}

fn whatever_step_fails_a_renewal_leaves_an_identity(tracer: &Tracer) {
    let whole = Place::new().run(tracer, Mode::Count);
    for (number, error) in failures(&whole) {
        let place = Place::new();
        let before = fs::read_to_string(place.file()).unwrap();
        let traced = place.run(tracer, Mode::Fail(number, error));
        assert!([0, 1].contains(&traced.code), "{error} at step {number}: {}", traced.said);
        let what = format!("{error} at {:?}", traced.steps().nth(number - 1));
        place.check(&before, &what);
    }
}
