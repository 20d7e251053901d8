//! Calls through a proxy, from C.

use ziti_edge_testkit::TestController;

use crate::TestProxy;
use crate::scene::{enrolled, told};
use crate::support::{Linking, command, compile};

#[test]
fn calls_go_through_the_proxy_of_the_options_or_of_the_environment() {
    // Found by nobody but the proxy.
    let controller = TestController::builder().advertise_host("controller.invalid").start().unwrap();
    let address = controller.address();
    let folder = enrolled(&controller);
    let program = compile("tests/c/calls_proxy.c", "c99", Linking::Shared, folder.path());
    for (proxy, scheme) in [(TestProxy::http(address), "http"), (TestProxy::socks(address), "socks5h")] {
        let mut command = command(&program);
        command.arg("identity.json").arg(controller.create_identity("newcomer")).arg(proxy.url(scheme));
        command.env("HTTPS_PROXY", proxy.url(scheme)).env_remove("https_proxy").env_remove("no_proxy");
        let output = command.env_remove("NO_PROXY").current_dir(folder.path()).output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{}", told(&output));
        assert!(proxy.tunnels() >= 4, "two logins and an enrollment");
    }
}
