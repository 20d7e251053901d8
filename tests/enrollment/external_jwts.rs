//! Enrollment by an external JWT: `token`. Controllers have it since 2.0.

use std::time::Duration;

use serde_json::{Value, json};
use ziti_edge_client::{
    Client, EnrollOptions, Enrollment, EnrollmentMethod, EnrollmentProblem as Problem, Error, Identity, Secret, Store,
};
use ziti_edge_testkit::{ExternalSigner, Fault, Operation, TestController, Version};

use crate::network::{json_answer, refusal};
use crate::place::{Place, problem_of};

const OPERATION: Operation = Operation::Named("enrollToken");

/// A controller and its signer, which allows both ways to enroll.
fn network(version: Version) -> (TestController, String) {
    let controller = TestController::builder().version(version).start().unwrap();
    let both = ExternalSigner { enrolls_to_certificate: true, enrolls_to_token: true, ..ExternalSigner::named("idp") };
    let signer = controller.add_external_signer(both);
    (controller, signer)
}

fn of(controller: &TestController, signer: &str, subject: &str) -> EnrollOptions {
    let jwt = controller.external_token(signer, &json!({ "sub": subject })).unwrap();
    EnrollOptions::new().external_jwt(Secret::new(jwt)).ca(controller.ca_pem())
}

fn at(controller: &TestController) -> Enrollment {
    Enrollment::from_url(&controller.url()).unwrap().by(EnrollmentMethod::Token).unwrap()
}

fn enroll(controller: &TestController, place: &Place, options: EnrollOptions) -> Result<Identity, Error> {
    at(controller).enroll(&options.store(Store::file(place.target())))
}

#[test]
fn whoever_holds_a_token_of_the_signer_gets_a_certificate() {
    let (controller, signer) = network(Version::V2_0);
    let place = Place::new();

    let identity = enroll(&controller, &place, of(&controller, &signer, "carol")).unwrap();

    assert_eq!(place.names(), ["alice.json"]);
    assert!(!identity.to_json().expose().contains("eyJ"), "the token is stored nowhere");
    let login = Client::new(&Identity::load(place.target()).unwrap()).unwrap().authenticate().unwrap();
    assert_eq!(login.session().identity_id, controller.identity_id("carol"));
}

#[test]
fn the_request_carries_the_token_in_its_header() {
    let (controller, signer) = network(Version::V2_0);
    let jwt = controller.external_token(&signer, &json!({"sub": "carol"})).unwrap();
    for (to_token, body) in [(false, "{\"clientCsr\":\"-----BEGIN CERTIFICATE REQUEST-----\\n"), (true, "{}")] {
        controller.clear_requests();
        let options = EnrollOptions::new().external_jwt(Secret::new(format!(" {jwt}\n"))).ca(controller.ca_pem());
        let options = if to_token { options.without_certificate() } else { options };
        let _ = at(&controller).enroll(&options);
        let seen = controller.requests();
        let request = seen.iter().find(|seen| seen.operation_id == "enrollToken").unwrap();
        assert_eq!((request.method.as_str(), request.path.as_str()), ("POST", "/edge/client/v1/enroll/token"));
        assert_eq!(request.query, "");
        assert_eq!(request.header("authorization"), Some(&*format!("Bearer {jwt}")));
        assert_eq!(request.header("content-type"), Some("application/json"));
        assert!(request.body.starts_with(body.as_bytes()), "{}", String::from_utf8_lossy(&request.body));
        assert_eq!(request.header("ziti-token-issuer-id"), None);
    }
    controller.clear_requests();
    at(&controller).enroll(&of(&controller, &signer, "dave").signer_id("s1")).unwrap_err();
    let seen = controller.requests();
    let request = seen.iter().find(|seen| seen.operation_id == "enrollToken").unwrap();
    assert_eq!(request.header("ziti-token-issuer-id"), Some("s1"));
}

