//! The own identity.

use serde_json::json;
use ziti_edge_client::Error;
use ziti_edge_client::api::list::ListQuery;
use ziti_edge_testkit::{EdgeRouter, Operation, Version};

use crate::refusal;
use crate::support::{answer, builder, client, client_and_id, controller};

#[test]
fn the_identity_sees_itself_and_what_its_login_told() {
    for version in Version::ALL {
        let controller = controller(version, 0);
        let client = builder(&controller).application("com.acme.app", "1.2").build().unwrap();
        let alice = client.current_identity().get().unwrap();
        assert_eq!(Some(alice.id), controller.identity_id("alice"));
        assert_eq!(alice.name.as_deref(), Some("alice"));
        assert_eq!(alice.authenticators.cert.unwrap().fingerprint.unwrap().len(), 40);
        let sdk = alice.sdk_info.unwrap();
        assert_eq!((sdk.sdk_type.as_deref(), sdk.app_id.as_deref()), (Some("ziti-edge-client"), Some("com.acme.app")));
        assert_eq!(alice.env_info.unwrap().os.as_deref(), Some(std::env::consts::OS));
        assert!(alice.has_api_session && !alice.disabled && alice.enrollment.ott.is_none());
    }
}

#[test]
fn all_that_the_document_has_is_read() {
    let controller = controller(Version::V2_0, 0);
    let data = json!({
        "id": "i",
        "enrollment": {"updb": {"id": "e", "token": "t", "jwt": "j"}},
        "interfaces": [{"name": "lo", "isLoopback": true}],
        "serviceHostingCosts": {"s": 7},
    });
    let body = json!({"data": data, "meta": null}).to_string();
    controller.fault(Operation::Named("getCurrentIdentity"), answer(200, body));
    let identity = client(&controller).current_identity().get().unwrap();
    assert_eq!(identity.enrollment.updb.unwrap().jwt.unwrap().expose(), "j");
    assert!(identity.interfaces[0].is_loopback);
    assert_eq!(identity.service_hosting_costs["s"], 7);
}

#[test]
fn a_login_that_waits_for_a_factor_does_not_see_it() {
    for version in Version::ALL {
        let controller = controller(version, 0);
        let (client, id) = client_and_id(&controller);
        controller.require_mfa(&id, true);
        assert!(matches!(client.current_identity().get(), Err(Error::LoginPending { .. })));
        let routers = client.current_identity().edge_routers().list(&ListQuery::new());
        assert!(matches!(routers, Err(Error::LoginPending { .. })));
    }
}

#[test]
fn more_edge_routers_than_a_page_holds_are_all_listed() {
    for version in Version::ALL {
        let controller = controller(version, 0);
        controller.set_edge_routers((0..501).map(|number| EdgeRouter::named(format!("router-{number:03}"))));
        let client = client(&controller);
        let routers = client.current_identity().edge_routers();
        let all = routers.list(&ListQuery::new().sort("name")).unwrap();
        assert_eq!((all.len(), all.total()), (501, 501));
        assert_eq!((all[0].name.as_str(), all[500].name.as_str()), ("router-000", "router-500"));
        assert!(all[0].id.is_some() && all[0].urls.is_empty() && all[0].is_online);
        let page = routers.page(&ListQuery::new().filter("name contains \"router-49\"").limit(4)).unwrap();
        assert_eq!((page.len(), page.total()), (4, 10));
        assert_eq!(routers.iter(&ListQuery::new()).unwrap().map(Result::unwrap).count(), 501);
        refusal(routers.list(&ListQuery::new().filter("nonsense = 1")), 400, "INVALID_FILTER");
    }
}
