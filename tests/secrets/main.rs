//! No secret shows: not in a log line of the library at any level, not in an error, not in the Debug text of anything.
//!
//! Secrets are planted as canaries, everything that the library does is done, well and badly, and all that it showed
//! is searched. What other libraries log is left out: the documentation tells to keep them above debug.

mod canaries;
mod enrollment;
mod factors;
mod files;
mod provider;
mod session;
mod tokens;
mod ways;
mod witness;

use ziti_edge_testkit::{TestController, Version};

use canaries::Canaries;
use witness::Witness;

#[test]
fn no_secret_shows_in_logs_errors_or_debug_texts() {
    let mut witness = Witness::new();
    let mut canaries = Canaries::default();
    for version in [Version::V1_3, Version::V2_0] {
        let controller = TestController::builder().oidc(false).version(version).services(3).start().unwrap();
        enrollment::run(&controller, &mut witness, &mut canaries);
        session::run(&controller, &mut witness, &mut canaries);
        factors::run(&controller, &mut witness, &mut canaries);
        ways::run(&controller, &mut witness, &mut canaries);
        tokens::run(version, &mut witness, &mut canaries);
    }
    files::run(&mut witness, &mut canaries);
    provider::run(&mut witness, &mut canaries);

    let (own, others) = witness.lines();
    assert!(own > 50 && others > 50, "the log was heard: {own} lines of ours, {others} of others");
    assert!(canaries.len() > 50, "{} canaries", canaries.len());
    let leaks = witness.leaks(&canaries);
    assert!(leaks.is_empty(), "{} leaks:\n{}", leaks.len(), leaks.join("\n"));
}

/// The search itself works: what is planted on purpose is found.
#[test]
fn a_secret_in_a_line_of_the_library_would_be_found() {
    let mut witness = Witness::new();
    let mut canaries = Canaries::default();
    canaries.plant("line", "canary-in-a-line-of-ours");
    canaries.plant("other", "foreign-canary-of-others");
    canaries.plant("rows", "canary-in-rows-of-hex");
    canaries.plant("debug", "canary-in-a-debug-text");
    log::trace!(target: "ziti_edge_client::wire", "GET /services?token=canary-in-a-line-of-ours");
    log::trace!(target: "ureq::unversioned", "foreign-canary-of-others");
    for bytes in b"canary-in-rows-of-hex".chunks(8) {
        let row: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        log::debug!(target: "ziti_edge_client", "{}", row.join(" "));
    }
    witness.see("a careless type", &Some("canary-in-a-debug-text"));

    let leaks = witness.leaks(&canaries);

    let found = |name: &str| leaks.iter().filter(|leak| leak.contains(&format!("shows {name}:"))).count();
    assert_eq!(["line", "other", "rows", "debug"].map(found), [1, 0, 1, 1], "{leaks:#?}");
}
