//! Nothing secret is logged.

use std::process::Command;
use std::sync::Mutex;

use super::*;
use crate::secret::Secret;
use crate::transport::Credential;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";

/// Set in the child process that has the logger, of which a process can have only one.
const CHILD: &str = "ZITI_EDGE_CLIENT_TEST_LOGS";

static LINES: Mutex<String> = Mutex::new(String::new());

struct Collect;

impl log::Log for Collect {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.target().starts_with(env!("CARGO_CRATE_NAME"))
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            *LINES.lock().unwrap() += &format!("{} {}\n", record.target(), record.args());
        }
    }

    fn flush(&self) {}
}

#[test]
fn neither_a_token_nor_a_secret_query_is_logged() {
    if std::env::var_os(CHILD).is_some() {
        return log_and_check();
    }
    let name = concat!(module_path!(), "::neither_a_token_nor_a_secret_query_is_logged");
    let (_, name) = name.split_once("::").unwrap();
    let child = Command::new(std::env::current_exe().unwrap()).args(["--exact", name]).env(CHILD, "1").output();
    let child = child.unwrap();
    let printed = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success() && printed.contains("1 passed"), "{printed}");
}

fn log_and_check() {
    log::set_logger(&Collect).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
    let (server, connections) = answering(OK);
    let credential = Credential { header: "zt-session", value: Secret::new("canary-token") };
    let request = get().query("seen", "yes").secret_query("token", &Secret::new("canary-query"));
    let attempt = Attempt { credentials: &[credential], ..attempt(&server.url) };
    connections.exchange(&Call::new(ENOUGH, &[]), &attempt, &request, &mut Vec::new()).unwrap();
    let failure = connections.exchange(&Call::new(Duration::ZERO, &[]), &attempt, &request, &mut Vec::new());
    let printed = format!("{}{:?}{connections:?}", LINES.lock().unwrap(), failure.unwrap_err());
    assert!(printed.contains("GET /version?seen=yes&token=***: 200"), "{printed}");
    assert!(!printed.contains("canary"), "{printed}");
}
