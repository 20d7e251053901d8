//! What holds whichever way one enrolls.

use std::time::{Duration, Instant};

use serde_json::json;
use ziti_edge_client::{
    CancelToken, EnrollmentMethod as Method, EnrollmentProblem as Problem, Error, PendingEnrollment,
};
use ziti_edge_testkit::{Fault, Operation};

use crate::network::{json_answer, refusal};
use crate::place::problem_of;
use crate::trust::{bundle, foreign_bundle};
use crate::ways::{self, Candidate, Network, Way};

/// Nothing was sent that enrolls, and nothing is left.
fn untouched(way: Way, network: &Network, candidate: &Candidate) {
    assert_eq!((network.asked(), candidate.place.names().len()), (0, 0), "{way:?}");
}

#[test]
fn every_way_leads_to_an_identity() {
    for way in ways::ALL {
        let network = way.network();
        let candidate = network.candidate();
        candidate.enroll().unwrap_or_else(|error| panic!("{way:?}: {error}"));
        assert_eq!((network.asked(), candidate.place.names()), (1, vec!["alice.json".to_owned()]), "{way:?}");
    }
}

#[test]
fn a_network_that_does_not_vouch_for_its_controller_is_shown_and_sent_nothing() {
    for way in ways::ALL {
        let network = way.network();
        let candidate = network.candidate();
        network.controller.fault(Operation::CaCerts, bundle(foreign_bundle()));
        assert_eq!(problem_of(candidate.enroll().unwrap_err()).0, Problem::CaBundle, "{way:?}");
        untouched(way, &network, &candidate);
        assert!(network.controller.requests().iter().all(|seen| !seen.peer_has_certificate), "{way:?}");
        network.controller.clear_faults();
        candidate.enroll().unwrap();
    }
}

#[test]
fn a_controller_that_cannot_be_reached_is_told_as_that() {
    for way in ways::ALL {
        let network = way.network();
        let candidate = network.candidate();
        network.controller.fault(Operation::Any, Fault::Refuse);
        let error = candidate.enroll().unwrap_err();
        assert!(matches!(error, Error::Transport { .. }), "{way:?}: {error:?}");
        untouched(way, &network, &candidate);
        network.controller.clear_faults();
        candidate.enroll().unwrap();
    }
}

#[test]
fn an_identity_that_is_there_is_not_replaced_and_nobody_is_asked() {
    for way in ways::ALL {
        let network = way.network();
        let candidate = network.candidate();
        std::fs::write(candidate.place.target(), "of somebody else").unwrap();
        let error = candidate.enroll().unwrap_err();
        assert!(matches!(&error, Error::Identity(why) if why.contains("exists already")), "{way:?}: {error:?}");
        assert_eq!((network.controller.connections(), candidate.place.names()), (0, vec!["alice.json".to_owned()]));
        assert_eq!(candidate.place.read("alice.json"), b"of somebody else");
    }
}

#[test]
fn who_canceled_before_asks_nobody() {
    for way in ways::ALL {
        let network = way.network();
        let candidate = network.candidate();
        let cancel = CancelToken::new();
        cancel.cancel();
        let error = candidate.enrollment.enroll(&candidate.options.clone().cancel(&cancel)).unwrap_err();
        assert!(matches!(error, Error::Canceled { .. }), "{way:?}: {error:?}");
        assert_eq!((network.controller.connections(), candidate.place.names().len()), (0, 0));
    }
}

#[test]
fn an_answer_that_is_lost_is_not_asked_for_again_and_says_that_it_may_be_spent() {
    for way in ways::ALL {
        for fault in [
            Fault::LostAnswer,
            Fault::CloseBeforeAnswer,
            Fault::Reset,
            Fault::Truncate,
            Fault::Status(500),
            Fault::Status(504),
        ] {
            let network = way.network();
            let candidate = network.candidate();
            network.once(fault.clone());
            let (problem, message) = problem_of(candidate.enroll().unwrap_err());
            assert_eq!(problem, Problem::MaybeSpent, "{way:?} {fault:?}: {message}");
            assert!(message.contains("not repeated"), "{message}");
            assert_eq!((network.asked(), candidate.place.names()), (1, vec!["alice.json.pending".to_owned()]));
            let state = candidate.enrollment.pending(&ziti_edge_client::Store::file(candidate.place.target()));
            assert_eq!(state.unwrap(), PendingEnrollment::AnswerLost, "{way:?} {fault:?}");
            assert_eq!(problem_of(candidate.enroll().unwrap_err()).0, Problem::MaybeSpent, "nor by the next try");
            assert_eq!(network.asked(), 1, "{way:?} {fault:?}");
        }
    }
}

