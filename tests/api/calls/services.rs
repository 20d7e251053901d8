//! Services, and what belongs to one.

use ziti_edge_client::api::services::{ServicePatch, ServiceQuery, ServiceUpdate};

use super::Call;

pub(super) const CALLS: &[Call] = &[
    Call::new("client listServices", |scene| {
        let services = scene.client.services().list(&ServiceQuery::new())?;
        assert_eq!(services.len(), 3);
        Ok(())
    })
    .query("limit=500&offset=0"),
    Call::new("client listServices", |scene| {
        let query = ServiceQuery::new().filter("name contains \"svc\"").config_types(["intercept.v1"]);
        let page = scene.client.services().page(&query.limit(2).offset(2))?;
        assert_eq!((page.len(), page.total()), (1, 3));
        Ok(())
    })
    .case("a page")
    .query("limit=2&offset=2&filter=name%20contains%20%22svc%22&configTypes=intercept.v1"),
    Call::new("client listServices", |scene| {
        let query = ServiceQuery::new().roles(["#testkit"], "AnyOf");
        let services: Result<Vec<_>, _> = scene.client.services().iter(&query)?.collect();
        assert_eq!(services?.len(), 3);
        Ok(())
    })
    .case("one by one")
    .query("limit=500&offset=0&roleFilter=%23testkit&roleSemantic=AnyOf"),
    Call::new("client detailService", |scene| {
        let id = scene.controller.service_ids().remove(0);
        assert_eq!(scene.client.services().get(&id)?.view().id(), id);
        Ok(())
    }),
    Call::new("client detailService", |scene| scene.client.services().get("unknown").map(drop))
        .case("an unknown id")
        .refused(404, "NOT_FOUND"),
    Call::new("client updateService", |scene| scene.client.services().update("id", &ServiceUpdate::new("web")))
        .body(
            r#"{"name":"web","configs":[],"encryptionRequired":false,"maxIdleTimeMillis":0,"roleAttributes":[],"tags":{}}"#,
        )
        .not_there(),
    Call::new("client patchService", |scene| scene.client.services().patch("id", &ServicePatch::default()))
        .body("{}")
        .not_there(),
    Call::new("client deleteService", |scene| scene.client.services().delete("id")).not_there(),
];
