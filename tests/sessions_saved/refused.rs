//! A saved session that cannot be used here is told apart, and harms nobody.

use std::time::Duration;

use serde_json::{Value, json};
use ziti_edge_client::{Client, Credentials, Identity, JwtSource, LoginFlow, SessionProblem, Store};
use ziti_edge_testkit::Version;

use crate::alice::{Network, PASSWORD, SUBJECT, Time, list};
use crate::support::ENOUGH;
use crate::{FLOWS, build, changed, problem};

#[test]
fn sessions_of_somebody_else_are_told_from_those_of_another_network() {
    for version in Version::ALL {
        for flow in FLOWS {
            let network = Network::new(version);
            let saved = network.saved(flow);
            let bob = Identity::from_json(&network.controller.enrolled_identity_json("bob")).unwrap();
            let bob = build(Client::builder(&bob).login_flow(flow));
            assert_eq!(problem(&bob, &saved), Some(SessionProblem::WrongIdentity), "{version:?}");
            let other = Network::new(version).client(flow);
            assert_eq!(problem(&other, &saved), Some(SessionProblem::WrongNetwork), "{version:?}");
            assert!(bob.save_session().is_none() && other.save_session().is_none(), "they stay as they were");
        }
    }
}

#[test]
fn other_credentials_are_another_identity() {
    let network = Network::new(Version::V2_0);
    let saved = network.saved(LoginFlow::Legacy);
    let alice = network.by_password(LoginFlow::Legacy, "alice");
    assert_eq!(problem(&alice, &saved), Some(SessionProblem::WrongIdentity));
    assert_eq!(list(&alice).unwrap(), 1);
    let saved = alice.save_session().unwrap();
    assert_eq!(problem(&network.by_password(LoginFlow::Legacy, "alice"), &saved), None);
    let bob = network.by_password(LoginFlow::Legacy, "bob");
    assert_eq!(problem(&bob, &saved), Some(SessionProblem::WrongIdentity));
}

#[test]
fn an_external_jwt_of_somebody_else_is_told_where_it_is_at_hand() {
    for flow in FLOWS {
        let network = Network::new(Version::V2_0);
        let jwt_of = |subject: &str| network.signed_by(&network.signer, &json!({"sub": subject}));
        let by = |source| build(network.builder(flow).credentials(Credentials::external_jwt(source)));
        let with_token = |subject: &str| by(JwtSource::token(jwt_of(subject)));
        let supplied = |subject: &str| {
            let jwt = jwt_of(subject);
            by(JwtSource::supplier(move |_| Ok(jwt.clone())))
        };
        for client in [with_token(SUBJECT), supplied(SUBJECT)] {
            assert_eq!(list(&client).unwrap(), 1);
            let saved = client.save_session().unwrap();
            assert_eq!(problem(&with_token(SUBJECT), &saved), None, "another one of hers");
            assert_eq!(problem(&supplied("mallory"), &saved), None, "nobody knows");
        }
        let client = with_token(SUBJECT);
        assert_eq!(list(&client).unwrap(), 1);
        let saved = client.save_session().unwrap();
        assert_eq!(problem(&with_token("mallory"), &saved), Some(SessionProblem::WrongIdentity), "{flow:?}");
        let unreadable = by(JwtSource::token("opaque"));
        assert_eq!(problem(&unreadable, &saved), None, "nobody knows");
        let client = supplied(SUBJECT);
        assert_eq!(list(&client).unwrap(), 1);
        for saved in [saved, client.save_session().unwrap()] {
            assert_eq!(problem(&network.client(flow), &saved), Some(SessionProblem::WrongIdentity));
            assert_eq!(problem(&network.by_password(flow, "alice"), &saved), Some(SessionProblem::WrongIdentity));
        }
    }
}

#[test]
fn a_session_of_an_earlier_certificate_is_not_used_with_a_new_one() {
    for version in Version::ALL {
        for flow in FLOWS {
            let network = Network::new(version);
            let saved = network.saved(flow);
            let store = Store::hook(|_, _| Ok(()));
            let client = build(network.builder(LoginFlow::Legacy).store(store));
            client.renew().unwrap();
            let identity = client.identity();
            let renewed = || build(Client::builder(&identity).login_flow(flow).timeout(ENOUGH));
            assert_eq!(problem(&renewed(), &saved), Some(SessionProblem::CertificateReplaced), "{version:?} {flow:?}");
            // Nor one of the new certificate by a process that still has the old one.
            let client = renewed();
            assert_eq!(list(&client).unwrap(), 1);
            let newer = client.save_session().unwrap();
            assert_eq!(problem(&renewed(), &newer), None);
            let old = network.client(flow);
            assert_eq!(problem(&old, &newer), Some(SessionProblem::CertificateReplaced), "{version:?} {flow:?}");
            // A password has nothing to do with certificates.
            let saved = {
                let client = network.by_password(flow, "alice");
                assert_eq!(list(&client).unwrap(), 1);
                client.save_session().unwrap()
            };
            let by_password = Client::builder(&identity).credentials(Credentials::password("alice", PASSWORD));
            assert_eq!(problem(&build(by_password.login_flow(flow)), &saved), None, "{version:?} {flow:?}");
        }
    }
}

