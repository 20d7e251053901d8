//! How a client is doing, and what is wrong with it, from C.

use ziti_edge_testkit::TestController;

use crate::run;

#[test]
fn a_client_tells_how_it_is_doing() {
    run("calls_status", &TestController::builder().oidc(false).start().unwrap(), &[]);
}

#[test]
fn a_client_is_diagnosed() {
    run("calls_diagnose", &TestController::start().unwrap(), &[]);
}
