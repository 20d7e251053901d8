//! The controller answers as the recorded ones did: same status, same headers that matter, same JSON keys and types,
//! same error codes. What is not played stands in `played/left_out.rs` with its reason.

mod played;
mod wire;

use played::Stage;
use played::exchange::{AREAS, Exchange, folder, load};
use played::left_out::LEFT_OUT;
use ziti_edge_testkit::Version;

fn play(version: Version) -> usize {
    let recorded: Vec<Exchange> = AREAS.into_iter().flat_map(|area| load(version, area)).collect();
    for entry in LEFT_OUT.iter().filter(|entry| entry.versions.contains(&version)) {
        let used = recorded.iter().any(|exchange| entry.covers(version, exchange));
        assert!(used, "nothing is left out of {} {} because of: {}", folder(version), entry.area, entry.reason);
    }
    let left_out = |exchange: &Exchange| LEFT_OUT.iter().any(|entry| entry.covers(version, exchange));
    let (_, played): (Vec<_>, Vec<_>) = recorded.iter().cloned().partition(left_out);
    let mut stage = Stage::new(version, &played);
    let mut failures = Vec::new();
    for exchange in &played {
        for difference in stage.play(exchange) {
            failures.push(format!("{}: {difference}", exchange.name()));
        }
    }
    assert!(failures.is_empty(), "{} differences:\n{}", failures.len(), failures.join("\n"));
    println!("{}: {} of {} recorded exchanges compared", folder(version), played.len(), recorded.len());
    played.len()
}

#[test]
fn answers_as_1_3_did() {
    assert!(play(Version::V1_3) >= 500);
}

#[test]
fn answers_as_1_6_did() {
    assert!(play(Version::V1_6) >= 500);
}

#[test]
fn answers_as_2_0_did() {
    assert!(play(Version::V2_0) >= 500);
}
