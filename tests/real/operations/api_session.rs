//! The session of a login, and its certificates.

use ziti_edge_client::api::api_session::NewSessionCertificate;
use ziti_edge_client::api::list::ListQuery;
use ziti_edge_client::{Client, Error, Filter, Secret};

use super::Call;
use crate::outcome::Outcome;
use crate::papers::key_and_csr;
use crate::stories::sessions_of;

pub(super) const CALLS: &[Call] = &[
    Call::new("client getCurrentAPISession", |network| {
        let member = network.enroll();
        let session = network.client(&member.identity).current_api_session().get()?;
        assert_eq!(session.identity_id.as_deref(), Some(member.id()));
        assert_eq!((session.config_types.as_slice(), session.is_mfa_required), (&["all".to_owned()][..], false));
        Ok(())
    }),
    Call::new("client listServiceUpdates", |network| {
        let updates = network.new_client().current_api_session().service_updates()?;
        assert!(updates.last_change_at.unix_seconds().is_some_and(|at| at > 0), "{updates:?}");
        Ok(())
    }),
    Call::new("client createTotpToken", |network| {
        network.new_client().current_api_session().create_totp_token(&Secret::new("123456")).map(drop)
    })
    .case("for a login without OIDC")
    .refused(400, "INVALID_BACKING_TOKEN_TYPE")
    .at_1_6(Outcome::NotThere)
    .at_1_3(Outcome::Refused(404, "NOT_FOUND")),
    Call::new("client listCurrentApiSessionCertificates", |network| {
        let client = network.new_client();
        let new = issue(&client)?;
        let certificates = client.session_certificates();
        let all = certificates.list(&ListQuery::new())?;
        assert!(all.iter().any(|own| own.id == new.id), "{all:?}");
        let page = certificates.page(&ListQuery::new().filter(Filter::id().eq(&new.id)).limit(2))?;
        assert_eq!((page.total(), page[0].certificate.as_str()), (1, new.certificate.as_str()));
        Ok(())
    }),
    Call::new("client createCurrentApiSessionCertificate", |network| {
        let new = issue(&network.new_client())?;
        assert!(new.certificate.contains("-----BEGIN CERTIFICATE-----") && new.cas.is_some());
        Ok(())
    }),
    Call::new("client createCurrentApiSessionCertificate", |network| {
        network.new_client().session_certificates().create("nonsense").map(drop)
    })
    .case("no request")
    .refused(400, "COULD_NOT_PROCESS_CSR"),
    Call::new("client detailCurrentApiSessionCertificate", |network| {
        let client = network.new_client();
        let new = issue(&client)?;
        let found = client.session_certificates().get(&new.id)?;
        assert_eq!((&found.certificate, found.valid_to.is_some()), (&new.certificate, true));
        Ok(())
    }),
    Call::new("client detailCurrentApiSessionCertificate", |network| {
        network.new_client().session_certificates().get("nobody.knows").map(drop)
    })
    .case("an unknown id")
    .refused(404, "NOT_FOUND")
    .at_1_3(Outcome::Refused(500, "UNHANDLED")),
    Call::new("client deleteCurrentApiSessionCertificate", |network| {
        let client = network.new_client();
        let new = issue(&client)?;
        client.session_certificates().delete(&new.id)?;
        assert!(matches!(client.session_certificates().get(&new.id), Err(Error::Api(_))));
        Ok(())
    }),
    Call::new("client deleteCurrentApiSessionCertificate", |network| {
        network.new_client().session_certificates().delete("nobody.knows")
    })
    .case("an unknown id")
    .refused(404, "NOT_FOUND")
    .at_1_3(Outcome::Refused(500, "UNHANDLED")),
    Call::new("management getCurrentAPISession", |network| {
        let member = network.enroll();
        let client = network.client(&member.identity);
        let session = client.management().current_api_session().get()?;
        assert_eq!(session.identity_id.as_deref(), Some(member.id()));
        assert_eq!(client.current_api_session().get()?.id, session.id, "one login for both");
        Ok(())
    }),
    Call::new("management deleteCurrentApiSession", |network| {
        let member = network.enroll();
        let client = network.client(&member.identity);
        client.authenticate()?;
        client.management().logout()?;
        assert_eq!(sessions_of(network, member.id()), Vec::<String>::new());
        Ok(())
    }),
];

fn issue(client: &Client) -> Result<NewSessionCertificate, Error> {
    client.session_certificates().create(&key_and_csr("session").1)
}
