//! Whose files they are, and disks and folders that take no more. Only the superuser can set these scenes.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;
use ziti_edge_client::Identity;
use ziti_edge_testkit::{Fault, Operation, TestController};

use crate::Story;
use crate::job::Job;

pub(crate) const PRIVILEGED: &[(&str, Story)] = &[
    ("a_file_of_a_service_stays_its_own_when_the_superuser_saves", a_file_of_a_service_stays_its_own),
    ("a_renewal_of_the_superuser_that_breaks_off_is_finished_by_the_service", a_renewal_of_the_superuser_is_finished),
    ("who_cannot_keep_owner_and_group_changes_nothing", who_cannot_keep_owner_and_group_changes_nothing),
    ("in_a_folder_that_cannot_be_written_nothing_is_spent", in_a_folder_that_cannot_be_written_nothing_is_spent),
];
pub(crate) const WITH_DISKS: &[(&str, Story)] = &[
    ("on_a_full_disk_nothing_is_spent_and_nothing_spoiled", on_a_full_disk_nothing_is_spent_and_nothing_spoiled),
    ("on_a_read_only_disk_nothing_is_spent", on_a_read_only_disk_nothing_is_spent),
];

const EXTEND: Operation = Operation::Named("extendCurrentIdentityAuthenticator");
const VERIFY: Operation = Operation::Named("extendVerifyCurrentIdentityAuthenticator");
/// Somebody without rights, and a group of theirs.
const SERVICE: (u32, u32) = (12_345, 23_456);
const STRANGER: (u32, u32) = (12_346, 23_457);

/// What is missing for the first of these lists.
pub(crate) fn lacks() -> Option<&'static str> {
    (!rustix::process::geteuid().is_root()).then_some("needs root")
}

/// What is missing for the second one.
pub(crate) fn lacks_disks() -> Option<&'static str> {
    let trial = tempfile::tempdir().expect("a folder");
    Disk::mount(trial.path(), "size=16k").is_none().then_some("needs root that may mount")
}

/// A folder that everybody can enter, with this program in it and the texts of an old and a new identity.
struct Scene {
    controller: TestController,
    folder: TempDir,
}

