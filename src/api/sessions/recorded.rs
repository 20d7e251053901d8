//! Reads recorded answers as the operations here do.

use super::{FailedPolicy, Session, SessionType};
use crate::api::recorded::{body, refusal_of};
use crate::error::Error;
use crate::wire::envelope;

pub(in crate::api) fn read(operation: &str, body: &[u8]) -> Option<Result<(), Error>> {
    Some(match operation {
        "createSession" | "detailSession" => envelope::data::<Session>(operation, body).map(|session| {
            session.session_type();
        }),
        "listSessions" => envelope::rows::<Session>(operation, body).map(drop),
        _ => return None,
    })
}

fn created(name: &str) -> Session {
    envelope::data("POST /sessions", body(name).as_bytes()).unwrap()
}

#[test]
fn a_session_says_what_it_is_for_and_where_to_go() {
    for version in ["1.3", "1.6", "2.0"] {
        let session = created(&format!("{version} sessions 1"));
        assert_eq!((session.kind.as_deref(), session.session_type()), (Some("Dial"), Some(SessionType::Dial)));
        let [router] = &session.edge_routers[..] else { panic!("{session:?}") };
        assert_eq!((router.name.as_str(), router.hostname.as_deref()), ("router-quickstart", Some("127.0.0.1")));
        assert_eq!(router.urls.get("tls").map(String::as_str), Some("tls://router.test:3022"));
        assert_eq!(router.supported_protocols, router.urls);
        assert_eq!((router.cost, router.disabled, router.no_traversal), (Some(0), Some(false), Some(false)));
        assert_eq!((router.is_online, router.sync_status.as_deref()), (true, Some("SYNC_DONE")));
        assert_eq!((&router.id, &router.created_at), (&None, &None));
        assert!(session.service_id.is_some() && session.identity_id.is_some() && session.api_session_id.is_some());
        assert!(session.service_policies.is_empty() && session.tags.is_empty());
        assert_eq!(created(&format!("{version} sessions 4")).session_type(), Some(SessionType::Bind));
    }
}

#[test]
fn a_session_is_made_with_nulls_and_a_signed_token_since_2_0() {
    let old = created("1.6 sessions 1");
    assert_eq!(old.service.unwrap().name.as_deref(), Some("svc-01-r9183"));
    assert_eq!(old.created_at.unwrap().as_str(), "2026-11-22T06:54:22.599Z");
    assert_eq!(old.api_session.unwrap().id, old.api_session_id);
    assert_eq!(old.token.expose().len(), 36, "a UUID");
    let new = created("2.0 sessions 1");
    assert!(new.service.is_none() && new.api_session.is_none());
    assert!(new.created_at.is_none() && new.updated_at.is_none());
    assert_eq!(new.token.expose().split('.').count(), 3, "a JWT");
    let shown = format!("{new:?}");
    assert!(shown.contains("router-quickstart") && !shown.contains(new.token.expose()), "{shown}");
    assert!(!shown.contains(&new.id) && !shown.contains(&new.api_session_id.unwrap()), "{shown}");
}

#[test]
fn a_session_without_edge_routers_has_none() {
    assert!(created("1.6 sessions 32").edge_routers.is_empty());
}

#[test]
fn a_listed_session_has_its_policies_and_since_2_0_no_token() {
    for (version, has_token) in [("1.3", true), ("1.6", true), ("2.0", false)] {
        let list = body(&format!("{version} sessions 16"));
        let (sessions, pagination) = envelope::rows::<Session>("GET /sessions", list.as_bytes()).unwrap();
        assert_eq!((sessions.len(), pagination.total_count), (2, Some(2)));
        let one: Session =
            envelope::data("GET /sessions/x", body(&format!("{version} sessions 20")).as_bytes()).unwrap();
        for session in [&sessions[0], &one] {
            assert_eq!(session.id, created(&format!("{version} sessions 1")).id);
            let policy = session.service_policies[0].name.as_deref().unwrap();
            assert!(policy.starts_with("sp-dial-"), "{policy}");
            assert!(session.service.as_ref().unwrap().name.is_some() && session.created_at.is_some());
            assert_eq!(session.token.expose() != session.id, has_token, "{version}");
        }
    }
}

#[test]
fn refusals_for_posture_name_each_policy_with_its_checks() {
    for version in ["1.3", "1.6", "2.0"] {
        let refusal = refusal_of(&format!("{version} sessions 15"));
        assert_eq!((refusal.status, refusal.code.as_str()), (409, "INVALID_POSTURE"));
        let failed = refusal.failed_posture();
        let mut types: Vec<String> = failed.iter().map(types_of).collect();
        types.sort_unstable();
        assert_eq!(types, ["DOMAIN OS", "MAC"], "{failed:?}");
        for policy in &failed {
            assert!(refusal.cause.as_ref().unwrap().get().contains(&policy.policy_id));
            assert!(policy.checks.iter().all(|check| check.id.is_some() && !check.is_passing));
        }
        let mfa = refusal_of(&format!("{version} posture 25")).failed_posture();
        assert_eq!(mfa[0].checks[0].type_id.as_deref(), Some("MFA"));
        let other = refusal_of(&format!("{version} sessions 31"));
        assert_eq!((other.status, other.code.as_str()), (400, "NO_EDGE_ROUTERS_AVAILABLE"));
        assert!(other.failed_posture().is_empty());
    }
}

fn types_of(policy: &FailedPolicy) -> String {
    let mut types: Vec<&str> = policy.checks.iter().filter_map(|check| check.type_id.as_deref()).collect();
    types.sort_unstable();
    types.join(" ")
}
