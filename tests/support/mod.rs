//! What the tests of a whole client share: a controller of their own, and a client of it.

#![allow(dead_code, reason = "each test program uses another part")]

use std::ops::Range;
use std::time::Duration;

use serde_json::{Value, json};
use ziti_edge_client::api::services::ServiceList;
use ziti_edge_client::{Client, ClientBuilder, Identity};
use ziti_edge_testkit::{Builder, Fault, Operation, Seen, TestController, Version};

/// More than any call needs, and less than a person waits for a test that hangs.
pub(crate) const ENOUGH: Duration = Duration::from_secs(20);

pub(crate) fn controller(version: Version, services: usize) -> TestController {
    start(TestController::builder().version(version).services(services))
}

/// Without OIDC, whatever the version: clients log in by one request, which tests count.
pub(crate) fn start(builder: Builder) -> TestController {
    builder.oidc(false).start().expect("a free port")
}

/// A new identity that is enrolled at the controller.
pub(crate) fn identity(controller: &TestController) -> Identity {
    Identity::from_json(&controller.enrolled_identity_json("alice")).expect("the test controller's identities work")
}

pub(crate) fn builder(controller: &TestController) -> ClientBuilder {
    Client::builder(&identity(controller)).timeout(ENOUGH)
}

pub(crate) fn client(controller: &TestController) -> Client {
    builder(controller).build().expect("the identity is complete")
}

/// A client and the id of its identity.
pub(crate) fn client_and_id(controller: &TestController) -> (Client, String) {
    let client = client(controller);
    (client, controller.identity_id("alice").expect("alice was made just now"))
}

/// A certificate request for this common name, and its key, both PEM.
pub(crate) fn csr(common_name: &str) -> (String, String) {
    let key = rcgen::KeyPair::generate().expect("the system has random numbers");
    let mut params = rcgen::CertificateParams::default();
    params.distinguished_name.push(rcgen::DnType::CommonName, common_name);
    let csr = params.serialize_request(&key).expect("every name makes a subject");
    (csr.pem().expect("a request can be written"), key.serialize_pem())
}

/// A client of somebody with this certificate and key.
pub(crate) fn client_of(controller: &TestController, cert: &str, key: &str) -> Client {
    let pem = |text: &str| format!("pem:{text}");
    let id = json!({"cert": pem(cert), "key": pem(key), "ca": pem(&controller.ca_pem())});
    let file = json!({"ztAPI": controller.api_url(), "id": id});
    let identity = Identity::from_json(&file.to_string()).expect("certificate and key fit");
    Client::builder(&identity).timeout(ENOUGH).build().expect("the identity is complete")
}

/// The requests for one operation, in order.
pub(crate) fn seen(controller: &TestController, operation: Operation) -> Vec<Seen> {
    controller.requests().into_iter().filter(|seen| seen.operation == operation).collect()
}

/// The operations that were asked for, in order.
pub(crate) fn operations(controller: &TestController) -> Vec<Operation> {
    controller.requests().iter().map(|seen| seen.operation).collect()
}

/// The ids of a list in alphabetical order.
pub(crate) fn sorted_ids(services: &ServiceList) -> Vec<String> {
    let mut ids: Vec<String> = services.iter().map(|service| service.id().to_owned()).collect();
    ids.sort_unstable();
    ids
}

/// An answer of the controller's own making in place of the right one.
pub(crate) fn answer(status: u16, body: impl Into<Vec<u8>>) -> Fault {
    Fault::Body { status, content_type: "application/json".to_owned(), body: body.into() }
}

/// A page of services called `svc-<row>` with such ids, that says of itself what the arguments say.
pub(crate) fn page(rows: Range<usize>, offset: usize, total: usize) -> Fault {
    answer(200, page_text(rows, offset, total))
}

pub(crate) fn page_text(rows: Range<usize>, offset: usize, total: usize) -> String {
    let rows: Vec<Value> =
        rows.map(|row| json!({ "id": format!("{row:05}"), "name": format!("svc-{row:05}") })).collect();
    let pagination = json!({ "limit": 500, "offset": offset, "totalCount": total });
    json!({ "data": rows, "meta": { "pagination": pagination } }).to_string()
}
