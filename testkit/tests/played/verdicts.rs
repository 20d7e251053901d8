//! What came out of posture checks: the one part of an answer whose values have to agree, and not its shape alone.

use std::collections::BTreeSet;

use serde_json::Value;

/// Ids of all policies and checks in a JSON value, with whether they pass.
fn of(value: &Value) -> BTreeSet<(String, bool)> {
    let own = value["isPassing"].as_bool().and_then(|passes| {
        let id = value["policyId"].as_str().or_else(|| value["id"].as_str())?;
        Some((id.to_owned(), passes))
    });
    let inner: Vec<&Value> = match value {
        Value::Object(fields) => fields.values().collect(),
        Value::Array(elements) => elements.iter().collect(),
        _ => Vec::new(),
    };
    own.into_iter().chain(inner.into_iter().flat_map(of)).collect()
}

/// Where the verdicts of a recorded answer and another one differ.
pub(crate) fn differences(recorded: &Value, other: &Value) -> Vec<String> {
    let (recorded, other) = (of(recorded), of(other));
    let tell = |(id, passes): &(String, bool)| format!("of {id}: isPassing {passes}");
    let missing = recorded.difference(&other).map(|verdict| format!("{} was recorded", tell(verdict)));
    missing.chain(other.difference(&recorded).map(|verdict| format!("{} was not recorded", tell(verdict)))).collect()
}

#[test]
fn tells_other_verdicts() {
    use serde_json::json;
    let recorded =
        json!({"data": [{"policyId": "p", "isPassing": true, "postureQueries": [{"id": "q", "isPassing": true}]}]});
    assert!(differences(&recorded, &recorded).is_empty());
    let other =
        json!({"data": [{"policyId": "p", "isPassing": true, "postureQueries": [{"id": "q", "isPassing": false}]}]});
    assert_eq!(differences(&recorded, &other).len(), 2);
}
