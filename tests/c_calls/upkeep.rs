//! What keeps a client going, from C.

use ziti_edge_testkit::{Fault, Operation, TestController, Version};

use crate::run;

const EXTEND: Operation = Operation::Named("extendCurrentIdentityAuthenticator");

#[test]
fn a_client_is_maintained_and_renewed() {
    let controller = TestController::builder().oidc(false).version(Version::V1_6).start().unwrap();
    // Its certificates are half a year old when they are issued, so that they are due for who wants to renew them early.
    controller.set_back(std::time::Duration::from_secs(180 * 24 * 3600));
    controller.fault_times(EXTEND, Fault::Status(400), 1);
    controller.fault_times(EXTEND, Fault::Late(std::time::Duration::ZERO), 1);
    controller.fault_times(EXTEND, Fault::Status(400), 1);
    run("calls_upkeep", &controller, &[]);
    let confirmed = controller.count(Operation::Named("extendVerifyCurrentIdentityAuthenticator"));
    assert_eq!(confirmed, 3);
}
