//! What the client does with a real controller.
//!
//! A network may have policies for all of its identities, so lists are searched and not counted.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use ziti_edge_client::api::services::ServiceQuery;
use ziti_edge_client::{Client, EnrollmentProblem, Error, Identity, Login};

use crate::network::Network;

/// One test, of one network.
pub(crate) type Story = fn(&Network);

/// All tests by name.
pub(crate) const ALL: &[(&str, Story)] = &[
    ("a_token_becomes_an_identity_file_of_its_owner", a_token_becomes_an_identity_file_of_its_owner),
    ("a_token_works_once", a_token_works_once),
    ("a_loaded_identity_logs_in_and_is_who_it_enrolled_as", a_loaded_identity_logs_in_and_is_who_it_enrolled_as),
    ("the_controller_tells_its_version_without_a_login", the_controller_tells_its_version_without_a_login),
    ("services_come_with_permissions_and_configs", services_come_with_permissions_and_configs),
    ("services_of_every_page_are_listed_once", services_of_every_page_are_listed_once),
    ("one_service_is_found_and_an_unknown_one_is_not", one_service_is_found_and_an_unknown_one_is_not),
    ("logout_ends_the_session_at_the_controller", logout_ends_the_session_at_the_controller),
    ("an_ended_session_is_replaced_silently", an_ended_session_is_replaced_silently),
    ("a_foreign_ca_bundle_does_not_vouch_for_the_controller", a_foreign_ca_bundle_does_not_vouch_for_the_controller),
    ("a_deleted_identity_is_rejected", a_deleted_identity_is_rejected),
];

fn a_token_becomes_an_identity_file_of_its_owner(network: &Network) {
    let member = network.enroll();
    assert_eq!(member.invitation.files(), ["identity.json"], "nothing else is left behind");

    let file = member.invitation.file("identity.json");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let loaded = Identity::load(&file).unwrap();
    assert_eq!(loaded.to_json().expose(), member.identity.to_json().expose());
    assert!(loaded.controllers().eq(member.identity.controllers()) && loaded.controllers().count() > 0);
}

fn a_token_works_once(network: &Network) {
    let member = network.enroll();

    let problem = network.redeem(&member.invitation, "again.json").unwrap_err();

    assert!(matches!(problem, Error::Enrollment { problem: EnrollmentProblem::TokenNotKnown, .. }), "{problem:?}");
    assert_eq!(member.invitation.files(), ["identity.json"], "a refused token leaves no file");
}

fn a_loaded_identity_logs_in_and_is_who_it_enrolled_as(network: &Network) {
    let member = network.enroll();
    let client = network.client(&Identity::load(member.invitation.file("identity.json")).unwrap());

    let Login::Complete(login) = client.authenticate().unwrap() else { panic!("no further factor is asked for") };
    assert_eq!(login.identity_id.as_deref(), Some(member.id()));
    assert_eq!(login.identity_name.as_deref(), Some(member.invitation.name.as_str()));

    let session = client.current_api_session().get().unwrap();
    assert_eq!(session.identity_id.as_deref(), Some(member.id()));
    assert_eq!(session.id, login.id, "the calls use the session of the login");
}

fn the_controller_tells_its_version_without_a_login(network: &Network) {
    let member = network.enroll();

    let version = network.client(&member.identity).controller().version().unwrap();

    let expected = network.admin.find("version").expect("every controller has a version");
    assert_eq!(version.version.as_deref(), expected["version"].as_str());
    assert_eq!(version.base_path("edge-client"), Some("/edge/client/v1"));
    assert_eq!(sessions_of(network, member.id()), Vec::<String>::new());
}

fn services_come_with_permissions_and_configs(network: &Network) {
    let member = network.enroll();
    let offers = network.offer_with_configs(&member, 3);

    let services = network.client(&member.identity).services().list(&ServiceQuery::new()).unwrap();

    for offer in &offers {
        let service = services.iter().find(|service| service.id() == offer.id).expect("every service is listed");
        assert_eq!(service.name(), offer.name);
        assert!(service.permissions().eq(["Dial"]), "{:?}", service.permissions().collect::<Vec<_>>());
        let config: serde_json::Value = serde_json::from_str(service.config_json()).unwrap();
        assert_eq!(config["intercept.v1"]["addresses"], serde_json::json!([offer.address]));
        assert_eq!(config["host.v1"]["address"], "127.0.0.1");
    }
}