impl Scene {
    fn new() -> Self {
        let scene = Self { controller: TestController::start().unwrap(), folder: tempfile::tempdir().unwrap() };
        fs::set_permissions(scene.folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let (own, program) = (std::env::current_exe().unwrap(), scene.path("program"));
        fs::hard_link(&own, &program).or_else(|_| fs::copy(&own, &program).map(drop)).unwrap();
        for name in ["old.json", "new.json"] {
            let identity = Identity::from_json(&scene.controller.enrolled_identity_json(name)).unwrap();
            fs::write(scene.path(name), identity.to_json().expose()).unwrap();
            fs::set_permissions(scene.path(name), fs::Permissions::from_mode(0o644)).unwrap();
        }
        fs::write(scene.path("alice.jwt"), scene.controller.create_identity("alice")).unwrap();
        fs::create_dir(scene.path("place")).unwrap();
        scene
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn target(&self) -> PathBuf {
        self.path("place/identity.json")
    }

    /// Makes the old identity the one that is there.
    fn put_old(&self, (user, group): (u32, u32), mode: u32) {
        fs::copy(self.path("old.json"), self.target()).unwrap();
        fs::set_permissions(self.target(), fs::Permissions::from_mode(mode)).unwrap();
        chown(self.target(), Some(user), Some(group)).unwrap();
    }

    fn give_place(&self, (user, group): (u32, u32), mode: u32) {
        chown(self.path("place"), Some(user), Some(group)).unwrap();
        fs::set_permissions(self.path("place"), fs::Permissions::from_mode(mode)).unwrap();
    }

    fn save(&self, user: Option<(u32, u32)>) -> Output {
        self.run(&Job::Save(&self.path("new.json"), &self.target()), user)
    }

    fn enroll(&self, user: Option<(u32, u32)>) -> Output {
        self.run(&Job::Enroll(&self.path("alice.jwt"), &self.target()), user)
    }

    fn run(&self, job: &Job<'_>, user: Option<(u32, u32)>) -> Output {
        let mut command = Command::new(self.path("program"));
        command.args(job.command_line().into_iter().skip(1));
        if let Some((user, group)) = user {
            command.uid(user).gid(group);
        }
        command.output().unwrap()
    }

    fn holds(&self, name: &str) -> bool {
        fs::read(self.target()).unwrap() == fs::read(self.path(name)).unwrap()
    }

    /// The names of all files in the place but for locks.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path("place")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| !name.ends_with(".lock")).collect()
    }
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn a_file_of_a_service_stays_its_own() {
    let scene = Scene::new();
    scene.give_place(SERVICE, 0o700);
    scene.put_old(SERVICE, 0o400);

    assert!(scene.save(None).status.success());

    let after = fs::metadata(scene.target()).unwrap();
    assert_eq!(((after.uid(), after.gid()), after.mode() & 0o7777), (SERVICE, 0o400));
    assert!(scene.holds("new.json"));
    let again = scene.save(Some(SERVICE));
    assert!(again.status.success(), "the service is locked out: {}", told(&again));
}

/// The pair that is kept may be the only one that logs in by then.
fn a_renewal_of_the_superuser_is_finished() {
    let scene = Scene::new();
    scene.give_place(SERVICE, 0o700);
    scene.put_old(SERVICE, 0o640);
    let renew = |user| scene.run(&Job::Renew(&scene.target(), &scene.path("place")), user);
    scene.controller.fault_times(VERIFY, Fault::Reset, 1);
    assert!(!renew(None).status.success());
    let kept = fs::metadata(scene.path("place/identity.json.pending")).unwrap();
    assert_eq!(((kept.uid(), kept.gid()), kept.mode() & 0o7777), (SERVICE, 0o600));

    let finished = renew(Some(SERVICE));

    assert!(finished.status.success(), "{}", told(&finished));
    assert_eq!((scene.controller.count(EXTEND), scene.names()), (1, vec!["identity.json".to_owned()]));
    let after = fs::metadata(scene.target()).unwrap();
    assert_eq!(((after.uid(), after.gid()), after.mode() & 0o7777), (SERVICE, 0o640));
}

fn who_cannot_keep_owner_and_group_changes_nothing() {
    let scene = Scene::new();
    scene.give_place(SERVICE, 0o777);
    for (owner, expected) in [
        (SERVICE, "identity.json.lock: lock: cannot be given to the owner of the identity file: "),
        ((STRANGER.0, SERVICE.1), "identity.json: keep its owner, group and mode: "),
    ] {
        scene.put_old(owner, 0o644);

        let output = scene.save(Some(STRANGER));

        assert!(!output.status.success() && told(&output).contains(expected), "{}", told(&output));
        assert!(scene.holds("old.json"));
        assert_eq!(scene.names(), ["identity.json"]);
        // Nor does what they tried keep the owner from doing it.
        let own = scene.save(Some((owner.0, SERVICE.1)));
        assert!(own.status.success() && scene.holds("new.json"), "{}", told(&own));
        fs::remove_file(scene.path("place/identity.json.lock")).unwrap();
    }
}

fn in_a_folder_that_cannot_be_written_nothing_is_spent() {
    let scene = Scene::new();
    for mode in [0o755, 0o700] {
        scene.give_place(SERVICE, mode);
        let output = scene.enroll(Some(STRANGER));
        assert!(!output.status.success() && told(&output).contains("place"), "{}", told(&output));
        assert_eq!(scene.controller.count(Operation::Enroll), 0);
        assert_eq!(fs::read_dir(scene.path("place")).unwrap().count(), 0);
    }
    assert!(scene.enroll(Some(SERVICE)).status.success(), "the token is as it was");
}

/// A small disk of its own in place of the folder, until this is dropped.
struct Disk(PathBuf);

impl Disk {
    /// `None` where the system permits no such thing, as for users and in most containers.
    fn mount(place: &Path, options: &str) -> Option<Self> {
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(place);
        command.output().is_ok_and(|output| output.status.success()).then(|| Self(place.to_owned()))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(&self.0).status();
        assert!(unmounted.is_ok_and(|status| status.success()) || std::thread::panicking());
    }
}

fn on_a_full_disk_nothing_is_spent_and_nothing_spoiled() {
    let scene = Scene::new();
    let _disk = Disk::mount(&scene.path("place"), "size=48k").expect("this worked before");

    let output = scene.enroll(None);

    assert!(told(&output).contains("identity.json: write: No space left on device"), "{}", told(&output));
    assert_eq!((scene.controller.count(Operation::Enroll), scene.names()), (0, Vec::new()));
    scene.put_old(SERVICE, 0o600);
    fs::write(scene.path("place/filler"), [7; 64 * 1024]).unwrap_err();
    let output = scene.save(None);
    assert!(told(&output).contains("No space left on device"), "{}", told(&output));
    assert!(scene.holds("old.json"));
    fs::remove_file(scene.path("place/filler")).unwrap();
    assert!(scene.save(None).status.success() && scene.holds("new.json"));
    assert_eq!(scene.names(), ["identity.json"]);
}

fn on_a_read_only_disk_nothing_is_spent() {
    let scene = Scene::new();
    let _disk = Disk::mount(&scene.path("place"), "ro").expect("this worked before");
    let output = scene.enroll(None);
    assert!(told(&output).contains("Read-only file system"), "{}", told(&output));
    assert_eq!(scene.controller.count(Operation::Enroll), 0);
}
