//! What a status says after each thing that can happen to a login.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use ziti_edge_client::api::services::ServiceQuery;
use ziti_edge_client::{Client, Error, LoginFlow, LoginState};
use ziti_edge_testkit::{Fault, Operation, TestController, Version};

use crate::status_of;
use crate::support::{self, ENOUGH, answer, builder, controller, identity};

const HOUR: Duration = Duration::from_secs(3600);

/// A clock that a test moves: the one that goes on in a sleep, and the one on the wall.
#[derive(Clone)]
struct Time(Arc<Mutex<(Instant, SystemTime)>>);

impl Time {
    fn new() -> Self {
        Self(Arc::new(Mutex::new((Instant::now(), SystemTime::now()))))
    }

    fn pass(&self, steady: Duration, wall: Duration) {
        let mut now = self.0.lock().unwrap();
        *now = (now.0 + steady, now.1 + wall);
    }

    fn client(&self, controller: &TestController) -> Client {
        let time = self.clone();
        let builder = builder(controller).clock(move || *time.0.lock().unwrap());
        builder.build().unwrap()
    }
}

fn list(client: &Client) -> Result<usize, Error> {
    client.services().list(&ServiceQuery::new()).map(|services| services.len())
}

#[test]
fn ages_and_times_left_go_on_in_a_sleep_and_do_not_care_who_sets_the_clock() {
    let (controller, time) = (controller(Version::V1_6, 1), Time::new());
    let client = time.client(&controller);
    list(&client).unwrap();
    controller.fault_times(Operation::Services, Fault::Status(503), 9);
    client.with_timeout(Duration::from_secs(2)).services().list(&ServiceQuery::new()).unwrap_err();
    let before = status_of(&client);
    assert_eq!(before.login.state, LoginState::Complete);
    let left = before.certificate_left.unwrap();

    // Only the wall clock is set.
    time.pass(Duration::ZERO, HOUR);
    let set = status_of(&client);
    assert_eq!(set.certificate_left.unwrap(), left - HOUR);
    assert_eq!(set.login.expires_in, before.login.expires_in);
    assert_eq!(set.last_error.unwrap().ago, before.last_error.as_ref().unwrap().ago);

    // The machine sleeps.
    time.pass(HOUR, Duration::ZERO);
    let slept = status_of(&client);
    assert_eq!(slept.certificate_left.unwrap(), left - HOUR);
    assert_eq!(slept.last_error.unwrap().ago, before.last_error.unwrap().ago + HOUR);
    let (was, is) = (&before.controllers[0], &slept.controllers[0]);
    assert_eq!(is.answered.unwrap(), was.answered.unwrap() + HOUR);
    assert_eq!(is.failed.as_ref().unwrap().ago, was.failed.as_ref().unwrap().ago + HOUR);
    assert!(was.avoided_for.is_some() && is.avoided_for.is_none(), "{was:?} {is:?}");
    assert_eq!(slept.login.expires_in, Some(Duration::ZERO), "it is over");
    time.pass(1000 * 24 * HOUR, 1000 * 24 * HOUR);
    assert_eq!(status_of(&client).certificate_left, Some(Duration::ZERO));
}

#[test]
fn a_refusal_grows_older_and_a_login_ends_it() {
    let (controller, time) = (controller(Version::V1_6, 1), Time::new());
    let client = time.client(&controller);
    controller.fault_times(Operation::Authenticate, Fault::Status(401), 1);
    client.authenticate().unwrap_err();
    let first = status_of(&client).login;
    assert_eq!((first.state, first.expires_in, first.controller), (LoginState::Rejected, None, None));
    time.pass(HOUR, Duration::ZERO);
    let login = status_of(&client).login;
    assert_eq!(login.refusal.unwrap().ago, first.refusal.unwrap().ago + HOUR);
    list(&client).unwrap();
    let status = status_of(&client);
    assert_eq!((status.login.state, status.login.refusal.is_none()), (LoginState::Complete, true));
    assert!(status.last_error.unwrap().message.contains("refuses this identity"), "the last one stays");
    assert_eq!((status.counters.logins, status.counters.failed_logins), (1, 1));
}

#[test]
fn a_login_that_waits_is_complete_after_its_code() {
    let controller = controller(Version::V2_0, 1);
    let (client, id) = support::client_and_id(&controller);
    controller.enroll_mfa(&id);
    client.authenticate().unwrap();
    list(&client).unwrap_err();
    let status = status_of(&client);
    assert_eq!((status.login.state, status.login.factors), (LoginState::Pending, vec!["a TOTP code".to_owned()]));
    assert!(status.last_error.unwrap().message.contains("still wants a TOTP code"));
    client.authenticate_mfa(&controller.totp_code(&id).unwrap().into()).unwrap();
    let login = status_of(&client).login;
    assert!(login.state == LoginState::Complete && login.factors.is_empty(), "{login:?}");
}

