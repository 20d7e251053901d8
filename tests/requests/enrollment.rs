//! The raw enrollment operations: one request each, without a login, never repeated.

use ziti_edge_client::api::enrollment::EnrollBody;
use ziti_edge_client::{Client, EnrollmentMethod, Error, Secret};
use ziti_edge_testkit::{Fault, Operation, TestController};

use crate::support::{answer, builder, client, controller};
use crate::{VERSIONS, request_of, text, with_body};

/// What goes out with a body, from who has a login already.
fn check(controller: &TestController, client: &Client, line: &str, body: (&str, &str), call: &dyn Fn(&Client)) {
    let sent = request_of(controller, client, call);
    let line = format!("POST /edge/client/v1{line} with certificate");
    assert_eq!(sent, with_body(controller, &line, body.0, body.1, None), "{:?}", controller.version());
}

const JSON: &str = "application/json";
const TEXT: &str = "text/plain";

#[test]
fn each_operation_sends_what_the_document_says() {
    let token = &Secret::new("a b&c");
    let password = &Secret::new("p\"<é");
    for version in VERSIONS {
        let controller = controller(version, 0);
        let client = client(&controller);
        client.authenticate().unwrap();
        let check = |line: &str, body: &str, call: &dyn Fn(&Client)| {
            check(&controller, &client, line, (JSON, body), call);
        };
        check("/enroll/ott", r#"{"token":"a b&c","clientCsr":"c\ns\nr"}"#, &|client| {
            drop(client.enrollments().ott(token, "c\ns\nr"));
        });
        check("/enroll/ottca", r#"{"token":"a b&c"}"#, &|client| drop(client.enrollments().ottca(token)));
        check("/enroll/updb?token=a%20b%26c", r#"{"username":"ä","password":"p\"<é"}"#, &|client| {
            drop(client.enrollments().updb(token, "ä", password));
        });
        check("/enroll/erott", r#"{"token":"a b&c","clientCsr":"1","serverCsr":"2"}"#, &|client| {
            drop(client.enrollments().erott(token, "1", "2"));
        });
        check("/enroll/extend/router", r#"{"certCsr":"1","serverCertCsr":"2"}"#, &|client| {
            drop(client.enrollments().extend_router("1", "2"));
        });
        check("/enroll/challenge", r#"{"nonce":"n","keyId":"k"}"#, &|client| {
            drop(client.enrollments().challenge("n", "k"));
        });
    }
}

#[test]
fn the_generic_form_sends_a_request_by_itself_or_json_or_nothing() {
    let token = &Secret::new("t");
    let password = &Secret::new("p");
    for version in VERSIONS {
        let controller = controller(version, 0);
        let client = client(&controller);
        client.authenticate().unwrap();
        let check = |line: &str, body: (&str, &str), call: &dyn Fn(&Client)| {
            check(&controller, &client, line, body, call);
        };
        check("/enroll?method=ott&token=t", (TEXT, "csr"), &|client| {
            drop(client.enrollments().enroll(EnrollmentMethod::Ott, Some(token), &EnrollBody::new().csr("csr")));
        });
        check("/enroll?method=ca", (TEXT, ""), &|client| {
            drop(client.enrollments().enroll(EnrollmentMethod::Ca, None, &EnrollBody::new()));
        });
        check("/enroll?method=updb&token=t", (JSON, r#"{"username":"u","password":"p"}"#), &|client| {
            let body = EnrollBody::new().username("u").password(password);
            drop(client.enrollments().enroll(EnrollmentMethod::Updb, Some(token), &body));
        });
        check("/enroll?method=erott&token=t", (JSON, r#"{"certCsr":"1","serverCertCsr":"2"}"#), &|client| {
            let body = EnrollBody::new().cert_csr("1").server_cert_csr("2");
            drop(client.enrollments().enroll(EnrollmentMethod::ErOtt, Some(token), &body));
        });
        controller.clear_requests();
        let both = EnrollBody::new().csr("csr").name("name");
        assert!(matches!(
            client.enrollments().enroll(EnrollmentMethod::Ca, None, &both),
            Err(Error::InvalidArgument(_))
        ));
        for other in [EnrollmentMethod::Network, EnrollmentMethod::Token] {
            // A controller that takes it for another method would spend the token.
            let error = client.enrollments().enroll(other, Some(token), &EnrollBody::new().csr("csr")).unwrap_err();
            assert!(matches!(&error, Error::InvalidArgument(text) if text.contains("expected ott")), "{error}");
        }
        assert!(controller.requests().is_empty());
    }
}

