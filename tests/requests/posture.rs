//! Posture: one response or many, in the words of the API.

use std::time::{Duration, Instant};

use ziti_edge_client::api::posture::PostureResponse;
use ziti_edge_client::{Client, Error};
use ziti_edge_testkit::{Fault, Operation};

use crate::support::{answer, builder, client, controller, operations};
use crate::{VERSIONS, request_of, with_body};

const BULK: Operation = Operation::Named("createPostureResponseBulk");
const SINGLE: Operation = Operation::Named("createPostureResponse");

/// Every kind of response, and what it is on the wire.
fn responses() -> [(PostureResponse, &'static str); 7] {
    let id = || "q1".to_owned();
    let text = |text: &str| text.to_owned();
    let os =
        |build| PostureResponse::OperatingSystem { id: id(), os_type: text("Linux"), version: text("6.1.0"), build };
    let process = |hash, signers: &[&str]| PostureResponse::Process {
        id: id(),
        path: text("C:\\a \"b\".exe"),
        is_running: true,
        hash,
        signer_fingerprints: signers.iter().map(|signer| text(signer)).collect(),
    };
    [
        (os(Some(text("1"))), r#"{"typeId":"OS","id":"q1","type":"Linux","version":"6.1.0","build":"1"}"#),
        (os(None), r#"{"typeId":"OS","id":"q1","type":"Linux","version":"6.1.0"}"#),
        (
            PostureResponse::Domain { id: id(), domain: text("corp.test") },
            r#"{"typeId":"DOMAIN","id":"q1","domain":"corp.test"}"#,
        ),
        (
            PostureResponse::MacAddresses { id: id(), mac_addresses: vec![text("00:11:22:33:44:55"), text("0")] },
            r#"{"typeId":"MAC","id":"q1","macAddresses":["00:11:22:33:44:55","0"]}"#,
        ),
        (
            process(Some(text("ab")), &["cd", "ef"]),
            r#"{"typeId":"PROCESS","id":"q1","path":"C:\\a \"b\".exe","isRunning":true,"hash":"ab","signerFingerprints":["cd","ef"]}"#,
        ),
        (
            process(None, &[]),
            r#"{"typeId":"PROCESS","id":"q1","path":"C:\\a \"b\".exe","isRunning":true,"signerFingerprints":[]}"#,
        ),
        (
            PostureResponse::EndpointState { id: id(), woken: true, unlocked: false },
            r#"{"typeId":"ENDPOINT_STATE","id":"q1","woken":true,"unlocked":false}"#,
        ),
    ]
}

#[test]
fn every_kind_of_response_goes_out_in_the_words_of_the_api() {
    for version in VERSIONS {
        let controller = controller(version, 0);
        let client = client(&controller);
        let session = client.authenticate().unwrap().session().token.expose().to_owned();
        let sent = |path: &str, body: &str| {
            let line = format!("POST /edge/client/v1{path} with certificate");
            with_body(&controller, &line, "application/json", body, Some(&session))
        };
        for (response, body) in responses() {
            let request = request_of(&controller, &client, |client| drop(client.posture().submit(&response).unwrap()));
            assert_eq!(request, sent("/posture-response", body), "{version:?}");
        }
        let (responses, bodies): (Vec<_>, Vec<_>) = responses().into_iter().unzip();
        let request = request_of(&controller, &client, |client| {
            drop(client.posture().submit_bulk(&responses).unwrap());
        });
        assert_eq!(request, sent("/posture-response-bulk", &format!("[{}]", bodies.join(","))), "{version:?}");
    }
}

#[test]
fn no_response_is_no_request() {
    let controller = controller(VERSIONS[0], 0);
    assert_eq!(client(&controller).posture().submit_bulk(&[]).unwrap().services, []);
    assert!(controller.requests().is_empty(), "not even a login");
}

fn submit_three(client: &Client) -> Result<usize, Error> {
    let three: Vec<_> = responses().into_iter().take(3).map(|(response, _)| response).collect();
    client.posture().submit_bulk(&three).map(|answer| answer.services.len())
}

#[test]
fn to_a_controller_without_bulk_the_responses_go_one_by_one() {
    let controller = controller(VERSIONS[2], 0);
    let client = client(&controller);
    client.authenticate().unwrap();
    let body =
        r#"{"data":{"services":[{"id":"s","name":"n","postureQueryType":"MFA","timeout":600,"timeoutRemaining":3}]}}"#;
    controller.fault(SINGLE, answer(201, body));
    for missing in [404, 405, 501] {
        controller.clear_requests();
        controller.fault_times(BULK, Fault::Status(missing), 1);
        assert_eq!(submit_three(&client).unwrap(), 1, "three answers about one service");
        assert_eq!(operations(&controller), [BULK, SINGLE, SINGLE, SINGLE], "{missing}");
    }
}

#[test]
fn any_other_refusal_of_bulk_is_the_answer() {
    let controller = controller(VERSIONS[2], 0);
    let client = client(&controller);
    client.authenticate().unwrap();
    for status in [400, 403, 409, 500] {
        controller.clear_requests();
        controller.fault_times(BULK, Fault::Status(status), 1);
        assert!(matches!(submit_three(&client), Err(Error::Api(answer)) if answer.status == status));
        assert_eq!(operations(&controller), [BULK], "{status}");
    }
    controller.fault_times(BULK, Fault::Status(404), 1);
    controller.fault_times(SINGLE, Fault::Status(400), 1);
    controller.clear_requests();
    assert!(matches!(submit_three(&client), Err(Error::Api(answer)) if answer.status == 400));
    assert_eq!(operations(&controller), [BULK, SINGLE], "what fails is not followed by more");
}

#[test]
fn one_deadline_holds_for_all_single_responses() {
    let controller = controller(VERSIONS[2], 0);
    let client = builder(&controller).timeout(Duration::from_millis(900)).build().unwrap();
    client.authenticate().unwrap();
    controller.fault(BULK, Fault::Status(404));
    controller.fault(SINGLE, Fault::Late(Duration::from_millis(500)));
    let began = Instant::now();
    assert!(matches!(submit_three(&client), Err(Error::Timeout { .. })));
    assert!(began.elapsed() < Duration::from_millis(1400), "{:?}", began.elapsed());
}

#[test]
fn a_response_is_sent_again_over_a_connection_that_was_closed() {
    let controller = controller(VERSIONS[2], 0);
    let client = client(&controller);
    client.authenticate().unwrap();
    controller.close_idle_connections();
    client.posture().submit(&responses()[2].0).unwrap();
    assert_eq!(controller.count(SINGLE), 1);
    controller.fault_times(SINGLE, Fault::CloseBeforeAnswer, 1);
    client.posture().submit(&responses()[2].0).unwrap();
    assert_eq!(controller.count(SINGLE), 3, "the answer was lost, and facts may be told twice");
}
