//! What the controller says of itself. None of it needs a login.
//!
//! | operation | Rust | C |
//! |---|---|---|
//! | `GET /version` | [`Controller::version`] | `zec_controller_version` |

#[cfg(feature = "capi")]
pub(crate) mod ffi;
mod model;

pub use model::{ApiVersion, Version};

use crate::client::Client;
use crate::error::Error;
use crate::wire::{Request, envelope};

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
        let request = Request::get("/version").without_login().at_root();
        let mut body = Vec::new();
        self.client.send(&self.client.call(), &request, &mut body)?;
        envelope::data(&request.operation(), &body)
    }
}
