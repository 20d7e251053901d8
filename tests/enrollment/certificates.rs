//! Enrollment by a certificate of a third-party authority: `ottca` and `ca`.

use std::sync::Arc;
use std::time::Duration;

use rcgen::{KeyPair, PublicKeyData, SigningKey};
use serde_json::json;
use ziti_edge_client::{
    Client, EnrollOptions, Enrollment, EnrollmentMethod, EnrollmentProblem as Problem, Error, Identity, KeyChoice,
    PendingEnrollment, PrivateKey, Signer, SigningScheme, Store,
};
use ziti_edge_testkit::{CertificateAuthority, Fault, IdentityOptions, Operation, Papers, TestController, Version};

use crate::network::{named, single};
use crate::place::{Place, problem_of};
use crate::tokens::told_while;

const THREE_DAYS: Duration = Duration::from_secs(3 * 24 * 3600);
const WAYS: [&str; 2] = ["ottca", "ca"];

fn with(papers: &Papers) -> EnrollOptions {
    let key = PrivateKey::parse(papers.key.as_bytes()).unwrap();
    EnrollOptions::new().certificate(&papers.certificate).key(KeyChoice::Existing(key))
}

/// A token of the authority, by either way.
fn token(controller: &TestController, authority: &CertificateAuthority, way: &str) -> String {
    if way == "ca" {
        return controller.authority_jwt(authority);
    }
    let authority = Some(authority.clone());
    controller.create_identity_with(IdentityOptions { method: way.to_owned(), authority, ..named("alice") }).jwt
}

fn logs_in(identity: &Identity) {
    Client::new(identity).unwrap().authenticate().unwrap();
}

#[test]
fn a_certificate_becomes_that_of_an_identity() {
    for version in Version::ALL {
        for way in WAYS {
            let controller = TestController::builder().version(version).start().unwrap();
            let authority = controller.add_authority("partner");
            let papers = authority.issue("device-1");
            let place = Place::new();

            let identity = place.enroll_with(&token(&controller, &authority, way), with(&papers)).unwrap();

            assert_eq!(place.names(), ["alice.json"], "{version:?} {way}");
            let file: serde_json::Value = serde_json::from_slice(&place.read("alice.json")).unwrap();
            assert_eq!(file["id"]["cert"], format!("pem:{}", papers.certificate));
            assert_eq!(file["id"]["key"], format!("pem:{}", papers.key));
            assert_eq!(identity.describe().name.as_deref(), Some("device-1"));
            logs_in(&identity);
            logs_in(&Identity::load(place.target()).unwrap());
        }
    }
}

/// A signer whose key happens to be here.
struct InMemory(KeyPair);

impl Signer for InMemory {
    fn reference(&self) -> String {
        "test:device".to_owned()
    }

    fn public_key(&self) -> Result<Vec<u8>, String> {
        Ok(self.0.subject_public_key_info())
    }

    fn schemes(&self) -> Vec<SigningScheme> {
        vec![SigningScheme::EcdsaP256Sha256]
    }

    fn sign(&self, _: SigningScheme, message: &[u8], _: Duration) -> Result<Vec<u8>, String> {
        self.0.sign(message).map_err(|error| error.to_string())
    }
}

#[test]
fn the_key_of_a_certificate_may_be_behind_a_signer() {
    for way in WAYS {
        let controller = single();
        let authority = controller.add_authority("partner");
        let papers = authority.issue("device-1");
        let signer: Arc<dyn Signer> = Arc::new(InMemory(KeyPair::from_pem(&papers.key).unwrap()));
        let options = EnrollOptions::new().certificate(&papers.certificate).key(KeyChoice::Signer(Arc::clone(&signer)));
        let place = Place::new();
        logs_in(&place.enroll_with(&token(&controller, &authority, way), options).unwrap());
        assert!(!String::from_utf8(place.read("alice.json")).unwrap().contains("PRIVATE KEY"));
        logs_in(&Identity::load_with_signer(place.target(), signer).unwrap());
    }
}

