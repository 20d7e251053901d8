//! The front door: one client for one identity.

#[cfg(feature = "capi")]
pub(crate) mod ffi;
mod generations;
pub(crate) mod upkeep;

use std::borrow::Cow;
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant, SystemTime};

use crate::error::Error;
use crate::identity::{Identity, KeyChoice, Store};
use crate::login::{AboutClient, ApiSession, Controllers, Flight, Generation, Login, SendForLogin, Wanted};
use crate::transport::{Call, CancelToken, ConnectionOptions, Connections, Proxy};
use crate::trust::verifier;
use crate::wire::fields::Field;
use crate::wire::{Api, Head, Method, Request, envelope};
use upkeep::{Event, RenewalSettings, Upkeep, Watch};

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);
const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const DEFAULT_MAX_ROWS: u64 = 1_000_000;

/// A client of one identity's controllers.
///
/// Cheap to clone, and usable from many threads at once: clones share connections and login. Whatever needs a login
/// logs in by itself, and once more if the session has expired. No call outlives its timeout.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    timeout: Duration,
    cancels: Vec<CancelToken>,
    api: Api,
}

/// What all clones of a client share.
struct Shared {
    settings: Settings,
    generation: RwLock<Arc<Generation>>,
    upkeep: Upkeep,
}

#[derive(Clone)]
struct Settings {
    connect_timeout: Duration,
    proxy: Option<Proxy>,
    trust_system_roots: bool,
    gzip: bool,
    max_rows: u64,
    about: Arc<AboutClient>,
    renewal: RenewalSettings,
    watch: Watch,
    store: Option<Store>,
}

impl Client {
    /// A client with default options. Does no I/O.
    ///
    /// # Errors
    /// [`Error::Identity`] if the identity has no CA bundle to verify controllers with.
    pub fn new(identity: &Identity) -> Result<Self, Error> {
        Self::builder(identity).build()
    }

    /// Options first.
    pub fn builder(identity: &Identity) -> ClientBuilder {
        ClientBuilder::new(identity)
    }

    /// The same client with a time limit for each of its calls; the tighter of this and the client's own holds. With
    /// a limit of zero its calls end at once, with [`Error::Timeout`].
    #[must_use = "the client itself keeps its limit"]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self { timeout: self.timeout.min(timeout), ..self.clone() }
    }

    /// The same client with one more cancel token: any of its tokens ends its calls.
    #[must_use = "the client itself is not changed"]
    pub fn with_cancel(&self, cancel: &CancelToken) -> Self {
        let mut client = self.clone();
        client.cancels.push(cancel.clone());
        client
    }

    /// Logs in with the identity's certificate, whether or not there is a login already; later calls use the session.
    ///
    /// Optional: a call that needs a login makes one. Of many threads that log in at the same time one does it, and
    /// all get its session. An earlier session is left to expire. `POST /authenticate?method=cert` (authenticate)
    ///
    /// # Errors
    /// [`Error::Rejected`] if the controller refuses the certificate. It is believed for ten minutes by calls that
    /// would log in by themselves; this one always asks.
    pub fn authenticate(&self) -> Result<Login, Error> {
        let call = self.call();
        let session = self.on_generation(&call, |generation| generation.session(&call, Wanted::Fresh))?;
        Ok(Login::from(session.api_session.clone()))
    }

    /// Ends the session, if there is one. A later call that needs a login makes a new one.
    ///
    /// `DELETE /current-api-session` (deleteCurrentApiSession)
    ///
    /// # Errors
    /// Any of a call. The session is used no more all the same, but the controller may keep it until its time is over.
    pub fn logout(&self) -> Result<(), Error> {
        let generation = self.generation();
        let Some(session) = generation.flight.current() else { return Ok(()) };
        generation.flight.forget(session.number);
        let request = Request::new(Method::Delete, "/current-api-session").on_management();
        generation.end(&self.call(), &session, self.addressed(&request)?.into_owned())
    }

    /// The same client for the management API of the same controllers.
    ///
    /// It shares login, connections and trust with this one: the login of an administrator works there, and is made
    /// and given its code as ever. It has the operations of the management API on the own session and the own
    /// authenticators, [`controller().version()`](crate::api::controller::Controller::version) and
    /// [`request`](Client::request); anything else is [`Error::Unsupported`] without any I/O, as are all of them at a
    /// controller that does not serve the management API at the same address.
    #[must_use = "the client itself stays with the client API"]
    pub fn management(&self) -> Self {
        Self { api: Api::Management, ..self.clone() }
    }

    /// The identity as it is now.
    pub fn identity(&self) -> Identity {
        self.generation().identity.clone()
    }

    /// Starts the clock of one call.
    pub(crate) fn call(&self) -> Call {
        Call::new(self.timeout, &self.cancels)
    }

    /// The most rows a list may have.
    pub(crate) fn max_rows(&self) -> u64 {
        self.shared.settings.max_rows
    }

    /// Sends one request of `call`, with a login if it needs one. Returns the head of a successful answer, whose body
    /// is in `body`; any other answer is an error.
    pub(crate) fn send(&self, call: &Call, request: &Request, body: &mut Vec<u8>) -> Result<Head, Error> {
        let request = self.addressed(request)?;
        self.on_generation(call, |generation| generation.send(call, &request, body))
    }

    /// Sends a request as a call of its own and returns the head and the body of its answer.
    pub(crate) fn exchange(&self, request: &Request) -> Result<(Head, Vec<u8>), Error> {
        let mut body = Vec::new();
        let head = self.send(&self.call(), request, &mut body)?;
        Ok((head, body))
    }

    /// Sends a request as a call of its own and reads the `data` of its answer.
    pub(crate) fn fetch<T: Field>(&self, request: &Request) -> Result<T, Error> {
        let (_, mut body) = self.exchange(request)?;
        envelope::data_once(&request.operation(), &mut body)
    }

    /// Sends a request that is about the login, as a call of its own.
    pub(crate) fn about_login(&self, send: SendForLogin, request: &Request) -> Result<ApiSession, Error> {
        let (call, request) = (self.call(), self.addressed(request)?);
        self.on_generation(&call, |generation| send(generation, &call, &request))
    }

    /// Sends a request as a call of its own; a success says all there is to say.
    pub(crate) fn run(&self, request: &Request) -> Result<(), Error> {
        self.exchange(request).map(drop)
    }

    /// The same client for the client API, on which logins are made whatever they are used for.
    pub(crate) fn on_client_api(&self) -> Self {
        Self { api: Api::Client, ..self.clone() }
    }

    /// The request for the API that this client is for.
    fn addressed<'r>(&self, request: &'r Request) -> Result<Cow<'r, Request>, Error> {
        match self.api {
            Api::Client => Ok(Cow::Borrowed(request)),
            Api::Management if request.on_management => Ok(Cow::Owned(request.clone().to(Api::Management))),
            Api::Management => Err(Error::Unsupported(format!(
                "{}: not an operation of the management API on the own session and authenticators; use the client \
                 that this one was made of",
                request.operation()
            ))),
        }
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("identity", &self.identity()).field("timeout", &self.timeout).finish()
    }
}

