//! A logout, or other credentials, while a login is on its way: that login never comes back.

use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use ziti_edge_client::{
    Client, ClientBuilder, Credentials, Error, JwtSource, LoggedOut, Login, LoginFlow, LoginState, Secret,
};
use ziti_edge_testkit::{Fault, Operation, TestController, Version};

use crate::alice::{Network, PASSWORD, Time, alice, list};
use crate::build;
use crate::support::ENOUGH;

const FLOWS: [LoginFlow; 2] = [LoginFlow::Legacy, LoginFlow::Oidc];
const TOKEN: Operation = Operation::Named("oidcToken");
const REVOKE: Operation = Operation::Named("oidcRevoke");
/// Longer than anything takes that happens meanwhile.
const LATE: Fault = Fault::Late(Duration::from_millis(600));
const DUE: Duration = Duration::from_secs(25 * 60);

fn network(version: Version) -> Network {
    Network::at(TestController::builder().version(version).services(1).start().unwrap(), |_| {})
}

fn until(what: &str, condition: impl Fn() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < ENOUGH, "{what}");
        thread::sleep(Duration::from_millis(2));
    }
}

/// All logins there were, however they were made.
fn logins(network: &Network) -> usize {
    network.controller.count(Operation::Authenticate) + network.controller.oidc_logins()
}

/// Sessions that were made and not ended, as far as a client can end them.
fn left(network: &Network, flow: LoginFlow) -> usize {
    match flow {
        LoginFlow::Legacy => network.controller.session_count(),
        _ => network.controller.oidc_logins() - network.controller.count(REVOKE),
    }
}

/// What the hook was told, the last of it last.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<Option<Secret>>>>);

impl Told {
    fn of(&self, builder: ClientBuilder) -> ClientBuilder {
        let own = self.0.clone();
        builder.on_session_change(move |saved, _| {
            own.lock().unwrap().push(saved.cloned());
            Ok(())
        })
    }

    /// True for each session, false where it was given up.
    fn all(&self) -> Vec<bool> {
        self.0.lock().unwrap().iter().map(Option::is_some).collect()
    }
}

/// Supplies a token of alice, when it is let.
struct Supplier {
    asked: mpsc::Receiver<()>,
    go_on: mpsc::Sender<()>,
}

fn supplier(network: &Network) -> (Supplier, JwtSource) {
    let token = network.signed_by(&network.signer, &alice());
    let ((tell, asked), (go_on, may_go_on)) = (mpsc::channel(), mpsc::channel());
    let may_go_on = Mutex::new(may_go_on);
    let source = JwtSource::supplier(move |_| {
        // Once nobody listens any more it is let at once.
        let _ = tell.send(());
        let let_go = may_go_on.lock().unwrap().recv_timeout(ENOUGH);
        assert_ne!(let_go, Err(mpsc::RecvTimeoutError::Timeout));
        Ok(token.clone())
    });
    (Supplier { asked, go_on }, source)
}

/// A client by external JWT, and its supplier, which holds its logins in the air.
fn held(network: &Network, flow: LoginFlow, told: &Told) -> (Client, Supplier) {
    let (supplier, source) = supplier(network);
    let builder = Client::builder(&network.identity).credentials(Credentials::external_jwt(source)).login_flow(flow);
    (build(told.of(builder)), supplier)
}

impl Supplier {
    fn is_asked(&self) {
        self.asked.recv_timeout(ENOUGH).unwrap();
    }

    fn let_go(&self) {
        self.go_on.send(()).unwrap();
    }
}

fn is_logged_out(client: &Client) -> bool {
    client.save_session().is_none() && client.status().login.state == LoginState::None
}

#[test]
fn a_first_login_that_is_given_up_on_its_way_is_its_calls_alone() {
    for version in [Version::V1_6, Version::V2_0] {
        for flow in FLOWS {
            let (network, told) = (network(version), Told::default());
            let (client, supplier) = held(&network, flow, &told);
            thread::scope(|scope| {
                let call = scope.spawn(|| list(&client));
                supplier.is_asked();
                client.logout().unwrap();
                supplier.let_go();
                assert_eq!(call.join().unwrap().unwrap(), 1, "{version:?} {flow:?}");
            });
            assert!(is_logged_out(&client), "{version:?} {flow:?}");
            assert_eq!(told.all(), [false], "{version:?} {flow:?}");
            assert_eq!((logins(&network), left(&network, flow)), (1, 0), "{version:?} {flow:?}");
            supplier.let_go();
            assert_eq!((list(&client).unwrap(), logins(&network)), (1, 2), "{version:?} {flow:?}");
            assert!(!is_logged_out(&client) && told.all().last() == Some(&true));
        }
    }
}

