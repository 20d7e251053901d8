//! What controllers tell of themselves and of their network.

use ziti_edge_client::api::list::ListQuery;
use ziti_edge_client::{Enrollment, EnrollmentMethod, Error, Filter};
use ziti_edge_testkit::{ExternalSigner, Fault, ListedController, Operation, TestController, Version};

use crate::status_and_code;
use crate::support::{answer, client, controller, start};

#[test]
fn a_controller_tells_what_it_is() {
    for version in Version::ALL {
        let controller = controller(version, 0);
        let client = client(&controller);
        let root = client.controller().root().unwrap();
        assert_eq!(root, client.controller().version().unwrap(), "{version:?}");
        assert_eq!(root.has_capability("HA_CONTROLLER"), version == Version::V2_0);
        assert_eq!(client.controller().capabilities().unwrap(), ["OIDC_AUTH", "HA_CONTROLLER"], "known to all");
        let protocols = client.controller().protocols().unwrap();
        assert_eq!(protocols["https"].address, Some(controller.address().to_string()));
        assert_eq!(controller.session_count(), 0, "none of this needs a login");
    }
}

#[test]
fn ca_certificates_are_those_of_the_network() {
    for version in Version::ALL {
        let controller = controller(version, 0);
        let client = client(&controller);
        let certificates = client.controller().ca_certificates().unwrap();
        assert_eq!(certificates.pem.len(), controller.ca_pem().len(), "{version:?}");
        assert_eq!(certificates.problems, [""; 0]);
        controller.fault_times(Operation::CaCerts, answer(200, "MAA="), 1);
        let error = client.controller().ca_certificates().unwrap_err();
        assert!(matches!(&error, Error::Decode { path, .. } if path == "the certificates"), "{error:?}");
        controller.fault_times(Operation::CaCerts, Fault::Status(500), 1);
        assert_eq!(status_and_code(client.controller().ca_certificates()).0, 500);
    }
}

#[test]
fn api_documents_are_listed_and_read() {
    for version in Version::ALL {
        let controller = controller(version, 0);
        let client = client(&controller);
        let specs = client.specs().list().unwrap();
        assert_eq!(specs.iter().map(|spec| spec.id.as_str()).collect::<Vec<_>>(), ["edge-client"], "{version:?}");
        assert!(specs[0].created_at.is_some() && specs[0].tags.is_empty());
        for id in ["edge-client", "edge-management"] {
            assert_eq!(client.specs().get(id).unwrap().name.as_deref(), Some(id));
            let body = client.specs().body(id).unwrap();
            assert_eq!(body.media_type.as_deref(), Some("application/json"));
            let document: serde_json::Value = serde_json::from_str(&body.text).unwrap();
            assert_eq!(document["basePath"], format!("/{}/v1", id.replace('-', "/")));
        }
        assert_eq!(status_and_code(client.specs().get("nope")), (404, "NOT_FOUND".to_owned()));
        assert_eq!(status_and_code(client.specs().body("nope")), (404, "NOT_FOUND".to_owned()));
    }
}

#[test]
fn a_document_that_is_too_long_is_an_error() {
    let controller = controller(Version::V2_0, 0);
    let body = Operation::Named("detailSpecBody");
    controller.fault_times(body, Fault::Oversized { bytes: 65 * 1024 * 1024 }, 1);
    let error = client(&controller).specs().body("edge-client").unwrap_err();
    assert!(matches!(&error, Error::Transport { .. }) && error.to_string().contains("larger than"), "{error:?}");
}

fn with_signers(version: Version) -> TestController {
    let names = ["one", "two", "three", "four"];
    let builder = TestController::builder().version(version);
    start(names.iter().fold(builder, |builder, name| {
        builder.external_signer(ExternalSigner {
            enrolls_to_token: true,
            client_id: (*name != "two").then(|| "client".to_owned()),
            auth_url: None,
            ..ExternalSigner::named(name)
        })
    }))
}

