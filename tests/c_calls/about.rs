//! What controllers tell of themselves and of their network, and the raw door, from C.

use serde_json::json;
use ziti_edge_testkit::{ExternalSigner, Fault, ListedController, Operation, TestController, Version};

use crate::{answers, run};

/// A controller of 2.0 with two services, two signers and a network of three controllers.
fn controller() -> TestController {
    let signer = ExternalSigner { enrolls_to_token: true, ..ExternalSigner::named("first") };
    let builder = TestController::builder().oidc(false).version(Version::V2_0).services(2).external_signer(signer);
    let controller = builder.external_signer(ExternalSigner::named("second")).start().unwrap();
    let listed = ["c1", "c2", "c3"].map(|name| ListedController::of(name, &controller));
    controller.set_controllers(listed);
    controller
}

#[test]
fn a_controller_tells_c_what_it_is() {
    let controller = controller();
    run("calls_about", &controller, &[&controller.address().to_string()]);
    assert_eq!(controller.session_count(), 0, "none of it needs a login");
}

#[test]
fn what_a_controller_does_not_tell_is_an_error_in_c() {
    let controller = controller();
    controller.fault(Operation::Any, Fault::Status(500));
    run("calls_about", &controller, &["refused"]);
}

#[test]
fn one_time_limit_holds_for_all_pages_that_c_is_shown() {
    let controller = TestController::builder().oidc(false).start().unwrap();
    let pagination = json!({"limit": 500, "offset": 0, "totalCount": 2});
    let page = json!({"data": [{"id": "a"}], "meta": {"pagination": pagination}});
    answers(&controller, "listControllers", 200, page);
    run("calls_lists", &controller, &[]);
}

#[test]
fn controllers_and_any_other_operation_are_asked_for_from_c() {
    run("calls_controllers", &controller(), &[]);
}
