//! The whole way, as a user goes it: from a token to a list of services and out again.

mod support;

use std::fs;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::{ENOUGH, builder, client, controller, identity, seen, sorted_ids, start};
use ziti_edge_client::api::services::{InterceptV1, ServiceQuery};
use ziti_edge_client::{CancelToken, Client, EnrollOptions, Enrollment, Error, Identity, Login, Stage, Store};
use ziti_edge_testkit::{Fault, Operation, TestController, Version};

/// Everything in one go, on a controller with the manners of `version`.
fn the_whole_way(version: Version) {
    let controller = controller(version, 3);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("alice.json");

    let enrolled = Enrollment::parse(&controller.create_identity("alice"))
        .unwrap()
        .enroll(&EnrollOptions::new().store(Store::file(&file)))
        .unwrap();
    is_for_its_owner_alone(&file);
    let loaded = Identity::load(&file).unwrap();
    assert_eq!(loaded.to_json().expose(), enrolled.to_json().expose());
    assert_eq!(loaded.controllers().collect::<Vec<_>>(), [controller.url()]);

    let client = Client::new(&loaded).unwrap();
    let Login::Complete(login) = client.authenticate().unwrap() else { panic!("no further factor is asked for") };
    assert_eq!(login.identity_id, controller.identity_id("alice"));
    assert_eq!(login.identity_name.as_deref(), Some("alice"));
    let session = client.current_api_session().get().unwrap();
    assert_eq!((session.id, session.token.expose()), (login.id, login.token.expose()));
    assert_eq!(client.controller().version().unwrap().base_path("edge-client"), Some("/edge/client/v1"));

    let services = client.services().list(&ServiceQuery::new()).unwrap();
    assert_eq!(sorted_ids(&services), controller.service_ids());
    let service = services.iter().find(|service| service.name() == "svc-00002").unwrap();
    assert!(service.permissions().eq(["Dial"]) && service.can_dial() && !service.can_bind());
    let intercept: InterceptV1 = service.config().unwrap().unwrap();
    assert_eq!(intercept.addresses, ["svc-00002.ziti"]);
    let page = client.services().page(&ServiceQuery::new().limit(2).offset(2)).unwrap();
    assert_eq!((page.len(), page.total()), (1, 3));
    assert_eq!(client.services().get(service.id()).unwrap().view().name(), "svc-00002");

    client.logout().unwrap();
    assert_eq!((controller.session_count(), controller.count(Operation::Authenticate)), (0, 1));
    client.logout().unwrap();
    assert_eq!(controller.count(Operation::Logout), 1, "there was nothing to end any more");
    assert_eq!(client.services().list(&ServiceQuery::new()).unwrap().len(), 3, "a later call logs in by itself");
    assert_eq!((controller.session_count(), controller.count(Operation::Authenticate)), (1, 2));
}

fn is_for_its_owner_alone(file: &std::path::Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert!(fs::metadata(file).unwrap().is_file());
}

#[test]
fn the_whole_way_on_1_3() {
    the_whole_way(Version::V1_3);
}

#[test]
fn the_whole_way_on_1_6() {
    the_whole_way(Version::V1_6);
}

#[test]
fn the_whole_way_on_2_0() {
    the_whole_way(Version::V2_0);
}

#[test]
fn clones_share_login_and_connection() {
    let controller = controller(Version::V2_0, 1);
    let client = client(&controller);
    let clones = [client.clone(), client.with_timeout(ENOUGH), client.with_cancel(&CancelToken::new())];
    drop(client);
    for clone in &clones {
        clone.services().list(&ServiceQuery::new()).unwrap();
    }
    assert_eq!((controller.count(Operation::Authenticate), controller.connections()), (1, 1));
    clones[0].logout().unwrap();
    clones[1].services().list(&ServiceQuery::new()).unwrap();
    assert_eq!(controller.count(Operation::Authenticate), 2, "logged out is logged out for all");
}

#[test]
fn a_time_limit_holds_for_the_clone_that_has_it() {
    let controller = controller(Version::V2_0, 1);
    let client = client(&controller);
    client.authenticate().unwrap();
    let hasty = client.with_timeout(Duration::from_millis(150));
    controller.fault_times(Operation::Services, Fault::StallBeforeAnswer, 1);
    let began = Instant::now();
    let error = hasty.with_timeout(ENOUGH).services().list(&ServiceQuery::new()).unwrap_err();
    assert!(matches!(error, Error::Timeout { stage: Stage::Wait, .. }), "{error:?}");
    assert!(began.elapsed() < Duration::from_millis(650), "the tighter limit holds: {:?}", began.elapsed());
    assert_eq!(client.services().list(&ServiceQuery::new()).unwrap().len(), 1);
    assert_eq!(hasty.services().list(&ServiceQuery::new()).unwrap().len(), 1, "each call begins anew");
    let error = client.with_timeout(Duration::ZERO).services().list(&ServiceQuery::new()).unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
}

#[test]
fn a_cancel_holds_for_the_clone_that_has_it() {
    let controller = controller(Version::V2_0, 1);
    let (first, second) = (CancelToken::new(), CancelToken::new());
    let parent = builder(&controller).cancel(&first).build().unwrap();
    let child = parent.with_cancel(&second);
    second.cancel();
    let error = child.services().list(&ServiceQuery::new()).unwrap_err();
    assert!(matches!(error, Error::Canceled { .. }), "{error:?}");
    assert_eq!(controller.requests().len(), 0);
    assert_eq!(parent.services().list(&ServiceQuery::new()).unwrap().len(), 1);
    first.cancel();
    assert!(matches!(parent.controller().version(), Err(Error::Canceled { .. })));
    assert!(matches!(parent.with_cancel(&CancelToken::new()).authenticate(), Err(Error::Canceled { .. })));
}

