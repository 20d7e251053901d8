//! Certificates of a session.

use ziti_edge_client::api::list::ListQuery;
use ziti_edge_testkit::{Operation, Version};

use crate::support::{client, controller};
use crate::{key_and_csr, refusal};

#[test]
fn a_certificate_is_issued_found_and_deleted() {
    for version in Version::ALL {
        let controller = controller(version, 0);
        let client = client(&controller);
        let certificates = client.session_certificates();
        let new = certificates.create(&key_and_csr().1).unwrap();
        assert!(new.cas.unwrap().contains("-----BEGIN CERTIFICATE-----"));
        let found = certificates.get(&new.id).unwrap();
        assert_eq!((&found.id, &found.certificate), (&new.id, &new.certificate), "{version:?}");
        assert!(found.valid_to.as_ref().unwrap().unix_seconds() > found.valid_from.as_ref().unwrap().unix_seconds());

        let all = certificates.list(&ListQuery::new()).unwrap();
        assert!(all.contains(&found), "{version:?}: {all:?}");
        let one_by_one: Result<Vec<_>, _> = certificates.iter(&ListQuery::new()).unwrap().collect();
        assert_eq!(one_by_one.unwrap(), all.to_vec());
        let page = certificates.page(&ListQuery::new().limit(1)).unwrap();
        assert_eq!((page.len(), page.total()), (1, all.total()));

        certificates.delete(&new.id).unwrap();
        assert!(!certificates.list(&ListQuery::new()).unwrap().contains(&found), "{version:?}");
    }
}

#[test]
fn a_certificate_that_is_not_there_is_an_error_of_the_version() {
    for (version, (status, code)) in
        [(Version::V1_3, (500, "UNHANDLED")), (Version::V1_6, (404, "NOT_FOUND")), (Version::V2_0, (404, "NOT_FOUND"))]
    {
        let controller = controller(version, 0);
        let client = client(&controller);
        refusal(client.session_certificates().get("unknown"), status, code);
        refusal(client.session_certificates().delete("unknown"), status, code);
    }
}

#[test]
fn a_request_that_cannot_be_read_issues_nothing() {
    let controller = controller(Version::V2_0, 0);
    refusal(client(&controller).session_certificates().create("nonsense"), 400, "COULD_NOT_PROCESS_CSR");
    assert_eq!(controller.count(Operation::Authenticate), 1);
}