#[test]
fn without_a_certificate_the_identity_logs_in_by_such_tokens() {
    let (controller, signer) = network(Version::V2_0);
    let place = Place::new();
    let options = of(&controller, &signer, "carol").without_certificate();
    let identity = enroll(&controller, &place, options).unwrap();
    assert!(controller.identity_id("carol").is_some());
    assert!(identity.describe().certificate.is_none());
    let file: Value = serde_json::from_slice(&place.read("alice.json")).unwrap();
    assert_eq!(file["id"].as_object().unwrap().keys().collect::<Vec<_>>(), ["ca"]);
}

#[test]
fn older_controllers_cannot_and_nothing_is_left_behind() {
    for version in [Version::V1_3, Version::V1_6] {
        let (controller, signer) = network(version);
        let place = Place::new();
        let error = enroll(&controller, &place, of(&controller, &signer, "carol")).unwrap_err();
        let named = matches!(&error, Error::Unsupported(why) if why.contains("since 2.0"));
        assert!(named, "{version:?}: {error:?}");
        assert_eq!(place.names(), [""; 0]);
    }
}

#[test]
fn a_token_that_is_none_is_refused_before_anybody_is_asked() {
    let (controller, _) = network(Version::V2_0);
    let long = "x".repeat(20_000);
    for (jwt, reason) in [
        ("", "is empty"),
        (" \n", "is empty"),
        ("a b", "other characters"),
        ("a\r\nb: c", "other"),
        ("é", "other"),
        (&*long, "more than 16384 bytes"),
    ] {
        let options = EnrollOptions::new().external_jwt(Secret::new(jwt)).ca(controller.ca_pem());
        let error = at(&controller).enroll(&options).unwrap_err();
        assert!(matches!(&error, Error::InvalidArgument(why) if why.contains(reason)), "{error:?}");
    }
    assert_eq!(controller.connections(), 0);
}

#[test]
fn what_the_controller_refuses_is_told_and_leaves_nothing_behind() {
    let (controller, signer) = network(Version::V2_0);
    for (fault, expected) in [
        (refusal(400, "INVALID_ENROLLMENT_TOKEN"), Problem::ExternalJwtRefused),
        (refusal(409, "INVALID_ENROLLMENT_NOT_ALLOWED"), Problem::NotAllowed),
        (refusal(409, "ENROLLMENT_IDENTITY_ALREADY_ENROLLED"), Problem::AlreadyEnrolled),
        (refusal(410, "INVALID_ENROLLMENT_ALREADY_ENROLLED"), Problem::AlreadyEnrolled),
        (refusal(400, "COULD_NOT_PROCESS_CSR"), Problem::CsrRefused),
        (refusal(602, "COULD_NOT_VALIDATE"), Problem::Refused),
    ] {
        controller.fault_times(OPERATION, fault, 1);
        let place = Place::new();
        let before = controller.count(OPERATION);
        let error = enroll(&controller, &place, of(&controller, &signer, "carol")).unwrap_err();
        assert_eq!(problem_of(error).0, expected);
        assert_eq!(
            (controller.count(OPERATION), place.names().len()),
            (before + 1, 0),
            "asked once, even of a cluster"
        );
    }
}

#[test]
fn the_signer_says_which_way_it_allows_and_whom_it_knows() {
    let controller = TestController::builder().version(Version::V2_0).start().unwrap();
    let signer = controller.add_external_signer(ExternalSigner::named("neither"));
    for options in [of(&controller, &signer, "carol"), of(&controller, &signer, "carol").without_certificate()] {
        assert_eq!(problem_of(at(&controller).enroll(&options).unwrap_err()).0, Problem::NotAllowed);
    }
    let (other, foreign) = network(Version::V2_0);
    let stranger = other.external_token(&foreign, &json!({"sub": "carol"})).unwrap();
    let options = EnrollOptions::new().external_jwt(Secret::new(stranger.clone())).ca(controller.ca_pem());
    let error = at(&controller).enroll(&options).unwrap_err();
    assert!(!format!("{error:?}").contains(&stranger), "{error:?}");
    assert_eq!(problem_of(error).0, Problem::ExternalJwtRefused);
}

#[test]
fn nobody_enrolls_twice() {
    let (controller, signer) = network(Version::V2_0);
    enroll(&controller, &Place::new(), of(&controller, &signer, "carol")).unwrap();
    let error = enroll(&controller, &Place::new(), of(&controller, &signer, "carol")).unwrap_err();
    assert_eq!(problem_of(error).0, Problem::AlreadyEnrolled);
}

