//! A cluster of which one node has OIDC and another has not, as while it is upgraded.

use std::time::Duration;

use serde_json::{Value, json};
use ziti_edge_client::{Client, Credentials, Error, Identity, Login, LoginFlow};
use ziti_edge_testkit::{Builder, Fault, IdentityOptions, Operation, TestController, Version};

use crate::support::ENOUGH;
use crate::table::Way;
use crate::{AUTHORIZE, CALLBACK, DISCOVERY, LOGIN, PASSWORD, TOKEN, Time, build, list};

const DUE: Duration = Duration::from_secs(25 * 60);
const WAYS: [Way; 2] = [Way::Certificate, Way::Password];

/// Two nodes, of which the one with OIDC may be the first to be asked or the second.
struct Half {
    oidc: TestController,
    other: TestController,
    identity: Identity,
    id: String,
}

impl Half {
    fn new(oidc_first: bool) -> Self {
        Self::with(oidc_first, TestController::builder().oidc(false))
    }

    /// The other one is what `other` makes.
    fn with(oidc_first: bool, other: Builder) -> Self {
        let oidc = TestController::builder().services(1).start().expect("a free port");
        let alice = IdentityOptions {
            name: "alice".to_owned(),
            password: Some(PASSWORD.to_owned()),
            ..IdentityOptions::default()
        };
        let mut file: Value = serde_json::from_str(&oidc.enrolled_identity_json_with(alice)).expect("it is JSON");
        let id = oidc.identity_id("alice").expect("it was made just now");
        let other = other.services(1).same_network_as(&oidc).start().expect("a free port");
        let mut nodes = [oidc.api_url(), other.api_url()];
        if !oidc_first {
            nodes.reverse();
        }
        file["ztAPIs"] = json!(nodes);
        Self { identity: Identity::from_json(&file.to_string()).expect("it is whole"), oidc, other, id }
    }

    fn client(&self, way: Way, flow: LoginFlow) -> Client {
        self.client_by(&Time::new(), way, flow)
    }

    fn client_by(&self, time: &Time, way: Way, flow: LoginFlow) -> Client {
        let credentials = match way {
            Way::Password => Credentials::password("alice", PASSWORD),
            _ => Credentials::certificate(),
        };
        let builder = Client::builder(&self.identity).credentials(credentials).login_flow(flow);
        build(time.of(builder.timeout(ENOUGH).chance(|| 0.0)))
    }
}

fn kill(node: &TestController) {
    node.fault(Operation::Any, Fault::Refuse);
    node.close_idle_connections();
}

#[test]
fn a_login_that_fails_over_to_a_node_without_oidc_and_back_works() {
    for operation in [DISCOVERY, AUTHORIZE, LOGIN, CALLBACK, TOKEN, Operation::CurrentApiSession] {
        for other in [TestController::builder().oidc(false), TestController::builder().version(Version::V1_6)] {
            let half = Half::with(true, other);
            half.oidc.fault(operation, Fault::LostAnswer);
            let client = half.client(Way::Certificate, LoginFlow::Auto);
            assert_eq!((list(&client).unwrap(), list(&client).unwrap()), (1, 1), "{operation:?}");
            half.oidc.clear_faults();
            let before = half.oidc.oidc_logins();
            kill(&half.other);
            assert_eq!((list(&client).unwrap(), list(&client).unwrap()), (1, 1), "{operation:?}: and back");
            assert!(half.oidc.oidc_logins() - before <= 1, "{operation:?}");
            half.other.clear_faults();
            kill(&half.oidc);
            assert_eq!((list(&client).unwrap(), list(&client).unwrap()), (1, 1), "{operation:?}: and there again");
        }
    }
}

#[test]
fn the_node_that_has_oidc_is_found_where_oidc_is_wanted() {
    for oidc_first in [true, false] {
        for way in WAYS {
            let half = Half::new(oidc_first);
            let client = half.client(way, LoginFlow::Oidc);
            assert_eq!(list(&client).unwrap(), 1, "{way:?} {oidc_first}");
            assert_eq!((half.oidc.oidc_logins(), half.other.count(LOGIN)), (1, 0), "{way:?} {oidc_first}");
        }
    }
}

#[test]
fn where_the_node_that_has_it_cannot_be_had_the_error_is_not_that_there_is_none() {
    for oidc_first in [true, false] {
        let half = Half::new(oidc_first);
        kill(&half.oidc);
        let client = half.client(Way::Password, LoginFlow::Oidc);
        let outcome = list(&client);
        assert!(matches!(outcome, Err(Error::Transport { .. })), "{oidc_first}: {outcome:?}");
        half.oidc.clear_faults();
        assert_eq!(list(&client).unwrap(), 1, "{oidc_first}");
        assert_eq!(half.other.count(Operation::Authenticate), 0, "{oidc_first}: no other kind of login is made");
    }
}

#[test]
fn a_password_that_may_have_been_judged_is_not_shown_to_the_other_kind_of_node() {
    let half = Half::new(true);
    half.oidc.fault(LOGIN, Fault::LostAnswer);
    let outcome = list(&half.client(Way::Password, LoginFlow::Auto));
    assert!(matches!(outcome, Err(Error::Transport { .. })), "{outcome:?}");
    assert_eq!(half.other.count(Operation::Authenticate), 0);
}

#[test]
fn a_refresh_is_had_past_a_node_without_oidc() {
    for way in WAYS {
        let (half, time) = (Half::new(true), Time::new());
        let client = half.client_by(&time, way, LoginFlow::Auto);
        assert_eq!(list(&client).unwrap(), 1);
        // The other node serves a call meanwhile, and is the first to be asked from then on.
        kill(&half.oidc);
        time.pass(&half.oidc, Duration::from_secs(1));
        assert_eq!(list(&client).unwrap(), 1);
        half.oidc.clear_faults();
        half.other.advance(DUE);
        time.pass(&half.oidc, DUE);
        assert_eq!(list(&client).unwrap(), 1, "{way:?}");
        let had = (half.oidc.oidc_logins(), half.oidc.oidc_refreshes(), half.other.count(Operation::Authenticate));
        let asked = half.other.requests().iter().filter(|request| request.path.ends_with("/oauth/token")).count();
        assert_eq!((had, asked), ((1, 1, 0), 1), "{way:?}");
    }
}

#[test]
fn a_login_that_waits_begins_anew_elsewhere_when_its_node_is_gone() {
    let nodes = [TestController::builder(), TestController::builder().oidc(false)];
    for other in nodes {
        for way in WAYS {
            let half = Half::with(true, other.clone());
            assert!(half.oidc.enroll_mfa(&half.id) && half.other.enroll_mfa(&half.id));
            let client = half.client(way, LoginFlow::Auto);
            assert!(matches!(client.authenticate().unwrap(), Login::Pending(_)));
            kill(&half.oidc);
            let code = half.other.totp_code(&half.id).expect("alice has a second factor").into();
            let login = client.authenticate_mfa(&code).unwrap();
            assert!(matches!(login, Login::Complete(_)), "{way:?}: {login:?}");
            assert_eq!(list(&client).unwrap(), 1, "{way:?}");
        }
    }
}
