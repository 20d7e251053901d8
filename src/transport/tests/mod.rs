//! The transport against scripted peers on loopback.

mod answers;
mod peers;
mod proxies;
mod requests;
mod reuse;
mod secrets;
mod socks;
mod stalls;

use std::sync::Arc;
use std::time::Duration;

use super::resolve::Resolver;
use super::{Attempt, Call, ConnectionOptions, Connections, Failure, Proxy};
use crate::wire::{ControllerUrl, Head, Request};
use peers::{Pki, Server};

/// Long enough for whatever is expected to work.
const ENOUGH: Duration = Duration::from_secs(10);

fn options(pki: &Pki) -> ConnectionOptions {
    ConnectionOptions { verifier: pki.verifier(), client_auth: None, connect_timeout: ENOUGH, proxy: None, gzip: true }
}

fn connections(pki: &Pki) -> Connections {
    Connections::new(options(pki)).unwrap()
}

fn through(pki: &Pki, proxy: &str) -> Connections {
    Connections::new(ConnectionOptions { proxy: Some(Proxy::parse(proxy).unwrap()), ..options(pki) }).unwrap()
}

fn attempt(controller: &ControllerUrl) -> Attempt<'_> {
    Attempt { controller, base_path: "/edge/client/v1", credentials: &[], first_byte_by: None }
}

fn ask(connections: &Connections, url: &ControllerUrl, request: &Request) -> Result<(Head, Vec<u8>), Failure> {
    let mut body = b"left over".to_vec();
    let call = Call::new(ENOUGH, &[]);
    let head = connections.exchange(&call, &attempt(url), request, &mut body);
    if head.is_err() {
        assert!(body.is_empty(), "a part of an answer was left in the buffer");
    }
    Ok((head?, body))
}

fn get() -> Request {
    Request::get("/version")
}

/// A server that answers everything with `answer`, and connections that trust it.
fn answering(answer: &'static str) -> (Server, Connections) {
    let pki = Pki::new();
    let server = Server::start(&pki, move |mut peer| {
        while peer.read_request().is_some() {
            peer.send(answer);
        }
    });
    let connections = connections(&pki);
    (server, connections)
}

/// A resolver that knows `controller.test`.
fn loopback_resolver() -> Resolver {
    Resolver::new(|_| Ok(vec![[127, 0, 0, 1].into()]), ENOUGH)
}

fn shared<T>(value: T) -> Arc<T> {
    Arc::new(value)
}
