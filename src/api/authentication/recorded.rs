//! Reads recorded answers as the operations here do.

use super::ExternalJwtSigner;
use crate::error::Error;
use crate::wire::envelope;

pub(in crate::api) fn read(operation: &str, body: &[u8]) -> Option<Result<(), Error>> {
    Some(match operation {
        "listExternalJwtSigners" => envelope::rows::<ExternalJwtSigner>(operation, body).map(drop),
        _ => return None,
    })
}
