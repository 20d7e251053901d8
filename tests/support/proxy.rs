//! A proxy between a client and its controller, which counts what it leads there, refuses it or says nothing.

#![allow(dead_code, reason = "each test program uses another part")]

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// What every client has to tell the proxies of tests.
pub(crate) const LOGIN: &str = "somebody:pass%3Aword";

/// What a proxy does with whoever asks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    Leads,
    /// By its rules.
    Refuses,
    /// Takes no user name and password.
    RefusesLogin,
    /// Says nothing to what it is asked.
    Hangs,
    /// Says that it leads there, and ends the connection.
    Cuts,
}

/// A proxy that leads to one place, whatever it is asked for.
pub(crate) struct TestProxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    place: SocketAddr,
    kind: Kind,
    manner: Mutex<Manner>,
    tunnels: AtomicUsize,
    /// The hosts it was asked for.
    hosts: Mutex<Vec<String>>,
    open: Mutex<Vec<TcpStream>>,
}

/// How a kind of proxy is asked, and what it says then.
struct Kind {
    /// The host that it is asked for; nothing if it refused the login.
    read: fn(&mut TcpStream, refuse_login: bool) -> io::Result<Option<String>>,
    leads: &'static [u8],
    refuses: &'static [u8],
}

const HTTP: Kind = Kind {
    read: read_http,
    leads: b"HTTP/1.1 200 Connection established\r\nVia: a test\r\n\r\n",
    refuses: b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
};

const SOCKS: Kind =
    Kind { read: read_socks, leads: &[5, 0, 0, 1, 127, 0, 0, 1, 0, 0], refuses: &[5, 2, 0, 1, 0, 0, 0, 0, 0, 0] };

impl TestProxy {
    pub(crate) fn http(place: SocketAddr) -> Self {
        Self::start(place, HTTP)
    }

    pub(crate) fn socks(place: SocketAddr) -> Self {
        Self::start(place, SOCKS)
    }

    fn start(place: SocketAddr, kind: Kind) -> Self {
        Self::at("127.0.0.1:0", place, kind)
    }

    /// At an address of IPv6.
    pub(crate) fn http_on_ipv6(place: SocketAddr) -> Self {
        Self::at("[::1]:0", place, HTTP)
    }

    fn at(address: &str, place: SocketAddr, kind: Kind) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        let (manner, open) = (Mutex::new(Manner::Leads), Mutex::default());
        let (tunnels, hosts) = (AtomicUsize::new(0), Mutex::default());
        let shared = Arc::new(Shared { place, kind, manner, tunnels, hosts, open });
        let own = shared.clone();
        thread::spawn(move || {
            for client in listener.incoming() {
                let own = own.clone();
                thread::spawn(move || own.serve(client?));
            }
        });
        Self { address, shared }
    }

    /// Its address, with the login that it wants.
    pub(crate) fn url(&self, scheme: &str) -> String {
        format!("{scheme}://{LOGIN}@{}", self.address)
    }

    /// How many tunnels it opened.
    pub(crate) fn tunnels(&self) -> usize {
        self.shared.tunnels.load(Ordering::SeqCst)
    }

    /// The hosts it was asked for, in order.
    pub(crate) fn hosts(&self) -> Vec<String> {
        self.shared.hosts.lock().unwrap().clone()
    }

    /// Changes its manner, and ends the tunnels that are open.
    pub(crate) fn turn(&self, manner: Manner) {
        *self.shared.manner.lock().unwrap() = manner;
        for tunnel in self.shared.open.lock().unwrap().drain(..) {
            // Its other side may have ended it.
            let _ = tunnel.shutdown(Shutdown::Both);
        }
    }
}

