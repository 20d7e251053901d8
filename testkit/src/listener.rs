//! Accepting connections, refusing them, and listening without ever answering.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use crate::connection;
use crate::shared::Shared;

/// The port of the controller. A socket that never listens keeps it ours while connections are refused.
pub(crate) struct Port {
    address: SocketAddr,
    narrow: bool,
    _keeper: Socket,
}

/// Of a narrow port: the most bytes of a segment, by which the sender sizes its own buffer, and of the receive buffer.
const NARROW_SEGMENT: u32 = 1400;
const NARROW_BUFFER: usize = 16 * 1024;

fn bound(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    Ok(socket)
}

impl Port {
    pub(crate) fn new(address: SocketAddr, narrow: bool) -> io::Result<Self> {
        let keeper = bound(address)?;
        let address = keeper.local_addr()?.as_socket().ok_or_else(|| io::Error::other("not an IP socket"))?;
        Ok(Self { address, narrow, _keeper: keeper })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    fn listen(&self) -> io::Result<TcpListener> {
        let socket = bound(self.address)?;
        if self.narrow {
            socket.set_tcp_mss(NARROW_SEGMENT)?;
            socket.set_recv_buffer_size(NARROW_BUFFER)?;
        }
        socket.listen(1024)?;
        Ok(socket.into())
    }
}

/// The thread that accepts.
pub(crate) struct Acceptor {
    shared: Arc<Shared>,
    address: SocketAddr,
    gate: Arc<Gate>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Gate {
    open: Mutex<bool>,
    moved: Condvar,
}

impl Gate {
    fn set(&self, open: bool) {
        *self.open.lock().expect("no holder panics") = open;
        self.moved.notify_all();
    }

    fn wait_for(&self, wanted: bool) {
        let open = self.open.lock().expect("no holder panics");
        let wait = self.moved.wait_timeout_while(open, Duration::from_secs(5), |open| *open != wanted);
        drop(wait.expect("no holder panics"));
    }
}

impl Acceptor {
    pub(crate) fn start(shared: Arc<Shared>, port: Port) -> io::Result<Self> {
        let first = port.listen()?;
        let (address, gate) = (port.address, Arc::new(Gate::default()));
        gate.set(true);
        let (theirs, their_gate) = (shared.clone(), gate.clone());
        let thread = thread::Builder::new()
            .name("testkit accept".to_owned())
            .spawn(move || accept_and_refuse(&theirs, &port, &their_gate, first))?;
        Ok(Self { shared, address, gate, thread: Some(thread) })
    }

    /// Returns once connections are refused.
    pub(crate) fn refuse(&self) {
        self.wake();
        self.gate.wait_for(false);
    }

    /// Returns once connections are accepted.
    pub(crate) fn accept(&self) {
        self.gate.wait_for(true);
    }

    /// Ends the accepting thread's wait; it finds out by itself what has changed.
    fn wake(&self) {
        let mut address = self.address;
        if address.ip().is_unspecified() {
            address.set_ip(if address.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() });
        }
        drop(TcpStream::connect_timeout(&address, Duration::from_secs(1)));
    }
}

impl Drop for Acceptor {
    fn drop(&mut self) {
        self.shared.faults.stop();
        self.wake();
        self.shared.connections.close_all();
        if let Some(thread) = self.thread.take() {
            // A panic there has been printed already.
            let _ = thread.join();
        }
        self.shared.connections.close_all();
    }
}

fn accept_and_refuse(shared: &Arc<Shared>, port: &Port, gate: &Gate, first: TcpListener) {
    let mut listener = first;
    loop {
        accept(shared, &listener);
        drop(listener);
        if shared.faults.stopping() {
            return;
        }
        shared.faults.count_refusal();
        gate.set(false);
        shared.faults.wait_until_not_refusing();
        if shared.faults.stopping() {
            return;
        }
        listener = port.listen().expect("the port is kept ours");
        gate.set(true);
    }
}

/// Accepts until connections are to be refused, or the controller stops.
fn accept(shared: &Arc<Shared>, listener: &TcpListener) {
    while !shared.faults.refuses() && !shared.faults.stopping() {
        let Ok((tcp, _)) = listener.accept() else {
            // No more file descriptors, most likely: let some connections end.
            thread::sleep(Duration::from_millis(10));
            continue;
        };
        if shared.faults.refuses() || shared.faults.stopping() {
            return;
        }
        let Ok(handle) = tcp.try_clone() else { continue };
        let number = shared.connections.open(handle);
        let theirs = shared.clone();
        let spawned = thread::Builder::new()
            .name(format!("testkit {number}"))
            .spawn(move || connection::run(&theirs, tcp, number));
        if spawned.is_err() {
            shared.connections.close(number);
        }
    }
}

/// A listener that never accepts and whose queue is full, so that connecting to it hangs.
pub(crate) struct Blackhole {
    pub(crate) address: SocketAddr,
    _listener: Socket,
    _queue: Vec<TcpStream>,
}

impl Blackhole {
    pub(crate) fn new() -> io::Result<Self> {
        let listener = bound(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        listener.listen(0)?;
        let address = listener.local_addr()?.as_socket().ok_or_else(|| io::Error::other("not an IP socket"))?;
        let mut queue = Vec::new();
        // The queue is full once a connection hangs.
        while let Ok(tcp) = TcpStream::connect_timeout(&address, Duration::from_millis(100)) {
            queue.push(tcp);
        }
        Ok(Self { address, _listener: listener, _queue: queue })
    }
}
