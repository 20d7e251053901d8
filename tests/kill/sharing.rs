//! Several processes and one file, and a process that may write no more.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;
use ziti_edge_client::Identity;
use ziti_edge_testkit::{Operation, TestController};

use crate::Story;
use crate::job::Job;
use crate::tracer::KILLED;

pub(crate) const PLAIN: &[(&str, Story)] = &[
    ("a_process_with_an_older_identity_undoes_no_renewal", a_process_with_an_older_identity_undoes_no_renewal),
    ("processes_that_change_different_things_at_once_lose_none", processes_that_change_different_things_lose_none),
    ("of_processes_that_change_the_same_only_the_first_may", of_processes_that_change_the_same_only_the_first_may),
    ("a_limit_on_the_size_of_files_spends_and_spoils_nothing", a_limit_on_the_size_of_files_spends_and_spoils_nothing),
];

/// A folder with the files of two identities.
struct Scene {
    folder: TempDir,
    controller: TestController,
}

impl Scene {
    fn new() -> Self {
        let scene = Self { folder: tempfile::tempdir().unwrap(), controller: TestController::start().unwrap() };
        for name in ["shared.json", "renewed.json"] {
            let identity = Identity::from_json(&scene.controller.enrolled_identity_json("alice")).unwrap();
            identity.save(scene.folder.path().join(name)).unwrap();
        }
        scene
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.text("shared.json")).unwrap()
    }

    /// What another process does that renews the identity.
    fn renew(&self) {
        let (from, to) = (self.path("renewed.json"), self.path("shared.json"));
        assert!(Job::Save(&from, &to).command().status().unwrap().success());
    }
}

/// A process that has loaded a file and will save it when it is told to.
struct Holder {
    process: Child,
}

impl Holder {
    fn load(path: &Path, address: Option<&str>) -> Self {
        let mut command = Job::Hold(path, address.unwrap_or_default()).command();
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "loaded\n");
        Self { process }
    }

    /// Whether it could save, and what it said.
    fn save(mut self) -> (bool, String) {
        self.process.stdin.take().unwrap().write_all(b"save\n").unwrap();
        let output = self.process.wait_with_output().unwrap();
        (output.status.success(), String::from_utf8(output.stdout).unwrap())
    }
}

fn a_process_with_an_older_identity_undoes_no_renewal() {
    let scene = Scene::new();
    let holder = Holder::load(&scene.path("shared.json"), None);
    scene.renew();
    assert_eq!(holder.save(), (true, String::new()));
    assert_eq!(scene.text("shared.json"), scene.text("renewed.json"));
}

fn processes_that_change_different_things_lose_none() {
    let scene = Scene::new();
    let holders = [0; 4].map(|_| Holder::load(&scene.path("shared.json"), Some("https://new.example:1280")));
    let others = [0; 4].map(|_| Holder::load(&scene.path("shared.json"), None));
    scene.renew();
    let renewed: serde_json::Value = serde_json::from_str(&scene.text("renewed.json")).unwrap();
    std::thread::scope(|scope| {
        for holder in holders.into_iter().chain(others) {
            scope.spawn(|| assert_eq!(holder.save(), (true, String::new())));
        }
    });
    assert_eq!(scene.json()["id"], renewed["id"]);
    assert_eq!(scene.json()["ztAPI"], "https://new.example:1280/edge/client/v1");
}

fn of_processes_that_change_the_same_only_the_first_may() {
    let scene = Scene::new();
    let [first, second] =
        ["one", "two"].map(|name| Holder::load(&scene.path("shared.json"), Some(&format!("https://{name}.example"))));
    assert_eq!(first.save(), (true, String::new()));
    let before = scene.text("shared.json");

    let (saved, said) = second.save();

    assert!(!saved && said.contains("shared.json: changed meanwhile: ztAPI is not what it was"), "{said}");
    assert_eq!(scene.text("shared.json"), before);
}

/// Where the signal is ignored the write fails, and where it is not, it ends the process.
fn a_limit_on_the_size_of_files_spends_and_spoils_nothing() {
    const SIGNALED_FOR_SIZE: i32 = KILLED - libc::SIGKILL + libc::SIGXFSZ;
    let scene = Scene::new();
    fs::write(scene.path("bob.jwt"), scene.controller.create_identity("bob")).unwrap();
    let before = scene.text("shared.json");
    let (renewed, shared) = (scene.path("renewed.json"), scene.path("shared.json"));
    let (token, target) = (scene.path("bob.jwt"), scene.path("bob.json"));
    for job in [Job::Save(&renewed, &shared), Job::Enroll(&token, &target)] {
        for (trap, codes) in [("trap '' XFSZ;", [1, 1]), ("", [SIGNALED_FOR_SIZE, 2])] {
            let mut command = Command::new("sh");
            command.args(["-c", &format!("{trap} ulimit -f 1; \"$0\" \"$@\"; exit $?")]).args(job.command_line());
            let output = command.output().unwrap();
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(codes.contains(&output.status.code().unwrap_or_default()), "{trap} {output:?}");
            assert!(trap.is_empty() || said.contains("File too large"), "{said}");
            assert_eq!(scene.text("shared.json"), before);
            assert!(!target.exists());
        }
    }
    assert_eq!(scene.controller.count(Operation::Enroll), 0);
    assert!(Job::Enroll(&token, &target).command().status().unwrap().success());
    scene.renew();
    assert_eq!(scene.text("shared.json"), scene.text("renewed.json"));
}
