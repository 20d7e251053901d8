//! Certificates of a session.

use rcgen::{CertificateParams, KeyPair};
use ziti_edge_client::Error;
use ziti_edge_client::api::api_session::NewSessionCertificate;
use ziti_edge_client::api::list::ListQuery;

use super::{Call, Scene};

pub(super) const CALLS: &[Call] = &[
    Call::new("client createCurrentApiSessionCertificate", |scene| {
        let new = issue(scene)?;
        assert!(new.certificate.contains("-----BEGIN CERTIFICATE-----"));
        Ok(())
    })
    .body(r#"{"csr":"-----BEGIN CERTIFICATE REQUEST-----*"}"#),
    Call::new("client createCurrentApiSessionCertificate", |scene| {
        scene.client.session_certificates().create("nonsense").map(drop)
    })
    .case("no request")
    .body(r#"{"csr":"nonsense"}"#)
    .refused(400, "COULD_NOT_PROCESS_CSR"),
    Call::new("client listCurrentApiSessionCertificates", |scene| {
        let new = issue(scene)?;
        let all = scene.client.session_certificates().list(&ListQuery::new())?;
        assert!(all.iter().any(|own| own.id == new.id), "{all:?}");
        Ok(())
    })
    .query("limit=500&offset=0"),
    Call::new("client listCurrentApiSessionCertificates", |scene| {
        let new = issue(scene)?;
        let query = ListQuery::new().filter(format!("id = \"{}\"", new.id)).limit(2).offset(0);
        let page = scene.client.session_certificates().page(&query)?;
        assert_eq!((page.len(), page[0].certificate.as_str()), (1, new.certificate.as_str()));
        Ok(())
    })
    .case("a page")
    .query("limit=2&offset=0&filter=id%20%3D%20%22*%22"),
    Call::new("client detailCurrentApiSessionCertificate", |scene| {
        let new = issue(scene)?;
        assert_eq!(scene.client.session_certificates().get(&new.id)?.certificate, new.certificate);
        Ok(())
    }),
    Call::new("client detailCurrentApiSessionCertificate", |scene| {
        scene.client.session_certificates().get("unknown").map(drop)
    })
    .case("an unknown id")
    .refused(404, "NOT_FOUND"),
    Call::new("client deleteCurrentApiSessionCertificate", |scene| {
        let new = issue(scene)?;
        scene.client.session_certificates().delete(&new.id)
    }),
    Call::new("client deleteCurrentApiSessionCertificate", |scene| {
        scene.client.session_certificates().delete("unknown")
    })
    .case("an unknown id")
    .refused(404, "NOT_FOUND"),
];

fn issue(scene: &Scene) -> Result<NewSessionCertificate, Error> {
    let key = KeyPair::generate().expect("the system has random numbers");
    let csr = CertificateParams::default().serialize_request(&key).expect("the key can sign");
    scene.client.session_certificates().create(&csr.pem().expect("a request can be written"))
}