#[test]
fn identity_providers_are_listed_in_all_three_ways() {
    for version in Version::ALL {
        let controller = with_signers(version);
        let client = client(&controller);
        let signers = client.external_jwt_signers();
        let all = signers.list(&ListQuery::new().sort("name")).unwrap();
        let names: Vec<_> = all.iter().filter_map(|signer| signer.name.as_deref()).collect();
        assert_eq!((names, all.total()), (vec!["four", "one", "three", "two"], 4), "{version:?}");
        assert_eq!(all[1].client_id.as_deref(), Some("client"));
        assert_eq!((&all[3].client_id, &all[3].external_auth_url), (&None, &None));
        assert_eq!(
            (all[0].scopes.as_slice(), all[0].audience.as_deref()),
            (&["openid".to_owned()][..], Some("openziti"))
        );
        assert_eq!(all[0].target_token.as_deref(), (version != Version::V1_3).then_some("ACCESS"));
        assert_eq!(all[0].enroll_to_token_enabled, version == Version::V2_0);
        let page = signers.page(&ListQuery::new().sort("name").limit(2).offset(1)).unwrap();
        assert_eq!((&page[..], page.total()), (&all[1..3], 4));
        let rows: Result<Vec<_>, _> = signers.iter(&ListQuery::new().sort("name")).unwrap().collect();
        assert_eq!(rows.unwrap(), all.into_vec());
        let named = signers.list(&ListQuery::new().filter(Filter::name().eq("three"))).unwrap();
        assert_eq!((named.len(), named.total()), (1, 1));
        let refused = signers.list(&ListQuery::new().filter("issuer = \"x\""));
        assert_eq!(status_and_code(refused), (400, "INVALID_FILTER".to_owned()), "{version:?}");
        assert_eq!(controller.session_count(), 0);
    }
}

#[test]
fn the_network_is_joined_by_its_token() {
    for version in Version::ALL {
        let controller = controller(version, 0);
        let client = client(&controller);
        let jwts = client.network_jwts().list().unwrap();
        assert_eq!((jwts.len(), jwts[0].name.as_deref()), (1, Some("default")), "{version:?}");
        let enrollment = Enrollment::parse(&jwts[0].token).unwrap();
        assert_eq!((enrollment.method(), enrollment.issuer()), (EnrollmentMethod::Network, controller.url().as_str()));
        controller.fault(Operation::Named("listNetworkJWTs"), Fault::Status(501));
        let error = client.network_jwts().list().unwrap_err();
        assert!(matches!(&error, Error::Unsupported(_)), "{error:?}");
        assert!(error.to_string().starts_with("GET /network-jwts: not implemented by this controller"), "{error}");
    }
}

#[test]
fn controllers_are_listed_in_all_three_ways() {
    for version in Version::ALL {
        let controller = controller(version, 0);
        let [other, third] = [(); 2].map(|()| self::controller(version, 0));
        let listed = [("c1", &controller), ("c2", &other), ("c3", &third)];
        controller.set_controllers(listed.map(|(name, controller)| ListedController::of(name, controller)));
        let client = client(&controller);
        let all = client.controllers().list(&ListQuery::new()).unwrap();
        assert_eq!(all.len(), 3, "{version:?}");
        let urls = |at: usize| all[at].api_addresses["edge-client"][0].url.clone().unwrap();
        assert!(urls(1).starts_with(&other.url()), "{}", urls(1));
        let page = client.controllers().page(&ListQuery::new().limit(1).offset(2)).unwrap();
        assert_eq!((&page[..], page.total()), (&all[2..], 3));
        assert_eq!(client.controllers().iter(&ListQuery::new()).unwrap().count(), 3);
        let refused = client.controllers().list(&ListQuery::new().filter("name = "));
        assert_eq!(status_and_code(refused), (400, "INVALID_FILTER".to_owned()));
    }
}
