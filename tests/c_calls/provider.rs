//! Logins at identity providers from C.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::Stdio;

use ziti_edge_testkit::{IdentityOptions, ProviderEndpoint, TestProvider};

use crate::TestProxy;
use crate::scene;
use crate::support::{Linking, command, compile};

/// Goes where the browser is sent, and gives the page.
fn visit(url: &str) -> String {
    let (host, target) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    write!(stream, "GET /{target} HTTP/1.1\r\nHost: {host}\r\n\r\n").unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).unwrap();
    page
}

#[test]
fn a_provider_is_logged_in_at_in_every_way() {
    log_in(&TestProvider::start().unwrap(), None);
}

#[test]
fn a_provider_is_reached_through_the_proxy_of_the_options_or_of_the_environment() {
    for from_environment in [false, true] {
        let provider = TestProvider::start().unwrap();
        let (_, port) = provider.issuer().rsplit_once(':').unwrap();
        let proxy = TestProxy::http(SocketAddr::from((Ipv4Addr::LOCALHOST, port.parse().unwrap())));
        let url = proxy.url("http");
        log_in(&provider, Some((if from_environment { "environment" } else { &url }, &url)));
        assert!(proxy.tunnels() >= 5, "each login has connections of its own");
    }
}

/// Runs the program with that proxy in its options, if any, and in its environment.
fn log_in(provider: &TestProvider, proxy: Option<(&str, &str)>) {
    let controller = scene::controller();
    controller.add_external_signer(provider.signer("idp"));
    let external_id = Some("alice@example.test".to_owned());
    let alice = IdentityOptions { name: "alice".to_owned(), external_id, ..IdentityOptions::default() };
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("identity.json"), controller.enrolled_identity_json_with(alice)).unwrap();
    fs::write(folder.path().join("ca.pem"), provider.ca_pem()).unwrap();
    let program = compile("tests/c/calls_provider.c", "c99", Linking::Shared, folder.path());
    let mut program = command(program);
    program.args(["identity.json", provider.issuer(), "ca.pem"]).current_dir(folder.path());
    if let Some((given, in_environment)) = proxy {
        program.arg(given).env("HTTPS_PROXY", in_environment);
        program.env_remove("https_proxy").env_remove("no_proxy").env_remove("NO_PROXY");
    }
    let mut child = program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut asked = Vec::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        let (what, about) = line.split_once(' ').unwrap();
        match what {
            "open" => writeln!(input, "{}", provider.browse(about).unwrap()).unwrap(),
            "visit" => assert!(visit(&provider.browse(about).unwrap()).contains("You are logged in")),
            _ => assert!(provider.enter_user_code(about, what == "enter"), "{line}"),
        }
        asked.push(what.to_owned());
    }
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{}", scene::told(&output));
    assert_eq!(asked, ["open", "open", "visit", "enter", "deny", "open"]);
    assert_eq!(provider.count(ProviderEndpoint::Device), 2);
    assert!(provider.seen().iter().all(|seen| !seen.with_certificate));
}
