//! Everything that opens connections, through each kind of proxy, whatever that does.
//!
//! What is said between client and proxy is the same whoever opens the connection; the cells show that nobody opens it
//! by another way, that each error is the right one, and that nothing is spent by a way that is not there. What each
//! word of a proxy becomes is tested beside the code.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use ziti_edge_client::api::services::ServiceQuery;
use ziti_edge_client::{
    Client, DeviceLogin, EnrollOptions, Enrollment, Error, Identity, LoginFlow, ProviderLogin, ProviderOptions,
    ProviderSettings, ProviderToken, Proxy, Secret, Stage,
};
use ziti_edge_testkit::{TestController, TestProvider, Version};

use crate::ENOUGH;
use crate::proxy::{Manner, TestProxy};

const BACK: &str = "http://127.0.0.1:8765/auth/callback";
/// For a proxy that hangs.
const SHORT: Duration = Duration::from_secs(1);

/// A controller and a provider, each behind a proxy of its own.
struct Scene {
    scheme: &'static str,
    controller: TestController,
    provider: TestProvider,
    to_controller: TestProxy,
    to_provider: TestProxy,
    identity: Identity,
}

/// What was begun while the proxies still led there.
struct Begun {
    enrollment: Enrollment,
    session: Secret,
    login: ProviderLogin,
    back: String,
    device: DeviceLogin,
    token: ProviderToken,
}

