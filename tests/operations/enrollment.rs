//! The raw enrollment operations: who enrolls can log in, and what a version does not have is an error that says so.

use ziti_edge_client::api::enrollment::{EnrollBody, Enrolled};
use ziti_edge_client::{Client, EnrollmentMethod, Error, Secret};
use ziti_edge_testkit::{Created, ExternalSigner, IdentityOptions, TestController, Version};

use crate::status_and_code;
use crate::support::{client, client_of, controller, csr};

fn created(controller: &TestController, method: &str) -> Created {
    let method = method.to_owned();
    controller.create_identity_with(IdentityOptions { name: "bob".to_owned(), method, ..IdentityOptions::default() })
}

fn token(created: &Created) -> Secret {
    Secret::new(created.token.clone())
}

/// Somebody with this certificate logs in as the identity that was enrolled.
fn logs_in(controller: &TestController, enrolled: &Enrolled, key: &str) {
    let client = client_of(controller, enrolled.cert.as_deref().expect("a certificate"), key);
    assert_eq!(client.authenticate().unwrap().session().identity_name.as_deref(), Some("bob"));
}

fn code(code: &str) -> (u16, String) {
    (400, code.to_owned())
}

#[test]
fn a_certificate_is_issued_for_a_one_time_token() {
    for version in Version::ALL {
        let controller = controller(version, 0);
        let client = client(&controller);
        let (csr, key) = csr("bob");
        let once = token(&created(&controller, "ott"));
        let enroll = || client.enrollments().enroll(EnrollmentMethod::Ott, Some(&once), &EnrollBody::new().csr(&csr));
        logs_in(&controller, &enroll().unwrap(), &key);
        assert_eq!(status_and_code(enroll()), code("INVALID_ENROLLMENT_TOKEN"), "{version:?}: it is spent");
        let unusable = token(&created(&controller, "ott"));
        let refused =
            client.enrollments().enroll(EnrollmentMethod::Ott, Some(&unusable), &EnrollBody::new().csr("no request"));
        assert_eq!(status_and_code(refused), code("COULD_NOT_PROCESS_CSR"));

        let outcome = client.enrollments().ott(&token(&created(&controller, "ott")), &csr);
        match version {
            Version::V1_3 => {
                assert_eq!(status_and_code(outcome), code("INVALID_ENROLLMENT_TOKEN"), "not found in the body")
            }
            Version::V1_6 | Version::V2_0 => logs_in(&controller, &outcome.unwrap(), &key),
        }
        assert_eq!(status_and_code(client.enrollments().ott(&Secret::new("x"), &csr)).1, "INVALID_ENROLLMENT_TOKEN");
        let json = EnrollBody::new().client_csr(&csr);
        let outcome =
            client.enrollments().enroll(EnrollmentMethod::Ott, Some(&token(&created(&controller, "ott"))), &json);
        assert_eq!(outcome.is_ok(), version != Version::V1_3, "{outcome:?}");
    }
}

#[test]
fn a_certificate_of_an_authority_is_taken() {
    for version in Version::ALL {
        let controller = controller(version, 0);
        let authority = controller.add_authority("partner");
        let somebody = |name: &str| {
            let papers = authority.issue(name);
            client_of(&controller, &papers.certificate, &papers.key)
        };
        let owner = somebody("bob");
        let once = token(&created(&controller, "ottca"));
        let enrolled = owner.enrollments().enroll(EnrollmentMethod::OttCa, Some(&once), &EnrollBody::new()).unwrap();
        assert_eq!(enrolled, Enrolled::default(), "{version:?}");
        owner.authenticate().unwrap();

        let other = somebody("carol");
        let outcome = other.enrollments().ottca(&token(&created(&controller, "ottca")));
        match version {
            Version::V1_3 => {
                assert_eq!(status_and_code(outcome), code("INVALID_ENROLLMENT_TOKEN"), "not found in the body")
            }
            Version::V1_6 | Version::V2_0 => outcome.and_then(|()| other.authenticate().map(drop)).unwrap(),
        }
        let ours = client(&controller).enrollments().ottca(&token(&created(&controller, "ottca")));
        let wrong = if version == Version::V1_3 { "INVALID_ENROLLMENT_TOKEN" } else { "CERTIFICATE_FAILED_VALIDATION" };
        assert_eq!(status_and_code(ours), code(wrong), "of the network, not of the authority");

        let third = somebody("dave");
        assert!(status_and_code(third.enrollments().ca()).0 >= 400, "{version:?}: broken everywhere");
        third.enrollments().enroll(EnrollmentMethod::Ca, None, &EnrollBody::new().name("dave")).unwrap();
        third.authenticate().unwrap();
        let again = third.enrollments().enroll(EnrollmentMethod::Ca, None, &EnrollBody::new());
        assert_eq!(status_and_code(again), (409, "CERT_IN_USE".to_owned()));
    }
}

