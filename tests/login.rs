//! Logging in without being asked: when, how often, and when not.

mod support;

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use support::{ENOUGH, answer, builder, client, client_and_id, controller, page, sorted_ids, start};
use ziti_edge_client::api::services::ServiceQuery;
use ziti_edge_client::{CancelToken, Client, Error, Login, Stage};
use ziti_edge_testkit::{Fault, Operation, TestController, Version};

fn list(client: &Client) -> Result<usize, Error> {
    client.services().list(&ServiceQuery::new()).map(|services| services.len())
}

/// How often logins, questions about the session and lists of services were asked for.
fn counts(controller: &TestController) -> (usize, usize, usize) {
    let count = |operation| controller.count(operation);
    (count(Operation::Authenticate), count(Operation::CurrentApiSession), count(Operation::Services))
}

/// Waits until `condition` holds.
fn until(what: &str, condition: impl Fn() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < ENOUGH, "{what}");
        thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn sixty_four_threads_log_in_once_after_the_session_ended() {
    const THREADS: usize = 64;
    for version in Version::ALL {
        let controller = controller(version, 3);
        let client = client(&controller);
        assert_eq!(list(&client).unwrap(), 3);
        controller.expire_sessions();
        controller.clear_requests();
        let together = Barrier::new(THREADS);
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| {
                    together.wait();
                    assert_eq!(list(&client).unwrap(), 3);
                });
            }
        });
        let (logins, questions, lists) = counts(&controller);
        assert_eq!((logins, controller.session_count()), (1, 1), "{version:?}");
        assert!(lists <= 2 * THREADS, "each is tried again once at most: {lists}");
        match version {
            Version::V2_0 => assert_eq!(questions, 0, "the 401 says that the session is over"),
            _ => assert!((1..=THREADS).contains(&questions), "{questions}"),
        }
    }
}

#[test]
fn a_session_that_ends_in_the_middle_of_a_list_costs_one_login_and_no_row() {
    for version in Version::ALL {
        let controller = controller(version, 0);
        let client = client(&controller);
        let faults =
            [page(0..500, 0, 1200), page(500..1000, 500, 1200), Fault::SessionGone, page(1000..1200, 1000, 1200)];
        for fault in faults {
            controller.fault_times(Operation::Services, fault, 1);
        }
        let services = client.services().list(&ServiceQuery::new()).unwrap();
        let wanted: Vec<String> = (0..1200).map(|row| format!("{row:05}")).collect();
        assert_eq!(sorted_ids(&services), wanted, "{version:?}");
        let questions = usize::from(version != Version::V2_0);
        assert_eq!(counts(&controller), (2, questions, 4), "{version:?}");
    }
}

#[test]
fn a_second_401_in_a_row_is_an_error_and_not_a_loop() {
    for version in Version::ALL {
        let controller = controller(version, 1);
        let client = client(&controller);
        controller.fault(Operation::Services, Fault::SessionGone);
        let error = list(&client).unwrap_err();
        assert!(matches!(&error, Error::Unauthorized(answer) if answer.status == 401), "{error:?}");
        let questions = usize::from(version != Version::V2_0);
        assert_eq!(counts(&controller), (2, questions, 2), "{version:?}");
        controller.clear_faults();
        assert_eq!(list(&client).unwrap(), 1, "the next call begins anew");
    }
}

#[test]
fn a_session_ends_when_its_time_is_over() {
    for version in Version::ALL {
        let timeout = Duration::from_secs(60);
        let controller = start(TestController::builder().version(version).services(1).session_timeout(timeout));
        let client = client(&controller);
        let after = |seconds| {
            controller.advance(Duration::from_secs(seconds));
            assert_eq!(list(&client).unwrap(), 1, "{version:?}");
            counts(&controller).0
        };
        assert_eq!(after(0), 1);
        assert_eq!(after(40), 1);
        let slides = version != Version::V2_0;
        assert_eq!(after(40), if slides { 1 } else { 2 }, "use keeps a session alive up to 1.6: {version:?}");
        assert_eq!(after(61), if slides { 2 } else { 3 }, "{version:?}");
    }
}

