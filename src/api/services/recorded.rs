//! Reads recorded answers as the operations here do.

use super::tests::{all_of, read_one, read_page};
use crate::error::Error;

pub(in crate::api) fn read(operation: &str, body: &[u8]) -> Option<Result<(), Error>> {
    Some(match operation {
        "listServices" => read_page(body).map(|services| services.iter().for_each(|service| drop(all_of(service)))),
        "detailService" => read_one(body).map(|service| drop(all_of(service.view()))),
        _ => return None,
    })
}
