//! The program says where it is, writes tokens nobody else can read, tells codes, and ends with its stdin.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::{fs, net::TcpStream};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme, StreamOwned};
use serde_json::{Value, json};

fn program(arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_ziti-edge-testkit"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn tells_its_url_writes_tokens_and_ends_when_stdin_closes() {
    let file = std::env::temp_dir().join(format!("ziti-edge-testkit-{}.jwt", std::process::id()));
    fs::write(&file, "an older token").unwrap();
    let mut child = program(&["--services", "2", "--identity", "alice", "--jwt", file.to_str().unwrap()]);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let url = lines.next().unwrap();
    let address = url.strip_prefix("url https://").unwrap();
    assert_eq!(lines.next().unwrap(), format!("identity alice {}", file.display()));
    TcpStream::connect(address).unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap().split('.').count(), 3);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
    fs::remove_file(&file).unwrap();
}

/// Believes any server: the program's CA is told nobody before he enrolls.
#[derive(Debug)]
struct Anybody;

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ring::default_provider().signature_verification_algorithms.supported_schemes()
    }
}

/// The status and the body of an answer.
fn post(address: &str, path: &str, header: &str, body: &Value) -> (u16, Value) {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap().dangerous();
    let config = config.with_custom_certificate_verifier(Arc::new(Anybody)).with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let tls = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = StreamOwned::new(tls, TcpStream::connect(address).unwrap());
    let (path, body) = (format!("/edge/client/v1{path}"), body.to_string());
    let head = format!("POST {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{header}");
    let fields = format!("Content-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all((head + &fields + &body).as_bytes()).unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head[9..12].parse().unwrap(), serde_json::from_str(body).unwrap())
}

#[test]
fn identities_log_in_by_password_and_external_jwt_and_have_codes() {
    let file = |name: &str| std::env::temp_dir().join(format!("ziti-edge-testkit-{}-{name}", std::process::id()));
    let (token, external) = (file("bob.jwt"), file("external.jwt"));
    let by = format!("bob:{}", external.display());
    let logins = ["--password", "bob:right:password", "--totp", "bob", "--external-jwt", &by];
    let mut child = program(&[&["--identity", "bob", "--jwt", token.to_str().unwrap()], &logins[..]].concat());
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut stdin = child.stdin.take().unwrap();
    let url = lines.next().unwrap();
    let address = url.strip_prefix("url https://").unwrap();
    assert!(lines.next().unwrap().starts_with("identity bob "));

    let by_password = |password: &str| json!({"username": "bob", "password": password});
    assert_eq!(post(address, "/authenticate?method=password", "", &by_password("wrong")).0, 401);
    assert_eq!(post(address, "/authenticate?method=password", "", &by_password("right:password")).0, 200);
    let bearer = format!("Authorization: Bearer {}\r\n", fs::read_to_string(&external).unwrap());
    let (status, login) = post(address, "/authenticate?method=ext-jwt", &bearer, &json!({}));
    assert_eq!((status, login["data"]["authQueries"][0]["typeId"].as_str()), (200, Some("MFA")));

    writeln!(stdin, "something else\ntotp nobody\ntotp bob").unwrap();
    assert_eq!(lines.next().unwrap(), "totp nobody none");
    let told = lines.next().unwrap();
    let code = told.strip_prefix("totp bob ").unwrap();
    let session = format!("zt-session: {}\r\n", login["data"]["token"].as_str().unwrap());
    assert_eq!(post(address, "/authenticate/mfa", &session, &json!({"code": code})).0, 200, "{told}");
    drop(stdin);
    assert!(child.wait().unwrap().success());
    [token, external].iter().for_each(|path| fs::remove_file(path).unwrap());
}

#[test]
fn a_wrong_argument_is_one_clear_line() {
    let mut child = program(&["--fault", "any=nope"]);
    assert_eq!(child.wait().unwrap().code(), Some(2));
    let mut error = String::new();
    child.stderr.take().unwrap().read_to_string(&mut error).unwrap();
    assert_eq!(error, "--fault any=nope: no such fault, see --help\n");
}

#[test]
fn a_taken_port_is_one_clear_line() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut child = program(&["--port", &taken.local_addr().unwrap().port().to_string()]);
    assert_eq!(child.wait().unwrap().code(), Some(1));
    let mut error = String::new();
    child.stderr.take().unwrap().read_to_string(&mut error).unwrap();
    assert!(error.starts_with("controller: ") && error.lines().count() == 1, "{error}");
}
