//! A network of several controllers: when one of them fails, the next is asked within the same call.

mod support;

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::{ENOUGH, page, sorted_ids};
use ziti_edge_client::api::services::ServiceQuery;
use ziti_edge_client::{Client, Error, Identity, Stage};
use ziti_edge_testkit::{Fault, Operation, TestController, Version};

/// A client of several controllers that prefers the first. They know its identity, and hold two services each.
struct Network {
    controllers: Vec<TestController>,
    client: Client,
}

impl Network {
    fn new(count: usize, version: Version) -> Self {
        let builder = || TestController::builder().version(version).services(2);
        let first = support::start(builder());
        let file = first.enrolled_identity_json("alice");
        let others: Vec<_> = (1..count).map(|_| support::start(builder().same_network_as(&first))).collect();
        let controllers: Vec<_> = std::iter::once(first).chain(others).collect();
        let client = client_of(&file, &controllers.iter().map(TestController::api_url).collect::<Vec<_>>());
        Self { controllers, client }
    }

    /// How many logins each controller was asked for.
    fn logins(&self) -> Vec<usize> {
        self.controllers.iter().map(|controller| controller.count(Operation::Authenticate)).collect()
    }

    fn fault(&self, fault: &Fault) {
        self.controllers[0].fault(Operation::Any, fault.clone());
    }
}

/// A client of the identity in `file` that finds it at these controllers.
fn client_of(file: &str, urls: &[String]) -> Client {
    let mut file: Value = serde_json::from_str(file).unwrap();
    file["ztAPI"] = json!(urls[0]);
    file["ztAPIs"] = json!(urls);
    let identity = Identity::from_json(&file.to_string()).unwrap();
    Client::builder(&identity).timeout(ENOUGH).chance(|| 0.0).build().unwrap()
}

fn list(client: &Client) -> Result<usize, Error> {
    client.services().list(&ServiceQuery::new()).map(|services| services.len())
}

/// Faults of a controller that cannot be used, told at once.
const AT_ONCE: [Fault; 6] =
    [Fault::Refuse, Fault::Reset, Fault::CloseBeforeAnswer, Fault::Status(502), Fault::Status(503), Fault::Status(504)];

fn assert_between(time: Duration, least_ms: u64, most_ms: u64) {
    let range = Duration::from_millis(least_ms)..Duration::from_millis(most_ms);
    assert!(range.contains(&time), "{time:?} is not in {range:?}");
}

#[test]
fn the_first_controller_is_used_as_long_as_it_serves() {
    let network = Network::new(3, Version::V2_0);
    for _ in 0..3 {
        assert_eq!(list(&network.client).unwrap(), 2);
    }
    assert_eq!(network.logins(), [1, 0, 0]);
    assert!(network.controllers[1..].iter().all(|controller| controller.connections() == 0));
}

#[test]
fn the_next_controller_serves_when_the_first_cannot() {
    for version in Version::ALL {
        for fault in AT_ONCE {
            let network = Network::new(2, version);
            network.fault(&fault);
            let began = Instant::now();
            assert_eq!(list(&network.client).unwrap(), 2, "{fault:?}");
            network.client.controller().version().unwrap();
            assert!(began.elapsed() < Duration::from_secs(2), "{fault:?}");
            assert_eq!((network.controllers[1].session_count(), network.logins()[1]), (1, 1), "{fault:?}");
        }
    }
}

#[test]
fn a_request_that_breaks_one_controller_is_not_given_to_the_next() {
    let network = Network::new(2, Version::V2_0);
    network.client.authenticate().unwrap();
    network.controllers[0].fault(Operation::Services, Fault::Status(500));
    let error = list(&network.client).unwrap_err();
    assert!(matches!(&error, Error::Api(answer) if answer.status == 500), "{error:?}");
    assert_eq!(network.controllers[1].requests().len(), 0);
}

#[test]
fn a_controller_that_failed_is_asked_last_while_another_serves() {
    let network = Network::new(2, Version::V2_0);
    network.fault(&Fault::Refuse);
    list(&network.client).unwrap();
    network.controllers[0].clear_faults();
    network.client.logout().unwrap();
    network.client.controller().version().unwrap();
    list(&network.client).unwrap();
    assert_eq!(network.controllers[0].requests().len(), 0, "it has to wait for its minute to pass");
    network.controllers[1].fault(Operation::Any, Fault::Refuse);
    assert_eq!(list(&network.client).unwrap(), 2, "but before nobody serves it is asked");
    assert_eq!(network.logins(), [1, 2]);
}

