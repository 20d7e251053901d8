//! Ending logins over OIDC from C.

use std::time::Duration;

use ziti_edge_testkit::{Fault, Operation, TestController};

use crate::run;

#[test]
fn a_login_over_oidc_is_ended_and_all_of_its_identity_once() {
    let controller = TestController::builder().services(1).start().unwrap();
    let end_session = Operation::Named("oidcEndSession");
    for fault in [Fault::Late(Duration::ZERO), Fault::Late(Duration::ZERO), Fault::Status(500)] {
        controller.fault_times(end_session, fault, 1);
    }
    run("calls_logout", &controller, &[]);
    assert_eq!((controller.oidc_logins(), controller.count(end_session)), (4, 3));
    assert_eq!(controller.count(Operation::Named("oidcRevoke")), 4);
    assert_eq!(controller.count(Operation::Authenticate), 0);
}
