//! Catching the browser that comes back.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;
use ziti_edge_client::{CancelToken, Error, LoopbackListener, ProviderLogin};
use ziti_edge_testkit::{ProviderPart, TestProvider};

use super::{options, provider, settings, told};

/// Sends a request as it is, and gives the answer.
fn send(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    // A connection that is refused may end with a reset.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8(answer).unwrap()
}

fn host(listener: &LoopbackListener) -> String {
    listener.redirect_uri().split('/').nth(2).unwrap().to_owned()
}

fn begin(provider: &TestProvider, listener: &LoopbackListener) -> ProviderLogin {
    ProviderLogin::begin(&settings(provider), &listener.redirect_uri(), &options(provider)).unwrap()
}

/// What a browser sends that was led to this address.
fn visit(url: &str) -> String {
    let (host, target) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    format!("GET /{target} HTTP/1.1\r\nHost: {host}\r\nAccept: text/html\r\n\r\n")
}

#[test]
fn a_browser_that_comes_back_completes_the_login() {
    let provider = provider();
    let listener = LoopbackListener::bind(0).unwrap();
    assert!(listener.redirect_uri().starts_with("http://127.0.0.1:"));
    assert!(listener.redirect_uri().ends_with("/auth/callback"));
    let login = begin(&provider, &listener);
    provider.change(ProviderPart::Redirect, json!({"session_state": "x".repeat(20_000)}));
    let url = provider.browse(login.login_url()).unwrap();
    thread::scope(|scope| {
        let browser = scope.spawn(|| send(&host(&listener), &visit(&url)));
        let caught = listener.wait(&login, Duration::from_secs(10)).unwrap();
        assert_eq!(caught.expose(), url);
        login.complete(caught.expose()).unwrap();
        let page = browser.join().unwrap();
        assert!(page.starts_with("HTTP/1.1 200 ") && page.contains("You are logged in"), "{page}");
        assert!(page.contains("no-store") && !page.contains("code="), "{page}");
    });
}

#[test]
fn what_is_not_the_answer_is_refused_and_the_wait_goes_on() {
    let provider = provider();
    let listener = LoopbackListener::at("http://localhost/back").unwrap();
    let login = begin(&provider, &listener);
    let url = provider.browse(login.login_url()).unwrap();
    let right = visit(&url);
    let address = host(&listener).replace("localhost", "127.0.0.1");
    let own_host = host(&listener);
    thread::scope(|scope| {
        let caught = scope.spawn(|| listener.wait(&login, Duration::from_secs(20)));
        // Browsers open connections in advance and say nothing.
        let silent: Vec<TcpStream> = (0..20).map(|_| TcpStream::connect(&address).unwrap()).collect();
        let long = format!("GET /back?{} HTTP/1.1\r\n", "x".repeat(60_000));
        for (request, status) in [
            (right.replace("/back?", "/favicon.ico?"), "404"),
            (right.replace("GET ", "POST "), "405"),
            (right.replace(&own_host, "evil.test"), "400"),
            (right.replace("\r\nAccept", "\r\nHost: evil.test\r\nAccept"), "400"),
            (right.replace("state=", "state=x"), "400"),
            (right.replace("HTTP/1.1", "HTTP/2.0"), "400"),
            (format!("GET http://{own_host}/back HTTP/1.1\r\nHost: {own_host}\r\n\r\n"), "404"),
            ("nonsense\r\n\r\n".to_owned(), "400"),
            (long, "431"),
        ] {
            let answer = send(&address, &request);
            let is_reset = status == "431" && answer.is_empty();
            assert!(is_reset || answer.starts_with(&format!("HTTP/1.1 {status} ")), "{status}: {answer}");
            assert!(!answer.contains("evil"), "{answer}");
        }
        let mut slow = TcpStream::connect(&address).unwrap();
        for part in right.as_bytes().chunks(right.len() / 3) {
            slow.write_all(part).unwrap();
            thread::sleep(Duration::from_millis(30));
        }
        assert_eq!(caught.join().unwrap().unwrap().expose(), url);
        drop(silent);
    });
}

#[test]
fn a_refusal_is_caught_too() {
    let provider = provider();
    let listener = LoopbackListener::bind(0).unwrap();
    let login = begin(&provider, &listener);
    provider.change(ProviderPart::Redirect, json!({"error": "access_denied", "code": null}));
    let url = provider.browse(login.login_url()).unwrap();
    thread::scope(|scope| {
        let browser = scope.spawn(|| send(&host(&listener), &visit(&url)));
        let caught = listener.wait(&login, Duration::from_secs(10)).unwrap();
        assert_eq!(told(login.complete(caught.expose())).0.answer().unwrap().code, "access_denied");
        assert!(browser.join().unwrap().contains("did not succeed"));
    });
}

#[test]
fn nobody_is_waited_for_beyond_the_limit_or_a_cancel() {
    let provider = provider();
    let listener = LoopbackListener::bind(0).unwrap();
    let (error, text) = told(listener.wait(&begin(&provider, &listener), Duration::from_millis(100)));
    assert!(matches!(error, Error::Timeout { .. }), "{text}");
    let cancel = CancelToken::new();
    let options = options(&provider).cancel(&cancel);
    let login = ProviderLogin::begin(&settings(&provider), &listener.redirect_uri(), &options).unwrap();
    let began = Instant::now();
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(50));
            cancel.cancel();
        });
        assert!(matches!(told(listener.wait(&login, Duration::from_secs(20))).0, Error::Canceled { .. }));
    });
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[test]
fn it_listens_on_this_machine_only_and_says_where_it_cannot() {
    let listener = LoopbackListener::at("http://[::1]:0").map(|listener| listener.redirect_uri());
    assert!(listener.is_ok_and(|uri| uri.starts_with("http://[::1]:") && uri.ends_with('/')));
    let taken = LoopbackListener::bind(0).unwrap();
    let (error, text) = told(LoopbackListener::at(&taken.redirect_uri()));
    assert!(matches!(error, Error::Transport { .. }) && text.contains(&host(&taken)), "{text}");
    for (uri, why) in [
        ("https://127.0.0.1/", "begin with http://"),
        ("http://0.0.0.0:1/", "not on this machine"),
        ("http://example.test/", "not on this machine"),
        ("http://127.0.0.1:99999/", "port"),
        ("http://127.0.0.1:x/", "port"),
        ("http://127.0.0.1/?a=b", "query"),
        ("http://127.0.0.1/a b", "escaped"),
        ("", "begin with http://"),
    ] {
        let (error, text) = told(LoopbackListener::at(uri));
        assert!(matches!(error, Error::InvalidArgument(_)) && text.contains(why), "{uri}: {text}");
    }
}
