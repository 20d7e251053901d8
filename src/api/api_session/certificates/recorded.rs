//! Reads recorded answers as the operations here do.

use super::{NewSessionCertificate, SessionCertificate};
use crate::api::recorded::body;
use crate::error::Error;
use crate::wire::envelope;

pub(in crate::api) fn read(operation: &str, body: &[u8]) -> Option<Result<(), Error>> {
    Some(match operation {
        "listCurrentApiSessionCertificates" => envelope::rows::<SessionCertificate>(operation, body).map(drop),
        "createCurrentApiSessionCertificate" => envelope::data::<NewSessionCertificate>(operation, body).map(drop),
        "detailCurrentApiSessionCertificate" => envelope::data::<SessionCertificate>(operation, body).map(drop),
        _ => return None,
    })
}

/// The recorded answer of a controller with this number.
fn recorded(version: &str, number: u32) -> String {
    body(&format!("{version} api-session {number}"))
}

#[test]
fn a_certificate_is_found_as_it_was_issued() {
    for version in ["1.3", "1.6", "2.0"] {
        let new: NewSessionCertificate = envelope::data("POST /x", recorded(version, 5).as_bytes()).unwrap();
        let found: SessionCertificate = envelope::data("GET /x", recorded(version, 12).as_bytes()).unwrap();
        assert_eq!((&found.id, &found.certificate), (&new.id, &new.certificate), "{version}");
        assert_eq!(new.certificate.matches("-----BEGIN CERTIFICATE-----").count(), 2, "{version}");
        assert!(new.cas.unwrap().contains("-----BEGIN CERTIFICATE-----"), "{version}");
        assert_eq!(found.subject.as_deref(), Some("CN=ignored,O=Recorder"), "{version}");
        assert_eq!(found.fingerprint.unwrap().len(), 40, "{version}");
        let [from, to] = [found.valid_from, found.valid_to].map(|time| time.unwrap().unix_seconds().unwrap());
        assert_eq!(to - from, 12 * 3600, "{version}");
    }
}

#[test]
fn a_page_of_certificates_says_how_many_there_are() {
    for (version, rows, total) in [("1.3", 3, 6), ("1.6", 1, 1), ("2.0", 3, 8)] {
        let (page, pagination) =
            envelope::rows::<SessionCertificate>("GET /x", recorded(version, 10).as_bytes()).unwrap();
        assert_eq!((page.len(), pagination.total_count), (rows, Some(total)), "{version}");
        assert!(page.iter().all(|row| row.created_at.is_some() && !row.certificate.is_empty()), "{version}");
    }
}