#[test]
fn the_certificate_is_shown_on_the_verified_connection_only_and_nothing_is_in_the_body() {
    for version in Version::ALL {
        for way in WAYS {
            let controller = TestController::builder().version(version).start().unwrap();
            let authority = controller.add_authority("partner");
            let jwt = token(&controller, &authority, way);
            Place::new().enroll_with(&jwt, with(&authority.issue("device-1"))).unwrap();

            let seen = controller.requests();
            let shown: Vec<_> = seen.iter().map(|seen| (seen.operation, seen.peer_has_certificate)).collect();
            let expected = [(Operation::Version, false), (Operation::CaCerts, false), (Operation::Enroll, true)];
            assert_eq!(shown, expected, "{version:?} {way}");
            let request = &seen[2];
            assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/edge/client/v1/enroll"));
            assert!(request.query.starts_with(&format!("method={way}")), "{}", request.query);
            assert_eq!(request.query.contains("token="), way == "ottca");
            assert_eq!(request.header("content-type"), Some("text/plain"));
            assert_eq!(request.header("accept"), Some("application/json"));
            assert_eq!(request.body, b"");
        }
    }
}

#[test]
fn at_an_address_the_certificate_is_shown_once_the_network_vouches_for_the_controller() {
    let controller = single();
    let authority = controller.add_authority("partner");
    let options = with(&authority.issue("device-1")).ca(controller.ca_pem());
    let door = Enrollment::from_url(&controller.url()).unwrap().by(EnrollmentMethod::Ca).unwrap();
    logs_in(&door.enroll(&options).unwrap());
    let shown: Vec<_> = controller.requests().iter().map(|seen| (seen.operation, seen.peer_has_certificate)).collect();
    assert_eq!(shown[..2], [(Operation::Version, false), (Operation::CaCerts, false)]);
    assert!(shown.contains(&(Operation::Enroll, true)), "{shown:?}");
}

