//! How a client is doing, from C.

use ziti_edge_testkit::TestController;

use crate::run;

#[test]
fn a_client_tells_how_it_is_doing() {
    run("calls_status", &TestController::start().unwrap(), &[]);
}
