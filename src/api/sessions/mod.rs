//! Sessions with services: what lets a data plane dial or host one.
//!
//! | operation | Rust | C |
//! |---|---|---|
//! | `GET /sessions` | [`Sessions::list`], [`Sessions::page`], [`Sessions::iter`] | `zec_sessions_list`, `zec_sessions_page`, `zec_sessions_for_each` |
//! | `POST /sessions` | [`Sessions::create`] | `zec_sessions_create` |
//! | `GET /sessions/{id}` | [`Sessions::get`] | `zec_sessions_get` |
//! | `DELETE /sessions/{id}` | [`Sessions::delete`] | `zec_sessions_delete` |

pub(crate) mod failed_posture;
#[cfg(feature = "capi")]
pub(crate) mod ffi;
mod model;
#[cfg(test)]
pub(super) mod recorded;
mod request;

pub use failed_posture::{FailedCheck, FailedPolicy};
pub use model::{Session, SessionType};
pub use request::SessionRequest;

use crate::api::list::{self, List, ListQuery, Rows};
use crate::client::Client;
use crate::error::Error;
use crate::wire::request::{Body, entity_path};
use crate::wire::{Method, Request};

/// The sessions of a client's identity with services.
#[derive(Debug, Clone, Copy)]
pub struct Sessions<'a> {
    client: &'a Client,
}

impl<'a> Sessions<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// All sessions of this login that match the query.
    ///
    /// `GET /sessions` (listSessions), 500 at a time, within one deadline.
    ///
    /// The controller knows those that were made with a login that is not OIDC; under OIDC the list is empty. Since
    /// controller 2.0 the `token` of a session that is listed is its id, and no edge router takes it: only the answer
    /// to [`create`](Sessions::create) has the token.
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a query with a limit or an offset. [`Error::LoginPending`] if the login still
    /// wants a factor.
    pub fn list(&self, query: &ListQuery) -> Result<List<Session>, Error> {
        list::all(self.client, every_session(), query)
    }

    /// One page of the sessions that match the query, as in [`list`](Sessions::list).
    ///
    /// `GET /sessions` (listSessions)
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for a limit of 0. [`Error::LoginPending`] if the login still wants a factor.
    pub fn page(&self, query: &ListQuery) -> Result<List<Session>, Error> {
        list::page(self.client, every_session(), query)
    }

    /// The sessions that match the query one by one, fetched as they are asked for, as in [`list`](Sessions::list).
    ///
    /// `GET /sessions` (listSessions), 500 at a time.
    ///
    /// # Errors
    /// As for [`list`](Sessions::list).
    pub fn iter(&self, query: &ListQuery) -> Result<Rows<'a, Session>, Error> {
        list::iter(self.client, every_session(), query)
    }

    /// A session with a service: the token for its edge routers, and where they are.
    ///
    /// `POST /sessions` (createSession)
    ///
    /// Under a login that is not OIDC there is one session for each service and kind: asking again gives the one that is
    /// there, since controller 2.0 with a fresh token. So after a lost answer it does no harm to ask again, which this
    /// call leaves to its caller. Since controller 2.0 the answer has no times and no names.
    ///
    /// # Errors
    /// [`Error::Api`] with
    /// - status 409 and code `INVALID_POSTURE` if this device fails the posture checks:
    ///   [`ApiError::failed_posture`](crate::ApiError::failed_posture) tells which;
    /// - status 400 and code `NO_EDGE_ROUTERS_AVAILABLE` if none of the edge routers that may serve the two is online:
    ///   try later, or have an administrator look at routers and their policies. Controllers before 2.0 then give the
    ///   session that is there already, if there is one, without edge routers;
    /// - status 400 and cause field `ServiceId` if the identity may not use the service in this way;
    /// - status 404 for a service that it may not use at all, and for one that is not there.
    ///
    /// [`Error::LoginPending`] if the login still wants a factor.
    pub fn create(&self, session: &SessionRequest) -> Result<Session, Error> {
        self.client.fetch(&Request::post("/sessions").body(Body::json(session)))
    }

    /// The session with this id, as in [`list`](Sessions::list).
    ///
    /// `GET /sessions/{id}` (detailSession)
    ///
    /// # Errors
    /// [`Error::InvalidArgument`] for what cannot be an id. A session of another login is [`Error::Api`] with status
    /// 404, like one that is not there; under OIDC that is every session.
    pub fn get(&self, id: &str) -> Result<Session, Error> {
        self.client.fetch(&Request::get(entity_path("/sessions", id)?))
    }

    /// Ends the session with this id.
    ///
    /// `DELETE /sessions/{id}` (deleteSession)
    ///
    /// # Errors
    /// As for [`get`](Sessions::get).
    pub fn delete(&self, id: &str) -> Result<(), Error> {
        self.client.run(&Request::new(Method::Delete, entity_path("/sessions", id)?))
    }
}

/// Each session names all of its edge routers, so a page may be long.
fn every_session() -> Request {
    Request::get("/sessions").long_answer()
}
