//! A login in a browser that goes well.

use serde_json::json;
use ziti_edge_client::{ProviderLogin, ProviderSettings, TargetToken};
use ziti_edge_testkit::{ProviderEndpoint, ProviderPart};

use super::{BACK, begin, log_in, log_in_for, options, provider, settings};

#[test]
fn a_login_brings_the_token_that_controllers_want() {
    let provider = provider();
    let wanted = settings(&provider).scopes(&["openid", "email"]).audience("openziti");
    let login = ProviderLogin::begin(&wanted, BACK, &options(&provider)).unwrap();
    let token = login.complete(&provider.browse(login.login_url()).unwrap()).unwrap();

    let access = token.access_token().unwrap();
    assert_eq!(token.token().expose(), access.expose());
    assert_ne!(token.id_token().unwrap().expose(), access.expose());
    assert!(token.refresh_token().is_some());
    assert_eq!(token.subject().as_deref(), Some("alice@example.test"));
    let left = token.expires_in().unwrap().as_secs();
    assert!((3500..=3600).contains(&left), "{left}");
}

#[test]
fn the_browser_is_asked_for_a_code_that_only_this_login_can_use() {
    let provider = provider();
    let wanted = settings(&provider).scopes(&["email"]).audience("openziti");
    let begun = || ProviderLogin::begin(&wanted, BACK, &options(&provider)).unwrap();
    let (login, other) = (begun(), begun());
    let (address, query) = login.login_url().split_once('?').unwrap();
    assert_eq!(address, format!("{}/authorize", provider.issuer()));
    let value = |url: &str, name: &str| {
        let pairs: Vec<&str> = url.split(['?', '&']).filter(|pair| pair.starts_with(&format!("{name}="))).collect();
        let [pair] = pairs[..] else { panic!("{name} in {url}") };
        pair.split_once('=').unwrap().1.to_owned()
    };
    for (name, expected) in [
        ("response_type", "code"),
        ("client_id", provider.client_id()),
        ("redirect_uri", "http%3A%2F%2F127.0.0.1%3A8765%2Fauth%2Fcallback"),
        ("scope", "openid%20email"),
        ("audience", "openziti"),
        ("code_challenge_method", "S256"),
    ] {
        assert_eq!(value(query, name), expected);
    }
    for name in ["state", "nonce", "code_challenge"] {
        let (one, two) = (value(query, name), value(other.login_url(), name));
        assert!(one.len() == 43 && one != two, "{name}: {one} {two}");
    }
}

#[test]
fn a_code_is_exchanged_once_with_its_verifier_and_no_certificate() {
    let provider = provider();
    log_in(&provider).unwrap();
    let seen = provider.seen();
    let asked: Vec<_> = seen.iter().map(|seen| (seen.endpoint, seen.method.as_str())).collect();
    assert_eq!(asked, [(ProviderEndpoint::Configuration, "GET"), (ProviderEndpoint::Token, "POST")]);
    let names: Vec<&str> = seen[1].parameters.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["client_id", "grant_type", "code", "redirect_uri", "code_verifier"]);
    assert_eq!(seen[1].parameter("grant_type"), Some("authorization_code"));
    assert_eq!(seen[1].parameter("redirect_uri"), Some(BACK));
    assert!(seen.iter().all(|seen| !seen.with_certificate));
    assert!(seen.iter().flat_map(|seen| &seen.headers).all(|(name, _)| !name.eq_ignore_ascii_case("authorization")));
}

#[test]
fn the_id_token_can_be_the_one_that_controllers_want() {
    let provider = provider();
    let token = log_in_for(&provider, TargetToken::Id).unwrap();
    assert_eq!(token.token().expose(), token.id_token().unwrap().expose());
    let wanted = settings(&provider).target(TargetToken::Id).audience(provider.client_id());
    let login = ProviderLogin::begin(&wanted, BACK, &options(&provider)).unwrap();
    assert!(!login.login_url().contains("audience="), "a client is not asked for as an audience");
    let of_another = ProviderLogin::begin(&wanted.clone().audience("openziti"), BACK, &options(&provider)).unwrap();
    assert!(!of_another.login_url().contains("audience="), "nor is anybody for an ID token");
    login.complete(&provider.browse(login.login_url()).unwrap()).unwrap();
}

#[test]
fn what_providers_do_each_in_its_own_way_is_understood() {
    let provider = provider();
    let client = provider.client_id();
    let issuer = format!("{}/", provider.issuer());
    for (part, change) in [
        (ProviderPart::Tokens, json!({"expires_in": "3600", "token_type": "bearer"})),
        (ProviderPart::Tokens, json!({"expires_in": 3599.5, "scope": ["a"], "not_before": 7})),
        (ProviderPart::Tokens, json!({"expires_in": null, "refresh_token": null})),
        (ProviderPart::Tokens, json!({"id_token": null})),
        (ProviderPart::IdClaims, json!({"aud": [client]})),
        (ProviderPart::IdClaims, json!({"aud": ["another", client], "azp": client})),
        (ProviderPart::IdClaims, json!({"at_hash": null, "iat": null})),
        (ProviderPart::AccessClaims, json!({"padding": "x".repeat(40_000)})),
        (ProviderPart::Redirect, json!({"session_state": "a b&c"})),
        (ProviderPart::Redirect, json!({"session_state": "x".repeat(20_000)})),
        (ProviderPart::Redirect, json!({"iss": provider.issuer()})),
        (ProviderPart::Configuration, json!({"code_challenge_methods_supported": null})),
        (ProviderPart::Configuration, json!({"authorization_response_iss_parameter_supported": null})),
        (ProviderPart::Configuration, json!({"device_authorization_endpoint": null, "unknown": {"a": [1]}})),
    ] {
        provider.change(part, change.clone());
        let token = log_in(&provider).unwrap_or_else(|error| panic!("{change}: {error}"));
        assert!(token.expires_in().is_some(), "{change}: the token itself says so where nobody else does");
        provider.heal();
    }
    let slashed = ProviderSettings::new(issuer, client);
    assert!(ProviderLogin::begin(&slashed, BACK, &options(&provider)).is_ok());
    let url = format!("{}/.well-known/openid-configuration", provider.issuer());
    let by_url = ProviderSettings::at_configuration(url, client);
    assert!(ProviderLogin::begin(&by_url, BACK, &options(&provider)).is_ok());
}

#[test]
fn nothing_that_is_shown_gives_a_login_away() {
    let provider = provider();
    let login = begin(&provider).unwrap();
    let shown = format!("{login:?}");
    assert!(shown.contains(provider.issuer()) && !shown.contains("state") && shown.len() < 200, "{shown}");
    let token = login.complete(&provider.browse(login.login_url()).unwrap()).unwrap();
    let shown = format!("{token:?}");
    assert!(shown.contains("alice@example.test") && !shown.contains(token.token().expose()), "{shown}");
}
