//! What belongs to a service.

use ziti_edge_client::api::list::ListQuery;
use ziti_edge_client::api::sessions::{SessionRequest, SessionType};

use super::Call;

pub(super) const CALLS: &[Call] = &[
    Call::new("client listServiceTerminators", |scene| {
        let id = scene.controller.service_ids().remove(0);
        assert_eq!(scene.client.services().terminators(id).list(&ListQuery::new())?.len(), 0);
        Ok(())
    })
    .query("limit=500&offset=0"),
    Call::new("client listServiceTerminators", |scene| {
        let query = ListQuery::new().filter("binding = \"edge\"").limit(2).offset(1);
        scene.client.services().terminators("unknown").page(&query).map(drop)
    })
    .case("of an unknown service")
    .query("limit=2&offset=1&filter=binding%20%3D%20%22edge%22")
    .refused(404, "NOT_FOUND"),
    Call::new("client listServiceEdgeRouters", |scene| {
        let id = scene.controller.service_ids().remove(0);
        let session = scene.client.sessions().create(&SessionRequest::new(&id, SessionType::Dial))?;
        assert_eq!(scene.client.services().edge_routers(&id, Some(&session.token))?.len(), 1);
        Ok(())
    })
    .headers(&[("session-token", "*.*.*")]),
    Call::new("client listServiceEdgeRouters", |scene| scene.client.services().edge_routers("unknown", None).map(drop))
        .case("of an unknown service")
        .refused(404, "NOT_FOUND"),
];
