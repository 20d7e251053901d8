//! Sessions that are saved around a renewal of the certificate.

use std::sync::{Arc, Mutex};

use ziti_edge_client::{Client, Login, LoginFlow, Secret, SessionProblem, Store};
use ziti_edge_testkit::Version;

use crate::alice::{Network, Time, list};
use crate::{DUE, FLOWS, build, problem};

/// What a client was told to keep last.
type Kept = Arc<Mutex<Option<Secret>>>;

/// A client whose certificate was renewed under a login that has had its code.
fn renewed(network: &Network, flow: LoginFlow, time: &Time) -> (Client, Kept) {
    let kept = Kept::default();
    let keeps = Arc::clone(&kept);
    let builder = network.builder(flow).store(Store::hook(|_, _| Ok(()))).on_session_change(move |saved, _| {
        *keeps.lock().unwrap() = saved.cloned();
        Ok(())
    });
    let client = build(time.of(builder));
    client.authenticate_mfa(&network.code()).unwrap();
    assert_eq!(list(&client).unwrap(), 1);
    assert!(client.renew().unwrap().message.contains("the login goes on"));
    (client, kept)
}

#[test]
fn a_session_that_outlives_its_certificate_is_told_of_as_it_is() {
    for version in [Version::V1_6, Version::V2_0] {
        let network = Network::with_totp(version);
        let (client, kept) = renewed(&network, LoginFlow::Legacy, &Time::new());
        let logins = network.had();
        let next = build(Client::builder(&client.identity()).login_flow(LoginFlow::Legacy));
        assert_eq!(problem(&next, &kept.lock().unwrap().clone().unwrap()), None, "{version:?}");
        assert_eq!((list(&next).unwrap(), network.had()), (1, logins), "{version:?}: no code is wanted");
        client.logout().unwrap();
        assert!(kept.lock().unwrap().is_none(), "{version:?}");
    }
}

#[test]
fn tokens_that_outlive_their_certificate_are_of_no_use_to_who_has_the_new_one() {
    for version in Version::ALL {
        let (network, time) = (Network::with_totp(version), Time::new());
        let (client, kept) = renewed(&network, LoginFlow::Oidc, &time);
        for _ in 0..2 {
            for saved in [kept.lock().unwrap().clone().unwrap(), client.save_session().unwrap()] {
                let next = build(Client::builder(&client.identity()).login_flow(LoginFlow::Oidc));
                assert_eq!(problem(&next, &saved), Some(SessionProblem::CertificateReplaced), "{version:?}");
            }
            time.pass(&network.controller, DUE);
            assert_eq!(list(&client).unwrap(), 1, "{version:?}: and after a refresh");
        }
    }
}

#[test]
fn a_client_goes_on_with_what_it_saved_before_or_after_the_renewal() {
    for version in Version::ALL {
        for flow in FLOWS {
            let (network, time) = (Network::with_totp(version), Time::new());
            let client = renewed(&network, flow, &time).0;
            for refreshes in 0..3 {
                let saved = client.save_session().unwrap();
                client.resume_session(&saved).unwrap();
                assert_eq!(list(&client).unwrap(), 1, "{version:?} {flow:?} {refreshes}");
                network.controller.close_idle_connections();
                if flow == LoginFlow::Oidc {
                    time.pass(&network.controller, DUE);
                }
            }
            assert!(matches!(client.authenticate().unwrap(), Login::Pending(_)));
        }
    }
}
