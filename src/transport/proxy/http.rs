//! A tunnel by `CONNECT`.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use zeroize::Zeroizing;

use super::talk::Talk;
use super::{Destination, ProxyLogin};
use crate::error::Error;

/// Of the head of the proxy's answer.
const MAX_HEAD: usize = 16 * 1024;
const LOGIN_WANTED: u16 = 407;

pub(super) fn open_tunnel(
    mut talk: Talk<'_>,
    login: Option<&ProxyLogin>,
    destination: Destination<'_>,
) -> Result<(), Error> {
    talk.send(request(login, destination).as_bytes())?;
    let Some(head) = talk.receive_until(b"\r\n\r\n", MAX_HEAD)? else {
        return Err(talk.failed(format!("the headers of the proxy's answer are larger than {MAX_HEAD} bytes")));
    };
    let head = String::from_utf8_lossy(&head);
    match status(&head) {
        Some(200..=299) => Ok(()),
        Some(status) => {
            let why = format!("no tunnel: the proxy answered {}", refusal(status, &head, login));
            Err(if status == LOGIN_WANTED { talk.login_failed(why) } else { talk.failed(why) })
        }
        None => Err(talk.failed("the answer of the proxy is not HTTP; is it a proxy of another kind?")),
    }
}

fn request(login: Option<&ProxyLogin>, destination: Destination<'_>) -> Zeroizing<String> {
    let agent = concat!("ziti-edge-client/", env!("CARGO_PKG_VERSION"));
    let head = format!("CONNECT {destination} HTTP/1.1\r\nHost: {destination}\r\nUser-Agent: {agent}\r\n");
    let Some(ProxyLogin { user, password }) = login else { return Zeroizing::new(head + "\r\n") };
    let plain = Zeroizing::new(format!("{}:{}", user.expose(), password.expose()));
    let encoded = Zeroizing::new(BASE64_STANDARD.encode(plain.as_bytes()));
    Zeroizing::new(format!("{head}Proxy-Authorization: Basic {}\r\n\r\n", encoded.as_str()))
}

fn status(head: &str) -> Option<u16> {
    let mut words = head.lines().next()?.split(' ');
    let is_http = words.next()?.starts_with("HTTP/1.");
    let status = words.next().filter(|word| is_http && word.len() == 3)?;
    status.parse().ok().filter(|status| *status >= 100)
}

/// A status in our words: the proxy's own could repeat the password.
fn refusal(status: u16, head: &str, login: Option<&ProxyLogin>) -> String {
    let hint = match (status, login) {
        (LOGIN_WANTED, _) if !offers_basic(head) => {
            ": it wants another login than Basic, the only one that can be done here"
        }
        (LOGIN_WANTED, None) => ": it wants a user name and password; put them into its address",
        (LOGIN_WANTED, Some(_)) => ": it refuses the login; check the user name and password of its address",
        (403, _) => ": it does not allow this; have the host added to its rules",
        (405 | 501, _) => ": it does not take CONNECT; is this the address of a proxy?",
        (502..=504, _) => ": it cannot reach the host",
        _ => "",
    };
    format!("{status}{hint}")
}

/// True unless the proxy names ways to log in and Basic is not among them.
fn offers_basic(head: &str) -> bool {
    let mut ways = head.lines().filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("proxy-authenticate").then(|| value.to_ascii_lowercase())
    });
    let mut named = false;
    ways.any(|way| {
        named = true;
        way.split([' ', ',']).any(|word| word == "basic")
    }) || !named
}
