//! A login over OIDC from C, from its beginning to its end.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use ziti_edge_testkit::{Fault, Operation, TestController, Version};

use crate::scene::{enrolled, told};
use crate::support::{Linking, compile};

const TOKEN: Operation = Operation::Named("oidcToken");
const REVOKE: Operation = Operation::Named("oidcRevoke");

/// Runs tests/c/calls_oidc.c, the way that `run` says, and has the controller end its tokens on the way.
pub(crate) fn logins_over_oidc(run: impl Fn(&Path) -> Command) {
    for version in Version::ALL {
        // With AES it would look to valgrind as if values were read that were never set.
        let builder = TestController::builder().version(version).services(1).only_chacha20(true);
        let controller = builder.start().unwrap();
        let folder = enrolled(&controller);
        let program = compile("tests/c/calls_oidc.c", "c99", Linking::Shared, folder.path());
        let mut command = run(&program);
        command.arg("identity.json").current_dir(folder.path());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut go_on = || {
            // If it has ended by itself, what it said is told below.
            let _ = input.write_all(b"\n");
            output.next().map_or_else(String::new, Result::unwrap)
        };
        let mut counted = vec![go_on()];
        controller.expire_access_tokens();
        counted.push(go_on());
        controller.expire_access_tokens();
        controller.fault_times(TOKEN, Fault::LostAnswer, 1);
        counted.push(go_on());
        counted.push(go_on());
        let ended = child.wait_with_output().unwrap();
        assert!(ended.status.success() && ended.stderr.is_empty(), "{version:?}: {counted:?} {}", told(&ended));
        let expected =
            ["1 logins, 0 refreshes", "1 logins, 1 refreshes", "2 logins, 1 refreshes", "0 logins, 0 refreshes"];
        assert_eq!(counted, expected, "{version:?}");
        assert_eq!((controller.oidc_logins(), controller.count(REVOKE)), (2, 1), "{version:?}");
        assert_eq!(controller.count(Operation::Authenticate), 0, "{version:?}");
    }
}
