//! The raw door, for operations that are newer than the library.

use ziti_edge_client::api::raw::RequestBody;
use ziti_edge_client::{Error, Method};
use ziti_edge_testkit::{Fault, Operation, Version};

use crate::status_and_code;
use crate::support::{client, controller};

#[test]
fn any_operation_can_be_asked_for() {
    for version in Version::ALL {
        let controller = controller(version, 2);
        let client = client(&controller);
        let answer = client.request(Method::Get, "/services", &[("limit", "1")], None).unwrap();
        assert_eq!((answer.status, answer.content_type.as_deref()), (200, Some("application/json")), "{version:?}");
        let page: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(page["meta"]["pagination"]["totalCount"], 2);
        let id = page["data"][0]["id"].as_str().unwrap();
        let session = format!(r#"{{"serviceId":"{id}","type":"Dial"}}"#);
        let answer = client.request(Method::Post, "/sessions", &[], Some(RequestBody::json(&session))).unwrap();
        assert_eq!(answer.status, 201, "{version:?}");
        assert_eq!(controller.session_count(), 1, "all with one login");
    }
}

#[test]
fn a_refusal_is_the_same_error_as_that_of_any_operation() {
    for version in Version::ALL {
        let controller = controller(version, 1);
        let client = client(&controller);
        let get = |path: &str| client.request(Method::Get, path, &[], None);
        assert_eq!(status_and_code(get("/no-such-thing")), (404, "NOT_FOUND".to_owned()), "{version:?}");
        let filter = client.request(Method::Get, "/services", &[("filter", "name = ")], None);
        assert_eq!(status_and_code(filter).1, "INVALID_FILTER");
        let id = controller.service_ids().remove(0);
        let patch = client.request(Method::Patch, &format!("/services/{id}"), &[], Some(RequestBody::json("{}")));
        let error = patch.unwrap_err();
        assert!(matches!(&error, Error::Unsupported(text) if text.starts_with("PATCH /services/")), "{error:?}");
        assert_eq!(status_and_code(client.management().request(Method::Get, "/no-such-thing", &[], None)).0, 404);
    }
}

#[test]
fn answers_have_the_size_that_is_due_to_them() {
    let controller = controller(Version::V2_0, 0);
    let client = client(&controller);
    let large = |bytes: u64| Fault::Oversized { bytes };
    let too_large = |error: Error, most: &str| {
        let told = format!("the answer is larger than {most} bytes");
        assert!(matches!(&error, Error::Transport { message, .. } if *message == told), "{error:?}");
    };
    controller.fault_times(Operation::Version, large(2 << 20), 1);
    too_large(client.authenticate().unwrap_err(), "1048576");
    controller.fault(Operation::Named("getCurrentAPISession"), large(9 << 20));
    too_large(client.current_api_session().get().unwrap_err(), "8388608");
    let answer = client.request(Method::Get, "/current-api-session", &[], None).unwrap();
    assert!(answer.body.len() >= 9 << 20, "{}", answer.body.len());
}

#[test]
fn a_login_that_is_over_is_made_again() {
    let controller = controller(Version::V1_6, 1);
    let client = client(&controller);
    client.authenticate().unwrap();
    controller.expire_sessions();
    assert_eq!(client.request(Method::Get, "/services", &[], None).unwrap().status, 200);
}
