//! The identity that is logged in, as the controller knows it.
//!
//! | operation | Rust | C |
//! |---|---|---|
//! | `GET /current-identity` | [`CurrentIdentity::get`] | `zec_current_identity_get` |
//! | `GET /current-identity/edge-routers` | [`IdentityEdgeRouters::list`], [`IdentityEdgeRouters::page`], [`IdentityEdgeRouters::iter`] | `zec_current_identity_edge_routers`, `zec_current_identity_edge_routers_page`, `zec_current_identity_edge_routers_for_each` |

pub(crate) mod edge_routers;
#[cfg(feature = "capi")]
pub(crate) mod ffi;
mod model;
pub(crate) mod parts;
#[cfg(test)]
pub(super) mod recorded;

pub use edge_routers::IdentityEdgeRouters;
pub use model::IdentityDetail;
pub use parts::{
    CertLogin, EnvInfo, IdentityAuthenticators, IdentityEnrollments, NetworkInterface, OpenEnrollment, PasswordLogin,
    SdkInfo,
};

use crate::client::Client;
use crate::error::Error;
use crate::wire::Request;

/// The identity that a client is logged in as.
#[derive(Debug, Clone, Copy)]
pub struct CurrentIdentity<'a> {
    client: &'a Client,
}

impl<'a> CurrentIdentity<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// What the controller knows of the identity.
    ///
    /// `GET /current-identity` (getCurrentIdentity)
    ///
    /// # Errors
    /// [`Error::LoginPending`] if the login still wants a factor.
    pub fn get(&self) -> Result<IdentityDetail, Error> {
        self.client.fetch(&Request::get("/current-identity"))
    }

    /// The edge routers that the identity may use.
    pub fn edge_routers(&self) -> IdentityEdgeRouters<'a> {
        IdentityEdgeRouters::new(self.client)
    }
}
