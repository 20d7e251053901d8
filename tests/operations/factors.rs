//! What a login that waits for a factor may do.

use ziti_edge_client::api::list::ListQuery;
use ziti_edge_client::api::posture::PostureResponse;
use ziti_edge_client::api::services::ServiceQuery;
use ziti_edge_client::api::sessions::{SessionRequest, SessionType};
use ziti_edge_client::{Client, Error, Method};
use ziti_edge_testkit::{TestController, Version};

use crate::support::{client_and_id, controller};

fn waiting(version: Version) -> (TestController, Client) {
    let controller = controller(version, 1);
    let (client, id) = client_and_id(&controller);
    controller.require_mfa(&id, true);
    client.authenticate().unwrap();
    controller.clear_requests();
    (controller, client)
}

/// All that recorded controllers refuse to such a login.
fn refused(client: &Client) -> Vec<Result<(), Error>> {
    let query = &ListQuery::new();
    let posture = PostureResponse::Domain { id: "q".to_owned(), domain: "d".to_owned() };
    vec![
        client.services().get("id").map(drop),
        client.services().list(&ServiceQuery::new()).map(drop),
        client.services().terminators("id").list(query).map(drop),
        client.services().edge_routers("id", None).map(drop),
        client.sessions().list(query).map(drop),
        client.sessions().page(query).map(drop),
        client.sessions().iter(query).unwrap().try_for_each(|row| row.map(drop)),
        client.sessions().get("id").map(drop),
        client.sessions().delete("id"),
        client.sessions().create(&SessionRequest::new("id", SessionType::Dial)).map(drop),
        client.current_identity().get().map(drop),
        client.current_identity().edge_routers().list(query).map(drop),
        client.controllers().list(query).map(drop),
        client.posture().submit(&posture).map(drop),
        client.posture().submit_bulk(&[posture]).map(drop),
    ]
}

#[test]
fn what_needs_every_factor_is_not_asked_without() {
    for version in Version::ALL {
        let (controller, client) = waiting(version);
        for (at, outcome) in refused(&client).into_iter().enumerate() {
            assert!(matches!(outcome, Err(Error::LoginPending { .. })), "{version:?} {at}: {outcome:?}");
        }
        assert!(controller.requests().is_empty(), "{version:?}");
    }
}

#[test]
fn what_the_library_does_not_know_is_for_the_controller_to_allow() {
    for version in Version::ALL {
        let (controller, client) = waiting(version);
        let get = |path: &str| client.request(Method::Get, path, &[], None);
        assert_eq!(get("/current-api-session").unwrap().status, 200, "{version:?}");
        assert_eq!(controller.requests().len(), 1);
        let refused = get("/services").unwrap_err();
        assert!(matches!(refused, Error::LoginPending { .. }), "{version:?}: {refused:?}");
        assert!(controller.requests().len() > 1, "{version:?}");
    }
}
