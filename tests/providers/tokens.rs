//! Tokens that are not what was asked for.

use std::time::SystemTime;

use serde_json::{Value, json};
use ziti_edge_client::{Error, ProviderLogin, ProviderOptions, TargetToken};
use ziti_edge_testkit::{ProviderEndpoint, ProviderPart};

use super::{
    BACK, answer, begin, does_not_answer, ends_in_time, is_unreadable, log_in, log_in_for, options, provider, settings,
    spoiled, told,
};

#[test]
fn an_answer_without_the_tokens_that_are_wanted_is_refused_by_name() {
    let provider = provider();
    let cases: [(&str, Value, TargetToken, &str, &str); 12] = [
        ("no access token", json!({"access_token": null}), TargetToken::Access, "access_token", "missing"),
        ("a list", json!({"access_token": ["x"]}), TargetToken::Access, "access_token", "a list"),
        (
            "an opaque token",
            json!({"access_token": "opaque", "id_token": null}),
            TargetToken::Access,
            "access_token",
            "no controller can check it",
        ),
        (
            "three parts of nothing",
            json!({"access_token": "a.b.c", "id_token": null}),
            TargetToken::Access,
            "access_token",
            "not a JWT",
        ),
        ("no ID token", json!({"id_token": null}), TargetToken::Id, "id_token", "the controller wants this token"),
        ("an ID token that is none", json!({"id_token": "x"}), TargetToken::Access, "id_token", "not a JWT"),
        ("an ID token without an end", json!({"id_token": "e30.e30"}), TargetToken::Access, "id_token", "not a JWT"),
        (
            "an unsigned ID token",
            json!({"id_token": "eyJhbGciOiJub25lIn0.e30."}),
            TargetToken::Id,
            "id_token",
            "not signed",
        ),
        (
            "an unsigned one that says so aloud",
            json!({"id_token": "eyJhbGciOiJOb05FIn0.e30."}),
            TargetToken::Id,
            "id_token",
            "not signed",
        ),
        ("another kind", json!({"token_type": "DPoP"}), TargetToken::Access, "token_type", "Bearer"),
        ("no kind", json!({"token_type": null}), TargetToken::Access, "token_type", "missing"),
        ("no number of seconds", json!({"expires_in": "soon"}), TargetToken::Access, "expires_in", "seconds"),
    ];
    for (name, change, target, at, why) in cases {
        let outcome = spoiled(&provider, ProviderPart::Tokens, change, || log_in_for(&provider, target));
        is_unreadable(name, outcome, at, why);
    }
    for seconds in [json!(-1), json!(1e300)] {
        let outcome = spoiled(&provider, ProviderPart::Tokens, json!({"expires_in": seconds}), || log_in(&provider));
        is_unreadable("nonsense", outcome, "expires_in", "seconds");
    }
}

#[test]
fn a_token_is_good_for_the_shorter_of_what_is_said_and_what_it_says_itself() {
    let provider = provider();
    let in_a_minute = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() + 60;
    for (part, change, target) in [
        (ProviderPart::Tokens, json!({"expires_in": 60}), TargetToken::Access),
        (ProviderPart::AccessClaims, json!({"exp": in_a_minute}), TargetToken::Access),
        (ProviderPart::IdClaims, json!({"exp": in_a_minute}), TargetToken::Id),
    ] {
        let token = spoiled(&provider, part, change.clone(), || log_in_for(&provider, target)).unwrap();
        let left = token.expires_in().unwrap().as_secs();
        assert!((40..=60).contains(&left), "{change}: {left}");
    }
    let change = json!({"expires_in": 60});
    let token = spoiled(&provider, ProviderPart::Tokens, change, || log_in_for(&provider, TargetToken::Id)).unwrap();
    assert!(token.expires_in().unwrap().as_secs() > 3000, "that is said of the access token");
}

