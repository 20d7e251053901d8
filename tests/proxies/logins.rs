//! Logins over OIDC, at controllers and at identity providers, through proxies: they lead there, refuse it, or hang.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use ziti_edge_client::api::services::ServiceQuery;
use ziti_edge_client::{
    Client, Credentials, Error, Identity, JwtSource, LoginFlow, ProviderLogin, ProviderOptions, ProviderSettings,
    ProviderToken, Proxy, Stage,
};
use ziti_edge_testkit::{IdentityOptions, Operation, TestController, TestProvider, Version};

use crate::proxy::{Manner, TestProxy};
use crate::{ENOUGH, SERVICES, support};

const BACK: &str = "http://127.0.0.1:8765/auth/callback";
const AUTHORIZE: Operation = Operation::Named("oidcAuthorize");
const SCHEMES: [&str; 2] = ["http", "socks5h"];
/// For a proxy that hangs.
const SHORT: Duration = Duration::from_millis(400);
/// More than 80 percent of the life of an access token, and less than all of it.
const REFRESH_IS_DUE: Duration = Duration::from_secs(25 * 60);

/// A proxy of this kind, and how to go through it.
fn proxy(scheme: &str, place: SocketAddr) -> (TestProxy, Proxy) {
    let proxy = if scheme == "http" { TestProxy::http(place) } else { TestProxy::socks(place) };
    let through = Proxy::parse(&proxy.url(scheme)).unwrap();
    (proxy, through)
}

/// The proxy refused: an error of its own, which names it, and says what to do.
fn is_refused<T>(outcome: Result<T, Error>, scheme: &str) {
    let error = outcome.err().expect("the proxy refuses");
    assert!(matches!(error, Error::Transport { stage: Stage::Proxy, .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains(&format!("through the proxy {scheme}://127.0.0.1:")) && text.contains("rules"), "{text}");
    assert!(!format!("{text}{error:?}").contains("somebody"), "{text}");
}

/// The proxy said nothing until the call was over: an error that names it.
fn is_given_up<T>(outcome: Result<T, Error>, scheme: &str) {
    let error = outcome.err().expect("the proxy says nothing");
    let Error::Timeout { stage: Stage::Proxy, proxy: Some(name), .. } = &error else { panic!("{error:?}") };
    assert!(name.starts_with(&format!("{scheme}://127.0.0.1:")) && !name.contains("somebody"), "{name}");
}

/// A controller that logs in over OIDC, whose address leads nowhere.
fn hidden_controller() -> TestController {
    let builder = TestController::builder().version(Version::V2_0).services(SERVICES);
    builder.advertise_host("controller.invalid").start().unwrap()
}

#[test]
fn logins_over_oidc_and_their_refreshes_go_through_the_proxy() {
    for scheme in SCHEMES {
        let controller = hidden_controller();
        let (proxy, through) = proxy(scheme, controller.address());
        let passed = Arc::new(AtomicU64::new(0));
        let (own, began) = (passed.clone(), (Instant::now(), SystemTime::now()));
        let builder = support::builder(&controller).proxy(through).clock(move || {
            let passed = Duration::from_secs(own.load(Ordering::SeqCst));
            (began.0 + passed, began.1 + passed)
        });
        let client = builder.build().unwrap();
        let list = || client.services().list(&ServiceQuery::new()).unwrap().len();
        assert_eq!((list(), controller.oidc_logins()), (SERVICES, 1), "{scheme}");
        assert_eq!(proxy.tunnels(), 1, "{scheme}: one connection for all steps");

        passed.store(REFRESH_IS_DUE.as_secs(), Ordering::SeqCst);
        controller.advance(REFRESH_IS_DUE);
        proxy.turn(Manner::Leads);
        assert_eq!((list(), controller.oidc_logins(), controller.oidc_refreshes()), (SERVICES, 1, 1), "{scheme}");
        assert_eq!(proxy.tunnels(), 2, "{scheme}");
    }
}

#[test]
fn a_proxy_that_refuses_or_hangs_in_a_login_over_oidc_is_an_error_of_its_own() {
    for scheme in SCHEMES {
        for flow in [LoginFlow::Oidc, LoginFlow::Auto] {
            let controller = hidden_controller();
            let (proxy, through) = proxy(scheme, controller.address());
            let client = support::builder(&controller).proxy(through).login_flow(flow).build().unwrap();
            client.authenticate().unwrap();
            let asked = controller.requests().len();
            proxy.turn(Manner::Refuses);
            is_refused(client.authenticate(), scheme);
            proxy.turn(Manner::Hangs);
            is_given_up(client.with_timeout(SHORT).authenticate(), scheme);
            assert_eq!(controller.requests().len(), asked, "nothing comes there by another way");
            proxy.turn(Manner::Leads);
            client.authenticate().unwrap();
            assert_eq!(controller.oidc_logins(), 2, "{scheme} {flow:?}: no login fell back to legacy");
            assert_eq!(controller.count(AUTHORIZE), 2, "{scheme} {flow:?}");
        }
    }
}

fn alice(controller: &TestController) -> Identity {
    let external_id = Some("alice@example.test".to_owned());
    let alice = IdentityOptions { name: "alice".to_owned(), external_id, ..IdentityOptions::default() };
    Identity::from_json(&controller.enrolled_identity_json_with(alice)).unwrap()
}

fn place(provider: &TestProvider) -> SocketAddr {
    let (_, port) = provider.issuer().rsplit_once(':').unwrap();
    SocketAddr::from((Ipv4Addr::LOCALHOST, port.parse().unwrap()))
}

fn settings(provider: &TestProvider) -> ProviderSettings {
    ProviderSettings::new(provider.issuer(), provider.client_id())
}

fn options(provider: &TestProvider, proxy: Proxy) -> ProviderOptions {
    ProviderOptions::new().ca(provider.ca_pem()).timeout(ENOUGH).proxy(proxy)
}

fn log_in(provider: &TestProvider, options: &ProviderOptions) -> Result<ProviderToken, Error> {
    let login = ProviderLogin::begin(&settings(provider), BACK, options)?;
    login.complete(&provider.browse(login.login_url()).unwrap())
}

#[test]
fn a_login_at_an_identity_provider_goes_through_its_proxy_and_one_at_the_controller_through_another() {
    for scheme in SCHEMES {
        let (provider, controller) = (TestProvider::start().unwrap(), hidden_controller());
        controller.add_external_signer(provider.signer("idp"));
        let identity = alice(&controller);
        let (to_provider, through) = proxy(scheme, place(&provider));
        let token = log_in(&provider, &options(&provider, through)).unwrap();
        assert_eq!(to_provider.tunnels(), 1, "{scheme}: one connection for configuration and token");
        let (to_controller, through) = proxy(scheme, controller.address());
        let credentials = Credentials::external_jwt(JwtSource::provider(&token));
        let client = Client::builder(&identity).credentials(credentials).timeout(ENOUGH).proxy(through);
        let client = client.build().unwrap();
        assert_eq!(client.services().list(&ServiceQuery::new()).unwrap().len(), SERVICES);
        assert_eq!((to_provider.tunnels(), to_controller.tunnels()), (1, 1), "{scheme}");
        to_provider.turn(Manner::Leads);
        token.refresh().unwrap();
        assert_eq!((to_provider.tunnels(), to_controller.tunnels()), (2, 1), "{scheme}");
    }
}
