//! What a log shows of all this, where nobody asks to be told.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::{Mutex, OnceLock};

use log::{Level, LevelFilter, Log, Metadata, Record};
use ziti_edge_client::{Client, Identity};
use ziti_edge_testkit::{Fault, Version};

use crate::EXTEND;
use crate::support;

static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Keeps what this library says from its informations on.
struct Keeper;

impl Log for Keeper {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("ziti_edge_client") && metadata.level() <= Level::Info
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            LINES.lock().unwrap().push(format!("{} {}", record.level(), record.args()));
        }
    }

    fn flush(&self) {}
}

/// The lines about something that no other test is about.
fn lines_about(what: &str) -> Vec<String> {
    LINES.lock().unwrap().iter().filter(|line| line.contains(what)).cloned().collect()
}

fn listen() {
    static INSTALLED: OnceLock<()> = OnceLock::new();
    INSTALLED.get_or_init(|| {
        log::set_logger(&Keeper).expect("no other logger in this program");
        log::set_max_level(LevelFilter::Info);
    });
}

#[test]
fn a_file_that_others_can_read_is_a_warning_each_time_it_is_read_or_written() {
    listen();
    let (controller, folder) = (support::controller(Version::V2_0, 0), tempfile::tempdir().unwrap());
    let path = folder.path().join("exposed.json");
    fs::write(&path, controller.enrolled_identity_json("alice")).unwrap();
    let mode = |mode| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    let warnings = || lines_about(&path.display().to_string()).len();
    mode(0o600);
    let identity = Identity::load(&path).unwrap();
    identity.save(&path).unwrap();
    assert_eq!(warnings(), 0);
    mode(0o644);
    Identity::load(&path).unwrap();
    assert_eq!(warnings(), 1);
    identity.save(&path).unwrap();
    let told = lines_about(&path.display().to_string());
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.iter().all(|line| line.starts_with("WARN") && line.contains("chmod 600")), "{told:?}");
}

#[test]
fn what_changes_and_what_fails_is_in_the_log() {
    listen();
    let (controller, folder) = (support::controller(Version::V2_0, 0), tempfile::tempdir().unwrap());
    let path = folder.path().join("logged.json");
    fs::write(&path, controller.enrolled_identity_json("only-in-the-log")).unwrap();
    let client = Client::builder(&Identity::load(&path).unwrap()).always_renew_key(true).build().unwrap();
    client.renew().unwrap();
    let told = lines_about("only-in-the-log");
    assert!(matches!(&told[..], [one] if one.starts_with("INFO certificate_renewed: CN=only-in-the-log")), "{told:?}");

    controller.fault(EXTEND, Fault::Status(500));
    let failing = Client::builder(&Identity::load(&path).unwrap())
        .renew_before(support::ENOUGH * 1_000_000)
        .clock(|| (std::time::Instant::now(), std::time::SystemTime::now() + 300 * crate::DAY));
    failing.build().unwrap().maintain();
    let failures = lines_about("renewal_failed: ");
    assert!(failures.iter().any(|line| line.starts_with("WARN")), "{failures:?}");
}