#[test]
fn a_session_that_was_resumed_is_no_new_login() {
    let controller = controller(Version::V2_0, 1);
    let identity = identity(&controller);
    let first = Client::builder(&identity).timeout(ENOUGH).build().unwrap();
    list(&first).unwrap();
    let saved = first.save_session().unwrap();
    let second = Client::builder(&identity).timeout(ENOUGH).build().unwrap();
    second.resume_session(&saved).unwrap();
    let status = status_of(&second);
    assert_eq!((status.login.state, &status.login.controller), (LoginState::Complete, &Some(controller.url())));
    assert_eq!(status.identity_name.as_deref(), Some("alice"));
    assert_eq!((status.counters.logins, status.counters.requests), (0, 0));
    assert!(status.login.expires_in.unwrap() > Duration::from_secs(60), "{:?}", status.login);
}

#[test]
fn a_refresh_is_counted_and_moves_the_end() {
    let controller = TestController::builder().services(1).start().unwrap();
    let time = Time::new();
    let own = time.clone();
    let builder = builder(&controller).login_flow(LoginFlow::Oidc).clock(move || *own.0.lock().unwrap());
    let client = builder.build().unwrap();
    list(&client).unwrap();
    let first = status_of(&client).login.expires_in.unwrap();
    time.pass(first - Duration::from_secs(1), Duration::ZERO);
    assert_eq!(status_of(&client).login.expires_in, Some(Duration::from_secs(1)));
    list(&client).unwrap();
    let status = status_of(&client);
    assert_eq!((status.counters.logins, status.counters.refreshes, status.counters.failed_logins), (1, 1, 0));
    assert!(status.login.expires_in.unwrap() > first / 2, "{:?}", status.login);
}

#[test]
fn an_outage_is_told_of_the_controller_and_of_the_call() {
    let controller = controller(Version::V2_0, 1);
    let client = builder(&controller).timeout(Duration::from_secs(2)).build().unwrap();
    list(&client).unwrap();
    controller.fault(Operation::Any, Fault::Refuse);
    list(&client).unwrap_err();
    let status = status_of(&client);
    let one = &status.controllers[0];
    assert!(one.failed.as_ref().unwrap().message.contains("cannot connect"), "{one:?}");
    assert!(one.answered.is_some() && one.avoided_for.is_some(), "{one:?}");
    assert!(status.last_error.unwrap().message.contains("cannot connect"));
    assert_eq!(status.login.state, LoginState::Complete, "it may be good again later");
    controller.clear_faults();
    client.retry_now();
    list(&client).unwrap();
    assert!(status_of(&client).controllers[0].avoided_for.is_none());
}

#[test]
fn a_renewed_certificate_takes_the_place_of_the_old_one_and_the_counters_go_on() {
    let controller = controller(Version::V2_0, 1);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("identity.json");
    std::fs::write(&path, controller.enrolled_identity_json("alice")).unwrap();
    let client = Client::builder(&ziti_edge_client::Identity::load(&path).unwrap()).timeout(ENOUGH).build().unwrap();
    list(&client).unwrap();
    let before = status_of(&client);
    std::thread::sleep(Duration::from_millis(1100));
    client.renew().unwrap();
    let after = status_of(&client);
    assert!(after.certificate_ends > before.certificate_ends, "{before:?} {after:?}");
    assert!(after.counters.requests > before.counters.requests && after.counters.logins == 2, "{:?}", after.counters);
    assert_eq!(after.login.state, LoginState::Complete);
}

#[test]
fn an_answer_that_cannot_be_read_is_the_last_error_and_so_is_a_logout_that_fails() {
    let controller = controller(Version::V2_0, 1);
    let client = builder(&controller).build().unwrap();
    let says = |what: &str| {
        let error = status_of(&client).last_error.unwrap_or_else(|| panic!("no last error: {what}"));
        assert!(error.message.contains(what), "{error:?}");
    };
    let unreadable = || answer(200, r#"{"data":7,"meta":{}}"#);
    controller.fault_times(Operation::Services, unreadable(), 1);
    list(&client).unwrap_err();
    says("answer of GET /services cannot be read");
    controller.fault_times(Operation::Named("listSessions"), unreadable(), 1);
    client.sessions().list(&Default::default()).unwrap_err();
    says("answer of GET /sessions cannot be read");
    controller.fault_times(Operation::Named("getCurrentIdentity"), unreadable(), 1);
    client.current_identity().get().unwrap_err();
    says("answer of GET /current-identity cannot be read");
    controller.fault(Operation::Logout, Fault::Status(500));
    client.logout().unwrap_err();
    says("DELETE /current-api-session: 500");
    assert_eq!(status_of(&client).login.state, LoginState::None);
}

#[test]
fn a_request_that_met_a_closed_connection_is_counted_once_and_is_no_error() {
    let controller = controller(Version::V2_0, 1);
    let client = builder(&controller).build().unwrap();
    list(&client).unwrap();
    let before = status_of(&client).counters;
    controller.fault_times(Operation::Services, Fault::Reset, 1);
    list(&client).unwrap();
    let status = status_of(&client);
    assert_eq!((before.retries, status.counters.retries, status.counters.failovers), (0, 1, 0));
    assert_eq!(status.counters.connections, before.connections + 1);
    assert!(status.last_error.is_none() && status.controllers[0].failed.is_none(), "{status:?}");
}
