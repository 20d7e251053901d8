use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::*;
use crate::error::{ApiError, Believed, Rejection, Stage};
use crate::login::live::SessionToken;
use crate::secret::Secret;
use crate::transport::CancelToken;
use crate::wire::{ControllerUrl, envelope};

pub(super) fn call() -> Call {
    Call::new(Duration::from_secs(10), &[])
}

pub(super) fn new_session() -> Result<NewSession, Error> {
    Ok(NewSession {
        token: SessionToken::Legacy(Secret::new("t")),
        second: Second::None,
        controller: ControllerUrl::parse("https://a:1")?,
        api_session: envelope::data("POST /authenticate", br#"{"data":{"id":"s","token":"t"}}"#).unwrap(),
        continues: None,
    })
}

pub(super) fn rejected() -> Error {
    refused(Believed::ForAWhile)
}

fn refused(believed: Believed) -> Error {
    let answer = ApiError {
        status: 401,
        code: "INVALID_AUTH".to_owned(),
        message: "no".to_owned(),
        cause: None,
        request_id: None,
        retry_after: None,
        operation: "POST /authenticate".to_owned(),
    };
    Error::Rejected(Box::new(Rejection {
        answer,
        known: Vec::new(),
        believed,
        at: Instant::now(),
        age: Duration::ZERO,
    }))
}

fn timeout() -> Error {
    Error::Timeout { stage: Stage::Wait, controller: None, proxy: None, limit: Duration::from_secs(1) }
}

/// Runs `leader` as the login of a first thread, and `others` threads that start waiting while it runs. Returns the
/// leader's outcome, the others', and how often the others logged in themselves.
#[allow(clippy::type_complexity, reason = "three results of one test")]
fn race(
    others: usize,
    leader: impl FnOnce() -> Result<NewSession, Error> + Send,
    follower: fn() -> Result<NewSession, Error>,
) -> (Result<u64, Error>, Vec<Result<u64, Error>>, usize) {
    let (flight, logins) = (Flight::default(), AtomicUsize::new(0));
    let leading = Barrier::new(2);
    thread::scope(|scope| {
        let first = scope.spawn(|| {
            let login = || {
                leading.wait();
                thread::sleep(Duration::from_millis(100));
                leader()
            };
            flight.session(&call(), Wanted::Current, login).map(|session| session.number)
        });
        leading.wait();
        let rest: Vec<_> = (0..others)
            .map(|_| {
                scope.spawn(|| {
                    let login = || {
                        logins.fetch_add(1, Ordering::SeqCst);
                        follower()
                    };
                    flight.session(&call(), Wanted::Current, login).map(|session| session.number)
                })
            })
            .collect();
        let first = first.join().unwrap_or_else(|_| Err(Error::InvalidArgument("panic".to_owned())));
        let rest = rest.into_iter().map(|thread| thread.join().unwrap()).collect();
        (first, rest, logins.load(Ordering::SeqCst))
    })
}

#[test]
fn sixty_four_threads_share_one_login() {
    let (first, rest, logins) = race(63, new_session, new_session);
    assert_eq!((first.unwrap(), logins), (1, 0));
    assert!(rest.into_iter().all(|outcome| outcome.unwrap() == 1));
}

#[test]
fn a_refusal_is_handed_to_all_who_waited() {
    let (first, rest, logins) = race(8, || Err(rejected()), new_session);
    assert!(matches!(first, Err(Error::Rejected(_))));
    assert!(rest.iter().all(|outcome| matches!(outcome, Err(Error::Rejected(_)))));
    assert_eq!(logins, 0);
}

#[test]
fn what_no_credentials_are_to_blame_for_is_told_to_all_who_waited_and_not_believed() {
    let broken = || Error::Unsupported("planted".to_owned());
    let (first, rest, logins) = race(8, move || Err(broken()), new_session);
    assert!(matches!(first, Err(Error::Unsupported(_))));
    assert!(rest.iter().all(|outcome| matches!(outcome, Err(Error::Unsupported(_)))));
    assert_eq!(logins, 0);
    let flight = Flight::default();
    assert!(flight.session(&call(), Wanted::Current, || Err(broken())).is_err());
    assert!(flight.session(&call(), Wanted::Current, new_session).is_ok());
}

#[test]
fn the_time_out_of_a_leader_is_its_own_and_one_of_the_others_leads() {
    let (first, rest, logins) = race(8, || Err(timeout()), new_session);
    assert!(matches!(first, Err(Error::Timeout { .. })));
    assert!(rest.into_iter().all(|outcome| outcome.unwrap() == 1));
    assert_eq!(logins, 1);
}

#[test]
fn a_refusal_for_want_of_time_is_its_leaders_own_and_is_not_believed() {
    let (first, rest, logins) = race(8, || Err(refused(Believed::NotAtAll)), new_session);
    assert!(matches!(first, Err(Error::Rejected(_))));
    assert!(rest.into_iter().all(|outcome| outcome.unwrap() == 1));
    assert_eq!(logins, 1);
    let flight = Flight::default();
    assert!(flight.session(&call(), Wanted::Current, || Err(refused(Believed::NotAtAll))).is_err());
    assert!(flight.session(&call(), Wanted::Current, new_session).is_ok());
}

#[test]
fn nobody_waits_for_a_leader_that_panicked() {
    let (first, rest, logins) = race(8, || panic!("planted"), new_session);
    assert!(first.is_err());
    assert!(rest.into_iter().all(|outcome| outcome.unwrap() == 1));
    assert_eq!(logins, 1);
}

#[test]
fn a_waiter_waits_no_longer_than_its_own_call_may_take() {
    let flight = Flight::default();
    let leading = Barrier::new(2);
    thread::scope(|scope| {
        scope.spawn(|| {
            let login = || {
                leading.wait();
                thread::sleep(Duration::from_millis(600));
                new_session()
            };
            flight.session(&call(), Wanted::Current, login).map(drop).unwrap();
        });
        leading.wait();
        let started = Instant::now();
        let short = Call::new(Duration::from_millis(100), &[]);
        let outcome = flight.session(&short, Wanted::Current, || panic!("another thread leads")).map(drop);
        assert!(matches!(outcome, Err(Error::Timeout { stage: Stage::Wait, .. })));
        let cancel = CancelToken::new();
        cancel.cancel();
        let canceled = Call::new(Duration::from_secs(10), &[cancel]);
        let outcome = flight.session(&canceled, Wanted::Current, || panic!("another thread leads")).map(drop);
        assert!(matches!(outcome, Err(Error::Canceled { .. })));
        assert!(started.elapsed() < Duration::from_millis(400));
    });
}

#[test]
fn a_login_newer_than_the_expired_one_is_taken_without_another() {
    let flight = Flight::default();
    let first = flight.session(&call(), Wanted::Current, new_session).unwrap();
    let second = flight.session(&call(), Wanted::NewerThan(first.number), new_session).unwrap();
    assert_eq!(second.number, 2);
    let again = flight.session(&call(), Wanted::NewerThan(first.number), || panic!("there is a newer one")).unwrap();
    assert_eq!(again.number, 2);
}

#[test]
fn a_refusal_is_believed_until_a_user_asks_again() {
    let flight = Flight::default();
    assert!(flight.session(&call(), Wanted::Current, || Err(rejected())).is_err());
    let silent = flight.session(&call(), Wanted::Current, || panic!("refused a moment ago")).map(drop);
    assert!(matches!(silent, Err(Error::Rejected(_))));
    let asked = flight.session(&call(), Wanted::Fresh, new_session).unwrap();
    assert_eq!(asked.number, 1);
    assert!(flight.session(&call(), Wanted::Current, || panic!("logged in")).is_ok());
    flight.give_up();
    let later = call().in_era(flight.era.now());
    assert!(flight.session(&later, Wanted::Current, new_session).is_ok(), "what was taken since is not refused");
}

#[test]
fn logins_of_which_nothing_comes_are_spaced_ever_further() {
    let flight = Flight::default();
    let mut session = flight.session(&call(), Wanted::Current, new_session).unwrap();
    let mut pauses = Vec::new();
    for _ in 0..12 {
        pauses.push(flight.pause_before_replacing(&session, Instant::now()).as_millis());
        session = flight.session(&call(), Wanted::NewerThan(session.number), new_session).unwrap();
    }
    assert!((200..=250).contains(&pauses[0]) && (450..=500).contains(&pauses[1]), "{pauses:?}");
    assert!(pauses[11] <= 60_000 && pauses[11] > 59_000, "{pauses:?}");
    session.was_good();
    assert_eq!(flight.pause_before_replacing(&session, Instant::now()), Duration::ZERO);
    let next = flight.session(&call(), Wanted::NewerThan(session.number), new_session).unwrap();
    let pause = flight.pause_before_replacing(&next, Instant::now()).as_millis();
    assert!((200..=250).contains(&pause), "one good login makes up for all: {pause}");
}

#[test]
fn nobody_waits_to_replace_a_login_that_another_thread_has_replaced() {
    let flight = Flight::default();
    let first = flight.session(&call(), Wanted::Current, new_session).unwrap();
    assert!(flight.pause_before_replacing(&first, Instant::now()) > Duration::ZERO);
    flight.session(&call(), Wanted::NewerThan(first.number), new_session).unwrap();
    assert_eq!(flight.pause_before_replacing(&first, Instant::now()), Duration::ZERO);
    flight.give_up();
    assert!(flight.pause_before_replacing(&first, Instant::now()) > Duration::ZERO, "a login would have to be made");
}

pub(super) fn waiting() -> Result<NewSession, Error> {
    let body = br#"{"data":{"id":"s","token":"t","authQueries":[{"typeId":"MFA"}]}}"#;
    Ok(NewSession { api_session: envelope::data("POST /authenticate", body).unwrap(), ..new_session()? })
}

/// What a login looks like once it is complete.
pub(super) fn complete() -> ApiSession {
    new_session().unwrap().api_session
}

pub(super) fn current(flight: &Flight) -> (u64, bool) {
    let session = flight.current().unwrap();
    (session.number, session.api_session.auth_queries.is_empty())
}

#[test]
fn a_login_that_had_its_factor_is_the_same_login() {
    let flight = Flight::default();
    let session = flight.session(&call(), Wanted::Current, waiting).unwrap();
    flight.progressed(&session, complete());
    assert_eq!((current(&flight), flight.latest()), ((1, true), 1));
    assert_eq!(flight.current().unwrap().credentials()[0].value.expose(), "t");
    assert_eq!(flight.pause_before_replacing(&flight.current().unwrap(), Instant::now()), Duration::ZERO);
}

#[test]
fn a_complete_login_replaces_a_later_one_that_waits() {
    let flight = Flight::default();
    let session = flight.session(&call(), Wanted::Current, waiting).unwrap();
    let later = flight.session(&call(), Wanted::Fresh, waiting).unwrap();
    flight.progressed(&session, complete());
    assert_eq!((current(&flight), flight.latest()), ((3, true), 3), "newer than {}", later.number);
}

#[test]
fn a_later_login_that_is_complete_stays() {
    let flight = Flight::default();
    let session = flight.session(&call(), Wanted::Current, waiting).unwrap();
    let later = flight.session(&call(), Wanted::Fresh, new_session).unwrap();
    flight.progressed(&session, complete());
    assert_eq!((current(&flight), flight.latest()), ((later.number, true), later.number));
}

#[test]
fn a_login_goes_on_with_another_jwt_under_a_new_number_and_is_as_old_as_before() {
    let flight = Flight::default();
    let first = flight.session(&call(), Wanted::Current, new_session).unwrap();
    first.was_good();
    let made = flight.last_login();
    let go_on = || Ok(NewSession { second: Second::Refused(Instant::now()), ..first.again() });
    let second = flight.session(&call(), Wanted::NewerThan(first.number), go_on).unwrap();
    assert_eq!((second.number, flight.last_login()), (2, made));
    assert_eq!(flight.pause_before_replacing(&second, Instant::now()), Duration::ZERO, "it is as good as before");
}

#[test]
fn a_login_that_had_its_code_while_its_jwt_was_replaced_has_both() {
    let flight = Flight::default();
    let first = flight.session(&call(), Wanted::Current, waiting).unwrap();
    let go_on = || {
        flight.progressed(&first, complete());
        Ok(first.again())
    };
    flight.session(&call(), Wanted::NewerThan(first.number), go_on).unwrap();
    assert_eq!(current(&flight), (2, true));
}

#[test]
fn a_password_that_was_refused_stays_so_until_somebody_says_otherwise() {
    let refused = || Err(refused(Believed::UntilToldOtherwise));
    let flight = Flight::default();
    assert!(flight.session(&call(), Wanted::Current, refused).is_err());
    let asked = flight.session(&call(), Wanted::Fresh, || panic!("refused a moment ago")).map(drop);
    assert!(matches!(asked, Err(Error::Rejected(_))));
    flight.retry_now();
    assert!(flight.session(&call(), Wanted::Current, new_session).is_ok());
}

#[test]
fn a_leader_that_comes_back_from_its_own_callback_is_told_so() {
    let flight = Flight::default();
    let outcome = flight.session(&call(), Wanted::Current, || {
        let inner = flight.session(&call(), Wanted::Current, new_session).map(drop);
        assert!(matches!(inner, Err(Error::InvalidArgument(_))), "{inner:?}");
        new_session()
    });
    assert_eq!(outcome.unwrap().number, 1);
}
