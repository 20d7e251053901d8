use std::fs;

use serde_json::json;

use super::*;
use crate::api::services::tests::{read_one, read_page};
use crate::api::services::{OwnedService, Service, ServiceList};
use crate::wire::fields::tests::paths_of;

/// The services of a recorded answer.
fn recorded(version: &str, area: &str, number: u64) -> ServiceList {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings");
    let lines = fs::read_to_string(folder.join(version).join(format!("{area}.jsonl"))).unwrap();
    let exchange = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let exchange = exchange.into_iter().find(|exchange| exchange["n"] == number).unwrap();
    read_page(exchange["response"]["body"].as_str().unwrap().as_bytes()).unwrap()
}

fn checks(services: &ServiceList, query_type: &str) -> Vec<(PostureQuerySet, PostureQuery)> {
    let sets = services.iter().flat_map(|service| service.posture_queries().unwrap());
    let queries = sets.flat_map(|set| set.queries.clone().into_iter().map(move |query| (set.clone(), query)));
    queries.filter(|(_, query)| query.query_type.as_deref() == Some(query_type)).collect()
}

fn service(permissions: &[&str], sets: Value) -> OwnedService {
    let row = json!({"id": "i", "name": "web", "permissions": permissions, "postureQueries": sets});
    read_one(&json!({"data": row}).to_string().into_bytes()).unwrap()
}

fn can_use(service: Service<'_>) -> (bool, bool) {
    (service.can_use(Permission::Dial).unwrap(), service.can_use(Permission::Bind).unwrap())
}

#[test]
fn recorded_checks_are_read_with_all_they_say() {
    let services = recorded("2.0", "posture", 23);
    let (set, mfa) = checks(&services, "MFA").remove(0);
    assert_eq!((set.policy_id.as_str(), set.policy_type.as_deref()), ("4N7aKfATEjgQ9MELClHC71", Some("Dial")));
    assert!(!set.is_passing && !mfa.is_passing && mfa.prompt_on_wake && mfa.prompt_on_unlock);
    assert_eq!((mfa.id.as_str(), mfa.timeout, mfa.timeout_remaining), ("2TncSehPbrK33i8Ai5kQ9f", Some(600), Some(0)));
    assert_eq!(mfa.timeout_at.unwrap().as_str(), "2026-11-22T06:54:05.645Z");
    assert_eq!((mfa.prompt_grace_period_seconds, mfa.process, mfa.processes), (None, None, Vec::new()));
    assert_eq!(mfa.created_at.unwrap().as_str(), "2026-11-22T06:53:43.755Z");
    assert!(mfa.updated_at.is_some() && mfa.tags.is_empty());
}

#[test]
fn processes_of_every_version_are_read() {
    for version in ["1.3", "1.6", "2.0"] {
        let services = recorded(version, "posture", 23);
        let one = |os: &str, path: &str| PostureQueryProcess { os_type: Some(os.into()), path: Some(path.into()) };
        let (set, process) = checks(&services, "PROCESS").remove(0);
        assert_eq!((process.process, set.is_passing), (Some(one("Linux", "/usr/bin/agent")), false), "{version}");
        assert_eq!((process.timeout, process.timeout_remaining, process.timeout_at), (Some(-1), Some(-1), None));
        let (set, multi) = checks(&services, "PROCESS_MULTI").remove(0);
        assert_eq!(multi.processes, [one("Linux", "/usr/bin/a"), one("Windows", "C:\\b.exe")], "{version}");
        assert!(set.is_passing && multi.is_passing && !multi.prompt_on_wake, "{version}");
    }
}

