//! Reads recorded answers as the operations here do.

use std::collections::BTreeMap;

use super::{CaCertificates, ControllerNode, Protocol, Spec, SpecBody, Version};
use crate::error::Error;
use crate::wire::envelope;

pub(in crate::api) fn read(operation: &str, body: &[u8]) -> Option<Result<(), Error>> {
    Some(match operation {
        "listRoot" | "listVersion" => envelope::data::<Version>(operation, body).map(|version| {
            version.base_path("edge-client");
        }),
        "listEnumeratedCapabilities" => envelope::data::<Vec<String>>(operation, body).map(drop),
        "listProtocols" => envelope::data::<BTreeMap<String, Protocol>>(operation, body).map(drop),
        "listWellKnownCas" => CaCertificates::read(operation, body).map(drop),
        "listControllers" => envelope::rows::<ControllerNode>(operation, body).map(drop),
        "listSpecs" => envelope::data::<Vec<Spec>>(operation, body).map(drop),
        "detailSpec" => envelope::data::<Spec>(operation, body).map(drop),
        "detailSpecBody" => SpecBody::read(operation, None, body.to_vec()).map(drop),
        _ => return None,
    })
}
