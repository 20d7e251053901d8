//! What keeps a client going, from C.

use ziti_edge_testkit::{Fault, Operation, TestController, Version};

use crate::run;

const EXTEND: Operation = Operation::Named("extendCurrentIdentityAuthenticator");

#[test]
fn a_client_is_maintained_and_renewed() {
    let controller = TestController::builder().version(Version::V1_6).start().unwrap();
    controller.fault_times(EXTEND, Fault::Status(400), 1);
    controller.fault_times(EXTEND, Fault::Late(std::time::Duration::ZERO), 1);
    controller.fault_times(EXTEND, Fault::Status(400), 1);
    run("calls_upkeep", &controller, &[]);
    let confirmed = controller.count(Operation::Named("extendVerifyCurrentIdentityAuthenticator"));
    assert_eq!(confirmed, 3);
}
