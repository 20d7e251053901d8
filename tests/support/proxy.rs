//! A proxy between a client and its controller, which counts what it leads there.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// What every client has to tell the proxies of tests.
pub(crate) const LOGIN: &str = "somebody:pass%3Aword";

/// A proxy that leads to one controller, whatever it is asked for.
pub(crate) struct TestProxy {
    address: SocketAddr,
    tunnels: Arc<AtomicUsize>,
}

type Talk = fn(&mut TcpStream) -> io::Result<()>;

impl TestProxy {
    pub(crate) fn http(controller: SocketAddr) -> Self {
        Self::start(controller, talk_http)
    }

    pub(crate) fn socks(controller: SocketAddr) -> Self {
        Self::start(controller, talk_socks)
    }

    fn start(controller: SocketAddr, talk: Talk) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let tunnels = Arc::new(AtomicUsize::new(0));
        let counter = tunnels.clone();
        thread::spawn(move || {
            for client in listener.incoming() {
                let counter = counter.clone();
                thread::spawn(move || {
                    let mut client = client?;
                    talk(&mut client)?;
                    counter.fetch_add(1, Ordering::SeqCst);
                    relay(client, TcpStream::connect(controller)?)
                });
            }
        });
        Self { address, tunnels }
    }

    /// Its address, with the login that it wants.
    pub(crate) fn url(&self, scheme: &str) -> String {
        format!("{scheme}://{LOGIN}@{}", self.address)
    }

    /// How many tunnels it opened.
    pub(crate) fn tunnels(&self) -> usize {
        self.tunnels.load(Ordering::SeqCst)
    }
}

/// Ends without a word if it is asked for anything else.
fn talk_http(client: &mut TcpStream) -> io::Result<()> {
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
        true => client.write_all(b"HTTP/1.1 200 Connection established\r\nVia: a test\r\n\r\n"),
        false => Err(io::ErrorKind::InvalidData.into()),
    }
}

/// The same for SOCKS5.
fn talk_socks(client: &mut TcpStream) -> io::Result<()> {
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
    client.read_exact(&mut vec![0; length + 2])?;
    client.write_all(&[5, 0, 0, 1, 127, 0, 0, 1, 0, 0])
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
