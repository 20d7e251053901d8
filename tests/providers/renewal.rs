//! Tokens that are renewed, by themselves and on demand.

use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use serde_json::json;
use ziti_edge_client::{CancelToken, Error, ProviderLogin, ProviderToken, TargetToken};
use ziti_edge_testkit::{ProviderEndpoint, ProviderFault, ProviderPart};

use super::machine::Machine;
use super::{BACK, answer, is_unreadable, log_in, log_in_for, options, provider, settings, told};

const TOKEN: ProviderEndpoint = ProviderEndpoint::Token;

#[test]
fn a_refresh_brings_new_tokens_and_the_newest_refresh_token_is_used() {
    let provider = provider();
    for target in [TargetToken::Access, TargetToken::Id] {
        let token = log_in_for(&provider, target).unwrap();
        let clone = token.clone();
        for _ in 0..3 {
            let before = (token.token(), token.refresh_token().unwrap());
            token.refresh().unwrap();
            assert_ne!(clone.token().expose(), before.0.expose());
            assert_ne!(clone.refresh_token().unwrap().expose(), before.1.expose());
            let seen = provider.seen();
            assert_eq!(seen.last().unwrap().parameter("refresh_token"), Some(before.1.expose()));
        }
    }
}

#[test]
fn a_refresh_token_that_was_kept_saves_a_login() {
    let provider = provider();
    let kept = log_in(&provider).unwrap().refresh_token().unwrap();
    let from = |kept| ProviderToken::from_refresh_token(&settings(&provider), &options(&provider), kept);
    let token = from(&kept).unwrap();
    assert_eq!(token.subject().as_deref(), Some("alice@example.test"));
    token.refresh().unwrap();
    let (error, text) = told(from(&kept));
    assert_eq!(error.answer().unwrap().code, "invalid_grant", "it is used up: {text}");
    assert!(!text.contains(kept.expose()), "{text}");
}

#[test]
fn what_an_answer_does_not_bring_anew_stays() {
    let provider = provider();
    let token = log_in(&provider).unwrap();
    let before = token.refresh_token().unwrap();
    provider.change(ProviderPart::Tokens, json!({"refresh_token": null, "id_token": null}));
    token.refresh().unwrap();
    assert_eq!(token.refresh_token().unwrap().expose(), before.expose());
    assert_eq!(token.subject().as_deref(), Some("alice@example.test"));
}

#[test]
fn a_token_is_renewed_when_it_is_near_its_end_or_refused_and_not_before() {
    let provider = provider();
    let token = log_in(&provider).unwrap();
    let first = token.current(false).unwrap();
    assert_eq!((first.expose(), provider.count(TOKEN)), (token.token().expose(), 1));
    let second = token.current(true).unwrap();
    assert!(second.expose() != first.expose() && provider.count(TOKEN) == 2);
    provider.change(ProviderPart::Tokens, json!({"expires_in": 0}));
    token.current(true).unwrap();
    provider.heal();
    assert_eq!(token.expires_in(), Some(Duration::ZERO));
    let fourth = token.current(false).unwrap();
    assert_eq!((token.current(false).unwrap().expose(), provider.count(TOKEN)), (fourth.expose(), 4));
}

#[test]
fn many_threads_renew_a_token_once() {
    let provider = provider();
    provider.change(ProviderPart::Tokens, json!({"expires_in": 0}));
    let token = log_in(&provider).unwrap();
    provider.heal();
    let start = Barrier::new(8);
    let got: Vec<String> = thread::scope(|scope| {
        let ask = || {
            start.wait();
            token.current(false).unwrap().expose().to_owned()
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(got.iter().all(|one| *one == got[0]));
    assert_eq!(provider.count(TOKEN), 2, "the login and one refresh");
}

#[test]
fn a_token_that_is_still_good_is_given_while_the_provider_is_away() {
    let (provider, machine) = (provider(), Machine::default());
    let login = ProviderLogin::begin(&settings(&provider), BACK, &machine.options(&provider, Duration::ZERO)).unwrap();
    let token = login.complete(&provider.browse(login.login_url()).unwrap()).unwrap();
    provider.fault(TOKEN, answer(503, "application/json", "{}"));
    // Its last minute.
    machine.sleeps(Duration::from_secs(3550));
    assert_eq!(token.current(false).unwrap().expose(), token.token().expose());
    assert_eq!(provider.count(TOKEN), 2, "it was tried");
    assert!(matches!(told(token.current(true)).0, Error::Busy(_)), "one that is refused is of no use");
    machine.sleeps(Duration::from_secs(50));
    assert!(matches!(told(token.current(false)).0, Error::Busy(_)), "nor is one that is over");
    let old = token.token();
    provider.heal();
    assert_ne!(token.current(false).unwrap().expose(), old.expose());
}

#[test]
fn a_refresh_token_that_is_refused_is_forgotten() {
    let provider = provider();
    let token = log_in(&provider).unwrap();
    let dead = token.refresh_token().unwrap();
    provider.revoke();
    let (error, text) = told(token.refresh());
    assert_eq!(error.answer().unwrap().code, "invalid_grant", "{text}");
    assert!(!text.contains(dead.expose()), "{text}");
    let asked = provider.count(TOKEN);
    for _ in 0..3 {
        let (error, text) = told(token.refresh());
        assert!(matches!(error, Error::Unsupported(_)) && text.contains("log in there again"), "{text}");
    }
    assert_eq!((provider.count(TOKEN), token.refresh_token().is_none()), (asked, true));
    assert!(token.current(false).is_ok(), "the token itself is still good");
}

#[test]
fn a_refresh_whose_answer_is_lost_keeps_the_old_tokens() {
    let provider = provider();
    let token = log_in(&provider).unwrap();
    let before = token.refresh_token().unwrap();
    provider.fault(TOKEN, ProviderFault::LoseAnswer);
    assert!(matches!(told(token.refresh()).0, Error::Transport { .. }));
    provider.heal();
    assert_eq!(token.refresh_token().unwrap().expose(), before.expose());
    let (error, text) = told(token.refresh());
    assert_eq!(error.answer().unwrap().code, "invalid_grant", "{text}");
}

#[test]
fn tokens_of_another_user_are_not_taken_over() {
    let provider = provider();
    let token = log_in(&provider).unwrap();
    let before = token.token();
    provider.change(ProviderPart::IdClaims, json!({"sub": "mallory@example.test"}));
    is_unreadable("another user", token.refresh(), "id_token.sub", "another user");
    assert_eq!(token.token().expose(), before.expose());
    assert_eq!(token.subject().as_deref(), Some("alice@example.test"));
}

#[test]
fn a_thread_that_waits_for_the_refresh_of_another_keeps_its_own_time() {
    let provider = provider();
    let cancel = CancelToken::new();
    let kept = log_in(&provider).unwrap().refresh_token().unwrap();
    let token =
        ProviderToken::from_refresh_token(&settings(&provider), &options(&provider).cancel(&cancel), &kept).unwrap();
    provider.fault(TOKEN, ProviderFault::Silent);
    thread::scope(|scope| {
        let asked = provider.count(TOKEN);
        let threads: Vec<_> = (0..3).map(|_| scope.spawn(|| told(token.refresh()).0)).collect();
        while provider.count(TOKEN) == asked {
            thread::sleep(Duration::from_millis(5));
        }
        cancel.cancel();
        for thread in threads {
            let error = thread.join().unwrap();
            assert!(matches!(error, Error::Canceled { .. }), "{error:?}");
        }
    });
}
