//! Reads recorded answers as the operations here do.

use super::Terminator;
use crate::api::recorded::body;
use crate::error::Error;
use crate::wire::envelope;

pub(in crate::api) fn read(operation: &str, body: &[u8]) -> Option<Result<(), Error>> {
    Some(match operation {
        "listServiceTerminators" => envelope::rows::<Terminator>(operation, body).map(drop),
        _ => return None,
    })
}

#[test]
fn a_terminator_says_which_instance_it_is_and_where() {
    for version in ["1.3", "1.6", "2.0"] {
        let list = body(&format!("{version} services 43"));
        let (terminators, pagination) = envelope::rows::<Terminator>("GET /x", list.as_bytes()).unwrap();
        assert_eq!(pagination.total_count, Some(2));
        let mut instances: Vec<&str> = terminators.iter().map(|one| one.identity.as_deref().unwrap()).collect();
        instances.sort_unstable();
        assert_eq!(instances, ["inst-a", "inst-b"]);
        for terminator in &terminators {
            assert!(!terminator.id.is_empty() && terminator.router_id.is_some() && terminator.created_at.is_some());
            let service = terminator.service.as_ref().unwrap();
            assert_eq!(service.id, terminator.service_id);
            assert!(service.name.as_ref().unwrap().starts_with("svc-01-"));
        }
    }
}
