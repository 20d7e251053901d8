//! What the controller says of itself, for which no login is needed; and the controllers of its network.
//!
//! | operation | Rust | C |
//! |---|---|---|
//! | `GET /` | [`Controller::root`] | `zec_controller_root` |
//! | `GET /version` | [`Controller::version`] | `zec_controller_version` |
//! | `GET /enumerated-capabilities` | [`Controller::capabilities`] | `zec_controller_capabilities` |
//! | `GET /protocols` | [`Controller::protocols`] | `zec_controller_protocols` |
//! | `GET /.well-known/est/cacerts` | [`Controller::ca_certificates`] | `zec_controller_ca_certificates` |

pub(crate) mod controllers;
#[cfg(feature = "capi")]
pub(crate) mod ffi;
mod model;
#[cfg(test)]
pub(super) mod recorded;
pub(crate) mod specs;
#[cfg(test)]
mod tests;

pub use controllers::{ApiAddress, ControllerNode, Controllers};
pub use model::{ApiVersion, CaCertificates, Protocol, Version};
pub use specs::{Spec, SpecBody, Specs};

use std::collections::BTreeMap;

use crate::client::Client;
use crate::error::Error;
use crate::trust::CaBundle;
use crate::wire::Request;

/// The controller that a client talks to.
#[derive(Debug, Clone, Copy)]
pub struct Controller<'a> {
    client: &'a Client,
}

impl<'a> Controller<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// The same as [`version`](Controller::version), from the first page of the API.
    ///
    /// `GET /` (listRoot), below the base path: what lies at the root of the host may be something else.
    ///
    /// # Errors
    /// As for [`version`](Controller::version).
    pub fn root(&self) -> Result<Version, Error> {
        self.client.fetch(&Request::get("/").without_login())
    }

    /// Which software the controller runs, which APIs it serves and where, and what it can do.
    ///
    /// `GET /version` (listVersion)
    ///
    /// # Errors
    /// [`Error::Decode`] if what answers is no controller; [`Error::Tls`] if it is not one of this network.
    pub fn version(&self) -> Result<Version, Error> {
        self.client.fetch(&Request::get("/version").without_login().at_root().on_management())
    }

    /// All capabilities that the software of the controller knows, such as `OIDC_AUTH`; unknown words may come.
    ///
    /// `GET /enumerated-capabilities` (listEnumeratedCapabilities). Which of them this controller has, is said by
    /// [`Version::capabilities`].
    ///
    /// # Errors
    /// Any of a call.
    pub fn capabilities(&self) -> Result<Vec<String>, Error> {
        self.client.fetch(&Request::get("/enumerated-capabilities").without_login())
    }

    /// Where the controller can be reached, by protocol such as `https`.
    ///
    /// `GET /protocols` (listProtocols)
    ///
    /// # Errors
    /// Any of a call.
    pub fn protocols(&self) -> Result<BTreeMap<String, Protocol>, Error> {
        self.client.fetch(&Request::get("/protocols").without_login())
    }

    /// The CA certificates of the network as the controller has them now. The client goes on trusting what its
    /// identity names.
    ///
    /// `GET /.well-known/est/cacerts` (listWellKnownCas)
    ///
    /// # Errors
    /// [`Error::Decode`] if there is no certificate in the answer that can be used.
    pub fn ca_certificates(&self) -> Result<CaCertificates, Error> {
        let request = CaBundle::request();
        let (_, body) = self.client.exchange(&request)?;
        CaCertificates::read(&request.operation(), &body)
    }
}
