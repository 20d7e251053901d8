//! The tokens by which anybody may join a network, for which no login is needed.
//!
//! | operation | Rust | C |
//! |---|---|---|
//! | `GET /network-jwts` | [`NetworkJwts::list`] | `zec_network_jwts_list` |

#[cfg(feature = "capi")]
pub(crate) mod ffi;
mod model;

pub use model::NetworkJwt;

use crate::client::Client;
use crate::error::Error;
use crate::wire::Request;

/// The tokens by which anybody may join a network.
#[derive(Debug, Clone, Copy)]
pub struct NetworkJwts<'a> {
    client: &'a Client,
}

impl<'a> NetworkJwts<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// The tokens by which anybody may join the network: all of them, as there are no pages.
    ///
    /// `GET /network-jwts` (listNetworkJWTs)
    ///
    /// # Errors
    /// [`Error::Unsupported`] or [`Error::Api`] with status 404 from controllers before 1.3, which do not have it.
    pub fn list(&self) -> Result<Vec<NetworkJwt>, Error> {
        self.client.fetch(&Request::get("/network-jwts").without_login())
    }
}
