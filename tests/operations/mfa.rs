//! The second factor, and logins that wait for it.

use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use ziti_edge_client::api::raw::RequestBody;
use ziti_edge_client::{CancelToken, Client, Error, Login, Method, Secret};
use ziti_edge_testkit::{Fault, Operation, TestController, Version};

use crate::support::{ENOUGH, answer, client_and_id, controller};
use crate::{list, refusal};

const AUTHENTICATE_MFA: Operation = Operation::Named("authenticateMfa");

/// A controller with one service, a client whose logins wait for a code, and the id of its identity.
fn waiting(version: Version) -> (TestController, Client, String) {
    let controller = controller(version, 1);
    let (client, id) = client_and_id(&controller);
    assert!(controller.enroll_mfa(&id));
    (controller, client, id)
}

fn totp(controller: &TestController, id: &str) -> Secret {
    Secret::new(controller.totp_code(id).expect("it has a second factor"))
}

fn recovery_code(controller: &TestController, id: &str) -> Secret {
    Secret::new(controller.recovery_codes(id).remove(0))
}

/// A code that is never right.
fn wrong() -> Secret {
    Secret::new("canary-code")
}

fn logins(controller: &TestController) -> usize {
    controller.count(Operation::Authenticate)
}

#[test]
fn a_code_completes_the_login_of_all_threads() {
    const THREADS: usize = 8;
    for version in Version::ALL {
        let (controller, client, id) = waiting(version);
        let Login::Pending(pending) = client.authenticate().unwrap() else { panic!("a code is wanted") };
        let code = totp(&controller, &id);
        let (together, began) = (Barrier::new(2 * THREADS), Instant::now());
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    together.wait();
                    let login = client.clone().authenticate_mfa(&code).unwrap();
                    assert!(matches!(&login, Login::Complete(session) if session.is_mfa_complete), "{login:?}");
                    assert_eq!(login.session().token.expose(), pending.token.expose());
                    assert_eq!(list(&client).unwrap(), 1);
                });
                scope.spawn(|| {
                    together.wait();
                    while let Err(error) = list(&client) {
                        assert!(matches!(error, Error::LoginPending { .. }), "{error:?}");
                        assert!(began.elapsed() < ENOUGH);
                    }
                    assert_eq!(list(&client).unwrap(), 1, "a login that is complete stays so");
                });
            }
        });
        assert_eq!((logins(&controller), controller.session_count()), (1, 1), "{version:?}");
    }
}

#[test]
fn a_code_alone_logs_in() {
    for version in Version::ALL {
        let (controller, client, id) = waiting(version);
        let login = client.authenticate_mfa(&recovery_code(&controller, &id)).unwrap();
        assert!(matches!(login, Login::Complete(_)));
        assert_eq!((list(&client).unwrap(), logins(&controller)), (1, 1), "{version:?}");
    }
}

#[test]
fn a_wrong_code_changes_nothing() {
    for version in Version::ALL {
        let (controller, client, id) = waiting(version);
        client.authenticate().unwrap();
        let error = client.authenticate_mfa(&wrong()).unwrap_err();
        assert!(!format!("{error:?} {error}").contains("canary"), "{error:?}");
        refusal(Err::<(), _>(error), 400, "MFA_INVALID_TOKEN");
        controller.clear_requests();
        assert!(matches!(list(&client), Err(Error::LoginPending { .. })));
        assert_eq!(controller.requests().len(), 0, "what is known need not be asked");

        let code = recovery_code(&controller, &id);
        client.authenticate_mfa(&code).unwrap();
        refusal(client.authenticate_mfa(&code), 400, "MFA_INVALID_TOKEN");
        assert_eq!((list(&client).unwrap(), logins(&controller)), (1, 0), "a complete login stays complete");
    }
}

#[test]
fn an_expired_session_is_replaced_before_the_code_is_looked_at() {
    for version in Version::ALL {
        let (controller, client, id) = waiting(version);
        client.authenticate().unwrap();
        controller.expire_sessions();
        let login = client.authenticate_mfa(&recovery_code(&controller, &id)).unwrap();
        assert!(matches!(login, Login::Complete(_)));
        assert_eq!((list(&client).unwrap(), logins(&controller)), (1, 2), "{version:?}");
        assert_eq!((controller.count(AUTHENTICATE_MFA), controller.recovery_codes(&id).len()), (2, 19));
    }
}

