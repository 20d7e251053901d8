//! What a controller tells to anybody: it is asked without a login, also by who has one.

use ziti_edge_client::api::list::ListQuery;
use ziti_edge_client::{Client, Error, Filter};

use crate::support::{client, controller};
use crate::{VERSIONS, plain, request_of};

#[test]
fn a_controller_is_asked_about_itself_without_a_login() {
    for version in VERSIONS {
        let controller = controller(version, 0);
        let client = client(&controller);
        client.authenticate().unwrap();
        let check = |line: &str, call: &dyn Fn(&Client)| {
            let sent = request_of(&controller, &client, call);
            let line = format!("GET /edge/client/v1{line} with certificate");
            assert_eq!(sent, plain(&controller, &line, None), "{version:?}");
        };
        check("/", &|client| drop(client.controller().root()));
        check("/enumerated-capabilities", &|client| drop(client.controller().capabilities()));
        check("/protocols", &|client| drop(client.controller().protocols()));
        check("/specs", &|client| drop(client.specs().list()));
        check("/specs/a%2Fb%3F", &|client| drop(client.specs().get("a/b?")));
        check("/network-jwts", &|client| drop(client.network_jwts().list()));
        check("/enroll/jwks", &|client| drop(client.enrollments().jwks()));
        check("/external-jwt-signers?limit=500&offset=0", &|client| {
            drop(client.external_jwt_signers().list(&ListQuery::new()));
        });
        check("/external-jwt-signers?limit=500&offset=0", &|client| {
            client.external_jwt_signers().iter(&ListQuery::new()).unwrap().for_each(drop);
        });
        check(
            "/external-jwt-signers?limit=2&offset=4&filter=name%20%3D%20%22a%5C%22b%22&sort=name%20desc",
            &|client| {
                let query = ListQuery::new().filter(Filter::name().eq("a\"b")).sort("name desc").limit(2).offset(4);
                drop(client.external_jwt_signers().page(&query));
            },
        );
    }
}

#[test]
fn ca_certificates_are_asked_for_at_the_root_as_what_they_are() {
    for version in VERSIONS {
        let controller = controller(version, 0);
        let client = client(&controller);
        let sent = request_of(&controller, &client, |client| drop(client.controller().ca_certificates().unwrap()));
        let expected = plain(&controller, "GET /.well-known/est/cacerts with certificate", None);
        assert_eq!(sent, expected.replace("application/json", "application/pkcs7-mime"), "{version:?}");
    }
}

#[test]
fn an_api_document_is_asked_for_as_json_and_may_come_compressed() {
    let controller = controller(VERSIONS[2], 0);
    let client = client(&controller);
    client.controller().root().unwrap();
    let sent = request_of(&controller, &client, |client| drop(client.specs().body("edge-client").unwrap()));
    let expected = plain(&controller, "GET /edge/client/v1/specs/edge-client/spec with certificate", None);
    assert_eq!(sent, expected.replace("encoding: identity", "encoding: gzip"));
}

#[test]
fn what_cannot_be_meant_is_not_sent() {
    let controller = controller(VERSIONS[0], 0);
    let client = client(&controller);
    let refused = |result: Result<(), Error>| assert!(matches!(result, Err(Error::InvalidArgument(_))), "{result:?}");
    for id in ["", ".", ".."] {
        refused(client.specs().get(id).map(drop));
        refused(client.specs().body(id).map(drop));
    }
    let signers = client.external_jwt_signers();
    refused(signers.list(&ListQuery::new().limit(1)).map(drop));
    refused(signers.page(&ListQuery::new().limit(0)).map(drop));
    let management = client.management();
    for result in [
        management.controller().root().map(drop),
        management.controller().capabilities().map(drop),
        management.specs().list().map(drop),
        management.network_jwts().list().map(drop),
        management.enrollments().jwks().map(drop),
        management.controller().protocols().map(drop),
    ] {
        assert!(matches!(result, Err(Error::Unsupported(_))), "{result:?}");
    }
    assert_eq!(controller.requests().len(), 0);
}