#[test]
fn a_login_after_a_401_that_is_given_up_on_its_way_does_not_come_back() {
    for version in Version::ALL {
        let (network, told) = (network(version), Told::default());
        let (client, supplier) = held(&network, LoginFlow::Legacy, &told);
        supplier.let_go();
        list(&client).unwrap();
        supplier.is_asked();
        network.controller.expire_sessions();
        thread::scope(|scope| {
            let calls: Vec<_> = (0..8).map(|_| scope.spawn(|| list(&client))).collect();
            until("all have begun", || network.controller.count(Operation::Services) == 1 + 8);
            supplier.is_asked();
            client.logout().unwrap();
            drop(supplier);
            for call in calls {
                assert_eq!(call.join().unwrap().unwrap(), 1, "{version:?}");
            }
        });
        assert!(is_logged_out(&client), "{version:?}");
        assert_eq!(told.all(), [true, false], "{version:?}");
        assert_eq!(network.controller.session_count(), 0, "{version:?}");
        assert!(logins(&network) <= 1 + 8, "who waits shares it, who comes when it is ended makes one: {version:?}");
    }
}

#[test]
fn a_refresh_that_is_given_up_on_its_way_does_not_come_back() {
    for is_late in [false, true] {
        // Held before it is carried out, which the logout prevents, and after that.
        for (held, is_told, own_logins) in [(TOKEN, &[][..], 1), (Operation::CurrentApiSession, &[true], 0)] {
            let (network, told, time) = (network(Version::V2_0), Told::default(), Time::new());
            let client = build(time.of(told.of(Client::builder(&network.identity).login_flow(LoginFlow::Oidc))));
            list(&client).unwrap();
            let before = told.all().len();
            match is_late {
                false => time.pass(&network.controller, DUE),
                true => network.controller.expire_access_tokens(),
            }
            network.controller.clear_requests();
            network.controller.fault_times(held, LATE, 1);
            thread::scope(|scope| {
                let call = scope.spawn(|| list(&client));
                until("the tokens are refreshed", || network.controller.count(held) == 1);
                client.logout().unwrap();
                assert_eq!(call.join().unwrap().unwrap(), 1, "{is_late} {held:?}");
            });
            assert!(is_logged_out(&client), "{is_late} {held:?}");
            assert_eq!(told.all()[before..], [is_told, &[false]].concat(), "{is_late} {held:?}");
            assert_eq!(network.controller.count(REVOKE), 2, "the old token, and the one that came late");
            assert_eq!(network.controller.oidc_logins(), 1 + own_logins, "{is_late} {held:?}");
            list(&client).unwrap();
            assert_eq!(network.controller.oidc_logins(), 2 + own_logins, "{is_late} {held:?}");
        }
    }
}

#[test]
fn a_login_that_is_given_up_while_it_is_told_of_is_taken_back() {
    for flow in FLOWS {
        let (network, told) = (network(Version::V2_0), Told::default());
        let (tell, being_told) = mpsc::channel();
        let (go_on, may_go_on) = mpsc::channel::<()>();
        let (keeps, may_go_on) = (told.clone(), Mutex::new(may_go_on));
        let builder = Client::builder(&network.identity).login_flow(flow).on_session_change(move |saved, _| {
            if saved.is_some() {
                tell.send(()).unwrap();
                may_go_on.lock().unwrap().recv_timeout(ENOUGH).unwrap();
            }
            keeps.0.lock().unwrap().push(saved.cloned());
            Ok(())
        });
        let client = build(builder);
        thread::scope(|scope| {
            let call = scope.spawn(|| client.authenticate());
            being_told.recv_timeout(ENOUGH).unwrap();
            client.logout().unwrap();
            go_on.send(()).unwrap();
            assert!(matches!(call.join().unwrap(), Ok(Login::Complete(_))), "{flow:?}");
        });
        assert_eq!(told.all(), [true, false], "{flow:?}");
        assert!(is_logged_out(&client) && left(&network, flow) == 0, "{flow:?}");
    }
}

