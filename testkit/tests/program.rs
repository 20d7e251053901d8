//! The program says where it is, writes tokens nobody else can read, and ends with its stdin.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::{fs, net::TcpStream};

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
