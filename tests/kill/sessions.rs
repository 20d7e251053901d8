//! What is kept of a session by a process that is killed: it is good, or it costs one login.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;
use ziti_edge_client::api::services::ServiceQuery;
use ziti_edge_client::{Client, Identity, LoginFlow, Secret};
use ziti_edge_testkit::{Operation, TestController, Version};

use crate::TracedStory;
use crate::job::Job;
use crate::tracer::{KILLED, Mode, Traced, Tracer};

pub(crate) const TRACED: &[(&str, TracedStory)] = &[
    ("killed_at_any_step_a_process_leaves_a_session_that_costs_one_login_at_most", |tracer| {
        for version in Version::ALL {
            killed_at_any_step_a_process_leaves_a_session(tracer, version);
        }
    }),
    ("whatever_step_fails_the_session_that_is_kept_costs_one_login_at_most", |tracer| {
        let whole = Place::new(Version::V2_0).run(tracer, Mode::Count);
        for (number, error) in crate::tracer::failures(&whole) {
            let place = Place::new(Version::V2_0);
            let traced = place.run(tracer, Mode::Fail(number, error));
            assert_eq!(traced.code, 0, "what cannot be kept is used all the same: {}", traced.said);
            place.check(&format!("{error} at step {number}"));
        }
    }),
];

/// An identity, its controller, which takes no refresh token twice, and the folder in which sessions are kept.
struct Place {
    controller: TestController,
    elsewhere: TempDir,
    folder: TempDir,
}

impl Place {
    fn new(version: Version) -> Self {
        let builder = TestController::builder().version(version).services(1).revocation_delay(Duration::ZERO);
        let controller = builder.start().unwrap();
        let folder = || tempfile::tempdir().unwrap();
        let place = Self { controller, elsewhere: folder(), folder: folder() };
        fs::write(place.identity(), place.controller.enrolled_identity_json("alice")).unwrap();
        place
    }

    fn identity(&self) -> PathBuf {
        self.elsewhere.path().join("identity.json")
    }

    fn run(&self, tracer: &Tracer, mode: Mode) -> Traced {
        tracer.run(mode, self.folder.path(), &Job::StayLoggedIn(&self.identity(), &self.folder.path().join("session")))
    }

    /// Holds after any interruption: what is kept is whole, and whoever goes on with it, or without it if there is none,
    /// logs in once at most. Returns how often: not at all if what is kept is good.
    fn check(&self, what: &str) -> usize {
        let before = self.controller.oidc_logins();
        let identity = Identity::load(self.identity()).unwrap();
        let client = Client::builder(&identity).login_flow(LoginFlow::Oidc).build().unwrap();
        if let Ok(text) = fs::read_to_string(self.folder.path().join("session")) {
            client.resume_session(&Secret::new(text)).unwrap_or_else(|error| panic!("{what}: {error}"));
        }
        for _ in 0..2 {
            let outcome = client.services().list(&ServiceQuery::new());
            assert_eq!(outcome.unwrap_or_else(|error| panic!("{what}: {error}")).len(), 1, "{what}");
        }
        assert_eq!(self.controller.count(Operation::Authenticate), 0);
        let logins = self.controller.oidc_logins() - before;
        assert!(logins <= 1, "{what}: {logins} logins");
        logins
    }
}

fn killed_at_any_step_a_process_leaves_a_session(tracer: &Tracer, version: Version) {
    let place = Place::new(version);
    let whole = place.run(tracer, Mode::Count);
    assert_eq!((whole.code, place.controller.oidc_refreshes()), (0, 2), "{}", whole.said);
    assert_eq!(place.check("to the end"), 0, "a session that was kept last is good");
    let torn = whole.steps().filter(|step| step.call == "write").map(|step| Mode::Torn(step.number));
    let mut outcomes = [0, 0];
    for mode in whole.steps().map(|step| Mode::Kill(step.number)).chain(torn) {
        let place = Place::new(version);
        let traced = place.run(tracer, mode);
        assert_eq!(traced.code, KILLED, "{mode:?}: {}", traced.said);
        outcomes[place.check(&format!("{version:?} {mode:?} of {:?}", traced.steps().last()))] += 1;
    }
    assert!(outcomes.iter().all(|outcome| *outcome > 3), "both outcomes were met: {outcomes:?}");
}