type Cell = (&'static str, fn(&Scene, &Begun, Duration) -> Result<(), Error>);

const CELLS: [Cell; 9] = [
    ("enrollment", |scene, begun, limit| {
        let options = EnrollOptions::new().timeout(limit).proxy(scene.through(&scene.to_controller));
        begun.enrollment.enroll(&options).map(drop)
    }),
    ("legacy login", |scene, _, limit| scene.client(LoginFlow::Legacy, limit).authenticate().map(drop)),
    ("login over OIDC", |scene, _, limit| scene.client(LoginFlow::Oidc, limit).authenticate().map(drop)),
    ("list", |scene, begun, limit| {
        let client = scene.client(LoginFlow::Legacy, limit);
        client.resume_session(&begun.session)?;
        client.services().list(&ServiceQuery::new()).map(drop)
    }),
    ("configuration", |scene, _, limit| ProviderLogin::begin(&scene.settings(), BACK, &scene.options(limit)).map(drop)),
    ("code", |_, begun, _| begun.login.complete(&begun.back).map(drop)),
    ("codes for a device", |scene, _, limit| DeviceLogin::begin(&scene.settings(), &scene.options(limit)).map(drop)),
    ("device", |_, begun, limit| begun.device.wait(limit).map(drop)),
    ("refresh", |_, begun, _| begun.token.refresh()),
];

impl Scene {
    fn new(scheme: &'static str) -> Self {
        let provider = TestProvider::start().unwrap();
        // Found by nobody but the proxy, unless names are looked up here.
        let host = if scheme == "socks5" { "localhost" } else { "controller.invalid" };
        let controller = TestController::builder().version(Version::V2_0).services(1).advertise_host(host);
        let controller = controller.start().unwrap();
        let (_, port) = provider.issuer().rsplit_once(':').unwrap();
        let port = port.parse().unwrap();
        let proxy = |place| if scheme == "http" { TestProxy::http(place) } else { TestProxy::socks(place) };
        let identity = Identity::from_json(&controller.enrolled_identity_json("alice")).unwrap();
        let to_controller = proxy(controller.address());
        let to_provider = proxy(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        Self { scheme, controller, provider, to_controller, to_provider, identity }
    }

    fn through(&self, proxy: &TestProxy) -> Proxy {
        Proxy::parse(&proxy.url(self.scheme)).unwrap()
    }

    fn client(&self, flow: LoginFlow, limit: Duration) -> Client {
        let builder = Client::builder(&self.identity).login_flow(flow).timeout(limit);
        builder.proxy(self.through(&self.to_controller)).build().unwrap()
    }

    fn settings(&self) -> ProviderSettings {
        ProviderSettings::new(self.provider.issuer(), self.provider.client_id())
    }

    fn options(&self, limit: Duration) -> ProviderOptions {
        let options = ProviderOptions::new().ca(self.provider.ca_pem()).timeout(limit);
        options.proxy(self.through(&self.to_provider))
    }

    /// What is begun keeps the limit.
    fn begin(&self, limit: Duration) -> Begun {
        let client = self.client(LoginFlow::Legacy, ENOUGH);
        client.authenticate().unwrap();
        let options = self.options(limit);
        let login = || ProviderLogin::begin(&self.settings(), BACK, &options).unwrap();
        let (login, other) = (login(), login());
        let device = DeviceLogin::begin(&self.settings(), &options).unwrap();
        self.provider.enter_user_code(device.user_code(), true);
        let name = format!("newcomer-{}", self.controller.requests().len());
        Begun {
            enrollment: Enrollment::parse(&self.controller.create_identity(&name)).unwrap(),
            session: client.save_session().unwrap(),
            back: self.provider.browse(login.login_url()).unwrap(),
            login,
            device,
            token: other.complete(&self.provider.browse(other.login_url()).unwrap()).unwrap(),
        }
    }

    fn turn(&self, manner: Manner) {
        self.to_controller.turn(manner);
        self.to_provider.turn(manner);
    }
}

fn judge(name: &str, scheme: &str, manner: Manner, error: &Error) {
    let text = format!("{error}\n{error:?}");
    let stage = |wanted: Stage| matches!(error, Error::Transport { stage, .. } if *stage == wanted);
    let (is_right, says) = match manner {
        Manner::Leads => unreachable!("that is no error"),
        Manner::Refuses => (stage(Stage::Proxy), "rules"),
        Manner::RefusesLogin => {
            (stage(Stage::ProxyLogin) && !error.is_retryable(), "check the user name and password of its address")
        }
        Manner::Hangs => (matches!(error, Error::Timeout { stage: Stage::Proxy, .. }), "the deadline passed"),
        Manner::Cuts => (stage(Stage::Tls), ""),
    };
    assert!(is_right && text.contains(says), "{name}, {manner:?}: {text}");
    assert!(text.contains(&format!("through the proxy {scheme}://127.0.0.1:")), "{name}, {manner:?}: {text}");
    assert!(!text.contains("somebody") && !text.contains("pass:word"), "{name}, {manner:?}: {text}");
}

fn all_cells(scheme: &'static str) {
    let scene = Scene::new(scheme);
    for manner in [Manner::Refuses, Manner::RefusesLogin, Manner::Hangs, Manner::Cuts] {
        let limit = if manner == Manner::Hangs { SHORT } else { ENOUGH };
        let begun = scene.begin(limit);
        scene.turn(manner);
        let asked = (scene.controller.requests().len(), scene.provider.seen().len());
        for (name, run) in CELLS {
            // Trouble that may pass does not end the wait for a device.
            let limit = if name == "device" { SHORT } else { limit };
            let error = run(&scene, &begun, limit).expect_err(name);
            judge(name, scheme, manner, &error);
        }
        let asked_by_now = (scene.controller.requests().len(), scene.provider.seen().len());
        assert_eq!(asked_by_now, asked, "nothing comes there by another way");
        scene.turn(Manner::Leads);
        // The short limit may be too short on a busy machine.
        let begun = if manner == Manner::Hangs { scene.begin(ENOUGH) } else { begun };
        for (name, run) in CELLS {
            run(&scene, &begun, ENOUGH).unwrap_or_else(|error| panic!("{name} after {manner:?}: {error}"));
        }
    }
    let hosts: Vec<String> = [scene.to_controller.hosts(), scene.to_provider.hosts()].concat();
    let named = |host: &String| host.starts_with("controller.invalid:") || host.starts_with("localhost:");
    assert!(hosts.iter().all(|host| named(host) != (scheme == "socks5")), "{hosts:?}");
}

#[test]
fn everything_goes_through_http_proxies_or_not_at_all() {
    all_cells("http");
}

#[test]
fn everything_goes_through_socks5h_proxies_or_not_at_all() {
    all_cells("socks5h");
}

#[test]
fn everything_goes_through_socks5_proxies_or_not_at_all() {
    all_cells("socks5");
}

#[test]
fn proxies_have_addresses_of_ipv6_too() {
    let controller = crate::hidden_controller();
    let proxy = TestProxy::http_on_ipv6(controller.address());
    let through = Proxy::parse(&proxy.url("http")).unwrap();
    assert!(through.to_string().starts_with("http://[::1]:"), "{through}");
    let client = crate::builder(&controller).proxy(through).build().unwrap();
    client.authenticate().unwrap();
    proxy.turn(Manner::Refuses);
    let error = client.authenticate().unwrap_err().to_string();
    assert!(error.contains("through the proxy http://[::1]:"), "{error}");
}