impl Shared {
    fn serve(&self, mut client: TcpStream) -> io::Result<()> {
        let manner = *self.manner.lock().unwrap();
        let Some(host) = (self.kind.read)(&mut client, manner == Manner::RefusesLogin)? else { return Ok(()) };
        self.hosts.lock().unwrap().push(host);
        match manner {
            Manner::Leads => {
                client.write_all(self.kind.leads)?;
                self.tunnels.fetch_add(1, Ordering::SeqCst);
                self.open.lock().unwrap().push(client.try_clone()?);
                relay(client, TcpStream::connect(self.place)?)
            }
            Manner::Refuses | Manner::RefusesLogin => client.write_all(self.kind.refuses),
            Manner::Cuts => client.write_all(self.kind.leads),
            Manner::Hangs => client.read_to_end(&mut Vec::new()).map(drop),
        }
    }
}

/// Reads what it is asked, for which host; refuses who does not know the login, and ends without a word if it is asked
/// anything else.
fn read_http(client: &mut TcpStream, refuse_login: bool) -> io::Result<Option<String>> {
    let mut asked = Vec::new();
    while !asked.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte)?;
        asked.extend(byte);
    }
    let asked = String::from_utf8_lossy(&asked);
    let host = asked.strip_prefix("CONNECT ").and_then(|rest| rest.split(" HTTP/1.1\r\n").next());
    let host = host.ok_or(io::ErrorKind::InvalidData)?;
    // somebody:pass:word
    let knows_login = asked.contains("Proxy-Authorization: Basic c29tZWJvZHk6cGFzczp3b3Jk\r\n");
    if knows_login && !refuse_login {
        return Ok(Some(host.to_owned()));
    }
    let basic = b"HTTP/1.1 407 x\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n";
    client.write_all(basic).map(|()| None)
}

/// The same for SOCKS5.
fn read_socks(client: &mut TcpStream, refuse_login: bool) -> io::Result<Option<String>> {
    expect(client, &[5, 2, 0, 2])?;
    client.write_all(&[5, 2])?;
    let mut login = receive::<2>(client)?.to_vec();
    login.resize(2 + usize::from(login[1]) + 1, 0);
    client.read_exact(&mut login[2..])?;
    let mut password = vec![0; usize::from(*login.last().unwrap_or(&0))];
    client.read_exact(&mut password)?;
    let is_known = [login, password].concat() == b"\x01\x08somebody\x09pass:word" && !refuse_login;
    client.write_all(&[1, u8::from(!is_known)])?;
    if !is_known {
        return Ok(None);
    }
    expect(client, &[5, 1, 0])?;
    let mut kind = [0];
    client.read_exact(&mut kind)?;
    let host = match kind[0] {
        1 => Ipv4Addr::from(receive::<4>(client)?).to_string(),
        4 => format!("[{}]", Ipv6Addr::from(receive::<16>(client)?)),
        3 => {
            let mut name = vec![0; usize::from(receive::<1>(client)?[0])];
            client.read_exact(&mut name)?;
            String::from_utf8(name).map_err(|_| io::ErrorKind::InvalidData)?
        }
        _ => return Err(io::ErrorKind::InvalidData.into()),
    };
    let port = u16::from_be_bytes(receive(client)?);
    Ok(Some(format!("{host}:{port}")))
}

fn receive<const N: usize>(client: &mut TcpStream) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    client.read_exact(&mut bytes).map(|()| bytes)
}

fn expect(client: &mut TcpStream, bytes: &[u8]) -> io::Result<()> {
    let mut told = vec![0; bytes.len()];
    client.read_exact(&mut told)?;
    if told == bytes { Ok(()) } else { Err(io::ErrorKind::InvalidData.into()) }
}

/// Carries bytes both ways until both sides have ended.
fn relay(client: TcpStream, controller: TcpStream) -> io::Result<()> {
    let (mut from_client, mut to_controller) = (client.try_clone()?, controller.try_clone()?);
    thread::spawn(move || {
        let _ = io::copy(&mut from_client, &mut to_controller);
        to_controller.shutdown(Shutdown::Write)
    });
    let (mut from_controller, mut to_client) = (controller, client);
    let _ = io::copy(&mut from_controller, &mut to_client);
    to_client.shutdown(Shutdown::Write)
}
