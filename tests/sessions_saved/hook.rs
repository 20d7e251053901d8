//! What keeps sessions is told how much time it has, cannot call its client, and harms nobody by failing.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::Duration;

use ziti_edge_client::{Client, Credentials, Error, LoginFlow, Secret, Store};
use ziti_edge_testkit::{Operation, Version};

use crate::alice::{Network, PASSWORD, Time, list};
use crate::{DUE, FLOWS, build};

#[test]
fn it_is_told_the_time_that_is_left_of_the_call() {
    for flow in FLOWS {
        let network = Network::with_totp(Version::V2_0);
        let told: Arc<Mutex<Vec<Duration>>> = Arc::default();
        let tells = Arc::clone(&told);
        let client = build(network.builder(flow).timeout(Duration::from_secs(20)).on_session_change(move |_, left| {
            tells.lock().unwrap().push(left);
            Ok(())
        }));
        let check = |what: &str, limit: u64| {
            let told = std::mem::take(&mut *told.lock().unwrap());
            let fits = |left: &Duration| *left > Duration::ZERO && *left <= Duration::from_secs(limit);
            assert!(!told.is_empty() && told.iter().all(fits), "{flow:?} {what}: {told:?}");
        };
        assert!(list(&client.with_timeout(Duration::from_secs(10))).is_err());
        check("login", 10);
        client.authenticate_mfa(&network.code()).unwrap();
        check("factor", 20);
        client.with_timeout(Duration::from_secs(15)).logout().unwrap();
        check("logout", 15);
    }
}

/// What a client answers to whoever calls it from inside of its hook.
fn from_inside(client: &Client) -> Vec<(&'static str, Result<(), Error>)> {
    let none = Secret::new("");
    vec![
        ("list", list(client).map(drop)),
        ("version", client.controller().version().map(drop)),
        ("authenticate", client.authenticate().map(drop)),
        ("authenticate_mfa", client.authenticate_mfa(&none).map(drop)),
        ("credentials", client.credentials().map(drop)),
        ("resume_session", client.resume_session(&none)),
        ("set_credentials", client.set_credentials(Credentials::certificate())),
        ("logout", client.logout()),
        ("logout_everywhere", client.logout_everywhere().map(drop)),
        ("renew", client.renew().map(drop)),
        ("renew_if_due", client.renew_if_due().map(drop)),
        ("management", client.management().current_api_session().get().map(drop)),
        ("with_timeout", list(&client.with_timeout(Duration::from_secs(1))).map(drop)),
    ]
}

#[test]
fn its_client_refuses_calls_from_inside_of_it() {
    for flow in FLOWS {
        let network = Network::with_totp(Version::V2_0);
        let own: Arc<Mutex<Option<Client>>> = Arc::default();
        let runs = Arc::new(AtomicUsize::new(0));
        let (calls, counts) = (Arc::clone(&own), Arc::clone(&runs));
        let other = network.by_password(LoginFlow::Legacy, "alice");
        let time = Time::new();
        let store = Store::hook(|_, _| panic!("nothing is renewed"));
        let builder = network.builder(flow).store(store).on_session_change(move |_, _| {
            let Some(client) = calls.lock().unwrap().clone() else { return Ok(()) };
            for (what, outcome) in from_inside(&client) {
                assert!(matches!(outcome, Err(Error::InvalidArgument(_))), "{flow:?} {what}: {outcome:?}");
            }
            assert!(client.maintain().events.is_empty());
            // What asks nobody is no call.
            let (_, _) = (client.save_session(), client.status());
            assert!(other.authenticate().is_ok(), "another client is at its service");
            counts.fetch_add(1, Ordering::Relaxed);
            Ok(())
        });
        let client = build(time.of(builder.clone()));
        *own.lock().unwrap() = Some(client.clone());
        let ran = |what: &str| assert_ne!(runs.swap(0, Ordering::Relaxed), 0, "{flow:?}: {what}");
        assert!(list(&client).is_err());
        ran("login");
        client.authenticate_mfa(&network.code()).unwrap();
        ran("factor");
        if flow == LoginFlow::Oidc {
            time.pass(&network.controller, DUE);
            assert_eq!(list(&client).unwrap(), 1);
            ran("refresh");
        }
        client.set_credentials(Credentials::password("alice", PASSWORD)).unwrap();
        ran("set_credentials");
        assert!(list(&client).is_err());
        ran("login by password");
        client.logout().unwrap();
        ran("logout");
        // What it refuses from inside it does as ever from outside.
        assert!(client.controller().version().is_ok());
        *own.lock().unwrap() = None;
    }
}

#[test]
fn clients_of_one_builder_can_call_each_other_from_inside() {
    let network = Network::new(Version::V2_0);
    let other: Arc<Mutex<Option<Client>>> = Arc::default();
    let calls = Arc::clone(&other);
    let builder = network.builder(LoginFlow::Legacy).on_session_change(move |_, _| {
        let other = calls.lock().unwrap().take();
        assert!(other.is_none_or(|other| list(&other).unwrap() == 1));
        Ok(())
    });
    *other.lock().unwrap() = Some(build(builder.clone()));
    assert_eq!((list(&build(builder)).unwrap(), network.had()), (1, (2, 0)));
}

/// A hook that panics the first time after it is armed.
fn panicking(armed: &Arc<AtomicUsize>) -> impl Fn(Option<&Secret>, Duration) -> Result<(), String> + use<> {
    let armed = Arc::clone(armed);
    move |_, _| {
        assert_eq!(armed.swap(0, Ordering::SeqCst), 0, "as the test wants it");
        Ok(())
    }
}

#[test]
fn one_that_panics_ends_its_own_call_and_nothing_else() {
    for version in Version::ALL {
        for flow in FLOWS {
            let network = Network::new(version);
            let armed = Arc::new(AtomicUsize::new(1));
            let time = Time::new();
            let client = build(time.of(network.builder(flow).on_session_change(panicking(&armed))));
            let together = Barrier::new(8);
            let outcomes: Vec<_> = thread::scope(|scope| {
                let call = || {
                    together.wait();
                    catch_unwind(AssertUnwindSafe(|| list(&client)))
                };
                let threads: Vec<_> = (0..8).map(|_| scope.spawn(call)).collect();
                threads.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            let panicked = outcomes.iter().filter(|outcome| outcome.is_err()).count();
            assert_eq!(panicked, 1, "{version:?} {flow:?}");
            assert!(outcomes.into_iter().flatten().all(|outcome| outcome.unwrap() == 1));
            assert_eq!(network.had().0, 2, "the one that was lost, and the one of all others");
            if flow == LoginFlow::Oidc {
                time.pass(&network.controller, DUE);
                armed.store(1, Ordering::SeqCst);
                assert!(catch_unwind(AssertUnwindSafe(|| list(&client))).is_err());
            } else {
                armed.store(1, Ordering::SeqCst);
                assert!(catch_unwind(AssertUnwindSafe(|| client.logout())).is_err());
            }
            for _ in 0..3 {
                assert_eq!(list(&client).unwrap(), 1, "{version:?} {flow:?}");
            }
            assert!(network.had().0 <= 3, "{version:?} {flow:?}: {:?}", network.had());
            assert_eq!(network.controller.count(Operation::Services), 10, "nothing was sent twice");
        }
    }
}
