//! The front door: one client for one identity.

mod builder;
pub(crate) mod diagnose;
#[cfg(feature = "capi")]
pub(crate) mod ffi;
mod generations;
pub(crate) mod session;
pub(crate) mod status;
pub(crate) mod upkeep;

use std::borrow::Cow;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use crate::error::Error;
use crate::identity::{Identity, Store};
use crate::login::{
    AboutClient, ApiSession, CodeFor, Controllers, Counted, Credentials, Earlier, Era, Flight, Generation, JwtSource,
    LoggedOut, Login, Pacer, SendForLogin, SessionHook, Wanted, Ways,
};
use crate::secret::Secret;
use crate::transport::{Call, CancelToken, ConnectionOptions, Connections, Proxy, Traffic};
use crate::trust::verifier;
use crate::wire::fields::Field;
use crate::wire::{Api, Head, Method, Request, envelope};
pub use builder::ClientBuilder;
use upkeep::{RenewalSettings, Upkeep, Watch};

/// A client of one identity's controllers.
///
/// Cheap to clone, and usable from many threads at once: clones share connections and login. Whatever needs a login
/// logs in by itself, and once more if the session has expired. No call outlives its timeout.
///
/// Of several controllers the next one is asked when one fails. Busy ones are asked again within the time of the call,
/// where that is safe. When none has served for two minutes there is one attempt a minute, and all other calls end at
/// once with the last error, which says when the next one is due; [`authenticate`](Client::authenticate) and
/// [`retry_now`](Client::retry_now) do not wait for that.
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
    traffic: Arc<Traffic>,
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
    counted: Arc<Counted>,
    pacer: Arc<Pacer>,
    era: Era,
    on_session_change: Option<SessionHook>,
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

    /// Logs in with the client's [`Credentials`], whether or not there is a login already; later calls use the session.
    ///
    /// Optional: a call that needs a login makes one. Of many threads that log in at the same time one does it, and
    /// all get its session. An earlier session is left to expire. `POST /authenticate` (authenticate)
    ///
    /// # Errors
    /// [`Error::Rejected`] if the controller refuses the credentials. A refusal is believed for ten minutes by calls that
    /// would log in by themselves; this one asks, but for a password: controllers count wrong ones, and so it is not
    /// sent again before [`set_credentials`](Self::set_credentials) or [`retry_now`](Self::retry_now). A password that
    /// nobody has judged, because its answers were lost, it sends, where other calls have given up after three times.
    /// [`Error::Identity`] if the identity has no certificate and the client no other credentials, or if no external JWT
    /// is supplied where one is needed.
    pub fn authenticate(&self) -> Result<Login, Error> {
        let call = self.call();
        call.take_turn();
        self.on_generation(&call, |generation| {
            let session = generation.with_second(&call, generation.session(&call, Wanted::Fresh)?)?;
            Ok(Login::from(session.api_session.clone()))
        })
    }

    /// Has this client and its clones log in with other credentials from now on, the next time that a call needs a
    /// login: the one there is is used no more, and left to expire. Calls in flight end as they began. No I/O.
    ///
    /// # Errors
    /// [`Error::Timeout`] if the identity is being renewed on another thread for as long as a call may take;
    /// [`Error::InvalidArgument`] from inside of a callback of a renewal.
    pub fn set_credentials(&self, credentials: Credentials) -> Result<(), Error> {
        let call = self.call();
        self.change_ways(&call, |ways| ways.with(credentials), |_, _| {})?;
        self.generation().tell_of_end(&call);
        Ok(())
    }

    /// Has this client and its clones take the external JWT of a second factor from elsewhere from now on. The login
    /// stays; one whose JWT was refused gets another one with the next call that needs it. No I/O.
    ///
    /// # Errors
    /// As for [`set_credentials`](Self::set_credentials).
    pub fn set_second_factor_jwt(&self, source: &JwtSource) -> Result<(), Error> {
        let keep_login = |newer: &mut Generation, current: &Generation| {
            newer.flight = Arc::clone(&current.flight);
            newer.retry_second();
        };
        self.change_ways(&self.call(), |ways| ways.with_second(source.clone()), keep_login)
    }

    /// Puts a generation that logs in otherwise in the place of the one there is.
    fn change_ways(
        &self,
        call: &Call,
        change: impl FnOnce(&Ways) -> Ways,
        prepare: impl FnOnce(&mut Generation, &Generation),
    ) -> Result<(), Error> {
        self.require_outside()?;
        let _turn = self.shared.upkeep.turn.take(call)?;
        let current = self.generation();
        let ways = Arc::new(change(&current.ways));
        let mut newer = self.settings().generation_after(&current, current.identity.clone(), ways)?;
        prepare(&mut newer, &current);
        self.put(Arc::new(newer));
        Ok(())
    }

    /// Takes no earlier refusal of the credentials, or of an external JWT, for an answer any more: the next call that
    /// needs a login asks the controller again. It also tries controllers that have failed, or asked to be left alone,
    /// without waiting for its turn. No I/O.
    pub fn retry_now(&self) {
        let generation = self.generation();
        generation.retry_now();
        generation.controllers.forgive();
        self.settings().pacer.all_clear();
    }

    /// Ends the session, if there is one. A later call that needs a login makes a new one. Calls under way on other threads
    /// end as they began: what they log in for is theirs alone, and is ended with them.
    ///
    /// `DELETE /current-api-session` (deleteCurrentApiSession)
    ///
    /// Of a login over OIDC the tokens are forgotten and the refresh token is revoked, as far as the controller can; an
    /// access token that a refresh has brought may be good for somebody who has seen it until its time is over.
    ///
    /// # Errors
    /// Any of a call. The session is used no more all the same, but the controller may keep it until its time is over.
    pub fn logout(&self) -> Result<(), Error> {
        self.require_outside()?;
        let (call, generation) = (self.call(), self.generation());
        let Some(session) = generation.give_up(&call) else { return Ok(()) };
        let request = Request::new(Method::Delete, "/current-api-session").on_management();
        self.noting(generation.end(&call, &session, self.addressed(&request)?.into_owned()))
    }

    /// Ends the login of this client and, as far as the controllers do, all others of its identity, made over OIDC by
    /// this or any other program. Logs in first if there is no login.
    ///
    /// Controllers of 2.0 end all access tokens of the identity that were made until then, and no refresh token but this
    /// client's: other clients go on with a refresh. Those before 2.0 end this client's refresh token only. A second time
    /// for an identity controllers do nothing, which is [`LoggedOut::Before`]. `POST /oidc/end_session`
    ///
    /// # Errors
    /// [`Error::Unsupported`] if the login is a session that one controller keeps ([`LoginFlow`]): ending it ends no
    /// other. Any of a call; the tokens are used no more all the same.
    ///
    /// [`LoginFlow`]: crate::LoginFlow
    pub fn logout_everywhere(&self) -> Result<LoggedOut, Error> {
        let call = self.call();
        self.on_generation(&call, |generation| generation.log_out_everywhere(&call))
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
        self.call_within(self.timeout)
    }

    /// The same outcome; an error is remembered for [`status`](Self::status).
    pub(crate) fn noting<T>(&self, outcome: Result<T, Error>) -> Result<T, Error> {
        outcome.inspect_err(|error| self.settings().counted.call_failed(error))
    }

    /// The same with a tighter limit.
    fn call_within(&self, limit: Duration) -> Call {
        let call = Call::counted_in(limit.min(self.timeout), &self.cancels, Arc::clone(&self.shared.traffic));
        call.in_era(self.settings().era.now())
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
        self.fetch_in(&self.call(), request)
    }

    /// The same as a part of `call`.
    pub(crate) fn fetch_in<T: Field>(&self, call: &Call, request: &Request) -> Result<T, Error> {
        let mut body = Vec::new();
        self.send(call, request, &mut body)?;
        self.noting(envelope::data_once(&request.operation(), &mut body))
    }

    /// Sends a request that is about the login, as a call of its own.
    pub(crate) fn about_login(&self, send: SendForLogin, request: &Request) -> Result<ApiSession, Error> {
        let (call, request) = (self.call(), self.addressed(request)?);
        self.on_generation(&call, |generation| send(generation, &call, &request))
    }

    /// Gives a code to the login, as a call of its own: by `request`, unless it is one over OIDC that waits.
    pub(crate) fn give_code(&self, what: CodeFor, code: &Secret, request: &Request) -> Result<ApiSession, Error> {
        let (call, request) = (self.call(), self.addressed(request)?);
        self.on_generation(&call, |generation| match generation.give_code(&call, what, code)? {
            Some(session) => Ok(session),
            None => generation.give_factor(&call, &request),
        })
    }

    /// Asks the login over OIDC that waits, if there is one, as a part of `call`.
    pub(crate) fn of_waiting_login<T>(
        &self,
        call: &Call,
        ask: fn(&Generation, &Call) -> Result<Option<T>, Error>,
    ) -> Result<Option<T>, Error> {
        // What is about a login is of the client API alone.
        if self.api == Api::Management {
            return Ok(None);
        }
        self.on_generation(call, |generation| ask(generation, call))
    }

    /// Sends a request as a call of its own; a success says all there is to say.
    pub(crate) fn run(&self, request: &Request) -> Result<(), Error> {
        self.run_in(&self.call(), request)
    }

    /// The same as a part of `call`.
    pub(crate) fn run_in(&self, call: &Call, request: &Request) -> Result<(), Error> {
        self.send(call, request, &mut Vec::new()).map(drop)
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
    /// The generation that takes the place of `old`. What is known of their controllers is as good for both.
    fn generation_after(&self, old: &Generation, identity: Identity, ways: Arc<Ways>) -> Result<Generation, Error> {
        let newer = self.generation(identity, ways)?;
        let is_same = newer.identity.leaf() == old.identity.leaf();
        let earlier = old.earlier.as_ref().filter(|_| is_same);
        let earlier = earlier.map(|earlier| self.earlier(earlier, &newer)).transpose()?;
        let controllers = newer.controllers.knowing(&old.controllers);
        Ok(Generation { controllers, earlier, clock: Arc::clone(&old.clock), ..newer })
    }

    /// The earlier certificate with the CA of `newer`.
    fn earlier(&self, earlier: &Earlier, newer: &Generation) -> Result<Earlier, Error> {
        let identity = newer.identity.ca().map(|ca| earlier.identity.with_ca(ca)).transpose()?;
        let identity = identity.unwrap_or_else(|| earlier.identity.clone());
        Ok(Earlier { connections: Arc::new(self.connections(&identity, &newer.ways)?), identity })
    }

    fn connections(&self, identity: &Identity, ways: &Ways) -> Result<Connections, Error> {
        let auth = identity.client_auth().filter(|_| ways.show_certificate());
        Connections::new(ConnectionOptions {
            verifier: verifier::controller(identity.ca(), self.trust_system_roots)?,
            client_auth: auth.map(|auth| Arc::new(move |until| auth.certified(until)) as _),
            connect_timeout: self.connect_timeout,
            proxy: self.proxy.clone(),
            gzip: self.gzip,
        })
    }

    fn generation(&self, identity: Identity, ways: Arc<Ways>) -> Result<Generation, Error> {
        let connections = Arc::new(self.connections(&identity, &ways)?);
        let (pacer, time) = (Arc::clone(&self.pacer), self.watch.clock.clone());
        let controllers = Controllers::new(identity.controller_urls(), &pacer.jitter);
        let (store, about) = (self.store.clone(), Arc::clone(&self.about));
        let (flight, clock) = (Arc::new(Flight::new(time.clone(), self.era.clone())), Arc::default());
        let counted = Arc::clone(&self.counted);
        let on_session_change = self.on_session_change.clone();
        Ok(Generation {
            identity,
            store,
            connections,
            earlier: None,
            controllers,
            flight,
            about,
            ways,
            clock,
            time,
            counted,
            pacer,
            on_session_change,
        })
    }
}
