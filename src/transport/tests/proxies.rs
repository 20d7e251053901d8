//! Through a proxy.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;
use std::thread;

use super::peers::{Pki, Server, serve};
use super::*;
use crate::error::{Error, Stage};

/// A proxy that notes what it is asked, says `answer`, and leads everything to `target` if that is a 200.
fn proxy(answer: &'static str, target: SocketAddr) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let asked = shared(Mutex::new(Vec::new()));
    let notes = asked.clone();
    let address = serve(move |mut near| {
        let mut read = Vec::new();
        while !read.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            if near.read_exact(&mut byte).is_err() {
                return;
            }
            read.push(byte[0]);
        }
        notes.lock().unwrap().push(String::from_utf8(read).unwrap());
        near.write_all(answer.as_bytes()).unwrap();
        if answer.starts_with("HTTP/1.1 200") {
            tunnel(near, TcpStream::connect(target).unwrap());
        }
    });
    (address, asked)
}

fn tunnel(mut near: TcpStream, mut far: TcpStream) {
    let (mut near_reader, mut far_writer) = (near.try_clone().unwrap(), far.try_clone().unwrap());
    thread::spawn(move || io::copy(&mut near_reader, &mut far_writer));
    let _ = io::copy(&mut far, &mut near);
}

fn server(pki: &Pki) -> Server {
    Server::start(pki, |mut peer| {
        while peer.read_request().is_some() && peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}") {}
    })
}

#[test]
fn the_proxy_is_asked_for_a_tunnel_and_tls_runs_through_it() {
    let pki = Pki::new();
    let server = server(&pki);
    let (address, asked) = proxy("HTTP/1.1 200 Connection established\r\n\r\n", server.address);
    let connections = through(&pki, &format!("http://user:p%40ss@{address}"));
    // The name is the proxy's to resolve: this resolver would not find it.
    let url = ControllerUrl::parse("https://controller.test:1280").unwrap();
    for _ in 0..2 {
        assert_eq!(ask(&connections, &url, &get()).unwrap().1, b"{}");
    }
    let asked = asked.lock().unwrap();
    assert_eq!(asked.len(), 1, "the tunnel was used again");
    assert!(asked[0].starts_with("CONNECT controller.test:1280 HTTP/1.1\r\n"), "{}", asked[0]);
    assert!(asked[0].contains("Proxy-Authorization: Basic dXNlcjpwQHNz\r\n"), "{}", asked[0]);
    assert_eq!(server.handshakes()[0].server_name.as_deref(), Some("controller.test"));
}

#[test]
fn a_proxy_that_refuses_is_an_error_with_its_status() {
    let pki = Pki::new();
    for (answer, status) in [
        ("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\n\r\n", "407; check the user"),
        ("HTTP/1.1 403 Forbidden\r\n\r\n", "responded 403 (stage"),
        ("HTTP/1.1 502 Bad Gateway\r\n\r\n", "responded 502 (stage"),
    ] {
        let (address, _) = proxy(answer, SocketAddr::from(([127, 0, 0, 1], 1)));
        let connections = through(&pki, &format!("http://user:canary@{address}"));
        let url = ControllerUrl::parse("https://controller.test:1280").unwrap();
        let failure = ask(&connections, &url, &get()).unwrap_err();
        assert!(matches!(failure.error, Error::Transport { stage: Stage::Proxy, .. }), "{failure:?}");
        let text = format!("{} {failure:?}", failure.error);
        assert!(text.contains(status) && !text.contains("canary"), "{text}");
        assert!(!failure.sent);
    }
}

#[test]
fn a_proxy_that_closes_or_talks_nonsense_is_an_error() {
    let pki = Pki::new();
    for answer in ["", "220 mail.test ready\r\n\r\n"] {
        let (address, _) = proxy(answer, SocketAddr::from(([127, 0, 0, 1], 1)));
        let connections = through(&pki, &format!("http://{address}"));
        let url = ControllerUrl::parse("https://controller.test:1280").unwrap();
        let failure = ask(&connections, &url, &get()).unwrap_err();
        assert_eq!(failure.error.stage(), Some(Stage::Proxy), "{failure:?}");
    }
}
