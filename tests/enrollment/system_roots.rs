//! Controllers for which the system's roots vouch. Those are named by the environment, so each of these stories runs in
//! a process of its own.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use ziti_edge_client::{
    Client, EnrollOptions, Enrollment, EnrollmentProblem as Problem, Error, Identity, Secret, Store,
};
use ziti_edge_testkit::{Fault, IdentityOptions, Operation, TestController, Version};

use crate::network::{json_answer, named, single, token_with};
use crate::place::{Place, problem_of};
use crate::trust::{bundle, foreign_bundle};

/// Names the file with the system's roots; set in the process of the story.
const ROOTS: &str = "ZEC_TEST_SYSTEM_ROOTS";

/// Runs the story in a process whose system has the roots that it writes into the file.
fn alone(test: &str, story: fn(&Path)) {
    if let Some(roots) = std::env::var_os(ROOTS) {
        return story(Path::new(&roots));
    }
    let folder = tempfile::tempdir().unwrap();
    let roots = folder.path().join("roots.pem");
    let mut again = Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", &format!("system_roots::{test}"), "--nocapture"]).env_remove("SSL_CERT_DIR");
    let output = again.envs([(OsStr::new(ROOTS), &roots), (OsStr::new("SSL_CERT_FILE"), &roots)]).output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && told.contains("1 passed"), "{told}");
}

fn trusting() -> EnrollOptions {
    EnrollOptions::new().trust_system_roots(true)
}

fn password(controller: &TestController) -> String {
    controller.create_identity_with(IdentityOptions { method: "updb".to_owned(), ..named("alice") }).jwt
}

/// The ways in which a controller says that there are no CA certificates.
fn no_bundle() -> Vec<Fault> {
    let nothing = json_answer(404, json!({"error": {"code": "NOT_FOUND"}, "meta": {}}));
    // A PKCS#7 with a set of no certificates.
    let empty = "MCUGCSqGSIb3DQEHAqAYMBYCAQExADALBgkqhkiG9w0BBwGgADEA";
    vec![nothing, bundle(""), bundle(" \n"), bundle(empty)]
}

#[test]
fn a_network_without_a_bundle_is_enrolled_in_where_the_systems_roots_vouch() {
    alone("a_network_without_a_bundle_is_enrolled_in_where_the_systems_roots_vouch", |roots| {
        for (version, fault) in Version::ALL.into_iter().flat_map(|of| no_bundle().into_iter().map(move |f| (of, f))) {
            let controller = TestController::builder().version(version).start().unwrap();
            std::fs::write(roots, controller.ca_pem()).unwrap();
            controller.fault(Operation::CaCerts, fault.clone());
            let (jwt, place) = (controller.create_identity("alice"), Place::new());

            match place.enroll(&jwt).unwrap_err() {
                Error::Api(answer) => assert_eq!(answer.status, 404),
                error => assert_eq!(problem_of(error).0, Problem::CaBundle, "{fault:?}"),
            }
            assert_eq!((controller.count(Operation::Enroll), place.names().len()), (0, 0));

            place.enroll_with(&jwt, trusting()).unwrap_or_else(|error| panic!("{version:?} {fault:?}: {error}"));

            assert_eq!(place.names(), ["alice.json"], "{version:?} {fault:?}");
            let file: Value = serde_json::from_slice(&place.read("alice.json")).unwrap();
            assert_eq!(file["id"].as_object().unwrap().keys().collect::<Vec<_>>(), ["cert", "key"]);
            let loaded = Identity::load(place.target()).unwrap();
            Client::builder(&loaded).trust_system_roots(true).build().unwrap().authenticate().unwrap();
            let refused = Client::new(&loaded).unwrap_err().to_string();
            assert!(refused.contains("trust_system_roots"), "{refused}");
        }
    });
}

#[test]
fn a_certificate_for_another_key_is_found_out_without_a_bundle_as_well() {
    alone("a_certificate_for_another_key_is_found_out_without_a_bundle_as_well", |roots| {
        let controller = single();
        std::fs::write(roots, controller.ca_pem()).unwrap();
        controller.fault(Operation::CaCerts, bundle(""));
        let foreign = crate::network::foreign_certificate(&controller);
        controller.fault(Operation::Enroll, json_answer(200, json!({"data": {"cert": foreign}, "meta": {}})));
        let place = Place::new();
        let error = place.enroll_with(&controller.create_identity("alice"), trusting()).unwrap_err();
        assert_eq!(problem_of(error).0, Problem::BadCertificate);
        assert_eq!(place.names(), ["alice.json.pending"]);
    });
}

