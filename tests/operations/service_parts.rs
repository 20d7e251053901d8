//! What belongs to a service: its terminators and its edge routers.

use ziti_edge_client::api::list::ListQuery;
use ziti_edge_client::api::sessions::{SessionRequest, SessionType};
use ziti_edge_client::{Error, Filter, Secret};
use ziti_edge_testkit::{EdgeRouter, Operation, ServiceSpec, Terminator, TestController, Version};

use crate::support::{client, controller};
use crate::{refusal, service};

fn hosted(controller: &TestController, instances: &[&str]) -> String {
    let at = |identity: &&str| Terminator { identity: (*identity).to_owned(), router: "router-1".to_owned() };
    let terminators = instances.iter().map(at).collect();
    controller
        .add_service(ServiceSpec { terminators, ..ServiceSpec { name: "web".to_owned(), ..ServiceSpec::default() } })
}

#[test]
fn terminators_are_listed_paged_and_filtered() {
    for version in Version::ALL {
        let controller = controller(version, 0);
        let id = hosted(&controller, &["a", "b", "c"]);
        let client = client(&controller);
        let terminators = client.services().terminators(&id);
        let all = terminators.list(&ListQuery::new().sort("instanceId")).unwrap();
        assert_eq!((all.len(), all.total()), (3, 3));
        for (terminator, instance) in all.iter().zip(["a", "b", "c"]) {
            assert_eq!(terminator.identity.as_deref(), Some(instance));
            assert_eq!(terminator.service_id.as_deref(), Some(id.as_str()));
            assert_eq!(terminator.service.as_ref().unwrap().name.as_deref(), Some("web"));
            assert!(terminator.router_id.is_some());
        }
        let page = terminators.page(&ListQuery::new().filter(Filter::field("instanceId").eq("b"))).unwrap();
        assert_eq!((page.len(), &page[0]), (1, &all[1]));
        assert_eq!(terminators.iter(&ListQuery::new()).unwrap().map(Result::unwrap).count(), 3);
        refusal(terminators.list(&ListQuery::new().filter("identity = \"b\"")), 400, "INVALID_FILTER");
        refusal(client.services().terminators("unknown").list(&ListQuery::new()), 404, "NOT_FOUND");
    }
}

#[test]
fn the_edge_routers_of_a_service_are_those_that_serve_it() {
    for version in Version::ALL {
        let controller = controller(version, 0);
        controller.set_edge_routers([EdgeRouter { cost: 7, ..EdgeRouter::named("east") }, EdgeRouter::named("west")]);
        let only = |names: &[&str], name: &str| {
            let names = names.iter().map(|name| (*name).to_owned()).collect();
            controller.add_service(ServiceSpec {
                edge_routers: Some(names),
                ..service(name, ServiceSpec::default().policies)
            })
        };
        let (eastern, nowhere) = (only(&["east"], "eastern"), only(&[], "nowhere"));
        let client = client(&controller);
        let routers = client.services().edge_routers(&eastern, None).unwrap();
        let [east] = &routers[..] else { panic!("{routers:?}") };
        assert_eq!((east.name.as_str(), east.cost, east.urls.len()), ("east", Some(7), 0));
        assert!(client.services().edge_routers(&nowhere, None).unwrap().is_empty());
        refusal(client.services().edge_routers("unknown", None), 404, "NOT_FOUND");
    }
}

#[test]
fn the_token_of_a_session_is_taken_if_it_is_signed() {
    for version in Version::ALL {
        let controller = controller(version, 1);
        let client = client(&controller);
        let id = controller.service_ids().remove(0);
        let session = client.sessions().create(&SessionRequest::new(&id, SessionType::Dial)).unwrap();
        let routers = client.services().edge_routers(&id, Some(&session.token));
        if version == Version::V2_0 {
            assert_eq!(routers.unwrap().len(), 1);
        } else {
            refusal(routers, 401, "UNAUTHORIZED");
        }
        let error = client.services().edge_routers(&id, Some(&Secret::new("canary"))).unwrap_err();
        assert!(matches!(error, Error::Unauthorized(_)), "{error}");
        assert!(!error.to_string().contains("canary"), "{error}");
        assert_eq!(controller.count(Operation::Authenticate), 1, "the login is as good as before");
        assert_eq!(client.services().edge_routers(&id, None).unwrap().len(), 1);
    }
}
