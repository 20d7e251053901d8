//! The own identity.

use serde_json::json;
use ziti_edge_testkit::{EdgeRouter, TestController};

use crate::{answers, run};

fn controller() -> TestController {
    let controller = TestController::builder().oidc(false).start().unwrap();
    controller.set_edge_routers(["west", "east", "south"].map(EdgeRouter::named));
    controller
}

#[test]
fn the_own_identity_from_c() {
    run("calls_current_identity", &controller(), &["alice"]);
}

#[test]
fn all_that_an_identity_can_have_reaches_c() {
    let controller = controller();
    let identity = json!({
        "id": "i",
        "appData": {"role": "x"},
        "authenticators": {"updb": {"id": "u", "username": "user"}},
        "disabled": true,
        "disabledUntil": "2026-01-02T00:00:00Z",
        "enrollment": {
            "ott": {"id": "e", "token": "t", "jwt": "j", "expiresAt": "2026-01-03T00:00:00Z"},
            "ottca": {"id": "f", "caId": "c", "ca": {"id": "c", "name": "ca"}},
        },
        "interfaces": [
            {"name": "eth0", "mtu": 1500, "index": 2, "isUp": true, "addresses": ["192.0.2.1/24"]},
            {},
        ],
        "permissions": ["service.read"],
        "roleAttributes": ["web"],
        "serviceHostingCosts": {"s": 65535},
        "serviceHostingPrecedences": {"s": "required"},
    });
    answers(&controller, "getCurrentIdentity", 200, json!({ "data": identity, "meta": null }));
    run("calls_current_identity", &controller, &["full"]);
}

#[test]
fn an_identity_that_is_refused_is_an_error_in_c() {
    let controller = controller();
    let error = json!({"code": "NOT_FOUND", "message": "gone", "requestId": "r"});
    answers(&controller, "getCurrentIdentity", 404, json!({ "error": error, "meta": {} }));
    run("calls_refused_identity", &controller, &[]);
}
