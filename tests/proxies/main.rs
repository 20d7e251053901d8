//! Whole calls through proxies: enrollment, logins of each kind, and lists.

mod logins;
mod matrix;
#[path = "../support/proxy.rs"]
mod proxy;
#[path = "../support/mod.rs"]
mod support;

use std::process::Command;

use proxy::TestProxy;
use support::{ENOUGH, builder, controller};
use ziti_edge_client::api::services::ServiceQuery;
use ziti_edge_client::{
    Client, EnrollOptions, Enrollment, Error, ProviderLogin, ProviderOptions, ProviderSettings, Proxy, Stage,
};
use ziti_edge_testkit::{TestController, TestProvider, Version};

const SERVICES: usize = 3;
const IN_ENVIRONMENT: &str = "TEST_PROXY_IN_ENVIRONMENT";

/// A controller whose address leads nowhere, so that clients come to it through a proxy or not at all.
fn hidden_controller() -> TestController {
    support::start(TestController::builder().services(SERVICES).advertise_host("controller.invalid"))
}

#[test]
fn enrollment_login_and_lists_go_through_each_kind_of_proxy() {
    for scheme in ["http", "socks5h"] {
        let controller = hidden_controller();
        let address = controller.address();
        let proxy = if scheme == "http" { TestProxy::http(address) } else { TestProxy::socks(address) };
        let through = Proxy::parse(&proxy.url(scheme)).unwrap();
        let enrollment = Enrollment::parse(&controller.create_identity("somebody")).unwrap();
        let identity = enrollment.enroll(&EnrollOptions::new().timeout(ENOUGH).proxy(through.clone())).unwrap();
        let enrolled_by = proxy.tunnels();
        assert!(enrolled_by > 0);
        let client = Client::builder(&identity).timeout(ENOUGH).proxy(through).build().unwrap();
        client.authenticate().unwrap();
        assert_eq!(client.services().list(&ServiceQuery::new()).unwrap().len(), SERVICES);
        assert_eq!(proxy.tunnels(), enrolled_by + 1, "{scheme}: one connection for all calls of a client");
    }
}

#[test]
fn socks5_looks_names_up_before_it_asks_the_proxy() {
    let controller = controller(Version::V2_0, SERVICES);
    let proxy = TestProxy::socks(controller.address());
    let through = Proxy::parse(&proxy.url("socks5")).unwrap();
    let client = builder(&controller).proxy(through.clone()).build().unwrap();
    assert_eq!(client.services().list(&ServiceQuery::new()).unwrap().len(), SERVICES);
    assert_eq!(proxy.tunnels(), 1);

    let hidden = hidden_controller();
    let error = builder(&hidden).proxy(through).build().unwrap().authenticate().unwrap_err();
    assert!(matches!(error, Error::Transport { stage: Stage::Resolve, .. }), "{error:?}");
    assert_eq!(proxy.tunnels(), 1, "the proxy was asked for a name that nobody knows");
}

#[test]
fn a_login_that_the_proxy_refuses_is_neither_one_of_the_controller_nor_for_the_log() {
    let controller = controller(Version::V2_0, 0);
    for (proxy, scheme) in
        [(TestProxy::http(controller.address()), "http"), (TestProxy::socks(controller.address()), "socks5h")]
    {
        let url = proxy.url(scheme).replace("pass%3Aword", "canary-12");
        let client = builder(&controller).proxy(Proxy::parse(&url).unwrap()).build().unwrap();
        let error = client.authenticate().unwrap_err();
        assert!(matches!(error, Error::Transport { stage: Stage::ProxyLogin, .. }), "{error:?}");
        let text = format!("{error} {error:?} {client:?}");
        assert!(text.contains(&format!("through the proxy {scheme}://127.0.0.1:")), "{text}");
        assert!(!text.contains("canary") && !text.contains("somebody"), "{text}");
        assert!(controller.requests().is_empty());
    }
}

#[test]
#[cfg(unix)]
fn a_variable_that_is_no_text_is_named_and_not_passed_over() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    if std::env::var_os(IN_ENVIRONMENT).is_none() {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "a_variable_that_is_no_text_is_named_and_not_passed_over"])
            .env(IN_ENVIRONMENT, "yes")
            .env("https_proxy", OsStr::from_bytes(b"http://canary:\xff@127.0.0.1:3128"))
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(told.contains("1 passed") && output.status.success(), "{told}");
        return;
    }
    let error = Proxy::from_environment().unwrap_err();
    assert!(matches!(error, Error::InvalidArgument(_)), "{error:?}");
    let text = error.to_string();
    assert!(text.starts_with("environment variable https_proxy: ") && !text.contains("canary"), "{text}");
}

#[test]
fn the_environment_names_the_proxy_and_its_exceptions_only_if_it_is_asked() {
    if std::env::var_os(IN_ENVIRONMENT).is_none() {
        for exceptions in ["controller.invalid", "127.0.0.0/8,localhost"] {
            let output = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "the_environment_names_the_proxy_and_its_exceptions_only_if_it_is_asked"])
                .env(IN_ENVIRONMENT, "yes")
                .env("ALL_PROXY", "socks5h://127.0.0.1:1")
                .env("https_proxy", format!("socks5://canary:canary@{}", closed_port()))
                .env("no_proxy", exceptions)
                .output()
                .unwrap();
            let told = String::from_utf8_lossy(&output.stdout);
            assert!(told.contains("1 passed") && output.status.success(), "{told}");
        }
        return;
    }
    let controller = controller(Version::V2_0, SERVICES);
    let plain = builder(&controller).build().unwrap();
    plain.authenticate().unwrap();
    let is_excepted = std::env::var("no_proxy").unwrap() != "controller.invalid";
    let client = builder(&controller).proxy_from_environment().unwrap().build().unwrap();
    let enrollment = Enrollment::parse(&controller.create_identity("somebody")).unwrap();
    let options = EnrollOptions::new().timeout(ENOUGH).proxy_from_environment().unwrap();
    let provider = TestProvider::start().unwrap();
    let settings = ProviderSettings::new(provider.issuer(), provider.client_id());
    let at_provider = ProviderOptions::new().ca(provider.ca_pem()).timeout(ENOUGH);
    let begin = |options: &ProviderOptions| ProviderLogin::begin(&settings, "http://127.0.0.1/back", options).map(drop);
    begin(&at_provider).unwrap();
    let outcomes = [
        client.authenticate().map(drop),
        enrollment.enroll(&options).map(drop),
        begin(&at_provider.proxy_from_environment().unwrap()),
    ];
    for outcome in outcomes {
        match outcome {
            Ok(()) => assert!(is_excepted),
            Err(error) => {
                assert!(!is_excepted, "{error}");
                assert!(error.to_string().contains("through the proxy socks5://127.0.0.1:"), "{error}");
            }
        }
    }
}

fn closed_port() -> std::net::SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}
