//! No call that hangs holds a status up, wherever it hangs.

use std::sync::mpsc;
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use ziti_edge_client::api::services::ServiceQuery;
use ziti_edge_client::{Client, Credentials, JwtSource, LoginState, Stage, Status};
use ziti_edge_testkit::{Fault, Operation, TestController, Version};

use crate::stages::alone::{notes, run_alone_with_held_names};
use crate::stages::at_once;
use crate::stages::cells::{Cell, Kind, cells};
use crate::stages::scene::{SETTLE, Scene, User};
use crate::status_of;
use crate::support::{self, builder, controller};

const LONG: Duration = Duration::from_secs(3);
const STAGES: [Stage; 7] =
    [Stage::Resolve, Stage::Connect, Stage::Proxy, Stage::Tls, Stage::Send, Stage::Wait, Stage::Body];

/// Plays a cell: while its call hangs, a status comes at once and says what is under way; after it, why it ended.
fn is_not_waited_for(cell: &Cell) {
    let scene = Scene::new(cell, notes());
    let user = scene.user(cell.kind);
    let User::Client { client, .. } = &user else { panic!("{cell} is of somebody without a client") };
    thread::scope(|scope| {
        let call = scope.spawn(|| user.call(LONG, None));
        assert!(scene.is_reached(SETTLE, || call.is_finished()), "{cell}: the call did not hang");
        let status = status_of(client);
        assert!(!call.is_finished(), "{cell}: the call was over");
        assert_eq!(status.login.in_flight, status.login.state == LoginState::None, "{cell}: {status:?}");
        assert!(status.last_error.is_none(), "{cell}: {status:?}");
        call.join().unwrap().expect_err("it hung");
    });
    let status = status_of(client);
    assert!(!status.login.in_flight, "{cell}");
    let error = status.last_error.unwrap_or_else(|| panic!("{cell}: no last error"));
    assert!(error.message.contains("the deadline passed"), "{cell}: {error:?}");
    assert!(error.message.contains(&format!("(stage {}", cell.stage)), "{cell}: {error:?}");
}

#[test]
fn a_call_that_hangs_in_any_stage_is_not_waited_for() {
    if run_alone_with_held_names("hangs::a_call_that_hangs_in_any_stage_is_not_waited_for") {
        return;
    }
    // Few at a time, so that what is measured is not the machine.
    for stage in STAGES {
        let cells: Vec<Cell> = cells(stage).into_iter().filter(|cell| cell.kind != Kind::Enroll).collect();
        at_once(&cells, is_not_waited_for);
    }
}

/// Runs `hang` on a thread, and looks at the status while it does.
fn during(client: &Client, controller: &TestController, hang: impl FnOnce() + Send) -> Status {
    let played = controller.faults_played();
    thread::scope(|scope| {
        let call = scope.spawn(hang);
        while controller.faults_played() == played {
            thread::yield_now();
        }
        thread::sleep(SETTLE);
        let status = status_of(client);
        assert!(!call.is_finished(), "the call was over");
        status
    })
}

#[test]
fn whoever_waits_for_the_login_of_another_thread_is_not_waited_for() {
    let controller = controller(Version::V2_0, 1);
    controller.fault(Operation::Authenticate, Fault::StallBeforeAnswer);
    let client = builder(&controller).timeout(LONG).build().unwrap();
    let list = || client.services().list(&ServiceQuery::new()).map(drop).unwrap_err();
    let status = during(&client, &controller, || {
        thread::scope(|scope| {
            scope.spawn(list);
            scope.spawn(list);
        });
    });
    assert!(status.login.in_flight && status.counters.logins == 0, "{status:?}");
}

#[test]
fn a_renewal_maintenance_and_a_diagnosis_are_not_waited_for() {
    type Call = fn(&Client);
    let calls: [(Operation, Call); 3] = [
        (Operation::Named("extendCurrentIdentityAuthenticator"), |client| drop(client.renew().unwrap_err())),
        (Operation::Named("listControllers"), |client| drop(client.maintain())),
        (Operation::Version, |client| drop(client.diagnose())),
    ];
    for (operation, call) in calls {
        let controller = controller(Version::V2_0, 1);
        let folder = tempfile::tempdir().unwrap();
        let store = ziti_edge_client::Store::file(folder.path().join("identity.json"));
        let client = builder(&controller).store(store).timeout(LONG).build().unwrap();
        client.identity().save(folder.path().join("identity.json")).unwrap();
        client.authenticate().unwrap();
        controller.fault(operation, Fault::StallBeforeAnswer);
        let status = during(&client, &controller, || call(&client));
        assert_eq!(status.login.state, LoginState::Complete, "{operation:?}");
    }
}

#[test]
fn a_callback_is_not_waited_for_and_may_ask_itself() {
    let controller = controller(Version::V2_0, 1);
    let signer = controller.add_external_signer(ziti_edge_testkit::ExternalSigner::named("idp"));
    let claims = serde_json::json!({"sub": "alice"});
    let token = controller.external_token(&signer, &claims).unwrap();
    let alice = ziti_edge_testkit::IdentityOptions {
        name: "alice".to_owned(),
        external_id: Some("alice".to_owned()),
        ..Default::default()
    };
    controller.create_identity_with(alice);
    let (entered, is_entered) = mpsc::sync_channel(1);
    let (go_on, may_go_on) = mpsc::sync_channel::<()>(1);
    let may_go_on = std::sync::Mutex::new(may_go_on);
    let own: Arc<OnceLock<Client>> = Arc::default();
    let known = Arc::clone(&own);
    let supplier = JwtSource::supplier(move |_| {
        let inside = status_of(known.get().unwrap());
        entered.send(inside).unwrap();
        may_go_on.lock().unwrap().recv().unwrap();
        Ok(token.clone().into())
    });
    let identity = support::identity(&controller);
    let client = Client::builder(&identity).credentials(Credentials::external_jwt(supplier)).build().unwrap();
    own.set(client.clone()).unwrap();
    thread::scope(|scope| {
        let call = scope.spawn(|| client.authenticate());
        let inside = is_entered.recv().unwrap();
        let beside = status_of(&client);
        for status in [inside, beside] {
            assert_eq!((status.login.state, status.login.in_flight), (LoginState::None, true));
        }
        go_on.send(()).unwrap();
        call.join().unwrap().unwrap();
    });
    assert_eq!(status_of(&client).login.state, LoginState::Complete);
}

#[test]
fn a_session_is_told_to_be_on_its_way_while_it_is_kept() {
    let controller = controller(Version::V2_0, 1);
    let own: Arc<OnceLock<Client>> = Arc::default();
    let known = Arc::clone(&own);
    let (kept, told) = mpsc::channel();
    let keep = move |saved: Option<&ziti_edge_client::Secret>, _left: Duration| {
        let status = status_of(known.get().unwrap());
        kept.send((saved.is_some(), status.login.in_flight)).map_err(|error| error.to_string())
    };
    let client = builder(&controller).on_session_change(keep).build().unwrap();
    own.set(client.clone()).unwrap();
    client.authenticate().unwrap();
    client.logout().unwrap();
    assert_eq!(told.try_iter().collect::<Vec<_>>(), [(true, true), (false, false)]);
}
