use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use super::super::Wanted;
use super::super::tests::{call, complete, current, new_session, rejected, waiting};
use super::*;
use crate::error::Error;

/// A call that begins now.
fn call_of(flight: &Flight) -> Call {
    call().in_era(flight.era.now())
}

fn log_in(flight: &Flight, call: &Call) -> Arc<LiveSession> {
    flight.session(call, Wanted::Current, new_session).unwrap()
}

#[test]
fn a_login_that_lands_after_it_was_given_up_is_its_calls_alone() {
    for wanted in [Wanted::Current, Wanted::Fresh, Wanted::NewerThan(0)] {
        let flight = Flight::default();
        let before = call_of(&flight);
        let landed = flight.session(&before, wanted, || {
            assert!(flight.give_up().in_flight);
            new_session()
        });
        assert_eq!(landed.unwrap().number, 1);
        assert!(flight.current().is_none());
        let after = call_of(&flight);
        assert_eq!((log_in(&flight, &after).number, flight.latest()), (2, 2), "the next call logs in anew");
    }
}

#[test]
fn a_call_that_began_before_brings_no_login_back_whenever_it_needs_one() {
    let flight = Flight::default();
    let before = call_of(&flight);
    let first = log_in(&flight, &before);
    assert!(flight.give_up().session.is_some_and(|session| session.number == first.number));
    let own = flight.session(&before, Wanted::NewerThan(first.number), new_session).unwrap();
    assert!(flight.current().is_none());
    let again = flight.session(&before, Wanted::NewerThan(first.number), || panic!("it has one")).unwrap();
    assert_eq!(again.number, own.number);
    let new = log_in(&flight, &call_of(&flight));
    assert!(new.number > own.number);
    let taken = flight.session(&before, Wanted::NewerThan(own.number), || panic!("there is one again")).unwrap();
    assert_eq!((taken.number, flight.latest()), (new.number, new.number));
}

#[test]
fn what_a_call_needed_alone_is_handed_over_once_nobody_uses_it() {
    let flight = Flight::default();
    let before = call_of(&flight);
    flight.give_up();
    let own = log_in(&flight, &before);
    assert!(flight.unused_strays().is_empty());
    let number = own.number;
    drop(own);
    let strays = flight.unused_strays();
    assert_eq!(strays.iter().map(|stray| stray.number).collect::<Vec<_>>(), [number]);
    assert!(flight.unused_strays().is_empty());
}

#[test]
fn what_somebody_waits_for_is_not_handed_over() {
    let flight = Flight::default();
    let before = call_of(&flight);
    flight.give_up();
    drop(log_in(&flight, &before));
    flight.lock().waiting = 1;
    assert!(flight.unused_strays().is_empty());
    flight.lock().waiting = 0;
    assert_eq!(flight.unused_strays().len(), 1);
}

#[test]
fn a_login_that_lands_after_it_was_given_up_leaves_the_one_in_the_air_alone() {
    let flight = Flight::default();
    let before = call_of(&flight);
    let (leading, landing) = (Barrier::new(2), Barrier::new(2));
    thread::scope(|scope| {
        let mut later = None;
        let login = || {
            flight.give_up();
            later = Some(scope.spawn(|| {
                let login = || {
                    leading.wait();
                    landing.wait();
                    new_session()
                };
                flight.session(&call_of(&flight), Wanted::Current, login).unwrap().number
            }));
            leading.wait();
            Err(rejected())
        };
        assert!(flight.session(&before, Wanted::Current, login).is_err());
        let in_flight = flight.attempts().in_flight;
        landing.wait();
        assert!(in_flight, "nobody else leads meanwhile");
        assert_eq!(later.map(|later| later.join().unwrap()), Some(1));
    });
}

/// A thread of its own makes a login that is given up meanwhile; `meanwhile` runs then, before it lands.
fn while_it_is_in_the_air(flight: &Flight, meanwhile: impl FnOnce()) -> u64 {
    let (leading, landing) = (Barrier::new(2), Barrier::new(2));
    thread::scope(|scope| {
        let leader = scope.spawn(|| {
            let login = || {
                leading.wait();
                landing.wait();
                new_session()
            };
            flight.session(&call_of(flight), Wanted::Current, login).unwrap().number
        });
        leading.wait();
        meanwhile();
        landing.wait();
        leader.join().unwrap()
    })
}

#[test]
fn who_waits_for_a_login_that_is_given_up_shares_it_with_the_call_that_makes_it() {
    let flight = Flight::default();
    let (number, asks) = (AtomicU64::new(0), Barrier::new(2));
    let own = thread::scope(|scope| {
        while_it_is_in_the_air(&flight, || {
            scope.spawn(|| {
                let before = call_of(&flight);
                asks.wait();
                let session = flight.session(&before, Wanted::Current, || panic!("another thread leads")).unwrap();
                number.store(session.number, Ordering::SeqCst);
            });
            asks.wait();
            flight.give_up();
            thread::sleep(Duration::from_millis(50));
        })
    });
    assert_eq!((number.into_inner(), own, flight.current().is_none()), (1, 1, true));
}

#[test]
fn who_comes_later_waits_for_no_login_that_was_given_up() {
    let flight = Flight::default();
    let own = while_it_is_in_the_air(&flight, || {
        flight.give_up();
        assert_eq!(log_in(&flight, &call_of(&flight)).number, 1);
        let inside = flight.attempts();
        assert!(!inside.in_flight, "the one in the air is nobody's");
    });
    assert_eq!((own, current(&flight), flight.latest()), (2, (1, true), 1));
}