#[test]
fn a_login_that_waits_for_a_factor_says_so_without_asking() {
    for version in Version::ALL {
        let controller = controller(version, 1);
        let (client, id) = client_and_id(&controller);
        controller.require_mfa(&id, true);
        let Login::Pending(session) = client.authenticate().unwrap() else { panic!("a code is wanted") };
        assert_eq!(session.auth_queries[0].type_id.as_deref(), Some("MFA"));
        controller.clear_requests();
        for _ in 0..3 {
            let error = list(&client).unwrap_err();
            assert!(matches!(&error, Error::LoginPending { factors } if factors.len() == 1), "{error:?}");
            assert!(error.to_string().contains("a TOTP code"), "{error}");
        }
        assert_eq!(controller.requests().len(), 0, "{version:?}");
        let looked_at = client.current_api_session().get().unwrap();
        assert_eq!(looked_at.auth_queries.len(), 1, "what is incomplete may be looked at");
        controller.require_mfa(&id, false);
        assert!(matches!(client.authenticate(), Ok(Login::Complete(_))));
        assert_eq!(list(&client).unwrap(), 1);
    }
}

#[test]
fn a_factor_that_is_wanted_all_at_once_is_named_and_no_login_is_wasted() {
    for version in Version::ALL {
        let controller = controller(version, 1);
        let (client, id) = client_and_id(&controller);
        list(&client).unwrap();
        controller.require_mfa(&id, true);
        controller.clear_requests();
        let error = list(&client).unwrap_err();
        assert!(matches!(error, Error::LoginPending { .. }), "{error:?}");
        assert_eq!(counts(&controller), (0, 1, 1), "{version:?}");
    }
}

#[test]
fn a_401_of_a_session_that_is_fine_is_a_refusal_after_one_question() {
    let body = r#"{"error":{"code":"UNAUTHORIZED","message":"not for you"},"meta":{}}"#;
    for version in Version::ALL {
        let controller = controller(version, 1);
        let client = client(&controller);
        controller.fault_times(Operation::Services, answer(401, body), 1);
        let error = list(&client).unwrap_err();
        assert!(matches!(&error, Error::Unauthorized(answer) if answer.message == "not for you"), "{error:?}");
        assert_eq!(counts(&controller), (1, 1, 1), "{version:?}");
        assert_eq!(list(&client).unwrap(), 1);
        assert_eq!(counts(&controller).0, 1, "the login is kept");
    }
}

#[test]
fn a_wrong_current_password_is_a_refusal_without_a_question() {
    let body = r#"{"error":{"code":"UNAUTHORIZED","message":"no","cause":{"field":"currentPassword","reason":"x"}}}"#;
    let controller = controller(Version::V1_6, 1);
    let client = client(&controller);
    controller.fault_times(Operation::Services, answer(401, body), 1);
    let error = list(&client).unwrap_err();
    assert!(matches!(&error, Error::Unauthorized(_)), "{error:?}");
    assert_eq!(error.answer().unwrap().cause_field().as_deref(), Some("currentPassword"));
    assert_eq!(counts(&controller), (1, 0, 1));
}

#[test]
fn a_controller_that_asks_for_more_patience_than_the_call_has_is_not_asked_again() {
    for operation in [Operation::Authenticate, Operation::Services] {
        let controller = controller(Version::V2_0, 1);
        let client = client(&controller);
        controller.fault_times(operation, Fault::TooManyRequests { retry_after: Some("60".to_owned()) }, 1);
        let error = list(&client).unwrap_err();
        let Error::Busy(answer) = &error else { panic!("{error:?}") };
        assert_eq!((answer.status, answer.retry_after), (429, Some(Duration::from_secs(60))));
        assert!(error.is_retryable());
        assert_eq!(controller.count(operation), 1);
        client.retry_now();
        assert_eq!(list(&client).unwrap(), 1);
    }
}

