//! Keys in memory.

use ziti_edge_client::{EnrollmentProblem, Error, Identity, KeyChoice, PrivateKey};
use ziti_edge_testkit::{Fault, Operation, Version};

use crate::{Scene, key_of, log_in};

/// Keys that exist, in the forms in which tools write them.
const FORMS: &[(&str, &str)] = &[
    ("P-256 in SEC1, after its parameters", include_str!("../../src/identity/tests/keys/p256-sec1.pem")),
    ("P-384 in PKCS#8", include_str!("../../src/identity/tests/keys/p384.pem")),
    ("Ed25519 in PKCS#8", include_str!("../../src/identity/tests/keys/ed25519.pem")),
    ("RSA in PKCS#1", include_str!("../../src/identity/tests/keys/rsa-pkcs1.pem")),
];

/// The kinds that can be made here.
fn new_keys() -> Vec<KeyChoice> {
    vec![
        KeyChoice::P256,
        KeyChoice::P384,
        KeyChoice::Ed25519,
        #[cfg(feature = "aws-lc-rs")]
        KeyChoice::Rsa { bits: 2048 },
        #[cfg(feature = "aws-lc-rs")]
        KeyChoice::Rsa { bits: 4096 },
    ]
}

#[test]
fn new_keys_of_every_kind_enroll_and_log_in() {
    for (version, key) in Version::ALL.into_iter().flat_map(|version| new_keys().into_iter().map(move |k| (version, k)))
    {
        let scene = Scene::of(version);
        let enrolled = scene.enroll(key.clone()).unwrap_or_else(|error| panic!("{version:?} {key:?}: {error}"));
        let loaded = Identity::load(scene.path()).unwrap();
        assert_eq!(loaded.to_json().expose(), enrolled.to_json().expose(), "{key:?}");
        for identity in [enrolled, loaded] {
            log_in(&identity).unwrap_or_else(|error| panic!("{version:?} {key:?}: {error}"));
        }
    }
}

#[test]
fn keys_that_exist_enroll_and_log_in_and_are_what_the_file_holds() {
    for (form, pem) in FORMS {
        let blocks = pem::parse_many(pem).unwrap();
        let block = blocks.iter().find(|block| block.tag().ends_with("PRIVATE KEY")).unwrap();
        for key in [pem.as_bytes(), block.contents()] {
            let scene = Scene::new();
            scene.enroll(KeyChoice::Existing(PrivateKey::parse(key).unwrap())).unwrap();
            let loaded = Identity::load(scene.path()).unwrap();
            let kept = key_of(loaded.to_json().expose());
            let kept = pem::parse(kept.strip_prefix("pem:").unwrap()).unwrap();
            assert_eq!((kept.tag(), kept.contents()), (block.tag(), block.contents()), "{form}");
            log_in(&loaded).unwrap_or_else(|error| panic!("{form}: {error}"));
        }
    }
}

#[cfg(not(feature = "aws-lc-rs"))]
#[test]
fn a_key_that_cannot_be_made_here_is_an_error_before_anything_else() {
    let scene = Scene::new();
    let error = scene.enroll(KeyChoice::Rsa { bits: 2048 }).unwrap_err();
    assert!(matches!(&error, Error::Unsupported(why) if why.contains("build it with `aws-lc-rs`")), "{error:?}");
    assert_eq!((scene.controller.connections(), scene.files().len()), (0, 0));
}

#[test]
fn a_length_that_no_new_key_has_is_an_error_before_anything_else() {
    for bits in [0, 1024, 2047, 8192] {
        let scene = Scene::new();
        let error = scene.enroll(KeyChoice::Rsa { bits }).unwrap_err();
        assert!(matches!(error, Error::InvalidArgument(_)), "{error:?}");
        assert_eq!((scene.controller.connections(), scene.files().len()), (0, 0));
    }
}

#[test]
fn a_controller_that_refuses_a_kind_of_key_says_so_and_keeps_the_token() {
    let scene = Scene::new();
    let jwt = scene.controller.create_identity("alice");
    let body = r#"{"error": {"code": "COULD_NOT_PROCESS_CSR", "message": "unsupported key"}, "meta": {}}"#;
    let fault = Fault::Body { status: 400, content_type: "application/json".into(), body: body.into() };
    scene.controller.fault_times(Operation::Enroll, fault, 1);

    let error = scene.redeem(&jwt, KeyChoice::Ed25519).unwrap_err();

    assert!(matches!(error, Error::Enrollment { problem: EnrollmentProblem::CsrRefused, .. }), "{error:?}");
    assert_eq!(scene.files(), [""; 0], "the key is of no use");
    log_in(&scene.redeem(&jwt, KeyChoice::P384).unwrap()).unwrap();
}

#[test]
fn a_certificate_for_another_key_is_not_stored() {
    let scene = Scene::new();
    let mallory: serde_json::Value = serde_json::from_str(&scene.controller.enrolled_identity_json("mallory")).unwrap();
    let foreign = mallory["id"]["cert"].as_str().unwrap().trim_start_matches("pem:");
    let body = serde_json::json!({"data": {"cert": foreign}, "meta": {}}).to_string().into_bytes();
    let fault = Fault::Body { status: 200, content_type: "application/json".into(), body };
    scene.controller.fault(Operation::Enroll, fault);
    let key = PrivateKey::parse(FORMS[1].1.as_bytes()).unwrap();

    let error = scene.enroll(KeyChoice::Existing(key)).unwrap_err();

    assert!(matches!(error, Error::Enrollment { problem: EnrollmentProblem::BadCertificate, .. }), "{error:?}");
    assert!(error.to_string().contains("is for another key"), "{error}");
    assert!(Identity::load(scene.path()).is_err());
}
