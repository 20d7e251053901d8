//! Sessions that are kept for another client, from C.

use ziti_edge_testkit::{Operation, TestController, Version};

use crate::run;

#[test]
fn a_session_is_kept_and_taken_up_again() {
    for version in Version::ALL {
        for flow in ["legacy", "oidc"] {
            let controller = TestController::builder().version(version).services(1).start().unwrap();
            run("calls_client_session", &controller, &[flow]);
            let logins = controller.count(Operation::Authenticate) + controller.oidc_logins();
            assert_eq!(logins, 1, "{version:?} {flow}");
        }
    }
}

#[test]
fn a_text_that_is_no_session_is_refused_and_not_repeated() {
    for flow in ["legacy", "oidc"] {
        let controller = TestController::builder().services(1).start().unwrap();
        run("calls_saved_texts", &controller, &[flow]);
        let logins = controller.count(Operation::Authenticate) + controller.oidc_logins();
        assert_eq!(logins, 1, "{flow}");
    }
}
