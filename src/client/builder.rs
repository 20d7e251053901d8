//! The options of a client.

use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant, SystemTime};

use super::upkeep::{Event, RenewalSettings, Upkeep, Watch};
use super::{Client, Settings, Shared};
use crate::error::Error;
use crate::identity::{Identity, KeyChoice, Store};
use crate::login::{
    AboutClient, Clock, Counted, Credentials, Era, Jitter, JwtSource, LoginFlow, Pacer, SessionHook, Ways,
};
use crate::secret::Secret;
use crate::transport::{CancelToken, Proxy};
use crate::wire::Api;

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);
const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const DEFAULT_MAX_ROWS: u64 = 1_000_000;

/// Options of a [`Client`]. The defaults work.
#[derive(Clone)]
#[must_use]
pub struct ClientBuilder {
    identity: Identity,
    timeout: Duration,
    cancels: Vec<CancelToken>,
    settings: Settings,
    about: AboutClient,
    credentials: Credentials,
    second: Option<JwtSource>,
    flow: LoginFlow,
    jitter: Jitter,
}

impl std::fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Settings {
            connect_timeout,
            proxy,
            trust_system_roots,
            gzip,
            max_rows,
            renewal,
            about: _,
            watch: _,
            store: _,
            counted: _,
            pacer: _,
            era: _,
            on_session_change: _,
        } = &self.settings;
        f.debug_struct("ClientBuilder")
            .field("identity", &self.identity)
            .field("timeout", &self.timeout)
            .field("connect_timeout", connect_timeout)
            .field("proxy", proxy)
            .field("trust_system_roots", trust_system_roots)
            .field("gzip", gzip)
            .field("max_rows", max_rows)
            .field("renewal", renewal)
            .field("about", &self.about)
            .field("credentials", &self.credentials)
            .field("second_factor_jwt", &self.second)
            .field("login_flow", &self.flow)
            .finish_non_exhaustive()
    }
}

impl ClientBuilder {
    pub(super) fn new(identity: &Identity) -> Self {
        let config_types = match identity.config_types() {
            [] => vec!["all".to_owned()],
            asked_for => asked_for.to_vec(),
        };
        let about =
            AboutClient { config_types, app_id: String::new(), app_version: String::new(), send_environment: true };
        Self {
            identity: identity.clone(),
            timeout: DEFAULT_TIMEOUT,
            cancels: Vec::new(),
            settings: Settings {
                connect_timeout: DEFAULT_CONNECT_TIMEOUT,
                pacer: Arc::default(),
                proxy: None,
                trust_system_roots: false,
                gzip: true,
                max_rows: DEFAULT_MAX_ROWS,
                about: Arc::new(about.clone()),
                renewal: RenewalSettings::default(),
                watch: Watch::default(),
                store: identity.store().cloned(),
                counted: Arc::default(),
                era: Era::default(),
                on_session_change: None,
            },
            about,
            credentials: Credentials::default(),
            second: None,
            jitter: Jitter::default(),
            flow: LoginFlow::default(),
        }
    }

