//! Services that ask something of the device.

use serde_json::{Value, json};
use ziti_edge_client::Client;
use ziti_edge_client::api::posture::PostureResponse;
use ziti_edge_client::api::services::{Permission, PostureQuery};

use crate::network::{Member, Network, unique};
use crate::second_factor::set_up;
use crate::stories::Story;

pub(crate) const ALL: &[(&str, Story)] = &[
    ("a_service_asks_for_an_operating_system", a_service_asks_for_an_operating_system),
    ("a_service_asks_for_a_process", a_service_asks_for_a_process),
    ("a_service_asks_for_a_domain", a_service_asks_for_a_domain),
    ("a_service_asks_for_a_hardware_address", a_service_asks_for_a_hardware_address),
    ("a_service_asks_for_a_second_factor", a_service_asks_for_a_second_factor),
];

/// A service that the member may dial from a device that passes a check; the ids.
pub(crate) struct Guarded {
    pub(crate) service: String,
    pub(crate) policy: String,
    pub(crate) check: String,
}

impl Guarded {
    pub(crate) fn new(network: &Network, member: &Member, check: &Value) -> Self {
        let mut check = check.clone();
        check["name"] = unique("check").into();
        let check = network.admin.create("posture-checks", &check);
        let body = json!({ "name": unique("guarded"), "encryptionRequired": true });
        let service = network.admin.create("services", &body);
        let policy = network.allow("Dial", member, &format!("@{service}"), std::slice::from_ref(&check));
        Self { service, policy, check }
    }
}

/// A check for the domain `corp.test`.
pub(crate) fn domain() -> Value {
    json!({ "typeId": "DOMAIN", "domains": ["corp.test"] })
}

/// True if the controller lets the device dial the service.
pub(crate) fn passes(client: &Client, guarded: &Guarded) -> bool {
    let service = client.services().get(&guarded.service).expect("whoever fails a check sees the service, too");
    let passes = service.view().can_use(Permission::Dial).unwrap();
    assert_eq!(query_of(client, guarded).is_passing, passes);
    passes
}

fn query_of(client: &Client, guarded: &Guarded) -> PostureQuery {
    let service = client.services().get(&guarded.service).unwrap();
    let mut sets = service.view().posture_queries().unwrap();
    assert_eq!((sets.len(), &sets[0].policy_id, sets[0].queries.len()), (1, &guarded.policy, 1));
    assert_eq!(sets[0].queries[0].id, guarded.check);
    sets.remove(0).queries.remove(0)
}

/// The check fails without an answer and after a wrong one, and passes after the right one.
fn story(network: &Network, check: &Value, answer: impl Fn(&str, bool) -> PostureResponse) {
    let member = network.enroll();
    let guarded = Guarded::new(network, &member, check);
    let client = network.client(&member.identity);
    assert_eq!(query_of(&client, &guarded).query_type.as_deref(), check["typeId"].as_str());
    assert!(!passes(&client, &guarded), "nothing was said yet");
    client.posture().submit(&answer(&guarded.check, false)).unwrap();
    assert!(!passes(&client, &guarded), "it was the wrong answer");
    client.posture().submit(&answer(&guarded.check, true)).unwrap();
    assert!(passes(&client, &guarded));
    client.posture().submit(&answer(&guarded.check, false)).unwrap();
    assert!(!passes(&client, &guarded), "it passes no longer");
}

fn a_service_asks_for_an_operating_system(network: &Network) {
    let check = json!({ "typeId": "OS", "operatingSystems": [{ "type": "Linux", "versions": [">=5.0.0"] }] });
    story(network, &check, |id, right| PostureResponse::OperatingSystem {
        id: id.to_owned(),
        os_type: "Linux".to_owned(),
        version: if right { "6.1.0" } else { "4.19.0" }.to_owned(),
        build: None,
    });
}

fn a_service_asks_for_a_process(network: &Network) {
    let process = json!({ "osType": "Linux", "path": "/usr/bin/guard", "hashes": [], "signerFingerprints": [] });
    story(network, &json!({ "typeId": "PROCESS", "process": process }), |id, right| PostureResponse::Process {
        id: id.to_owned(),
        path: "/usr/bin/guard".to_owned(),
        is_running: right,
        hash: None,
        signer_fingerprints: Vec::new(),
    });
}

fn a_service_asks_for_a_domain(network: &Network) {
    story(network, &domain(), |id, right| PostureResponse::Domain {
        id: id.to_owned(),
        domain: if right { "corp.test" } else { "home.test" }.to_owned(),
    });
}

fn a_service_asks_for_a_hardware_address(network: &Network) {
    let check = json!({ "typeId": "MAC", "macAddresses": ["00:11:22:33:44:55"] });
    story(network, &check, |id, right| PostureResponse::MacAddresses {
        id: id.to_owned(),
        mac_addresses: vec![if right { "00:11:22:33:44:55" } else { "66:77:88:99:aa:bb" }.to_owned()],
    });
}

fn a_service_asks_for_a_second_factor(network: &Network) {
    let member = network.enroll();
    let check = json!({ "typeId": "MFA", "timeoutSeconds": 600, "promptOnWake": true, "promptOnUnlock": false });
    let guarded = Guarded::new(network, &member, &check);
    let client = network.client(&member.identity);
    assert!(!passes(&client, &guarded));

    let app = set_up(&client);
    client.authenticate_mfa(&app.code()).unwrap();
    assert!(passes(&client, &guarded));
    let left = query_of(&client, &guarded).timeout_remaining.expect("the check has an end");
    assert!((550..=600).contains(&left), "{left}");

    let woken = PostureResponse::EndpointState { id: guarded.check.clone(), woken: true, unlocked: false };
    let answer = client.posture().submit(&woken).unwrap();
    assert_eq!(answer.services.iter().map(|service| &service.id).collect::<Vec<_>>(), [&guarded.service]);
    assert!(answer.services[0].timeout_remaining.is_some_and(|left| left <= 300), "{answer:?}");
}
