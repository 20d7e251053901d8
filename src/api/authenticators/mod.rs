//! The ways in which the own identity can log in.
//!
//! | operation | Rust | C |
//! |---|---|---|
//! | `GET /current-identity/authenticators` | [`Authenticators::list`], [`Authenticators::page`], [`Authenticators::iter`] | `zec_authenticators_list`, `zec_authenticators_page`, `zec_authenticators_for_each` |
//! | `GET /current-identity/authenticators/{id}` | [`Authenticators::get`] | `zec_authenticators_get` |
//! | `PUT /current-identity/authenticators/{id}` | [`Authenticators::update`] | `zec_authenticators_update` |
//! | `PATCH /current-identity/authenticators/{id}` | [`Authenticators::patch`] | `zec_authenticators_patch` |
//! | `POST /current-identity/authenticators/{id}/extend` | [`Authenticators::extend`] | `zec_authenticators_extend` |
//! | `POST /current-identity/authenticators/{id}/extend-verify` | [`Authenticators::extend_verify`] | `zec_authenticators_extend_verify` |
//!
//! The management API has all of them, too, with the same answers: see [`Client::management`].

mod change;
#[cfg(feature = "capi")]
pub(crate) mod ffi;
mod model;
#[cfg(test)]
pub(super) mod recorded;

pub use change::AuthenticatorChange;
pub use model::{Authenticator, ExtendedCertificate};

use serde::Serialize;

use crate::api::list::{self, List, ListQuery, Rows};
use crate::client::Client;
use crate::error::Error;
use crate::wire::request::entity_path;
use crate::wire::{Body, Method, Request};

const PATH: &str = "/current-identity/authenticators";

/// The ways in which a client's identity can log in.
#[derive(Debug, Clone, Copy)]
pub struct Authenticators<'a> {
    client: &'a Client,
}

impl<'a> Authenticators<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// All authenticators that match the query.
    ///
    /// `GET /current-identity/authenticators` (listCurrentIdentityAuthenticators), 500 at a time, within one deadline.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a query with a limit or an offset.
    pub fn list(&self, query: &ListQuery) -> Result<List<Authenticator>, Error> {
        list::all(self.client, request(), query)
    }

    /// One page of the authenticators that match the query.
    ///
    /// `GET /current-identity/authenticators` (listCurrentIdentityAuthenticators)
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a limit of 0.
    pub fn page(&self, query: &ListQuery) -> Result<List<Authenticator>, Error> {
        list::page(self.client, request(), query)
    }

    /// The authenticators that match the query one by one, fetched as they are asked for.
    ///
    /// `GET /current-identity/authenticators` (listCurrentIdentityAuthenticators), 500 at a time.
    ///
    /// # Errors
    /// As for [`list`](Authenticators::list).
    pub fn iter(&self, query: &ListQuery) -> Result<Rows<'a, Authenticator>, Error> {
        list::iter(self.client, request(), query)
    }

    /// One authenticator.
    ///
    /// `GET /current-identity/authenticators/{id}` (detailCurrentIdentityAuthenticator)
    ///
    /// # Errors
    /// [`Error::Api`] with status 404 for an id that is none of the identity's own.
    pub fn get(&self, id: &str) -> Result<Authenticator, Error> {
        self.client.fetch(&Request::get(entity_path(PATH, id)?).on_management())
    }

    /// Replaces user name and password, and the tags if they are given.
    ///
    /// `PUT /current-identity/authenticators/{id}` (updateCurrentIdentityAuthenticator)
    ///
    /// Sessions stay, this one and those of other logins.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] if `change` lacks the user name or the password. [`Error::Unauthorized`] if the
    /// current password is wrong: the cause names the field `currentPassword`. [`Error::Api`] with the code
    /// `CAN_NOT_UPDATE_AUTHENTICATOR` for a certificate, and `COULD_NOT_VALIDATE` for a password that controllers do
    /// not take, such as one of less than five characters.
    pub fn update(&self, id: &str, change: &AuthenticatorChange) -> Result<(), Error> {
        change.require_whole()?;
        self.change(Method::Put, id, change)
    }

    /// Changes what is given.
    ///
    /// `PATCH /current-identity/authenticators/{id}` (patchCurrentIdentityAuthenticator)
    ///
    /// Sessions stay, this one and those of other logins.
    ///
    /// # Errors
    /// As for [`update`](Authenticators::update), which needs more.
    pub fn patch(&self, id: &str, change: &AuthenticatorChange) -> Result<(), Error> {
        self.change(Method::Patch, id, change)
    }

    fn change(&self, method: Method, id: &str, change: &AuthenticatorChange) -> Result<(), Error> {
        let request = Request::new(method, entity_path(PATH, id)?).on_management();
        self.client.run(&change.secrets().fold(request, Request::hide).body(change.body()))
    }

    /// Asks for a new certificate in place of the one of the authenticator, for the key that signed the PEM of a
    /// certificate request.
    ///
    /// `POST /current-identity/authenticators/{id}/extend` (extendCurrentIdentityAuthenticator)
    ///
    /// The old certificate stays the valid one until [`extend_verify`](Authenticators::extend_verify) confirms that the
    /// new one has arrived. The operation may be repeated until then; the last certificate counts.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] if the authenticator is not the certificate that this client shows.
    /// [`Error::Api`] with the code `COULD_NOT_PROCESS_CSR`.
    pub fn extend(&self, id: &str, csr_pem: &str) -> Result<ExtendedCertificate, Error> {
        self.client.fetch(&extend_request(id, csr_pem)?)
    }

    /// Confirms the certificate that [`extend`](Authenticators::extend) returned. From now on logins need it: keep it
    /// first, with its key.
    ///
    /// `POST /current-identity/authenticators/{id}/extend-verify` (extendVerifyCurrentIdentityAuthenticator)
    ///
    /// The session stays. This client goes on showing the certificate that it has, which is refused when it next logs
    /// in: write the identity file anew, from which the client then takes the new one, or make another client. All of
    /// this together, safe against crashes, is [`Client::renew`].
    ///
    /// # Errors
    /// [`Error::Api`] with the code `INVALID_CLIENT_CERT` for another certificate, and `CAN_NOT_UPDATE_AUTHENTICATOR`
    /// if there is nothing to confirm.
    pub fn extend_verify(&self, id: &str, client_cert_pem: &str) -> Result<(), Error> {
        self.client.run(&verify_request(id, client_cert_pem)?)
    }
}

pub(crate) fn extend_request(id: &str, csr_pem: &str) -> Result<Request, Error> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct ExtendBody<'a> {
        client_cert_csr: &'a str,
    }
    let request = Request::post(entity_path(PATH, id)? + "/extend").on_management();
    Ok(request.body(Body::json(&ExtendBody { client_cert_csr: csr_pem })))
}

pub(crate) fn verify_request(id: &str, client_cert_pem: &str) -> Result<Request, Error> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct VerifyBody<'a> {
        client_cert: &'a str,
    }
    let request = Request::post(entity_path(PATH, id)? + "/extend-verify").on_management();
    Ok(request.body(Body::json(&VerifyBody { client_cert: client_cert_pem })))
}

fn request() -> Request {
    Request::get(PATH).on_management()
}
