//! Logins on another device.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use ziti_edge_client::{CancelToken, DeviceLogin, Error, ProviderOptions};
use ziti_edge_testkit::{ProviderEndpoint, ProviderFault, ProviderPart, TestProvider};

use super::{answer, does_not_answer, ends_in_time, is_unreadable, options, provider, settings, spoiled, told};

fn begin(provider: &TestProvider) -> Result<DeviceLogin, Error> {
    DeviceLogin::begin(&settings(provider).scopes(&["email"]).audience("openziti"), &options(provider))
}

#[test]
fn a_user_enters_the_code_and_the_device_gets_its_tokens() {
    let provider = provider();
    let login = begin(&provider).unwrap();
    assert_eq!(login.verification_uri(), format!("{}/device", provider.issuer()));
    assert!(login.verification_uri_complete().unwrap().ends_with(login.user_code()));
    assert!(login.expires_in() > Duration::from_secs(500) && login.interval() < Duration::from_secs(1));
    assert!(login.poll().unwrap().is_none());
    assert!(provider.enter_user_code(login.user_code(), true));
    let token = login.wait(Duration::from_secs(10)).unwrap();
    assert_eq!(token.subject().as_deref(), Some("alice@example.test"));
    assert!(token.refresh_token().is_some());

    let seen = provider.seen();
    let device = seen.iter().find(|seen| seen.endpoint == ProviderEndpoint::Device).unwrap();
    let form = ["client_id", "scope", "audience"].map(|name| device.parameter(name).unwrap());
    assert_eq!(form, [provider.client_id(), "openid email", "openziti"]);
    let last = seen.last().unwrap();
    assert_eq!(last.parameter("grant_type"), Some("urn:ietf:params:oauth:grant-type:device_code"));
    let shown = format!("{login:?}");
    assert!(!shown.contains(last.parameter("device_code").unwrap()), "{shown}");
}

#[test]
fn a_wait_ends_with_its_limit_and_can_be_taken_up_again() {
    let provider = provider();
    let login = begin(&provider).unwrap();
    let (error, text) = told(login.wait(Duration::from_millis(600)));
    assert!(matches!(error, Error::Timeout { .. }), "{text}");
    let asked = provider.count(ProviderEndpoint::Token);
    assert!((1..=4).contains(&asked), "{asked} questions in 600 ms, 250 ms apart");
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(100));
            provider.enter_user_code(login.user_code(), true);
        });
        login.wait(Duration::from_secs(10)).unwrap();
    });
}

