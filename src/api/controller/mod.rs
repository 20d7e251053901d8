//! What the controller says of itself, for which no login is needed; and the controllers of its network.
//!
//! | operation | Rust | C |
//! |---|---|---|
//! | `GET /version` | [`Controller::version`] | `zec_controller_version` |

pub(crate) mod controllers;
#[cfg(feature = "capi")]
pub(crate) mod ffi;
mod model;

pub use controllers::{ApiAddress, ControllerNode, Controllers};
#[cfg(test)]
pub(super) mod recorded;

pub use model::{ApiVersion, Version};

use crate::client::Client;
use crate::error::Error;
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

    /// Which software the controller runs, which APIs it serves and where, and what it can do.
    ///
    /// `GET /version` (listVersion)
    ///
    /// # Errors
    /// [`Error::Decode`] if what answers is no controller; [`Error::Tls`] if it is not one of this network.
    pub fn version(&self) -> Result<Version, Error> {
        self.client.fetch(&Request::get("/version").without_login().at_root().on_management())
    }
}

/// The API documents of a controller.
#[derive(Debug, Clone, Copy)]
pub struct Specs<'a> {
    client: &'a Client,
}

impl<'a> Specs<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }
}
