//! What a device tells decides what it may use.

use std::time::Duration;

use serde_json::Value;
use ziti_edge_client::Client;
use ziti_edge_client::api::posture::PostureResponse;
use ziti_edge_testkit::{
    Fault, MfaCheck, Operation, Permission, Policy, PostureCheck, ProcessCheck, ServiceSpec, TestController, Version,
};

use crate::status_and_code;
use crate::support::{answer, client, controller};

/// A controller with a service that demands all of this.
fn guarded(version: Version, checks: &[&PostureCheck]) -> (TestController, String) {
    let controller = controller(version, 0);
    let policy =
        checks.iter().fold(Policy::everybody(Permission::Dial), |policy, check| policy.check((*check).clone()));
    let spec = ServiceSpec { name: "guarded".to_owned(), policies: vec![policy], ..ServiceSpec::default() };
    let id = controller.add_service(spec);
    (controller, id)
}

fn passes(client: &Client, service: &str) -> bool {
    let service = client.services().get(service).unwrap();
    let sets: Value = serde_json::from_str(service.view().posture_queries_json()).unwrap();
    sets.as_array().unwrap().iter().any(|set| set["isPassing"] == true)
}

fn os(id: &str, version: &str) -> PostureResponse {
    let (id, os_type, version) = (id.to_owned(), "Linux".to_owned(), version.to_owned());
    PostureResponse::OperatingSystem { id, os_type, version, build: None }
}

fn domain(id: &str, domain: &str) -> PostureResponse {
    PostureResponse::Domain { id: id.to_owned(), domain: domain.to_owned() }
}

fn mac(id: &str, addresses: &[&str]) -> PostureResponse {
    let mac_addresses = addresses.iter().map(|&address| address.to_owned()).collect();
    PostureResponse::MacAddresses { id: id.to_owned(), mac_addresses }
}

fn process(id: &str, path: &str, is_running: bool, hash: &str) -> PostureResponse {
    PostureResponse::Process {
        id: id.to_owned(),
        path: path.to_owned(),
        is_running,
        hash: Some(hash.to_owned()),
        signer_fingerprints: vec!["abcd".to_owned()],
    }
}

#[test]
fn each_kind_of_response_lets_its_check_pass_or_not() {
    let agent = ProcessCheck {
        hashes: vec!["12ef".to_owned()],
        signers: vec!["abcd".to_owned()],
        ..ProcessCheck::new("Linux", "/a")
    };
    let (b, c) = (ProcessCheck::new("Linux", "/b"), ProcessCheck::new("Linux", "/c"));
    for version in Version::ALL {
        let os_check = PostureCheck::os("Linux", "6.0.0");
        let domain_check = PostureCheck::domain("corp.test");
        let mac_check = PostureCheck::mac("00:11:22:33:44:55");
        let process_check = PostureCheck::process(agent.clone());
        let any_check = PostureCheck::any_process([b.clone(), c.clone()]);
        let all_check = PostureCheck::all_processes([b.clone(), c.clone()]);
        for (check, bad, good) in [
            (&os_check, vec![os(os_check.id(), "5.9.9")], vec![os(os_check.id(), "6.0.0")]),
            (&domain_check, vec![domain(domain_check.id(), "other")], vec![domain(domain_check.id(), "CORP.test")]),
            (&mac_check, vec![mac(mac_check.id(), &["0"])], vec![mac(mac_check.id(), &["1", "00-11-22-33-44-55"])]),
            (
                &process_check,
                vec![process(process_check.id(), "/a", true, "00")],
                vec![process(process_check.id(), "/a", true, "12EF")],
            ),
            (&any_check, vec![process(any_check.id(), "/b", false, "")], vec![process(any_check.id(), "/c", true, "")]),
            (
                &all_check,
                vec![process(all_check.id(), "/b", true, "")],
                vec![process(all_check.id(), "/b", true, ""), process(all_check.id(), "/c", true, "")],
            ),
        ] {
            let (controller, service) = guarded(version, &[check]);
            let client = client(&controller);
            assert!(!passes(&client, &service), "{version:?} {check:?}");
            client.posture().submit_bulk(&bad).unwrap();
            assert!(!passes(&client, &service), "{version:?} {bad:?}");
            for response in &good {
                assert_eq!(client.posture().submit(response).unwrap().services, []);
            }
            assert!(passes(&client, &service), "{version:?} {good:?}");
        }
    }
}

#[test]
fn several_responses_go_at_once_or_one_by_one() {
    for version in Version::ALL {
        for is_missing in [false, true] {
            let (os_check, domain_check) = (PostureCheck::os("Linux", "6.0.0"), PostureCheck::domain("corp.test"));
            let (controller, service) = guarded(version, &[&os_check, &domain_check]);
            if is_missing {
                controller.fault(Operation::Named("createPostureResponseBulk"), Fault::Status(404));
            }
            let client = client(&controller);
            let responses = [os(os_check.id(), "6.1.0"), domain(domain_check.id(), "corp.test")];
            client.posture().submit_bulk(&responses).unwrap();
            assert!(passes(&client, &service), "{version:?} {is_missing}");
            let single = controller.count(Operation::Named("createPostureResponse"));
            assert_eq!(single, if is_missing { 2 } else { 0 });
        }
    }
}

#[test]
fn a_device_that_woke_up_is_told_which_services_want_a_code_soon() {
    for version in Version::ALL {
        let check = PostureCheck::mfa(MfaCheck {
            timeout: Some(Duration::from_secs(600)),
            prompt_on_wake: true,
            prompt_on_unlock: false,
        });
        let (controller, service) = guarded(version, &[&check]);
        let client = client(&controller);
        let token = client.authenticate().unwrap().session().token.expose().to_owned();
        controller.pass_mfa(&token);
        let state = PostureResponse::EndpointState { id: check.id().to_owned(), woken: true, unlocked: false };
        let answer = client.posture().submit(&state).unwrap();
        assert_eq!(answer.services.len(), 1, "{version:?}");
        let told = &answer.services[0];
        assert_eq!((told.id.as_str(), told.name.as_deref()), (service.as_str(), Some("guarded")));
        assert_eq!((told.posture_query_type.as_deref(), told.timeout), (Some("MFA"), Some(600)));
        let left = told.timeout_remaining.unwrap();
        assert!((290..=300).contains(&left), "{left}");
    }
}

#[test]
fn a_refusal_is_an_error_and_a_login_that_is_over_is_made_again() {
    for version in Version::ALL {
        let controller = controller(version, 0);
        let client = client(&controller);
        client.authenticate().unwrap();
        controller.expire_sessions();
        client.posture().submit(&domain("query", "corp.test")).unwrap();
        client.posture().submit_bulk(&[domain("query", "corp.test")]).unwrap();
        let refused =
            || answer(400, r#"{"error":{"code":"COULD_NOT_PARSE_BODY","message":"m","requestId":"r"},"meta":{}}"#);
        for operation in ["createPostureResponse", "createPostureResponseBulk"] {
            controller.fault_times(Operation::Named(operation), refused(), 1);
        }
        let parse = (400, "COULD_NOT_PARSE_BODY".to_owned());
        assert_eq!(status_and_code(client.posture().submit(&domain("query", "x"))), parse);
        assert_eq!(status_and_code(client.posture().submit_bulk(&[domain("query", "x")])), parse);
    }
}
