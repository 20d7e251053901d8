//! How bytes move: one call, one deadline, one answer. Nobody else names ureq.
//!
//! ureq speaks HTTP and keeps the pool; the connectors it calls are ours. It has no time-out of its own: every place
//! that can block asks the [`Call`] of its thread how long it may, and which cancel tokens can end it.

mod black_out;
mod call;
mod call_state;
mod cancel;
mod connect;
mod exchange;
mod platform;
mod pool;
mod probe;
mod proxy;
mod reach;
mod resolve;
mod tcp;
mod tls;
mod traffic;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::sign::CertifiedKey;

pub(crate) use call::Call;
pub use cancel::CancelToken;
pub(crate) use platform::since_boot;
pub(crate) use probe::{Probe, Shown};
pub use proxy::Proxy;
pub(crate) use reach::Reach;
pub(crate) use traffic::Traffic;

use crate::error::Error;
use crate::secret::Secret;
use crate::trust::verifier::Verifier;
use crate::wire::ControllerUrl;
use pool::Pool;
use resolve::Resolver;

/// Key and chain to show, for a handshake that ends at the given moment.
pub(crate) type ClientAuth = Arc<dyn Fn(Instant) -> Arc<CertifiedKey> + Send + Sync>;

/// What a set of connections is made of. Never shared between identities.
pub(crate) struct ConnectionOptions {
    pub(crate) verifier: Verifier,
    pub(crate) client_auth: Option<ClientAuth>,
    /// From the look-up of the name to the end of the TLS handshake.
    pub(crate) connect_timeout: Duration,
    pub(crate) proxy: Option<Proxy>,
    pub(crate) gzip: bool,
}

/// A pool of connections that present one certificate (or none) and trust one set of roots.
#[derive(Debug)]
pub(crate) struct Connections {
    pool: Pool,
    gzip: bool,
}

/// The header that carries a login.
#[derive(Clone)]
pub(crate) struct Credential {
    /// `zt-session` or `authorization`.
    pub(crate) header: &'static str,
    pub(crate) value: Secret,
}

/// Where one attempt goes and how long it may stay without an answer.
pub(crate) struct Attempt<'a> {
    pub(crate) controller: &'a ControllerUrl,
    pub(crate) base_path: &'a str,
    /// In the order in which they are sent.
    pub(crate) credentials: &'a [Credential],
    /// The first byte of an answer must have come by then; `None` leaves only the deadline of the call.
    pub(crate) first_byte_by: Option<Instant>,
}

/// An attempt that brought no complete answer.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) error: Error,
    /// True once a byte of the request may have reached the controller.
    pub(crate) sent: bool,
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        failure.error
    }
}

impl Connections {
    /// An empty pool. No I/O.
    pub(crate) fn new(options: ConnectionOptions) -> Result<Self, Error> {
        Self::with_resolver(options, Resolver::shared())
    }

    fn with_resolver(options: ConnectionOptions, resolver: Resolver) -> Result<Self, Error> {
        let gzip = options.gzip;
        Ok(Self { pool: Pool::new(options, resolver)?, gzip })
    }
}
