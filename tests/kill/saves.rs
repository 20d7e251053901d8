//! Saves that are interrupted.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use tempfile::TempDir;
use ziti_edge_client::Identity;
use ziti_edge_testkit::TestController;

use crate::job::Job;
use crate::tracer::{KILLED, Mode, Traced, Tracer, failures};
use crate::{Story, TracedStory};

pub(crate) const TRACED: &[(&str, TracedStory)] = &[
    ("killed_at_any_step_a_save_leaves_the_old_or_the_new_file", killed_at_any_step_a_save_leaves_the_old_or_the_new),
    ("killed_at_any_step_a_first_save_leaves_all_or_nothing", killed_at_any_step_a_first_save_leaves_all_or_nothing),
    ("whatever_step_fails_a_save_says_so_and_spoils_nothing", whatever_step_fails_a_save_spoils_nothing),
    ("a_save_is_durable_when_it_returns", a_save_is_durable_when_it_returns),
];
pub(crate) const PLAIN: &[(&str, Story)] =
    &[("processes_that_save_at_once_leave_one_whole_file", processes_that_save_at_once_leave_one_whole_file)];

/// The texts of two identity files.
struct Texts {
    old: String,
    new: String,
}

impl Texts {
    fn new() -> Self {
        let controller = TestController::start().unwrap();
        let text = |name| {
            let identity = Identity::from_json(&controller.enrolled_identity_json(name)).unwrap();
            identity.to_json().expose().to_owned()
        };
        Self { old: text("old"), new: text("new") }
    }
}

/// A folder with an identity file, which is about to be replaced by what lies elsewhere.
struct Place {
    folder: TempDir,
    elsewhere: TempDir,
}

impl Place {
    fn new(texts: &Texts, existing: bool) -> Self {
        let folder = || tempfile::tempdir().expect("a folder");
        let place = Self { folder: folder(), elsewhere: folder() };
        fs::write(place.source(), &texts.new).unwrap();
        if existing {
            fs::write(place.target(), &texts.old).unwrap();
            fs::set_permissions(place.target(), fs::Permissions::from_mode(0o640)).unwrap();
        }
        place
    }

    fn source(&self) -> PathBuf {
        self.elsewhere.path().join("new.json")
    }

    fn target(&self) -> PathBuf {
        self.folder.path().join("identity.json")
    }

    fn run(&self, tracer: &Tracer, mode: Mode) -> Traced {
        tracer.run(mode, self.folder.path(), &Job::Save(&self.source(), &self.target()))
    }

    fn text(&self) -> Option<String> {
        fs::read_to_string(self.target()).ok()
    }

    fn mode(&self) -> u32 {
        fs::metadata(self.target()).unwrap().permissions().mode() & 0o777
    }

    /// What is left over hinders no later save, which takes it away.
    fn check_next_save(&self, texts: &Texts, what: &str) {
        Identity::load(self.source()).unwrap().save(self.target()).unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(self.text().as_deref(), Some(texts.new.as_str()), "{what}");
        let entries = self.folder.path().read_dir().unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<_> = entries.collect();
        names.sort();
        assert_eq!(names, ["identity.json", "identity.json.lock"], "{what}");
    }
}

/// Every way to be killed that there is.
fn all_kills(whole: &Traced) -> Vec<Mode> {
    let torn = whole.steps().filter(|step| step.call == "write").map(|step| Mode::Torn(step.number));
    whole.steps().map(|step| Mode::Kill(step.number)).chain(torn).collect()
}

fn kill_everywhere(tracer: &Tracer, existing: bool) {
    let texts = Texts::new();
    let before = existing.then_some(texts.old.as_str());
    let whole = Place::new(&texts, existing).run(tracer, Mode::Count);
    assert_eq!(whole.code, 0, "{}", whole.said);

    let mut outcomes = [0, 0];
    for mode in all_kills(&whole) {
        let place = Place::new(&texts, existing);
        let traced = place.run(tracer, mode);
        assert_eq!(traced.code, KILLED, "{mode:?}: {}", traced.said);
        let what = format!("{mode:?} of {:?}", traced.steps().last());
        let text = place.text();
        let is_new = text.as_deref() == Some(texts.new.as_str());
        assert!(is_new || text.as_deref() == before, "{what}: {text:?}");
        if text.is_some() {
            assert_eq!(place.mode(), if existing { 0o640 } else { 0o600 }, "{what}");
        }
        outcomes[usize::from(is_new)] += 1;
        place.check_next_save(&texts, &what);
    }
    assert!(outcomes[0] > 4 && outcomes[1] > 0, "both outcomes were met: {outcomes:?}");
}

fn killed_at_any_step_a_save_leaves_the_old_or_the_new(tracer: &Tracer) {
    kill_everywhere(tracer, true);
}

fn killed_at_any_step_a_first_save_leaves_all_or_nothing(tracer: &Tracer) {
    kill_everywhere(tracer, false);
}

fn whatever_step_fails_a_save_spoils_nothing(tracer: &Tracer) {
    let texts = Texts::new();
    let whole = Place::new(&texts, true).run(tracer, Mode::Count);
    for (number, error) in failures(&whole) {
        let place = Place::new(&texts, true);
        let traced = place.run(tracer, Mode::Fail(number, error));
        let step = traced.steps().nth(number - 1).expect("the step that failed was met");
        let what = format!("{error} at {step:?}");
        let text = place.text();
        let is_new = text.as_deref() == Some(texts.new.as_str());
        if traced.code == 0 {
            let looks_for_leftovers = step.call == "open" && step.path == place.folder.path();
            assert!(looks_for_leftovers && is_new, "{what}: nothing was said");
        } else {
            let named = traced.said.contains(place.folder.path().to_str().unwrap());
            assert!(traced.code == 1 && named, "{what}: {}", traced.said);
            assert!(is_new || text.as_deref() == Some(texts.old.as_str()), "{what}: {text:?}");
        }
        place.check_next_save(&texts, &what);
    }
}

fn a_save_is_durable_when_it_returns(tracer: &Tracer) {
    let texts = Texts::new();
    let place = Place::new(&texts, true);
    let whole = place.run(tracer, Mode::Count);

    let calls: Vec<(&str, bool)> = whole
        .steps()
        .filter(|step| ["write", "fsync", "rename"].contains(&step.call.as_str()))
        .map(|step| (step.call.as_str(), step.path == place.folder.path()))
        .collect();
    assert_eq!(calls, [("write", false), ("fsync", false), ("rename", false), ("fsync", true)], "{:#?}", whole.log);
}

fn processes_that_save_at_once_leave_one_whole_file() {
    let texts = Texts::new();
    let place = Place::new(&texts, true);
    let old = place.elsewhere.path().join("old.json");
    fs::write(&old, &texts.old).unwrap();
    let sources = [old, place.source()];
    let jobs =
        (0..20).map(|number| Job::Save(&sources[number % 2], &place.folder.path().join("identity.json")).command());
    let mut processes: Vec<_> = jobs.map(|mut command| command.spawn().unwrap()).collect();
    while processes.iter_mut().any(|process| process.try_wait().unwrap().is_none()) {
        let text = place.text().expect("there is a file at all times");
        assert!(text == texts.old || text == texts.new, "{text}");
    }
    for process in &mut processes {
        assert!(process.wait().unwrap().success());
    }
    place.check_next_save(&texts, "after all");
}
