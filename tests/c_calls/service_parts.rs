//! What belongs to a service.

use ziti_edge_testkit::{ServiceSpec, Terminator, TestController};

use crate::run;

#[test]
fn terminators_and_edge_routers_of_a_service_from_c() {
    let controller = TestController::builder().oidc(false).start().unwrap();
    let at = |identity: &str| Terminator { identity: identity.to_owned(), router: "router-1".to_owned() };
    let terminators = ["a", "b", "c"].map(at).to_vec();
    let service = ServiceSpec { name: "web".to_owned(), terminators, ..ServiceSpec::default() };
    let id = controller.add_service(service);
    run("calls_service_parts", &controller, &[&id]);
}
