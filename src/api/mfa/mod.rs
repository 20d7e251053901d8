//! The second factor: TOTP and recovery codes.
//!
//! | operation | Rust | C |
//! |---|---|---|
//! | `GET /current-identity/mfa` | [`Mfa::get`] | `zec_mfa_get` |
//! | `POST /current-identity/mfa` | [`Mfa::enroll`] | `zec_mfa_enroll` |
//! | `DELETE /current-identity/mfa` | [`Mfa::delete`] | `zec_mfa_delete` |
//! | `POST /current-identity/mfa/verify` | [`Mfa::verify`] | `zec_mfa_verify` |
//! | `GET /current-identity/mfa/qr-code` | [`Mfa::qr_code`] | `zec_mfa_qr_code` |
//! | `GET /current-identity/mfa/recovery-codes` | [`Mfa::recovery_codes`] | `zec_mfa_recovery_codes` |
//! | `POST /current-identity/mfa/recovery-codes` | [`Mfa::create_recovery_codes`] | `zec_mfa_create_recovery_codes` |
//!
//! To set one up: [`enroll`](Mfa::enroll), show the user the [`qr_code`](Mfa::qr_code) or the provisioning URL and the
//! recovery codes that [`get`](Mfa::get) returns until then, and [`verify`](Mfa::verify) with the first code of the
//! user's device. Each later login waits for a code: [`Client::authenticate_mfa`].
//!
//! A login over OIDC that waits for a second factor which is not set up yet has no session, and none of the paths above.
//! [`enroll`](Mfa::enroll), [`verify`](Mfa::verify), [`get`](Mfa::get) and [`delete`](Mfa::delete) without a code work
//! all the same, by the steps of that login: `POST /oidc/login/totp/enroll`, `POST /oidc/login/totp/enroll/verify` and
//! `DELETE /oidc/login/totp/enroll`. The controller tells the set-up once, to the client that began it, and there is no
//! picture of it. 1.3 cannot do this: it is [`Error::Unsupported`].
//!
//! A wrong code is [`Error::Api`] with the code `MFA_INVALID_TOKEN`. Controllers take a TOTP code for two steps of 30 s
//! before and after its own, and more than once.

#[cfg(feature = "capi")]
pub(crate) mod ffi;
mod model;
#[cfg(test)]
pub(super) mod recorded;

pub(in crate::api) use model::Created;
pub use model::{MfaEnrollment, QrCode, RecoveryCodes};

use crate::client::Client;
use crate::error::Error;
use crate::login::{CodeFor, Generation, with_code};
use crate::secret::Secret;
use crate::wire::{Method, Request, envelope};

const PATH: &str = "/current-identity/mfa";
const RECOVERY_CODES: &str = "/current-identity/mfa/recovery-codes";
const CODE: &str = "mfa-validation-code";
/// Of a login over OIDC that waits.
const SET_UP: &str = "POST /oidc/login/totp/enroll";

/// The second factor of a client's identity.
#[derive(Debug, Clone, Copy)]
pub struct Mfa<'a> {
    client: &'a Client,
}

impl<'a> Mfa<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// The second factor as it is: until it is verified, with all that sets up a device.
    ///
    /// `GET /current-identity/mfa` (detailMfa)
    ///
    /// # Errors
    /// [`Error::Api`] with status 404 if there is none.
    pub fn get(&self) -> Result<MfaEnrollment, Error> {
        let call = self.client.call();
        if let Some(setup) = self.client.of_waiting_login(&call, Generation::totp_setup)? {
            return envelope::bare(SET_UP, setup.expose().as_bytes());
        }
        self.client.fetch_in(&call, &Request::get(PATH).with_partial_login())
    }

    /// Begins to set up a second factor, and returns its id. Logins do not want it before it is verified.
    ///
    /// `POST /current-identity/mfa` (enrollMfa)
    ///
    /// # Errors
    /// [`Error::Api`] with the code `MFA_EXISTS` if there is one, verified or not: see [`delete`](Mfa::delete).
    pub fn enroll(&self) -> Result<String, Error> {
        let call = self.client.call();
        if let Some(setup) = self.client.of_waiting_login(&call, Generation::set_up_totp)? {
            return envelope::bare(SET_UP, setup.expose().as_bytes()).map(|Created { id }| id);
        }
        self.client.fetch_in(&call, &Request::post(PATH).with_partial_login()).map(|Created { id }| id)
    }

    /// Removes the second factor. Without a code only one that is not verified goes; else a TOTP or recovery code is
    /// needed.
    ///
    /// `DELETE /current-identity/mfa` (deleteMfa)
    ///
    /// # Errors
    /// [`Error::LoginPending`] while the login waits for a code: it needs that first.
    pub fn delete(&self, code: Option<&Secret>) -> Result<(), Error> {
        let call = self.client.call();
        if code.is_none() && self.client.of_waiting_login(&call, Generation::cancel_totp)?.is_some() {
            return Ok(());
        }
        let request = Request::new(Method::Delete, PATH);
        self.client.run_in(&call, &code.into_iter().fold(request, |request, code| request.header(CODE, code)))
    }

    /// Proves by a TOTP code that a device is set up: from now on logins want a code.
    ///
    /// `POST /current-identity/mfa/verify` (verifyMfa)
    ///
    /// The login itself stays, or becomes, complete: one that waited because its identity must have a second factor
    /// does so no longer. A recovery code proves nothing here.
    ///
    /// # Errors
    /// [`Error::Api`] with status 404 if there is nothing to verify, or no longer.
    pub fn verify(&self, code: &Secret) -> Result<(), Error> {
        let request = with_code(Request::post("/current-identity/mfa/verify").with_partial_login(), code);
        self.client.give_code(CodeFor::Setup, code, &request).map(drop)
    }

    /// The provisioning URL as a picture for the camera of a device, until it is verified.
    ///
    /// `GET /current-identity/mfa/qr-code` (detailMfaQrCode)
    ///
    /// # Errors
    /// [`Error::Api`] with status 404 if there is no second factor, or if it is verified.
    pub fn qr_code(&self) -> Result<QrCode, Error> {
        let request = Request::get("/current-identity/mfa/qr-code").with_partial_login();
        let request = request.accept("image/png, application/json");
        let (_, body) = self.client.exchange(&request)?;
        QrCode::read(&request.operation(), body)
    }

    /// The recovery codes that are left, each of which stands in for a TOTP code once.
    ///
    /// `GET /current-identity/mfa/recovery-codes` (detailMfaRecoveryCodes)
    ///
    /// # Errors
    /// [`Error::Api`] with status 404 until the second factor is verified. A recovery code is a wrong code here.
    pub fn recovery_codes(&self, code: &Secret) -> Result<RecoveryCodes, Error> {
        self.client.fetch(&Request::get(RECOVERY_CODES).header(CODE, code))
    }

    /// Replaces all recovery codes by new ones, which [`recovery_codes`](Mfa::recovery_codes) returns.
    ///
    /// `POST /current-identity/mfa/recovery-codes` (createMfaRecoveryCodes)
    ///
    /// # Errors
    /// As for [`recovery_codes`](Mfa::recovery_codes).
    pub fn create_recovery_codes(&self, code: &Secret) -> Result<(), Error> {
        self.client.run(&with_code(Request::post(RECOVERY_CODES), code))
    }
}
