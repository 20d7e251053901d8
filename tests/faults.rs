//! What a controller or the network may do to an answer: a clear error, nothing half done, and a client that goes on.
#![cfg(target_os = "linux")]

mod stages;

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use stages::scene::ENOUGH;
use tempfile::TempDir;
use ziti_edge_client::api::services::ServiceQuery;
use ziti_edge_client::{Client, EnrollOptions, Enrollment, EnrollmentProblem, Error, Identity, Stage, Store};
use ziti_edge_testkit::{Fault, Operation, TestController};

const SERVICES: usize = 40;
/// No fault of this file is waited for.
const SOON: Duration = Duration::from_secs(5);

/// How a call ends, as far as a table can hold it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ends {
    Transport(Stage),
    Decode,
    Api(u16),
    Busy(u16),
    Unsupported,
    Enrollment(EnrollmentProblem),
    Well,
    Otherwise,
}

fn how<T>(outcome: &Result<T, Error>) -> Ends {
    match outcome {
        Ok(_) => Ends::Well,
        Err(Error::Transport { stage, .. }) => Ends::Transport(*stage),
        Err(Error::Decode { .. }) => Ends::Decode,
        Err(Error::Api(answer)) => Ends::Api(answer.status),
        Err(Error::Busy(answer)) => Ends::Busy(answer.status),
        Err(Error::Unsupported(_)) => Ends::Unsupported,
        Err(Error::Enrollment { problem, .. }) => Ends::Enrollment(*problem),
        Err(_) => Ends::Otherwise,
    }
}

/// The same for short answers, which are not compressed: a part of one is proper HTTP, and only not what is expected.
fn faults_of_short_answers() -> Vec<(Fault, Ends)> {
    let ends = |fault: &Fault, ends| if *fault == Fault::WrongLength { Ends::Decode } else { ends };
    faults().into_iter().map(|(fault, usual)| (fault.clone(), ends(&fault, usual))).collect()
}

/// Each fault, and how a call ends that only reads a list.
fn faults() -> Vec<(Fault, Ends)> {
    vec![
        (Fault::Reset, Ends::Transport(Stage::Wait)),
        (Fault::CloseBeforeAnswer, Ends::Transport(Stage::Wait)),
        (Fault::LostAnswer, Ends::Transport(Stage::Wait)),
        (Fault::ResetInBody, Ends::Transport(Stage::Body)),
        (Fault::Truncate, Ends::Transport(Stage::Body)),
        (Fault::WrongLength, Ends::Transport(Stage::Body)),
        (Fault::HugeHeaders, Ends::Transport(Stage::Wait)),
        (Fault::GzipBomb, Ends::Transport(Stage::Body)),
        (Fault::Oversized { bytes: 80 * 1024 * 1024 }, Ends::Transport(Stage::Body)),
        (Fault::BadJson, Ends::Decode),
        (Fault::EmptyBody, Ends::Decode),
        (Fault::Html, Ends::Decode),
        (Fault::Status(500), Ends::Api(500)),
        (Fault::Status(502), Ends::Api(502)),
        (Fault::Status(601), Ends::Api(601)),
        (Fault::Status(302), Ends::Api(302)),
        (Fault::Status(501), Ends::Unsupported),
        (Fault::Status(503), Ends::Busy(503)),
        (Fault::TooManyRequests { retry_after: Some("7".to_owned()) }, Ends::Busy(429)),
        (Fault::TooManyRequests { retry_after: Some("soon".to_owned()) }, Ends::Busy(429)),
    ]
}

struct Known {
    controller: TestController,
    client: Client,
    file: PathBuf,
    _folder: TempDir,
}

/// A client of an identity in a file.
fn known() -> Known {
    let controller = TestController::builder().oidc(false).services(SERVICES).start().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("identity.json");
    fs::write(&file, controller.enrolled_identity_json("somebody")).unwrap();
    let client = Client::builder(&Identity::load(&file).unwrap()).timeout(ENOUGH).build().unwrap();
    Known { controller, client, file, _folder: folder }
}

fn list(client: &Client) -> Result<usize, Error> {
    client.services().list(&ServiceQuery::new()).map(|services| services.len())
}

/// Plays all faults to a call of a logged-in client, one after another.
fn each_ends_as_it_should(
    operation: Operation,
    faults: Vec<(Fault, Ends)>,
    call: impl Fn(&Client) -> Result<(), Error>,
) {
    let Known { controller, client, file, _folder } = known();
    let identity = fs::read(&file).unwrap();
    call(&client).unwrap();
    for (fault, ends) in faults {
        let played = controller.faults_played();
        controller.fault(operation, fault.clone());
        let began = Instant::now();
        // Who is told to wait has no time for that.
        let hurried = client.with_timeout(if matches!(ends, Ends::Busy(_)) { SOON / 2 } else { ENOUGH });
        let outcome = call(&hurried);
        assert_eq!(how(&outcome), ends, "{fault:?}: {outcome:?}");
        assert!(began.elapsed() < SOON, "{fault:?} took {:?}", began.elapsed());
        assert!(controller.faults_played() > played, "{fault:?} was not played");
        controller.clear_faults();
        client.retry_now();
        call(&client).unwrap_or_else(|error| panic!("after {fault:?}: {error:?}"));
        assert_eq!(fs::read(&file).unwrap(), identity, "{fault:?} changed the identity file");
    }
}

