//! The second factor: codes go into bodies and a header, and nowhere else.

use ziti_edge_client::{Client, Secret};

use crate::support::controller;
use crate::{VERSIONS, logged_in, plain, request_of, text, with_body};

fn code() -> Secret {
    Secret::new("12\"456")
}

const BODY: &str = r#"{"code":"12\"456"}"#;
const PATH: &str = "/edge/client/v1/current-identity/mfa";

#[test]
fn a_code_for_the_login_is_one_post_in_its_session() {
    for version in VERSIONS {
        let controller = controller(version, 0);
        let (client, token) = logged_in(&controller);
        let line = "POST /edge/client/v1/authenticate/mfa with certificate";
        let sent = request_of(&controller, &client, |client| drop(client.authenticate_mfa(&code())));
        assert_eq!(sent, with_body(&controller, line, "application/json", BODY, Some(&token)), "{version:?}");
    }
}

#[test]
fn a_code_that_was_taken_is_followed_by_one_question() {
    for version in VERSIONS {
        let controller = controller(version, 0);
        let (client, token) = logged_in(&controller);
        client.mfa().enroll().unwrap();
        let right = controller.totp_code(&controller.identity_id("alice").unwrap()).unwrap();
        let body = format!(r#"{{"code":"{right}"}}"#);
        let question = plain(&controller, "GET /edge/client/v1/current-api-session with certificate", Some(&token));
        let calls: [(&str, &dyn Fn()); 2] = [
            ("POST /edge/client/v1/current-identity/mfa/verify", &|| {
                client.mfa().verify(&Secret::new(&*right)).unwrap()
            }),
            ("POST /edge/client/v1/authenticate/mfa", &|| {
                client.authenticate_mfa(&Secret::new(&*right)).map(drop).unwrap();
            }),
        ];
        for (line, call) in calls {
            controller.clear_requests();
            call();
            let sent: Vec<String> = controller.requests().iter().map(text).collect();
            let line = format!("{line} with certificate");
            let first = with_body(&controller, &line, "application/json", &body, Some(&token));
            assert_eq!(sent, [first, question.clone()], "{version:?}");
        }
    }
}

#[test]
fn operations_without_a_code_are_their_line_alone() {
    for version in VERSIONS {
        let controller = controller(version, 0);
        let (client, token) = logged_in(&controller);
        let check = |line: &str, call: &dyn Fn(&Client)| {
            let expected = plain(&controller, &format!("{line} with certificate"), Some(&token));
            assert_eq!(request_of(&controller, &client, call), expected, "{version:?}");
        };
        check(&format!("GET {PATH}"), &|client| drop(client.mfa().get()));
        check(&format!("DELETE {PATH}"), &|client| drop(client.mfa().delete(None)));
        let sent = request_of(&controller, &client, |client| drop(client.mfa().enroll()));
        let nothing = plain(&controller, &format!("POST {PATH} with certificate"), Some(&token));
        assert_eq!(sent, nothing.replace("\nhost:", "\ncontent-length: 0\nhost:"), "{version:?}");
        let sent = request_of(&controller, &client, |client| drop(client.mfa().qr_code()));
        let picture = plain(&controller, &format!("GET {PATH}/qr-code with certificate"), Some(&token));
        let picture = picture.replace("accept: application/json", "accept: image/png, application/json");
        assert_eq!(sent, picture, "{version:?}");
    }
}

#[test]
fn codes_are_in_a_header_or_a_body() {
    for version in VERSIONS {
        let controller = controller(version, 0);
        let (client, token) = logged_in(&controller);
        let in_header = |line: &str, call: &dyn Fn(&Client)| {
            let expected = plain(&controller, &format!("{line} with certificate"), Some(&token));
            let expected = expected.replace("\nuser-agent:", "\nmfa-validation-code: 12\"456\nuser-agent:");
            assert_eq!(request_of(&controller, &client, call), expected, "{version:?}");
        };
        in_header(&format!("DELETE {PATH}"), &|client| drop(client.mfa().delete(Some(&code()))));
        in_header(&format!("GET {PATH}/recovery-codes"), &|client| drop(client.mfa().recovery_codes(&code())));
        let in_body = |line: &str, call: &dyn Fn(&Client)| {
            let line = format!("{line} with certificate");
            let expected = with_body(&controller, &line, "application/json", BODY, Some(&token));
            assert_eq!(request_of(&controller, &client, call), expected, "{version:?}");
        };
        in_body(&format!("POST {PATH}/verify"), &|client| drop(client.mfa().verify(&code())));
        in_body(&format!("POST {PATH}/recovery-codes"), &|client| drop(client.mfa().create_recovery_codes(&code())));
        in_body("POST /edge/client/v1/current-api-session/totp-token", &|client| {
            drop(client.current_api_session().create_totp_token(&code()));
        });
    }
}

#[test]
fn a_code_that_no_header_can_hold_is_refused_and_not_shown() {
    let controller = controller(VERSIONS[2], 0);
    let (client, _) = logged_in(&controller);
    controller.clear_requests();
    let error = client.mfa().delete(Some(&Secret::new("canary\n"))).unwrap_err().to_string();
    assert!(error.contains("header mfa-validation-code") && !error.contains("canary"), "{error}");
    assert_eq!(controller.requests().len(), 0);
}
