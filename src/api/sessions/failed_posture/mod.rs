//! Why this device may not use a service.

#[cfg(feature = "capi")]
pub(crate) mod ffi;

use serde_json::{Map, Value};

use crate::error::ApiError;

/// A policy that would allow the session, if the device passed its posture checks.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FailedPolicy {
    /// The id of the policy.
    pub policy_id: String,
    /// Its checks that stand in the way.
    pub checks: Vec<FailedCheck>,
}

/// A posture check that stands in the way of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FailedCheck {
    /// The id, which is also that of the query in the service's posture queries.
    pub id: Option<String>,
    /// What is checked: `OS`, `DOMAIN`, `MAC`, `PROCESS`, `PROCESS_MULTI` or `MFA`; other words may come.
    pub type_id: Option<String>,
    /// False in all that was seen so far.
    pub is_passing: bool,
    /// Whatever else the controller tells of the check; nothing so far.
    pub details: Map<String, Value>,
}

impl ApiError {
    /// The policies whose posture checks failed; passing those of any one of them is enough.
    ///
    /// Empty for every other refusal than `INVALID_POSTURE`.
    pub fn failed_posture(&self) -> Vec<FailedPolicy> {
        self.cause.as_ref().map_or_else(Vec::new, |cause| read(&self.code, cause.get()))
    }
}

/// Reads the cause of a refusal. What has another shape than expected is left out: the refusal itself stands.
fn read(code: &str, cause: &str) -> Vec<FailedPolicy> {
    if code != "INVALID_POSTURE" {
        return Vec::new();
    }
    let Ok(Value::Object(mut cause)) = serde_json::from_str(cause) else { return Vec::new() };
    let Some(Value::Object(policies)) = cause.remove("data") else { return Vec::new() };
    policies.into_iter().map(|(policy_id, checks)| FailedPolicy { policy_id, checks: all_checks(checks) }).collect()
}

fn all_checks(checks: Value) -> Vec<FailedCheck> {
    let Value::Array(checks) = checks else { return Vec::new() };
    let objects = checks.into_iter().filter_map(|check| match check {
        Value::Object(members) => Some(members),
        _ => None,
    });
    objects.map(check).collect()
}

fn check(mut members: Map<String, Value>) -> FailedCheck {
    let mut text = |key: &str| match members.remove(key) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    };
    FailedCheck {
        id: text("id"),
        type_id: text("typeId"),
        is_passing: members.remove("isPassing") == Some(Value::Bool(true)),
        details: members,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use serde_json::value::RawValue;

    use super::*;

    fn refusal(code: &str, cause: &str) -> ApiError {
        ApiError {
            status: 409,
            code: code.to_owned(),
            message: "no".to_owned(),
            cause: Some(RawValue::from_string(cause.to_owned()).unwrap()),
            request_id: None,
            retry_after: None,
            operation: "POST /sessions".to_owned(),
        }
    }

    #[test]
    fn each_policy_has_the_checks_that_failed() {
        let cause = json!({"message": "m", "data": {
            "p1": [{"id": "c1", "isPassing": false, "typeId": "MAC"}],
            "p2": [{"id": "c2", "typeId": "OS", "isPassing": true, "actualValue": {"type": "Linux"}}, {}],
        }});
        let failed = refusal("INVALID_POSTURE", &cause.to_string()).failed_posture();
        let ids: Vec<&str> = failed.iter().map(|policy| policy.policy_id.as_str()).collect();
        assert_eq!(ids, ["p1", "p2"]);
        let [mac] = &failed[0].checks[..] else { panic!("{failed:?}") };
        assert_eq!((mac.id.as_deref(), mac.type_id.as_deref(), mac.is_passing), (Some("c1"), Some("MAC"), false));
        assert!(mac.details.is_empty());
        let [os, unknown] = &failed[1].checks[..] else { panic!("{failed:?}") };
        assert!(os.is_passing);
        assert_eq!(Value::Object(os.details.clone()), json!({"actualValue": {"type": "Linux"}}));
        assert_eq!((&unknown.id, &unknown.type_id, unknown.is_passing), (&None, &None, false));
    }

    #[test]
    fn what_has_another_shape_is_left_out() {
        for cause in ["null", "7", "[]", "{}", r#"{"data":null}"#, r#"{"data":["p"]}"#, r#"{"data":"p"}"#] {
            assert!(refusal("INVALID_POSTURE", cause).failed_posture().is_empty(), "{cause}");
        }
        for cause in [r#"{"data":{"p":null}}"#, r#"{"data":{"p":[1,null,[]]}}"#, r#"{"data":{"p":{"id":"c"}}}"#] {
            let failed = refusal("INVALID_POSTURE", cause).failed_posture();
            assert_eq!((failed[0].policy_id.as_str(), failed[0].checks.len()), ("p", 0), "{cause}");
        }
        let odd = refusal("INVALID_POSTURE", r#"{"data":{"p":[{"id":7,"typeId":null,"isPassing":"yes"}]}}"#);
        assert_eq!(
            (&odd.failed_posture()[0].checks[0].id, odd.failed_posture()[0].checks[0].is_passing),
            (&None, false)
        );
        let deep = format!(r#"{{"data":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
        assert!(refusal("INVALID_POSTURE", &deep).failed_posture().is_empty());
    }

    #[test]
    fn other_refusals_have_none() {
        assert!(refusal("CERT_IN_USE", r#"{"data":{"fingerprint":["ab"]}}"#).failed_posture().is_empty());
        assert!(ApiError { cause: None, ..refusal("INVALID_POSTURE", "null") }.failed_posture().is_empty());
    }
}
