//! Reads recorded answers as the operations here do.

use super::tests::{all_of, read_one, read_page};
use crate::error::Error;

/// No controller seen so far does these.
const ERROR_ONLY: [&str; 3] = ["updateService", "patchService", "deleteService"];

pub(in crate::api) fn read(operation: &str, body: &[u8]) -> Option<Result<(), Error>> {
    Some(match operation {
        "listServices" => read_page(body).map(|services| services.iter().for_each(|service| drop(all_of(service)))),
        "detailService" => read_one(body).map(|service| drop(all_of(service.view()))),
        _ => return None,
    })
}

#[test]
fn of_what_is_refused_there_is_nothing_to_read() {
    assert!(ERROR_ONLY.iter().all(|operation| read(operation, b"{}").is_none()));
}
