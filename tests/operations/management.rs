//! The operations that the management API has, too, and nothing else of it.

use ziti_edge_client::api::authenticators::AuthenticatorChange;
use ziti_edge_client::api::list::ListQuery;
use ziti_edge_client::{Error, Login, Method, Secret};
use ziti_edge_testkit::{Operation, TestController, Version};

use crate::support::{answer, client, controller};
use crate::{client_with_password, key_and_csr, list, own, refusal};

/// The paths below the base path of the management API that were asked for, in order.
fn asked(controller: &TestController) -> Vec<String> {
    let requests = controller.requests();
    let below = requests
        .iter()
        .filter_map(|seen| seen.path.strip_prefix("/edge/management/v1").map(|path| format!("{} {path}", seen.method)));
    below.collect()
}

#[test]
fn an_administrator_has_the_eight_operations() {
    for version in Version::ALL {
        let controller = controller(version, 0);
        let client = client_with_password(&controller, "first-password", true);
        let management = client.management();
        let session = client.authenticate().unwrap().session().id.clone();
        assert_eq!(management.current_api_session().get().unwrap().id, session, "one login for both");
        let (certificate, password) = (own(&management, "cert").id, own(&management, "updb").id);
        assert_eq!(management.authenticators().get(&certificate).unwrap(), own(&client, "cert"));
        let change = |current: &str, new: &str| {
            AuthenticatorChange::new(Secret::new(current)).username("alice").password(Secret::new(new))
        };
        management.authenticators().patch(&password, &change("first-password", "second-password")).unwrap();
        management.authenticators().update(&password, &change("second-password", "third-password")).unwrap();
        let new = management.authenticators().extend(&certificate, &key_and_csr().1).unwrap();
        management.authenticators().extend_verify(&certificate, &new.client_cert).unwrap();
        management.logout().unwrap();

        let authenticators = "/current-identity/authenticators";
        let expected = [
            "GET /current-api-session".to_owned(),
            format!("GET {authenticators}"),
            format!("GET {authenticators}"),
            format!("GET {authenticators}/{certificate}"),
            format!("PATCH {authenticators}/{password}"),
            format!("PUT {authenticators}/{password}"),
            format!("POST {authenticators}/{certificate}/extend"),
            format!("POST {authenticators}/{certificate}/extend-verify"),
            "DELETE /current-api-session".to_owned(),
        ];
        assert_eq!(asked(&controller), expected, "{version:?}");
        assert_eq!((controller.session_count(), controller.count(Operation::Authenticate)), (0, 1), "{version:?}");
    }
}

#[test]
fn anybody_may_look_at_what_is_their_own_and_only_administrators_at_more() {
    for version in Version::ALL {
        let controller = controller(version, 1);
        let client = client(&controller);
        let management = client.management();
        management.current_api_session().get().unwrap();
        let certificate = own(&management, "cert").id;
        refusal(management.authenticators().get("unknown"), 404, "NOT_FOUND");
        assert_eq!(management.authenticators().get(&certificate).unwrap().id, certificate);
        let error = management.request(Method::Get, "/identities", &[], None).unwrap_err();
        assert!(matches!(error, Error::Unauthorized(_)), "{version:?}: {error:?}");
        assert_eq!((list(&client).unwrap(), controller.count(Operation::Authenticate)), (1, 1), "the login is kept");
    }
    let controller = controller(Version::V2_0, 0);
    let admin = client_with_password(&controller, "first-password", true);
    assert_eq!(admin.management().request(Method::Get, "/identities", &[], None).unwrap().status, 200);
}

#[test]
fn an_administrator_gives_a_code_where_the_management_api_is_used() {
    for version in Version::ALL {
        let controller = controller(version, 1);
        let client = client_with_password(&controller, "first-password", true);
        let id = controller.identity_id("alice").unwrap();
        assert!(controller.enroll_mfa(&id));
        let management = client.management();
        assert!(matches!(management.authenticate().unwrap(), Login::Pending(_)));
        assert!(matches!(management.authenticators().get("any"), Err(Error::LoginPending { .. })));
        let code = Secret::new(controller.totp_code(&id).unwrap());
        assert!(matches!(management.authenticate_mfa(&code).unwrap(), Login::Complete(_)));
        assert_eq!(own(&management, "cert"), own(&client, "cert"), "{version:?}");
        assert_eq!(management.request(Method::Get, "/identities", &[], None).unwrap().status, 200);
        assert_eq!(controller.count(Operation::Authenticate), 1, "{version:?}");
        assert!(!asked(&controller).iter().any(|path| path.contains("/authenticate")), "logins are made elsewhere");
    }
}

#[test]
fn a_controller_without_a_management_api_is_not_asked_for_it() {
    let body = r#"{"data":{"apiVersions":{"edge-client":{"v1":{"path":"/edge/client/v1"}}}},"meta":{}}"#;
    let controller = controller(Version::V2_0, 1);
    controller.fault(Operation::Version, answer(200, body));
    let client = client(&controller);
    let management = client.management();
    let outcomes = [
        management.current_api_session().get().map(drop),
        management.authenticators().list(&ListQuery::new()).map(drop),
        management.authenticators().get("id").map(drop),
        management.authenticators().extend("id", "csr").map(drop),
        management.logout(),
    ];
    for outcome in outcomes {
        let error = outcome.unwrap_err();
        assert!(matches!(&error, Error::Unsupported(why) if why.contains("does not serve")), "{error:?}");
    }
    assert_eq!(asked(&controller), Vec::<String>::new());
    assert_eq!(list(&client).unwrap(), 1, "the client API is as it was");
}
