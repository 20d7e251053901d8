//! A certificate that is renewed under a login over OIDC, whose tokens are good with the certificate they came by.

use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use ziti_edge_client::api::list::ListQuery;
use ziti_edge_client::{Client, Error, EventKind, Identity, Login, LoginState, Store};
use ziti_edge_testkit::{ListedController, Operation, TestController, Version};

use crate::support::{answer, start};
use crate::{LOGIN, Network, TOKEN, Time, Way, build, list};

const DUE: Duration = Duration::from_secs(25 * 60);
/// More than a refresh token lasts.
const OVER: Duration = Duration::from_secs(25 * 3600);
const LIST: Operation = Operation::Named("listCurrentIdentityAuthenticators");

/// A client of an identity in a file, and a clock that the test moves.
fn kept(network: &Network) -> (Client, Time, TempDir) {
    let (folder, time) = (tempfile::tempdir().unwrap(), Time::new());
    let store = Store::file(folder.path().join("identity.json"));
    (build(time.of(network.builder(Way::Certificate).store(store))), time, folder)
}

/// The same, logged in with a code.
fn kept_with_code(version: Version) -> (Network, Client, Time, TempDir) {
    let network = Network::new(version);
    network.controller.enroll_mfa(&network.id);
    let (client, time, folder) = kept(&network);
    client.authenticate_mfa(&network.code()).unwrap();
    assert_eq!(list(&client).unwrap(), 1);
    (network, client, time, folder)
}

/// The certificate that a login is good with, and whether it is that of the identity.
fn shown(client: &Client) -> (String, bool) {
    let chain = client.credentials().unwrap().certificate.unwrap();
    let leaf: String = chain.split_inclusive("-----END CERTIFICATE-----").take(1).collect();
    let is_own = certificate_of(&client.identity()).contains(leaf.trim());
    (leaf, is_own)
}

#[test]
fn a_renewed_certificate_has_tokens_of_its_own() {
    for version in Version::ALL {
        let network = Network::new(version);
        let (client, _, _folder) = kept(&network);
        assert_eq!(list(&client).unwrap(), 1);
        for renewals in 1..=2 {
            assert_eq!(client.renew().unwrap().kind, EventKind::CertificateRenewed, "{version:?}");
            assert_eq!((list(&client).unwrap(), network.had()), (1, (1 + renewals, 0)), "{version:?}");
            assert!(shown(&client).1, "{version:?}");
        }
        network.controller.expire_access_tokens();
        assert_eq!((list(&client).unwrap(), network.had()), (1, (3, 1)), "{version:?}");
    }
}

#[test]
fn where_a_login_does_not_name_its_authenticator_that_of_the_certificate_is_looked_for() {
    for version in Version::ALL {
        let network = Network::new(version);
        let (client, _, _folder) = kept(&network);
        assert_eq!(client.renew_if_due().unwrap().map(|event| event.kind), None, "{version:?}");
        assert_eq!(network.count(LIST), usize::from(version == Version::V1_3), "{version:?}");
        let events = client.maintain().events;
        assert!(events.iter().all(|event| event.error.is_none()), "{version:?}: {events:?}");
    }
}

#[test]
fn of_several_authenticators_the_one_with_the_certificate_is_renewed() {
    let network = Network::new(Version::V1_3);
    let (client, _, _folder) = kept(&network);
    let own = client.authenticators().list(&ListQuery::new()).unwrap();
    let own = own.iter().find(|one| one.cert_pem.is_some()).unwrap();
    let stranger = Network::new(Version::V1_3).identity;
    let other = certificate_of(&stranger);
    let row = |id: &str, pem: &str| json!({ "id": id, "method": "cert", "certPem": pem });
    let rows = |rows: &[Value]| answer(200, json!({ "data": rows, "meta": {} }).to_string());
    let password = json!({ "id": "p", "method": "updb", "username": "alice" });
    let broken = row("broken", "no certificate");

    network.controller.fault(LIST, rows(&[password.clone(), broken.clone(), row("other", &other)]));
    let outcome = client.renew();
    assert!(matches!(&outcome, Err(Error::Unsupported(why)) if why.contains("LoginFlow::Legacy")), "{outcome:?}");
    let all = [password, broken, row("other", &other), row(&own.id, own.cert_pem.as_ref().unwrap())];
    network.controller.fault(LIST, rows(&all));
    assert_eq!(client.renew().unwrap().kind, EventKind::CertificateRenewed);
    assert_eq!(list(&client).unwrap(), 1);
}

/// The certificate of an identity as PEM.
fn certificate_of(identity: &Identity) -> String {
    let file: Value = serde_json::from_str(identity.to_json().expose()).unwrap();
    file["id"]["cert"].as_str().unwrap().trim_start_matches("pem:").to_owned()
}

