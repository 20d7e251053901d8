//! Reads recorded answers as the operations here do.

use super::{Authenticator, ExtendedCertificate};
use crate::api::recorded::body;
use crate::error::Error;
use crate::wire::envelope;

pub(in crate::api) fn read(operation: &str, body: &[u8]) -> Option<Result<(), Error>> {
    Some(match operation {
        "listCurrentIdentityAuthenticators" => envelope::rows::<Authenticator>(operation, body).map(drop),
        "detailCurrentIdentityAuthenticator" => envelope::data::<Authenticator>(operation, body).map(drop),
        "extendCurrentIdentityAuthenticator" => envelope::data::<ExtendedCertificate>(operation, body).map(drop),
        _ => return None,
    })
}

/// The recorded answers with this number, of each controller.
fn bodies(number: u32) -> [String; 3] {
    ["1.3", "1.6", "2.0"].map(|version| body(&format!("{version} authenticators {number}")))
}

fn only(body: &str) -> Authenticator {
    let (rows, pagination) = envelope::rows::<Authenticator>("GET /x", body.as_bytes()).unwrap();
    assert_eq!((rows.len(), pagination.total_count), (1, Some(1)));
    rows.into_iter().next().unwrap()
}

#[test]
fn a_password_is_told_by_its_user_name() {
    for body in bodies(1) {
        let own = only(&body);
        assert_eq!(own.method.as_deref(), Some("updb"));
        assert!(own.username.as_ref().unwrap().starts_with("pwchange-"));
        assert!(own.cert_pem.is_none() && own.fingerprint.is_none() && !own.is_issued_by_network);
        let identity = own.identity.as_ref().unwrap();
        assert_eq!((identity.id.as_ref(), identity.name.as_ref()), (own.identity_id.as_ref(), own.username.as_ref()));
    }
}

#[test]
fn a_certificate_is_told_by_itself_and_its_fingerprint() {
    let resolved: Vec<bool> = bodies(2)
        .iter()
        .map(|body| {
            let own = only(body);
            assert_eq!((own.method.as_deref(), own.username.as_deref()), (Some("cert"), None));
            assert!(own.cert_pem.as_ref().unwrap().starts_with("-----BEGIN CERTIFICATE-----"));
            assert!(own.fingerprint.as_ref().unwrap().len() == 40 && own.is_issued_by_network);
            assert!(!own.is_extend_requested && !own.is_key_roll_requested && !own.last_extend_rolled_keys);
            assert_eq!((own.extend_requested_at, own.tags.len()), (None, 0));
            own.last_auth_resolved_to_root
        })
        .collect();
    assert_eq!(resolved, [false, true, true], "1.3 does not tell");
}

#[test]
fn an_extended_certificate_comes_with_the_authorities() {
    for body in bodies(27) {
        let new: ExtendedCertificate = envelope::data("POST /x", body.as_bytes()).unwrap();
        assert!(new.client_cert.starts_with("-----BEGIN CERTIFICATE-----"));
        assert_eq!(new.ca.unwrap().matches("-----BEGIN CERTIFICATE-----").count(), 2);
    }
}
