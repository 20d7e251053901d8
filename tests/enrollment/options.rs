//! What a caller may choose.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ziti_edge_client::{CancelToken, EnrollOptions, Enrollment, Error, Identity, Store};
use ziti_edge_testkit::{Fault, Operation};

use crate::network::single;
use crate::place::Place;

#[test]
fn a_call_that_was_canceled_before_asks_nobody() {
    let controller = single();
    let cancel = CancelToken::new();
    cancel.cancel();
    let place = Place::new();

    let error =
        place.enroll_with(&controller.create_identity("alice"), EnrollOptions::new().cancel(&cancel)).unwrap_err();

    assert!(matches!(error, Error::Canceled { .. }), "{error:?}");
    assert_eq!((controller.connections(), place.names().len()), (0, 0));
}

#[test]
fn a_call_without_time_asks_nobody() {
    let controller = single();
    let place = Place::new();
    let options = EnrollOptions::new().timeout(Duration::ZERO);
    let error = place.enroll_with(&controller.create_identity("alice"), options).unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }), "{error:?}");
    assert_eq!((controller.connections(), place.names().len()), (0, 0));
}

#[test]
fn a_cancel_ends_the_wait_of_a_busy_controller_and_spends_nothing() {
    let controller = single();
    controller.fault(Operation::Enroll, Fault::TooManyRequests { retry_after: Some("20".into()) });
    let jwt = controller.create_identity("alice");
    let cancel = CancelToken::new();
    let place = Place::new();
    let start = Instant::now();

    let error = std::thread::scope(|scope| {
        scope.spawn(|| {
            while controller.count(Operation::Enroll) == 0 {
                std::thread::sleep(Duration::from_millis(5));
            }
            // What was answered has to be read by then, or nobody knows whether the token is spent.
            std::thread::sleep(Duration::from_millis(300));
            cancel.cancel();
        });
        place.enroll_with(&jwt, EnrollOptions::new().cancel(&cancel)).unwrap_err()
    });

    assert!(matches!(error, Error::Canceled { .. }), "{error:?}");
    assert!(start.elapsed() < Duration::from_secs(5));
    assert_eq!(place.names(), [""; 0]);
    controller.clear_faults();
    place.enroll(&jwt).unwrap();
}

#[test]
fn a_hook_is_given_the_text_of_the_file_once() {
    let controller = single();
    let texts = Arc::new(Mutex::new(Vec::new()));
    let store = {
        let texts = Arc::clone(&texts);
        Store::hook(move |text, _| {
            texts.lock().unwrap().push(text.expose().to_owned());
            Ok(())
        })
    };
    let token = Enrollment::parse(&controller.create_identity("alice")).unwrap();

    let identity = token.enroll(&EnrollOptions::new().store(store)).unwrap();

    let texts = texts.lock().unwrap();
    assert_eq!(*texts, [identity.to_json().expose()]);
    assert!(Identity::from_json(&texts[0]).unwrap().controllers().eq([controller.url()]));
}

#[test]
fn a_hook_that_fails_says_why() {
    let controller = single();
    let token = Enrollment::parse(&controller.create_identity("alice")).unwrap();
    let store = Store::hook(|_, _| Err("the safe is locked".to_owned()));
    let error = token.enroll(&EnrollOptions::new().store(store)).unwrap_err();
    assert!(matches!(&error, Error::Identity(why) if why.contains("the safe is locked")), "{error:?}");
    assert_eq!(controller.count(Operation::Enroll), 1);
}

#[test]
fn nothing_needs_to_be_stored() {
    let controller = single();
    let token = Enrollment::parse(&controller.create_identity("alice")).unwrap();
    let identity = token.enroll(&EnrollOptions::new()).unwrap();
    assert!(identity.controllers().eq([controller.url()]));
}

#[test]
fn a_token_says_who_enrolls_where_and_until_when() {
    let controller = single();
    let jwt = controller.create_identity("alice");
    let token = Enrollment::parse(&format!("  {jwt}\r\n")).unwrap();
    assert_eq!(token.issuer(), controller.url());
    assert_eq!(Some(token.subject().to_owned()), controller.identity_id("alice"));
    assert!(token.expires_at().is_some());
    assert_eq!(token.method().as_str(), "ott");
}