#[test]
fn a_renewal_leaves_a_login_that_has_had_its_code_to_the_certificate_it_came_by() {
    for version in Version::ALL {
        let (network, client, time, _folder) = kept_with_code(version);
        let (before, _) = shown(&client);
        let event = client.renew().unwrap();
        assert_eq!(event.kind, EventKind::CertificateRenewed, "{version:?}");
        assert!(event.message.contains("the login goes on"), "{event}");
        for refreshes in 0..3 {
            assert_eq!((list(&client).unwrap(), network.had()), (1, (1, refreshes)), "{version:?}: no code is wanted");
            assert_eq!(client.status().login.state, LoginState::Complete);
            assert_eq!(shown(&client), (before.clone(), false), "{version:?}");
            time.pass(&network.controller, DUE);
            network.controller.close_idle_connections();
        }
        assert!(client.maintain().events.iter().all(|event| event.kind != EventKind::CertificateRenewed));

        time.pass(&network.controller, OVER);
        assert!(matches!(list(&client), Err(Error::LoginPending { .. })), "{version:?}: a login of the new one");
        assert!(matches!(client.authenticate_mfa(&network.code()).unwrap(), Login::Complete(_)), "{version:?}");
        let (after, is_own) = shown(&client);
        assert!(list(&client).unwrap() == 1 && is_own && after != before, "{version:?}");
    }
}

#[test]
fn what_else_changes_about_the_identity_leaves_that_login_as_it_is() {
    let (network, client, _, _folder) = kept_with_code(Version::V2_0);
    client.renew().unwrap();
    let other = start(TestController::builder().services(1).same_network_as(&network.controller));
    let nodes = [("one", &network.controller), ("two", &other)];
    network.controller.set_controllers(nodes.map(|(name, node)| ListedController::of(name, node)));
    let events = client.maintain().events;
    assert!(events.iter().any(|event| event.kind == EventKind::ControllersChanged), "{events:?}");
    network.controller.close_idle_connections();
    assert_eq!((list(&client).unwrap(), network.count(LOGIN)), (1, 2), "the second is that of the renewal");
}

#[test]
fn an_administrator_who_asks_once_gets_one_renewal_whatever_the_tokens_say() {
    for version in [Version::V1_6, Version::V2_0] {
        let network = Network::new(version);
        network.controller.enroll_mfa(&network.id);
        network.controller.request_certificate_extension(&network.id, false);
        let (client, time, _folder) = kept(&network);
        client.authenticate_mfa(&network.code()).unwrap();
        let renewals = |client: &Client| {
            let events = client.maintain().events;
            assert!(events.iter().all(|event| event.error.is_none()), "{version:?}: {events:?}");
            events.iter().filter(|event| event.kind == EventKind::CertificateRenewed).count()
        };
        assert_eq!(renewals(&client), 1, "{version:?}");
        for _ in 0..4 {
            time.pass(&network.controller, DUE);
            assert_eq!((list(&client).unwrap(), renewals(&client)), (1, 0), "{version:?}");
        }
    }
}

#[test]
fn renewing_such_a_certificate_again_takes_a_login_with_it() {
    let (network, client, _, _folder) = kept_with_code(Version::V2_0);
    client.renew().unwrap();
    let outcome = client.renew();
    assert!(matches!(&outcome, Err(Error::Unsupported(why)) if why.contains("authenticate")), "{outcome:?}");
    assert_eq!(list(&client).unwrap(), 1, "it is as it was");
    assert!(matches!(client.authenticate().unwrap(), Login::Pending(_)));
    client.authenticate_mfa(&network.code()).unwrap();
    assert_eq!(client.renew().unwrap().kind, EventKind::CertificateRenewed);
    assert_eq!(list(&client).unwrap(), 1);
}

#[test]
fn maintenance_tells_of_a_login_that_waits() {
    for version in Version::ALL {
        let network = Network::new(version);
        network.controller.enroll_mfa(&network.id);
        let (client, time, _folder) = kept(&network);
        let kinds = |client: &Client| -> Vec<EventKind> {
            client.maintain().events.iter().map(|event| event.kind).filter(|kind| told_of_login(*kind)).collect()
        };
        assert_eq!(kinds(&client), [EventKind::LoginNeedsFactor], "{version:?}");
        for _ in 0..3 {
            time.pass(&network.controller, DUE);
            assert_eq!(kinds(&client), [], "{version:?}: once");
        }
        assert_eq!(network.count(TOKEN), 0, "{version:?}");
        assert!(matches!(client.authenticate_mfa(&network.code()).unwrap(), Login::Complete(_)), "{version:?}");
        time.pass(&network.controller, Duration::from_secs(60));
        assert_eq!(kinds(&client), [], "{version:?}");
        time.pass(&network.controller, OVER);
        assert_eq!(kinds(&client), [EventKind::LoginNeedsFactor], "{version:?}: and again of a later one");
    }
}

fn told_of_login(kind: EventKind) -> bool {
    matches!(kind, EventKind::LoginNeedsFactor | EventKind::LoginRenewed | EventKind::LoginFailed)
}
