//! What a client tells of itself without asking anybody.

#[cfg(target_os = "linux")]
mod hangs;
mod json;
#[path = "../stages/mod.rs"]
#[cfg(target_os = "linux")]
mod stages;
mod states;
#[path = "../support/mod.rs"]
mod support;

use std::time::{Duration, Instant};

use serde_json::Value;
use support::{client, controller};
use ziti_edge_client::api::services::ServiceQuery;
use ziti_edge_client::{Client, Identity, LoginState};
use ziti_edge_testkit::Version;

const AT_ONCE: Duration = Duration::from_millis(10);

/// The status, which comes at once.
fn status_of(client: &Client) -> ziti_edge_client::Status {
    let timed = |_| {
        let began = Instant::now();
        (client.status(), began.elapsed())
    };
    // The machine may be busy for a moment; what waits for a call that hangs does so each time.
    let (status, took) = (0..3).map(timed).min_by_key(|(_, took)| *took).unwrap();
    assert!(took < AT_ONCE, "{took:?}");
    status
}

#[test]
fn a_new_client_knows_its_controllers_and_its_certificate() {
    let controller = controller(Version::V2_0, 0);
    let status = status_of(&client(&controller));
    assert_eq!(status.controllers.len(), 1);
    assert_eq!(status.controllers[0].url, controller.url());
    assert!(status.controllers[0].answered.is_none() && status.controllers[0].failed.is_none());
    assert_eq!((status.login.state, status.login.in_flight), (LoginState::None, false));
    assert!(status.certificate_left.unwrap() > Duration::from_secs(60));
    assert!(status.identity_id.is_some(), "the certificate of a 2.0 controller tells it");
    assert!(status.identity_name.is_none() && status.clock_ahead_seconds.is_none() && status.last_error.is_none());
    assert_eq!(status.counters, Default::default());
    assert!(controller.requests().is_empty());
}

#[test]
fn a_login_its_end_and_the_next_one_are_told_and_counted() {
    let controller = controller(Version::V1_6, 2);
    let client = client(&controller);
    let session = client.authenticate().unwrap().session().clone();
    let status = status_of(&client);
    assert_eq!(status.login.state, LoginState::Complete);
    assert_eq!(status.login.controller, Some(controller.url()));
    assert_eq!((&status.identity_id, status.identity_name.as_deref()), (&session.identity_id, Some("alice")));
    let whole = Duration::from_secs(session.expiration_seconds.unwrap());
    let left = status.login.expires_in.unwrap();
    assert!(left <= whole && left + Duration::from_secs(10) > whole, "{left:?} of {whole:?}");
    assert!(status.clock_ahead_seconds.unwrap().abs() <= 1);
    assert!(status.controllers[0].answered.unwrap() < Duration::from_secs(10));
    assert_eq!((status.counters.logins, status.counters.requests, status.counters.connections), (1, 2, 1));

    controller.expire_sessions();
    client.services().list(&ServiceQuery::new()).unwrap();
    let counters = status_of(&client).counters;
    assert_eq!((counters.logins, counters.expired_logins, counters.failed_logins), (2, 1, 0));
    client.logout().unwrap();
    let status = status_of(&client);
    assert_eq!((status.login.state, status.login.expires_in), (LoginState::None, None));
    assert!(status.last_error.is_none());
}

#[test]
fn a_login_that_waits_names_its_factors() {
    let controller = controller(Version::V2_0, 0);
    let (client, id) = support::client_and_id(&controller);
    controller.require_mfa(&id, true);
    client.authenticate().unwrap();
    let status = status_of(&client);
    assert_eq!(status.login.state, LoginState::Pending);
    assert!(status.login.factors[0].contains("TOTP"), "{:?}", status.login.factors);
}

#[test]
fn a_refusal_is_told_with_its_age() {
    let controller = controller(Version::V1_6, 0);
    let (client, id) = support::client_and_id(&controller);
    controller.remove_identity(&id);
    client.authenticate().unwrap_err();
    let status = status_of(&client);
    assert_eq!(status.login.state, LoginState::Rejected);
    let refusal = status.login.refusal.unwrap();
    assert!(refusal.message.contains("refuses this identity") && refusal.ago < Duration::from_secs(10), "{refusal:?}");
    assert_eq!(status.last_error.unwrap().message, refusal.message);
    assert_eq!((status.counters.logins, status.counters.failed_logins), (0, 1));
}

#[test]
fn a_controller_that_failed_comes_last_with_the_reason() {
    let first = controller(Version::V2_0, 0);
    let mut file: Value = serde_json::from_str(&first.enrolled_identity_json("alice")).unwrap();
    let closed = format!("https://{}", std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap());
    file["ztAPIs"] = serde_json::json!([format!("{closed}/edge/client/v1"), first.api_url()]);
    file["ztAPI"] = file["ztAPIs"][0].clone();
    let identity = Identity::from_json(&file.to_string()).unwrap();
    let client = Client::builder(&identity).chance(|| 0.0).build().unwrap();
    client.authenticate().unwrap();
    let status = status_of(&client);
    let urls: Vec<&str> = status.controllers.iter().map(|one| one.url.as_str()).collect();
    assert_eq!(urls, [first.url(), closed.clone()]);
    let failed = &status.controllers[1];
    assert!(failed.failed.as_ref().unwrap().message.contains("cannot connect"), "{failed:?}");
    assert!(failed.avoided_for.unwrap() > Duration::from_secs(30) && failed.answered.is_none(), "{failed:?}");
    assert!(status.controllers[0].avoided_for.is_none());
    assert_eq!(status.counters.failovers, 1);
    assert!(status.last_error.is_none(), "the call found another controller");
}
