//! A peer between client and controller that hangs until it is opened.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use super::cells::Unanswered;

/// Leads to a controller, once it is open.
pub(crate) struct Detour {
    pub(crate) address: SocketAddr,
    way: Arc<Way>,
    manner: Manner,
}

enum Manner {
    /// The queue of the listener is full, so that connecting hangs.
    FullQueue { listener: Socket, queue: Mutex<Vec<TcpStream>> },
    /// A proxy that reads what it is told and does not answer this.
    Proxy(Unanswered),
}

struct Way {
    controller: SocketAddr,
    is_open: Mutex<bool>,
    opened: Condvar,
    /// How many requests the proxy has read.
    asked: AtomicUsize,
}

impl Way {
    fn new(controller: SocketAddr) -> Arc<Self> {
        Arc::new(Self { controller, is_open: Mutex::new(false), opened: Condvar::new(), asked: AtomicUsize::new(0) })
    }

    fn wait_until_open(&self) {
        drop(self.opened.wait_while(self.is_open.lock().unwrap(), |open| !*open).unwrap());
    }
}

impl Detour {
    /// A listener whose queue is full.
    pub(crate) fn full_queue(controller: SocketAddr) -> Self {
        let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        listener.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
        listener.listen(0).unwrap();
        let address = listener.local_addr().unwrap().as_socket().unwrap();
        let fill = || TcpStream::connect_timeout(&address, Duration::from_millis(100)).ok();
        let queue = Mutex::new(std::iter::from_fn(fill).collect());
        Self { address, way: Way::new(controller), manner: Manner::FullQueue { listener, queue } }
    }

    /// A proxy that does not answer.
    pub(crate) fn proxy(controller: SocketAddr, unanswered: Unanswered) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let way = Way::new(controller);
        let shared = way.clone();
        thread::spawn(move || {
            for client in listener.incoming() {
                let way = shared.clone();
                thread::spawn(move || match unanswered {
                    Unanswered::HttpRequest => http_tunnel(client?, &way),
                    _ => socks_tunnel(client?, &way, unanswered),
                });
            }
        });
        Self { address, way, manner: Manner::Proxy(unanswered) }
    }

    /// How clients name the proxy, if this is one.
    pub(crate) fn proxy_url(&self) -> Option<String> {
        match self.manner {
            Manner::FullQueue { .. } => None,
            Manner::Proxy(Unanswered::HttpRequest) => Some(format!("http://{}", self.address)),
            Manner::Proxy(_) => Some(format!("socks5h://user:password@{}", self.address)),
        }
    }

    /// True once a client hangs here.
    pub(crate) fn is_reached(&self) -> bool {
        match self.manner {
            Manner::FullQueue { .. } => is_connecting_to(self.address),
            Manner::Proxy(_) => self.way.asked.load(Ordering::SeqCst) > 0,
        }
    }

    /// Leads all clients to the controller from now on.
    pub(crate) fn open(&self) {
        *self.way.is_open.lock().unwrap() = true;
        self.way.opened.notify_all();
        if let Manner::FullQueue { listener, queue } = &self.manner {
            queue.lock().unwrap().clear();
            listener.listen(128).unwrap();
            let (listener, way) = (TcpListener::from(listener.try_clone().unwrap()), self.way.clone());
            thread::spawn(move || {
                for client in listener.incoming().flatten() {
                    let way = way.clone();
                    thread::spawn(move || relay(client, way.controller));
                }
            });
        }
    }
}

/// What a SOCKS5 proxy does with one client, the long wait included.
fn socks_tunnel(mut client: TcpStream, way: &Way, unanswered: Unanswered) -> io::Result<()> {
    let answer = |client: &mut TcpStream, question: Unanswered, answer: &[u8]| {
        if unanswered == question {
            way.asked.fetch_add(1, Ordering::SeqCst);
            way.wait_until_open();
        }
        client.write_all(answer)
    };
    let read = |client: &mut TcpStream, expected: &[u8]| {
        let mut told = vec![0; expected.len()];
        client.read_exact(&mut told)?;
        assert_eq!(told, expected, "the proxy is told something else");
        Ok::<(), io::Error>(())
    };
    read(&mut client, &[5, 2, 0, 2])?;
    answer(&mut client, Unanswered::SocksGreeting, &[5, 2])?;
    read(&mut client, b"\x01\x04user\x08password")?;
    answer(&mut client, Unanswered::SocksLogin, &[1, 0])?;
    // The address of the controller is one of IPv4.
    read(&mut client, &[5, 1, 0, 1])?;
    client.read_exact(&mut [0; 6])?;
    answer(&mut client, Unanswered::SocksRequest, &[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])?;
    relay(client, way.controller)
}

/// What an HTTP proxy does with one client, the long wait included.
fn http_tunnel(mut client: TcpStream, way: &Way) -> io::Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte)?;
        request.extend(byte);
    }
    assert!(request.starts_with(b"CONNECT "), "the proxy is asked for something else");
    way.asked.fetch_add(1, Ordering::SeqCst);
    way.wait_until_open();
    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
    relay(client, way.controller)
}

/// Carries bytes both ways until both sides have ended.
fn relay(client: TcpStream, controller: SocketAddr) -> io::Result<()> {
    let controller = TcpStream::connect(controller)?;
    let (mut from_client, mut to_controller) = (client.try_clone()?, controller.try_clone()?);
    thread::spawn(move || {
        let _ = io::copy(&mut from_client, &mut to_controller);
        to_controller.shutdown(Shutdown::Write)
    });
    let (mut from_controller, mut to_client) = (controller, client);
    let _ = io::copy(&mut from_controller, &mut to_client);
    to_client.shutdown(Shutdown::Write)
}

/// True if some socket of this machine has asked for a connection to `address` and got no answer yet.
fn is_connecting_to(address: SocketAddr) -> bool {
    const SYN_SENT: &str = "02";
    let peer = format!("0100007F:{:04X}", address.port());
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    table.lines().any(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        fields.get(2) == Some(&peer.as_str()) && fields.get(3) == Some(&SYN_SENT)
    })
}