#[test]
fn of_a_list() {
    each_ends_as_it_should(Operation::Services, faults(), |client| {
        assert_eq!(list(client)?, SERVICES, "a list that is not whole");
        Ok(())
    });
}

#[test]
fn of_a_login() {
    each_ends_as_it_should(Operation::Authenticate, faults_of_short_answers(), |client| {
        client.authenticate().map(drop)
    });
}

#[test]
fn of_the_first_question_to_a_controller() {
    for (fault, ends) in faults_of_short_answers() {
        let Known { controller, client, .. } = known();
        controller.fault(Operation::Version, fault.clone());
        let outcome = list(&client.with_timeout(SOON / 2));
        assert_eq!(how(&outcome), ends, "{fault:?}: {outcome:?}");
        controller.clear_faults();
        client.retry_now();
        assert_eq!(list(&client).unwrap(), SERVICES, "after {fault:?}");
    }
}

#[test]
fn a_controller_that_asks_for_patience_is_quoted() {
    let Known { controller, client, .. } = known();
    controller.fault(Operation::Services, Fault::TooManyRequests { retry_after: Some("7".to_owned()) });
    let error = list(&client.with_timeout(SOON)).unwrap_err();
    let answer = error.answer().unwrap();
    assert_eq!(answer.retry_after, Some(Duration::from_secs(7)));
    assert!(answer.code == "SERVER_TOO_MANY_REQUESTS" && error.is_retryable(), "{error:?}");
    assert_eq!(controller.count(Operation::Services), 1, "it does not wait longer than its caller");
}

#[test]
fn a_list_that_met_a_connection_about_to_close_is_asked_for_once_more() {
    let Known { controller, client, .. } = known();
    list(&client).unwrap();
    let connections = controller.connections();
    for fault in [Fault::CloseBeforeAnswer, Fault::Reset] {
        controller.clear_requests();
        controller.fault_times(Operation::Services, fault.clone(), 1);
        assert_eq!(list(&client).unwrap(), SERVICES, "{fault:?}");
        assert_eq!(controller.count(Operation::Services), 2, "{fault:?}");
    }
    assert_eq!(controller.connections(), connections + 2);
    // Twice in a row is no accident.
    controller.clear_requests();
    controller.fault_times(Operation::Services, Fault::CloseBeforeAnswer, 2);
    assert_eq!(how(&list(&client)), Ends::Transport(Stage::Wait));
    assert_eq!(controller.count(Operation::Services), 2);
}

#[test]
fn a_refused_connection_is_told_at_once() {
    let Known { controller, client, .. } = known();
    controller.fault(Operation::Any, Fault::Refuse);
    let began = Instant::now();
    let error = list(&client).unwrap_err();
    assert!(began.elapsed() < SOON);
    assert!(matches!(error, Error::Transport { stage: Stage::Connect, .. }), "{error:?}");
    controller.clear_faults();
    assert_eq!(list(&client).unwrap(), SERVICES);
}

/// One takes connections before it has its certificates.
#[test]
fn a_controller_that_is_starting_is_worth_another_try() {
    const INTERNAL_ERROR: [u8; 7] = [0x15, 3, 3, 0, 2, 2, 80];
    let starting = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", starting.local_addr().unwrap());
    let controller = TestController::builder().start().unwrap();
    let identity = Identity::from_json(&controller.enrolled_identity_json("alice")).unwrap();
    let client = Client::new(&identity.with_controllers(&[url]).unwrap()).unwrap();
    let answering = thread::spawn(move || {
        let (mut connection, _) = starting.accept().unwrap();
        let _ = connection.read(&mut [0; 4096]);
        connection.write_all(&INTERNAL_ERROR).unwrap();
    });
    let error = list(&client).unwrap_err();
    answering.join().unwrap();
    assert!(matches!(error, Error::Transport { stage: Stage::Tls, .. }) && error.is_retryable(), "{error:?}");
    assert!(error.to_string().contains("it may be starting"), "{error}");
}

#[test]
fn a_session_that_ends_in_the_middle_of_a_list_is_replaced() {
    let Known { controller, client, .. } = known();
    controller.set_services(1200);
    list(&client).unwrap();
    controller.fault_times(Operation::Services, Fault::Late(Duration::ZERO), 1);
    controller.fault_times(Operation::Services, Fault::SessionGone, 1);
    assert_eq!(list(&client).unwrap(), 1200);
    assert_eq!(controller.count(Operation::Authenticate), 2);
}

