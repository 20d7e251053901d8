//! Where bad input is tried.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use serde_json::Value;
use tempfile::TempDir;
use ziti_edge_client::{EnrollOptions, Enrollment, Error, Identity, Store};
use ziti_edge_testkit::{Operation, TestController, Version};

/// Nothing that fails may take longer, on a slow machine.
const QUICKLY: Duration = Duration::from_secs(3);
/// Larger files are not compared byte by byte.
const LARGE: u64 = 1024 * 1024;

/// One bad input: what the message has to say, and how to try it.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) says: &'static [&'static str],
    pub(crate) run: fn(&Place<'_>) -> String,
}

/// Controllers that all cases share.
pub(crate) struct World {
    pub(crate) controller: TestController,
    /// One of another network.
    pub(crate) other: TestController,
}

impl World {
    pub(crate) fn new() -> Self {
        let start = || TestController::builder().version(Version::V1_6).start().unwrap();
        Self { controller: start(), other: start() }
    }

    pub(crate) fn place(&self) -> Place<'_> {
        let place = Place { world: self, folder: tempfile::tempdir().unwrap() };
        let existing = self.controller.enrolled_identity_json("bob");
        fs::write(place.path("bob.json"), existing).unwrap();
        place
    }
}

/// A folder of one case, with an identity file `bob.json` that must not suffer.
pub(crate) struct Place<'a> {
    pub(crate) world: &'a World,
    folder: TempDir,
}

impl Place<'_> {
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// An identity file as it should be, as JSON to be spoilt.
    pub(crate) fn good(&self) -> Value {
        serde_json::from_str(&self.world.controller.enrolled_identity_json("alice")).unwrap()
    }

    /// The message about a token that cannot be read.
    pub(crate) fn parse(&self, jwt: &str) -> String {
        self.attempt(|| Enrollment::parse(jwt))
    }

    /// The message about a token that cannot be redeemed into `alice.json`, where it was not spent.
    pub(crate) fn enroll(&self, jwt: &str) -> String {
        self.enroll_into(jwt, self.path("alice.json"))
    }

    pub(crate) fn enroll_into(&self, jwt: &str, path: impl Into<PathBuf>) -> String {
        let options = EnrollOptions::new().store(Store::file(path)).timeout(Duration::from_secs(2));
        let before = self.world.controller.count(Operation::Enroll);
        let message = self.attempt(|| Enrollment::parse(jwt)?.enroll(&options));
        assert_eq!(self.world.controller.count(Operation::Enroll), before, "nothing was sent: {message}");
        message
    }

    /// The message about an identity file with this content.
    pub(crate) fn load(&self, content: impl AsRef<[u8]>) -> String {
        fs::write(self.path("alice.json"), content).unwrap();
        self.attempt(|| Identity::load(self.path("alice.json")))
    }

    /// The message about an identity file which is as it should be but for a change.
    pub(crate) fn load_changed(&self, change: impl FnOnce(&mut Value)) -> String {
        let mut file = self.good();
        change(&mut file);
        self.load(file.to_string())
    }

    /// The message about a place where the identity of `bob.json` cannot be saved.
    pub(crate) fn save(&self, path: impl AsRef<Path>) -> String {
        let bob = Identity::load(self.path("bob.json")).unwrap();
        self.attempt(|| bob.save(path))
    }

    /// Tries what must fail, quickly and without a trace; the result is the message with all that differs from run to
    /// run taken out.
    pub(crate) fn attempt<T: Debug>(&self, call: impl FnOnce() -> Result<T, Error>) -> String {
        let before = self.snapshot();
        let start = Instant::now();
        let error = call().expect_err("bad input is refused");
        assert!(start.elapsed() < QUICKLY, "{:?}: {error}", start.elapsed());
        let after = self.snapshot();
        assert!(before == after, "{error}: {:?} became {:?}", before.keys(), after.keys());
        let message = error.to_string().replace(self.folder.path().to_str().unwrap(), "/folder");
        let message = message.replace(&self.world.controller.url(), "CONTROLLER");
        message.replace(&self.world.other.url(), "OTHER")
    }

    /// All that is in the folder but locks, which stay.
    fn snapshot(&self) -> BTreeMap<PathBuf, Entry> {
        let mut found = BTreeMap::new();
        collect(self.folder.path(), &mut found);
        found
    }
}

#[derive(PartialEq)]
struct Entry {
    kind: fs::FileType,
    permissions: fs::Permissions,
    modified: SystemTime,
    len: u64,
    content: Vec<u8>,
}

fn collect(folder: &Path, found: &mut BTreeMap<PathBuf, Entry>) {
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        let metadata = fs::symlink_metadata(&path).unwrap();
        if metadata.is_dir() {
            collect(&path, found);
        }
        if path.extension().is_some_and(|extension| extension == "lock") && metadata.is_file() {
            continue;
        }
        let readable = metadata.is_file() && metadata.len() < LARGE;
        let content = if readable { fs::read(&path).unwrap_or_default() } else { Vec::new() };
        // A folder's time tells of temporary files, which are gone again.
        let modified = if metadata.is_dir() { SystemTime::UNIX_EPOCH } else { metadata.modified().unwrap() };
        let entry = Entry {
            kind: metadata.file_type(),
            permissions: metadata.permissions(),
            modified,
            len: if metadata.is_dir() { 0 } else { metadata.len() },
            content,
        };
        found.insert(path, entry);
    }
}