#[test]
fn a_bundle_that_does_not_vouch_for_a_controller_is_stored_where_the_systems_roots_do() {
    alone("a_bundle_that_does_not_vouch_for_a_controller_is_stored_where_the_systems_roots_do", |roots| {
        let (controller, network) = (single(), single());
        std::fs::write(roots, controller.ca_pem()).unwrap();
        controller.announce_authorities_of(&[&network]);
        let options = |options: EnrollOptions| options.username("alice").password(Secret::new("open sesame"));
        let (jwt, place) = (password(&controller), Place::new());

        let refused = place.enroll_with(&jwt, options(EnrollOptions::new())).unwrap_err();
        assert_eq!(problem_of(refused).0, Problem::CaBundle);
        assert_eq!((controller.count(Operation::Enroll), place.names().len()), (0, 0));
        place.enroll_with(&jwt, options(trusting())).unwrap();

        let file: Value = serde_json::from_slice(&place.read("alice.json")).unwrap();
        assert_eq!(file["id"], json!({"ca": format!("pem:{}", crate::network::reordered_ca(&network))}));
    });
}

#[test]
fn roots_that_vouch_for_somebody_else_spend_nothing() {
    alone("roots_that_vouch_for_somebody_else_spend_nothing", |roots| {
        let controller = single();
        std::fs::write(roots, single().ca_pem()).unwrap();
        for fault in no_bundle().into_iter().chain([bundle(foreign_bundle()), bundle("junk !"), bundle("MAA=")]) {
            controller.fault(Operation::CaCerts, fault.clone());
            let network = token_with(&controller, json!({"em": "network", "exp": null}));
            for jwt in [controller.create_identity("alice"), network] {
                let place = Place::new();
                let (problem, message) = problem_of(place.enroll_with(&jwt, trusting()).unwrap_err());
                assert_eq!(problem, Problem::CaBundle, "{fault:?}: {message}");
                assert_eq!((controller.count(Operation::Enroll), place.names().len()), (0, 0), "{fault:?}");
            }
        }
    });
}

#[test]
fn a_bundle_that_cannot_be_read_is_not_the_same_as_none() {
    alone("a_bundle_that_cannot_be_read_is_not_the_same_as_none", |roots| {
        let controller = single();
        std::fs::write(roots, controller.ca_pem()).unwrap();
        let jwt = controller.create_identity("alice");
        for fault in [bundle("junk !"), bundle("MAA="), Fault::Html] {
            controller.fault(Operation::CaCerts, fault.clone());
            let place = Place::new();
            let error = place.enroll_with(&jwt, trusting()).unwrap_err();
            assert_eq!(problem_of(error).0, Problem::CaBundle, "{fault:?}");
            assert_eq!((controller.count(Operation::Enroll), place.names().len()), (0, 0), "{fault:?}");
        }
        controller.fault(Operation::CaCerts, Fault::Status(500));
        let error = Place::new().enroll_with(&jwt, trusting()).unwrap_err();
        assert!(matches!(error, Error::Api(_)), "{error:?}");
    });
}

/// Whoever names a CA does not ask the system.
#[test]
fn the_systems_roots_do_not_vouch_for_an_address_where_a_ca_is_named() {
    alone("the_systems_roots_do_not_vouch_for_an_address_where_a_ca_is_named", |roots| {
        let (controller, other) = (single(), single());
        std::fs::write(roots, controller.ca_pem()).unwrap();
        let at = |options: EnrollOptions| Enrollment::from_url(&controller.url()).unwrap().enroll(&options);
        let error = at(EnrollOptions::new().ca(other.ca_pem())).unwrap_err();
        assert!(matches!(error, Error::Tls { .. }), "{error:?}");
        assert_eq!(controller.requests().len(), 0);
        at(trusting().ca(other.ca_pem())).expect("unless both are asked");
    });
}

#[test]
fn the_systems_roots_vouch_for_an_address() {
    alone("the_systems_roots_vouch_for_an_address", |roots| {
        for version in Version::ALL {
            let controller = TestController::builder().version(version).start().unwrap();
            let at = |place: &Place, options: EnrollOptions| {
                let options = options.store(Store::file(place.target()));
                Enrollment::from_url(&controller.url()).unwrap().enroll(&options)
            };
            std::fs::write(roots, single().ca_pem()).unwrap();
            let place = Place::new();
            let error = at(&place, EnrollOptions::new()).unwrap_err();
            assert!(matches!(error, Error::Tls { .. }), "{error:?}");
            assert_eq!((controller.requests().len(), place.names().len()), (0, 0));

            std::fs::write(roots, controller.ca_pem()).unwrap();
            at(&place, EnrollOptions::new()).unwrap();
            let file: Value = serde_json::from_slice(&place.read("alice.json")).unwrap();
            assert_eq!(file["id"], json!({"ca": format!("pem:{}", crate::network::reordered_ca(&controller))}));

            controller.fault(Operation::CaCerts, bundle(""));
            let place = Place::new();
            assert_eq!(problem_of(at(&place, EnrollOptions::new()).unwrap_err()).0, Problem::CaBundle);
            at(&place, trusting()).unwrap();
            let file: Value = serde_json::from_slice(&place.read("alice.json")).unwrap();
            assert_eq!((&file["id"], &file["ztAPI"]), (&json!({}), &json!(controller.api_url())), "{version:?}");
        }
    });
}
