//! Sessions with services.

use ziti_edge_client::Error;
use ziti_edge_client::api::list::ListQuery;
use ziti_edge_client::api::sessions::{Session, SessionRequest, SessionType};

use super::{Call, Scene};

fn create(scene: &Scene, session_type: SessionType) -> Result<Session, Error> {
    let id = scene.controller.service_ids().remove(0);
    scene.client.sessions().create(&SessionRequest::new(id, session_type))
}

pub(super) const CALLS: &[Call] = &[
    Call::new("client createSession", |scene| {
        assert_eq!(create(scene, SessionType::Dial)?.edge_routers.len(), 1);
        Ok(())
    })
    .body(r#"{"serviceId":"*","type":"Dial"}"#),
    Call::new("client createSession", |scene| create(scene, SessionType::Bind).map(drop))
        .case("to host what may only be dialed")
        .body(r#"{"serviceId":"*","type":"Bind"}"#)
        .refused(400, "COULD_NOT_VALIDATE"),
    Call::new("client listSessions", |scene| {
        let made = create(scene, SessionType::Dial)?;
        assert_eq!(scene.client.sessions().list(&ListQuery::new())?[0].id, made.id);
        Ok(())
    })
    .query("limit=500&offset=0"),
    Call::new("client listSessions", |scene| {
        let query = ListQuery::new().filter("type = \"Dial\"").limit(2).offset(1);
        assert_eq!(scene.client.sessions().page(&query)?.len(), 0);
        Ok(())
    })
    .case("a page")
    .query("limit=2&offset=1&filter=type%20%3D%20%22Dial%22"),
    Call::new("client detailSession", |scene| {
        let made = create(scene, SessionType::Dial)?;
        assert_eq!(scene.client.sessions().get(&made.id)?.id, made.id);
        Ok(())
    }),
    Call::new("client detailSession", |scene| scene.client.sessions().get("unknown").map(drop))
        .case("an unknown id")
        .refused(404, "NOT_FOUND"),
    Call::new("client deleteSession", |scene| {
        let made = create(scene, SessionType::Dial)?;
        scene.client.sessions().delete(&made.id)
    }),
    Call::new("client deleteSession", |scene| scene.client.sessions().delete("unknown"))
        .case("an unknown id")
        .refused(404, "NOT_FOUND"),
];
