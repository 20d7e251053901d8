//! A tunnel by SOCKS5 (RFC 1928), with user name and password (RFC 1929) where there are any.

use std::net::IpAddr;

use zeroize::Zeroizing;

use super::talk::Talk;
use super::{Destination, MAX_SOCKS_TEXT, NoTunnel, ProxyLogin};
use crate::error::Error;

const VERSION: u8 = 5;
const NO_LOGIN: u8 = 0;
const BY_PASSWORD: u8 = 2;
const NONE_OF_THEM: u8 = 0xff;
const VERSION_OF_LOGIN: u8 = 1;
const CONNECT: u8 = 1;
const IPV4: u8 = 1;
const NAME: u8 = 3;
const IPV6: u8 = 4;
const DONE: u8 = 0;

pub(super) fn open_tunnel(
    mut talk: Talk<'_>,
    login: Option<&ProxyLogin>,
    destination: Destination<'_>,
) -> Result<(), NoTunnel> {
    let request = request(&talk, destination)?;
    greet(&mut talk, login)?;
    talk.send(&request)?;
    let [version, reply] = talk.receive()?;
    check_version(&talk, version)?;
    if reply != DONE {
        let error = talk.failed(format!("no tunnel to {destination}: {}", in_words(reply)));
        return Err(NoTunnel { error, of_the_address: is_of_the_address(reply) });
    }
    // Where the proxy's own end of the tunnel is does not matter, but it has to be read.
    let [_, kind] = talk.receive()?;
    let length = match kind {
        IPV4 => 4,
        IPV6 => 16,
        NAME => usize::from(talk.receive::<1>()?[0]),
        other => return Err(talk.failed(format!("the proxy names an address of unknown kind ({other})")).into()),
    };
    let mut address_and_port = [0; MAX_SOCKS_TEXT + 2];
    talk.fill(&mut address_and_port[..length + 2])?;
    Ok(())
}

/// Agrees on a way to log in, and logs in that way.
fn greet(talk: &mut Talk<'_>, login: Option<&ProxyLogin>) -> Result<(), Error> {
    match login {
        Some(_) => talk.send(&[VERSION, 2, NO_LOGIN, BY_PASSWORD])?,
        None => talk.send(&[VERSION, 1, NO_LOGIN])?,
    }
    let [version, method] = talk.receive()?;
    check_version(talk, version)?;
    match (method, login) {
        (NO_LOGIN, _) => Ok(()),
        (BY_PASSWORD, Some(login)) => log_in(talk, login),
        (NONE_OF_THEM, None) => {
            Err(talk.login_failed("the proxy wants a login; put a user name and password into its address"))
        }
        (NONE_OF_THEM, Some(_)) => Err(talk.login_failed(
            "the proxy takes no user name and password, and wants another login, which cannot be done here",
        )),
        (other, _) => Err(talk.failed(format!("the proxy chose a way to log in that was not offered ({other})"))),
    }
}

fn log_in(talk: &mut Talk<'_>, login: &ProxyLogin) -> Result<(), Error> {
    let (user, password) = (login.user.expose(), login.password.expose());
    let mut request = Zeroizing::new(Vec::with_capacity(3 + 2 * MAX_SOCKS_TEXT));
    request.push(VERSION_OF_LOGIN);
    for text in [user, password] {
        request.push(length(talk, text, "user name or password")?);
        request.extend_from_slice(text.as_bytes());
    }
    talk.send(&request)?;
    let [version, status] = talk.receive()?;
    match (version, status) {
        (VERSION_OF_LOGIN, DONE) => Ok(()),
        (VERSION_OF_LOGIN, _) => {
            Err(talk.login_failed("the proxy refuses the login; check the user name and password of its address"))
        }
        _ => Err(talk.failed("the proxy's answer to the login is not that of a SOCKS5 proxy")),
    }
}

fn request(talk: &Talk<'_>, destination: Destination<'_>) -> Result<Vec<u8>, Error> {
    let mut request = vec![VERSION, CONNECT, 0];
    let port = match destination {
        Destination::Address(address) => {
            match address.ip() {
                IpAddr::V4(ip) => request.extend([&[IPV4], ip.octets().as_slice()].concat()),
                IpAddr::V6(ip) => request.extend([&[IPV6], ip.octets().as_slice()].concat()),
            }
            address.port()
        }
        Destination::Name(name, port) => {
            request.extend([NAME, length(talk, name, "name of the host")?]);
            request.extend_from_slice(name.as_bytes());
            port
        }
    };
    request.extend(port.to_be_bytes());
    Ok(request)
}

fn length(talk: &Talk<'_>, text: &str, what: &str) -> Result<u8, Error> {
    u8::try_from(text.len()).map_err(|_| talk.failed(format!("the {what} is too long for SOCKS5")))
}

fn check_version(talk: &Talk<'_>, version: u8) -> Result<(), Error> {
    match version {
        VERSION => Ok(()),
        b'H' => Err(talk.failed("the answer of the proxy is not SOCKS5 but looks like HTTP; is it an http:// proxy?")),
        other => Err(talk.failed(format!("the answer of the proxy is not SOCKS5: it begins with {other:#04x}"))),
    }
}

fn in_words(reply: u8) -> String {
    match reply {
        1 => "general failure of the proxy".to_owned(),
        2 => "the proxy's rules do not allow it; have the host added to them".to_owned(),
        3 => "the proxy cannot reach the network".to_owned(),
        4 => "the proxy cannot reach the host".to_owned(),
        5 => "the host refused the proxy's connection".to_owned(),
        6 => "the time to live ended on the way from the proxy".to_owned(),
        7 => "the proxy cannot connect for others: command not supported".to_owned(),
        8 => "the proxy cannot use addresses of this kind".to_owned(),
        other => format!("the proxy answered with the unknown code {other}"),
    }
}

/// True where another address of the same host may do better.
fn is_of_the_address(reply: u8) -> bool {
    matches!(reply, 1 | 3..=6 | 8)
}
