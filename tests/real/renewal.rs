//! A client keeps itself going: what real controllers make of it.

use std::fs;

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
    let old = network.client(&member.identity);
    assert!(matches!(old.authenticate(), Ok(_)), "the file of the old one holds the new one");
}

fn an_administrator_asks_for_a_new_key(network: &Network) {
    let member = network.enroll();
    let (client, before) = (network.client(&member.identity), id(&member));
    assert!(client.renew_if_due().unwrap().is_none());
    let authenticator = client.current_api_session().get().unwrap().authenticator_id.unwrap();
    let path = format!("authenticators/{authenticator}/request-extend");
    if !network.admin.ask(&path, &json!({ "rollKeys": true })) {
        return;
    }
    client.authenticate().unwrap();
    assert_eq!(client.renew_if_due().unwrap().unwrap().kind, EventKind::CertificateRenewed);
    assert_ne!(id(&member)["key"], before["key"]);
    lists(&loaded(network, &member));
    assert!(client.renew_if_due().unwrap().is_none(), "once");
}

/// The process ends after the confirmation and before the save: a hook that fails stands for it.
fn a_renewal_that_broke_off_comes_to_its_end(network: &Network) {
    use std::sync::{Arc, Mutex};
    let member = network.enroll();
    let kept: Arc<Mutex<Option<String>>> = Arc::default();
    let vault = Arc::clone(&kept);
    let hook = Store::hook(move |text, _| {
        let mut vault = vault.lock().unwrap();
        match vault.is_some() {
            true => Err("closed".to_owned()),
            false => {
                *vault = Some(text.expose().to_owned());
                Ok(())
            }
        }
    });
    let identity = Identity::from_json(&text(&member)).unwrap();
    let client = network.client_with_store(&identity, hook);
    assert!(matches!(client.renew(), Err(Error::Identity(_))));
    let left = kept.lock().unwrap().clone().unwrap();
    let identity = Identity::from_json(&left).unwrap();
    let again = network.client_with_store(&identity, Store::file(member.invitation.file("again.json")));
    let hooked = network.client_with_store(&identity, Store::hook(|_, _| Ok(())));
    lists(&hooked);
    drop(again);
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