#[test]
fn a_session_stays_with_the_controller_that_made_it() {
    for fault in AT_ONCE {
        let network = Network::new(2, Version::V1_6);
        let session = network.client.authenticate().unwrap().session().clone();
        network.fault(&fault);
        assert_eq!(list(&network.client).unwrap(), 2, "{fault:?}");
        assert_eq!(network.logins()[1], 1);
        for request in network.controllers[1].requests() {
            assert_ne!(request.header("zt-session"), Some(session.token.expose()), "{fault:?}");
        }
        network.controllers[0].clear_faults();
        network.controllers[0].clear_requests();
        list(&network.client).unwrap();
        assert_eq!(network.controllers[0].requests().len(), 0, "the new session is used from here on");
    }
}

#[test]
fn a_controller_that_dies_in_the_middle_of_a_list_costs_no_row() {
    let network = Network::new(2, Version::V1_3);
    let [first, second] = &network.controllers[..] else { unreachable!("there are two") };
    first.fault_times(Operation::Services, page(0..500, 0, 1100), 1);
    first.fault_times(Operation::Services, Fault::ResetInBody, 1);
    second.fault_times(Operation::Services, page(500..1000, 500, 1100), 1);
    second.fault_times(Operation::Services, page(1000..1100, 1000, 1100), 1);
    let services = network.client.services().list(&ServiceQuery::new()).unwrap();
    assert_eq!(sorted_ids(&services), (0..1100).map(|row| format!("{row:05}")).collect::<Vec<_>>());
    assert_eq!(network.logins(), [1, 1]);
}

#[test]
fn many_threads_change_over_with_one_login() {
    let network = Network::new(2, Version::V2_0);
    list(&network.client).unwrap();
    network.fault(&Fault::Refuse);
    thread::scope(|scope| {
        for _ in 0..32 {
            scope.spawn(|| assert_eq!(list(&network.client).unwrap(), 2));
        }
    });
    assert_eq!((network.logins(), network.controllers[1].session_count()), (vec![1, 1], 1));
}

#[test]
fn silence_costs_a_share_of_the_time_and_not_the_call() {
    let silence = |fault: Fault| {
        let network = Network::new(2, Version::V2_0);
        network.fault(&fault);
        let client = network.client.with_timeout(Duration::from_secs(3));
        let began = Instant::now();
        assert_eq!(list(&client).unwrap(), 2, "{fault:?}");
        assert_between(began.elapsed(), 1950, 2700);
        let began = Instant::now();
        assert_eq!(list(&client).unwrap(), 2);
        assert!(began.elapsed() < Duration::from_secs(1), "paid once");
    };
    thread::scope(|scope| {
        for fault in [Fault::SilentAfterAccept, Fault::StallInHandshake, Fault::StallBeforeAnswer] {
            scope.spawn(|| silence(fault));
        }
    });
}

#[test]
fn silence_in_the_middle_of_a_session_costs_a_share_too() {
    let network = Network::new(2, Version::V2_0);
    list(&network.client).unwrap();
    network.controllers[0].fault(Operation::Services, Fault::StallBeforeAnswer);
    let began = Instant::now();
    assert_eq!(list(&network.client.with_timeout(Duration::from_secs(5))).unwrap(), 2);
    assert_between(began.elapsed(), 2450, 3200);
}

#[test]
fn each_silent_controller_costs_its_share_and_the_last_has_what_is_left() {
    let network = Network::new(3, Version::V2_0);
    network.controllers[0].fault(Operation::Any, Fault::SilentAfterAccept);
    network.controllers[1].fault(Operation::Any, Fault::SilentAfterAccept);
    let began = Instant::now();
    assert_eq!(list(&network.client.with_timeout(Duration::from_secs(5))).unwrap(), 2);
    assert_between(began.elapsed(), 3950, 4800);
}

#[test]
fn a_call_that_is_too_short_to_go_elsewhere_leaves_that_to_the_next_one() {
    let network = Network::new(3, Version::V2_0);
    list(&network.client).unwrap();
    let client = network.client.with_timeout(Duration::from_millis(300));
    for silent in 0..2 {
        network.controllers[silent].fault(Operation::Any, Fault::StallBeforeAnswer);
        assert!(matches!(list(&client), Err(Error::Timeout { .. })));
        assert_eq!(list(&client.with_timeout(ENOUGH)).unwrap(), 2);
    }
    assert_eq!(network.logins(), [1, 1, 1], "a new login each time, where nobody is silent");
    assert_eq!(network.controllers[0].count(Operation::Services), 2, "it was not disturbed any more");
}

