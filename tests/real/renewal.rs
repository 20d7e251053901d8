//! A client keeps itself going: what real controllers make of it.

use std::fs;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use ziti_edge_client::api::services::ServiceQuery;
use ziti_edge_client::{Client, Error, EventKind, Identity, Store};

use crate::network::{Member, Network};
use crate::stories::Story;

pub(crate) const ALL: &[(&str, Story)] = &[
    ("a_certificate_is_renewed_with_the_same_key", a_certificate_is_renewed_with_the_same_key),
    ("an_administrator_asks_for_a_new_key", an_administrator_asks_for_a_new_key),
    ("a_renewal_that_broke_off_comes_to_its_end", a_renewal_that_broke_off_comes_to_its_end),
    ("maintenance_finds_nothing_to_change", maintenance_finds_nothing_to_change),
];

fn text(member: &Member) -> String {
    fs::read_to_string(member.invitation.file("identity.json")).unwrap()
}

fn id(member: &Member) -> Value {
    let file: Value = serde_json::from_str(&text(member)).unwrap();
    file["id"].clone()
}

/// A client of what is in the file now.
fn loaded(network: &Network, member: &Member) -> Client {
    network.client(&Identity::load(member.invitation.file("identity.json")).unwrap())
}

fn lists(client: &Client) {
    client.services().list(&ServiceQuery::new()).unwrap();
}

fn a_certificate_is_renewed_with_the_same_key(network: &Network) {
    let member = network.enroll();
    let (client, before) = (network.client(&member.identity), id(&member));
    for _ in 0..2 {
        assert_eq!(client.renew().unwrap().kind, EventKind::CertificateRenewed);
        lists(&client);
        client.authenticate().expect("the client shows the new certificate");
    }
    let after = id(&member);
    assert_eq!(after["key"], before["key"]);
    assert_ne!(after["cert"], before["cert"]);
    let chain = |id: &Value| id["cert"].as_str().unwrap().matches("-----BEGIN CERTIFICATE-----").count();
    assert_eq!(chain(&after), chain(&before), "the chain is as long as it was");
    assert_eq!(member.invitation.files(), ["identity.json"]);
    lists(&loaded(network, &member));
    network.client(&member.identity).authenticate().expect("the file that the old one came from holds the new one");
}

fn an_administrator_asks_for_a_new_key(network: &Network) {
    let member = network.enroll();
    let (client, before) = (network.client(&member.identity), id(&member));
    assert!(client.renew_if_due().unwrap().is_none());
    let authenticator = client.current_api_session().get().unwrap().authenticator_id.unwrap();
    let path = format!("authenticators/{authenticator}/request-extend");
    // 1.3 does not know this.
    if !network.admin.ask(&path, &json!({ "rollKeys": true })) {
        return;
    }
    client.authenticate().unwrap();
    assert_eq!(client.renew_if_due().unwrap().unwrap().kind, EventKind::CertificateRenewed);
    assert_ne!(id(&member)["key"], before["key"]);
    lists(&loaded(network, &member));
    assert!(client.renew_if_due().unwrap().is_none(), "once");
}

/// The save hook takes both pairs and then no more, as if the process had ended after the confirmation.
fn a_renewal_that_broke_off_comes_to_its_end(network: &Network) {
    let member = network.enroll();
    let kept: Arc<Mutex<Vec<String>>> = Arc::default();
    let vault = Arc::clone(&kept);
    let closing = Store::hook(move |text, _| {
        let mut vault = vault.lock().unwrap();
        if !vault.is_empty() {
            return Err("the vault is closed".to_owned());
        }
        vault.push(text.expose().to_owned());
        Ok(())
    });
    let identity = Identity::from_json(&text(&member)).unwrap();
    let error = network.client_with(&identity, closing).renew().unwrap_err();
    assert!(matches!(error, Error::Identity(_)), "{error:?}");

    let left = Identity::from_json(&kept.lock().unwrap()[0]).unwrap();
    let saved: Arc<Mutex<Vec<String>>> = Arc::default();
    let vault = Arc::clone(&saved);
    let open = Store::hook(move |text, _| {
        vault.lock().unwrap().push(text.expose().to_owned());
        Ok(())
    });
    lists(&network.client_with(&left, open));
    let whole = Identity::from_json(saved.lock().unwrap().last().unwrap()).unwrap();
    lists(&network.client(&whole));
}

fn maintenance_finds_nothing_to_change(network: &Network) {
    let member = network.enroll();
    let before = text(&member);
    let client = network.client(&member.identity);
    let maintenance = client.maintain();
    let kinds: Vec<_> = maintenance.events.iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [EventKind::LoginRenewed], "{maintenance:?}");
    assert_eq!(text(&member), before);
    assert!(client.maintain().events.is_empty());
}
