//! Sessions with services.

use ziti_edge_client::Error;
use ziti_edge_client::api::list::ListQuery;
use ziti_edge_client::api::sessions::{SessionRequest, SessionType};
use ziti_edge_testkit::{EdgeRouter, Fault, Operation, Permission, Policy, PostureCheck, Version};

use crate::support::{answer, client, client_and_id, controller};
use crate::{refusal, service};

fn dial(service_id: &str) -> SessionRequest {
    SessionRequest::new(service_id, SessionType::Dial)
}

#[test]
fn a_session_is_made_shown_listed_and_ended() {
    for version in Version::ALL {
        let controller = controller(version, 0);
        let policies = [Permission::Dial, Permission::Bind].map(Policy::everybody);
        let id = controller.add_service(service("web", policies.to_vec()));
        let (client, identity_id) = client_and_id(&controller);
        let sessions = client.sessions();

        let made = sessions.create(&dial(&id)).unwrap();
        assert_eq!((made.session_type(), made.service_id.as_deref()), (Some(SessionType::Dial), Some(id.as_str())));
        assert_eq!(made.identity_id.as_deref(), Some(identity_id.as_str()));
        assert_eq!(made.edge_routers[0].urls["tls"], "tls://router.test:3022");
        assert_eq!(made.service.is_none(), version == Version::V2_0);
        let hosting = sessions.create(&SessionRequest::new(&id, SessionType::Bind)).unwrap();
        assert_eq!(hosting.session_type(), Some(SessionType::Bind));
        let again = sessions.create(&dial(&id)).unwrap();
        assert_eq!(again.id, made.id, "{version:?}");

        let shown = sessions.get(&made.id).unwrap();
        assert_eq!((&shown.id, shown.service.unwrap().name.as_deref()), (&made.id, Some("web")));
        assert_eq!(shown.service_policies.len(), 1);
        assert_eq!(shown.token.expose() == shown.id, version == Version::V2_0, "only the first answer has the token");
        assert_ne!(made.token.expose(), made.id);

        let all = sessions.list(&ListQuery::new()).unwrap();
        assert_eq!((all.len(), all.total()), (2, 2));
        let page = sessions.page(&ListQuery::new().filter("type = \"Bind\"").limit(1)).unwrap();
        assert_eq!((page.len(), &page[0].id), (1, &hosting.id));

        sessions.delete(&made.id).unwrap();
        refusal(sessions.get(&made.id), 404, "NOT_FOUND");
        refusal(sessions.delete(&made.id), 404, "NOT_FOUND");
        assert_eq!(sessions.list(&ListQuery::new()).unwrap().len(), 1);
    }
}

#[test]
fn more_sessions_than_a_page_holds_are_all_listed_each_once() {
    let controller = controller(Version::V2_0, 501);
    let client = client(&controller);
    for id in controller.service_ids() {
        client.sessions().create(&dial(&id)).unwrap();
    }
    controller.clear_requests();
    let all = client.sessions().list(&ListQuery::new()).unwrap();
    assert_eq!((all.len(), all.total()), (501, 501));
    assert_eq!(controller.count(Operation::Named("listSessions")), 2);
    let mut ids: Vec<String> = all.into_iter().map(|session| session.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 501);
    let rows = client.sessions().iter(&ListQuery::new()).unwrap();
    assert_eq!(rows.map(|row| row.unwrap().id).filter(|id| ids.binary_search(id).is_ok()).count(), 501);
}

#[test]
fn a_service_that_may_not_be_used_in_this_way_is_refused() {
    for version in Version::ALL {
        let controller = controller(version, 1);
        let client = client(&controller);
        let id = controller.service_ids().remove(0);
        let hosting = client.sessions().create(&SessionRequest::new(&id, SessionType::Bind));
        assert_eq!(refusal(hosting, 400, "COULD_NOT_VALIDATE").cause_field().as_deref(), Some("ServiceId"));
        refusal(client.sessions().create(&dial("unknown")), 404, "NOT_FOUND");
    }
}

#[test]
fn a_refusal_for_posture_tells_the_checks_of_each_policy() {
    for version in Version::ALL {
        let controller = controller(version, 0);
        let with = |id: &str, checks: &[PostureCheck]| Policy {
            id: Some(id.to_owned()),
            checks: checks.to_vec(),
            ..Policy::everybody(Permission::Dial)
        };
        let mac = PostureCheck::mac("00:11:22:33:44:55").with_id("mac-1");
        let domain = PostureCheck::domain("example.test").with_id("domain-1");
        let id = controller.add_service(service("web", vec![with("p1", &[mac]), with("p2", &[domain])]));
        let refusal = refusal(client(&controller).sessions().create(&dial(&id)), 409, "INVALID_POSTURE");
        let failed = refusal.failed_posture();
        let told: Vec<_> = failed
            .iter()
            .flat_map(|policy| policy.checks.iter().map(|check| (policy.policy_id.as_str(), check)))
            .map(|(policy, check)| (policy, check.id.as_deref(), check.type_id.as_deref(), check.is_passing))
            .collect();
        let expected = [("p1", Some("mac-1"), Some("MAC"), false), ("p2", Some("domain-1"), Some("DOMAIN"), false)];
        assert_eq!(told, expected, "{version:?}");
    }
}

#[test]
fn without_an_edge_router_there_is_no_session_but_an_old_one() {
    for version in Version::ALL {
        let controller = controller(version, 2);
        let client = client(&controller);
        let ids = controller.service_ids();
        let made = client.sessions().create(&dial(&ids[0])).unwrap();
        controller.set_edge_routers([EdgeRouter { online: false, ..EdgeRouter::named("router-1") }]);
        let error = refusal(client.sessions().create(&dial(&ids[1])), 400, "NO_EDGE_ROUTERS_AVAILABLE");
        assert!(error.failed_posture().is_empty());
        controller.set_edge_routers([]);
        match (version, client.sessions().create(&dial(&ids[0]))) {
            (Version::V2_0, again) => drop(refusal(again, 400, "NO_EDGE_ROUTERS_AVAILABLE")),
            (_, again) => {
                let again = again.unwrap();
                assert_eq!((again.id, again.edge_routers.len()), (made.id, 0));
            }
        }
    }
}

#[test]
fn a_lost_answer_is_not_asked_for_again() {
    let controller = controller(Version::V2_0, 1);
    let client = client(&controller);
    client.authenticate().unwrap();
    let id = controller.service_ids().remove(0);
    let create = Operation::Named("createSession");
    controller.fault_times(create, Fault::CloseBeforeAnswer, 1);
    assert!(matches!(client.sessions().create(&dial(&id)), Err(Error::Transport { .. })));
    assert_eq!(controller.count(create), 1);
    controller.fault_times(create, answer(201, r#"{"data":{"id":"i","type":"Dial"},"meta":{}}"#), 1);
    let error = client.sessions().create(&dial(&id)).unwrap_err();
    assert!(matches!(&error, Error::Decode { path, .. } if path == "data.token"), "{error}");
}
