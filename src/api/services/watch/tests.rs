use serde_json::{Value, json};

use super::print::Prints;
use crate::api::services::tests::read_one;

fn print(prints: &Prints, row: Value) -> [u64; 2] {
    prints.of(read_one(&json!({ "data": row }).to_string().into_bytes()).unwrap().view())
}

fn row() -> Value {
    let query = |id: &str, remaining: i64| json!({"id": id, "isPassing": true, "timeout": 600, "timeoutRemaining": remaining, "timeoutAt": remaining});
    json!({"id": "i", "name": "n", "permissions": ["Dial", "Bind"], "roleAttributes": ["a", "b"], "configs": ["c", "d"],
        "config": {"intercept.v1": {"addresses": ["a.test"]}}, "tags": {"k": "v"}, "terminatorStrategy": "smartrouting",
        "maxIdleTimeMillis": 5, "encryptionRequired": true, "createdAt": "2026-01-01T00:00:00Z",
        "updatedAt": "2026-01-02T00:00:00Z", "postureQueries": [
            {"policyId": "p", "policyType": "Dial", "isPassing": true, "postureQueries": [query("x", 9), query("y", 8)]},
            {"policyId": "q", "policyType": "Dial", "isPassing": true, "postureQueries": []}]})
}

/// The row with another value at a JSON pointer.
fn with(pointer: &str, value: Value) -> Value {
    let mut row = row();
    *row.pointer_mut(pointer).unwrap() = value;
    row
}

#[test]
fn whatever_the_controller_says_of_a_service_counts() {
    let prints = Prints::default();
    let before = print(&prints, row());
    for (pointer, value) in [
        ("/id", json!("j")),
        ("/name", json!("m")),
        ("/permissions", json!(["Dial"])),
        ("/roleAttributes/0", json!("z")),
        ("/configs/1", json!("e")),
        ("/config/intercept.v1/addresses/0", json!("b.test")),
        ("/tags/k", json!("w")),
        ("/terminatorStrategy", json!("random")),
        ("/maxIdleTimeMillis", json!(6)),
        ("/encryptionRequired", json!(false)),
        ("/createdAt", json!("2026-01-03T00:00:00Z")),
        ("/updatedAt", json!("2026-01-03T00:00:00Z")),
        ("/postureQueries/1", json!(null)),
        ("/postureQueries/0/isPassing", json!(false)),
        ("/postureQueries/0/postureQueries/0/isPassing", json!(false)),
        ("/postureQueries/0/postureQueries/1/timeout", json!(-1)),
        ("/postureQueries/0/postureQueries/1/id", json!("z")),
    ] {
        assert_ne!(print(&prints, with(pointer, value)), before, "{pointer}");
    }
}

#[test]
fn what_ticks_and_what_comes_in_any_order_does_not_count() {
    let prints = Prints::default();
    let before = print(&prints, row());
    let mut queries = row()["postureQueries"].as_array().unwrap().clone();
    queries.reverse();
    queries[1]["postureQueries"].as_array_mut().unwrap().reverse();
    for (pointer, value) in [
        ("/postureQueries/0/postureQueries/0/timeoutRemaining", json!(3)),
        ("/postureQueries/0/postureQueries/0/timeoutAt", json!(3)),
        ("/permissions", json!(["Bind", "Dial"])),
        ("/roleAttributes", json!(["b", "a"])),
        ("/configs", json!(["d", "c"])),
        ("/postureQueries", json!(queries)),
    ] {
        assert_eq!(print(&prints, with(pointer, value)), before, "{pointer}");
    }
}

#[test]
fn words_do_not_run_into_each_other() {
    let prints = Prints::default();
    let of = |attributes: Value| print(&prints, with("/roleAttributes", attributes));
    assert_ne!(of(json!(["ab", "c"])), of(json!(["a", "bc"])));
    assert_ne!(of(json!([])), of(json!([""])));
}

#[test]
fn hashes_of_different_watches_have_nothing_in_common() {
    assert_ne!(print(&Prints::default(), row()), print(&Prints::default(), row()));
}

#[test]
fn posture_queries_of_any_size_and_depth_are_compared() {
    let prints = Prints::default();
    let of = |queries: &str| {
        let row = format!(r#"{{"data":{{"id":"i","name":"n","postureQueries":{queries}}}}}"#);
        prints.of(read_one(row.as_bytes()).unwrap().view())
    };
    let long = |last: &str| format!("[{}{last}]", "[],".repeat(200_000));
    assert_eq!(of(&long("1")), of(&long("1")));
    assert_ne!(of(&long("1")), of(&long("2")));
    let deep = |inside: &str| format!("{}{inside}{}", "[".repeat(10_000), "]".repeat(10_000));
    assert_ne!(of(&deep("1")), of(&deep("2")));
}
