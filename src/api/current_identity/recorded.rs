//! Reads recorded answers as the operations here do.

use super::IdentityDetail;
use crate::api::edge_router::EdgeRouter;
use crate::api::recorded::body;
use crate::error::Error;
use crate::wire::envelope;

pub(in crate::api) fn read(operation: &str, body: &[u8]) -> Option<Result<(), Error>> {
    Some(match operation {
        "getCurrentIdentity" => envelope::data::<IdentityDetail>(operation, body).map(drop),
        "getCurrentIdentityEdgeRouters" => envelope::rows::<EdgeRouter>(operation, body).map(drop),
        _ => return None,
    })
}

fn identity(name: &str) -> IdentityDetail {
    envelope::data("GET /current-identity", body(name).as_bytes()).unwrap()
}

#[test]
fn an_identity_says_who_it_is_and_what_its_last_login_told() {
    for version in ["1.3", "1.6", "2.0"] {
        let bob = identity(&format!("{version} current-identity 1"));
        let name = bob.name.as_deref().unwrap();
        assert!(name.starts_with("bob-"), "{name}");
        assert_eq!((bob.type_id.as_deref(), bob.auth_policy_id.as_deref()), (Some("Default"), Some("default")));
        assert_eq!(bob.identity_type.unwrap().name.as_deref(), Some("Default"));
        assert_eq!(bob.auth_policy.unwrap().name.as_deref(), Some("Default"));
        assert_eq!(bob.authenticators.updb.unwrap().username.as_deref(), Some(name));
        assert!(bob.authenticators.cert.is_none());
        let env = bob.env_info.unwrap();
        assert_eq!((env.arch.as_deref(), env.os.as_deref()), (Some("x86_64"), Some("Linux")));
        assert_eq!((env.hostname.as_deref(), env.domain.as_deref()), (Some("box1.example.test"), Some("example.test")));
        assert_eq!((env.os_release.as_deref(), env.os_version.as_deref()), (Some("6.1.0"), Some("#1 SMP")));
        let sdk = bob.sdk_info.unwrap();
        assert_eq!((sdk.app_id.as_deref(), sdk.app_version.as_deref()), (Some("com.acme.app"), Some("1.2")));
        assert_eq!((sdk.branch.as_deref(), sdk.revision.as_deref()), (Some("main"), Some("abc123")));
        assert_eq!((sdk.sdk_type.as_deref(), sdk.version.as_deref()), (Some("acme-rust"), Some("0.1.0")));
        assert!(bob.has_api_session && !bob.has_edge_router_connection && !bob.is_admin && !bob.is_mfa_enabled);
        assert_eq!(bob.edge_router_connection_status.as_deref(), Some("offline"));
        assert_eq!((bob.default_hosting_cost, bob.default_hosting_precedence.as_deref()), (Some(0), Some("default")));
        assert_eq!((&bob.role_attributes[..], &bob.app_data["role"]), (&["web".to_owned()][..], &"bob".into()));
        assert!(!bob.disabled && bob.disabled_at.is_none() && bob.external_id.is_none());
        assert!(bob.permissions.is_empty() && bob.interfaces.is_empty());
    }
}

#[test]
fn an_identity_with_a_certificate_shows_its_fingerprint_and_tags() {
    for version in ["1.3", "1.6", "2.0"] {
        let alice = identity(&format!("{version} current-identity 2"));
        assert_eq!(alice.authenticators.cert.unwrap().fingerprint.unwrap().len(), 40);
        assert_eq!(alice.tags["level"], 3);
        assert!(alice.env_info.unwrap().os.is_none());
    }
}

#[test]
fn what_no_recording_has_is_read_as_the_document_has_it() {
    let data = serde_json::json!({
        "id": "i",
        "disabled": true,
        "disabledAt": "2026-01-01T00:00:00Z",
        "disabledUntil": "2026-01-02T00:00:00Z",
        "enrollment": {
            "ott": {"id": "e", "token": "canary", "jwt": "canary.canary", "expiresAt": "2026-01-03T00:00:00Z"},
            "ottca": {"id": "f", "caId": "c", "ca": {"id": "c", "name": "ca"}},
        },
        "interfaces": [{
            "name": "eth0", "hardwareAddress": "00:11", "mtu": 1500, "index": 2, "isUp": true, "isRunning": true,
            "isLoopback": false, "isBroadcast": true, "isMulticast": true, "addresses": ["192.0.2.1/24"],
        }],
        "permissions": ["service.read"],
        "serviceHostingCosts": {"s": 65535},
        "serviceHostingPrecedences": {"s": "required"},
    });
    let body = serde_json::json!({ "data": data }).to_string();
    let identity: IdentityDetail = envelope::data("GET /current-identity", body.as_bytes()).unwrap();
    assert_eq!(identity.disabled_until.as_ref().unwrap().unix_seconds(), Some(1_767_312_000));
    let shown = format!("{identity:?}");
    assert!(!shown.contains("canary"), "{shown}");
    let ott = identity.enrollment.ott.unwrap();
    assert_eq!((ott.token.unwrap().expose(), ott.jwt.unwrap().expose()), ("canary", "canary.canary"));
    assert_eq!(ott.expires_at.unwrap().as_str(), "2026-01-03T00:00:00Z");
    assert_eq!(identity.enrollment.ottca.unwrap().ca.unwrap().name.as_deref(), Some("ca"));
    assert!(identity.enrollment.updb.is_none());
    let [eth0] = &identity.interfaces[..] else { panic!("{shown}") };
    assert_eq!((eth0.mtu, eth0.index, eth0.is_up, eth0.is_loopback), (Some(1500), Some(2), true, false));
    assert_eq!(eth0.addresses, ["192.0.2.1/24"]);
    assert_eq!(identity.permissions, ["service.read"]);
    assert_eq!((identity.service_hosting_costs["s"], &*identity.service_hosting_precedences["s"]), (65535, "required"));
}

#[test]
fn edge_routers_of_an_identity_have_ids_and_little_else() {
    for version in ["1.3", "1.6", "2.0"] {
        let list = body(&format!("{version} current-identity 4"));
        let (routers, pagination) = envelope::rows::<EdgeRouter>("GET /x", list.as_bytes()).unwrap();
        assert_eq!(pagination.total_count, Some(1), "controllers cut pages here, whatever the document says");
        let [router] = &routers[..] else { panic!("{routers:?}") };
        assert!(router.id.is_some() && router.created_at.is_some());
        assert_eq!((router.cost, router.disabled, router.no_traversal), (None, None, None));
        assert_eq!(router.hostname.as_deref(), Some(""));
        assert!(router.supported_protocols.contains_key("tls") && router.urls.is_empty());
    }
}
