//! A proxy between a client and its controller, which counts what it leads there, refuses it or says nothing.

#![allow(dead_code, reason = "each test program uses another part")]

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
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
    /// Says nothing to what it is asked.
    Hangs,
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
    open: Mutex<Vec<TcpStream>>,
}

/// How a kind of proxy is asked, and what it says then.
struct Kind {
    read: fn(&mut TcpStream) -> io::Result<()>,
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
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (manner, open) = (Mutex::new(Manner::Leads), Mutex::default());
        let shared = Arc::new(Shared { place, kind, manner, tunnels: AtomicUsize::new(0), open });
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
        (self.kind.read)(&mut client)?;
        let manner = *self.manner.lock().unwrap();
        match manner {
            Manner::Leads => {
                client.write_all(self.kind.leads)?;
                self.tunnels.fetch_add(1, Ordering::SeqCst);
                self.open.lock().unwrap().push(client.try_clone()?);
                relay(client, TcpStream::connect(self.place)?)
            }
            Manner::Refuses => client.write_all(self.kind.refuses),
            Manner::Hangs => client.read_to_end(&mut Vec::new()).map(drop),
        }
    }
}

/// Reads what it is asked; ends without a word if that is anything else.
fn read_http(client: &mut TcpStream) -> io::Result<()> {
    let mut asked = Vec::new();
    while !asked.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte)?;
        asked.extend(byte);
    }
    let asked = String::from_utf8_lossy(&asked);
    // somebody:pass:word
    let knows_login = asked.contains("Proxy-Authorization: Basic c29tZWJvZHk6cGFzczp3b3Jk\r\n");
    match asked.starts_with("CONNECT ") && knows_login {
        true => Ok(()),
        false => Err(io::ErrorKind::InvalidData.into()),
    }
}

/// The same for SOCKS5.
fn read_socks(client: &mut TcpStream) -> io::Result<()> {
    expect(client, &[5, 2, 0, 2])?;
    client.write_all(&[5, 2])?;
    expect(client, b"\x01\x08somebody\x09pass:word")?;
    client.write_all(&[1, 0])?;
    expect(client, &[5, 1, 0])?;
    let mut length = [0];
    client.read_exact(&mut length)?;
    let length = match length[0] {
        1 => 4,
        3 => {
            client.read_exact(&mut length)?;
            usize::from(length[0])
        }
        _ => return Err(io::ErrorKind::InvalidData.into()),
    };
    client.read_exact(&mut vec![0; length + 2])
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