fn login_body(controller: &TestController) -> Value {
    serde_json::from_slice(&seen(controller, Operation::Authenticate)[0].body).unwrap()
}

#[test]
fn options_of_the_login_reach_the_controller() {
    let controller = controller(Version::V2_0, 1);
    let client = builder(&controller)
        .config_types(["intercept.v1", "no.such.type"])
        .application("org.example.app", "4.2")
        .send_environment(false)
        .build()
        .unwrap();
    let Login::Complete(session) = client.authenticate().unwrap() else { panic!("no further factor is asked for") };
    assert_eq!(session.config_types, ["g7cIWbcGg"], "the controller leaves out what it does not know");
    let sdk = json!({
        "type": "ziti-edge-client", "version": env!("CARGO_PKG_VERSION"),
        "appId": "org.example.app", "appVersion": "4.2",
    });
    let wanted = json!({ "configTypes": ["intercept.v1", "no.such.type"], "sdkInfo": sdk });
    assert_eq!(login_body(&controller), wanted, "and not a word of the environment");
    let services = client.services().list(&ServiceQuery::new()).unwrap();
    let configs: Value = serde_json::from_str(services.get(0).unwrap().config_json()).unwrap();
    assert_eq!(configs.as_object().unwrap().keys().collect::<Vec<_>>(), ["intercept.v1"]);
}

#[test]
fn the_login_asks_for_all_configs_and_tells_the_environment_by_default() {
    let controller = controller(Version::V2_0, 0);
    client(&controller).authenticate().unwrap();
    let body = login_body(&controller);
    assert_eq!(body["configTypes"], json!(["all"]));
    assert_eq!(body["envInfo"]["os"], std::env::consts::OS);
    assert_eq!(body["envInfo"]["arch"], std::env::consts::ARCH);
}

#[test]
fn compressed_lists_are_asked_for_unless_switched_off() {
    let controller = controller(Version::V2_0, 10);
    for (gzip, wanted) in [(true, "gzip"), (false, "identity")] {
        controller.clear_requests();
        let client = builder(&controller).gzip(gzip).build().unwrap();
        assert_eq!(client.services().list(&ServiceQuery::new()).unwrap().len(), 10);
        for request in controller.requests() {
            let wanted = if request.operation == Operation::Services { wanted } else { "identity" };
            assert_eq!(request.header("accept-encoding"), Some(wanted), "{} {}", request.method, request.path);
        }
    }
}

#[test]
fn every_form_of_an_address_in_the_identity_file_works() {
    let controller = controller(Version::V1_6, 1);
    let mut file: Value = serde_json::from_str(&controller.enrolled_identity_json("alice")).unwrap();
    let port = controller.address().port();
    for address in [
        format!("127.0.0.1:{port}"),
        format!("https://127.0.0.1:{port}"),
        format!("https://127.0.0.1:{port}/"),
        format!("https://127.0.0.1:{port}/edge/client/v1"),
        format!("https://127.0.0.1:{port}/edge/client/v1///"),
        format!("HTTPS://LocalHost:{port}/edge/client/v1/"),
        format!("localhost:{port}"),
        format!("  https://localhost:{port}\n"),
    ] {
        controller.clear_requests();
        file["ztAPI"] = json!(address);
        file.as_object_mut().unwrap().remove("ztAPIs");
        let client = Client::new(&Identity::from_json(&file.to_string()).unwrap()).unwrap();
        assert_eq!(client.services().list(&ServiceQuery::new()).unwrap().len(), 1, "{address:?}");
        let paths: Vec<String> = controller.requests().into_iter().map(|request| request.path).collect();
        assert_eq!(paths, ["/version", "/edge/client/v1/authenticate", "/edge/client/v1/services"], "{address:?}");
    }
}

#[test]
fn a_controller_of_another_network_is_not_trusted() {
    let (ours, theirs) = (controller(Version::V2_0, 0), controller(Version::V2_0, 0));
    let mut file: Value = serde_json::from_str(&ours.enrolled_identity_json("alice")).unwrap();
    file["ztAPI"] = json!(theirs.url());
    file["ztAPIs"] = json!([theirs.url()]);
    let client = Client::new(&Identity::from_json(&file.to_string()).unwrap()).unwrap();
    let error = client.authenticate().unwrap_err();
    assert!(matches!(error, Error::Tls { .. }), "{error:?}");
    assert_eq!(theirs.requests().len(), 0);
}

#[test]
fn a_connection_that_idled_too_long_is_replaced_without_a_word() {
    let controller = controller(Version::V2_0, 1);
    let client = client(&controller);
    client.services().list(&ServiceQuery::new()).unwrap();
    controller.close_idle_connections();
    client.services().list(&ServiceQuery::new()).unwrap();
    assert_eq!((controller.connections(), controller.count(Operation::Services)), (2, 2));
    std::thread::sleep(Duration::from_millis(4100));
    client.services().list(&ServiceQuery::new()).unwrap();
    assert_eq!((controller.connections(), controller.count(Operation::Services)), (3, 3), "left before it is closed");
    assert_eq!(controller.count(Operation::Authenticate), 1);
}

#[test]
fn an_identity_is_shown_as_it_is() {
    let controller = start(TestController::builder());
    let identity = identity(&controller);
    let client = Client::new(&identity).unwrap();
    assert_eq!(client.identity().to_json().expose(), identity.to_json().expose());
    let shown = format!("{client:?}");
    assert!(shown.contains(&controller.url()) && !shown.contains("BEGIN"), "{shown}");
}
