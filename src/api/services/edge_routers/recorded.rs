//! Reads recorded answers as the operations here do.

use super::ServiceEdgeRouters;
use crate::api::recorded::body;
use crate::error::Error;
use crate::wire::envelope;

pub(in crate::api) fn read(operation: &str, body: &[u8]) -> Option<Result<(), Error>> {
    Some(match operation {
        "listServiceEdgeRouters" => envelope::data::<ServiceEdgeRouters>(operation, body).map(drop),
        _ => return None,
    })
}

#[test]
fn the_edge_routers_of_a_service_have_no_addresses_for_a_session() {
    for version in ["1.3", "1.6", "2.0"] {
        let one = body(&format!("{version} services 49"));
        let routers = envelope::data::<ServiceEdgeRouters>("GET /x", one.as_bytes()).unwrap().edge_routers;
        let [router] = &routers[..] else { panic!("{routers:?}") };
        assert_eq!((router.name.as_str(), router.cost, &router.id), ("router-quickstart", Some(0), &None));
        assert!(router.supported_protocols.contains_key("tls") && router.urls.is_empty());
        let none = body(&format!("{version} sessions 33"));
        let routers = envelope::data::<ServiceEdgeRouters>("GET /x", none.as_bytes()).unwrap().edge_routers;
        assert!(routers.is_empty(), "null is none");
    }
}
