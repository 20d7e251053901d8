//! Refresh tokens that are handed to who keeps them.

use std::sync::{Arc, Barrier, Mutex, OnceLock};
use std::thread;
use std::time::Duration;

use serde_json::json;
use ziti_edge_client::{DeviceLogin, Error, ProviderLogin, ProviderOptions, ProviderToken, Secret};
use ziti_edge_testkit::{ProviderEndpoint, ProviderFault, ProviderPart, TestProvider};

use super::{BACK, options, provider, settings, told};

/// All that was kept, in order.
type Kept = Arc<Mutex<Vec<Option<String>>>>;

/// What the login has, and what is handed out at that moment.
type Handed = (Option<String>, String);

/// Options that keep refresh tokens, and where they are kept.
fn keeping(provider: &TestProvider) -> (ProviderOptions, Kept) {
    let kept = Kept::default();
    let own = Arc::clone(&kept);
    let keep = move |token: Option<&Secret>, left: Duration| {
        assert!(left > Duration::from_secs(5) && left <= super::support::ENOUGH, "{left:?}");
        own.lock().unwrap().push(token.map(|token| token.expose().to_owned()));
        Ok(())
    };
    (options(provider).on_refresh_token(keep), kept)
}

fn log_in_with(provider: &TestProvider, options: &ProviderOptions) -> ProviderToken {
    let login = ProviderLogin::begin(&settings(provider), BACK, options).unwrap();
    login.complete(&provider.browse(login.login_url()).unwrap()).unwrap()
}

fn newest(token: &ProviderToken) -> Option<String> {
    token.refresh_token().map(|token| token.expose().to_owned())
}

#[test]
fn the_first_refresh_token_and_each_that_takes_its_place_is_handed_out() {
    let provider = provider();
    let (options, kept) = keeping(&provider);
    let token = log_in_with(&provider, &options);
    let mut expected = vec![newest(&token)];
    assert_eq!(*kept.lock().unwrap(), expected);
    for _ in 0..3 {
        token.refresh().unwrap();
        expected.push(newest(&token));
        assert_eq!(*kept.lock().unwrap(), expected);
    }
    expected.dedup();
    assert!(expected.len() == 4 && expected.iter().all(Option::is_some), "{expected:?}");

    let last = Secret::new(expected.pop().unwrap().unwrap());
    let (options, kept) = keeping(&provider);
    let token = ProviderToken::from_refresh_token(&settings(&provider), &options, &last).unwrap();
    assert_eq!(*kept.lock().unwrap(), [newest(&token)]);

    let (options, kept) = keeping(&provider);
    let login = DeviceLogin::begin(&settings(&provider), &options).unwrap();
    provider.enter_user_code(login.user_code(), true);
    let token = login.poll().unwrap().unwrap();
    assert_eq!(*kept.lock().unwrap(), [newest(&token)]);
}

#[test]
fn a_refresh_token_that_stays_is_not_handed_out_again() {
    let provider = provider();
    for says in [json!({"refresh_token": null}), json!({"refresh_token": ""}), json!("the same")] {
        let (options, kept) = keeping(&provider);
        let token = log_in_with(&provider, &options);
        let first = newest(&token);
        let change = if says.is_object() { says.clone() } else { json!({"refresh_token": first}) };
        provider.change(ProviderPart::Tokens, change);
        token.refresh().unwrap();
        provider.heal();
        assert_eq!((newest(&token), kept.lock().unwrap().len()), (first, 1), "{says}");
    }
}

#[test]
fn it_is_handed_out_before_anybody_can_use_it() {
    let provider = provider();
    let token: Arc<OnceLock<ProviderToken>> = Arc::default();
    let seen: Arc<Mutex<Vec<Handed>>> = Arc::default();
    let (own_token, own_seen) = (Arc::clone(&token), Arc::clone(&seen));
    let options = options(&provider).on_refresh_token(move |new, _| {
        let current = own_token.get().and_then(newest);
        own_seen.lock().unwrap().push((current, new.unwrap().expose().to_owned()));
        Ok(())
    });
    token.set(log_in_with(&provider, &options)).unwrap();
    let first = newest(token.get().unwrap()).unwrap();
    token.get().unwrap().refresh().unwrap();
    let second = newest(token.get().unwrap()).unwrap();
    assert_eq!(*seen.lock().unwrap(), [(None, first.clone()), (Some(first), second)]);
}

#[test]
fn a_refresh_token_that_the_provider_takes_no_more_is_told_of() {
    let provider = provider();
    let (options, kept) = keeping(&provider);
    let token = log_in_with(&provider, &options);
    let dead = token.refresh_token().unwrap();
    provider.fault(ProviderEndpoint::Token, ProviderFault::LoseAnswer);
    told(token.refresh());
    provider.heal();
    assert_eq!(kept.lock().unwrap().len(), 1, "nobody knows yet whether it is still good");
    told(token.refresh());
    assert_eq!(kept.lock().unwrap()[1..], [None]);
    told(token.refresh());
    assert_eq!(kept.lock().unwrap().len(), 2, "once");

    let (options, kept) = keeping(&provider);
    told(ProviderToken::from_refresh_token(&settings(&provider), &options, &dead));
    assert_eq!(*kept.lock().unwrap(), [None]);
}

#[test]
fn a_login_goes_on_whose_refresh_token_cannot_be_kept() {
    let provider = provider();
    let options = options(&provider).on_refresh_token(|_, _| Err("the disk is full".to_owned()));
    let token = log_in_with(&provider, &options);
    let before = newest(&token);
    token.refresh().unwrap();
    assert_ne!(newest(&token), before);
}

#[test]
fn the_token_cannot_be_refreshed_from_inside_but_other_threads_wait_for_it() {
    let provider = provider();
    let token: Arc<OnceLock<ProviderToken>> = Arc::default();
    let refused: Arc<Mutex<Vec<Error>>> = Arc::default();
    let (own_token, own_refused) = (Arc::clone(&token), Arc::clone(&refused));
    let come: Arc<Barrier> = Arc::new(Barrier::new(4));
    let own_come = Arc::clone(&come);
    let options = options(&provider).on_refresh_token(move |_, _| {
        let Some(token) = own_token.get() else { return Ok(()) };
        own_refused.lock().unwrap().extend([token.refresh().unwrap_err(), token.current(true).unwrap_err()]);
        token.current(false).unwrap();
        if own_refused.lock().unwrap().len() == 2 {
            // The others are on their way: time to join the queue.
            own_come.wait();
            thread::sleep(Duration::from_millis(300));
        }
        Ok(())
    });
    token.set(log_in_with(&provider, &options)).unwrap();
    let token = token.get().unwrap();
    thread::scope(|scope| {
        let first = scope.spawn(|| token.refresh());
        let ask = || {
            come.wait();
            token.refresh()
        };
        let others: Vec<_> = (0..3).map(|_| scope.spawn(ask)).collect();
        for thread in others.into_iter().chain([first]) {
            thread.join().unwrap().unwrap();
        }
    });
    assert_eq!(provider.count(ProviderEndpoint::Token), 2, "the login and one refresh for all");
    let refused = refused.lock().unwrap();
    assert_eq!(refused.len(), 2);
    for error in refused.iter() {
        assert!(matches!(error, Error::InvalidArgument(_)) && error.to_string().contains("from inside"), "{error}");
    }
}
