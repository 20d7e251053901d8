//! Sessions with services.

use ziti_edge_client::api::list::ListQuery;
use ziti_edge_client::api::sessions::{Session, SessionRequest, SessionType};
use ziti_edge_client::{Client, Error, Filter};

use super::Call;
use crate::network::Network;
use crate::posture::{self, Guarded};

pub(super) const CALLS: &[Call] = &[
    Call::new("client createSession", |network| {
        let (_, session) = dial(network)?;
        assert_eq!(session.session_type(), Some(SessionType::Dial));
        assert!(session.edge_routers[0].is_online && session.edge_routers[0].urls.contains_key("tls"), "{session:?}");
        Ok(())
    })
    .with_router(),
    Call::new("client createSession", |network| {
        let member = network.enroll();
        let id = network.offer_plain(&member, 1).remove(0);
        network.allow("Bind", &member, &format!("@{id}"), &[]);
        let session =
            network.client(&member.identity).sessions().create(&SessionRequest::new(id, SessionType::Bind))?;
        assert_eq!(session.session_type(), Some(SessionType::Bind));
        assert!(session.edge_routers[0].urls.contains_key("tls"), "{session:?}");
        Ok(())
    })
    .case("to host")
    .with_router(),
    Call::new("client createSession", |network| {
        let member = network.enroll();
        let id = network.offer_plain(&member, 1).remove(0);
        network.client(&member.identity).sessions().create(&SessionRequest::new(id, SessionType::Bind)).map(drop)
    })
    .case("to host what may only be dialed")
    .refused(400, "COULD_NOT_VALIDATE"),
    Call::new("client createSession", |network| dial(network).map(drop))
        .case("without edge routers")
        .without_router()
        .refused(400, "NO_EDGE_ROUTERS_AVAILABLE"),
    Call::new("client createSession", |network| {
        let member = network.enroll();
        let guarded = Guarded::new(network, &member, &posture::domain());
        let client = network.client(&member.identity);
        let refusal = client.sessions().create(&SessionRequest::new(&guarded.service, SessionType::Dial)).unwrap_err();
        let Error::Api(answer) = &refusal else { panic!("{refusal:?}") };
        let policies = answer.failed_posture();
        assert_eq!((policies.len(), &policies[0].policy_id), (1, &guarded.policy));
        assert_eq!(policies[0].checks[0].id.as_ref(), Some(&guarded.check));
        assert_eq!(policies[0].checks[0].type_id.as_deref(), Some("DOMAIN"));
        Err(refusal)
    })
    .case("from a device that fails a check")
    .with_router()
    .refused(409, "INVALID_POSTURE"),
    Call::new("client listSessions", |network| {
        // Sessions name no policies while the network has no posture check.
        Guarded::new(network, &network.enroll(), &posture::domain());
        let (client, made) = dial(network)?;
        let all = client.sessions().list(&ListQuery::new())?;
        assert_eq!((all.len(), &all[0].id), (1, &made.id));
        assert!(all[0].service.is_some() && !all[0].service_policies.is_empty(), "{all:?}");
        let page = client.sessions().page(&ListQuery::new().filter(Filter::field("type").eq("Bind")).limit(2))?;
        assert_eq!((page.len(), page.total()), (0, 0));
        Ok(())
    })
    .with_router(),
    Call::new("client listSessions", |network| {
        assert_eq!(network.new_client().sessions().list(&ListQuery::new())?.len(), 0);
        Ok(())
    })
    .case("none"),
    Call::new("client detailSession", |network| {
        let (client, made) = dial(network)?;
        let found = client.sessions().get(&made.id)?;
        assert_eq!((&found.id, &found.service_id), (&made.id, &made.service_id));
        Ok(())
    })
    .with_router(),
    Call::new("client detailSession", |network| network.new_client().sessions().get("nobody.knows").map(drop))
        .case("an unknown id")
        .refused(404, "NOT_FOUND"),
    Call::new("client deleteSession", |network| {
        let (client, made) = dial(network)?;
        client.sessions().delete(&made.id)?;
        assert_eq!(client.sessions().list(&ListQuery::new())?.len(), 0);
        Ok(())
    })
    .with_router(),
    Call::new("client deleteSession", |network| network.new_client().sessions().delete("nobody.knows"))
        .case("an unknown id")
        .refused(404, "NOT_FOUND"),
];

fn dial(network: &Network) -> Result<(Client, Session), Error> {
    let member = network.enroll();
    let id = network.offer_plain(&member, 1).remove(0);
    let client = network.client(&member.identity);
    let session = client.sessions().create(&SessionRequest::new(id, SessionType::Dial))?;
    Ok((client, session))
}