/// An enrollment into a folder of its own, and what it leaves there.
struct Newcomer {
    controller: TestController,
    enrollment: Enrollment,
    folder: TempDir,
}

impl Newcomer {
    fn new() -> Self {
        let controller = TestController::builder().oidc(false).start().unwrap();
        let enrollment = Enrollment::parse(&controller.create_identity("somebody")).unwrap();
        Self { controller, enrollment, folder: tempfile::tempdir().unwrap() }
    }

    fn enroll(&self) -> Result<Identity, Error> {
        // 429 and 503 are asked again as long as there is time.
        let store = Store::file(self.folder.path().join("new.json"));
        self.enrollment.enroll(&EnrollOptions::new().store(store).timeout(Duration::from_secs(2)))
    }

    /// The files it left, but for the lock.
    fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.folder.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.filter(|name| name != "new.json.lock").collect();
        names.sort();
        names
    }
}

#[test]
fn of_the_questions_before_an_enrollment() {
    for operation in [Operation::Version, Operation::CaCerts] {
        for (fault, ends) in faults() {
            let newcomer = Newcomer::new();
            newcomer.controller.fault(operation, fault.clone());
            let outcome = newcomer.enroll();
            let ends = match ends {
                // Not compressed, an answer that says too little of its length is told by its JSON.
                _ if (operation, &fault) == (Operation::Version, &Fault::WrongLength) => Ends::Decode,
                Ends::Decode if operation == Operation::CaCerts => Ends::Enrollment(EnrollmentProblem::CaBundle),
                ends => ends,
            };
            assert_eq!(how(&outcome), ends, "{operation:?}, {fault:?}: {outcome:?}");
            assert!(newcomer.files().is_empty(), "{operation:?}, {fault:?} left {:?}", newcomer.files());
            assert_eq!(newcomer.controller.count(Operation::Enroll), 0);
            newcomer.controller.clear_faults();
            newcomer.enroll().unwrap_or_else(|error| panic!("after {fault:?} of {operation:?}: {error:?}"));
            assert_eq!(newcomer.files(), ["new.json"]);
        }
    }
}

#[test]
fn of_the_request_that_spends_the_token() {
    use EnrollmentProblem::{BadCertificate, MaybeSpent, Refused};
    for (fault, ends) in faults() {
        let newcomer = Newcomer::new();
        newcomer.controller.fault(Operation::Enroll, fault.clone());
        let outcome = newcomer.enroll();
        let ends = match ends {
            _ if fault == Fault::WrongLength => Ends::Enrollment(BadCertificate),
            Ends::Transport(_) | Ends::Api(500 | 502) => Ends::Enrollment(MaybeSpent),
            Ends::Decode => Ends::Enrollment(BadCertificate),
            Ends::Api(_) => Ends::Enrollment(Refused),
            ends => ends,
        };
        assert_eq!(how(&outcome), ends, "{fault:?}: {outcome:?}");
        let is_in_doubt = matches!(ends, Ends::Enrollment(MaybeSpent | BadCertificate));
        let left: &[&str] = if is_in_doubt { &["new.json.pending"] } else { &[] };
        assert_eq!(newcomer.files(), left, "{fault:?}");
        let sent = newcomer.controller.count(Operation::Enroll);
        assert!(sent == 1 || matches!(ends, Ends::Busy(_)), "{fault:?}: sent {sent} times");
    }
}

#[test]
fn a_connection_that_closes_under_the_request_that_spends_the_token_is_no_reason_to_send_it_again() {
    let newcomer = Newcomer::new();
    let busy = Fault::TooManyRequests { retry_after: None };
    newcomer.controller.fault_times(Operation::Enroll, busy, 1);
    newcomer.controller.fault_times(Operation::Enroll, Fault::CloseBeforeAnswer, 1);
    let outcome = newcomer.enroll();
    assert_eq!(how(&outcome), Ends::Enrollment(EnrollmentProblem::MaybeSpent), "{outcome:?}");
    let requests = newcomer.controller.requests();
    let sent: Vec<_> = requests.iter().filter(|seen| seen.operation == Operation::Enroll).collect();
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0].connection, sent[1].connection, "the second went over a connection that was in use before");
    assert_eq!(newcomer.files(), ["new.json.pending"]);
}

#[test]
fn a_request_that_is_too_long_is_refused_before_it_is_sent() {
    let Known { controller, client, .. } = known();
    let query = ServiceQuery::new().filter(format!("name = \"{}\"", "x".repeat(50_000)));
    let error = client.services().list(&query).unwrap_err();
    assert!(matches!(&error, Error::InvalidArgument(message) if message.contains("too long")), "{error:?}");
    assert_eq!(controller.count(Operation::Services), 0);
    let query = ServiceQuery::new().filter(format!("name = \"{}\"", "x".repeat(16_000)));
    assert_eq!(client.services().list(&query).unwrap().len(), 0, "a long one that fits");
    assert_eq!(list(&client).unwrap(), SERVICES);
}
