//! Providers whose configuration cannot be used.

use serde_json::{Value, json};
use ziti_edge_client::{Error, ProviderLogin, ProviderOptions, ProviderSettings};
use ziti_edge_testkit::{ProviderEndpoint, ProviderPart};

use super::{
    BACK, answer, begin, does_not_answer, ends_in_time, is_unreadable, options, provider, settings, spoiled, support,
    told,
};

#[test]
fn a_configuration_that_is_not_this_providers_or_not_safe_is_refused_by_name() {
    let provider = provider();
    let long = format!("https://localhost/{}", "x".repeat(3000));
    let cases: [(&str, Value, &str, &str); 12] = [
        ("another issuer", json!({"issuer": "https://evil.test"}), "issuer", "not of"),
        ("an issuer below", json!({"issuer": format!("{}/x", provider.issuer())}), "issuer", "not of"),
        ("an issuer in clear", json!({"issuer": "http://localhost"}), "issuer", "only https://"),
        ("no issuer", json!({"issuer": null}), "issuer", "missing"),
        ("an issuer that is a number", json!({"issuer": 7}), "issuer", "a number"),
        ("tokens in clear", json!({"token_endpoint": "http://localhost/token"}), "token_endpoint", "only https://"),
        ("no token endpoint", json!({"token_endpoint": null}), "token_endpoint", "missing"),
        ("a relative endpoint", json!({"token_endpoint": "/token"}), "token_endpoint", "expected https://"),
        ("a user name", json!({"token_endpoint": "https://a:b@localhost/"}), "token_endpoint", "user name"),
        ("an endless endpoint", json!({"token_endpoint": long}), "token_endpoint", "too long"),
        (
            "a page in clear",
            json!({"authorization_endpoint": "http://localhost/"}),
            "authorization_endpoint",
            "https://",
        ),
        (
            "methods that are none",
            json!({"code_challenge_methods_supported": "S256"}),
            "code_challenge_methods_supported",
            "a list",
        ),
    ];
    for (name, change, at, why) in cases {
        is_unreadable(name, spoiled(&provider, ProviderPart::Configuration, change, || begin(&provider)), at, why);
    }
    assert_eq!(provider.count(ProviderEndpoint::Token), 0);
}

#[test]
fn what_a_provider_cannot_do_is_unsupported() {
    let provider = provider();
    for (change, why) in [
        (json!({"code_challenge_methods_supported": ["plain"]}), "PKCE with S256"),
        (json!({"authorization_endpoint": null}), "no authorization_endpoint"),
    ] {
        let outcome = spoiled(&provider, ProviderPart::Configuration, change, || begin(&provider));
        let (error, text) = told(outcome);
        assert!(matches!(error, Error::Unsupported(_)) && text.contains(why), "{text}");
    }
}

#[test]
fn a_configuration_that_does_not_come_says_why() {
    let provider = provider();
    does_not_answer(&provider, ProviderEndpoint::Configuration, || begin(&provider));
    for (name, body) in [("a list", "[1]"), ("a text", "\"x\""), ("null", "null")] {
        provider.fault(ProviderEndpoint::Configuration, answer(200, "application/json", body));
        is_unreadable(name, begin(&provider), "answer", "an object");
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for body in [deep.into_bytes(), b"{\"issuer\": \"\xff\"}".to_vec()] {
        provider.fault(ProviderEndpoint::Configuration, answer(200, "application/json", body));
        let (error, text) = told(begin(&provider));
        assert!(matches!(error, Error::Decode { .. }), "{text}");
    }
}

#[test]
fn a_silent_provider_is_given_up_at_the_deadline_and_on_a_cancel() {
    let provider = provider();
    let run = |options: ProviderOptions| ProviderLogin::begin(&settings(&provider), BACK, &options).map(drop);
    ends_in_time(&provider, ProviderEndpoint::Configuration, |options| options, run);
}

#[test]
fn a_provider_that_nobody_vouches_for_is_refused() {
    let provider = provider();
    let other = super::provider();
    let controller = support::controller(ziti_edge_testkit::Version::V2_0, 0);
    for ca in [other.ca_pem().to_owned(), controller.ca_pem()] {
        let options = ProviderOptions::new().ca(ca);
        let (error, text) = told(ProviderLogin::begin(&settings(&provider), BACK, &options));
        assert!(matches!(error, Error::Tls { .. }), "{text}");
    }
    let options = ProviderOptions::new().ca("no certificate");
    let (error, text) = told(ProviderLogin::begin(&settings(&provider), BACK, &options));
    assert!(matches!(error, Error::Identity(_)) && text.contains("option ca"), "{text}");
    assert!(provider.seen().is_empty());
}

#[test]
fn settings_that_cannot_be_used_are_refused_before_anybody_is_asked() {
    let provider = provider();
    let client = provider.client_id();
    let issuer = provider.issuer().to_owned();
    for (settings, why) in [
        (ProviderSettings::new(issuer.replace("https", "http"), client), "issuer"),
        (ProviderSettings::new("idp.example.test", client), "issuer"),
        (ProviderSettings::new("", client), "issuer"),
        (ProviderSettings::new(format!("{issuer}?a=b"), client), "has a query"),
        (ProviderSettings::new(format!("{issuer}/#x"), client), "issuer"),
        (ProviderSettings::at_configuration("http://localhost/x", client), "OpenID configuration"),
        (ProviderSettings::new(issuer.as_str(), ""), "client id"),
        (ProviderSettings::new(issuer.as_str(), "x".repeat(5000)), "client id"),
    ] {
        let (error, text) = told(ProviderLogin::begin(&settings, BACK, &options(&provider)));
        assert!(matches!(error, Error::InvalidArgument(_)) && text.contains(why), "{text}");
    }
    for back in ["http://example.test/", "/callback", ""] {
        let (error, text) = told(ProviderLogin::begin(&settings(&provider), back, &options(&provider)));
        assert!(matches!(error, Error::InvalidArgument(_)) && text.contains("redirect address"), "{text}");
    }
    assert!(provider.seen().is_empty());
}