#[test]
fn an_answer_that_was_lost_is_found_out_where_nothing_was_issued() {
    for (to_token, fault, stored) in [
        (true, Fault::LostAnswer, true),
        (true, Fault::CloseBeforeAnswer, true),
        (false, Fault::CloseBeforeAnswer, true),
        (false, Fault::LostAnswer, false),
    ] {
        let (controller, signer) = network(Version::V2_0);
        let place = Place::new();
        let options = || {
            let options = of(&controller, &signer, "carol");
            if to_token { options.without_certificate() } else { options }
        };
        controller.fault_times(OPERATION, fault.clone(), 1);
        assert_eq!(problem_of(enroll(&controller, &place, options()).unwrap_err()).0, Problem::MaybeSpent);
        let again = enroll(&controller, &place, options()).unwrap_err();
        assert_eq!((problem_of(again).0, controller.count(OPERATION)), (Problem::MaybeSpent, 1));

        let resumed = at(&controller).resume(&options().store(Store::file(place.target())));

        assert_eq!(resumed.is_ok(), stored, "{to_token} {fault:?}: {resumed:?}");
        match resumed {
            Ok(_) => assert_eq!(place.names(), ["alice.json"]),
            Err(error) => {
                assert_eq!(problem_of(error).0, Problem::AlreadyEnrolled);
                assert_eq!(place.names(), ["alice.json.pending"]);
            }
        }
    }
}

#[test]
fn a_network_token_leads_there_as_well() {
    let (controller, signer) = network(Version::V2_0);
    let jwt = crate::network::token_with(&controller, json!({"em": "network", "exp": null}));
    let external = controller.external_token(&signer, &json!({"sub": "carol"})).unwrap();
    let options = EnrollOptions::new().external_jwt(Secret::new(external));
    let identity = Enrollment::parse(&jwt).unwrap().by(EnrollmentMethod::Token).unwrap().enroll(&options).unwrap();
    Client::new(&identity).unwrap().authenticate().unwrap();
}

#[test]
fn an_identity_of_the_network_leads_there_as_well() {
    let (controller, signer) = network(Version::V2_0);
    let ca = EnrollOptions::new().ca(controller.ca_pem());
    let nobody = Enrollment::from_url(&controller.url()).unwrap().enroll(&ca).unwrap();
    let external = controller.external_token(&signer, &json!({"sub": "carol"})).unwrap();
    let options = EnrollOptions::new().external_jwt(Secret::new(external));
    let door = Enrollment::from_identity(&nobody).unwrap().by(EnrollmentMethod::Token).unwrap();
    Client::new(&door.enroll(&options).unwrap()).unwrap().authenticate().unwrap();

    let (stranger, _) = network(Version::V2_0);
    let mut file: Value = serde_json::from_str(nobody.to_json().expose()).unwrap();
    file["ztAPI"] = stranger.api_url().into();
    let misled = Identity::from_json(&file.to_string()).unwrap();
    let error = Enrollment::from_identity(&misled).unwrap().enroll(&EnrollOptions::new()).unwrap_err();
    assert!(matches!(error, Error::Tls { .. }), "{error:?}");
    assert_eq!(stranger.requests().len(), 0);
}

#[test]
fn an_answer_without_a_certificate_is_told_as_what_it_is() {
    let (controller, signer) = network(Version::V2_0);
    controller.fault_times(OPERATION, json_answer(200, json!({"data": {}, "meta": {}})), 1);
    let place = Place::new();
    let error = enroll(&controller, &place, of(&controller, &signer, "carol")).unwrap_err();
    assert_eq!(problem_of(error).0, Problem::BadCertificate);
    assert_eq!(place.names(), ["alice.json.pending"]);
}

#[test]
fn clocks_that_are_three_days_apart_do_not_matter() {
    for move_clock in [TestController::advance, TestController::set_back] {
        let (controller, signer) = network(Version::V2_0);
        move_clock(&controller, Duration::from_secs(3 * 24 * 3600));
        enroll(&controller, &Place::new(), of(&controller, &signer, "carol")).unwrap();
    }
}
