//! Providers that mean no good, or are out of order.

use std::time::{Duration, Instant};

use serde_json::json;
use ziti_edge_client::{DeviceLogin, Error, ProviderLogin, ProviderOptions, ProviderToken};
use ziti_edge_testkit::{ProviderEndpoint, ProviderFault, ProviderPart};

use super::{BACK, answer, log_in, options, provider, settings, spoiled, told};

const SHORT: Duration = Duration::from_secs(1);

/// Runs what takes as long as it may, and not much longer.
fn in_time<T>(run: impl FnOnce() -> Result<T, Error>) {
    let began = Instant::now();
    let (error, text) = told(run());
    assert!(matches!(error, Error::Timeout { .. }), "{text}");
    assert!(began.elapsed() < SHORT + Duration::from_millis(700), "{:?}: {text}", began.elapsed());
}

#[test]
fn an_answer_that_never_ends_ends_with_the_deadline() {
    let provider = provider();
    let short = options(&provider).timeout(SHORT);
    let begin = |options: &ProviderOptions| ProviderLogin::begin(&settings(&provider), BACK, options);
    let login = begin(&short).unwrap();
    let back = provider.browse(login.login_url()).unwrap();
    let kept = log_in(&provider).unwrap().refresh_token().unwrap();
    let patient = DeviceLogin::begin(&settings(&provider), &options(&provider)).unwrap();
    for endpoint in [ProviderEndpoint::Configuration, ProviderEndpoint::Token, ProviderEndpoint::Device] {
        provider.fault(endpoint, ProviderFault::Drip);
        match endpoint {
            ProviderEndpoint::Configuration => in_time(|| begin(&short)),
            ProviderEndpoint::Device => in_time(|| DeviceLogin::begin(&settings(&provider), &short)),
            _ => {
                in_time(|| login.complete(&back));
                in_time(|| patient.wait(SHORT));
                in_time(|| ProviderToken::from_refresh_token(&settings(&provider), &short, &kept));
            }
        }
        provider.heal();
    }
}

#[test]
fn redirects_are_followed_nowhere() {
    let (provider, other) = (provider(), super::provider());
    let codes = DeviceLogin::begin(&settings(&provider), &options(&provider)).unwrap();
    let login = ProviderLogin::begin(&settings(&provider), BACK, &options(&provider)).unwrap();
    let back = provider.browse(login.login_url()).unwrap();
    let in_clear = provider.issuer().replace("https", "http");
    for to in [other.issuer().to_owned(), in_clear, format!("{}/token", provider.issuer()), "/token".to_owned()] {
        for endpoint in [ProviderEndpoint::Configuration, ProviderEndpoint::Token, ProviderEndpoint::Device] {
            provider.fault(endpoint, ProviderFault::Redirect(to.clone()));
        }
        let asked = provider.seen().len();
        for outcome in [
            ProviderLogin::begin(&settings(&provider), BACK, &options(&provider)).map(drop),
            login.complete(&back).map(drop),
            codes.poll().map(drop),
        ] {
            let (error, text) = told(outcome);
            assert!(matches!(error, Error::Api(_)) && text.contains("redirects are not followed"), "{to}: {text}");
        }
        assert_eq!(provider.seen().len(), asked + 3, "{to}");
        // The device may be asked again by then.
        std::thread::sleep(codes.interval());
    }
    assert!(other.seen().is_empty());
}

#[test]
fn no_interval_of_a_device_is_too_short_or_too_long() {
    let provider = provider();
    for (interval, expected) in
        [(json!(0), 250), (json!(0.1), 250), (json!("0"), 250), (json!(1e11), 300_000), (json!(301), 300_000)]
    {
        let change = json!({"interval": interval, "expires_in": 1e11});
        let begin = || DeviceLogin::begin(&settings(&provider), &options(&provider));
        let login = spoiled(&provider, ProviderPart::DeviceCodes, change, begin).unwrap();
        assert_eq!(login.interval(), Duration::from_millis(expected), "{interval}");
        assert!(login.poll().unwrap().is_none());
    }
}

#[test]
fn a_device_that_is_told_to_slow_down_for_ever_gives_up_in_time() {
    let provider = provider();
    let login = DeviceLogin::begin(&settings(&provider), &options(&provider)).unwrap();
    provider.fault(ProviderEndpoint::Token, answer(400, "application/json", r#"{"error":"slow_down"}"#));
    in_time(|| login.wait(SHORT));
    assert_eq!(provider.count(ProviderEndpoint::Token), 1);
    assert_eq!(login.interval(), Duration::from_millis(5250));
}

#[test]
fn a_token_endpoint_may_be_elsewhere_and_has_to_be_trusted_there_too() {
    let (provider, elsewhere) = (provider(), super::provider());
    let token_endpoint = json!({"token_endpoint": format!("{}/token", elsewhere.issuer())});
    provider.change(ProviderPart::Configuration, token_endpoint);
    let complete = |options: &ProviderOptions| {
        let login = ProviderLogin::begin(&settings(&provider), BACK, options).unwrap();
        login.complete(&provider.browse(login.login_url()).unwrap())
    };
    let (error, text) = told(complete(&options(&provider)));
    assert!(matches!(error, Error::Tls { .. }) && elsewhere.seen().is_empty(), "{text}");
    let both = options(&provider).ca(format!("{}{}", provider.ca_pem(), elsewhere.ca_pem()));
    let (error, text) = told(complete(&both));
    assert_eq!(error.answer().unwrap().code, "invalid_grant", "{text}");
    assert_eq!((provider.count(ProviderEndpoint::Token), elsewhere.count(ProviderEndpoint::Token)), (0, 1));
}

#[test]
fn a_provider_cannot_pass_for_another() {
    let (provider, evil) = (provider(), super::provider());
    evil.change(ProviderPart::Configuration, json!({"issuer": provider.issuer()}));
    let (_, text) = told(ProviderLogin::begin(&settings(&evil), BACK, &options(&evil)));
    assert!(text.contains("this is the configuration of"), "{text}");
    // Its own tokens, in the answer to a login at the other one.
    evil.heal();
    let of_evil = log_in(&evil).unwrap().id_token().unwrap();
    provider.change(ProviderPart::Tokens, json!({"id_token": of_evil.expose()}));
    let (_, text) = told(log_in(&provider));
    assert!(text.contains("id_token.iss") && text.contains(evil.issuer()), "{text}");
}