    /// By what the client logs in. Default: the certificate of the identity. An identity without one needs others.
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = credentials;
        self
    }

    /// The external JWT that logins get which want one as a second factor: it is sent with every request.
    pub fn second_factor_jwt(mut self, source: JwtSource) -> Self {
        self.second = Some(source);
        self
    }

    /// Which kind of login is made. Default: [`LoginFlow::Auto`].
    pub fn login_flow(mut self, flow: LoginFlow) -> Self {
        self.flow = flow;
        self
    }

    /// The most time one call may take, however many requests it makes. Default 30 s. There is no way to have no
    /// limit; zero ends each call at once.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The most time opening one connection may take, from the look-up of the name to the end of the TLS handshake.
    /// Default 10 s. Zero lets no connection open.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.settings.connect_timeout = timeout;
        self
    }

    /// A token that ends this client's calls.
    pub fn cancel(mut self, cancel: &CancelToken) -> Self {
        self.cancels.push(cancel.clone());
        self
    }

    /// The proxy to go through. Default none; the environment is not looked at.
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.settings.proxy = Some(proxy);
        self
    }

    /// The proxy that the environment names now, in place of any other; if it names none, no proxy.
    ///
    /// # Errors
    /// As for [`Proxy::from_environment`].
    pub fn proxy_from_environment(mut self) -> Result<Self, Error> {
        self.settings.proxy = Proxy::from_environment()?;
        Ok(self)
    }

    /// Where the identity is kept. Default: the file it was loaded from or enrolled into, if there is one.
    pub fn store(mut self, store: Store) -> Self {
        self.settings.store = Some(store);
        self
    }

    /// Whether to trust the system's roots too when verifying controllers. Default: the network's CA bundle only.
    pub fn trust_system_roots(mut self, trust: bool) -> Self {
        self.settings.trust_system_roots = trust;
        self
    }

    /// Whether to ask for gzip-compressed lists. Default true: a list of services takes ten times fewer bytes. Short
    /// answers are never compressed, as that costs more than it saves.
    pub fn gzip(mut self, gzip: bool) -> Self {
        self.settings.gzip = gzip;
        self
    }

    /// The most rows a list may have before it is an error. Default 1,000,000.
    pub fn max_rows(mut self, rows: u64) -> Self {
        self.settings.max_rows = rows;
        self
    }

    /// The config types whose configs services shall carry, by name or id. Default: what the identity file asks for,
    /// else `["all"]`.
    pub fn config_types<T: Into<String>>(mut self, types: impl IntoIterator<Item = T>) -> Self {
        self.about.config_types = types.into_iter().map(Into::into).collect();
        self
    }

    /// The application's id and version, shown to administrators. At most 255 bytes each are sent.
    pub fn application(mut self, id: impl Into<String>, version: impl Into<String>) -> Self {
        self.about.app_id = id.into();
        self.about.app_version = version.into();
        self
    }

    /// Whether to tell the controller operating system, architecture and host name at login. Default true.
    pub fn send_environment(mut self, send: bool) -> Self {
        self.about.send_environment = send;
        self
    }

    /// How long before its end a certificate is due to be renewed, of which two thirds of its time are the most: a new
    /// one is never due at once. Default: when a third of its time is left, at most 30 days.
    pub fn renew_before(mut self, end: Duration) -> Self {
        self.settings.renewal.before = Some(end);
        self
    }

    /// The key that is made when a renewal needs a new one. Default: ECDSA on P-256.
    pub fn renewal_key(mut self, key: KeyChoice) -> Self {
        self.settings.renewal.key = key;
        self
    }

    /// Whether each renewal makes a new key. Default: only those for which the controller asks for one.
    pub fn always_renew_key(mut self, always: bool) -> Self {
        self.settings.renewal.always_new_key = always;
        self
    }

    /// Is told what changed without being asked for: see [`Event`]. It runs on the thread of the call that made the
    /// change, once that is done, with no lock held.
    pub fn on_event(mut self, tell: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        self.settings.watch.tell = Some(Arc::new(tell));
        self
    }

    /// Is given the session as [`save_session`](Client::save_session) would be, to be kept for the next process: each
    /// new one before it is used, after each refresh and each factor, and `None` once the client gave it up
    /// ([`logout`](Client::logout), [`set_credentials`](Client::set_credentials)). A refresh uses the earlier one up.
    ///
    /// It runs on the thread of the call that made the session, and is told how much of the time of that call is left, as
    /// nothing interrupts it. Others who have something to tell wait for it, each within its own call: what it is given
    /// last is right. Calls of the same client are refused from inside of it. What it returns as an error is logged, and the session is used all the same.
    pub fn on_session_change(
        mut self,
        keep: impl Fn(Option<&Secret>, Duration) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        self.settings.on_session_change = Some(SessionHook::new(keep));
        self
    }

    /// The clock by which it is decided what is due, for tests; time limits keep to the real one.
    #[doc(hidden)]
    pub fn clock(mut self, clock: impl Fn() -> (Instant, SystemTime) + Send + Sync + 'static) -> Self {
        self.settings.watch.clock = Clock::of(clock);
        self
    }

    /// What decides where things are left to chance, for tests: a number from 0 up to, but not, 1. With 0 the
    /// controllers are asked in the order in which the identity names them, and pauses are as short as can be.
    #[doc(hidden)]
    pub fn chance(mut self, draw: impl Fn() -> f64 + Send + Sync + 'static) -> Self {
        self.jitter = Jitter::of(draw);
        self
    }

    /// Makes the client. Does no I/O, but reads the system's roots if they are trusted.
    ///
    /// # Errors
    /// [`Error::Identity`] if the identity has no CA bundle and the system's roots are not trusted.
    pub fn build(self) -> Result<Client, Error> {
        let Self { identity, timeout, cancels, mut settings, about, credentials, second, flow, jitter } = self;
        settings.about = Arc::new(about);
        // A builder may make several clients, each of which counts for itself.
        settings.counted = Arc::new(Counted::new(settings.watch.clock.clone()));
        settings.era = Era::default();
        settings.on_session_change = settings.on_session_change.as_ref().map(SessionHook::anew);
        settings.pacer = Arc::new(Pacer::new(settings.watch.clock.clone(), jitter));
        let ways = Arc::new(Ways::new(credentials, second, flow));
        let generation = RwLock::new(Arc::new(settings.generation(identity, ways)?));
        let shared = Arc::new(Shared { settings, generation, upkeep: Upkeep::default(), traffic: Arc::default() });
        Ok(Client { shared, timeout, cancels, api: Api::Client })
    }
}
