//! An identity provider for tests: OpenID Connect with codes, PKCE, devices and refresh tokens, over real TLS, and
//! faults on command.
//!
//! It never shows a page: [`TestProvider::browse`] is the browser of a user who agrees to everything.

mod answer;
mod device;
mod grant;
mod server;
mod settings;
mod tokens;

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use rcgen::KeyPair;
use serde_json::Value;
use time::OffsetDateTime;

use crate::external::{ExternalSigner, SignerKey};
use crate::http;
use crate::pki::{Pki, ServerKey};
use crate::tls;
use server::Server;
use settings::State;
pub use settings::{ProviderEndpoint, ProviderFault, ProviderPart, ProviderSeen};

/// The client that the provider knows.
const CLIENT_ID: &str = "ziti-client";
/// Whom its access tokens are for.
const AUDIENCE: &str = "openziti";

/// A running identity provider. Dropping it ends all its threads and frees its port.
pub struct TestProvider {
    shared: Arc<Shared>,
    _server: Server,
}

/// What all threads of a provider share.
struct Shared {
    issuer: String,
    ca_pem: String,
    /// What signs its tokens.
    key: Arc<KeyPair>,
    state: Mutex<State>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no holder panics")
    }
}

impl std::fmt::Debug for TestProvider {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("TestProvider").field("issuer", &self.shared.issuer).finish_non_exhaustive()
    }
}

impl TestProvider {
    /// Starts a provider with one user, "alice@example.test", who agrees to everything.
    ///
    /// # Errors
    ///
    /// No port of `127.0.0.1` can be listened on.
    pub fn start() -> io::Result<Self> {
        Self::start_with(false)
    }

    /// The same with ChaCha20 as its only cipher, for programs that run under valgrind: with AES it looks to that as if
    /// values were read that were never set.
    ///
    /// # Errors
    ///
    /// As for [`start`](Self::start).
    pub fn start_with_only_chacha20() -> io::Result<Self> {
        Self::start_with(true)
    }

    fn start_with(only_chacha20: bool) -> io::Result<Self> {
        let pki = Pki::new(ServerKey::P256, "localhost", OffsetDateTime::now_utc()).map_err(io::Error::other)?;
        let listener = Server::listen()?;
        let shared = Arc::new(Shared {
            issuer: format!("https://localhost:{}", listener.local_addr()?.port()),
            ca_pem: pki.bundle_pem(),
            key: Arc::new(KeyPair::generate().map_err(io::Error::other)?),
            state: Mutex::new(State::new("alice@example.test")),
        });
        let server = Server::start(Arc::clone(&shared), tls::server_config(&pki, only_chacha20)?, listener)?;
        Ok(Self { shared, _server: server })
    }

    /// What it calls itself.
    pub fn issuer(&self) -> &str {
        &self.shared.issuer
    }

    /// The client that it knows.
    pub fn client_id(&self) -> &'static str {
        CLIENT_ID
    }

    /// The certificates that vouch for it, in PEM.
    pub fn ca_pem(&self) -> &str {
        &self.shared.ca_pem
    }

    /// The provider as a controller knows it, which looks for its user by external id.
    pub fn signer(&self, name: &str) -> ExternalSigner {
        ExternalSigner {
            issuer: self.shared.issuer.clone(),
            audience: AUDIENCE.to_owned(),
            client_id: Some(CLIENT_ID.to_owned()),
            auth_url: Some(self.shared.issuer.clone()),
            scopes: vec!["openid".to_owned(), "offline_access".to_owned()],
            key: Some(SignerKey::new(Arc::clone(&self.shared.key))),
            ..ExternalSigner::named(name)
        }
    }

    /// Who logs in from now on.
    pub fn set_user(&self, subject: &str) {
        self.shared.state().user = subject.to_owned();
    }

    /// How long tokens are good that are issued from now on.
    pub fn set_token_life(&self, life: Duration) {
        self.shared.state().token_life = life;
    }

    /// Sets its clock forward.
    pub fn advance(&self, by: Duration) {
        self.shared.state().ahead += by;
    }

    /// Whether its answers say what time it is. They do at first.
    pub fn tell_time(&self, tells: bool) {
        self.shared.state().tells_time = tells;
    }

    /// Opens the address of a login as the browser of a user who agrees; the result is where the browser is sent.
    pub fn browse(&self, login_url: &str) -> Option<String> {
        let query = login_url.split_once('?').map(|(_, query)| query)?;
        let parameters: Vec<_> = http::pairs(query).collect();
        grant::authorize(&self.shared, &parameters).ok()
    }

    /// The user has entered the code of a device, and agrees or does not.
    pub fn enter_user_code(&self, user_code: &str, agrees: bool) -> bool {
        self.shared.state().devices.enter(user_code, agrees)
    }

    /// Adds members to a part of what it says from now on, in place of those it would have; `null` takes one out.
    pub fn change(&self, part: ProviderPart, members: Value) {
        self.shared.state().changes.insert(part, members);
    }

    /// Plays a fault for each request to an endpoint until [`heal`](Self::heal).
    pub fn fault(&self, endpoint: ProviderEndpoint, fault: ProviderFault) {
        self.shared.state().faults.insert(endpoint, fault);
    }

    /// Ends all faults and changes.
    pub fn heal(&self) {
        let mut state = self.shared.state();
        state.faults.clear();
        state.changes.clear();
    }

    /// Forgets all refresh tokens, as after a logout.
    pub fn revoke(&self) {
        self.shared.state().refresh_tokens.clear();
    }

    /// What it was asked so far.
    pub fn seen(&self) -> Vec<ProviderSeen> {
        self.shared.state().seen.clone()
    }

    /// How often an endpoint was asked.
    pub fn count(&self, endpoint: ProviderEndpoint) -> usize {
        self.shared.state().seen.iter().filter(|seen| seen.endpoint == endpoint).count()
    }
}
