//! Logins by OpenID Connect.

use super::generation::Generation;
use super::live::NewSession;
use crate::error::Error;
use crate::secret::Secret;
use crate::transport::Call;

/// What a login by OpenID Connect brings.
#[derive(Clone)]
pub(crate) struct OidcTokens {
    pub(super) access: Secret,
}

impl Generation {
    pub(super) fn by_oidc(&self, _: &Call) -> Result<NewSession, Error> {
        let message = "logins by OpenID Connect are not supported; use LoginFlow::Legacy";
        Err(Error::Unsupported(message.to_owned()))
    }
}