#[test]
fn a_success_that_does_not_say_what_it_has_to_keeps_what_there_is() {
    for way in ways::ALL {
        // Where there is nothing to issue, only what is no answer at all.
        let faults = [Fault::EmptyBody, Fault::Html, Fault::BadJson, json_answer(200, json!([]))];
        let nothing = json_answer(200, json!({"data": {}, "meta": {}}));
        for fault in faults.into_iter().chain(way.issues.then_some(nothing)) {
            let network = way.network();
            let candidate = network.candidate();
            network.once(fault.clone());
            let expected = if way.issues { Problem::BadCertificate } else { Problem::MaybeSpent };
            assert_eq!(problem_of(candidate.enroll().unwrap_err()).0, expected, "{way:?} {fault:?}");
            assert_eq!((network.asked(), candidate.place.names()), (1, vec!["alice.json.pending".to_owned()]));
        }
    }
}

#[test]
fn a_refusal_of_any_kind_is_final_and_leaves_nothing_behind() {
    for way in ways::ALL {
        let network = way.network();
        for (fault, expected) in [
            (refusal(302, "ELSEWHERE"), Problem::Refused),
            (refusal(400, "ENROLLMENT_EXPIRED"), Problem::TokenExpired),
            (refusal(400, "INVALID_ENROLL_METHOD"), Problem::WrongMethod),
            (refusal(403, "FORBIDDEN"), Problem::Refused),
            (refusal(409, "CERT_IN_USE"), Problem::CertificateInUse),
            (refusal(413, "REQUEST_ENTITY_TOO_LARGE"), Problem::Refused),
        ] {
            let (candidate, before) = (network.candidate(), network.asked());
            network.once(fault);
            let error = candidate.enroll().unwrap_err();
            assert!(error.answer().is_some(), "{way:?}: the controller's words are kept");
            assert_eq!(problem_of(error).0, expected, "{way:?}");
            assert_eq!((network.asked() - before, candidate.place.names().len()), (1, 0), "{way:?}");
        }
    }
}

#[test]
fn a_controller_that_does_not_have_the_method_says_so() {
    for way in ways::ALL {
        let network = way.network();
        let candidate = network.candidate();
        network.once(Fault::Status(501));
        let error = candidate.enroll().unwrap_err();
        let named = format!("this controller cannot enroll by {}: ", way.method);
        assert!(matches!(&error, Error::Unsupported(why) if why.starts_with(&named)), "{way:?}: {error:?}");
        let advice = if way.method == Method::Token { "since 2.0" } else { "ask for a token of another method" };
        assert!(error.to_string().contains(advice), "{error}");
        assert_eq!((network.asked(), candidate.place.names().len()), (1, 0), "{way:?}");
        candidate.enroll().unwrap();
    }
}

#[test]
fn a_busy_controller_is_asked_again_at_growing_distances() {
    for way in ways::ALL {
        let network = way.network();
        let candidate = network.candidate();
        network.once(Fault::TooManyRequests { retry_after: None });
        network.once(Fault::Status(503));
        let start = Instant::now();
        candidate.enroll().unwrap_or_else(|error| panic!("{way:?}: {error}"));
        assert_eq!((network.asked(), candidate.place.names()), (3, vec!["alice.json".to_owned()]), "{way:?}");
        assert!(start.elapsed() >= Duration::from_millis(150), "a quarter of 600 ms at least: {:?}", start.elapsed());
    }
}

#[test]
fn the_time_that_a_busy_controller_names_is_waited_for_if_there_is_that_much() {
    for way in ways::ALL {
        let network = way.network();
        let candidate = network.candidate();
        let busy = |seconds: &str| network.once(Fault::TooManyRequests { retry_after: Some(seconds.to_owned()) });
        busy("3600");
        let start = Instant::now();
        let error = candidate.enroll().unwrap_err();
        assert!(matches!(&error, Error::Busy(answer) if answer.retry_after.is_some()), "{way:?}: {error:?}");
        assert!(start.elapsed() < Duration::from_secs(2), "it would be too long: {:?}", start.elapsed());
        assert_eq!((network.asked(), candidate.place.names().len()), (1, 0), "{way:?}");
        if way.method == Method::Ott {
            busy("1");
            let start = Instant::now();
            candidate.enroll().unwrap();
            assert!(start.elapsed() >= Duration::from_secs(1), "{:?}", start.elapsed());
        }
    }
}

#[test]
fn a_controller_that_stays_busy_is_left_in_time_and_nothing_is_spent() {
    const LIMIT: Duration = Duration::from_secs(3);
    for way in [ways::ALL[0], ways::ALL[5]] {
        let network = way.network();
        let candidate = network.candidate();
        network.controller.fault(way.operation(), Fault::TooManyRequests { retry_after: None });
        let start = Instant::now();
        let error = candidate.enrollment.enroll(&candidate.options.clone().timeout(LIMIT)).unwrap_err();
        assert!(matches!(error, Error::Busy(_)), "{way:?}: {error:?}");
        assert!(start.elapsed() < LIMIT, "the next pause would be too long: {:?}", start.elapsed());
        assert!((2..=9).contains(&network.asked()), "{way:?}: {}", network.asked());
        assert_eq!(candidate.place.names(), [""; 0], "{way:?}");
        network.controller.clear_faults();
        candidate.enroll().unwrap();
    }
}
