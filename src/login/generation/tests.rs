use ziti_edge_testkit::{Fault, Operation, TestController};

use crate::client::Client;
use crate::error::Error;
use crate::identity::Identity;
use crate::wire::{Body, Method, Request};

/// Two controllers of one network, and a client that prefers the first and is logged in there.
fn network() -> ([TestController; 2], Client) {
    let first = TestController::builder().oidc(false).start().unwrap();
    let mut file: serde_json::Value = serde_json::from_str(&first.enrolled_identity_json("alice")).unwrap();
    let second = TestController::builder().oidc(false).same_network_as(&first).start().unwrap();
    file["ztAPIs"] = serde_json::json!([first.url(), second.url()]);
    let identity = Identity::from_json(&file.to_string()).unwrap();
    let client = Client::builder(&identity).chance(|| 0.0).build().unwrap();
    ([first, second], client)
}

/// Sends what must not be done twice, and what no controller knows: it is answered with 404.
fn order(client: &Client) -> Error {
    let request = Request::new(Method::Post, "/orders").body(Body::text("{}".to_owned()));
    client.send(&client.call(), &request, &mut Vec::new()).unwrap_err()
}

fn orders(controllers: &[TestController; 2]) -> [usize; 2] {
    controllers.each_ref().map(|controller| controller.count(Operation::Other))
}

#[test]
fn what_may_not_be_done_twice_is_not_given_to_a_second_controller() {
    let proxy = Fault::Body { status: 503, content_type: "text/html".to_owned(), body: b"<p>later</p>".to_vec() };
    for fault in [Fault::LostAnswer, Fault::Reset, proxy, Fault::Truncate] {
        let (controllers, client) = network();
        client.authenticate().unwrap();
        controllers[0].fault(Operation::Other, fault.clone());
        let error = order(&client);
        assert!(matches!(error, Error::Transport { .. } | Error::Busy(_)), "{fault:?}: {error:?}");
        assert_eq!(orders(&controllers), [1, 0], "{fault:?}");
    }
}

#[test]
fn what_was_not_sent_yet_is_given_to_the_next_controller() {
    let (controllers, client) = network();
    client.authenticate().unwrap();
    controllers[0].fault(Operation::Any, Fault::Refuse);
    assert!(matches!(order(&client), Error::Api(answer) if answer.status == 404));
    assert_eq!(orders(&controllers), [0, 1]);
}

#[test]
fn a_controller_that_fails_before_it_gets_the_request_has_not_got_it() {
    for fault in [Fault::Reset, Fault::Truncate, Fault::BadJson, Fault::Status(503)] {
        let (controllers, client) = network();
        let request = Request::new(Method::Post, "/orders").without_login();
        controllers[0].fault(Operation::Version, fault.clone());
        let error = client.send(&client.call(), &request, &mut Vec::new()).unwrap_err();
        assert!(matches!(&error, Error::Api(answer) if answer.status == 404), "{fault:?}: {error:?}");
        assert_eq!(orders(&controllers), [0, 1], "{fault:?}");
    }
}