#[test]
fn a_cancel_ends_a_wait() {
    let provider = provider();
    let cancel = CancelToken::new();
    provider.change(ProviderPart::DeviceCodes, json!({"interval": 60}));
    let login = DeviceLogin::begin(&settings(&provider), &options(&provider).cancel(&cancel)).unwrap();
    let began = Instant::now();
    thread::scope(|scope| {
        scope.spawn(|| {
            while provider.count(ProviderEndpoint::Token) == 0 {
                thread::sleep(Duration::from_millis(5));
            }
            cancel.cancel();
        });
        assert!(matches!(told(login.wait(Duration::from_secs(20))).0, Error::Canceled { .. }));
    });
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_user_who_says_no_and_a_code_that_is_over_end_the_login() {
    let provider = provider();
    let login = begin(&provider).unwrap();
    provider.enter_user_code(login.user_code(), false);
    let (error, text) = told(login.wait(Duration::from_secs(10)));
    assert_eq!(error.answer().unwrap().code, "access_denied", "{text}");

    let login = spoiled(&provider, ProviderPart::DeviceCodes, json!({"expires_in": 0}), || begin(&provider)).unwrap();
    let asked = provider.count(ProviderEndpoint::Token);
    let (error, text) = told(login.poll());
    assert_eq!(error.answer().unwrap().code, "expired_token", "{text}");
    assert_eq!(provider.count(ProviderEndpoint::Token), asked, "nobody was asked");

    let change = json!({"device_code": "canary-of-a-device-code"});
    let login = spoiled(&provider, ProviderPart::DeviceCodes, change, || begin(&provider)).unwrap();
    let (error, text) = told(login.poll());
    assert_eq!(error.answer().unwrap().code, "expired_token", "{text}");
    assert!(!text.contains("canary"), "{text}");
}

#[test]
fn a_provider_that_wants_to_be_asked_less_often_is() {
    let provider = provider();
    let login = begin(&provider).unwrap();
    provider.fault(ProviderEndpoint::Token, answer(400, "application/json", r#"{"error":"slow_down"}"#));
    let before = login.interval();
    assert!(login.poll().unwrap().is_none());
    assert_eq!(login.interval(), before + Duration::from_secs(5));
    for _ in 0..10 {
        assert!(login.poll().unwrap().is_none());
    }
    assert_eq!(provider.count(ProviderEndpoint::Token), 1);
}

#[test]
fn trouble_on_the_way_does_not_end_a_wait() {
    let provider = provider();
    let login = begin(&provider).unwrap();
    provider.enter_user_code(login.user_code(), true);
    provider.fault(ProviderEndpoint::Token, answer(503, "text/html", "<p>soon"));
    let (error, text) = told(login.wait(Duration::from_secs(1)));
    assert!(matches!(error, Error::Busy(_)), "what stood in the way is told: {text}");
    provider.heal();
    login.wait(Duration::from_secs(10)).unwrap();

    let login = DeviceLogin::begin(&settings(&provider), &options(&provider).timeout(Duration::from_secs(1))).unwrap();
    provider.enter_user_code(login.user_code(), true);
    provider.fault(ProviderEndpoint::Token, ProviderFault::Silent);
    thread::scope(|scope| {
        scope.spawn(|| {
            while provider.seen().last().is_none_or(|seen| seen.endpoint != ProviderEndpoint::Token) {
                thread::sleep(Duration::from_millis(5));
            }
            provider.heal();
        });
        login.wait(Duration::from_secs(10)).expect("one silence does not take all the time");
    });
}

#[test]
fn codes_that_cannot_be_used_are_refused_by_name() {
    let provider = provider();
    let cases: [(&str, Value, &str, &str); 10] = [
        ("no device code", json!({"device_code": null}), "device_code", "missing"),
        ("an empty one", json!({"device_code": ""}), "device_code", "empty"),
        ("no user code", json!({"user_code": null}), "user_code", "missing"),
        ("escapes for a terminal", json!({"user_code": "\u{1b}[2J"}), "user_code", "enter"),
        ("an endless one", json!({"user_code": "x".repeat(300)}), "user_code", "enter"),
        ("no address", json!({"verification_uri": null}), "verification_uri", "missing"),
        ("one in clear", json!({"verification_uri": "http://idp.test/"}), "verification_uri", "only https://"),
        ("a script", json!({"verification_uri_complete": "javascript:x"}), "verification_uri_complete", "https://"),
        ("no end", json!({"expires_in": null}), "expires_in", "missing"),
        ("an interval of lists", json!({"interval": []}), "interval", "a list"),
    ];
    for (name, change, at, why) in cases {
        is_unreadable(name, spoiled(&provider, ProviderPart::DeviceCodes, change, || begin(&provider)), at, why);
    }
}

#[test]
fn a_provider_without_devices_says_so() {
    let provider = provider();
    let change = json!({"device_authorization_endpoint": null});
    let (error, text) = told(spoiled(&provider, ProviderPart::Configuration, change, || begin(&provider)));
    assert!(matches!(error, Error::Unsupported(_)) && text.contains("device_authorization_endpoint"), "{text}");
    let change = json!({"device_authorization_endpoint": "http://localhost/"});
    let outcome = spoiled(&provider, ProviderPart::Configuration, change, || begin(&provider));
    is_unreadable("in clear", outcome, "device_authorization_endpoint", "only https://");
}

#[test]
fn codes_that_do_not_come_say_why() {
    let provider = provider();
    does_not_answer(&provider, ProviderEndpoint::Device, || begin(&provider));
    let run = |options: ProviderOptions| DeviceLogin::begin(&settings(&provider), &options).map(drop);
    ends_in_time(&provider, ProviderEndpoint::Device, |options| options, run);
}
