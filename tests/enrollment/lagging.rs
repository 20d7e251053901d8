//! Nodes of a cluster that have not heard yet of a token that another node made.

use std::time::{Duration, Instant};

use serde_json::json;
use ziti_edge_client::{EnrollmentMethod as Method, EnrollmentProblem as Problem, Error};
use ziti_edge_testkit::{Fault, Operation, TestController, Version};

use crate::network::{refusal, token_with};
use crate::place::{Place, problem_of};
use crate::ways;

const NOT_KNOWN: &str = "INVALID_ENROLLMENT_TOKEN";

#[test]
fn a_node_is_given_time_to_learn_of_a_one_time_token_and_of_nothing_else() {
    for way in ways::ALL {
        let network = way.network_of(Version::V2_0);
        let candidate = network.candidate();
        network.once(refusal(400, NOT_KNOWN));
        let outcome = candidate.enroll();
        match way.method {
            Method::Ott | Method::OttCa | Method::Updb | Method::ErOtt => {
                outcome.unwrap_or_else(|error| panic!("{way:?}: {error}"));
                assert_eq!((network.asked(), candidate.place.names()), (2, vec!["alice.json".to_owned()]), "{way:?}");
            }
            // Nothing of theirs has to travel from node to node.
            method => {
                let expected = if method == Method::Ca { Problem::TokenNotKnown } else { Problem::ExternalJwtRefused };
                assert_eq!(problem_of(outcome.unwrap_err()).0, expected, "{way:?}");
                assert_eq!((network.asked(), candidate.place.names().len()), (1, 0), "{way:?}");
            }
        }
    }
}

#[test]
fn a_controller_that_is_alone_is_believed_at_once() {
    for way in ways::ALL.into_iter().filter(|way| way.method != Method::Token) {
        for version in [Version::V1_3, Version::V1_6] {
            let network = way.network_of(version);
            let candidate = network.candidate();
            network.once(refusal(400, NOT_KNOWN));
            assert_eq!(problem_of(candidate.enroll().unwrap_err()).0, Problem::TokenNotKnown, "{way:?} {version:?}");
            assert_eq!((network.asked(), candidate.place.names().len()), (1, 0), "{way:?} {version:?}");
        }
    }
}

/// Whatever other nodes the token tells of.
#[test]
fn only_the_node_that_made_the_token_is_asked() {
    let node = TestController::builder().version(Version::V2_0).start().unwrap();
    let other = TestController::builder().version(Version::V2_0).same_network_as(&node).start().unwrap();
    let nodes = [&node, &other].map(|node| format!("tls:{}", node.address()));
    let jwt = token_with(&node, json!({ "ctrls": nodes }));
    for fault in [refusal(400, NOT_KNOWN), refusal(503, "CLUSTER_NO_LEADER"), Fault::Refuse] {
        let operation = if matches!(fault, Fault::Refuse) { Operation::Any } else { Operation::Enroll };
        node.fault(operation, fault.clone());
        let place = Place::new();
        let options = ziti_edge_client::EnrollOptions::new().timeout(Duration::from_secs(3));
        let error = place.enroll_with(&jwt, options).unwrap_err();
        let expected = match &error {
            Error::Enrollment { problem, .. } => *problem == Problem::TokenNotKnown,
            error => matches!(error, Error::Busy(_) | Error::Transport { .. }),
        };
        assert!(expected, "{fault:?}: {error:?}");
        assert_eq!((other.connections(), place.names().len()), (0, 0), "{fault:?}");
        node.clear_faults();
    }
    let identity = Place::new().enroll(&jwt).unwrap();
    assert!(identity.controllers().eq([node.url()]));
    assert_eq!(other.connections(), 0);
}

/// As nodes before 2.0 say it; those since then answer with 429.
#[test]
fn a_node_that_cannot_reach_its_leader_is_asked_until_there_is_another_one() {
    let cause = r#"{"code":"UNHANDLED","message":"error dialing peer tls:127.0.0.1:1: connection refused"}"#;
    let body = format!(r#"{{"error":{{"code":"UNHANDLED","message":"oh","cause":{cause}}},"meta":{{}}}}"#);
    for way in ways::ALL {
        let network = way.network();
        let candidate = network.candidate();
        network.once(Fault::Body {
            status: 500,
            content_type: "application/json".to_owned(),
            body: body.clone().into(),
        });
        network.once(Fault::Body {
            status: 500,
            content_type: "application/json".to_owned(),
            body: body.clone().into(),
        });
        candidate.enroll().unwrap_or_else(|error| panic!("{way:?}: {error}"));
        assert_eq!((network.asked(), candidate.place.names()), (3, vec!["alice.json".to_owned()]), "{way:?}");
    }
}

/// Having been busy is no reason to lose patience with the token sooner or later.
#[test]
fn the_two_seconds_begin_when_the_token_was_not_known_first() {
    let node = TestController::builder().version(Version::V2_0).start().unwrap();
    node.fault_times(Operation::Enroll, Fault::TooManyRequests { retry_after: Some("1".to_owned()) }, 2);
    node.fault_times(Operation::Enroll, refusal(400, NOT_KNOWN), 20);
    let start = Instant::now();
    assert_eq!(Place::new().problem(&node.create_identity("alice")).0, Problem::TokenNotKnown);
    assert!((4..12).contains(&node.count(Operation::Enroll)), "{:?}", start.elapsed());
    // Up to one and a half seconds for each busy answer.
    assert!((2000..5500).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
}

/// An answer that comes too late leaves it open whether the token is spent.
#[test]
fn nobody_asks_again_with_less_time_than_an_answer_took() {
    let node = TestController::builder().version(Version::V2_0).start().unwrap();
    let token = node.create_identity("alice");
    Place::new().enroll(&token).unwrap();
    node.clear_requests();
    node.fault(Operation::Enroll, Fault::Late(Duration::from_millis(1500)));
    let place = Place::new();
    let options = ziti_edge_client::EnrollOptions::new().timeout(Duration::from_secs(3));
    assert_eq!(problem_of(place.enroll_with(&token, options).unwrap_err()).0, Problem::TokenNotKnown);
    assert_eq!((node.count(Operation::Enroll), place.names().len()), (1, 0));
}
