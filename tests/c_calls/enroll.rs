//! Every way to enroll, from C.

use crate::enrolling::identities_enroll_by_every_method;
use crate::support::command;

#[test]
fn identities_enroll_by_every_method_from_c() {
    identities_enroll_by_every_method(|program| command(program));
}