#[test]
fn a_factor_for_a_login_that_was_given_up_brings_nothing_back() {
    let flight = Flight::default();
    let before = call_of(&flight);
    let session = flight.session(&before, Wanted::Current, waiting).unwrap();
    flight.give_up();
    flight.progressed(&session, complete());
    assert!(flight.current().is_none());
    let own = flight.session(&before, Wanted::Current, waiting).unwrap();
    let later = flight.session(&call_of(&flight), Wanted::Current, waiting).unwrap();
    for session in [&session, &own] {
        flight.progressed(session, complete());
        assert_eq!(current(&flight), (later.number, false), "the later login is another");
    }
    flight.progressed(&later, complete());
    assert_eq!(current(&flight), (later.number, true));
}

#[test]
fn a_login_that_was_given_up_while_its_jwt_was_replaced_stays_so() {
    let flight = Flight::default();
    let before = call_of(&flight);
    let first = log_in(&flight, &before);
    let go_on = || {
        flight.give_up();
        Ok(first.again())
    };
    flight.session(&before, Wanted::NewerThan(first.number), go_on).unwrap();
    assert!(flight.current().is_none());
}

#[test]
fn a_refusal_from_before_ends_no_login_from_after() {
    let flight = Flight::default();
    let before = call_of(&flight);
    let outcome = flight.session(&before, Wanted::Current, || {
        flight.give_up();
        thread::scope(|scope| scope.spawn(|| log_in(&flight, &call_of(&flight)).number).join().unwrap());
        Err(rejected())
    });
    assert!(matches!(outcome.map(drop), Err(Error::Rejected(_))));
    assert_eq!(current(&flight), (1, true));
    let fresh = flight.session(&call_of(&flight), Wanted::NewerThan(1), new_session);
    assert_eq!(fresh.unwrap().number, 2, "nor is it believed");
}

#[test]
fn the_flights_of_a_client_give_up_their_logins_together() {
    let one = Flight::default();
    let other = Flight::new(one.clock.clone(), one.era.clone());
    let before = call_of(&one);
    log_in(&other, &before);
    one.give_up();
    assert!(other.current().is_none());
    let next = Flight::new(one.clock.clone(), one.era.clone());
    log_in(&other, &call_of(&other));
    next.carry(&other, |_| {});
    assert!(next.current().is_some());
    one.give_up();
    assert!(next.current().is_none());
    next.carry(&other, |_| {});
    assert!(next.current().is_none(), "what is carried was given up");
    log_in(&other, &call_of(&other));
    next.carry(&other, |_| drop(one.give_up()));
    assert!(next.current().is_none(), "or is, at that moment");
}

#[test]
fn what_another_flight_gave_up_is_handed_over_to_be_ended() {
    let one = Flight::default();
    let other = Flight::new(one.clock.clone(), one.era.clone());
    log_in(&other, &call_of(&other));
    one.give_up();
    assert_eq!(other.unused_strays().len(), 1);
    assert!(other.unused_strays().is_empty() && other.current().is_none());
}

#[test]
fn sixty_four_calls_from_before_make_no_more_logins_than_they_use_and_leave_none() {
    let flight = Flight::default();
    let before: Vec<u64> = (0..64).map(|_| flight.era.now()).collect();
    flight.give_up();
    let (all, made, ended) = (Barrier::new(64), AtomicU64::new(0), AtomicU64::new(0));
    thread::scope(|scope| {
        for era in before {
            let (flight, all, made, ended) = (&flight, &all, &made, &ended);
            scope.spawn(move || {
                let call = call().in_era(era);
                all.wait();
                let login = || {
                    made.fetch_add(1, Ordering::SeqCst);
                    thread::sleep(Duration::from_millis(20));
                    new_session()
                };
                let own = flight.session(&call, Wanted::Current, login).unwrap();
                all.wait();
                drop(own);
                ended.fetch_add(flight.unused_strays().len() as u64, Ordering::SeqCst);
            });
        }
    });
    assert_eq!((made.into_inner(), ended.into_inner()), (1, 1), "they share it");
    assert!(flight.lock().strays.is_empty());
}

/// Months of logins, refreshes, logouts, and calls that outlive these.
#[test]
fn what_is_remembered_of_ten_thousand_logins_is_what_there_is() {
    let flight = Flight::default();
    let gone: Vec<_> = (0..10_000_u64)
        .map(|number| {
            let call = call_of(&flight);
            let session = log_in(&flight, &call);
            let refreshed = flight.session(&call, Wanted::NewerThan(session.number), || Ok(session.again())).unwrap();
            if number % 3 == 0 {
                flight.give_up();
                drop(flight.session(&call, Wanted::NewerThan(refreshed.number), new_session).unwrap());
                assert_eq!(flight.unused_strays().len(), 1);
            } else {
                drop(flight.session(&call, Wanted::Fresh, new_session).unwrap());
            }
            if number % 7 == 0 {
                let _ = flight.session(&call_of(&flight), Wanted::Fresh, || Err(rejected()));
                flight.retry_now();
            }
            assert!(flight.lock().strays.is_empty());
            Arc::downgrade(&refreshed)
        })
        .collect();
    assert_eq!(gone.iter().filter(|session| session.strong_count() > 0).count(), 0);
}
