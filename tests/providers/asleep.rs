//! Machines that sleep in a login, and clocks that are wrong.

use std::time::{Duration, SystemTime};

use serde_json::json;
use ziti_edge_client::{DeviceLogin, Error, ProviderLogin, ProviderOptions, ProviderToken};
use ziti_edge_testkit::{ProviderEndpoint, ProviderPart, TestProvider};

use super::machine::Machine;
use super::{BACK, is_unreadable, provider, settings, told};

const HOUR: Duration = Duration::from_secs(3600);
const TOKEN: ProviderEndpoint = ProviderEndpoint::Token;

fn log_in(provider: &TestProvider, options: &ProviderOptions) -> Result<ProviderToken, Error> {
    let login = ProviderLogin::begin(&settings(provider), BACK, options)?;
    login.complete(&provider.browse(login.login_url()).unwrap())
}

#[test]
fn a_device_is_polled_when_its_interval_is_over_though_the_machine_slept() {
    let (provider, machine) = (provider(), Machine::default());
    provider.change(ProviderPart::DeviceCodes, json!({"interval": 60}));
    let login = DeviceLogin::begin(&settings(&provider), &machine.options(&provider, Duration::ZERO)).unwrap();
    for (slept, asked) in [(0, 1), (0, 1), (59, 1), (1, 2), (30, 2), (31, 3)] {
        machine.sleeps(Duration::from_secs(slept));
        assert!(login.poll().unwrap().is_none());
        assert_eq!(provider.count(TOKEN), asked);
    }
    assert_eq!(login.expires_in(), Duration::from_secs(600 - 121));
    provider.enter_user_code(login.user_code(), true);
    machine.sleeps(Duration::from_secs(60));
    assert!(login.poll().unwrap().is_some());
}

#[test]
fn a_device_code_that_ran_out_while_the_machine_slept_is_over_without_asking() {
    let (provider, machine) = (provider(), Machine::default());
    let login = DeviceLogin::begin(&settings(&provider), &machine.options(&provider, Duration::ZERO)).unwrap();
    assert!(login.poll().unwrap().is_none());
    machine.sleeps(8 * HOUR);
    assert_eq!(login.expires_in(), Duration::ZERO);
    for outcome in [login.poll(), login.wait(Duration::from_secs(5)).map(Some)] {
        let (error, text) = told(outcome);
        assert_eq!(error.answer().unwrap().code, "expired_token", "{text}");
    }
    assert_eq!(provider.count(TOKEN), 1);
}

#[test]
fn a_token_is_renewed_when_it_is_due_though_the_machine_slept() {
    let (provider, machine) = (provider(), Machine::default());
    let token = log_in(&provider, &machine.options(&provider, Duration::ZERO)).unwrap();
    for (slept, asked) in [(3500, 1), (30, 1), (15, 2), (3530, 2), (10, 3), (100_000, 4)] {
        machine.sleeps(Duration::from_secs(slept));
        token.current(false).unwrap();
        assert_eq!(provider.count(TOKEN), asked, "after {slept} s");
    }
    machine.sleeps(HOUR);
    assert_eq!(token.expires_in(), Some(Duration::ZERO));
}

#[test]
fn the_time_of_a_token_is_judged_by_the_clock_of_the_provider() {
    let provider = provider();
    let wrong = Machine::default().options(&provider, 72 * HOUR);
    let left = log_in(&provider, &wrong).unwrap().expires_in().unwrap();
    assert!(left > Duration::from_secs(3500), "{left:?}: the clock on the wall here does not matter");

    provider.advance(72 * HOUR);
    let right = Machine::default().options(&provider, Duration::ZERO);
    let left = log_in(&provider, &right).unwrap().expires_in().unwrap();
    assert!((3500..=3600).contains(&left.as_secs()), "{left:?}");

    let in_an_hour = (SystemTime::now() + HOUR).duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    provider.change(ProviderPart::IdClaims, json!({"exp": in_an_hour}));
    is_unreadable("over there", log_in(&provider, &right), "id_token.exp", "by the provider's clock");
    provider.heal();
    provider.change(ProviderPart::IdClaims, json!({"exp": in_an_hour + 71 * 3600 - 30}));
    log_in(&provider, &right).expect("the clocks of a provider's machines may differ");
}

#[test]
fn where_a_provider_does_not_tell_the_time_the_clock_here_counts() {
    let provider = provider();
    provider.tell_time(false);
    log_in(&provider, &Machine::default().options(&provider, Duration::ZERO)).unwrap();
    let wrong = log_in(&provider, &Machine::default().options(&provider, 2 * HOUR));
    is_unreadable("over here", wrong, "id_token.exp", "expired");
}
