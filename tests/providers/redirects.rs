//! Browsers that come back with something else than the answer to this login.

use serde_json::{Value, json};
use ziti_edge_client::Error;
use ziti_edge_testkit::{ProviderEndpoint, ProviderPart, TestProvider};

use super::{BACK, begin, provider, told};

/// Logs in, and has the browser sent back with these parameters in place of the right ones.
fn sent_back_with(provider: &TestProvider, change: Value) -> (Error, String) {
    let login = begin(provider).unwrap();
    provider.change(ProviderPart::Redirect, change);
    let url = provider.browse(login.login_url()).unwrap();
    provider.heal();
    told(login.complete(&url))
}

#[test]
fn an_answer_that_is_not_to_this_login_is_refused_without_asking_anybody() {
    let provider = provider();
    for (change, why) in [
        (json!({"state": "another"}), "its state is not that of this login"),
        (json!({"state": ""}), "its state is not"),
        (json!({"state": null}), "its state is not"),
        (json!({"iss": "https://evil.test"}), "comes from the provider \\\"https://evil.test"),
        (json!({"iss": ""}), "comes from the provider"),
        (json!({"iss": null}), "does not name the provider"),
        (json!({"code": null}), "neither code nor error"),
        (json!({"code": ""}), "neither code nor error"),
    ] {
        let (error, text) = sent_back_with(&provider, change.clone());
        assert!(matches!(error, Error::InvalidArgument(_)) && text.contains(why), "{change}: {text}");
    }
    assert_eq!(provider.count(ProviderEndpoint::Token), 0);
}

#[test]
fn a_refusal_keeps_the_words_of_the_provider() {
    let provider = provider();
    let refusal = json!({"error": "access_denied", "error_description": "the user\nsaid no", "code": null});
    let (error, text) = sent_back_with(&provider, refusal);
    let answer = error.answer().unwrap();
    assert_eq!((answer.code.as_str(), answer.message.as_str()), ("access_denied", "the user said no"), "{text}");
    assert!(answer.operation.ends_with("/authorize"), "{text}");
    // What a provider repeats of the state stays between the two.
    let login = begin(&provider).unwrap();
    let state = login.login_url().split(['?', '&']).find_map(|pair| pair.strip_prefix("state=")).unwrap().to_owned();
    let repeats = json!({"error": format!("bad_{state}"), "error_description": format!("state {state} is over")});
    provider.change(ProviderPart::Redirect, repeats);
    let (error, text) = told(login.complete(&provider.browse(login.login_url()).unwrap()));
    provider.heal();
    assert!(error.answer().is_some() && text.contains("state *** is over") && !text.contains(&state), "{text}");
    let (error, text) = sent_back_with(&provider, json!({"error": "login_required"}));
    assert_eq!(error.answer().unwrap().code, "login_required", "an error counts more than a code: {text}");
    assert_eq!(provider.count(ProviderEndpoint::Token), 0);
}

#[test]
fn an_address_that_is_not_the_redirect_is_refused_and_the_right_one_still_counts() {
    let provider = provider();
    let login = begin(&provider).unwrap();
    let right = provider.browse(login.login_url()).unwrap();
    let state = right.split(['?', '&']).find(|pair| pair.starts_with("state=")).unwrap();
    for (wrong, why) in [
        (right.replace("127.0.0.1", "evil.test"), "does not lead to"),
        (right.replace(":8765", ":8766"), "does not lead to"),
        (right.replace("http:", "https:"), "does not lead to"),
        (right.split_once('?').unwrap().1.to_owned(), "does not lead to"),
        (format!("/auth/callback?{state}&code=x"), "does not lead to"),
        (BACK.to_owned(), "no query"),
        (right.replace('?', "#"), "no query"),
        (format!("{right}&{state}"), "twice"),
        (format!("{right}&x={}", "y".repeat(70_000)), "too long"),
        (String::new(), "does not lead to"),
    ] {
        let (error, text) = told(login.complete(&wrong));
        assert!(matches!(error, Error::InvalidArgument(_)) && text.contains(why), "{wrong}: {text}");
        assert!(!text.contains(state.strip_prefix("state=").unwrap()), "{text}");
    }
    login.complete(&right).unwrap();
    let (error, text) = told(login.complete(&right));
    assert_eq!(error.answer().unwrap().code, "invalid_grant", "a code is good once: {text}");
}

#[test]
fn the_answer_to_one_login_does_not_complete_another() {
    let provider = provider();
    let (one, other) = (begin(&provider).unwrap(), begin(&provider).unwrap());
    let to_other = provider.browse(other.login_url()).unwrap();
    assert!(matches!(told(one.complete(&to_other)).0, Error::InvalidArgument(_)));
    // Somebody who plants a code of their own in the right answer lacks the verifier that goes with it.
    let to_one = provider.browse(one.login_url()).unwrap();
    let code = |url: &str| url.split(['?', '&']).find(|pair| pair.starts_with("code=")).unwrap().to_owned();
    let (error, text) = told(one.complete(&to_one.replace(&code(&to_one), &code(&to_other))));
    assert_eq!(error.answer().unwrap().code, "invalid_grant", "{text}");
    assert!(!text.contains(code(&to_other).strip_prefix("code=").unwrap()), "{text}");
}
