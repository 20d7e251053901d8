//! What becomes of every kind of answer.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::peers::{Pki, Server};
use super::*;
use crate::error::{Error, Stage};

fn gzipped(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

fn with_body(headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n{headers}\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// The outcome of one request whose connection carries `answer` and is then closed properly.
fn outcome(answer: impl Into<Vec<u8>>, request: &Request) -> Result<(Head, Vec<u8>), Failure> {
    let answer = answer.into();
    let pki = Pki::new();
    let server = Server::start(&pki, move |mut peer| {
        peer.read_request();
        peer.send(&answer);
        peer.close_properly();
    });
    ask(&connections(&pki), &server.url, request)
}

/// The message of an error that arose while the body was read.
fn body_error(answer: impl Into<Vec<u8>>, request: &Request) -> String {
    let failure = outcome(answer, request).unwrap_err();
    assert!(failure.sent, "{failure:?}");
    match failure.error {
        Error::Transport { stage: Stage::Body, message, .. } => message,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_answer_comes_whole_with_the_headers_that_matter() {
    let answer = "HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\nDate: today\r\nRetry-After: 3\r\n\
        WWW-Authenticate: zt-session realm=\"a\"\r\nWWW-Authenticate: Bearer realm=\"b\"\r\n\
        ziti-instance-id: abc\r\nContent-Length: 2\r\n\r\n{}";
    let (head, body) = outcome(answer, &get()).unwrap();
    assert_eq!(body, b"{}");
    assert_eq!((head.status, head.is_success()), (401, false));
    assert_eq!(head.content_type.as_deref(), Some("application/json"));
    assert_eq!(head.date.as_deref(), Some("today"));
    assert_eq!(head.retry_after.as_deref(), Some("3"));
    assert_eq!(head.www_authenticate, [r#"zt-session realm="a""#, r#"Bearer realm="b""#]);
}

#[test]
fn statuses_beyond_the_registered_ones_are_answers() {
    for status in [601, 606, 500, 204] {
        let answer = format!("HTTP/1.1 {status} \r\nContent-Length: 0\r\n\r\n");
        assert_eq!(outcome(answer, &get()).unwrap().0.status, status);
    }
}

#[test]
fn a_redirect_is_an_answer_and_is_not_followed() {
    let (server, connections) =
        answering("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 4\r\n\r\ngone");
    let (head, body) = ask(&connections, &server.url, &get()).unwrap();
    assert_eq!((head.status, &body[..]), (302, &b"gone"[..]));
    let (server, connections) = answering("HTTP/1.1 307 Moved\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n");
    assert_eq!(ask(&connections, &server.url, &get()).unwrap().0.status, 307);
    assert_eq!(server.handshakes().len(), 1);
}

#[test]
fn a_chunked_body_comes_whole() {
    let answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n[1,\r\n2\r\n2]\r\n0\r\n\r\n";
    assert_eq!(outcome(answer, &get()).unwrap().1, b"[1,2]");
}

#[test]
fn a_body_without_a_length_ends_with_the_connection() {
    assert_eq!(outcome("HTTP/1.1 200 OK\r\n\r\n{}", &get()).unwrap().1, b"{}");
}

#[test]
fn a_body_without_a_length_must_end_properly() {
    for reset in [false, true] {
        let pki = Pki::new();
        let server = Server::start(&pki, move |mut peer| {
            peer.read_request();
            peer.send("HTTP/1.1 200 OK\r\n\r\n{}");
            std::thread::sleep(Duration::from_millis(50));
            if reset {
                peer.reset();
            }
        });
        let failure = ask(&connections(&pki), &server.url, &get()).unwrap_err();
        assert_eq!(failure.error.stage(), Some(Stage::Body), "{failure:?}");
    }
}

#[test]
fn a_body_that_is_cut_short_is_an_error() {
    let plain = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}";
    assert!(body_error(plain, &get()).contains("ended too early"));
    let chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[1,";
    assert!(body_error(chunks, &get()).contains("ended too early"));
    let between = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n[1,\r\n";
    assert!(body_error(between, &get()).contains("ended too early"));
}

#[test]
fn broken_chunks_are_an_error() {
    let answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n[1,2]\r\n0\r\n\r\n";
    assert!(body_error(answer, &get()).contains("not proper HTTP"));
}

#[test]
fn a_gzipped_answer_is_inflated() {
    let plain = b"[".repeat(100_000);
    let answer = with_body("Content-Encoding: gzip\r\n", &gzipped(&plain));
    assert_eq!(outcome(answer, &get()).unwrap().1, plain);
}

#[test]
fn a_gzipped_answer_that_is_cut_short_is_an_error() {
    let whole = gzipped(&b"[1,2,3]".repeat(1000));
    for end in [whole.len() - 1, whole.len() - 8, whole.len() / 2, 5] {
        let message = body_error(with_body("Content-Encoding: gzip\r\n", &whole[..end]), &get());
        assert!(message.contains("compressed answer cannot be read"), "{end}: {message}");
    }
}

#[test]
fn what_inflates_to_too_much_is_an_error() {
    let mut request = get();
    request.max_answer = 100_000;
    let bomb = gzipped(&vec![b' '; 50_000_000]);
    assert!(bomb.len() < 100_000);
    let message = body_error(with_body("Content-Encoding: gzip\r\n", &bomb), &request);
    assert!(message.contains("larger than 100000 bytes"), "{message}");
}

#[test]
fn an_answer_may_be_as_large_as_allowed_and_no_larger() {
    let mut request = get();
    request.max_answer = 5;
    assert_eq!(outcome(with_body("", b"12345"), &request).unwrap().1, b"12345");
    assert!(body_error(with_body("", b"123456"), &request).contains("larger than 5 bytes"));
}

#[test]
fn a_length_of_gigabytes_reserves_little() {
    let failure = outcome("HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\n{}", &get()).unwrap_err();
    assert_eq!(failure.error.stage(), Some(Stage::Body));
}

#[test]
fn an_encoding_that_was_not_asked_for_is_an_error() {
    let message = body_error(with_body("Content-Encoding: br\r\n", b"x"), &get());
    assert!(message.contains("\"br\""), "{message}");
}

#[test]
fn headers_may_not_grow_without_bound() {
    let endless = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(100_000));
    let failure = outcome(endless, &get()).unwrap_err();
    assert!(failure.error.to_string().contains("headers of the answer are larger than"), "{failure:?}");
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: y\r\n".repeat(1000));
    let failure = outcome(many, &get()).unwrap_err();
    assert!(failure.error.to_string().contains("not proper HTTP"), "{failure:?}");
}

#[test]
fn what_is_not_http_is_an_error() {
    let failure = outcome("SSH-2.0-OpenSSH\r\n\r\n", &get()).unwrap_err();
    assert!(failure.error.to_string().contains("not proper HTTP"), "{failure:?}");
    assert_eq!(failure.error.stage(), Some(Stage::Wait));
}

#[test]
fn a_buffer_is_used_again() {
    let pki = Pki::new();
    let server = Server::start(&pki, |mut peer| {
        for length in [60_000, 3, 0, 40_000] {
            peer.read_request();
            peer.send(with_body("", &vec![b'x'; length]));
        }
    });
    let connections = connections(&pki);
    let mut body = Vec::with_capacity(100_000);
    let call = Call::new(ENOUGH, &[]);
    for length in [60_000, 3, 0, 40_000] {
        connections.exchange(&call, &attempt(&server.url), &get(), &mut body).unwrap();
        assert_eq!((&body[..], body.capacity()), (&vec![b'x'; length][..], 100_000));
    }
}

#[test]
fn a_refusal_of_any_length_is_a_refusal() {
    let body = [b"\"no\"", &b" ".repeat(3_000_000)[..]].concat();
    for length in ["Content-Length: 3000004", "Content-Length: 90000000000"] {
        let head = format!("HTTP/1.1 500 Oops\r\n{length}\r\n\r\n");
        let (head, body) = outcome([head.as_bytes(), &body].concat(), &get()).unwrap();
        assert_eq!((head.status, body.len(), &body[..4]), (500, 1024 * 1024, &b"\"no\""[..]));
    }
}
