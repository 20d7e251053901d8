//! What goes out.

use std::sync::Mutex;

use super::peers::{Pki, Server};
use super::*;
use crate::error::{Error, Stage};
use crate::secret::Secret;
use crate::transport::Credential;
use crate::wire::{Body, Method};

/// What a server reads of `request`.
fn on_the_wire(request: &Request, credentials: &[Credential], gzip: bool) -> String {
    let pki = Pki::new();
    let read = shared(Mutex::new(String::new()));
    let seen = read.clone();
    let server = Server::start(&pki, move |mut peer| {
        *seen.lock().unwrap() = peer.read_request().unwrap();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    });
    let connections = Connections::new(ConnectionOptions { gzip, ..options(&pki) }).unwrap();
    let attempt = Attempt { credentials, ..attempt(&server.url) };
    connections.exchange(&Call::new(ENOUGH, &[]), &attempt, request, &mut Vec::new()).unwrap();
    read.lock().unwrap().replace(&server.address.to_string(), "HOST")
}

fn lines(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().collect();
    lines[1..].sort_unstable();
    lines
}

#[test]
fn a_get_says_what_it_accepts_and_nothing_else() {
    let credential = Credential { header: "zt-session", value: Secret::new("token") };
    let request = get().long_answer().query("filter", "a = \"b\"").accept("application/pkcs7-mime");
    let text = on_the_wire(&request, &[credential], true);
    let agent = concat!("user-agent: ziti-edge-client/", env!("CARGO_PKG_VERSION"));
    let expected = [
        "GET /edge/client/v1/version?filter=a%20%3D%20%22b%22 HTTP/1.1",
        "",
        "accept-encoding: gzip",
        "accept: application/pkcs7-mime",
        "host: HOST",
        agent,
        "zt-session: token",
    ];
    assert_eq!(lines(&text), expected);
}

#[test]
fn compression_is_asked_for_where_it_pays_unless_it_is_switched_off() {
    for (request, gzip, encoding) in
        [(get().long_answer(), true, "gzip"), (get().long_answer(), false, "identity"), (get(), true, "identity")]
    {
        let text = on_the_wire(&request, &[], gzip);
        assert!(text.contains(&format!("accept-encoding: {encoding}\r\n")), "{text}");
    }
}

#[test]
fn a_body_goes_with_its_length_and_media_type() {
    for method in [Method::Post, Method::Put, Method::Patch, Method::Delete] {
        let request = Request::new(method, "/x").body(Body::json(&std::collections::BTreeMap::from([("a", 1)])));
        let text = on_the_wire(&request, &[], true);
        assert!(text.starts_with(&format!("{} /edge/client/v1/x HTTP/1.1\r\n", method.as_str())), "{text}");
        assert!(text.contains("content-type: application/json\r\n"), "{text}");
        assert!(text.contains("content-length: 7\r\n") && text.ends_with("\r\n\r\n{\"a\":1}"), "{text}");
    }
}

#[test]
fn a_post_without_a_body_says_so() {
    let text = on_the_wire(&Request::new(Method::Post, "/x"), &[], true);
    assert!(text.contains("content-length: 0\r\n"), "{text}");
    let text = on_the_wire(&Request::new(Method::Delete, "/x"), &[], true);
    assert!(!text.contains("content-length"), "{text}");
}

#[test]
fn a_large_body_arrives_whole() {
    let body = "x".repeat(1_000_000);
    let text = on_the_wire(&Request::new(Method::Post, "/x").body(Body::text(body.clone())), &[], true);
    assert!(text.ends_with(&format!("\r\n\r\n{body}")));
}

#[test]
fn the_certificate_is_shown_whatever_authorities_the_server_names() {
    let pki = Pki::new();
    let server = Server::start(&pki, |mut peer| {
        peer.read_request();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    });
    ask(&connections(&pki), &server.url, &get()).unwrap();
    let with_key = ConnectionOptions { client_auth: Some(pki.client_auth()), ..options(&pki) };
    ask(&Connections::new(with_key).unwrap(), &server.url, &get()).unwrap();
    let shown: Vec<bool> = server.handshakes().iter().map(|handshake| handshake.client_certificate).collect();
    assert_eq!(shown, [false, true]);
}

#[test]
fn http_1_1_is_offered_and_names_are_told_but_addresses_are_not() {
    let pki = Pki::new();
    let server = Server::start(&pki, |mut peer| {
        peer.read_request();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    });
    let connections = Connections::with_resolver(options(&pki), loopback_resolver()).unwrap();
    let named = ControllerUrl::parse(&format!("https://controller.test:{}", server.address.port())).unwrap();
    ask(&connections, &server.url, &get()).unwrap();
    ask(&connections, &named, &get()).unwrap();
    let seen = server.handshakes();
    assert!(seen.iter().all(|handshake| handshake.alpn.as_deref() == Some("http/1.1")), "{seen:?}");
    let names: Vec<_> = seen.iter().map(|handshake| handshake.server_name.as_deref()).collect();
    assert_eq!(names, [None, Some("controller.test")]);
}

#[test]
fn a_peer_that_is_not_trusted_gets_no_request() {
    let (server, _) = answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let failure = ask(&connections(&Pki::new()), &server.url, &get()).unwrap_err();
    assert!(
        matches!(&failure.error, Error::Tls { controller, .. } if controller == server.url.origin()),
        "{failure:?}"
    );
    assert!(!failure.sent);
}

#[test]
fn a_certificate_for_another_name_is_refused() {
    let pki = Pki::with_names(&["other.test"]);
    let server = Server::start(&pki, |mut peer| peer.stall());
    let failure = ask(&connections(&pki), &server.url, &get()).unwrap_err();
    assert!(matches!(failure.error, Error::Tls { .. }), "{failure:?}");
}

#[test]
fn a_refused_connection_names_the_address() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let failure = ask(&connections(&Pki::new()), &peers::url(address), &get()).unwrap_err();
    assert_eq!(failure.error.stage(), Some(Stage::Connect));
    assert!(failure.error.to_string().contains(&format!("cannot connect to {address}")), "{failure:?}");
}

#[test]
fn a_peer_that_closes_in_the_handshake_is_no_answer() {
    let address = peers::serve(drop);
    let failure = ask(&connections(&Pki::new()), &peers::url(address), &get()).unwrap_err();
    assert!(matches!(failure.error, Error::Transport { stage: Stage::Tls, .. }), "{failure:?}");
}

#[test]
fn a_login_that_cannot_be_sent_is_an_error_without_it() {
    let (server, connections) = answering("");
    let credential = Credential { header: "zt-session", value: Secret::new("canary\r\nX: y") };
    let attempt = Attempt { credentials: &[credential], ..attempt(&server.url) };
    let failure = connections.exchange(&Call::new(ENOUGH, &[]), &attempt, &get(), &mut Vec::new()).unwrap_err();
    assert!(matches!(failure.error, Error::InvalidArgument(_)), "{failure:?}");
    assert!(!format!("{failure:?}").contains("canary"));
}
