//! Certificates that stand for a session for a short time, instead of for an identity.
//!
//! | operation | Rust | C |
//! |---|---|---|
//! | `GET /current-api-session/certificates` | [`SessionCertificates::list`], [`SessionCertificates::page`], [`SessionCertificates::iter`] | `zec_session_certificates_list`, `zec_session_certificates_page`, `zec_session_certificates_for_each` |
//! | `POST /current-api-session/certificates` | [`SessionCertificates::create`] | `zec_session_certificates_create` |
//! | `GET /current-api-session/certificates/{id}` | [`SessionCertificates::get`] | `zec_session_certificates_get` |
//! | `DELETE /current-api-session/certificates/{id}` | [`SessionCertificates::delete`] | `zec_session_certificates_delete` |

#[cfg(feature = "capi")]
pub(crate) mod ffi;
mod model;
#[cfg(test)]
pub(in crate::api) mod recorded;

pub use model::{NewSessionCertificate, SessionCertificate};

use serde::Serialize;

use crate::api::list::{self, List, ListQuery, Rows};
use crate::client::Client;
use crate::error::Error;
use crate::wire::request::entity_path;
use crate::wire::{Body, Method, Request};

const PATH: &str = "/current-api-session/certificates";

/// The certificates of the session of a client's login.
#[derive(Debug, Clone, Copy)]
pub struct SessionCertificates<'a> {
    client: &'a Client,
}

impl<'a> SessionCertificates<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// All certificates of the session that match the query.
    ///
    /// `GET /current-api-session/certificates` (listCurrentApiSessionCertificates), 500 at a time, within one deadline.
    ///
    /// Controllers of 1.3 and 2.0 list those of other sessions and identities, too, and one for each login by
    /// certificate. They can be neither fetched nor deleted.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a query with a limit or an offset.
    pub fn list(&self, query: &ListQuery) -> Result<List<SessionCertificate>, Error> {
        list::all(self.client, Request::get(PATH), query)
    }

    /// One page of the certificates that match the query.
    ///
    /// `GET /current-api-session/certificates` (listCurrentApiSessionCertificates)
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a limit of 0.
    pub fn page(&self, query: &ListQuery) -> Result<List<SessionCertificate>, Error> {
        list::page(self.client, Request::get(PATH), query)
    }

    /// The certificates that match the query one by one, fetched as they are asked for.
    ///
    /// `GET /current-api-session/certificates` (listCurrentApiSessionCertificates), 500 at a time.
    ///
    /// # Errors
    /// As for [`list`](SessionCertificates::list).
    pub fn iter(&self, query: &ListQuery) -> Result<Rows<'a, SessionCertificate>, Error> {
        list::iter(self.client, Request::get(PATH), query)
    }

    /// Issues a certificate for the key that signed the PEM of a certificate request, whose subject it takes over. It is
    /// dated for some hours, and of use as long as the session.
    ///
    /// `POST /current-api-session/certificates` (createCurrentApiSessionCertificate)
    ///
    /// # Errors
    /// [`Error::Api`] with the code `COULD_NOT_PROCESS_CSR`.
    pub fn create(&self, csr_pem: &str) -> Result<NewSessionCertificate, Error> {
        #[derive(Serialize)]
        struct CreateBody<'a> {
            csr: &'a str,
        }
        self.client.fetch(&Request::post(PATH).body(Body::json(&CreateBody { csr: csr_pem })))
    }

    /// One certificate of the session.
    ///
    /// `GET /current-api-session/certificates/{id}` (detailCurrentApiSessionCertificate)
    ///
    /// # Errors
    /// [`Error::Api`] with status 404 for an id that is none of this session's, up to 1.3 with status 500.
    pub fn get(&self, id: &str) -> Result<SessionCertificate, Error> {
        self.client.fetch(&Request::get(entity_path(PATH, id)?))
    }

    /// Deletes a certificate of the session: it stands for the session no longer.
    ///
    /// `DELETE /current-api-session/certificates/{id}` (deleteCurrentApiSessionCertificate)
    ///
    /// # Errors
    /// As for [`get`](SessionCertificates::get).
    pub fn delete(&self, id: &str) -> Result<(), Error> {
        self.client.run(&Request::new(Method::Delete, entity_path(PATH, id)?))
    }
}
