//! Logging in and out.

use ziti_edge_client::api::list::ListQuery;
use ziti_edge_client::{Filter, Login};
use ziti_edge_testkit::ExternalSigner;

use super::Call;

pub(super) const CALLS: &[Call] = &[
    Call::new("client authenticate", |scene| {
        let login = scene.client.authenticate()?;
        assert!(matches!(login, Login::Complete(_)), "{login:?}");
        Ok(())
    })
    .query("method=cert")
    .body(r#"{"configTypes":["all"],"sdkInfo":{*},"envInfo":{*}}"#),
    Call::new("client deleteCurrentApiSession", |scene| {
        scene.client.authenticate()?;
        scene.client.logout()?;
        assert_eq!(scene.controller.session_count(), 0);
        Ok(())
    }),
    Call::new("client listExternalJwtSigners", |scene| {
        for name in ["first", "second", "third"] {
            scene.controller.add_external_signer(ExternalSigner::named(name));
        }
        let signers = scene.client.external_jwt_signers();
        let all = signers.list(&ListQuery::new())?;
        assert_eq!((all.len(), all.total()), (3, 3));
        assert!(signers.iter(&ListQuery::new())?.all(|row| all.contains(&row.unwrap())));
        let query = ListQuery::new().filter(Filter::name().eq("second")).limit(2).offset(0);
        let page = signers.page(&query)?;
        assert_eq!(page[0].external_auth_url.as_deref(), Some("https://second.example.test/auth"));
        assert_eq!((page.len(), scene.controller.session_count()), (1, 0));
        Ok(())
    })
    .query("limit=2&offset=0&filter=name*second*"),
    Call::new("client listExternalJwtSigners", |scene| {
        scene.client.external_jwt_signers().list(&ListQuery::new().filter("issuer = \"x\"")).map(drop)
    })
    .case("a filter by what services do not have")
    .query("limit=500&offset=0&filter=*")
    .refused(400, "INVALID_FILTER"),
];
