//! Through a SOCKS5 proxy.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;

use super::peers::{Pki, serve};
use super::proxies::{server, tunnel};
use super::*;
use crate::error::{Error, Stage};

type Answers = &'static [&'static [u8]];

const GREETING: &[u8] = &[5, 0];
const ASKS_FOR_PASSWORD: &[u8] = &[5, 2];
const LOGGED_IN: &[u8] = &[1, 0];
const OPEN: &[u8] = &[5, 0, 0, 1, 0, 0, 0, 0, 0, 0];

/// A proxy that reads something, says the next of `answers`, and so on; it notes what it read. After the last answer it
/// leads to `target`, if there is one.
fn proxy(answers: Answers, target: Option<SocketAddr>) -> (SocketAddr, Arc<Mutex<Vec<Vec<u8>>>>) {
    let read = shared(Mutex::new(Vec::new()));
    let notes = read.clone();
    let address = serve(move |mut near| {
        for answer in answers {
            let mut piece = [0; 1024];
            let Ok(amount) = near.read(&mut piece) else { return };
            notes.lock().unwrap().push(piece[..amount].to_vec());
            near.write_all(answer).unwrap();
        }
        if let Some(target) = target {
            tunnel(near, TcpStream::connect(target).unwrap());
        }
    });
    (address, read)
}

fn named() -> ControllerUrl {
    ControllerUrl::parse("https://controller.test:1280").unwrap()
}

/// What a client is told whose proxy gives these answers, and in which stage.
fn told(login: &str, answers: Answers) -> (String, Stage) {
    let (address, _) = proxy(answers, None);
    let connections = through(&Pki::new(), &format!("socks5h://{login}{address}"));
    let failure = ask(&connections, &named(), &get()).unwrap_err();
    let Error::Transport { stage, .. } = failure.error else { panic!("{failure:?}") };
    assert!(!failure.sent);
    let text = format!("{} {failure:?}", failure.error);
    assert!(!text.contains("canary"), "{text}");
    assert!(text.contains(&format!("through the proxy socks5h://{address}: ")), "{text}");
    (text, stage)
}

#[test]
fn the_proxy_resolves_the_name_if_it_is_socks5h() {
    let pki = Pki::new();
    let server = server(&pki);
    let (address, read) = proxy(&[GREETING, OPEN], Some(server.address));
    let resolver = Resolver::new(|name| panic!("{name} was looked up"), ENOUGH);
    let proxy = Some(Proxy::parse(&format!("socks5h://{address}")).unwrap());
    let connections = Connections::with_resolver(ConnectionOptions { proxy, ..options(&pki) }, resolver).unwrap();
    for _ in 0..2 {
        assert_eq!(ask(&connections, &named(), &get()).unwrap().1, b"{}");
    }
    let read = read.lock().unwrap();
    assert_eq!(read.len(), 2, "the tunnel was used again");
    assert_eq!(read[0], [5, 1, 0]);
    assert_eq!(read[1], [&[5, 1, 0, 3, 15], b"controller.test".as_slice(), &1280_u16.to_be_bytes()].concat());
    assert_eq!(server.handshakes()[0].server_name.as_deref(), Some("controller.test"));
}

#[test]
fn the_name_is_looked_up_here_if_it_is_socks5() {
    let pki = Pki::new();
    let server = server(&pki);
    let (address, read) = proxy(&[GREETING, OPEN], Some(server.address));
    let proxy = Some(Proxy::parse(&format!("socks5://{address}")).unwrap());
    let options = ConnectionOptions { proxy, ..options(&pki) };
    let connections = Connections::with_resolver(options, loopback_resolver()).unwrap();
    assert_eq!(ask(&connections, &named(), &get()).unwrap().1, b"{}");
    assert_eq!(read.lock().unwrap()[1], [&[5, 1, 0, 1, 127, 0, 0, 1], 1280_u16.to_be_bytes().as_slice()].concat());
    assert_eq!(server.handshakes()[0].server_name.as_deref(), Some("controller.test"));
}

#[test]
fn an_address_that_the_proxy_cannot_reach_gives_way_to_the_next_one() {
    let pki = Pki::new();
    let server = server(&pki);
    let target = server.address;
    let address = serve(move |mut near| {
        let (mut greeting, mut request) = ([0; 3], [0; 4]);
        near.read_exact(&mut greeting).unwrap();
        near.write_all(GREETING).unwrap();
        near.read_exact(&mut request).unwrap();
        let is_ipv6 = request[3] == 4;
        near.read_exact(&mut vec![0; if is_ipv6 { 18 } else { 6 }]).unwrap();
        if is_ipv6 {
            near.write_all(&[5, 8, 0, 1, 0, 0, 0, 0, 0, 0]).unwrap();
        } else {
            near.write_all(OPEN).unwrap();
            tunnel(near, TcpStream::connect(target).unwrap());
        }
    });
    let resolver = Resolver::new(|_| Ok(vec!["fd00::1".parse().unwrap(), [10, 0, 0, 1].into()]), ENOUGH);
    let proxy = Some(Proxy::parse(&format!("socks5://{address}")).unwrap());
    let connections = Connections::with_resolver(ConnectionOptions { proxy, ..options(&pki) }, resolver).unwrap();
    assert_eq!(ask(&connections, &named(), &get()).unwrap().1, b"{}");
}

