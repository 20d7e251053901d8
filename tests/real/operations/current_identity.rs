//! The own identity.

use ziti_edge_client::api::list::ListQuery;

use super::Call;

pub(super) const CALLS: &[Call] = &[
    Call::new("client getCurrentIdentity", |network| {
        let member = network.enroll();
        let identity = network.client(&member.identity).current_identity().get()?;
        assert_eq!((identity.id.as_str(), identity.name.as_ref()), (member.id(), Some(&member.invitation.name)));
        assert!(identity.has_api_session && !identity.is_admin && !identity.disabled);
        let certificate = identity.authenticators.cert.expect("it has logged in by one");
        assert!(certificate.fingerprint.is_some(), "{certificate:?}");
        assert!(identity.sdk_info.is_some() && identity.env_info.is_some(), "what the login told is kept");
        Ok(())
    }),
    Call::new("client getCurrentIdentityEdgeRouters", |network| {
        let client = network.new_client();
        let routers = client.current_identity().edge_routers();
        let all = routers.list(&ListQuery::new())?;
        assert!(all[0].is_online && all[0].supported_protocols.contains_key("tls"), "{all:?}");
        assert!(all[0].id.is_some() && all[0].created_at.is_some() && all[0].hostname.is_some(), "{all:?}");
        assert_eq!(routers.page(&ListQuery::new().offset(all.total()))?.len(), 0);
        Ok(())
    })
    .with_router(),
    Call::new("client getCurrentIdentityEdgeRouters", |network| {
        let query = ListQuery::new().filter("nonsense = 1");
        network.new_client().current_identity().edge_routers().list(&query).map(drop)
    })
    .case("a filter that is none")
    .refused(400, "INVALID_FILTER"),
];