/// Whatever gives up a login while the slow hook of another thread is told of it.
#[test]
fn what_a_slow_hook_is_told_last_is_the_login_there_is() {
    let changes: [fn(&Client); 3] = [
        |client| client.logout().unwrap(),
        |client| client.set_credentials(Credentials::password("alice", PASSWORD)).unwrap(),
        |client| drop(client.authenticate().unwrap()),
    ];
    for (flow, change) in FLOWS.into_iter().flat_map(|flow| changes.map(|change| (flow, change))) {
        let (network, told) = (network(Version::V2_0), Told::default());
        let (tell, being_told) = mpsc::channel();
        let (go_on, may_go_on) = mpsc::channel::<()>();
        let (keeps, may_go_on) = (told.clone(), Mutex::new(may_go_on));
        let builder = Client::builder(&network.identity).login_flow(flow).on_session_change(move |saved, _| {
            // Once nobody listens any more it is fast.
            let _ = tell.send(());
            let _ = may_go_on.lock().unwrap().recv_timeout(ENOUGH);
            keeps.0.lock().unwrap().push(saved.cloned());
            Ok(())
        });
        let client = build(builder);
        thread::scope(|scope| {
            let call = scope.spawn(|| list(&client));
            being_told.recv_timeout(ENOUGH).unwrap();
            let later = scope.spawn(|| {
                change(&client);
                list(&client)
            });
            thread::sleep(Duration::from_millis(100));
            assert!(being_told.try_recv().is_err(), "one at a time: {flow:?}");
            drop((go_on, being_told));
            assert_eq!((call.join().unwrap().unwrap(), later.join().unwrap().unwrap()), (1, 1), "{flow:?}");
        });
        let last = told.0.lock().unwrap().pop().unwrap().unwrap();
        let other = build(Client::builder(&network.identity).login_flow(flow));
        let others = Credentials::password("alice", PASSWORD);
        if other.resume_session(&last).is_err() {
            other.set_credentials(others).unwrap();
            other.resume_session(&last).unwrap();
        }
        let before = logins(&network);
        assert_eq!((list(&other).unwrap(), logins(&network)), (1, before), "{flow:?}");
        assert!(told.all().len() < 8, "{flow:?}");
    }
}

#[test]
fn who_has_no_time_to_wait_for_a_slow_hook_tells_it_all_the_same() {
    let (network, told) = (network(Version::V2_0), Told::default());
    let (tell, being_told) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel::<()>();
    let (keeps, may_go_on) = (told.clone(), Mutex::new(Some(may_go_on)));
    let builder = Client::builder(&network.identity).on_session_change(move |saved, _| {
        let first = may_go_on.lock().unwrap().take();
        if let Some(may_go_on) = first {
            tell.send(()).unwrap();
            let _ = may_go_on.recv_timeout(ENOUGH);
        }
        keeps.0.lock().unwrap().push(saved.cloned());
        Ok(())
    });
    let client = build(builder);
    thread::scope(|scope| {
        scope.spawn(|| list(&client));
        being_told.recv_timeout(ENOUGH).unwrap();
        client.set_credentials(Credentials::password("alice", PASSWORD)).unwrap();
        let began = Instant::now();
        let _ = list(&client.with_timeout(Duration::from_millis(700)));
        assert!(began.elapsed() < ENOUGH && told.all() == [true]);
        drop(go_on);
    });
    assert_eq!(told.all(), [true, true], "and the login there is stays the last word");
}

#[test]
fn a_code_that_comes_home_after_the_logout_logs_nobody_in() {
    for (flow, gives) in FLOWS.into_iter().zip([Operation::Named("authenticateMfa"), Operation::Named("oidcTotp")]) {
        let (network, told) = (network(Version::V2_0), Told::default());
        network.controller.enroll_mfa(&network.id);
        let client = build(told.of(Client::builder(&network.identity).login_flow(flow)));
        assert!(matches!(client.authenticate(), Ok(Login::Pending(_))));
        network.controller.fault_times(gives, LATE, 1);
        thread::scope(|scope| {
            let call = scope.spawn(|| client.authenticate_mfa(&network.code()));
            until("the code is given", || network.controller.count(gives) == 1);
            client.logout().unwrap();
            let _ = call.join().unwrap();
        });
        assert!(is_logged_out(&client), "{flow:?}");
        assert_eq!(told.all().last(), Some(&false), "{flow:?}");
        assert_eq!(left(&network, flow), 0, "{flow:?}");
    }
}