#[test]
fn a_name_may_be_asked_for() {
    for version in Version::ALL {
        let controller = TestController::builder().version(version).start().unwrap();
        let authority = controller.add_authority("factory");
        let options = with(&authority.issue("device-1")).name("the \"first\" device");
        Place::new().enroll_with(&controller.authority_jwt(&authority), options).unwrap();
        let seen = controller.requests();
        assert_eq!(seen[2].body, br#"{"name":"the \"first\" device"}"#);
        assert_eq!(seen[2].header("content-type"), Some("application/json"));
        assert!(controller.identity_id("the \"first\" device").is_some(), "{version:?}");
    }
}

#[test]
fn a_certificate_that_no_authority_of_the_network_issued_is_refused_and_the_token_stays() {
    for version in Version::ALL {
        for way in WAYS {
            let controller = TestController::builder().version(version).start().unwrap();
            let (own, stranger) = (controller.add_authority("own"), single().add_authority("stranger"));
            let jwt = token(&controller, &own, way);
            let place = Place::new();

            let error = place.enroll_with(&jwt, with(&stranger.issue("device-1"))).unwrap_err();

            assert!(error.answer().unwrap().code.ends_with("FAILED_VALIDATION"), "{error}");
            let (problem, message) = problem_of(error);
            assert_eq!(problem, Problem::CertificateRefused, "{version:?} {way}");
            assert!(message.contains("have that CA verified"), "{message}");
            assert_eq!(place.names(), [""; 0]);
            place.enroll_with(&jwt, with(&own.issue("device-1"))).unwrap();
        }
    }
}

#[test]
fn a_certificate_is_of_one_identity_only() {
    for version in Version::ALL {
        for way in WAYS {
            let controller = TestController::builder().version(version).start().unwrap();
            let authority = controller.add_authority("partner");
            let papers = authority.issue("device-1");
            Place::new().enroll_with(&token(&controller, &authority, way), with(&papers)).unwrap();
            let place = Place::new();

            let error = place.enroll_with(&token(&controller, &authority, way), with(&papers)).unwrap_err();

            assert_eq!(error.answer().unwrap().status, 409);
            assert_eq!(problem_of(error).0, Problem::CertificateInUse, "{version:?} {way}");
            assert_eq!(place.names(), [""; 0]);
        }
    }
}

#[test]
fn a_token_for_a_certificate_works_once() {
    let controller = single();
    let authority = controller.add_authority("partner");
    let jwt = token(&controller, &authority, "ottca");
    Place::new().enroll_with(&jwt, with(&authority.issue("device-1"))).unwrap();
    let error = Place::new().enroll_with(&jwt, with(&authority.issue("device-2"))).unwrap_err();
    assert_eq!(problem_of(error).0, Problem::TokenNotKnown);
}

#[test]
fn papers_that_do_not_fit_each_other_are_refused_before_anybody_is_asked() {
    let controller = single();
    let authority = controller.add_authority("partner");
    let (papers, other) = (authority.issue("device-1"), authority.issue("device-2"));
    let own_key = || KeyChoice::Existing(PrivateKey::parse(papers.key.as_bytes()).unwrap());
    for (options, reason) in [
        (EnrollOptions::new().key(own_key()).certificate(&other.certificate), "does not belong to the certificate"),
        (EnrollOptions::new().key(own_key()).certificate(""), "no certificate"),
        (EnrollOptions::new().key(own_key()).certificate(&papers.key), "no certificate"),
        (EnrollOptions::new().key(own_key()).certificate(&papers.certificate[..200]), "cut off"),
        (EnrollOptions::new().key(KeyChoice::P384).certificate(&papers.certificate), "not a new one"),
        (with(&papers).ca("no CA"), "by address"),
    ] {
        for way in WAYS {
            let place = Place::new();
            let error = place.enroll_with(&token(&controller, &authority, way), options.clone()).unwrap_err();
            assert!(matches!(error, Error::Identity(_) | Error::InvalidArgument(_)), "{error:?}");
            assert!(error.to_string().contains(reason), "{reason}: {error}");
            assert_eq!(place.names(), [""; 0]);
        }
    }
    assert_eq!(controller.connections(), 0);
}

/// What was lost is the answer only: the papers are here, and a login tells that they were taken.
#[test]
fn a_certificate_whose_answer_was_lost_is_found_out_by_resuming() {
    for (fault, carried_out) in
        [(Fault::LostAnswer, true), (Fault::Truncate, true), (Fault::CloseBeforeAnswer, false), (Fault::Reset, false)]
    {
        for way in WAYS {
            let controller = single();
            let authority = controller.add_authority("partner");
            let (jwt, papers, place) = (token(&controller, &authority, way), authority.issue("device-1"), Place::new());
            controller.fault_times(Operation::Enroll, fault.clone(), 1);

            let error = place.enroll_with(&jwt, with(&papers)).unwrap_err();

            assert_eq!(problem_of(error).0, Problem::MaybeSpent, "{way} {fault:?}");
            assert_eq!(place.names(), ["alice.json.pending"]);
            let kept = String::from_utf8(place.read("alice.json.pending")).unwrap();
            assert!(!kept.contains("PRIVATE KEY") && kept.contains("\"sentAt\""), "{kept}");
            assert_eq!(place.progress(&jwt), PendingEnrollment::AnswerLost);
            let again = place.enroll_with(&jwt, with(&papers)).unwrap_err();
            assert_eq!((problem_of(again).0, controller.count(Operation::Enroll)), (Problem::MaybeSpent, 1));

            let options = with(&papers).store(Store::file(place.target()));
            let identity = Enrollment::parse(&jwt).unwrap().resume(&options).unwrap();

            assert_eq!(controller.count(Operation::Enroll), 2, "{way} {fault:?}");
            assert_eq!(controller.count(Operation::Authenticate), usize::from(carried_out), "{way} {fault:?}");
            assert_eq!(place.names(), ["alice.json"]);
            logs_in(&identity);
        }
    }
}

#[test]
fn a_token_that_is_gone_for_another_reason_is_no_success_of_resuming() {
    let controller = single();
    let authority = controller.add_authority("partner");
    let (jwt, papers, place) = (token(&controller, &authority, "ottca"), authority.issue("device-1"), Place::new());
    controller.fault_times(Operation::Enroll, Fault::CloseBeforeAnswer, 1);
    place.enroll_with(&jwt, with(&papers)).unwrap_err();
    Place::new().enroll_with(&jwt, with(&authority.issue("somebody-else"))).unwrap();

    let options = with(&papers).store(Store::file(place.target()));
    let (problem, message) = problem_of(Enrollment::parse(&jwt).unwrap().resume(&options).unwrap_err());

    assert_eq!(problem, Problem::TokenNotKnown);
    assert!(message.contains("it cannot log in") && message.contains("INVALID_ENROLLMENT_TOKEN"), "{message}");
    assert_eq!(place.names(), ["alice.json.pending"]);
}

#[test]
fn only_a_token_that_is_gone_is_a_reason_to_log_in() {
    let controller = single();
    let authority = controller.add_authority("partner");
    let (jwt, papers, place) = (token(&controller, &authority, "ottca"), authority.issue("device-1"), Place::new());
    controller.fault_times(Operation::Enroll, Fault::LostAnswer, 1);
    place.enroll_with(&jwt, with(&papers)).unwrap_err();
    let options = with(&papers).store(Store::file(place.target()));
    let resume = || Enrollment::parse(&jwt).unwrap().resume(&options);
    for (code, expected) in [("ENROLLMENT_EXPIRED", Problem::TokenExpired), ("ELSE", Problem::Refused)] {
        controller.fault_times(Operation::Enroll, crate::network::refusal(400, code), 1);
        assert_eq!(problem_of(resume().unwrap_err()).0, expected);
        assert_eq!(place.names(), ["alice.json.pending"], "{code}");
    }
    assert_eq!(controller.count(Operation::Authenticate), 0);
    logs_in(&resume().unwrap());
}

#[test]
fn a_certificate_that_is_not_valid_by_the_local_clock_is_worth_a_word() {
    let controller = single();
    let jwt = token(&controller, &controller.add_authority("partner"), "ottca");
    let (key, mut params) = (KeyPair::generate().unwrap(), rcgen::CertificateParams::default());
    params.not_before = rcgen::date_time_ymd(2100, 1, 1);
    params.not_after = rcgen::date_time_ymd(2101, 1, 1);
    let certificate = params.self_signed(&key).unwrap().pem();
    let papers = Papers { certificate, key: key.serialize_pem() };
    let told = told_while(|| drop(Place::new().enroll_with(&jwt, with(&papers)).unwrap_err()));
    assert!(told[0].starts_with("the certificate to enroll is valid only from 2100"), "{told:?}");
}

#[test]
fn a_busy_controller_and_a_node_that_lags_behind_are_asked_again() {
    let cluster = TestController::builder().version(Version::V2_0).start().unwrap();
    let authority = cluster.add_authority("partner");
    cluster.fault_times(Operation::Enroll, crate::network::refusal(400, "INVALID_ENROLLMENT_TOKEN"), 1);
    cluster.fault_times(Operation::Enroll, Fault::Status(503), 1);
    Place::new().enroll_with(&token(&cluster, &authority, "ottca"), with(&authority.issue("device-1"))).unwrap();
    assert_eq!(cluster.count(Operation::Enroll), 3);

    let answer = crate::network::json_answer(400, json!({"error": {"code": "CERT_FAILED_VALIDATION"}}));
    cluster.fault_times(Operation::Enroll, answer, 1);
    let error = Place::new().enroll_with(&token(&cluster, &authority, "ca"), with(&authority.issue("device-2")));
    assert_eq!(problem_of(error.unwrap_err()).0, Problem::CertificateRefused);
    assert_eq!(cluster.count(Operation::Enroll), 4, "what is final is not asked again");
}

/// The certificate is valid from now on by the local clock, so it is in the future of a controller that is late.
#[test]
fn it_is_the_clock_of_the_controller_that_judges_a_certificate() {
    for way in WAYS {
        let (early, late) = (single(), single());
        early.advance(THREE_DAYS);
        late.set_back(THREE_DAYS);
        for (controller, is_taken) in [(early, true), (late, false)] {
            let authority = controller.add_authority("partner");
            let jwt = token(&controller, &authority, way);
            let enrolled = Place::new().enroll_with(&jwt, with(&authority.issue("device-1")));
            match enrolled {
                Ok(_) => assert!(is_taken, "{way}"),
                Err(error) => {
                    assert_eq!((is_taken, problem_of(error).0), (false, Problem::CertificateRefused), "{way}")
                }
            }
            assert_eq!(controller.count(Operation::Enroll), 1);
        }
    }
}

#[test]
fn an_answer_that_cannot_be_read_leaves_it_open_whether_it_was_carried_out() {
    let controller = single();
    let authority = controller.add_authority("partner");
    for fault in [Fault::EmptyBody, Fault::Html, Fault::BadJson] {
        controller.fault_times(Operation::Enroll, fault.clone(), 1);
        let (jwt, place) = (token(&controller, &authority, "ottca"), Place::new());
        let papers = authority.issue("device-1");
        let error = place.enroll_with(&jwt, with(&papers)).unwrap_err();
        assert_eq!(problem_of(error).0, Problem::MaybeSpent, "{fault:?}");
        let options = with(&papers).store(Store::file(place.target()));
        logs_in(&Enrollment::parse(&jwt).unwrap().resume(&options).unwrap());
    }
}
