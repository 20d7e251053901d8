//! Programs in C against a controller: the whole way, and calls that stall.
#![cfg(all(feature = "capi", target_os = "linux"))]

#[path = "c/scene.rs"]
mod scene;
#[path = "c/support.rs"]
mod support;

use std::fs;

use scene::{controller, enrolled, flow, text, told};
use support::{Linking, command, compile};
use ziti_edge_testkit::{TestController, Version};

fn example(controller: &TestController, linking: Linking) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("token.jwt"), controller.create_identity("alice") + "\n").unwrap();
    let program = compile("examples-c/list_services.c", "c99", linking, folder.path());
    let run = |arguments: &[&str]| command(&program).args(arguments).current_dir(folder.path()).output().unwrap();

    let first = run(&["--jwt", "token.jwt", "identity.json", "20"]);
    assert!(first.status.success() && first.stderr.is_empty(), "{}", told(&first));
    let second = run(&["identity.json"]);
    assert!(second.status.success(), "{}", told(&second));
    assert_eq!(first.stdout, second.stdout);
    let mut ids: Vec<String> = Vec::new();
    for line in text(&first.stdout).lines() {
        let (id, name) = line.split_once('\t').unwrap();
        assert!(!name.is_empty() && !name.contains('\t'), "{line}");
        ids.push(id.to_owned());
    }
    let mut expected = controller.service_ids();
    ids.sort();
    expected.sort();
    assert_eq!(ids, expected);
    assert_eq!(controller.session_count(), 0, "the example logs out");
}

#[test]
fn the_example_enrolls_and_lists_with_the_shared_library() {
    example(&controller(), Linking::Shared);
}

#[test]
fn the_example_enrolls_and_lists_with_the_static_library() {
    example(&controller(), Linking::Static);
}

#[test]
fn the_example_tells_a_refusal_in_one_line() {
    // No cluster: there a certificate this new would be tried until the time is over.
    let controller = TestController::builder().version(Version::V1_3).start().unwrap();
    let folder = enrolled(&controller);
    let program = compile("examples-c/list_services.c", "c99", Linking::Shared, folder.path());
    controller.remove_identity(&controller.identity_id("alice").unwrap());
    let output = command(program).arg("identity.json").current_dir(folder.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty(), "{}", told(&output));
    assert!(text(&output.stderr).contains("refuses this identity"), "{}", told(&output));
    assert_eq!(text(&output.stderr).lines().count(), 1, "{}", told(&output));
}

#[test]
fn the_whole_way_works_from_c() {
    let folder = tempfile::tempdir().unwrap();
    flow(folder.path(), &controller(), |program| command(program));
}
