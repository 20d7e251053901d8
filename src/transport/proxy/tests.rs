//! Addresses of proxies.

use super::*;

#[test]
fn reads_an_address_with_and_without_a_password() {
    for text in ["http://proxy.test:3128", "HTTP://u%40x:p%3Aw@proxy.test:3128/", "http://user@proxy.test:3128"] {
        let proxy = Proxy::parse(text).unwrap();
        assert_eq!(proxy.to_string(), "http://proxy.test:3128", "{text}");
    }
    for text in ["http://[::1]:3128", "socks5://proxy.test:1080", "socks5h://10.0.0.1:1080"] {
        assert_eq!(Proxy::parse(text).unwrap().to_string(), text);
    }
    assert_eq!(Proxy::parse("SOCKS5H://u:p@h:1").unwrap().to_string(), "socks5h://h:1");
}

#[test]
fn the_password_is_never_shown() {
    let proxy = Proxy::parse("http://user:canary@proxy.test:3128").unwrap();
    assert_eq!(format!("{proxy} {proxy:?}"), "http://proxy.test:3128 Proxy(http://proxy.test:3128)");
    for text in ["http://user:canary@proxy.test:0", "user:canary@://x", "http://u:canary@h:1/x", "http://canary@:9 9"] {
        let error = Proxy::parse(text).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
    }
}

#[test]
fn other_kinds_of_proxies_are_unsupported() {
    for (text, kind) in [
        ("https://proxy.test:3128", "https://"),
        ("SOCKS4A://proxy.test:1080", "socks4a://"),
        ("socks://proxy.test:1080", "socks://"),
    ] {
        let error = Proxy::parse(text).unwrap_err();
        assert!(matches!(&error, Error::Unsupported(message) if message.contains(kind)), "{error:?}");
        assert!(error.to_string().contains("use one that is reached by http://, socks5://"), "{error}");
    }
}

#[test]
fn what_is_no_proxy_is_refused_with_a_reason() {
    for (text, reason) in [
        ("proxy.test:3128", "scheme is missing"),
        ("ftp://proxy.test:3128", "scheme is not known"),
        ("http://proxy.test", "port is missing"),
        ("http://proxy.test:0", "port is missing"),
        ("http://proxy.test:3128/path", "after the port"),
        ("http://", "cannot be read"),
        ("socks5://proxy.test", "port is missing"),
        ("socks5://:secret@proxy.test:1080", "user name is empty"),
        ("http://a%3Ab:secret@proxy.test:1", "holds a colon"),
        ("http://%ff:secret@proxy.test:1", "not UTF-8"),
    ] {
        let error = Proxy::parse(text).unwrap_err();
        assert!(matches!(error, Error::InvalidArgument(_)), "{text}");
        assert!(error.to_string().contains(reason), "{text}: {error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}
#[test]
fn what_socks_cannot_send_is_refused_when_it_is_read() {
    let (longest, too_long) = ("x".repeat(255), "x".repeat(256));
    assert!(Proxy::parse(&format!("socks5://{longest}:{longest}@h:1")).is_ok());
    for login in [format!("u:{too_long}"), format!("{too_long}:p")] {
        let error = Proxy::parse(&format!("socks5h://{login}@h:1")).unwrap_err().to_string();
        assert!(error.contains("more than 255 bytes") && !error.contains("xxx"), "{error}");
        assert!(Proxy::parse(&format!("http://{login}@h:1")).is_ok());
    }
}
