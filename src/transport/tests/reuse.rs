//! When a connection is used again, and when it is not.

use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::peers::{Peer, Pki, Server};
use super::*;
use crate::error::Stage;
use crate::wire::Method;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";

fn answers(peer: &mut Peer) {
    while peer.read_request().is_some() && peer.send(OK) {}
}

fn post() -> Request {
    Request::new(Method::Post, "/x")
}

/// A server whose first connection dies after one answer, while the next request is on its way; it counts requests.
fn stale_after_one(reset: bool) -> (Server, Connections, Arc<AtomicUsize>) {
    let pki = Pki::new();
    let requests = shared(AtomicUsize::new(0));
    let counted = requests.clone();
    let server = Server::start(&pki, move |mut peer| {
        while peer.read_request().is_some() {
            let stale = peer.index == 0 && counted.fetch_add(1, Ordering::SeqCst) == 1;
            if stale && reset {
                return peer.reset();
            }
            if stale || !peer.send(OK) {
                return;
            }
        }
    });
    (server, connections(&pki), requests)
}

#[test]
fn two_requests_need_one_handshake() {
    let (server, connections) = answering(OK);
    for _ in 0..2 {
        ask(&connections, &server.url, &get()).unwrap();
        ask(&connections, &server.url, &post()).unwrap();
    }
    assert_eq!(server.handshakes().len(), 1);
}

#[test]
fn a_second_connection_resumes_the_session_of_the_first() {
    let pki = Pki::new();
    let server = Server::start(&pki, |mut peer| {
        peer.read_request();
        peer.send(OK);
    });
    let options = ConnectionOptions { client_auth: Some(pki.client_auth()), ..options(&pki) };
    let connections = Connections::new(options).unwrap();
    for _ in 0..2 {
        ask(&connections, &server.url, &get()).unwrap();
        thread::sleep(Duration::from_millis(50));
    }
    let resumed: Vec<bool> = server.handshakes().iter().map(|handshake| handshake.resumed).collect();
    assert_eq!(resumed, [false, true]);
}

#[test]
fn sets_of_connections_share_neither_pool_nor_tickets() {
    let pki = Pki::new();
    let server = Server::start(&pki, |mut peer| answers(&mut peer));
    for _ in 0..2 {
        ask(&connections(&pki), &server.url, &get()).unwrap();
    }
    assert!(server.handshakes().iter().all(|handshake| !handshake.resumed));
    assert_eq!(server.handshakes().len(), 2);
}

#[test]
fn a_get_that_met_a_stale_connection_is_sent_once_more() {
    for reset in [false, true] {
        let (server, connections, requests) = stale_after_one(reset);
        ask(&connections, &server.url, &get()).unwrap();
        let (head, body) = ask(&connections, &server.url, &get()).unwrap();
        assert_eq!((head.status, &body[..]), (200, &b"{}"[..]));
        assert_eq!((server.handshakes().len(), requests.load(Ordering::SeqCst)), (2, 2));
    }
}

#[test]
fn a_post_that_met_a_stale_connection_is_not_sent_again() {
    let (server, connections, requests) = stale_after_one(false);
    ask(&connections, &server.url, &get()).unwrap();
    let failure = ask(&connections, &server.url, &post()).unwrap_err();
    assert!(failure.sent, "{failure:?}");
    assert_eq!(failure.error.stage(), Some(Stage::Wait));
    assert_eq!((server.handshakes().len(), requests.load(Ordering::SeqCst)), (1, 2));
}

#[test]
fn a_fresh_connection_that_fails_is_not_tried_again() {
    let pki = Pki::new();
    let server = Server::start(&pki, |mut peer| drop(peer.read_request()));
    let failure = ask(&connections(&pki), &server.url, &get()).unwrap_err();
    assert!(failure.sent, "{failure:?}");
    assert_eq!(server.handshakes().len(), 1);
}

#[test]
fn a_stale_connection_is_replaced_only_once() {
    let pki = Pki::new();
    let server = Server::start(&pki, |mut peer| {
        if peer.index == 0 {
            peer.read_request();
            peer.send(OK);
        }
        peer.read_request();
    });
    let connections = connections(&pki);
    ask(&connections, &server.url, &get()).unwrap();
    assert!(ask(&connections, &server.url, &get()).is_err());
    assert_eq!(server.handshakes().len(), 2);
}

