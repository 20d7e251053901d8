//! Through a proxy.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Mutex;
use std::thread;

use super::peers::{Pki, Server, serve};
use super::*;
use crate::error::{Error, Stage};

/// A proxy that notes what it is asked, says `answer`, and leads everything to `target` if that is a success.
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
        if answer.starts_with("HTTP/1.1 2") {
            tunnel(near, TcpStream::connect(target).unwrap());
        }
    });
    (address, asked)
}

pub(super) fn tunnel(mut near: TcpStream, mut far: TcpStream) {
    let (mut near_reader, mut far_writer) = (near.try_clone().unwrap(), far.try_clone().unwrap());
    thread::spawn(move || io::copy(&mut near_reader, &mut far_writer));
    let _ = io::copy(&mut far, &mut near);
}

pub(super) fn server(pki: &Pki) -> Server {
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
fn any_success_of_the_proxy_opens_the_tunnel() {
    let pki = Pki::new();
    let server = server(&pki);
    for answer in ["HTTP/1.1 200\r\n\r\n", "HTTP/1.1 204 No Content\r\nVia: x\r\n\r\n", "HTTP/1.1 299 x\r\n\r\n"] {
        let (address, _) = proxy(answer, server.address);
        let connections = through(&pki, &format!("http://{address}"));
        assert_eq!(ask(&connections, &server.url, &get()).unwrap().1, b"{}", "{answer}");
    }
}

#[test]
fn an_address_of_ipv6_is_asked_for_in_brackets() {
    let pki = Pki::new();
    let (address, asked) = proxy("HTTP/1.1 502 no\r\n\r\n", SocketAddr::from(([127, 0, 0, 1], 1)));
    let url = ControllerUrl::parse("https://[fd00::1]:1280").unwrap();
    ask(&through(&pki, &format!("http://{address}")), &url, &get()).unwrap_err();
    let asked = asked.lock().unwrap();
    let head = "CONNECT [fd00::1]:1280 HTTP/1.1\r\nHost: [fd00::1]:1280\r\n";
    assert!(asked[0].starts_with(head) && !asked[0].contains("Authorization"), "{}", asked[0]);
}

#[test]
fn a_proxy_that_refuses_is_an_error_with_its_status() {
    let pki = Pki::new();
    for (answer, status) in [
        (
            "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Negotiate\r\n\
             proxy-authenticate: Digest x=1, Basic realm=x\r\n\r\n",
            "answered 407: it refuses the login; check the user",
        ),
        ("HTTP/1.1 407 canary\r\nProxy-Authenticate: NTLM\r\n\r\n", "answered 407: it wants another login than Basic"),
        ("HTTP/1.0 403 Forbidden\r\n\r\n", "answered 403: it does not allow this"),
        ("HTTP/1.1 405 canary\r\n\r\n", "answered 405: it does not take CONNECT"),
        ("HTTP/1.1 502 Bad Gateway\r\n\r\n", "answered 502: it cannot reach the host"),
        ("HTTP/1.1 418\r\n\r\n", "answered 418 (stage proxy)"),
    ] {
        let (address, _) = proxy(answer, SocketAddr::from(([127, 0, 0, 1], 1)));
        let connections = through(&pki, &format!("http://user:canary@{address}"));
        let url = ControllerUrl::parse("https://controller.test:1280").unwrap();
        let failure = ask(&connections, &url, &get()).unwrap_err();
        let stage = if status.contains("407") { Stage::ProxyLogin } else { Stage::Proxy };
        assert_eq!(failure.error.stage(), Some(stage), "{failure:?}");
        assert_eq!(failure.error.is_retryable(), stage == Stage::Proxy, "another try with the same login is of no use");
        let text = format!("{} {failure:?}", failure.error);
        assert!(text.contains(status) && !text.contains("canary"), "{text}");
        assert!(text.contains(&format!("through the proxy http://{address}: ")), "{text}");
        assert!(!failure.sent);
    }
}

#[test]
fn a_proxy_that_wants_a_login_is_told_apart_from_one_that_refuses_it() {
    let pki = Pki::new();
    let (address, _) = proxy("HTTP/1.1 407 x\r\n\r\n", SocketAddr::from(([127, 0, 0, 1], 1)));
    let connections = through(&pki, &format!("http://{address}"));
    let url = ControllerUrl::parse("https://controller.test:1280").unwrap();
    let error = ask(&connections, &url, &get()).unwrap_err().error;
    assert_eq!(error.stage(), Some(Stage::ProxyLogin), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("407: it wants a user name and password; put them into its address"), "{text}");
}

#[test]
fn a_proxy_that_closes_or_talks_nonsense_is_an_error() {
    let pki = Pki::new();
    let endless = Box::leak(format!("HTTP/1.1 200 OK\r\nx: {}", "x".repeat(20_000)).into_boxed_str());
    for (answer, says) in [
        ("", "the proxy closed the connection"),
        ("HTTP/1.1 200 OK\r\n", "the proxy closed the connection"),
        ("220 mail.test ready\r\n\r\n", "is not HTTP; is it a proxy of another kind?"),
        ("HTTP/1.1 20 OK\r\n\r\n", "is not HTTP"),
        ("HTTP/2 200 OK\r\n\r\n", "is not HTTP"),
        (endless, "larger than 16384 bytes"),
    ] {
        let address = serve(move |mut near| {
            let _ = near.read(&mut [0; 4096]);
            let _ = near.write_all(answer.as_bytes());
        });
        let connections = through(&pki, &format!("http://{address}"));
        let url = ControllerUrl::parse("https://controller.test:1280").unwrap();
        let failure = ask(&connections, &url, &get()).unwrap_err();
        assert_eq!(failure.error.stage(), Some(Stage::Proxy), "{failure:?}");
        let text = failure.error.to_string();
        assert!(text.contains(says) && text.contains(&format!("the proxy http://{address}")), "{text}");
    }
}

#[test]
fn what_happens_behind_the_proxy_names_it_until_the_connection_is_open() {
    let url = ControllerUrl::parse("https://controller.test:1280").unwrap();
    let (pki, stranger) = (Pki::new(), Pki::new());
    let server = server(&stranger);
    let (address, _) = proxy("HTTP/1.1 200 OK\r\n\r\n", server.address);
    let failure = ask(&through(&pki, &format!("http://{address}")), &url, &get()).unwrap_err();
    assert!(matches!(failure.error, Error::Tls { .. }), "{failure:?}");
    assert!(failure.error.to_string().contains(&format!("through the proxy http://{address}: ")), "{failure:?}");

    let cut = serve(|mut near| {
        let _ = near.read(&mut [0; 4096]);
        let _ = near.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
    });
    let failure = ask(&through(&pki, &format!("http://{cut}")), &url, &get()).unwrap_err();
    assert_eq!(failure.error.stage(), Some(Stage::Tls), "{failure:?}");
    assert!(failure.error.to_string().contains(&format!("through the proxy http://{cut}: ")), "{failure:?}");

    let broken = Server::start(&pki, |mut peer| {
        peer.read_request();
    });
    let (address, _) = proxy("HTTP/1.1 200 OK\r\n\r\n", broken.address);
    let failure = ask(&through(&pki, &format!("http://{address}")), &url, &get()).unwrap_err();
    assert!(failure.sent && !failure.error.to_string().contains("proxy"), "{failure:?}");
}

#[test]
fn a_proxy_that_cannot_be_reached_is_named() {
    let url = ControllerUrl::parse("https://controller.test:1280").unwrap();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for scheme in ["http", "socks5h"] {
        let failure = ask(&through(&Pki::new(), &format!("{scheme}://{closed}")), &url, &get()).unwrap_err();
        assert_eq!(failure.error.stage(), Some(Stage::Connect), "{failure:?}");
        let text = failure.error.to_string();
        assert!(text.contains(&format!("through the proxy {scheme}://{closed}: cannot connect")), "{text}");
    }
}

#[test]
fn a_host_that_no_proxy_names_is_reached_without_it() {
    let pki = Pki::new();
    let server = server(&pki);
    let (address, asked) = proxy("HTTP/1.1 403 no\r\n\r\n", server.address);
    let proxy = |exceptions: &'static str| {
        let url = format!("http://{address}");
        Proxy::from_variables(|name| match name {
            "https_proxy" => Some(url.clone()),
            "no_proxy" => Some(exceptions.to_owned()),
            _ => None,
        })
        .unwrap()
    };
    let through =
        |exceptions| Connections::new(ConnectionOptions { proxy: proxy(exceptions), ..options(&pki) }).unwrap();
    assert_eq!(ask(&through("127.0.0.0/8"), &server.url, &get()).unwrap().1, b"{}");
    assert!(asked.lock().unwrap().is_empty());
    ask(&through("10.0.0.0/8"), &server.url, &get()).unwrap_err();
    assert_eq!(asked.lock().unwrap().len(), 1);
}
