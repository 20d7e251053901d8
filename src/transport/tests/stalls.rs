//! Every stage may hang; no call may.

use std::io::Write;
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use super::peers::{FullListener, Peer, Pki, Server, serve, stall, url};
use super::*;
use crate::error::{Error, Stage};
use crate::transport::CancelToken;
use crate::wire::{Body, Method};

const DEADLINE: Duration = Duration::from_millis(400);
const LATE: Duration = Duration::from_millis(250);
const CANCEL_AFTER: Duration = Duration::from_millis(150);
const CANCEL_TAKES: Duration = Duration::from_millis(100);

/// Asks a peer that hangs in `stage`, until the deadline and until a cancel, then a peer that answers.
fn hangs(pki: &Pki, connections: &Connections, url: &ControllerUrl, request: &Request, stage: Stage) {
    ends_at(connections, url, request, stage);
    let healthy = Server::start(pki, |mut peer| while peer.read_request().is_some() && peer.send(OK) {});
    assert_eq!(ask(connections, &healthy.url, &get()).unwrap().1, b"{}");
}

/// Asks a peer that hangs in `stage`: once until the deadline, once until a cancel.
fn ends_at(connections: &Connections, url: &ControllerUrl, request: &Request, stage: Stage) {
    let began = Instant::now();
    let failure = exchange(connections, &Call::new(DEADLINE, &[]), url, request).unwrap_err();
    let took = began.elapsed();
    assert!(matches!(&failure.error, Error::Timeout { stage: at, limit: DEADLINE, .. } if *at == stage), "{failure:?}");
    assert!(took >= DEADLINE && took < DEADLINE + LATE, "{took:?}");
    assert_eq!(failure.sent, matches!(stage, Stage::Send | Stage::Wait | Stage::Body), "{failure:?}");

    let token = CancelToken::new();
    let canceled = cancel_later(&token);
    let failure = exchange(connections, &Call::new(ENOUGH, &[token]), url, request).unwrap_err();
    let took = canceled.join().unwrap().elapsed();
    assert!(matches!(failure.error, Error::Canceled { stage: at } if at == stage), "{failure:?}");
    assert!(took < CANCEL_TAKES, "{took:?}");
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";

fn exchange(
    connections: &Connections,
    call: &Call,
    url: &ControllerUrl,
    request: &Request,
) -> Result<(Head, Vec<u8>), Failure> {
    let mut body = Vec::new();
    let head = connections.exchange(call, &attempt(url), request, &mut body)?;
    Ok((head, body))
}

fn cancel_later(token: &CancelToken) -> thread::JoinHandle<Instant> {
    let token = token.clone();
    thread::spawn(move || {
        thread::sleep(CANCEL_AFTER);
        let at = Instant::now();
        token.cancel();
        at
    })
}

/// A server that hangs as `script` says, in `stage`.
fn server_hangs(stage: Stage, request: &Request, script: impl Fn(Peer) + Send + Sync + 'static) {
    let pki = Pki::new();
    let server = Server::start(&pki, script);
    hangs(&pki, &connections(&pki), &server.url, request, stage);
}

#[test]
fn a_name_that_is_never_resolved() {
    let pki = Pki::new();
    let resolver = Resolver::new(
        |_| {
            thread::sleep(Duration::from_secs(2));
            Ok(vec![[127, 0, 0, 1].into()])
        },
        ENOUGH,
    );
    let connections = Connections::with_resolver(options(&pki), resolver).unwrap();
    let url = ControllerUrl::parse("https://controller.test:1").unwrap();
    hangs(&pki, &connections, &url, &get(), Stage::Resolve);
}

#[test]
fn a_connection_that_is_never_taken() {
    let pki = Pki::new();
    let full = FullListener::new();
    hangs(&pki, &connections(&pki), &url(full.address), &get(), Stage::Connect);
}

#[test]
fn a_peer_that_is_silent_in_the_handshake() {
    let pki = Pki::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    hangs(&pki, &connections(&pki), &url(listener.local_addr().unwrap()), &get(), Stage::Tls);
}

#[test]
fn a_handshake_that_drips() {
    let pki = Pki::new();
    let address = serve(|mut tcp| {
        let record = [&[0x16, 3, 3, 0x40, 0, 2][..], &[0; 200]].concat();
        for byte in record {
            if tcp.write_all(&[byte]).is_err() {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
    });
    hangs(&pki, &connections(&pki), &url(address), &get(), Stage::Tls);
}

#[test]
fn a_request_that_is_not_read() {
    let mut request = Request::new(Method::Post, "/x");
    request.body = Some(Body { media_type: "text/plain".into(), bytes: vec![b'x'; 32 * 1024 * 1024].into() });
    server_hangs(Stage::Send, &request, |peer| peer.read_nothing(Duration::from_secs(2)));
}

#[test]
fn an_answer_that_never_begins() {
    server_hangs(Stage::Wait, &get(), |mut peer| peer.stall());
}

#[test]
fn headers_that_drip() {
    server_hangs(Stage::Wait, &get(), |mut peer| {
        peer.read_request();
        peer.send_slowly("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
    });
}

#[test]
fn a_body_that_stalls() {
    server_hangs(Stage::Body, &get(), |mut peer| {
        peer.read_request();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{");
        peer.stall();
    });
}

#[test]
fn a_body_that_drips() {
    server_hangs(Stage::Body, &get(), |mut peer| {
        peer.read_request();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
        peer.send_slowly("{{{{{{{{{{{{{{{{{{{{{{{{");
    });
}

#[test]
fn a_body_of_unknown_length_that_a_cancel_cuts_off() {
    server_hangs(Stage::Body, &get(), |mut peer| {
        peer.read_request();
        peer.send("HTTP/1.1 200 OK\r\n\r\n{}");
        peer.stall();
    });
}

#[test]
fn a_proxy_that_is_silent() {
    let pki = Pki::new();
    let address = serve(|mut tcp| stall(&mut tcp));
    let url = ControllerUrl::parse("https://controller.test:1280").unwrap();
    for scheme in ["http", "socks5h"] {
        let proxy = format!("{scheme}://{address}");
        let connections = through(&pki, &format!("{scheme}://user:password@{address}"));
        ends_at(&connections, &url, &get(), Stage::Proxy);
        let error = exchange(&connections, &Call::new(CANCEL_AFTER, &[]), &url, &get()).unwrap_err().error;
        assert!(
            error.to_string().contains(&format!("deadline passed on the way through the proxy {proxy}")),
            "{error}"
        );
    }
}

#[test]
fn a_proxy_that_drips() {
    let pki = Pki::new();
    let address = serve(|mut tcp| {
        while tcp.write_all(b"H").is_ok() && tcp.flush().is_ok() {
            thread::sleep(Duration::from_millis(50));
        }
    });
    let connections = through(&pki, &format!("http://{address}"));
    let url = ControllerUrl::parse("https://controller.test:1280").unwrap();
    ends_at(&connections, &url, &get(), Stage::Proxy);
}

#[test]
fn a_proxy_that_opens_a_tunnel_to_nowhere() {
    let pki = Pki::new();
    let url = ControllerUrl::parse("https://controller.test:1280").unwrap();
    let address = serve(|mut tcp| {
        let _ = tcp.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        stall(&mut tcp);
    });
    ends_at(&through(&pki, &format!("http://{address}")), &url, &get(), Stage::Tls);
    let address = serve(|mut tcp| {
        let _ = tcp.write_all(&[5, 0, 5, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
        stall(&mut tcp);
    });
    ends_at(&through(&pki, &format!("socks5h://{address}")), &url, &get(), Stage::Tls);
}

#[test]
fn a_call_whose_token_was_used_asks_nothing() {
    let (server, connections) = answering(OK);
    let token = CancelToken::new();
    token.cancel();
    let failure = exchange(&connections, &Call::new(ENOUGH, &[token]), &server.url, &get()).unwrap_err();
    assert!(matches!(failure.error, Error::Canceled { .. }) && !failure.sent, "{failure:?}");
    assert!(server.handshakes().is_empty());
}

#[test]
fn a_call_whose_time_is_over_asks_nothing() {
    let (server, connections) = answering(OK);
    let failure = exchange(&connections, &Call::new(Duration::ZERO, &[]), &server.url, &get()).unwrap_err();
    assert!(matches!(failure.error, Error::Timeout { .. }) && !failure.sent, "{failure:?}");
    assert!(server.handshakes().is_empty());
}

#[test]
fn opening_a_connection_has_a_limit_of_its_own() {
    let pki = Pki::new();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let options = ConnectionOptions { connect_timeout: Duration::from_millis(200), ..options(&pki) };
    let connections = Connections::new(options).unwrap();
    let began = Instant::now();
    let failure = ask(&connections, &url(silent.local_addr().unwrap()), &get()).unwrap_err();
    assert!(began.elapsed() < Duration::from_millis(450));
    let limit = Duration::from_millis(200);
    let error = failure.error;
    assert!(matches!(error, Error::Timeout { stage: Stage::Tls, limit: l, .. } if l == limit), "{error:?}");
}

#[test]
fn an_attempt_without_a_first_byte_leaves_time_for_the_next_controller() {
    let pki = Pki::new();
    let server = Server::start(&pki, |mut peer| peer.stall());
    let connections = connections(&pki);
    let call = Call::new(ENOUGH, &[]);
    let began = Instant::now();
    let window = Some(began + Duration::from_millis(300));
    let attempt = Attempt { first_byte_by: window, ..attempt(&server.url) };
    let failure = connections.exchange(&call, &attempt, &get(), &mut Vec::new()).unwrap_err();
    let took = began.elapsed();
    assert!(matches!(failure.error, Error::Timeout { stage: Stage::Wait, .. }), "{failure:?}");
    assert!(took >= Duration::from_millis(300) && took < Duration::from_millis(550), "{took:?}");
    assert!(failure.sent && call.check().is_ok());
}

#[test]
fn an_answer_that_has_begun_may_take_longer_than_its_first_byte() {
    let pki = Pki::new();
    let server = Server::start(&pki, |mut peer| {
        peer.read_request();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{");
        thread::sleep(Duration::from_millis(400));
        peer.send("}");
    });
    let window = Some(Instant::now() + Duration::from_millis(200));
    let attempt = Attempt { first_byte_by: window, ..attempt(&server.url) };
    let mut body = Vec::new();
    connections(&pki).exchange(&Call::new(ENOUGH, &[]), &attempt, &get(), &mut body).unwrap();
    assert_eq!(body, b"{}");
}

#[test]
fn a_canceled_call_leaves_the_connection_of_another_call_alone() {
    let pki = Pki::new();
    let server = Server::start(&pki, |mut peer| while peer.read_request().is_some() && peer.send(OK) {});
    let connections = connections(&pki);
    let token = CancelToken::new();
    exchange(&connections, &Call::new(ENOUGH, std::slice::from_ref(&token)), &server.url, &get()).unwrap();
    token.cancel();
    ask(&connections, &server.url, &get()).unwrap();
    assert_eq!(server.handshakes().len(), 1, "the idle connection was closed by a token it no longer belongs to");
}

#[test]
fn the_limit_of_opening_a_connection_ends_when_it_is_open() {
    let pki = Pki::new();
    let server = Server::start(&pki, |mut peer| {
        peer.read_request();
        thread::sleep(Duration::from_millis(600));
        peer.send(OK);
    });
    let options = ConnectionOptions { connect_timeout: Duration::from_millis(400), ..options(&pki) };
    ask(&Connections::new(options).unwrap(), &server.url, &get()).unwrap();
}

#[test]
fn a_connection_keeps_the_deadline_of_the_call_that_uses_it() {
    let pki = Pki::new();
    let server = Server::start(&pki, |mut peer| {
        for _ in 0..2 {
            peer.read_request();
            peer.send(OK);
        }
        peer.stall();
    });
    let connections = connections(&pki);
    for limit in [ENOUGH, Duration::from_millis(300)] {
        exchange(&connections, &Call::new(limit, &[]), &server.url, &get()).unwrap();
    }
    let began = Instant::now();
    let failure = exchange(&connections, &Call::new(DEADLINE, &[]), &server.url, &get()).unwrap_err();
    let took = began.elapsed();
    assert!(matches!(failure.error, Error::Timeout { stage: Stage::Wait, .. }), "{failure:?}");
    assert!(took >= DEADLINE && took < DEADLINE + LATE, "{took:?}");
    assert_eq!(server.handshakes().len(), 1);
}

#[test]
fn an_address_that_is_dead_leaves_time_for_the_next_one() {
    let pki = Pki::new();
    let dead = FullListener::new();
    let port = dead.address.port();
    let _silent = TcpListener::bind(("127.0.0.2", port)).unwrap();
    let addresses = |_: &str| Ok(vec![[127, 0, 0, 1].into(), [127, 0, 0, 2].into()]);
    let connections = Connections::with_resolver(options(&pki), Resolver::new(addresses, ENOUGH)).unwrap();
    let url = ControllerUrl::parse(&format!("https://controller.test:{port}")).unwrap();
    let failure = exchange(&connections, &Call::new(DEADLINE, &[]), &url, &get()).unwrap_err();
    assert_eq!(failure.error.stage(), Some(Stage::Tls), "{failure:?}");
}

#[test]
fn a_name_whose_addresses_all_fail_is_looked_up_again() {
    let (server, _) = answering(OK);
    let pki = Pki::new();
    let looked_up = std::sync::atomic::AtomicU8::new(0);
    let resolver = Resolver::new(
        move |_| {
            let first = 2 * looked_up.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 2;
            Ok(vec![[127, 0, 0, first].into(), [127, 0, 0, first + 1].into()])
        },
        ENOUGH,
    );
    let connections = Connections::with_resolver(options(&pki), resolver).unwrap();
    let url = ControllerUrl::parse(&format!("https://controller.test:{}", server.address.port())).unwrap();
    for last in [3, 5] {
        let failure = ask(&connections, &url, &get()).unwrap_err();
        let text = failure.error.to_string();
        assert!(text.contains("none of 2 addresses") && text.contains(&format!("127.0.0.{last}:")), "{text}");
    }
}