#[test]
fn logging_out_everywhere_is_a_logout_too() {
    let (network, told, time) = (network(Version::V2_0), Told::default(), Time::new());
    let client = build(time.of(told.of(Client::builder(&network.identity).login_flow(LoginFlow::Oidc))));
    list(&client).unwrap();
    network.controller.clear_requests();
    network.controller.fault_times(TOKEN, LATE, 1);
    thread::scope(|scope| {
        let call = scope.spawn(|| client.authenticate());
        until("a login is on its way", || network.controller.count(TOKEN) == 1);
        assert_eq!(client.logout_everywhere().unwrap(), LoggedOut::Now);
        let _ = call.join().unwrap();
    });
    assert!(is_logged_out(&client));
    assert_eq!(told.all().last(), Some(&false));
}

#[test]
fn the_login_of_old_credentials_is_neither_told_of_nor_counted() {
    for flow in FLOWS {
        let (network, told) = (network(Version::V2_0), Told::default());
        let (client, supplier) = held(&network, flow, &told);
        thread::scope(|scope| {
            let call = scope.spawn(|| list(&client));
            supplier.is_asked();
            client.set_credentials(Credentials::password("alice", PASSWORD)).unwrap();
            assert_eq!(list(&client).unwrap(), 1);
            let told_before = told.all();
            assert_eq!(told_before.last(), Some(&true));
            supplier.let_go();
            assert_eq!(call.join().unwrap().unwrap(), 1, "it ends as it began: {flow:?}");
            assert_eq!(told.all(), told_before, "{flow:?}");
        });
        assert_eq!((client.status().counters.logins, logins(&network)), (1, 2), "{flow:?}");
        let other = build(Client::builder(&network.identity).credentials(Credentials::password("alice", PASSWORD)));
        other.resume_session(told.0.lock().unwrap().last().unwrap().as_ref().unwrap()).unwrap();
        assert_eq!((list(&other).unwrap(), list(&client).unwrap(), logins(&network)), (1, 1, 2), "{flow:?}");
    }
}

#[test]
fn the_refresh_of_old_credentials_is_neither_told_of_nor_counted() {
    let (network, told, time) = (network(Version::V2_0), Told::default(), Time::new());
    let client = build(time.of(told.of(Client::builder(&network.identity).login_flow(LoginFlow::Oidc))));
    list(&client).unwrap();
    time.pass(&network.controller, DUE);
    network.controller.clear_requests();
    network.controller.fault_times(TOKEN, LATE, 1);
    thread::scope(|scope| {
        let call = scope.spawn(|| list(&client));
        until("the tokens are refreshed", || network.controller.count(TOKEN) == 1);
        client.set_credentials(Credentials::password("alice", PASSWORD)).unwrap();
        let told_before = told.all();
        assert_eq!((call.join().unwrap().unwrap(), told.all()), (1, told_before));
    });
    assert_eq!(client.status().counters.refreshes, 0);
    assert!(is_logged_out(&client) && told.all().last() == Some(&false));
}

#[test]
fn a_refusal_of_old_credentials_says_nothing_of_the_new_ones() {
    let (network, told) = (network(Version::V2_0), Told::default());
    let (client, supplier) = held(&network, LoginFlow::Legacy, &told);
    thread::scope(|scope| {
        let call = scope.spawn(|| list(&client));
        supplier.is_asked();
        client.set_credentials(Credentials::password("alice", PASSWORD)).unwrap();
        network.controller.fault_times(Operation::Authenticate, crate::support::answer(401, "{}"), 1);
        supplier.let_go();
        supplier.is_asked();
        network.controller.fault_times(Operation::Authenticate, crate::support::answer(401, "{}"), 1);
        supplier.let_go();
        assert!(matches!(call.join().unwrap(), Err(Error::Rejected(_))));
    });
    assert_eq!(client.status().counters.failed_logins, 0);
    assert_eq!(list(&client).unwrap(), 1);
}