#[test]
fn literals_are_sent_as_addresses_by_both_kinds() {
    for scheme in ["socks5", "socks5h"] {
        let (address, read) = proxy(&[GREETING, &[5, 5]], None);
        let connections = through(&Pki::new(), &format!("{scheme}://{address}"));
        let url = ControllerUrl::parse("https://[::1]:1280").unwrap();
        ask(&connections, &url, &get()).unwrap_err();
        let here = std::net::Ipv6Addr::LOCALHOST.octets();
        let expected = [&[5, 1, 0, 4], here.as_slice(), &1280_u16.to_be_bytes()].concat();
        assert_eq!(read.lock().unwrap()[1], expected, "{scheme}");
    }
}

#[test]
fn the_proxy_gets_user_and_password_if_it_asks_for_them() {
    let pki = Pki::new();
    let server = server(&pki);
    let named_end: &'static [u8] = &[5, 0, 0, 3, 4, b'h', b'e', b'r', b'e', 1, 2];
    let (address, read) = proxy(&[ASKS_FOR_PASSWORD, LOGGED_IN, OPEN], Some(server.address));
    let (trusting, read_by_trusting) = proxy(Box::leak(Box::new([GREETING, named_end])), Some(server.address));
    for address in [address, trusting] {
        let connections = through(&pki, &format!("socks5h://us%40er:p%3Aw@{address}"));
        assert_eq!(ask(&connections, &named(), &get()).unwrap().1, b"{}");
    }
    assert_eq!(read.lock().unwrap()[0], [5, 2, 0, 2]);
    assert_eq!(read.lock().unwrap()[1], b"\x01\x05us@er\x03p:w");
    assert_eq!(read_by_trusting.lock().unwrap().len(), 2, "a login that the proxy did not ask for");
}

#[test]
fn each_refusal_is_told_in_words() {
    let table: [(Answers, &str); 9] = [
        (&[GREETING, &[5, 1]], "general failure"),
        (&[GREETING, &[5, 2]], "rules do not allow it"),
        (&[GREETING, &[5, 3]], "cannot reach the network"),
        (&[GREETING, &[5, 4]], "cannot reach the host"),
        (&[GREETING, &[5, 5]], "the host refused"),
        (&[GREETING, &[5, 6]], "time to live ended"),
        (&[GREETING, &[5, 7]], "command not supported"),
        (&[GREETING, &[5, 8]], "addresses of this kind"),
        (&[GREETING, &[5, 99]], "unknown code 99"),
    ];
    for (answers, says) in table {
        let (text, stage) = told("user:canary@", answers);
        assert_eq!(stage, Stage::Proxy, "{text}");
        assert!(text.contains("no tunnel to controller.test:1280: ") && text.contains(says), "{text}");
    }
}

#[test]
fn a_login_that_fails_is_told_apart() {
    let with = "user:canary@";
    let (proxy, at_login) = (Stage::Proxy, Stage::ProxyLogin);
    let table: [(&str, Answers, &str, Stage); 6] = [
        ("", &[&[5, 0xff]], "wants a login; put a user name", at_login),
        (with, &[&[5, 0xff]], "takes no user name and password", at_login),
        ("", &[ASKS_FOR_PASSWORD], "was not offered (2)", proxy),
        (with, &[&[5, 1]], "was not offered (1)", proxy),
        (with, &[ASKS_FOR_PASSWORD, &[1, 1]], "refuses the login; check the user name", at_login),
        (with, &[ASKS_FOR_PASSWORD, &[5, 0]], "not that of a SOCKS5 proxy", proxy),
    ];
    for (login, answers, says, at) in table {
        let (text, stage) = told(login, answers);
        assert!(text.contains(says) && stage == at, "{stage}: {text}");
    }
}

#[test]
fn a_proxy_that_closes_or_talks_nonsense_is_an_error() {
    let table: [(Answers, &str); 8] = [
        (&[], "the proxy closed the connection"),
        (&[&[5]], "the proxy closed the connection"),
        (&[GREETING], "the proxy closed the connection"),
        (&[GREETING, &[5, 0, 0, 1, 0]], "the proxy closed the connection"),
        (&[b"HTTP/1.1 400 canary\r\n\r\n"], "looks like HTTP; is it an http:// proxy?"),
        (&[&[4, 0]], "is not SOCKS5: it begins with 0x04"),
        (&[GREETING, b"220 x"], "is not SOCKS5: it begins with 0x32"),
        (&[GREETING, &[5, 0, 0, 9, 0, 0]], "an address of unknown kind (9)"),
    ];
    for (answers, says) in table {
        let (text, stage) = told("", answers);
        assert_eq!(stage, Stage::Proxy, "{text}");
        assert!(text.contains(says) || text.contains("connection to the proxy broke"), "{says}: {text}");
    }
}
