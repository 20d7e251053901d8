//! Authenticators, session certificates, and what of them the management API has.

use serde_json::Value;
use ziti_edge_client::api::authenticators::Authenticator;
use ziti_edge_client::api::list::ListQuery;
use ziti_edge_client::api::services::ServiceQuery;
use ziti_edge_client::{Client, Error, Identity, Method};

use crate::network::Network;
use crate::papers::key_and_csr;
use crate::stories::{Story, sessions_of};

pub(crate) const ALL: &[(&str, Story)] = &[
    ("an_identity_has_the_certificate_it_enrolled_with", an_identity_has_the_certificate_it_enrolled_with),
    ("a_certificate_is_replaced_by_another", a_certificate_is_replaced_by_another),
    ("a_session_is_given_a_certificate", a_session_is_given_a_certificate),
    ("an_administrator_uses_the_management_api", an_administrator_uses_the_management_api),
    ("others_see_their_own_at_the_management_api", others_see_their_own_at_the_management_api),
];

/// The one authenticator of an identity that has no other.
pub(crate) fn own(client: &Client) -> Authenticator {
    let mut all = client.authenticators().list(&ListQuery::new()).unwrap().into_vec();
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

fn an_identity_has_the_certificate_it_enrolled_with(network: &Network) {
    let member = network.enroll();
    let client = network.client(&member.identity);
    let certificate = own(&client);

    assert_eq!((certificate.method.as_deref(), certificate.identity_id.as_deref()), (Some("cert"), Some(member.id())));
    let enrolled: Value = serde_json::from_str(member.identity.to_json().expose()).unwrap();
    let enrolled = enrolled["id"]["cert"].as_str().unwrap().trim_start_matches("pem:").to_owned();
    let leaf = |pem: &str| pem.split_inclusive("-----END CERTIFICATE-----").next().unwrap().trim().to_owned();
    assert_eq!(leaf(certificate.cert_pem.as_ref().unwrap()), leaf(&enrolled));
    assert_eq!(client.authenticators().get(&certificate.id).unwrap(), certificate);
    let unknown = client.authenticators().get("no-such-authenticator").unwrap_err();
    assert!(matches!(unknown, Error::Api(answer) if answer.status == 404));
}

fn a_certificate_is_replaced_by_another(network: &Network) {
    let member = network.enroll();
    let client = network.client(&member.identity);
    let id = own(&client).id;
    let (key, csr) = key_and_csr("own");
    let new = client.authenticators().extend(&id, &csr).unwrap();
    client.authenticators().extend_verify(&id, &new.client_cert).unwrap();
    client.services().list(&ServiceQuery::new()).expect("the session stays");
    let again = client.authenticators().extend_verify(&id, &new.client_cert).unwrap_err();
    assert!(matches!(again, Error::Api(answer) if answer.status == 409));

    let mut file: Value = serde_json::from_str(member.identity.to_json().expose()).unwrap();
    file["id"]["cert"] = format!("pem:{}", new.client_cert).into();
    file["id"]["key"] = format!("pem:{key}").into();
    let renewed = network.client(&Identity::from_json(&file.to_string()).unwrap());
    assert_eq!(renewed.authenticate().unwrap().session().identity_id.as_deref(), Some(member.id()));
    assert_eq!(own(&renewed).id, id, "it is the same authenticator");
}

fn a_session_is_given_a_certificate(network: &Network) {
    let member = network.enroll();
    let client = network.client(&member.identity);
    let certificates = client.session_certificates();
    let new = certificates.create(&key_and_csr("own").1).unwrap();

    let found = certificates.get(&new.id).unwrap();
    assert_eq!((&found.certificate, found.valid_to.is_some()), (&new.certificate, true));
    let all = certificates.list(&ListQuery::new()).unwrap();
    assert!(all.iter().any(|own| own.id == new.id), "{all:?}");
    certificates.delete(&new.id).unwrap();
    assert!(matches!(certificates.get(&new.id), Err(Error::Api(answer)) if matches!(answer.status, 404 | 500)));
    let nonsense = certificates.create("nonsense").unwrap_err();
    assert!(matches!(nonsense, Error::Api(answer) if answer.code == "COULD_NOT_PROCESS_CSR"));
}

fn an_administrator_uses_the_management_api(network: &Network) {
    let member = network.enroll_administrator();
    let client = network.client(&member.identity);
    let management = client.management();
    let session = management.current_api_session().get().unwrap();
    assert_eq!(session.identity_id.as_deref(), Some(member.id()));
    assert_eq!(client.current_api_session().get().unwrap().id, session.id, "one login for both");
    let certificate = own(&management);
    assert_eq!(management.authenticators().get(&certificate.id).unwrap(), own(&client));

    let new = management.authenticators().extend(&certificate.id, &key_and_csr("own").1).unwrap();
    management.authenticators().extend_verify(&certificate.id, &new.client_cert).unwrap();
    let identity = format!("/identities/{}", member.id());
    assert_eq!(management.request(Method::Get, &identity, &[], None).unwrap().status, 200);
    management.logout().unwrap();
    assert_eq!(sessions_of(network, member.id()), Vec::<String>::new());
}

fn others_see_their_own_at_the_management_api(network: &Network) {
    let member = network.enroll();
    let client = network.client(&member.identity);
    let management = client.management();
    let session = management.current_api_session().get().unwrap().id;
    assert_eq!(own(&management), own(&client));

    let identity = format!("/identities/{}", member.id());
    let refused = management.request(Method::Get, &identity, &[], None).unwrap_err();
    assert!(matches!(refused, Error::Unauthorized(_)), "{refused:?}");
    assert!(matches!(management.mfa().get(), Err(Error::Unsupported(_))));
    assert_eq!(client.current_api_session().get().unwrap().id, session, "nobody logged in again");
}
