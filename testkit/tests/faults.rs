//! Every fault does what it says, can be told by its client, and ends when it is cleared.

mod wire;

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use wire::{CLIENT, Connection, Identity, logged_in};
use ziti_edge_testkit::{Fault, Operation, TestController};

const SHORT: Duration = Duration::from_millis(150);

fn controller() -> TestController {
    TestController::builder().services(20).start().unwrap()
}

fn version(connection: &mut Connection) -> io::Result<wire::Answer> {
    connection.get("/version", None)
}

/// Reads with a short timeout; true if nothing came.
fn silent(connection: &mut Connection) -> bool {
    connection.tls.sock.set_read_timeout(Some(SHORT)).unwrap();
    let mut byte = [0];
    matches!(connection.tls.read(&mut byte), Err(error) if error.kind() == io::ErrorKind::WouldBlock)
}

/// Waits for the end of the connection, which must come soon.
fn over(connection: &mut Connection) -> bool {
    connection.tls.sock.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    let end = connection.tls.read_to_end(&mut Vec::new());
    !matches!(end, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
}

/// Asks for the version under a fault; the connection is left with what the fault did to the answer.
fn under(controller: &TestController, fault: Fault) -> Connection {
    let mut connection = Connection::open(controller, None).unwrap();
    controller.fault(Operation::Version, fault);
    connection.send("GET", "/version", &[], b"").unwrap();
    connection
}

#[test]
fn refuses_connections_until_cleared() {
    let controller = controller();
    controller.fault(Operation::Any, Fault::Refuse);
    let error = TcpStream::connect(controller.address()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    assert_eq!(controller.faults_played(), 1);
    controller.clear_faults();
    assert_eq!(version(&mut Connection::open(&controller, None).unwrap()).unwrap().status, 200);
}

#[test]
fn refusing_ends_idle_connections_too() {
    let controller = controller();
    let mut connection = Connection::open(&controller, None).unwrap();
    version(&mut connection).unwrap();
    controller.fault(Operation::Any, Fault::Refuse);
    assert!(version(&mut connection).is_err());
}

#[test]
fn accepts_and_stays_silent() {
    let controller = controller();
    controller.fault(Operation::Any, Fault::SilentAfterAccept);
    let mut connection = Connection::unshaken(&controller, None).unwrap();
    connection.tls.sock.set_read_timeout(Some(SHORT)).unwrap();
    let started = Instant::now();
    let (conn, sock) = (&mut connection.tls.conn, &mut connection.tls.sock);
    assert_eq!(conn.complete_io(sock).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    assert!(started.elapsed() >= SHORT);
    assert_eq!(controller.faults_played(), 1);
    controller.clear_faults();
    sock.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    assert_ne!(conn.complete_io(sock).unwrap_err().kind(), io::ErrorKind::WouldBlock);
}

#[test]
fn stalls_and_drips_in_the_middle_of_the_handshake() {
    for fault in [Fault::StallInHandshake, Fault::DripHandshake] {
        let controller = controller();
        controller.fault(Operation::Any, fault);
        let mut connection = Connection::unshaken(&controller, None).unwrap();
        let (conn, sock) = (&mut connection.tls.conn, &mut connection.tls.sock);
        sock.set_read_timeout(Some(SHORT)).unwrap();
        while conn.wants_write() {
            conn.write_tls(sock).unwrap();
        }
        assert!(conn.read_tls(sock).unwrap() > 0, "something of the server's flight comes");
        conn.process_new_packets().unwrap();
        assert!(conn.is_handshaking());
        while conn.read_tls(sock).is_ok() {
            conn.process_new_packets().unwrap();
        }
        assert!(conn.is_handshaking());
    }
}

#[test]
fn stalls_before_the_answer() {
    let controller = controller();
    let mut connection = under(&controller, Fault::StallBeforeAnswer);
    assert!(silent(&mut connection));
    assert_eq!(controller.count(Operation::Version), 1);
    controller.clear_faults();
    assert!(over(&mut connection));
}

#[test]
fn stalls_in_the_headers_after_them_and_in_the_body() {
    let controller = controller();
    let mut connection = under(&controller, Fault::StallInHeaders);
    let mut start = [0; 17];
    connection.tls.read_exact(&mut start).unwrap();
    assert_eq!(&start, b"HTTP/1.1 200 OK\r\n");
    connection.tls.read_exact(&mut [0; 10]).unwrap();
    assert!(silent(&mut connection));

    let mut connection = under(&controller, Fault::StallAfterHeaders);
    assert_eq!(connection.head().unwrap().0, 200);
    assert!(silent(&mut connection));

    let mut connection = under(&controller, Fault::StallInBody);
    connection.head().unwrap();
    connection.tls.read_exact(&mut [0; 100]).unwrap();
    connection.tls.sock.set_read_timeout(Some(SHORT)).unwrap();
    let error = connection.tls.read_to_end(&mut Vec::new()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
}

#[test]
fn drips_the_answer_or_its_body() {
    let controller = controller();
    let mut connection = under(&controller, Fault::Drip);
    connection.tls.read_exact(&mut [0; 1]).unwrap();
    assert!(silent(&mut connection));

    let mut connection = under(&controller, Fault::DripBody);
    assert_eq!(connection.head().unwrap().0, 200);
    connection.tls.read_exact(&mut [0; 1]).unwrap();
    assert!(silent(&mut connection));
}

/// Sends a body without an end until sending makes no progress; false if it never stops.
fn sending_stalls(connection: &mut Connection) -> bool {
    let (conn, sock) = (&mut connection.tls.conn, &mut connection.tls.sock);
    sock.set_write_timeout(Some(SHORT)).unwrap();
    conn.writer().write_all(b"POST /enroll HTTP/1.1\r\nContent-Length: 60000000\r\n\r\n").unwrap();
    for _ in 0..1000 {
        while conn.wants_write() {
            match conn.write_tls(sock) {
                Ok(_) => (),
                Err(error) => return error.kind() == io::ErrorKind::WouldBlock,
            }
        }
        conn.writer().write_all(&[b'x'; 32 * 1024]).unwrap();
    }
    false
}

#[test]
fn does_not_read_what_is_sent() {
    let controller = controller();
    assert!(!sending_stalls(&mut Connection::open(&controller, None).unwrap()));
    for operation in [Operation::Any, Operation::Enroll] {
        controller.fault(operation, Fault::StallReading);
        assert!(sending_stalls(&mut Connection::open(&controller, None).unwrap()), "{operation:?}");
        controller.clear_faults();
    }
    assert_eq!(controller.faults_played(), 2);
}

#[test]
fn resets_before_the_answer_and_in_the_body() {
    let controller = controller();
    let mut connection = under(&controller, Fault::Reset);
    assert_eq!(connection.head().unwrap_err().kind(), io::ErrorKind::ConnectionReset);

    let mut connection = under(&controller, Fault::ResetInBody);
    assert_eq!(connection.receive("GET").unwrap_err().kind(), io::ErrorKind::ConnectionReset);
}

#[test]
fn closes_in_an_orderly_way() {
    let controller = controller();
    let mut connection = under(&controller, Fault::CloseBeforeAnswer);
    assert_eq!(connection.tls.read(&mut [0]).unwrap(), 0, "a close_notify, not a cut");

    let mut connection = under(&controller, Fault::Truncate);
    let (_, headers) = connection.head().unwrap();
    let length = headers.iter().find(|(name, _)| name == "Content-Length").unwrap().1.parse::<usize>().unwrap();
    let mut body = Vec::new();
    connection.tls.read_to_end(&mut body).unwrap();
    assert_eq!(body.len(), length / 2);
}

#[test]
fn tells_a_wrong_length() {
    let controller = controller();
    let mut connection = under(&controller, Fault::WrongLength);
    let answer = connection.receive("GET").unwrap();
    assert!(serde_json::from_slice::<serde_json::Value>(&answer.body).is_err());
    connection.tls.read_exact(&mut [0; 100]).unwrap();
}

#[test]
fn sends_more_than_anybody_wants() {
    let controller = controller();
    let mut connection = under(&controller, Fault::Oversized { bytes: 3_000_000 });
    let answer = connection.receive("GET").unwrap();
    assert_eq!(answer.json()["data"].as_str().unwrap().len(), 3_000_000);

    let mut connection = under(&controller, Fault::HugeHeaders);
    let size: usize = connection.head().unwrap().1.iter().map(|(_, value)| value.len()).sum();
    assert!(size > 8_000_000);
}

#[test]
fn sends_gzip_that_becomes_a_gigabyte() {
    let controller = controller();
    let mut connection = under(&controller, Fault::GzipBomb);
    let (_, headers) = connection.head().unwrap();
    assert!(headers.contains(&("Content-Encoding".to_owned(), "gzip".to_owned())));
    let length = headers.iter().find(|(name, _)| name == "Content-Length").unwrap().1.parse::<usize>().unwrap();
    assert!(length < 3_000_000, "{length}");
    let mut inflated = flate2::read::GzDecoder::new(&mut connection.tls);
    let mut piece = vec![0; 1 << 20];
    for _ in 0..8 {
        inflated.read_exact(&mut piece).unwrap();
        assert!(piece.iter().all(|byte| *byte == b' '));
    }
}

#[test]
fn puts_other_answers_in_the_place_of_the_right_one() {
    let controller = controller();
    let ask = |fault: Fault| under(&controller, fault).receive("GET").unwrap();
    assert!(serde_json::from_slice::<serde_json::Value>(&ask(Fault::BadJson).body).is_err());
    assert!(ask(Fault::EmptyBody).body.is_empty());
    assert_eq!(ask(Fault::Html).header("content-type"), Some("text/html"));
    let answer = ask(Fault::Status(503));
    assert_eq!((answer.status, answer.json()["error"]["code"].as_str()), (503, Some("CLUSTER_NO_LEADER")));
    let answer = ask(Fault::TooManyRequests { retry_after: Some("7".into()) });
    assert_eq!((answer.status, answer.header("retry-after")), (429, Some("7")));
    let body = Fault::Body { status: 201, content_type: "text/plain".into(), body: b"hi".to_vec() };
    assert_eq!(ask(body).body, b"hi");
    assert_eq!(controller.faults_played(), 6);
}

#[test]
fn a_lost_answer_was_carried_out() {
    let controller = controller();
    let identity = Identity::of(&controller.enrolled_identity_json("alice"));
    let mut connection = Connection::open(&controller, Some(&identity)).unwrap();
    controller.fault_times(Operation::Authenticate, Fault::LostAnswer, 1);
    let answer = connection.ask("POST", &format!("{CLIENT}/authenticate?method=cert"), &[], b"");
    assert_eq!(answer.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    assert_eq!(controller.session_count(), 1);
}

#[test]
fn a_request_that_got_no_answer_was_not_carried_out() {
    let controller = controller();
    let identity = Identity::of(&controller.enrolled_identity_json("alice"));
    let mut connection = Connection::open(&controller, Some(&identity)).unwrap();
    controller.fault_times(Operation::Authenticate, Fault::CloseBeforeAnswer, 1);
    connection.ask("POST", &format!("{CLIENT}/authenticate?method=cert"), &[], b"").unwrap_err();
    assert_eq!(controller.session_count(), 0);
}

#[test]
fn a_session_goes_once_and_the_next_login_lasts() {
    let controller = controller();
    let (mut connection, token) = logged_in(&controller, "alice");
    controller.fault_times(Operation::Services, Fault::SessionGone, 1);
    let answer = connection.get("/services", Some(&token)).unwrap();
    assert_eq!(answer.status, 401);
    assert!(answer.header("www-authenticate").unwrap().contains("error=\"invalid\""));
    let token = connection.log_in("").unwrap();
    assert_eq!(connection.get("/services", Some(&token)).unwrap().status, 200);
}

#[test]
fn other_operations_and_later_requests_are_spared() {
    let controller = controller();
    let mut connection = Connection::open(&controller, None).unwrap();
    controller.fault_times(Operation::CaCerts, Fault::Status(500), 1);
    assert_eq!(version(&mut connection).unwrap().status, 200);
    assert_eq!(connection.get("/.well-known/est/cacerts", None).unwrap().status, 500);
    assert_eq!(connection.get("/.well-known/est/cacerts", None).unwrap().status, 200);
}

#[test]
fn a_blackhole_never_connects() {
    let controller = controller();
    let address = controller.blackhole();
    let error = TcpStream::connect_timeout(&address, Duration::from_millis(300)).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
}

#[test]
fn dropping_the_controller_ends_every_stall_at_once_and_frees_the_port() {
    let controller = controller();
    let mut stalled = under(&controller, Fault::StallBeforeAnswer);
    assert!(silent(&mut stalled));
    let mut idle = Connection::open(&controller, None).unwrap();
    let address = controller.address();
    let started = Instant::now();
    drop(controller);
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    assert!(over(&mut stalled) && over(&mut idle));
    std::net::TcpListener::bind(address).unwrap();
}

#[test]
fn closes_connections_after_a_number_of_answers_without_notice() {
    let controller = controller();
    controller.drop_after_requests(2);
    let mut connection = Connection::open(&controller, None).unwrap();
    for _ in 0..2 {
        assert_eq!(version(&mut connection).unwrap().header("connection"), None);
    }
    assert!(version(&mut connection).is_err());
}

#[test]
fn idle_connections_close_on_demand() {
    let controller = controller();
    let mut connection = Connection::open(&controller, None).unwrap();
    version(&mut connection).unwrap();
    controller.close_idle_connections();
    assert_eq!(connection.tls.read(&mut [0]).unwrap(), 0, "a close_notify, not a cut");
    assert_eq!(controller.connections(), 1);
}

#[test]
fn a_body_that_does_not_come_is_answered_503() {
    let controller = controller();
    let mut connection = Connection::open(&controller, None).unwrap();
    connection.tls.write_all(b"POST /enroll HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc").unwrap();
    let started = Instant::now();
    let answer = connection.receive("POST").unwrap();
    assert_eq!((answer.status, answer.header("connection")), (503, Some("close")));
    assert_eq!(answer.json()["error"]["code"], "TIMEOUT");
    assert!(started.elapsed() > Duration::from_secs(4));
}