impl Settings {
    fn generation(&self, identity: Identity) -> Result<Generation, Error> {
        let connections = Connections::new(ConnectionOptions {
            verifier: verifier::controller(identity.ca(), self.trust_system_roots)?,
            client_auth: identity.client_auth().map(|auth| Arc::new(move |until| auth.certified(until)) as _),
            connect_timeout: self.connect_timeout,
            proxy: self.proxy.clone(),
            gzip: self.gzip,
        })?;
        let controllers = Controllers::new(identity.controller_urls());
        let (store, about) = (self.store.clone(), Arc::clone(&self.about));
        Ok(Generation { identity, store, connections, controllers, flight: Flight::default(), about })
    }
}

/// Options of a [`Client`]. The defaults work.
#[derive(Clone)]
#[must_use]
pub struct ClientBuilder {
    identity: Identity,
    timeout: Duration,
    cancels: Vec<CancelToken>,
    settings: Settings,
    about: AboutClient,
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
            .finish_non_exhaustive()
    }
}

impl ClientBuilder {
    fn new(identity: &Identity) -> Self {
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
                proxy: None,
                trust_system_roots: false,
                gzip: true,
                max_rows: DEFAULT_MAX_ROWS,
                about: Arc::new(about.clone()),
                renewal: RenewalSettings::default(),
                watch: Watch::default(),
                store: identity.store().cloned(),
            },
            about,
        }
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

    /// The clock by which it is decided what is due, for tests; time limits keep to the real one.
    #[doc(hidden)]
    pub fn clock(mut self, clock: impl Fn() -> (Instant, SystemTime) + Send + Sync + 'static) -> Self {
        self.settings.watch.clock = Some(Arc::new(clock));
        self
    }

    /// Makes the client. Does no I/O, but reads the system's roots if they are trusted.
    ///
    /// # Errors
    /// [`Error::Identity`] if the identity has no CA bundle and the system's roots are not trusted.
    pub fn build(self) -> Result<Client, Error> {
        let Self { identity, timeout, cancels, mut settings, about } = self;
        settings.about = Arc::new(about);
        let generation = RwLock::new(Arc::new(settings.generation(identity)?));
        let shared = Arc::new(Shared { settings, generation, upkeep: Upkeep::default() });
        Ok(Client { shared, timeout, cancels, api: Api::Client })
    }
}