#[test]
fn the_second_try_uses_no_connection_from_the_pool() {
    let pki = Pki::new();
    let both = Barrier::new(2);
    let server = Server::start(&pki, move |mut peer| {
        peer.read_request();
        if peer.index < 2 {
            both.wait();
        }
        peer.send(OK);
        peer.read_request();
    });
    let connections = connections(&pki);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| ask(&connections, &server.url, &get()).unwrap());
        }
    });
    ask(&connections, &server.url, &get()).unwrap();
    assert_eq!(server.handshakes().len(), 3);
}

#[test]
fn an_answer_that_had_begun_is_not_asked_for_again() {
    let pki = Pki::new();
    let server = Server::start(&pki, |mut peer| {
        peer.read_request();
        peer.send(OK);
        peer.read_request();
        peer.send("HTTP/1.1 200 OK\r\n");
    });
    let connections = connections(&pki);
    ask(&connections, &server.url, &get()).unwrap();
    let failure = ask(&connections, &server.url, &get()).unwrap_err();
    assert!(failure.sent, "{failure:?}");
    assert_eq!(server.handshakes().len(), 1);
}

#[test]
fn what_must_not_be_sent_twice_uses_no_connection_that_was_idle_for_a_second() {
    let (server, connections) = answering(OK);
    ask(&connections, &server.url, &get()).unwrap();
    thread::sleep(Duration::from_millis(1050));
    ask(&connections, &server.url, &get()).unwrap();
    assert_eq!(server.handshakes().len(), 1, "a GET may use it");
    thread::sleep(Duration::from_millis(1050));
    ask(&connections, &server.url, &post()).unwrap();
    assert_eq!(server.handshakes().len(), 2, "a POST may not");
    ask(&connections, &server.url, &post()).unwrap();
    assert_eq!(server.handshakes().len(), 2, "the new connection went into the pool");
}

#[test]
fn no_connection_is_used_that_was_idle_for_four_seconds() {
    let (server, connections) = answering(OK);
    ask(&connections, &server.url, &get()).unwrap();
    thread::sleep(Duration::from_millis(4050));
    ask(&connections, &server.url, &get()).unwrap();
    assert_eq!(server.handshakes().len(), 2);
}

#[test]
fn bytes_after_an_answer_end_the_connection() {
    let pki = Pki::new();
    let server =
        Server::start(&pki, |mut peer| while peer.read_request().is_some() && peer.send([OK, "more"].concat()) {});
    let connections = connections(&pki);
    for _ in 0..2 {
        assert_eq!(ask(&connections, &server.url, &get()).unwrap().1, b"{}");
    }
    assert_eq!(server.handshakes().len(), 2);
}

#[test]
fn a_connection_that_the_server_closed_is_not_used() {
    let pki = Pki::new();
    let server = Server::start(&pki, |mut peer| {
        peer.read_request();
        peer.send(OK);
        thread::sleep(Duration::from_millis(50));
        peer.close_properly();
    });
    let connections = connections(&pki);
    ask(&connections, &server.url, &get()).unwrap();
    thread::sleep(Duration::from_millis(150));
    ask(&connections, &server.url, &post()).unwrap();
    assert_eq!(server.handshakes().len(), 2);
}

#[test]
fn a_forked_child_begins_with_neither_connections_nor_tickets() {
    let (server, connections) = answering(OK);
    ask(&connections, &server.url, &get()).unwrap();
    let child = std::process::id() + 1;
    drop(connections.pool.agent(child).unwrap());
    ask(&connections, &server.url, &get()).unwrap();
    let resumed: Vec<bool> = server.handshakes().iter().map(|handshake| handshake.resumed).collect();
    assert_eq!(resumed, [false, false]);
}

#[test]
fn many_threads_share_the_pool() {
    let (server, connections) = answering(OK);
    let round = || {
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| (0..5).for_each(|_| drop(ask(&connections, &server.url, &get()).unwrap())));
            }
        });
    };
    round();
    let after_one_round = server.handshakes().len();
    assert!(after_one_round <= 8, "{after_one_round}");
}
