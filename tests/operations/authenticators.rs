//! The ways in which an identity can log in.

use std::time::Duration;

use serde_json::{Map, Value, json};
use ziti_edge_client::api::authenticators::AuthenticatorChange;
use ziti_edge_client::api::list::ListQuery;
use ziti_edge_client::{Client, Error, Filter, Identity, Secret};
use ziti_edge_testkit::{Operation, TestController, Version};

use crate::support::{client, controller};
use crate::{client_with_password, key_and_csr, list, own, refusal};

fn change(current: &str) -> AuthenticatorChange {
    AuthenticatorChange::new(Secret::new(current))
}

#[test]
fn authenticators_are_listed_paged_and_found() {
    for version in Version::ALL {
        let controller = controller(version, 0);
        let client = client_with_password(&controller, "first-password", false);
        let all = client.authenticators().list(&ListQuery::new()).unwrap();
        assert_eq!((all.len(), all.total()), (2, 2), "{version:?}");
        let one_by_one: Result<Vec<_>, _> = client.authenticators().iter(&ListQuery::new()).unwrap().collect();
        assert_eq!(one_by_one.unwrap(), all.to_vec());
        let query = ListQuery::new().filter(Filter::field("method").eq("updb")).limit(1);
        let page = client.authenticators().page(&query).unwrap();
        assert_eq!((page.len(), page[0].username.as_deref()), (1, Some("alice")));
        let certificate = own(&client, "cert");
        assert_eq!(client.authenticators().get(&certificate.id).unwrap(), certificate);
        assert!(certificate.is_issued_by_network && certificate.cert_pem.is_some());
        refusal(client.authenticators().get("unknown"), 404, "NOT_FOUND");
    }
}

#[test]
fn a_password_is_changed_and_replaced() {
    for version in Version::ALL {
        let controller = controller(version, 0);
        let client = client_with_password(&controller, "first-password", false);
        let id = own(&client, "updb").id;
        let authenticators = client.authenticators();
        let second = change("first-password").password(Secret::new("second-password"));
        authenticators.patch(&id, &second).unwrap();
        assert_eq!(authenticators.get(&id).unwrap().username.as_deref(), Some("alice"));

        let tags = Map::from_iter([("rotated".to_owned(), json!(true))]);
        let third = change("second-password").username("carol").password(Secret::new("third-password"));
        authenticators.update(&id, &third.clone().tags(tags.clone())).unwrap();
        let changed = authenticators.get(&id).unwrap();
        assert_eq!((changed.username.as_deref(), changed.tags), (Some("carol"), tags));
        assert_eq!(controller.count(Operation::Authenticate), 1, "the session stays: {version:?}");

        let wrong_way = authenticators.patch(&own(&client, "cert").id, &change("any").username("carol"));
        refusal(wrong_way, 409, "CAN_NOT_UPDATE_AUTHENTICATOR");
        refusal(authenticators.update("unknown", &third), 404, "NOT_FOUND");
    }
}

#[test]
fn a_replacement_that_lacks_a_part_is_not_sent() {
    let controller = controller(Version::V2_0, 0);
    let client = client_with_password(&controller, "first-password", false);
    for part in [change("first-password"), change("first-password").username("carol")] {
        let error = client.authenticators().update("any", &part).unwrap_err();
        assert!(matches!(error, Error::InvalidArgument(_)), "{error:?}");
    }
    assert_eq!(controller.requests().len(), 0);
}

#[test]
fn a_wrong_current_password_is_refused_without_a_login_and_is_told_nobody() {
    for version in Version::ALL {
        let controller = controller(version, 1);
        let client = client_with_password(&controller, "first-password", false);
        let id = own(&client, "updb").id;
        let wrong = change("canary\"current").username("alice").password(Secret::new("canary-new"));
        for outcome in [client.authenticators().patch(&id, &wrong), client.authenticators().update(&id, &wrong)] {
            let error = outcome.unwrap_err();
            assert!(matches!(error, Error::Unauthorized(_)), "{error:?}");
            let answer = error.answer().unwrap();
            assert_eq!((answer.status, answer.cause_field().as_deref()), (401, Some("currentPassword")));
            let shown = format!("{error} {error:?} {}", answer.cause.as_ref().unwrap().get());
            assert!(!shown.contains("canary"), "{shown}");
        }
        let short = change("first-password").password(Secret::new("cana"));
        let error = client.authenticators().patch(&id, &short).unwrap_err();
        assert_eq!(error.answer().unwrap().cause_field().as_deref(), Some("password"));
        assert!(!format!("{error:?}").contains("cana"), "{error:?}");
        assert_eq!((list(&client).unwrap(), controller.count(Operation::Authenticate)), (1, 1), "{version:?}");
    }
}

/// A client of the identity with another certificate and key.
fn renewed(old: &Client, certificate: &str, key: &str) -> Client {
    let mut file: Value = serde_json::from_str(old.identity().to_json().expose()).unwrap();
    file["id"]["cert"] = format!("pem:{certificate}").into();
    file["id"]["key"] = format!("pem:{key}").into();
    Client::new(&Identity::from_json(&file.to_string()).unwrap()).unwrap()
}

#[test]
fn a_certificate_is_replaced_once_the_new_one_is_confirmed() {
    for version in Version::ALL {
        let controller = controller(version, 1);
        let client = client(&controller);
        let id = own(&client, "cert").id;
        let (key, csr) = key_and_csr();
        let new = client.authenticators().extend(&id, &csr).unwrap();
        assert!(new.ca.as_ref().unwrap().contains("-----BEGIN CERTIFICATE-----"));
        client.authenticate().expect("the old certificate is the valid one");

        client.authenticators().extend_verify(&id, &new.client_cert).unwrap();
        assert_eq!(list(&client).unwrap(), 1, "the session stays");
        let again = client.authenticators().extend_verify(&id, &new.client_cert);
        refusal(again, 409, "CAN_NOT_UPDATE_AUTHENTICATOR");
        // A clustered controller may not have heard of a certificate this young, so it is asked until the time is up.
        let refused = client.with_timeout(Duration::from_millis(1500)).authenticate();
        assert!(matches!(refused, Err(Error::Rejected(_))), "{version:?}: {refused:?}");
        assert_eq!(list(&renewed(&client, &new.client_cert, &key)).unwrap(), 1, "{version:?}");
    }
}

#[test]
fn what_is_wrong_with_an_extension_is_told() {
    fn certificate_of(controller: &TestController) -> String {
        own(&client(controller), "cert").cert_pem.unwrap()
    }
    for version in Version::ALL {
        let controller = controller(version, 0);
        let foreign = certificate_of(&controller);
        let client = client_with_password(&controller, "first-password", false);
        let (certificate, password) = (own(&client, "cert").id, own(&client, "updb").id);
        let (_, csr) = key_and_csr();
        let authenticators = client.authenticators();
        refusal(authenticators.extend(&certificate, "nonsense"), 400, "COULD_NOT_PROCESS_CSR");
        refusal(authenticators.extend("unknown", &csr), 404, "NOT_FOUND");
        refusal(authenticators.extend(&password, &csr), 409, "CAN_NOT_UPDATE_AUTHENTICATOR");
        authenticators.extend(&certificate, &csr).unwrap();
        for wrong in ["nonsense", &foreign] {
            refusal(authenticators.extend_verify(&certificate, wrong), 400, "INVALID_CLIENT_CERT");
        }
        assert_eq!(controller.count(Operation::Authenticate), 2, "one for each client");
    }
}