#[test]
fn a_password_is_set_for_the_name_of_the_enrollment() {
    let password = Secret::new("Passw0rd!");
    for version in Version::ALL {
        let controller = controller(version, 0);
        let client = client(&controller);
        let named = (version != Version::V1_3).then_some("bob");
        let body = EnrollBody::new().username("chosen").password(&password);
        let once = token(&created(&controller, "updb"));
        let enrolled = client.enrollments().enroll(EnrollmentMethod::Updb, Some(&once), &body).unwrap();
        assert_eq!(enrolled.username.as_deref(), named, "{version:?}");

        let once = token(&created(&controller, "updb"));
        let short = client.enrollments().updb(&once, "chosen", &Secret::new("abc"));
        let error = short.unwrap_err();
        assert!(!format!("{error:?}").contains("abc"), "{error:?}");
        assert_eq!(error.answer().unwrap().cause_field().as_deref(), Some("updbCredentials.password"));
        match (client.enrollments().updb(&once, "chosen", &password), version) {
            (Err(error), Version::V1_3) => {
                let text = error.to_string();
                assert!(matches!(error, Error::Unsupported(_)), "{text}");
                assert!(text.starts_with("POST /enroll/updb: not implemented by this controller"), "{text}");
            }
            (outcome, _) => assert_eq!(outcome.unwrap().username.as_deref(), named),
        }
    }
}

/// A router, its key and what it got.
fn router(controller: &TestController, client: &Client) -> (Enrolled, String, String) {
    let created = controller.create_router();
    let (csr, key) = csr(&created.id);
    let body = EnrollBody::new().cert_csr(&csr).server_cert_csr(&csr);
    (client.enrollments().enroll(EnrollmentMethod::ErOtt, Some(&token(&created)), &body).unwrap(), csr, key)
}

#[test]
fn a_router_enrolls_and_renews_its_certificates() {
    for version in Version::ALL {
        let controller = controller(version, 0);
        let client = client(&controller);
        let (enrolled, csr, key) = router(&controller, &client);
        let Enrolled { cert: Some(cert), ca: Some(_), server_cert: Some(_), .. } = &enrolled else {
            panic!("{version:?}: {enrolled:?}");
        };
        let renewed = client_of(&controller, cert, &key).enrollments().extend_router(&csr, &csr).unwrap();
        assert!(renewed.cert.is_some() && renewed.server_cert.is_some() && renewed.ca.is_none(), "{version:?}");
        let by_identity = client.enrollments().extend_router(&csr, &csr);
        assert!(matches!(&by_identity, Err(Error::Unauthorized(_))), "{by_identity:?}");
        assert_eq!(status_and_code(by_identity).1, "UNAUTHORIZED");
        let lost = client.enrollments().erott(&token(&controller.create_router()), &csr, &csr);
        let expected = if version == Version::V1_3 { "INVALID_ENROLLMENT_TOKEN" } else { "MISSING_OR_INVALID_CSR" };
        assert_eq!(status_and_code(lost), code(expected), "broken everywhere");
    }
}

#[test]
fn the_holder_of_an_external_token_becomes_an_identity_since_2_0() {
    for version in Version::ALL {
        let controller = controller(version, 0);
        let client = client(&controller);
        let signer =
            ExternalSigner { enrolls_to_token: true, enrolls_to_certificate: true, ..ExternalSigner::named("idp") };
        let signer = controller.add_external_signer(signer);
        let of =
            |sub: &str| Secret::new(controller.external_token(&signer, &serde_json::json!({ "sub": sub })).unwrap());
        let (csr, key) = csr("bob");
        let outcome = client.enrollments().token(&of("bob"), Some(&csr), None);
        match version {
            Version::V1_3 => assert_eq!(status_and_code(outcome), (404, "NOT_FOUND".to_owned())),
            Version::V1_6 => assert!(matches!(outcome, Err(Error::Unsupported(_))), "{outcome:?}"),
            Version::V2_0 => {
                logs_in(&controller, &outcome.unwrap(), &key);
                assert_eq!(client.enrollments().token(&of("carol"), None, None).unwrap(), Enrolled::default());
                let again = client.enrollments().token(&of("carol"), None, None);
                assert_eq!(status_and_code(again), (409, "ENROLLMENT_IDENTITY_ALREADY_ENROLLED".to_owned()));
                let strange = client.enrollments().token(&Secret::new("e.y.J"), None, None);
                assert_eq!(status_and_code(strange), code("INVALID_ENROLLMENT_TOKEN"));
            }
        }
    }
}

#[test]
fn no_controller_proves_itself_at_an_enrollment() {
    for version in Version::ALL {
        let controller = controller(version, 0);
        let client = client(&controller);
        for (operation, outcome) in [
            ("GET /enroll/jwks", client.enrollments().jwks().map(drop)),
            ("POST /enroll/challenge", client.enrollments().challenge("nonce", "key").map(drop)),
        ] {
            let error = outcome.unwrap_err();
            assert!(matches!(error, Error::Unsupported(_)), "{error:?}");
            let expected = format!("{operation}: not implemented by this controller: operation enroll.");
            assert!(error.to_string().starts_with(&expected), "{error}");
        }
    }
}