#[test]
fn an_external_token_goes_out_as_a_header() {
    let controller = controller(VERSIONS[2], 0);
    let client = client(&controller);
    client.controller().root().unwrap();
    let jwt = &Secret::new("e.y.J");
    let line = "POST /edge/client/v1/enroll/token with certificate";
    let sent = request_of(&controller, &client, |client| drop(client.enrollments().token(jwt, Some("csr"), None)));
    let expected = with_body(&controller, line, JSON, r#"{"clientCsr":"csr"}"#, None);
    assert_eq!(sent, expected.replace("content-length", "authorization: Bearer e.y.J\ncontent-length"));
    let sent = request_of(&controller, &client, |client| drop(client.enrollments().token(jwt, None, Some("id"))));
    let expected = with_body(&controller, line, JSON, "{}", None);
    let expected = expected.replace("content-length", "authorization: Bearer e.y.J\ncontent-length");
    assert_eq!(sent, expected.replace("\n{}", "\nziti-token-issuer-id: id\n{}"));
}

#[test]
fn an_enrollment_by_certificate_says_that_it_has_no_body() {
    let controller = controller(VERSIONS[2], 0);
    let client = client(&controller);
    client.controller().root().unwrap();
    let sent = request_of(&controller, &client, |client| drop(client.enrollments().ca()));
    assert!(sent.starts_with("POST /edge/client/v1/enroll/ca with certificate\n"), "{sent}");
    assert!(sent.contains("\ncontent-length: 0\n") && !sent.contains("content-type"), "{sent}");
}

#[test]
fn a_request_that_may_have_spent_the_token_is_never_repeated() {
    let controller = controller(VERSIONS[2], 0);
    let client = builder(&controller).timeout(std::time::Duration::from_millis(700)).build().unwrap();
    let token = &Secret::new("t");
    for fault in [Fault::CloseBeforeAnswer, Fault::Reset, Fault::Truncate, Fault::Status(502), answer(503, "later")] {
        client.controller().root().unwrap();
        controller.fault_times(Operation::Enroll, fault.clone(), 1);
        controller.clear_requests();
        client.enrollments().ott(token, "csr").unwrap_err();
        let sent: Vec<String> = controller.requests().iter().map(text).collect();
        assert_eq!(sent.len(), 1, "{fault:?}: {sent:?}");
    }
}

#[test]
fn what_a_refusal_repeats_of_a_secret_is_in_no_error() {
    let controller = controller(VERSIONS[2], 0);
    let client = client(&controller);
    let (token, password) = (&Secret::new("canary-token"), &Secret::new("can\"ary<word"));
    let refusal = r#"{"error":{"code":"COULD_NOT_VALIDATE","message":"can\"ary\u003cword canary-token","cause":
        {"field":"updbCredentials.password","reason":"too short","value":"can\"ary\u003cword"}}}"#;
    controller.fault(Operation::Enroll, answer(400, refusal));
    let body = EnrollBody::new().password(password);
    for error in [
        client.enrollments().updb(token, "alice", password).unwrap_err(),
        client.enrollments().enroll(EnrollmentMethod::Updb, Some(token), &body).unwrap_err(),
    ] {
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("ary") && shown.contains("COULD_NOT_VALIDATE"), "{shown}");
        assert!(shown.contains("updbCredentials.password"), "{shown}");
    }
    for error in [
        client.enrollments().ott(token, "csr").unwrap_err(),
        client.enrollments().ottca(token).unwrap_err(),
        client.enrollments().erott(token, "csr", "csr").unwrap_err(),
        client.enrollments().token(token, None, None).unwrap_err(),
    ] {
        assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
    }
}