#[test]
fn a_session_that_had_a_code_is_not_given_up_for_one_call_that_was_too_short() {
    let network = Network::new(2, Version::V2_0);
    let first = &network.controllers[0];
    let id = first.identity_id("alice").unwrap();
    assert!(first.enroll_mfa(&id));
    network.client.authenticate().unwrap();
    network.client.authenticate_mfa(&first.totp_code(&id).unwrap().into()).unwrap();
    list(&network.client).unwrap();
    first.fault(Operation::Services, Fault::StallBeforeAnswer);
    list(&network.client.with_timeout(Duration::from_millis(300))).unwrap_err();
    first.clear_faults();
    assert_eq!((list(&network.client).unwrap(), network.logins()), (2, vec![1, 0]));
}

#[test]
fn the_deadline_holds_when_nobody_answers() {
    let network = Network::new(2, Version::V2_0);
    for controller in &network.controllers {
        controller.fault(Operation::Any, Fault::StallBeforeAnswer);
    }
    let began = Instant::now();
    let error = list(&network.client.with_timeout(Duration::from_millis(2300))).unwrap_err();
    assert_between(began.elapsed(), 2250, 2550);
    let Error::Timeout { stage, controller, .. } = &error else { panic!("{error:?}") };
    assert_eq!((*stage, controller.as_deref()), (Stage::Wait, Some(network.controllers[1].url().as_str())));
}

#[test]
fn when_nobody_serves_the_error_is_that_of_the_last() {
    let network = Network::new(3, Version::V2_0);
    for controller in &network.controllers {
        controller.fault(Operation::Any, Fault::Refuse);
    }
    let error = list(&network.client).unwrap_err();
    let Error::Transport { stage, controller, .. } = &error else { panic!("{error:?}") };
    assert_eq!((*stage, controller.as_str()), (Stage::Connect, network.controllers[2].url().as_str()));
    for controller in &network.controllers {
        controller.clear_faults();
        controller.fault(Operation::Any, Fault::Status(503));
    }
    let error = list(&network.client).unwrap_err();
    assert!(matches!(error, Error::Busy(_)), "{error:?}");
    let asked: usize = network.controllers.iter().map(|controller| controller.requests().len()).sum();
    assert_eq!(asked, 15, "each once, and four times more in a while");
}

#[test]
fn a_controller_that_is_not_of_the_network_gets_nothing() {
    let network = Network::new(1, Version::V2_0);
    let stranger = support::controller(Version::V2_0, 2);
    let file = network.client.identity().to_json();
    let client = client_of(file.expose(), &[stranger.url(), network.controllers[0].url()]);
    assert_eq!(list(&client).unwrap(), 2);
    assert_eq!((stranger.requests().len(), network.logins()), (0, vec![1]));
}

#[test]
fn a_refusal_is_taken_from_the_controller_that_was_asked() {
    let network = Network::new(2, Version::V1_6);
    let [first, second] = &network.controllers[..] else { unreachable!("there are two") };
    first.remove_identity(&first.identity_id("alice").unwrap());
    assert!(matches!(list(&network.client), Err(Error::Rejected(_))));
    assert_eq!(second.requests().len(), 0, "who refuses has served");
}

#[test]
fn a_new_certificate_that_one_node_of_a_cluster_does_not_know_is_shown_to_the_next() {
    let network = Network::new(2, Version::V2_0);
    let first = &network.controllers[0];
    first.remove_identity(&first.identity_id("alice").unwrap());
    assert_eq!(list(&network.client).unwrap(), 2);
    assert_eq!(network.logins(), [1, 1]);
}

#[test]
fn what_cannot_be_sent_at_all_is_no_fault_of_a_controller() {
    let network = Network::new(2, Version::V2_0);
    list(&network.client).unwrap();
    let filter = format!("name = \"{}\"", "x".repeat(100_000));
    let error = network.client.services().list(&ServiceQuery::new().filter(filter)).unwrap_err();
    assert!(matches!(error, Error::InvalidArgument(_)), "{error:?}");
    assert_eq!(network.logins(), [1, 0]);
    network.client.logout().unwrap();
    list(&network.client).unwrap();
    assert_eq!(network.logins(), [2, 0], "the first is not avoided for it");
}
