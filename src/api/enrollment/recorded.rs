//! Reads recorded answers as the operations here do.

use super::NetworkJwt;
use crate::enroll::answer;
use crate::error::Error;
use crate::wire::envelope;

pub(in crate::api) fn read(operation: &str, body: &[u8]) -> Option<Result<(), Error>> {
    Some(match operation {
        "enroll" | "enrollOtt" | "enrollUpdb" | "enrollErOtt" | "enrollToken" | "extendRouterEnrollment" => {
            answer::read(operation, body).map(drop)
        }
        "listNetworkJWTs" => envelope::data::<Vec<NetworkJwt>>(operation, body).map(drop),
        _ => return None,
    })
}
