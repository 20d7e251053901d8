//! Settings of a controller that is about to start.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;

use crate::controller::TestController;
use crate::external::ExternalSigner;
use crate::listed_controllers::ListedController;
use crate::listener::{Acceptor, Port};
use crate::manners::Version;
use crate::network::Network;
use crate::oidc::Lifetimes;
use crate::pki::{Pki, ServerKey, YEAR};
use crate::recorded;
use crate::shared::{Settings, Shared};
use crate::tls;

/// Settings of a [`TestController`]; the defaults work.
#[derive(Debug, Clone)]
pub struct Builder {
    version: Version,
    services: usize,
    recorded: Option<(PathBuf, usize)>,
    session_timeout: Duration,
    certificate_lifetime: Duration,
    oidc: bool,
    lifetimes: Lifetimes,
    address: String,
    advertise_host: String,
    gzip: bool,
    server_key: ServerKey,
    network: Option<Network>,
    new_authority: bool,
    only_chacha20: bool,
    narrow: bool,
    signers: Vec<ExternalSigner>,
    controllers: Option<Vec<ListedController>>,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            version: Version::default(),
            services: 0,
            recorded: None,
            session_timeout: Duration::from_secs(30 * 60),
            certificate_lifetime: YEAR,
            oidc: true,
            lifetimes: Lifetimes::default(),
            address: "127.0.0.1:0".to_owned(),
            advertise_host: "127.0.0.1".to_owned(),
            gzip: true,
            server_key: ServerKey::default(),
            network: None,
            new_authority: false,
            only_chacha20: false,
            narrow: false,
            signers: Vec::new(),
            controllers: None,
        }
    }
}

impl Builder {
    /// The controller to behave like; 2.0 by default.
    pub fn version(self, version: Version) -> Self {
        Self { version, ..self }
    }

    /// Starts with so many generated services; none by default.
    pub fn services(self, services: usize) -> Self {
        Self { services, ..self }
    }

    /// Starts with `services` made out of a recorded page, each with an id and a name of its own.
    pub fn recorded_services(self, page: impl Into<PathBuf>, services: usize) -> Self {
        Self { recorded: Some((page.into(), services)), ..self }
    }

    /// How long a session lasts; 30 minutes by default.
    pub fn session_timeout(self, session_timeout: Duration) -> Self {
        Self { session_timeout, ..self }
    }

    /// How long the certificates of identities are valid; a year by default.
    pub fn certificate_lifetime(self, certificate_lifetime: Duration) -> Self {
        Self { certificate_lifetime, ..self }
    }

    /// Whether there is OpenID Connect, which there is by default; without it `/version` does not announce it either.
    pub fn oidc(self, oidc: bool) -> Self {
        Self { oidc, ..self }
    }

    /// How long an access token of OpenID Connect is good; 30 minutes by default.
    pub fn access_token_lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetimes.access = lifetime;
        self
    }

    /// How long a refresh token of OpenID Connect is good; 24 hours by default.
    pub fn refresh_token_lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetimes.refresh = lifetime;
        self
    }

    /// How long tokens stay good after a refresh has replaced them; 30 seconds by default. 1.3 takes a refresh token
    /// once, whatever is set here.
    pub fn revocation_delay(mut self, delay: Duration) -> Self {
        self.lifetimes.revocation_delay = delay;
        self
    }

    /// Where to listen; a free port of `127.0.0.1` by default.
    pub fn address(self, address: impl Into<String>) -> Self {
        Self { address: address.into(), ..self }
    }

    /// The host by which the controller calls itself, in URLs, enrollment tokens and its certificate; `127.0.0.1` by
    /// default.
    pub fn advertise_host(self, host: impl Into<String>) -> Self {
        Self { advertise_host: host.into(), ..self }
    }

    /// Whether answers are gzipped for clients that ask for it; they are by default.
    pub fn gzip(self, gzip: bool) -> Self {
        Self { gzip, ..self }
    }

    /// The kind of the server's key; P-256 by default.
    pub fn server_key(self, server_key: ServerKey) -> Self {
        Self { server_key, ..self }
    }

    /// One more controller of the same network: it has the certificates of `other`, and knows the identities that
    /// `other` knows now. Tokens of OpenID Connect are good at both, and so are their refresh and their end; legacy
    /// sessions are each controller's own, as are services and later identities.
    pub fn same_network_as(self, other: &TestController) -> Self {
        Self { network: Some(other.network()), ..self }
    }

    /// With [`same_network_as`](Self::same_network_as): certificates of its own, from a new CA, as after the network
    /// changed its CA. The identities are the same, and their certificates are known.
    pub fn new_authority(self, new_authority: bool) -> Self {
        Self { new_authority, ..self }
    }

    /// Whether ChaCha20 is the only cipher; by default AES is taken too. Under valgrind AES looks like reading values
    /// that were never set.
    pub fn only_chacha20(self, only_chacha20: bool) -> Self {
        Self { only_chacha20, ..self }
    }

    /// Whether its sockets hold little of what it has not read yet: a client that sends a megabyte which nobody reads
    /// then waits, where it would else need five.
    pub fn narrow(self, narrow: bool) -> Self {
        Self { narrow, ..self }
    }

    /// One more external JWT signer; none by default.
    pub fn external_signer(mut self, signer: ExternalSigner) -> Self {
        self.signers.push(signer);
        self
    }

    /// What `GET /controllers` lists; by default 2.0 lists itself and the others nothing.
    pub fn controllers(self, controllers: impl IntoIterator<Item = ListedController>) -> Self {
        Self { controllers: Some(controllers.into_iter().collect()), ..self }
    }

    /// Starts the controller.
    ///
    /// # Errors
    ///
    /// The address cannot be listened on, or the recorded page cannot be read.
    pub fn start(self) -> io::Result<TestController> {
        let port = Port::new(self.socket_address()?, self.narrow)?;
        let now = OffsetDateTime::now_utc();
        let pki = || Pki::new(self.server_key, &self.advertise_host, now).map_err(io::Error::other);
        let network = match self.network {
            Some(network) if self.new_authority => Network { pki: Arc::new(pki()?), ..network },
            Some(network) => network,
            None => Network::new(pki()?),
        };
        let pki = network.pki.clone();
        let tls = tls::server_config(&pki, self.only_chacha20)?;
        let settings = Settings {
            version: self.version,
            gzip: self.gzip,
            session_timeout: self.session_timeout,
            certificate_lifetime: self.certificate_lifetime,
            oidc: self.oidc.then_some(self.lifetimes),
            authority: format!("{}:{}", self.advertise_host, port.address().port()),
        };
        let shared = Arc::new(Shared::new(settings, pki, tls));
        shared.state().join(network);
        if let Some((page, services)) = &self.recorded {
            let mut state = shared.state();
            for spec in recorded::services(page, *services)? {
                state.catalog.add(spec, now);
            }
        }
        let address = port.address();
        let acceptor = Acceptor::start(shared.clone(), port)?;
        let controller = TestController::new(shared, acceptor, address);
        controller.add_services(self.services);
        for signer in self.signers {
            controller.add_external_signer(signer);
        }
        if let Some(controllers) = self.controllers {
            controller.set_controllers(controllers);
        }
        Ok(controller)
    }

    fn socket_address(&self) -> io::Result<SocketAddr> {
        let mut addresses = self.address.to_socket_addrs()?;
        addresses.next().ok_or_else(|| io::Error::other(format!("{}: no such address", self.address)))
    }
}
