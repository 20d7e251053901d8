//! The end of a login, and of all of them.

use ziti_edge_client::{Error, LoggedOut, LoginFlow};
use ziti_edge_testkit::{Fault, Operation, Version};

use crate::support::seen;
use crate::{LOGIN, Network, TOKEN, Way, build, list};

const REVOKE: Operation = Operation::Named("oidcRevoke");
const END_SESSION: Operation = Operation::Named("oidcEndSession");

#[test]
fn logging_out_revokes_the_refresh_token_and_forgets_the_login() {
    for version in Version::ALL {
        let network = Network::new(version);
        let client = network.client(Way::Certificate);
        list(&client).unwrap();
        client.logout().unwrap();
        client.logout().unwrap();
        assert_eq!((network.count(REVOKE), network.count(Operation::Logout)), (1, 0), "{version:?}");
        assert_eq!(list(&client).unwrap(), 1);
        assert_eq!((network.had(), network.count(LOGIN)), ((2, 0), 2), "{version:?}: a login of its own");
        let form = String::from_utf8(seen(&network.controller, REVOKE)[0].body.clone()).unwrap();
        assert!(form.starts_with("token=ey") && form.ends_with("&client_id=openziti"), "{form}");
    }
}

#[test]
fn a_controller_that_does_not_revoke_keeps_nobody_from_logging_out() {
    for fault in [Fault::Status(500), Fault::Reset, Fault::LostAnswer, Fault::NoSuchPath] {
        let network = Network::new(Version::V2_0);
        let client = network.client(Way::Password);
        list(&client).unwrap();
        network.controller.fault(REVOKE, fault.clone());
        client.logout().unwrap();
        assert_eq!((list(&client).unwrap(), network.count(LOGIN)), (1, 2), "{fault:?}");
    }
}

#[test]
fn logging_out_everywhere_ends_what_the_controller_ends() {
    for version in Version::ALL {
        let network = Network::new(version);
        let (client, other) = (network.client(Way::Certificate), network.client(Way::Password));
        list(&client).unwrap();
        list(&other).unwrap();
        assert_eq!(client.logout_everywhere().unwrap(), LoggedOut::Now, "{version:?}");
        let sent = &seen(&network.controller, END_SESSION)[0];
        assert_eq!((sent.method.as_str(), sent.query.as_str()), ("POST", ""), "no token in an address");
        // Whoever else is logged in goes on by a refresh, if need be.
        assert_eq!(list(&other).unwrap(), 1, "{version:?}");
        let refreshes = usize::from(version == Version::V2_0);
        assert_eq!(network.had(), (2, refreshes), "{version:?}");
        assert_eq!((list(&client).unwrap(), network.had().0), (1, 3), "{version:?}: this one logs in anew");
    }
}

#[test]
fn a_second_time_is_told_as_such_and_ends_the_own_login_all_the_same() {
    for version in Version::ALL {
        let network = Network::new(version);
        let client = network.client(Way::Password);
        assert_eq!(client.logout_everywhere().unwrap(), LoggedOut::Now, "{version:?}: it logs in for that");
        assert_eq!(client.logout_everywhere().unwrap(), LoggedOut::Before, "{version:?}");
        assert_eq!((network.had().0, network.count(REVOKE)), (2, 2), "{version:?}");
    }
}

#[test]
fn a_legacy_login_cannot_end_others_and_says_what_can() {
    let network = Network::new(Version::V2_0);
    let client = build(network.builder(Way::Password).login_flow(LoginFlow::Legacy));
    let outcome = client.logout_everywhere();
    assert!(matches!(&outcome, Err(Error::Unsupported(why)) if why.contains("LoginFlow::Oidc")), "{outcome:?}");
    assert_eq!((list(&client).unwrap(), network.count(Operation::Authenticate)), (1, 1), "it is as it was");
    assert_eq!((network.count(END_SESSION), network.count(TOKEN)), (0, 0));
}

#[test]
fn a_login_that_waits_is_given_up_without_a_word() {
    let network = Network::new(Version::V2_0);
    network.controller.enroll_mfa(&network.id);
    let client = network.client(Way::Password);
    client.authenticate().unwrap();
    assert!(matches!(client.logout_everywhere(), Err(Error::LoginPending { .. })));
    client.logout().unwrap();
    assert_eq!((network.count(REVOKE), network.count(END_SESSION)), (0, 0));
    client.authenticate_mfa(&network.code()).unwrap();
    assert_eq!((list(&client).unwrap(), network.count(LOGIN)), (1, 2));
}
