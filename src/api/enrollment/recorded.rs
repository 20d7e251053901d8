//! Reads recorded answers as the operations here do.

use super::NetworkJwt;
use crate::enroll::answer;
use crate::error::Error;
use crate::wire::envelope;

/// No success of these is recorded.
const ERROR_ONLY: [&str; 4] = ["enrollCa", "enrollErOtt", "getEnrollmentJwks", "enrollmentChallenge"];

pub(in crate::api) fn read(operation: &str, body: &[u8]) -> Option<Result<(), Error>> {
    Some(match operation {
        "enroll" | "enrollOtt" | "enrollUpdb" | "enrollToken" | "extendRouterEnrollment" => {
            answer::read(operation, body).map(drop)
        }
        "listNetworkJWTs" => envelope::data::<Vec<NetworkJwt>>(operation, body).map(drop),
        _ => return None,
    })
}

#[test]
fn what_was_never_recorded_is_not_read_as_if_it_had_been() {
    assert!(ERROR_ONLY.iter().all(|operation| read(operation, b"{}").is_none()));
}
