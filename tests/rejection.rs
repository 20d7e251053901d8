//! Credentials that a controller refuses: what is said, how long it is believed, and what ends it.

mod support;

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use rcgen::{CertificateParams, KeyPair};
use serde_json::{Value, json};
use support::{answer, builder, client_and_id, controller};
use tempfile::TempDir;
use ziti_edge_client::api::services::ServiceQuery;
use ziti_edge_client::{Client, Error, Identity};
use ziti_edge_testkit::{Fault, Operation, TestController, Version};

fn list(client: &Client) -> Result<usize, Error> {
    client.services().list(&ServiceQuery::new()).map(|services| services.len())
}

fn logins(controller: &TestController) -> usize {
    controller.count(Operation::Authenticate)
}

#[test]
fn a_refusal_is_believed_by_silent_logins_and_not_by_those_asked_for() {
    let controller = controller(Version::V1_6, 1);
    let (client, id) = client_and_id(&controller);
    list(&client).unwrap();
    controller.remove_identity(&id);
    controller.expire_sessions();
    let error = list(&client).unwrap_err();
    let Error::Rejected(rejection) = &error else { panic!("{error:?}") };
    assert_eq!((rejection.answer.status, rejection.answer.code.as_str()), (401, "INVALID_AUTH"));
    // Nothing is wrong with the certificate.
    assert_eq!(rejection.known.len(), 1, "{:?}", rejection.known);
    assert!(rejection.known[0].starts_with("this client last logged in at 20"), "{:?}", rejection.known);
    assert_eq!(logins(&controller), 2);
    controller.clear_requests();
    for _ in 0..3 {
        assert!(matches!(list(&client), Err(Error::Rejected(_))));
        assert!(matches!(client.clone().current_api_session().get(), Err(Error::Rejected(_))));
    }
    assert_eq!(controller.requests().len(), 0);
    client.controller().version().expect("what needs no login goes on");
    assert!(matches!(client.authenticate(), Err(Error::Rejected(_))));
    assert_eq!(logins(&controller), 1, "who asks for a login gets one try");
}

#[test]
fn a_refused_certificate_that_expired_is_told_so() {
    let controller = controller(Version::V1_6, 0);
    let mut file: Value = serde_json::from_str(&controller.enrolled_identity_json("alice")).unwrap();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(2021, 1, 1);
    file["id"]["key"] = json!(format!("pem:{}", key.serialize_pem()));
    file["id"]["cert"] = json!(format!("pem:{}", params.self_signed(&key).unwrap().pem()));
    let client = Client::new(&Identity::from_json(&file.to_string()).unwrap()).unwrap();
    let error = client.authenticate().unwrap_err();
    let Error::Rejected(rejection) = &error else { panic!("{error:?}") };
    assert_eq!(rejection.known, ["by the local clock its certificate expired at 2021-01-01T00:00:00Z"]);
    assert!(error.to_string().contains("certificate expired"), "{error}");
}

#[test]
fn a_certificate_of_a_moment_ago_is_tried_again_on_a_cluster_within_the_time_there_is() {
    let controller = controller(Version::V2_0, 1);
    let limit = Duration::from_millis(900);
    let client = builder(&controller).timeout(limit).build().unwrap();
    controller.remove_identity(&controller.identity_id("alice").unwrap());
    let began = Instant::now();
    let error = list(&client).unwrap_err();
    assert!(matches!(error, Error::Rejected(_)), "the refusal is told, not the time-out: {error:?}");
    assert!((2..=3).contains(&logins(&controller)) && began.elapsed() < limit);

    controller.clear_requests();
    let body = r#"{"error":{"code":"INVALID_AUTH","message":"not known yet"},"meta":{}}"#;
    controller.fault_times(Operation::Authenticate, answer(401, body), 1);
    controller.fault_times(Operation::Authenticate, Fault::StallBeforeAnswer, 1);
    let error = list(&client).unwrap_err();
    assert!(matches!(error, Error::Rejected(_)), "nor the time-out of the next try: {error:?}");
    assert_eq!(logins(&controller), 2);
}

#[test]
fn a_node_that_lags_takes_a_part_of_each_call_and_the_next_one_asks_again() {
    let controller = controller(Version::V2_0, 1);
    let limit = Duration::from_secs(3);
    let client = builder(&controller).timeout(limit).build().unwrap();
    let body = r#"{"error":{"code":"INVALID_AUTH","message":"not known yet"},"meta":{}}"#;
    controller.fault(Operation::Authenticate, answer(401, body));
    for _ in 0..2 {
        controller.clear_requests();
        let began = Instant::now();
        let error = list(&client).unwrap_err();
        assert!(began.elapsed() < limit * 3 / 4, "half of it is for waiting: {:?}", began.elapsed());
        assert!(matches!(error, Error::Rejected(_)), "{error:?}");
        assert!(error.to_string().contains("the next call asks again") && error.retry_after().is_none(), "{error}");
        assert!(logins(&controller) >= 2);
    }
    controller.clear_requests();
    client.maintain();
    assert_eq!(logins(&controller), 1, "maintenance waits for nothing");
    controller.clear_faults();
    assert_eq!(list(&client).unwrap(), 1);
}

