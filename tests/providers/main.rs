//! Logging in at identity providers, well and badly, and with what they give at a controller.

#[path = "../support/mod.rs"]
mod support;

mod asleep;
mod browser;
mod configurations;
mod devices;
mod hashes;
mod hostile;
mod kept;
mod loopback;
mod machine;
mod network;
mod redirects;
mod renewal;
mod tokens;

use std::thread;
use std::time::Duration;

use serde_json::Value;
use ziti_edge_client::{
    CancelToken, Error, ProviderLogin, ProviderOptions, ProviderSettings, ProviderToken, TargetToken,
};
use ziti_edge_testkit::{ProviderEndpoint, ProviderFault, ProviderPart, TestProvider};

const BACK: &str = "http://127.0.0.1:8765/auth/callback";

fn provider() -> TestProvider {
    TestProvider::start().expect("a free port")
}

fn options(provider: &TestProvider) -> ProviderOptions {
    ProviderOptions::new().ca(provider.ca_pem()).timeout(support::ENOUGH)
}

fn settings(provider: &TestProvider) -> ProviderSettings {
    ProviderSettings::new(provider.issuer(), provider.client_id())
}

fn begin(provider: &TestProvider) -> Result<ProviderLogin, Error> {
    ProviderLogin::begin(&settings(provider), BACK, &options(provider))
}

fn log_in_for(provider: &TestProvider, target: TargetToken) -> Result<ProviderToken, Error> {
    let login = ProviderLogin::begin(&settings(provider).target(target), BACK, &options(provider))?;
    login.complete(&provider.browse(login.login_url()).expect("the provider takes what is asked"))
}

fn log_in(provider: &TestProvider) -> Result<ProviderToken, Error> {
    log_in_for(provider, TargetToken::Access)
}

/// An error with all that it shows.
fn told<T>(outcome: Result<T, Error>) -> (Error, String) {
    let error = outcome.err().expect("this cannot be a success");
    let text = format!("{error}\n{error:?}");
    assert!(text.len() < 1500, "{text}");
    (error, text)
}

/// The whole of `outcome` is a place in an answer that cannot be read.
fn is_unreadable<T>(name: &str, outcome: Result<T, Error>, at: &str, why: &str) {
    let (error, text) = told(outcome);
    let Error::Decode { path, message, .. } = &error else { panic!("{name}: {text}") };
    let path = path.strip_prefix("answer.").unwrap_or(path);
    assert!(path == at && message.contains(why), "{name}: {text}");
}

/// Plays a change that spoils what the provider says, and undoes it.
fn spoiled<T>(
    provider: &TestProvider,
    part: ProviderPart,
    change: Value,
    run: impl FnOnce() -> Result<T, Error>,
) -> Result<T, Error> {
    provider.change(part, change);
    let outcome = run();
    provider.heal();
    outcome
}

fn answer(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> ProviderFault {
    ProviderFault::Answer { status, content_type: content_type.to_owned(), body: body.into() }
}

/// Every way in which an endpoint can fail to answer, and how that shows.
fn does_not_answer<T>(provider: &TestProvider, endpoint: ProviderEndpoint, run: impl Fn() -> Result<T, Error>) {
    let json = "application/json";
    let faults: [(&str, ProviderFault, &str); 10] = [
        (
            "refused",
            answer(400, json, r#"{"error":"invalid_request","error_description":"no\nway"}"#),
            "invalid_request: no way",
        ),
        ("unauthorized", answer(401, json, r#"{"error":"invalid_client"}"#), "401 invalid_client"),
        ("not found", answer(404, "text/plain", "nothing here"), "404 HTTP_404: nothing here"),
        ("a proxy's page", answer(502, "text/html", "<h1>Bad gateway</h1>"), "502 HTTP_502: Bad gateway"),
        ("busy", answer(503, json, "{}"), "503 HTTP_503"),
        ("elsewhere", ProviderFault::Redirect("https://evil.test/".to_owned()), "redirects are not followed"),
        (
            "a login page",
            answer(200, "text/html; charset=utf-8", "<p>Log in"),
            "\"text/html\", expected application/json",
        ),
        ("nothing", answer(200, json, ""), "the body is empty"),
        ("no JSON", answer(200, json, "{\"issuer\": "), "cannot be read at"),
        ("endless", answer(200, json, vec![b' '; 2 * 1024 * 1024]), "larger than 1048576 bytes"),
    ];
    for (name, fault, why) in faults {
        provider.fault(endpoint, fault);
        let (error, text) = told(run());
        provider.heal();
        assert!(text.contains(why), "{name}: {text}");
        let wanted = match name {
            "busy" => matches!(error, Error::Busy(_)),
            "refused" | "unauthorized" | "not found" | "a proxy's page" | "elsewhere" => matches!(error, Error::Api(_)),
            "endless" => matches!(error, Error::Transport { .. }),
            _ => matches!(error, Error::Decode { .. }),
        };
        assert!(wanted, "{name}: {text}");
        assert!(text.contains("localhost"), "{name} does not say who: {text}");
    }
    provider.fault(endpoint, ProviderFault::LoseAnswer);
    let (error, text) = told(run());
    provider.heal();
    assert!(matches!(error, Error::Transport { .. }), "{text}");
}

/// A silent endpoint is given up at the deadline and on a cancel.
fn ends_in_time<T>(
    provider: &TestProvider,
    endpoint: ProviderEndpoint,
    prepare: impl Fn(ProviderOptions) -> T,
    run: impl Fn(T) -> Result<(), Error>,
) {
    let short = prepare(options(provider).timeout(Duration::from_secs(1)));
    let cancel = CancelToken::new();
    let cancelable = prepare(options(provider).cancel(&cancel));
    provider.fault(endpoint, ProviderFault::Silent);
    let (error, text) = told(run(short));
    assert!(matches!(error, Error::Timeout { .. }) && text.contains("localhost"), "{text}");
    thread::scope(|scope| {
        let asked = provider.count(endpoint);
        scope.spawn(move || {
            while provider.count(endpoint) == asked {
                thread::sleep(Duration::from_millis(5));
            }
            cancel.cancel();
        });
        let (error, text) = told(run(cancelable));
        assert!(matches!(error, Error::Canceled { .. }), "{text}");
    });
    provider.heal();
}
