//! The own identity.

use ziti_edge_client::api::list::ListQuery;

use super::Call;

pub(super) const CALLS: &[Call] = &[
    Call::new("client getCurrentIdentity", |scene| {
        assert_eq!(scene.client.current_identity().get()?.name.as_deref(), Some("alice"));
        Ok(())
    }),
    Call::new("client getCurrentIdentityEdgeRouters", |scene| {
        assert_eq!(scene.client.current_identity().edge_routers().list(&ListQuery::new())?.len(), 1);
        Ok(())
    })
    .query("limit=500&offset=0"),
    Call::new("client getCurrentIdentityEdgeRouters", |scene| {
        let query = ListQuery::new().filter("nonsense = 1");
        scene.client.current_identity().edge_routers().list(&query).map(drop)
    })
    .case("a filter that is none")
    .query("limit=500&offset=0&filter=nonsense%20%3D%201")
    .refused(400, "INVALID_FILTER"),
];
