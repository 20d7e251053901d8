//! The controller answers as the recorded ones did: same status, same headers that matter, same JSON keys and types,
//! same error codes. What is not played stands in `played/left_out.rs` with its reason.

mod played;
mod wire;

use std::collections::BTreeSet;

use played::exchange::{AREAS, Exchange, areas, folder, load, load_cluster};
use played::left_out::LEFT_OUT;
use played::{Cluster, Stage};
use ziti_edge_testkit::Version;

/// Those that are played. Every entry of what is left out is for one of them at least.
fn without_left_out(version: Version, recorded: &[Exchange]) -> Vec<Exchange> {
    let of_these = |area: &str| recorded.iter().any(|exchange| exchange.area == area);
    for entry in LEFT_OUT.iter().filter(|entry| entry.versions.contains(&version) && of_these(entry.area)) {
        for begin in entry.purposes {
            let used =
                recorded.iter().any(|exchange| entry.covers(version, exchange) && exchange.purpose.starts_with(begin));
            assert!(used, "nothing is left out of {} {} by {begin:?}: {}", folder(version), entry.area, entry.reason);
        }
    }
    let left_out = |exchange: &&Exchange| LEFT_OUT.iter().any(|entry| entry.covers(version, exchange));
    recorded.iter().filter(|exchange| !left_out(exchange)).cloned().collect()
}

fn compare(played: &[Exchange], mut play: impl FnMut(&Exchange) -> Vec<String>) {
    let mut failures = Vec::new();
    for exchange in played {
        for difference in play(exchange) {
            failures.push(format!("{}: {difference}", exchange.name()));
        }
    }
    assert!(failures.is_empty(), "{} differences:\n{}", failures.len(), failures.join("\n"));
}

fn play(version: Version) -> usize {
    let recorded: Vec<Exchange> = AREAS.into_iter().flat_map(|area| load(version, area)).collect();
    let played = without_left_out(version, &recorded);
    let mut stage = Stage::new(version, &played);
    compare(&played, |exchange| stage.play(exchange));
    println!("{}: {} of {} recorded exchanges compared", folder(version), played.len(), recorded.len());
    played.len()
}

#[test]
fn every_area_that_was_recorded_is_played() {
    for version in Version::ALL {
        let recorded: BTreeSet<String> = areas(version).into_iter().collect();
        assert_eq!(recorded, AREAS.map(str::to_owned).into(), "{}", folder(version));
    }
    for entry in LEFT_OUT {
        assert!(entry.area == "cluster" || AREAS.contains(&entry.area), "{} is no area", entry.area);
    }
}

#[test]
fn answers_as_a_cluster_of_2_0_did() {
    let recorded = load_cluster();
    let played = without_left_out(Version::V2_0, &recorded);
    let mut cluster = Cluster::new();
    compare(&played, |exchange| cluster.play(exchange));
    assert!(played.len() >= 30);
}

#[test]
fn answers_as_1_3_did() {
    assert!(play(Version::V1_3) >= 620);
}

#[test]
fn answers_as_1_6_did() {
    assert!(play(Version::V1_6) >= 620);
}

#[test]
fn answers_as_2_0_did() {
    assert!(play(Version::V2_0) >= 620);
}
