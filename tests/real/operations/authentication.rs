//! Logging in and out.

use std::collections::BTreeSet;
use std::time::Duration;

use ziti_edge_client::api::list::ListQuery;
use ziti_edge_client::{Error, Filter, Login, Secret};

use super::Call;
use crate::papers::Signer;
use crate::second_factor::set_up;
use crate::stories::sessions_of;

pub(super) const CALLS: &[Call] = &[
    Call::new("client authenticate", |network| {
        let member = network.enroll();
        let login = network.client(&member.identity).authenticate()?;
        assert!(matches!(login, Login::Complete(_)), "{login:?}");
        assert_eq!(sessions_of(network, member.id()), [login.session().id.as_str()]);
        Ok(())
    }),
    Call::new("client authenticate", |network| {
        let member = network.enroll();
        network.admin.delete(&format!("identities/{}", member.id()));
        // A cluster is asked again while a certificate is this young.
        let client = network.client(&member.identity).with_timeout(Duration::from_secs(2));
        match client.authenticate().unwrap_err() {
            Error::Rejected(rejection) => Err(Error::Api(Box::new(rejection.answer))),
            other => Err(other),
        }
    })
    .case("by nobody")
    .refused(401, "INVALID_AUTH"),
    Call::new("client authenticateMfa", |network| {
        let member = network.enroll();
        let app = set_up(&network.client(&member.identity));
        let client = network.client(&member.identity);
        assert!(matches!(client.authenticate()?, Login::Pending(_)));
        assert!(matches!(client.authenticate_mfa(&app.code())?, Login::Complete(_)));
        Ok(())
    }),
    Call::new("client authenticateMfa", |network| {
        let member = network.enroll();
        set_up(&network.client(&member.identity));
        network.client(&member.identity).authenticate_mfa(&Secret::new("000000x")).map(drop)
    })
    .case("a wrong code")
    .refused(400, "MFA_INVALID_TOKEN"),
    Call::new("client deleteCurrentApiSession", |network| {
        let member = network.enroll();
        let client = network.client(&member.identity);
        client.authenticate()?;
        client.logout()?;
        assert_eq!(sessions_of(network, member.id()), Vec::<String>::new());
        Ok(())
    }),
    Call::new("client listExternalJwtSigners", |network| {
        let names = [Signer::register(network), Signer::register(network)].map(|signer| signer.name);
        let client = network.new_client();
        let signers = client.external_jwt_signers();
        let all = signers.list(&ListQuery::new())?;
        assert!(names.iter().all(|name| all.iter().any(|signer| signer.name.as_ref() == Some(name))), "{all:?}");
        let page = signers.page(&ListQuery::new().filter(Filter::name().eq(&names[1])).limit(1).offset(0))?;
        let address = format!("https://{}.test", names[1]);
        assert_eq!((page.total(), page[0].external_auth_url.as_ref()), (1, Some(&address)));
        let scopes: BTreeSet<&str> = page[0].scopes.iter().map(String::as_str).collect();
        assert_eq!((page[0].client_id.as_deref(), scopes), (Some("zec"), BTreeSet::from(["openid", "email"])));
        Ok(())
    }),
    Call::new("client listExternalJwtSigners", |network| {
        network.new_client().external_jwt_signers().list(&ListQuery::new().filter("issuer = \"x\"")).map(drop)
    })
    .case("a filter by what it does not have")
    .refused(400, "INVALID_FILTER"),
];
