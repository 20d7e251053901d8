//! The session is handed out before it is used, so that no restart finds one that was used up.

use std::sync::{Arc, Mutex};
use std::thread;

use ziti_edge_client::{Client, ClientBuilder, Credentials, Error, LoginFlow, Secret};
use ziti_edge_testkit::{Fault, Operation, Version};

use crate::alice::{Network, PASSWORD, Time, list};
use crate::support::operations;
use crate::{DUE, FLOWS, build};

/// What was handed out, and how many requests the controller had had by then.
type HandedOut = (Option<Secret>, usize);

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<HandedOut>>>);

impl Kept {
    fn of(&self, network: &Arc<Network>, builder: ClientBuilder) -> ClientBuilder {
        let (own, network) = (self.0.clone(), Arc::clone(network));
        builder.on_session_change(move |saved, _| {
            own.lock().unwrap().push((saved.cloned(), network.controller.requests().len()));
            Ok(())
        })
    }

    fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    fn last(&self) -> Option<Secret> {
        self.0.lock().unwrap().last().expect("something was handed out").0.clone()
    }

    /// How many requests there were before what was handed out at this place.
    fn requests_before(&self, place: usize) -> usize {
        self.0.lock().unwrap()[place].1
    }
}

#[test]
fn a_session_is_handed_out_before_its_first_use() {
    for version in Version::ALL {
        for flow in FLOWS {
            let network = Arc::new(Network::new(version));
            let kept = Kept::default();
            let client = build(kept.of(&network, network.builder(flow)));
            network.controller.clear_requests();
            assert_eq!(list(&client).unwrap(), 1);
            let made = if flow == LoginFlow::Oidc { Operation::Named("oidcToken") } else { Operation::Authenticate };
            let place = operations(&network.controller).iter().position(|operation| *operation == made).unwrap();
            assert_eq!(kept.requests_before(0), place + 1, "{version:?} {flow:?}");
            let other = network.client(flow);
            other.resume_session(&kept.last().unwrap()).unwrap();
            assert_eq!((list(&other).unwrap(), network.had()), (1, (1, 0)), "{version:?} {flow:?}");
        }
    }
}

#[test]
fn refreshed_tokens_are_handed_out_before_they_are_used() {
    for version in Version::ALL {
        let network = Arc::new(Network::new(version));
        let (kept, time) = (Kept::default(), Time::new());
        let client = build(time.of(kept.of(&network, network.builder(LoginFlow::Oidc))));
        assert_eq!(list(&client).unwrap(), 1);
        let before = kept.len();
        for refreshes in 1..=3 {
            time.pass(&network.controller, DUE);
            network.controller.clear_requests();
            assert_eq!((list(&client).unwrap(), network.had()), (1, (1, refreshes)), "{version:?}");
            assert_eq!((kept.len(), kept.requests_before(kept.len() - 1)), (before + refreshes, 1), "{version:?}");
        }
        let other = network.client(LoginFlow::Oidc);
        other.resume_session(&kept.last().unwrap()).unwrap();
        assert_eq!((list(&other).unwrap(), network.had().0), (1, 1), "{version:?}");
    }
}

/// The first text has tokens of which nobody knows yet what their session is; the last one has that, too.
#[test]
fn what_is_not_known_of_a_session_when_it_is_handed_out_is_asked_for_later() {
    for version in Version::ALL {
        let network = Arc::new(Network::new(version));
        let kept = Kept::default();
        let client = build(kept.of(&network, network.builder(LoginFlow::Oidc)));
        assert_eq!(list(&client).unwrap(), 1);
        let id = client.current_api_session().get().unwrap().id;
        let resume = |text: &Secret| {
            network.controller.clear_requests();
            let other = network.client(LoginFlow::Oidc);
            other.resume_session(text).unwrap();
            assert_eq!(other.credentials().unwrap().api_session_id, id, "{version:?}");
            other
        };
        resume(&kept.last().unwrap());
        assert!(network.controller.requests().is_empty(), "{version:?}: there is nothing to ask");
        let first = kept.0.lock().unwrap()[0].0.clone().unwrap();
        let other = resume(&first);
        assert_eq!((network.controller.count(Operation::CurrentApiSession), network.had()), (1, (1, 0)), "{version:?}");
        resume(&other.save_session().unwrap());
        assert!(network.controller.requests().is_empty(), "{version:?}: it is known now");
        // Where its controller knows nothing of them there is a login to tell of all the same.
        network.controller.expire_access_tokens();
        let other = network.client(LoginFlow::Oidc);
        other.resume_session(&first).unwrap();
        assert!(!other.credentials().unwrap().api_session_id.is_empty() && list(&other).unwrap() == 1, "{version:?}");
    }
}

