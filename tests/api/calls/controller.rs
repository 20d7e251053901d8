//! What controllers say of themselves and of their network.

use ziti_edge_client::api::list::ListQuery;

use super::Call;

pub(super) const CALLS: &[Call] = &[
    Call::new("client listRoot", |scene| {
        let root = scene.client.controller().root()?;
        assert_eq!(root, scene.client.controller().version()?);
        Ok(())
    }),
    Call::new("client listVersion", |scene| {
        let version = scene.client.controller().version()?;
        assert_eq!(version.base_path("edge-client"), Some("/edge/client/v1"));
        Ok(())
    }),
    Call::new("client listEnumeratedCapabilities", |scene| {
        let capabilities = scene.client.controller().capabilities()?;
        assert!(capabilities.contains(&"OIDC_AUTH".to_owned()), "{capabilities:?}");
        Ok(())
    }),
    Call::new("client listProtocols", |scene| {
        let protocols = scene.client.controller().protocols()?;
        assert_eq!(protocols["https"].address, Some(scene.controller.address().to_string()));
        Ok(())
    }),
    Call::new("client listWellKnownCas", |scene| {
        let certificates = scene.client.controller().ca_certificates()?;
        let own = scene.controller.ca_pem();
        assert!(own.split_inclusive("-----END CERTIFICATE-----\n").all(|one| certificates.pem.contains(one)), "{own}");
        assert_eq!((certificates.pem.len(), certificates.problems), (own.len(), Vec::new()));
        Ok(())
    })
    .headers(&[("accept", "application/pkcs7-mime")]),
    Call::new("client listSpecs", |scene| {
        let specs = scene.client.specs().list()?;
        assert_eq!(specs.iter().map(|spec| spec.id.as_str()).collect::<Vec<_>>(), ["edge-client"]);
        Ok(())
    }),
    Call::new("client detailSpec", |scene| {
        let spec = scene.client.specs().get("edge-management")?;
        assert_eq!(spec.name.as_deref(), Some("edge-management"));
        Ok(())
    }),
    Call::new("client detailSpec", |scene| scene.client.specs().get("nobody.knows").map(drop))
        .case("an unknown id")
        .refused(404, "NOT_FOUND"),
    Call::new("client detailSpecBody", |scene| {
        let body = scene.client.specs().body("edge-client")?;
        assert_eq!(body.media_type.as_deref(), Some("application/json"));
        assert!(body.text.contains("/edge/client/v1"), "{}", body.text);
        Ok(())
    }),
    Call::new("client detailSpecBody", |scene| scene.client.specs().body("nobody.knows").map(drop))
        .case("an unknown id")
        .refused(404, "NOT_FOUND"),
    Call::new("client listControllers", |scene| {
        let controllers = scene.client.controllers();
        let all = controllers.list(&ListQuery::new())?;
        assert!(!all.is_empty());
        assert!(controllers.iter(&ListQuery::new())?.all(|row| all.contains(&row.unwrap())));
        assert_eq!(controllers.page(&ListQuery::new().offset(all.total()))?.len(), 0);
        Ok(())
    })
    .query("limit=*&offset=*"),
    Call::new("client listControllers", |scene| {
        scene.client.controllers().page(&ListQuery::new().filter("name = ")).map(drop)
    })
    .case("a broken filter")
    .query("limit=500&offset=0&filter=name*")
    .refused(400, "INVALID_FILTER"),
];