#[test]
fn a_code_whose_answer_is_lost_is_not_sent_again_and_its_login_is_found_complete() {
    for version in Version::ALL {
        for fault in [Fault::LostAnswer, Fault::Truncate] {
            let (controller, client, id) = waiting(version);
            client.authenticate().unwrap();
            controller.fault_times(AUTHENTICATE_MFA, fault.clone(), 1);
            let error = client.authenticate_mfa(&recovery_code(&controller, &id)).unwrap_err();
            assert!(matches!(error, Error::Transport { .. }), "{error:?}");
            assert_eq!(controller.count(AUTHENTICATE_MFA), 1, "{version:?} {fault:?}");
            assert_eq!((list(&client).unwrap(), logins(&controller)), (1, 1), "{version:?} {fault:?}");
        }
    }
}

#[test]
fn a_code_that_got_lost_on_its_way_leaves_the_login_waiting() {
    for fault in [Fault::Reset, Fault::Status(502)] {
        let (controller, client, id) = waiting(Version::V2_0);
        client.authenticate().unwrap();
        controller.fault_times(AUTHENTICATE_MFA, fault.clone(), 1);
        client.authenticate_mfa(&totp(&controller, &id)).unwrap_err();
        assert!(matches!(list(&client), Err(Error::LoginPending { .. })), "{fault:?}");
        client.authenticate_mfa(&totp(&controller, &id)).unwrap();
        assert_eq!((list(&client).unwrap(), logins(&controller)), (1, 1), "{fault:?}");
    }
}

#[test]
fn a_code_whose_call_ends_meanwhile_is_not_sent_again_and_its_login_is_found_complete() {
    let ends: [fn(&Client, &Secret) -> Error; 2] = [
        |client, code| client.with_timeout(Duration::from_millis(200)).authenticate_mfa(code).unwrap_err(),
        |client, code| {
            let cancel = CancelToken::new();
            let client = client.with_cancel(&cancel);
            thread::scope(|scope| {
                let giving = scope.spawn(|| client.authenticate_mfa(code));
                thread::sleep(Duration::from_millis(100));
                cancel.cancel();
                giving.join().unwrap().unwrap_err()
            })
        },
    ];
    for end in ends {
        let (controller, client, id) = waiting(Version::V1_6);
        client.authenticate().unwrap();
        controller.fault_times(AUTHENTICATE_MFA, Fault::Late(Duration::from_millis(500)), 1);
        let error = end(&client, &recovery_code(&controller, &id));
        assert!(matches!(error, Error::Timeout { .. } | Error::Canceled { .. }), "{error:?}");
        let began = Instant::now();
        while list(&client).is_err() {
            assert!(began.elapsed() < ENOUGH);
        }
        assert_eq!((controller.count(AUTHENTICATE_MFA), logins(&controller)), (1, 1));
        assert_eq!(controller.recovery_codes(&id).len(), 19);
    }
}