#[test]
fn an_id_token_of_another_login_client_provider_or_time_is_refused() {
    let provider = provider();
    let client = provider.client_id();
    for (name, change, at, why) in [
        ("another issuer", json!({"iss": "https://evil.test"}), "iss", "evil.test"),
        ("no issuer", json!({"iss": null}), "iss", "nobody"),
        ("another client", json!({"aud": "another"}), "aud", "another"),
        ("nobody", json!({"aud": null}), "aud", "nobody"),
        ("several without azp", json!({"aud": [client, "another"]}), "azp", "another client"),
        ("issued to another", json!({"azp": "another"}), "azp", "another client"),
        ("over", json!({"exp": 1_000_000_000}), "exp", "expired"),
        ("no end", json!({"exp": null}), "exp", "does not say"),
        ("another nonce", json!({"nonce": "another"}), "nonce", "not from the login"),
        ("no nonce", json!({"nonce": null}), "nonce", "not from the login"),
        ("another access token", json!({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}), "at_hash", "does not go with"),
        ("an audience of numbers", json!({"aud": [1]}), "aud[0]", "a number"),
        ("a subject that is a list", json!({"sub": []}), "sub", "a list"),
    ] {
        for target in [TargetToken::Access, TargetToken::Id] {
            let change = change.clone();
            let outcome = spoiled(&provider, ProviderPart::IdClaims, change, || log_in_for(&provider, target));
            is_unreadable(name, outcome, &format!("id_token.{at}"), why);
        }
    }
}

#[test]
fn a_token_for_somebody_else_than_the_network_is_refused() {
    let provider = provider();
    for (target, at) in [(TargetToken::Access, "access_token.aud"), (TargetToken::Id, "id_token.aud")] {
        let wanted = settings(&provider).audience("native").target(target);
        let login = ProviderLogin::begin(&wanted, BACK, &options(&provider)).unwrap();
        let url = provider.browse(login.login_url()).unwrap();
        is_unreadable("another audience", login.complete(&url), at, "the network wants one for \"native\"");
    }
}

#[test]
fn a_refusal_in_disguise_is_told_and_repeats_nothing() {
    let provider = provider();
    for (error, shown) in [("invalid_grant", "invalid_grant"), ("the code canary-of-a-code", "error")] {
        let change = json!({"error": error, "access_token": null, "error_description": "canary-of-a-code"});
        let (error, text) = told(spoiled(&provider, ProviderPart::Tokens, change, || log_in(&provider)));
        assert_eq!(error.answer().unwrap().code, shown, "{text}");
        assert!(!text.contains("canary"), "{text}");
    }
}

#[test]
fn tokens_that_do_not_come_say_why() {
    let provider = provider();
    does_not_answer(&provider, ProviderEndpoint::Token, || log_in(&provider));
}

#[test]
fn an_answer_that_is_cut_anywhere_is_refused() {
    let provider = provider();
    let configuration = json!({
        "issuer": provider.issuer(),
        "authorization_endpoint": "https://localhost/authorize",
        "token_endpoint": "https://localhost/token",
    });
    let whole = configuration.to_string();
    for end in (0..whole.len()).step_by(3) {
        provider.fault(ProviderEndpoint::Configuration, answer(200, "application/json", &whole[..end]));
        let (error, text) = told(begin(&provider));
        assert!(matches!(error, Error::Decode { .. }), "{end}: {text}");
    }
    provider.fault(ProviderEndpoint::Configuration, answer(200, "application/json", whole));
    begin(&provider).unwrap();
    provider.heal();
    let login = begin(&provider).unwrap();
    let url = provider.browse(login.login_url()).unwrap();
    let whole = r#"{"access_token":"e30.e30.x","token_type":"Bearer","expires_in":3600,"refresh_token":"x"}"#;
    for end in 0..whole.len() {
        provider.fault(ProviderEndpoint::Token, answer(200, "application/json", &whole[..end]));
        let (error, text) = told(login.complete(&url));
        assert!(matches!(error, Error::Decode { .. }), "{end}: {text}");
    }
}

#[test]
fn an_exchange_is_never_repeated() {
    let provider = provider();
    let login = begin(&provider).unwrap();
    provider.fault(ProviderEndpoint::Token, ziti_edge_testkit::ProviderFault::LoseAnswer);
    let (error, text) = told(login.complete(&provider.browse(login.login_url()).unwrap()));
    assert!(matches!(error, Error::Transport { .. }), "{text}");
    assert_eq!(provider.count(ProviderEndpoint::Token), 1);
}

#[test]
fn a_silent_token_endpoint_is_given_up_at_the_deadline_and_on_a_cancel() {
    let provider = provider();
    let begin = |options: ProviderOptions| ProviderLogin::begin(&settings(&provider), BACK, &options).unwrap();
    ends_in_time(&provider, ProviderEndpoint::Token, begin, |login| {
        login.complete(&provider.browse(login.login_url()).unwrap()).map(drop)
    });
}
