//! Services, and what belongs to one.

use serde_json::json;
use ziti_edge_client::api::list::ListQuery;
use ziti_edge_client::api::services::{ServicePatch, ServiceQuery, ServiceUpdate};
use ziti_edge_client::api::sessions::{SessionRequest, SessionType};
use ziti_edge_client::{Client, Filter};

use super::Call;
use crate::network::{Network, unique};
use crate::outcome::Outcome;
use crate::papers::NewRouter;

/// These controllers want a token of another form than the one they gave.
const REFUSED_TOKEN: Outcome = Outcome::Refused(401, "UNAUTHORIZED");

pub(super) const CALLS: &[Call] = &[
    Call::new("client listServices", |network| {
        let member = network.enroll();
        let offers = network.offer_with_configs(&member, 3);
        let client = network.client(&member.identity);
        let services = client.services().list(&ServiceQuery::new())?;
        assert!(offers.iter().all(|offer| services.iter().any(|service| service.id() == offer.id)), "{services:?}");
        let one = ServiceQuery::new().filter(Filter::id().eq(&offers[2].id)).config_types(["intercept.v1"]).limit(1);
        let page = client.services().page(&one)?;
        let service = page.get(0).expect("it is there");
        assert_eq!((page.len(), page.total(), service.name()), (1, 1, offers[2].name.as_str()));
        assert!(service.config_json().contains(&offers[2].address) && service.raw_config("host.v1")?.is_none());
        let rows: Result<Vec<_>, _> = client.services().iter(&ServiceQuery::new())?.collect();
        assert_eq!(rows?.len(), services.len());
        Ok(())
    }),
    Call::new("client detailService", |network| {
        let (client, id) = offered(network);
        let service = client.services().get(&id)?;
        assert_eq!((service.view().id(), service.view().encryption_required()), (id.as_str(), true));
        Ok(())
    }),
    Call::new("client detailService", |network| {
        let id = network.admin.create("services", &json!({ "name": unique("hidden"), "encryptionRequired": true }));
        network.new_client().services().get(&id).map(drop)
    })
    .case("of others")
    .refused(404, "NOT_FOUND"),
    Call::new("client updateService", |network| {
        let (client, id) = offered(network);
        client.services().update(&id, &ServiceUpdate::new("other"))
    })
    .not_there(),
    Call::new("client patchService", |network| {
        let (client, id) = offered(network);
        client.services().patch(&id, &ServicePatch::default())
    })
    .not_there(),
    Call::new("client deleteService", |network| {
        let (client, id) = offered(network);
        client.services().delete(&id)
    })
    .not_there(),
    Call::new("client listServiceTerminators", |network| {
        let (client, id) = offered(network);
        let router = NewRouter::register(network).id;
        let body = json!({ "service": id, "router": router, "binding": "transport", "address": "tcp:127.0.0.1:9" });
        let made = network.admin.create("terminators", &body);
        let terminators = client.services().terminators(&id);
        let all = terminators.list(&ListQuery::new())?;
        assert_eq!((all.len(), all[0].id.as_str()), (1, made.as_str()));
        assert_eq!((all[0].router_id.as_ref(), all[0].service_id.as_ref()), (Some(&router), Some(&id)));
        assert_eq!(terminators.page(&ListQuery::new().filter("binding = \"edge\"").limit(2))?.len(), 0);
        Ok(())
    }),
    Call::new("client listServiceTerminators", |network| {
        network.new_client().services().terminators("nobody.knows").list(&ListQuery::new()).map(drop)
    })
    .case("of an unknown service")
    .refused(404, "NOT_FOUND"),
    Call::new("client listServiceEdgeRouters", |network| {
        let (client, id) = offered(network);
        let routers = client.services().edge_routers(&id, None)?;
        assert!(routers[0].is_online && routers[0].supported_protocols.contains_key("tls"), "{routers:?}");
        Ok(())
    })
    .with_router(),
    Call::new("client listServiceEdgeRouters", |network| {
        let (client, id) = offered(network);
        let session = client.sessions().create(&SessionRequest::new(&id, SessionType::Dial))?;
        let routers = client.services().edge_routers(&id, Some(&session.token))?;
        assert!(routers[0].is_online, "{routers:?}");
        Ok(())
    })
    .case("with the token of a session")
    .with_router()
    .at_1_3(REFUSED_TOKEN)
    .at_1_6(REFUSED_TOKEN),
    Call::new("client listServiceEdgeRouters", |network| {
        network.new_client().services().edge_routers("nobody.knows", None).map(drop)
    })
    .case("of an unknown service")
    .refused(404, "NOT_FOUND"),
];

/// A client, and the id of a service that it may dial.
fn offered(network: &Network) -> (Client, String) {
    let member = network.enroll();
    let id = network.offer_plain(&member, 1).remove(0);
    (network.client(&member.identity), id)
}