#[test]
fn a_session_at_a_controller_that_the_identity_does_not_name_is_not_used() {
    let network = Network::new(Version::V2_0);
    for address in ["https://evil.test:1280", "https://user:canary@evil.test"] {
        let saved = changed(&network.saved(LoginFlow::Legacy), |saved| saved["controller"] = address.into());
        assert!(problem(&network.client(LoginFlow::Legacy), &saved).is_some(), "{address}");
    }
}

#[test]
fn a_session_that_is_over_for_sure_has_expired() {
    const NIGHT: Duration = Duration::from_secs(12 * 3600);
    let network = Network::new(Version::V2_0);
    let time = Time::new();
    let client = build(time.of(network.builder(LoginFlow::Legacy)));
    assert_eq!(list(&client).unwrap(), 1);
    let fresh = client.save_session().unwrap();
    time.pass(&network.controller, NIGHT);
    let saved = client.save_session().unwrap();
    assert_eq!(problem(&network.client(LoginFlow::Legacy), &saved), Some(SessionProblem::Expired));
    assert_eq!(problem(&network.client(LoginFlow::Legacy), &fresh), None, "nobody knows how long that one lay");

    let client = build(time.of(network.builder(LoginFlow::Oidc)));
    assert_eq!(list(&client).unwrap(), 1);
    time.pass(&network.controller, NIGHT);
    let saved = client.save_session().unwrap();
    assert_eq!(problem(&network.client(LoginFlow::Oidc), &saved), None, "there is a refresh token");
    let saved = changed(&saved, |saved| saved["refresh"] = Value::Null);
    assert_eq!(problem(&network.client(LoginFlow::Oidc), &saved), Some(SessionProblem::Expired));
}

/// After a restart of the machine nobody knows how much time has passed, whatever its wall clock says.
#[test]
fn a_session_from_before_a_restart_of_the_machine_is_tried() {
    for version in Version::ALL {
        for flow in FLOWS {
            let network = Network::new(version);
            let saved = changed(&network.saved(flow), |saved| {
                saved["boot"] = "another".into();
                saved["used"] = json!(u32::MAX);
            });
            let client = network.client(flow);
            assert_eq!(problem(&client, &saved), None, "{version:?}");
            let refreshes = usize::from(flow == LoginFlow::Oidc);
            assert_eq!((list(&client).unwrap(), network.had()), (1, (1, refreshes)), "{version:?} {flow:?}");
        }
    }
}

#[test]
fn a_newer_version_says_so() {
    let network = Network::new(Version::V2_0);
    let saved = changed(&network.saved(LoginFlow::Legacy), |saved| *saved = json!({"version": 2, "all": "new"}));
    assert_eq!(problem(&network.client(LoginFlow::Legacy), &saved), Some(SessionProblem::NewerVersion));
}

#[test]
fn ages_beyond_all_reason_break_nothing() {
    let network = Network::new(Version::V2_0);
    for flow in FLOWS {
        for names in [&["made", "used"][..], &["sinceBoot"], &["made", "used", "sinceBoot"]] {
            let saved = changed(&network.saved(flow), |saved| {
                names.iter().for_each(|name| saved[name] = json!(u64::MAX));
                if saved["oidc"].is_object() {
                    saved["oidc"]["age"] = json!(u64::MAX);
                    saved["oidc"]["lifetime"] = json!(u64::MAX);
                }
            });
            let client = network.client(flow);
            // Whether it can be used or not.
            let _ = problem(&client, &saved);
            assert_eq!(list(&client).unwrap(), 1, "{flow:?} {names:?}");
        }
    }
}

#[test]
fn credentials_that_are_wrong_by_now_do_not_end_a_session() {
    let network = Network::new(Version::V2_0);
    let client = network.by_password(LoginFlow::Legacy, "alice");
    assert_eq!(list(&client).unwrap(), 1);
    let saved = client.save_session().unwrap();
    assert!(!saved.expose().contains(PASSWORD));
    let wrong = Credentials::password("alice", "forgotten");
    let client = build(network.builder(LoginFlow::Legacy).credentials(wrong));
    client.resume_session(&saved).unwrap();
    assert_eq!((list(&client).unwrap(), network.had()), (1, (1, 0)));
}