#[test]
fn a_code_that_nobody_looked_at_leaves_the_login_waiting() {
    let unreadable = answer(602, r#"{"error":{"code":"COULD_NOT_VALIDATE","message":"no"},"meta":{}}"#);
    for (operation, fault) in [(AUTHENTICATE_MFA, unreadable), (Operation::Authenticate, Fault::StallBeforeAnswer)] {
        let (controller, client, id) = waiting(Version::V2_0);
        client.authenticate().unwrap();
        if operation == Operation::Authenticate {
            controller.expire_sessions();
        }
        controller.fault_times(operation, fault.clone(), 1);
        client.with_timeout(Duration::from_millis(500)).authenticate_mfa(&totp(&controller, &id)).unwrap_err();
        controller.clear_requests();
        assert!(matches!(list(&client), Err(Error::LoginPending { .. })), "{fault:?}");
        assert_eq!(controller.requests().len(), 0, "{fault:?}: what is known need not be asked");
    }
}

#[test]
fn a_code_does_not_bring_back_a_login_that_was_given_up() {
    let (controller, client, id) = waiting(Version::V2_0);
    client.authenticate().unwrap();
    let code = totp(&controller, &id);
    controller.fault_times(Operation::CurrentApiSession, Fault::Late(Duration::from_millis(300)), 1);
    thread::scope(|scope| {
        let giving = scope.spawn(|| client.authenticate_mfa(&code).map(drop));
        while controller.count(Operation::CurrentApiSession) == 0 {
            thread::sleep(Duration::from_millis(2));
        }
        client.logout().unwrap();
        assert!(matches!(client.authenticate().unwrap(), Login::Pending(_)));
        giving.join().unwrap().expect("the code was taken");
    });
    controller.clear_requests();
    assert!(matches!(list(&client), Err(Error::LoginPending { .. })));
    assert_eq!(controller.requests().len(), 0, "the later login is the one that counts");
    client.authenticate_mfa(&code).unwrap();
    assert_eq!((list(&client).unwrap(), logins(&controller)), (1, 0));
}

#[test]
fn a_code_that_went_through_the_raw_door_is_found_by_a_look_at_the_session() {
    for version in Version::ALL {
        let (controller, client, id) = waiting(version);
        client.authenticate().unwrap();
        let body = format!(r#"{{"code":"{}"}}"#, totp(&controller, &id).expose());
        client.request(Method::Post, "/authenticate/mfa", &[], Some(RequestBody::json(&body))).unwrap();
        assert!(matches!(list(&client), Err(Error::LoginPending { .. })), "{version:?}");
        assert!(client.current_api_session().get().unwrap().is_mfa_complete);
        assert_eq!((list(&client).unwrap(), logins(&controller)), (1, 1), "{version:?}");
    }
}

#[test]
fn a_code_that_was_taken_counts_even_if_nothing_can_be_asked_afterwards() {
    for fault in [Fault::Status(500), Fault::Reset, Fault::BadJson, answer(401, "{}")] {
        let (controller, client, id) = waiting(Version::V1_6);
        client.authenticate().unwrap();
        controller.fault_times(Operation::CurrentApiSession, fault.clone(), 1);
        let login = client.authenticate_mfa(&recovery_code(&controller, &id)).unwrap();
        assert!(matches!(&login, Login::Complete(session) if session.is_mfa_complete), "{fault:?}: {login:?}");
        assert_eq!((list(&client).unwrap(), logins(&controller)), (1, 1), "{fault:?}");
    }
}

#[test]
fn a_login_made_meanwhile_does_not_undo_a_code() {
    let (controller, client, id) = waiting(Version::V2_0);
    client.authenticate().unwrap();
    let code = totp(&controller, &id);
    controller.fault_times(AUTHENTICATE_MFA, Fault::Late(Duration::from_millis(300)), 1);
    thread::scope(|scope| {
        let giving = scope.spawn(|| client.authenticate_mfa(&code).map(drop));
        while controller.count(AUTHENTICATE_MFA) == 0 {
            thread::sleep(Duration::from_millis(2));
        }
        assert!(matches!(client.authenticate().unwrap(), Login::Pending(_)));
        giving.join().unwrap().unwrap();
    });
    assert_eq!((list(&client).unwrap(), logins(&controller)), (1, 2));
}

#[test]
fn a_refusal_of_a_login_that_waits_is_settled_by_a_later_one_that_does_not() {
    for version in [Version::V1_6, Version::V2_0] {
        let (controller, client, id) = waiting(version);
        client.authenticate().unwrap();
        controller.fault_times(Operation::Services, Fault::Late(Duration::from_millis(300)), 1);
        thread::scope(|scope| {
            let asking = scope.spawn(|| client.request(Method::Get, "/services", &[], None));
            while controller.count(Operation::Services) == 0 {
                thread::sleep(Duration::from_millis(2));
            }
            client.authenticate().unwrap();
            client.authenticate_mfa(&totp(&controller, &id)).unwrap();
            assert_eq!(asking.join().unwrap().unwrap().status, 200, "{version:?}");
        });
        assert_eq!(logins(&controller), 2, "{version:?}");
    }
}

#[test]
fn a_login_that_waits_for_a_first_second_factor_is_complete_once_that_is_verified() {
    for version in Version::ALL {
        let controller = controller(version, 1);
        let (client, id) = client_and_id(&controller);
        controller.require_mfa(&id, true);
        assert!(matches!(client.authenticate().unwrap(), Login::Pending(_)));
        refusal(client.authenticate_mfa(&wrong()), 409, "MFA_NOT_ENROLLED");
        client.mfa().enroll().unwrap();
        assert!(client.mfa().get().unwrap().provisioning_url.is_some());
        refusal(client.mfa().verify(&wrong()), 400, "MFA_INVALID_TOKEN");
        assert!(matches!(list(&client), Err(Error::LoginPending { .. })));
        client.mfa().verify(&totp(&controller, &id)).unwrap();
        assert_eq!((list(&client).unwrap(), logins(&controller)), (1, 1), "{version:?}");
    }
}

#[test]
fn a_second_factor_is_set_up_used_and_removed() {
    for version in Version::ALL {
        let controller = controller(version, 1);
        let (client, id) = client_and_id(&controller);
        refusal(client.mfa().get(), 404, "NOT_FOUND");
        refusal(client.mfa().qr_code(), 404, "NOT_FOUND");
        let enrollment = client.mfa().enroll().unwrap();
        refusal(client.mfa().enroll(), 409, "MFA_EXISTS");
        let set_up = client.mfa().get().unwrap();
        assert!(set_up.id == enrollment && !set_up.is_verified && set_up.recovery_codes.len() == 20);
        assert!(set_up.provisioning_url.unwrap().expose().starts_with("otpauth://totp/"));
        assert!(client.mfa().qr_code().unwrap().png().starts_with(b"\x89PNG"));
        refusal(client.mfa().recovery_codes(&wrong()), 404, "NOT_FOUND");

        let code = totp(&controller, &id);
        client.mfa().verify(&code).unwrap();
        let verified = client.mfa().get().unwrap();
        assert!(verified.is_verified && verified.provisioning_url.is_none() && verified.recovery_codes.is_empty());
        refusal(client.mfa().qr_code(), 404, "NOT_FOUND");
        let texts = |codes: &[Secret]| codes.iter().map(|code| code.expose().to_owned()).collect::<Vec<_>>();
        let codes = client.mfa().recovery_codes(&code).unwrap().recovery_codes;
        assert_eq!(texts(&codes), texts(&set_up.recovery_codes));
        refusal(client.mfa().recovery_codes(&codes[0]), 400, "MFA_INVALID_TOKEN");
        refusal(client.mfa().create_recovery_codes(&wrong()), 400, "MFA_INVALID_TOKEN");
        client.mfa().create_recovery_codes(&code).unwrap();
        assert_ne!(texts(&client.mfa().recovery_codes(&code).unwrap().recovery_codes), texts(&codes));

        refusal(client.mfa().delete(None), 400, "MFA_INVALID_TOKEN");
        client.mfa().delete(Some(&recovery_code(&controller, &id))).unwrap();
        refusal(client.mfa().delete(None), 404, "NOT_FOUND");
        client.mfa().enroll().unwrap();
        client.mfa().delete(None).expect("what is not verified goes without a code");
        assert_eq!(logins(&controller), 1, "{version:?}");
    }
}

#[test]
fn what_a_waiting_login_may_not_do_is_not_asked_for() {
    let (controller, client, _) = waiting(Version::V2_0);
    client.authenticate().unwrap();
    controller.clear_requests();
    let outcomes = [
        client.mfa().delete(Some(&wrong())),
        client.mfa().recovery_codes(&wrong()).map(drop),
        client.mfa().create_recovery_codes(&wrong()),
        client.current_api_session().create_totp_token(&wrong()).map(drop),
    ];
    for outcome in outcomes {
        assert!(matches!(outcome, Err(Error::LoginPending { .. })), "{outcome:?}");
    }
    assert_eq!(controller.requests().len(), 0);
}

#[test]
fn a_totp_token_is_for_other_logins_and_controllers() {
    let token = |version| {
        let controller = controller(version, 0);
        client_and_id(&controller).0.current_api_session().create_totp_token(&Secret::new("123456"))
    };
    refusal(token(Version::V1_3), 404, "NOT_FOUND");
    refusal(token(Version::V2_0), 400, "INVALID_BACKING_TOKEN_TYPE");
    let error = token(Version::V1_6).unwrap_err();
    assert!(
        matches!(&error, Error::Unsupported(why) if why.contains("not implemented by this controller")),
        "{error:?}"
    );
}

#[test]
fn a_totp_token_is_given_where_there_is_one() {
    let (controller, client, id) = waiting(Version::V2_0);
    client.authenticate_mfa(&totp(&controller, &id)).unwrap();
    let body = r#"{"data":{"token":"canary.b.c","issuedAt":"2026-11-22T06:54:09.212Z"},"meta":null}"#;
    controller.fault_times(Operation::Named("createTotpToken"), answer(200, body), 1);
    let token = client.current_api_session().create_totp_token(&totp(&controller, &id)).unwrap();
    assert_eq!(token.token.expose(), "canary.b.c");
    assert_eq!(token.issued_at.as_ref().unwrap().unix_seconds(), Some(1_795_330_449));
    assert!(!format!("{token:?}").contains("canary"));
}