/// As if the process had ended between the refresh and the first use of what it brought.
#[test]
fn tokens_that_were_handed_out_and_never_used_are_good() {
    let network = Arc::new(Network::new(Version::V2_0));
    let (kept, time) = (Kept::default(), Time::new());
    let client = build(time.of(kept.of(&network, network.builder(LoginFlow::Oidc))));
    assert_eq!(list(&client).unwrap(), 1);
    time.pass(&network.controller, DUE);
    network.controller.fault_times(Operation::CurrentApiSession, Fault::Reset, 10);
    network.controller.fault_times(Operation::Services, Fault::Reset, 10);
    assert!(list(&client).is_err());
    network.controller.clear_faults();
    assert_eq!(network.had(), (1, 1));
    let other = network.client(LoginFlow::Oidc);
    other.resume_session(&kept.last().unwrap()).unwrap();
    assert_eq!((list(&other).unwrap(), network.had().0), (1, 1));
}

#[test]
fn a_factor_is_handed_out_too() {
    for flow in FLOWS {
        let network = Arc::new(Network::with_totp(Version::V2_0));
        let kept = Kept::default();
        let client = build(kept.of(&network, network.builder(flow)));
        assert!(matches!(list(&client), Err(Error::LoginPending { .. })));
        assert_eq!(kept.len(), 1, "{flow:?}: what waits is handed out");
        client.authenticate_mfa(&network.code()).unwrap();
        let other = network.client(flow);
        other.resume_session(&kept.last().unwrap()).unwrap();
        assert_eq!((list(&other).unwrap(), network.had()), (1, (1, 0)), "{flow:?}");
    }
}

#[test]
fn a_factor_that_leaves_another_one_wanting_is_handed_out() {
    let (network, _) = Network::with_second_jwt(Version::V2_0);
    network.controller.enroll_mfa(&network.id);
    for flow in FLOWS {
        let kept = Kept::default();
        let own = kept.0.clone();
        let client = build(network.builder(flow).on_session_change(move |saved, _| {
            own.lock().unwrap().push((saved.cloned(), 0));
            Ok(())
        }));
        let wants = |client: &Client| match list(client) {
            Err(Error::LoginPending { factors }) => factors.into_iter().map(|factor| factor.type_id.unwrap()).collect(),
            other => panic!("{other:?}"),
        };
        let all: Vec<String> = wants(&client);
        client.authenticate_mfa(&network.code()).unwrap();
        let other = network.client(flow);
        other.resume_session(&kept.last().unwrap()).unwrap();
        assert_eq!((all.len(), wants(&other)), (2, vec!["EXT-JWT".to_owned()]), "{flow:?}");
    }
}

#[test]
fn a_session_that_is_given_up_is_told() {
    for flow in FLOWS {
        let network = Arc::new(Network::new(Version::V2_0));
        let kept = Kept::default();
        let client = build(kept.of(&network, network.builder(flow)));
        client.logout().unwrap();
        assert_eq!(kept.len(), 0, "there was none");
        assert_eq!(list(&client).unwrap(), 1);
        client.logout().unwrap();
        assert!(kept.last().is_none() && client.save_session().is_none(), "{flow:?}");
        assert_eq!(list(&client).unwrap(), 1);
        assert!(kept.last().is_some(), "{flow:?}");
        client.set_credentials(Credentials::password("alice", PASSWORD)).unwrap();
        assert!(kept.last().is_none() && client.save_session().is_none(), "{flow:?}");
    }
}

#[test]
fn a_logout_during_a_refresh_is_the_last_thing_that_is_told() {
    let network = Arc::new(Network::new(Version::V2_0));
    let (kept, time) = (Kept::default(), Time::new());
    let own: Arc<Mutex<Option<Client>>> = Arc::default();
    let (logs_out, keeps) = (Arc::clone(&own), kept.clone());
    let builder = network.builder(LoginFlow::Oidc).on_session_change(move |saved, _| {
        let client = if saved.is_some() { logs_out.lock().unwrap().take() } else { None };
        if let Some(client) = client {
            thread::scope(|scope| scope.spawn(|| client.logout().unwrap()).join().unwrap());
        }
        keeps.0.lock().unwrap().push((saved.cloned(), 0));
        Ok(())
    });
    let client = build(time.of(builder));
    assert_eq!(list(&client).unwrap(), 1);
    time.pass(&network.controller, DUE);
    *own.lock().unwrap() = Some(client.clone());
    let _ = list(&client);
    assert!(kept.last().is_none() && client.save_session().is_none());
}

#[test]
fn a_session_that_cannot_be_kept_is_used_all_the_same() {
    let network = Network::new(Version::V2_0);
    let client = build(network.builder(LoginFlow::Oidc).on_session_change(|_, _| Err("the disk is full".to_owned())));
    assert_eq!((list(&client).unwrap(), network.had()), (1, (1, 0)));
}
