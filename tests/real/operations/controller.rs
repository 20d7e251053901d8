//! What controllers say of themselves and of their network.

use ziti_edge_client::api::list::ListQuery;

use super::Call;

pub(super) const CALLS: &[Call] = &[
    Call::new("client listRoot", |network| {
        let client = network.new_client();
        let root = client.controller().root()?;
        assert_eq!(root, client.controller().version()?);
        Ok(())
    }),
    Call::new("client listVersion", |network| {
        let version = network.new_client().controller().version()?;
        let known = network.admin.find("version").expect("every controller has a version");
        assert_eq!(
            (version.version.as_deref(), version.revision.as_deref()),
            (known["version"].as_str(), known["revision"].as_str())
        );
        assert_eq!(version.base_path("edge-client"), Some("/edge/client/v1"));
        Ok(())
    }),
    Call::new("client listEnumeratedCapabilities", |network| {
        let capabilities = network.new_client().controller().capabilities()?;
        assert!(capabilities.contains(&"OIDC_AUTH".to_owned()), "{capabilities:?}");
        Ok(())
    }),
    Call::new("client listProtocols", |network| {
        let protocols = network.new_client().controller().protocols()?;
        assert!(protocols["https"].address.as_ref().unwrap().contains(':'), "{protocols:?}");
        Ok(())
    }),
    Call::new("client listWellKnownCas", |network| {
        let member = network.enroll();
        let published = network.client(&member.identity).controller().ca_certificates()?;
        let file: serde_json::Value = serde_json::from_str(member.identity.to_json().expose()).unwrap();
        let own = file["id"]["ca"].as_str().unwrap().trim_start_matches("pem:").to_owned();
        let certificates = |pem: &str| pem.matches("-----BEGIN CERTIFICATE-----").count();
        assert!(
            certificates(&own) > 0
                && own.split_inclusive("-----END CERTIFICATE-----\n").all(|one| published.pem.contains(one))
        );
        assert_eq!((certificates(&published.pem), published.problems.len()), (certificates(&own), 0));
        Ok(())
    }),
    Call::new("client listSpecs", |network| {
        let specs = network.new_client().specs().list()?;
        let client = specs.iter().find(|spec| spec.id == "edge-client").expect("its document is there");
        assert_eq!((client.name.as_deref(), client.created_at.is_some()), (Some("edge-client"), true));
        Ok(())
    }),
    Call::new("client detailSpec", |network| {
        let spec = network.new_client().specs().get("edge-client")?;
        assert_eq!(spec.id, "edge-client");
        Ok(())
    }),
    Call::new("client detailSpec", |network| network.new_client().specs().get("nobody.knows").map(drop))
        .case("an unknown id")
        .refused(404, "NOT_FOUND"),
    Call::new("client detailSpecBody", |network| {
        let body = network.new_client().specs().body("edge-client")?;
        assert!(body.text.contains("/current-api-session/service-updates"), "{}", body.text.len());
        assert!(matches!(body.media_type.as_deref(), Some("application/json" | "text/yaml")), "{:?}", body.media_type);
        Ok(())
    }),
    Call::new("client detailSpecBody", |network| network.new_client().specs().body("nobody.knows").map(drop))
        .case("an unknown id")
        .refused(404, "NOT_FOUND"),
    Call::new("client listControllers", |network| {
        let client = network.new_client();
        let controllers = client.controllers();
        let all = controllers.list(&ListQuery::new())?;
        let is_clustered = client.controller().version()?.has_capability("HA_CONTROLLER");
        assert_eq!(!all.is_empty(), is_clustered, "{all:?}");
        assert!(all.iter().all(|node| node.api_addresses.contains_key("edge-client")), "{all:?}");
        let rows: Result<Vec<_>, _> = controllers.iter(&ListQuery::new())?.collect();
        assert_eq!(rows?, *all);
        assert_eq!(controllers.page(&ListQuery::new().offset(all.total()))?.len(), 0);
        Ok(())
    }),
];
