//! Reads recorded answers as the operations here do.

use super::Version;
use super::controllers::ControllerNode;
use crate::error::Error;
use crate::wire::envelope;

pub(in crate::api) fn read(operation: &str, body: &[u8]) -> Option<Result<(), Error>> {
    Some(match operation {
        "listRoot" | "listVersion" => envelope::data::<Version>(operation, body).map(|version| {
            version.base_path("edge-client");
        }),
        "listControllers" => envelope::rows::<ControllerNode>(operation, body).map(drop),
        _ => return None,
    })
}