#[test]
fn all_that_the_document_lists_is_read() {
    let queries = ["createdAt", "id", "isPassing", "process", "process.osType", "process.path", "processes"];
    let more = ["processes[].osType", "processes[].path", "promptGracePeriodSeconds", "promptOnUnlock", "promptOnWake"];
    let rest = ["queryType", "tags", "timeout", "timeoutAt", "timeoutRemaining", "updatedAt"];
    let below = queries.into_iter().chain(more).chain(rest).map(|path| format!("postureQueries[].{path}"));
    let mut wanted: Vec<String> = ["isPassing", "policyId", "policyType", "postureQueries"].map(str::to_owned).into();
    wanted.extend(below);
    assert_eq!(paths_of::<PostureQuerySet>().into_iter().collect::<Vec<_>>(), wanted);
}

#[test]
fn what_recorded_services_allow_is_told() {
    // The same service before and after the device told its domain.
    let of = |services: ServiceList| checks_passing(&services, "DOMAIN");
    assert_eq!(of(recorded("2.0", "services", 24)), (false, false));
    assert_eq!(of(recorded("2.0", "posture", 23)), (true, true));
}

/// For the service with such a check: whether its set passes, and whether it can be dialed.
fn checks_passing(services: &ServiceList, query_type: &str) -> (bool, bool) {
    let has_it =
        |set: &PostureQuerySet| set.queries.len() == 1 && set.queries[0].query_type.as_deref() == Some(query_type);
    let mut found = services.iter().filter_map(|service| {
        let sets = service.posture_queries().unwrap();
        (sets.len() == 1 && has_it(&sets[0])).then(|| (sets[0].is_passing, service.can_use(Permission::Dial).unwrap()))
    });
    found.next().expect("such a service was recorded")
}

#[test]
fn any_passing_policy_of_the_type_is_enough() {
    let set = |kind: &str, passing: bool| json!({"policyId": "p", "policyType": kind, "isPassing": passing});
    let both = ["Dial", "Bind"];
    for (permissions, sets, expected) in [
        (&both[..], json!([]), (true, true)),
        (&both[..], json!([set("Dial", false)]), (false, true)),
        (&both[..], json!([set("Dial", false), set("Dial", true)]), (true, true)),
        (&both[..], json!([set("Dial", true), set("Bind", false)]), (true, false)),
        (&both[..], json!([set("Invalid", false), {"policyId": "p"}]), (true, true)),
        (&["Bind"][..], json!([set("Dial", true), set("Bind", true)]), (false, true)),
        (&["Invalid"][..], json!([set("Dial", true)]), (false, false)),
        (&[][..], json!([]), (false, false)),
    ] {
        assert_eq!(can_use(service(permissions, sets.clone()).view()), expected, "{permissions:?} {sets}");
    }
}

#[test]
fn nulls_are_read_leniently() {
    for queries in [json!(null), json!([])] {
        let service = service(&["Dial"], json!([{"policyId": "p", "isPassing": null, "postureQueries": queries}]));
        let sets = service.view().posture_queries().unwrap();
        assert_eq!((sets[0].is_passing, sets[0].queries.len(), &sets[0].policy_type), (false, 0, &None));
    }
    assert!(service(&["Dial"], json!(null)).view().posture_queries().unwrap().is_empty());
}

#[test]
fn what_cannot_be_read_names_service_and_place() {
    let deep = serde_json::from_str(&format!("[{}1{}]", "[".repeat(100), "]".repeat(100))).unwrap();
    for (sets, place) in [
        (json!([{"policyId": "p", "postureQueries": [{"id": 7}]}]), "postureQueries[0].postureQueries[0].id"),
        (json!([{"policyId": "p", "isPassing": "yes"}]), "postureQueries[0].isPassing"),
        (json!([7]), "postureQueries[0]: "),
        (deep, "postureQueries[0]: "),
    ] {
        let service = service(&["Dial"], sets);
        let message = service.view().posture_queries().unwrap_err().to_string();
        assert!(message.contains("posture queries of service web") && message.contains(place), "{message}");
        assert_eq!(service.view().can_use(Permission::Dial).unwrap_err().to_string(), message);
    }
}