#[test]
fn a_login_that_failed_is_in_nobodys_way() {
    let controller = controller(Version::V2_0, 1);
    let faults = [
        Fault::Status(500),
        Fault::BadJson,
        Fault::EmptyBody,
        Fault::Html,
        Fault::Truncate,
        Fault::HugeHeaders,
        answer(200, "{}"),
        answer(200, r#"{"data":{"id":"x"},"meta":{}}"#),
        answer(302, ""),
        answer(400, r#"{"error":{"code":"X","message":"m"}}"#),
        answer(200, r#"{"data":{"id":"x","token":""},"meta":{}}"#),
        answer(200, r#"{"data":{"id":"x","token":"a\nb"},"meta":{}}"#),
    ];
    for fault in faults {
        let client = client(&controller);
        controller.clear_requests();
        controller.fault_times(Operation::Authenticate, fault.clone(), 1);
        let error = list(&client).unwrap_err();
        assert!(!matches!(error, Error::Rejected(_) | Error::Unauthorized(_)), "{fault:?}: {error:?}");
        assert_eq!(counts(&controller), (1, 0, 0), "{fault:?}: {error:?}");
        assert_eq!(list(&client).unwrap(), 1, "{fault:?}");
    }
}

/// One call leads with `leader`, and its login gets no answer; eight others wait for it until it gives up. Returns why.
fn others_outlive(controller: &TestController, leader: &Client, others: &Client, end: impl FnOnce()) -> Error {
    controller.fault_times(Operation::Authenticate, Fault::StallBeforeAnswer, 1);
    thread::scope(|scope| {
        let leading = scope.spawn(|| list(leader));
        until("the leader asks for a login", || controller.count(Operation::Authenticate) == 1);
        let others: Vec<_> = (0..8).map(|_| scope.spawn(|| list(others))).collect();
        thread::sleep(Duration::from_millis(100));
        assert_eq!(counts(controller), (1, 0, 0), "the others wait");
        end();
        for other in others {
            assert_eq!(other.join().unwrap().unwrap(), 1);
        }
        leading.join().unwrap().unwrap_err()
    })
}

#[test]
fn one_of_the_others_leads_when_the_leader_is_canceled() {
    let controller = controller(Version::V2_0, 1);
    let (client, cancel) = (client(&controller), CancelToken::new());
    let error = others_outlive(&controller, &client.with_cancel(&cancel), &client, || cancel.cancel());
    assert!(matches!(error, Error::Canceled { stage: Stage::Wait }), "{error:?}");
    assert_eq!(counts(&controller).0, 2);
}

#[test]
fn one_of_the_others_leads_when_the_time_of_the_leader_is_up() {
    let controller = controller(Version::V2_0, 1);
    let client = client(&controller);
    let hasty = client.with_timeout(Duration::from_millis(500));
    let error = others_outlive(&controller, &hasty, &client, || {});
    assert!(matches!(error, Error::Timeout { stage: Stage::Wait, .. }), "{error:?}");
    assert_eq!(counts(&controller).0, 2);
}

#[test]
fn who_waits_for_a_login_can_be_canceled_and_has_a_time_limit_of_its_own() {
    let controller = controller(Version::V2_0, 1);
    let (cancel, leader) = (CancelToken::new(), CancelToken::new());
    let client = builder(&controller).build().unwrap();
    controller.fault_times(Operation::Authenticate, Fault::StallBeforeAnswer, 1);
    thread::scope(|scope| {
        let leading = scope.spawn(|| list(&client.with_cancel(&leader)));
        until("the leader asks for a login", || controller.count(Operation::Authenticate) == 1);
        let waiting = scope.spawn(|| list(&client.with_cancel(&cancel)));
        let error = list(&client.with_timeout(Duration::from_millis(100))).unwrap_err();
        assert!(matches!(error, Error::Timeout { stage: Stage::Wait, .. }), "{error:?}");
        let began = Instant::now();
        cancel.cancel();
        let error = waiting.join().unwrap().unwrap_err();
        assert!(matches!(error, Error::Canceled { stage: Stage::Wait }), "{error:?}");
        assert!(began.elapsed() < Duration::from_millis(200), "{:?}", began.elapsed());
        leader.cancel();
        leading.join().unwrap().unwrap_err();
    });
    assert_eq!(counts(&controller), (1, 0, 0));
    assert_eq!(list(&client).unwrap(), 1);
}

#[test]
fn logging_out_while_others_call_disturbs_none_of_them() {
    const THREADS: usize = 6;
    let controller = controller(Version::V1_6, 1);
    let client = client(&controller);
    let (calls, over) = ([const { AtomicUsize::new(0) }; THREADS], AtomicBool::new(false));
    thread::scope(|scope| {
        for calls in &calls {
            let (client, over) = (client.clone(), &over);
            scope.spawn(move || {
                while !over.load(Ordering::SeqCst) {
                    assert_eq!(list(&client).unwrap(), 1);
                    calls.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        for _ in 0..10 {
            // No call meets two logouts: the second 401 would rightly be its error.
            let before: Vec<usize> = calls.iter().map(|calls| calls.load(Ordering::SeqCst)).collect();
            let went_on = || calls.iter().zip(&before).all(|(now, before)| now.load(Ordering::SeqCst) >= before + 2);
            let began = Instant::now();
            while !went_on() && began.elapsed() < ENOUGH {
                thread::sleep(Duration::from_millis(2));
            }
            client.logout().unwrap();
        }
        over.store(true, Ordering::SeqCst);
    });
    client.logout().unwrap();
    assert_eq!(controller.session_count(), 0, "no login was lost sight of");
}

#[test]
fn logging_out_of_a_session_that_is_over_is_fine() {
    for version in Version::ALL {
        let controller = controller(version, 1);
        let client = client(&controller);
        list(&client).unwrap();
        controller.expire_sessions();
        client.logout().unwrap();
        assert_eq!((controller.count(Operation::Logout), counts(&controller).0), (1, 1), "nobody logs in to log out");
    }
}

#[test]
fn a_logout_that_fails_says_so_and_the_session_is_used_no_more() {
    let controller = controller(Version::V1_6, 1);
    let client = client(&controller);
    list(&client).unwrap();
    controller.fault_times(Operation::Logout, Fault::Status(503), 1);
    assert!(matches!(client.logout(), Err(Error::Busy(_))));
    assert_eq!(list(&client).unwrap(), 1);
    assert_eq!(counts(&controller).0, 2);
}

#[test]
fn sessions_that_are_refused_at_once_are_asked_for_ever_more_slowly() {
    let controller = controller(Version::V2_0, 1);
    let client = client(&controller);
    controller.fault(Operation::Services, Fault::SessionGone);
    for (round, least) in [250, 500, 1000].into_iter().enumerate() {
        let began = Instant::now();
        assert!(matches!(list(&client), Err(Error::Unauthorized(_))));
        assert_eq!(controller.count(Operation::Authenticate), round + 2);
        // A part of the time between two logins passes before the second is wanted.
        assert!(began.elapsed() >= Duration::from_millis(least - 100), "{round}: {:?}", began.elapsed());
    }
    let hasty = client.with_timeout(Duration::from_millis(500));
    let began = Instant::now();
    assert!(matches!(list(&hasty), Err(Error::Unauthorized(_))), "the refusal, and not a timeout");
    assert!(began.elapsed() < Duration::from_millis(400), "{:?}", began.elapsed());
    assert_eq!(controller.count(Operation::Authenticate), 4);
}

#[test]
fn a_session_that_was_good_is_replaced_at_once() {
    let controller = controller(Version::V2_0, 1);
    let client = client(&controller);
    for _ in 0..4 {
        list(&client).unwrap();
        controller.expire_sessions();
        let began = Instant::now();
        list(&client).unwrap();
        assert!(began.elapsed() < Duration::from_millis(200), "{:?}", began.elapsed());
    }
}