fn services_of_every_page_are_listed_once(network: &Network) {
    let member = network.enroll();
    let offered = network.offer_plain(&member, 520);

    let services = network.client(&member.identity).services().list(&ServiceQuery::new()).unwrap();

    let listed: BTreeSet<&str> = services.iter().map(|service| service.id()).collect();
    assert_eq!(services.len(), listed.len(), "no service comes twice");
    let missing: Vec<_> = offered.iter().filter(|id| !listed.contains(id.as_str())).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

fn one_service_is_found_and_an_unknown_one_is_not(network: &Network) {
    let member = network.enroll();
    let offers = network.offer_with_configs(&member, 1);
    let client = network.client(&member.identity);

    let service = client.services().get(&offers[0].id).unwrap();
    assert_eq!(service.view().name(), offers[0].name);

    match client.services().get("no-such-service").unwrap_err() {
        Error::Api(answer) => assert_eq!((answer.status, answer.code.as_str()), (404, "NOT_FOUND")),
        other => panic!("{other:?}"),
    }
}

fn logout_ends_the_session_at_the_controller(network: &Network) {
    let member = network.enroll();
    let client = network.client(&member.identity);
    let session = client.authenticate().unwrap().session().id.clone();
    assert_eq!(sessions_of(network, member.id()), [session]);

    client.logout().unwrap();
    assert_eq!(sessions_of(network, member.id()), Vec::<String>::new());

    client.logout().expect("there is nothing left to end");
    assert_eq!(sessions_of(network, member.id()), Vec::<String>::new());
}

fn an_ended_session_is_replaced_silently(network: &Network) {
    let member = network.enroll();
    let client = network.client(&member.identity);
    let offers = network.offer_with_configs(&member, 1);
    let ended = client.authenticate().unwrap().session().id.clone();

    network.admin.delete(&format!("api-sessions/{ended}"));
    let services = client.services().list(&ServiceQuery::new()).unwrap();

    assert!(services.iter().any(|service| service.id() == offers[0].id));
    let sessions = sessions_of(network, member.id());
    assert!(sessions.len() == 1 && sessions[0] != ended, "{sessions:?} after {ended}");
}

fn a_foreign_ca_bundle_does_not_vouch_for_the_controller(network: &Network) {
    let member = network.enroll();
    let mut file: serde_json::Value = serde_json::from_str(member.identity.to_json().expose()).unwrap();
    file["id"]["ca"] = format!("pem:{}", foreign_ca()).into();
    let misled = Identity::from_json(&file.to_string()).unwrap();

    let problem = Client::new(&misled).unwrap().authenticate().unwrap_err();

    assert!(matches!(problem, Error::Tls { .. }), "{problem:?}");
    assert_eq!(sessions_of(network, member.id()), Vec::<String>::new());
}

/// A clustered controller may not have heard of a certificate this young, so it is asked until the time is up.
fn a_deleted_identity_is_rejected(network: &Network) {
    let member = network.enroll();
    let client = network.client(&member.identity).with_timeout(Duration::from_secs(3));
    client.authenticate().unwrap();

    network.admin.delete(&format!("identities/{}", member.id()));
    let problem = client.services().list(&ServiceQuery::new()).unwrap_err();

    match problem {
        Error::Rejected(rejection) => assert_eq!(rejection.answer.status, 401),
        other => panic!("{other:?}"),
    }
}

/// The ids of all sessions that the controller knows of an identity.
pub(crate) fn sessions_of(network: &Network, identity: &str) -> Vec<String> {
    let sessions = network.admin.find(&format!("api-sessions?filter=identity%3D%22{identity}%22&limit=100"));
    let sessions = sessions.expect("the collection is always there");
    let ids = sessions.as_array().expect("a list of sessions").iter().map(|session| session["id"].as_str());
    ids.map(|id| id.expect("a session has an id").to_owned()).collect()
}

fn foreign_ca() -> String {
    let mut parameters = rcgen::CertificateParams::default();
    parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let key = rcgen::KeyPair::generate().unwrap();
    parameters.self_signed(&key).unwrap().pem()
}
