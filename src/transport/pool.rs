//! The connections that are kept open between requests.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::ClientConfig;
use rustls::client::danger::ServerCertVerifier;
use ureq::Agent;
use ureq::unversioned::transport::Connector;

use super::ConnectionOptions;
use super::connect::{NoLookUp, TcpConnector};
use super::resolve::Resolver;
use super::tcp::{INPUT_BUFFER, OUTPUT_BUFFER};
use super::tls::{self, TlsConnector};
use crate::error::Error;

/// Controllers close a connection that was idle for 4.7 s.
const MAX_IDLE: Duration = Duration::from_secs(4);
/// One for each of many threads; what is idle too long goes at the next use.
const MAX_IDLE_CONNECTIONS: usize = 64;
/// Less than the input buffer, in which all headers have to fit.
pub(super) const MAX_HEADERS: usize = 31 * 1024;

/// ureq's agent with our connectors, made anew in a forked child.
pub(super) struct Pool {
    options: ConnectionOptions,
    resolver: Resolver,
    current: Mutex<OfProcess>,
}

struct OfProcess {
    process: u32,
    agent: Agent,
}

impl Pool {
    pub(super) fn new(options: ConnectionOptions, resolver: Resolver) -> Result<Self, Error> {
        let agent = agent(&options, resolver.clone(), tls::config(&options)?);
        let current = OfProcess { process: std::process::id(), agent };
        Ok(Self { options, resolver, current: Mutex::new(current) })
    }

    /// What opens its connections.
    pub(super) fn connector(&self) -> TcpConnector {
        connector(&self.options, self.resolver.clone())
    }

    /// Who judges the certificates that its connections are shown.
    pub(super) fn verifier(&self) -> &dyn ServerCertVerifier {
        &*self.options.verifier
    }

    /// The agent of this process. A child must not use its parent's connections, whose TLS state both would change,
    /// nor its tickets: it closes its copies, without a word to the controller, and begins with an empty pool.
    pub(super) fn agent(&self, process: u32) -> Result<Agent, Error> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.process != process {
            let agent = agent(&self.options, self.resolver.clone(), tls::config(&self.options)?);
            *current = OfProcess { process, agent };
        }
        Ok(current.agent.clone())
    }
}

/// What opens connections with these options.
fn connector(options: &ConnectionOptions, resolver: Resolver) -> TcpConnector {
    TcpConnector { resolver, timeout: options.connect_timeout, proxy: options.proxy.clone() }
}

/// No time-out is set here: our connections keep the deadline of each call themselves.
fn agent(options: &ConnectionOptions, resolver: Resolver, tls: ClientConfig) -> Agent {
    let config = Agent::config_builder()
        .https_only(true)
        .http_status_as_error(false)
        .max_redirects(0)
        // Ours, which keeps the deadline of each call, is not known to ureq.
        .proxy(None)
        .user_agent(concat!("ziti-edge-client/", env!("CARGO_PKG_VERSION")))
        .max_response_header_size(MAX_HEADERS)
        .input_buffer_size(INPUT_BUFFER)
        .output_buffer_size(OUTPUT_BUFFER)
        .max_idle_connections(MAX_IDLE_CONNECTIONS)
        .max_idle_connections_per_host(MAX_IDLE_CONNECTIONS)
        .max_idle_age(MAX_IDLE)
        .build();
    let connector = connector(options, resolver).chain(TlsConnector { config: Arc::new(tls) });
    Agent::with_parts(config, connector, NoLookUp)
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pool")
    }
}
