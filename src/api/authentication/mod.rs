//! Logging in and out.
//!
//! | operation | Rust | C |
//! |---|---|---|
//! | `POST /authenticate` | [`Client::authenticate`](crate::Client::authenticate) | `zec_client_authenticate` |
//! | `POST /authenticate/mfa` | [`Client::authenticate_mfa`](crate::Client::authenticate_mfa) | `zec_client_authenticate_mfa` |
//! | `DELETE /current-api-session` | [`Client::logout`](crate::Client::logout) | `zec_client_logout` |
//!
//! A login belongs to the client and not to a resource: any call logs in by itself where it has to, and again when
//! the session has ended. `authenticate` is for those who want to know at once whether the credentials are good,
//! and which factors are still wanted: a [`Login::Pending`] names them, and `authenticate_mfa` gives the login a code.

pub(crate) mod external_jwt_signers;
#[cfg(feature = "capi")]
pub(crate) mod ffi;
#[cfg(test)]
pub(super) mod recorded;

pub use crate::login::{ApiSession, AuthQuery, Login};
pub use external_jwt_signers::{ExternalJwtSigner, ExternalJwtSigners};

use crate::client::Client;
use crate::error::Error;
use crate::login::{CodeFor, with_code};
use crate::secret::Secret;
use crate::wire::Request;

impl Client {
    /// Gives the login the TOTP or recovery code that it waits for, and returns it as it is then; later calls use it.
    ///
    /// Logs in first if there is no login. `POST /authenticate/mfa` (authenticateMfa)
    ///
    /// A code is never sent again once a controller may have looked at it, as a recovery code works once. If the answer
    /// is lost, the next call shows whether the code was taken. A session that has expired is replaced before the code
    /// is looked at, so then it is sent with the new one. A login that is complete already takes a code, too, which
    /// makes its second factor a fresh one for posture checks.
    ///
    /// A login over OIDC takes it by `POST /oidc/login/totp`, within ten minutes of its beginning and at the controller
    /// where it began. After that a new login is begun, and if it has its tokens only then the session has begun, too.
    ///
    /// # Errors
    /// [`Error::Api`] with the code `MFA_INVALID_TOKEN`, or `INVALID TOTP CODE` over OIDC, for a code that is wrong, and
    /// `MFA_NOT_ENROLLED` where the identity has not set up a second factor: see [`mfa`](Client::mfa). The login is then
    /// as it was.
    pub fn authenticate_mfa(&self, code: &Secret) -> Result<Login, Error> {
        let request = with_code(Request::post("/authenticate/mfa").with_partial_login(), code);
        self.on_client_api().give_code(CodeFor::Login, code, &request).map(Login::from)
    }
}