#[test]
fn who_has_no_time_to_ask_again_does_not_answer_for_others() {
    let controller = controller(Version::V2_0, 1);
    // The longest pause there may be.
    let patient = builder(&controller).chance(|| 0.99).build().unwrap();
    let hurried = patient.with_timeout(Duration::from_millis(200));
    let body = r#"{"error":{"code":"INVALID_AUTH","message":"not known yet"},"meta":{}}"#;
    controller.fault_times(Operation::Authenticate, answer(401, body), 2);
    assert!(matches!(list(&hurried), Err(Error::Rejected(_))));
    assert_eq!(logins(&controller), 1);
    assert_eq!(list(&patient).unwrap(), 1, "the certificate is known by the third login");
    assert_eq!(logins(&controller), 3);
}

/// A client whose identity file lies in the folder.
struct Stored {
    folder: TempDir,
    client: Client,
}

impl Stored {
    fn new(controller: &TestController) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("alice.json");
        fs::write(&file, controller.enrolled_identity_json("alice")).unwrap();
        let client = Client::new(&Identity::load(&file).unwrap()).unwrap();
        Self { folder, client }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("alice.json")
    }

    /// What another process does that renews the certificate.
    fn renew(&self, controller: &TestController) {
        let old = controller.identity_id("alice").unwrap();
        fs::write(self.file(), controller.enrolled_identity_json("alice")).unwrap();
        controller.remove_identity(&old);
        controller.expire_sessions();
    }
}

#[test]
fn a_new_certificate_in_the_file_is_used_once_the_old_one_is_refused() {
    let controller = controller(Version::V1_6, 1);
    let stored = Stored::new(&controller);
    let (client, clone) = (&stored.client, stored.client.clone());
    assert_eq!(list(client).unwrap(), 1);
    stored.renew(&controller);
    assert_eq!(list(client).unwrap(), 1);
    assert_eq!(logins(&controller), 3, "the first, the refused, the new");
    let written = Identity::load(stored.file()).unwrap();
    assert_eq!(client.identity().to_json().expose(), written.to_json().expose());
    assert_eq!(list(&clone).unwrap(), 1);
    assert_eq!(logins(&controller), 3, "clones change with it");

    stored.renew(&controller);
    client.authenticate().expect("a login asked for does the same");
    stored.renew(&controller);
    assert_eq!(client.current_api_session().get().unwrap().identity_id, controller.identity_id("alice"));
}

#[test]
fn many_threads_change_to_the_new_certificate_together() {
    let controller = controller(Version::V1_6, 1);
    let stored = Stored::new(&controller);
    list(&stored.client).unwrap();
    stored.renew(&controller);
    thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| assert_eq!(list(&stored.client).unwrap(), 1));
        }
    });
    assert_eq!((logins(&controller), controller.session_count()), (3, 1), "the first, the refused, the new");
}

#[test]
fn a_file_that_is_no_better_leaves_the_refusal_as_it_is() {
    let controller = controller(Version::V1_6, 1);
    let stored = Stored::new(&controller);
    controller.remove_identity(&controller.identity_id("alice").unwrap());
    let good = fs::read_to_string(stored.file()).unwrap();
    let mut bare: Value = serde_json::from_str(&good).unwrap();
    bare["id"] = json!({ "ca": bare["id"]["ca"] });
    let no_address = good.replace("ztAPI", "other");
    for text in [good.as_str(), "", "{}", &good[..good.len() / 2], &no_address, &bare.to_string()] {
        fs::write(stored.file(), text).unwrap();
        assert!(matches!(list(&stored.client), Err(Error::Rejected(_))));
        assert!(matches!(stored.client.authenticate(), Err(Error::Rejected(_))));
    }
    fs::remove_file(stored.file()).unwrap();
    assert!(matches!(list(&stored.client), Err(Error::Rejected(_))));
    fs::write(stored.file(), controller.enrolled_identity_json("alice")).unwrap();
    assert_eq!(list(&stored.client).unwrap(), 1, "a good one is found whenever it comes");
}

#[test]
fn a_new_certificate_that_is_refused_too_is_an_error_and_not_a_loop() {
    let controller = controller(Version::V1_6, 1);
    let stored = Stored::new(&controller);
    stored.renew(&controller);
    controller.remove_identity(&controller.identity_id("alice").unwrap());
    assert!(matches!(list(&stored.client), Err(Error::Rejected(_))));
    assert_eq!(logins(&controller), 2);
    assert!(matches!(list(&stored.client), Err(Error::Rejected(_))));
    assert_eq!(logins(&controller), 2, "the second refusal is believed as well");
}
