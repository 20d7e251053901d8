//! The API documents that a controller serves, for which no login is needed.
//!
//! | operation | Rust | C |
//! |---|---|---|
//! | `GET /specs` | [`Specs::list`] | `zec_specs_list` |
//! | `GET /specs/{id}` | [`Specs::get`] | `zec_specs_get` |
//! | `GET /specs/{id}/spec` | [`Specs::body`] | `zec_specs_body` |

#[cfg(feature = "capi")]
pub(crate) mod ffi;
mod model;

pub use model::{Spec, SpecBody};

use crate::client::Client;
use crate::error::Error;
use crate::wire::Request;
use crate::wire::request::entity_path;

/// The API documents of a controller.
#[derive(Debug, Clone, Copy)]
pub struct Specs<'a> {
    client: &'a Client,
}

impl<'a> Specs<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// The API documents that the controller names: all of them, as there are no pages.
    ///
    /// `GET /specs` (listSpecs)
    ///
    /// # Errors
    /// Any of a call.
    pub fn list(&self) -> Result<Vec<Spec>, Error> {
        self.client.fetch(&Request::get("/specs").without_login())
    }

    /// What the controller says of an API document, such as `edge-client`. It may have more than it lists.
    ///
    /// `GET /specs/{id}` (detailSpec)
    ///
    /// # Errors
    /// [`Error::Api`] with status 404 for an id that the controller does not know.
    pub fn get(&self, id: &str) -> Result<Spec, Error> {
        self.client.fetch(&Request::get(entity_path("/specs", id)?).without_login())
    }

    /// The text of an API document.
    ///
    /// `GET /specs/{id}/spec` (detailSpecBody). It is asked for as JSON; the media type says what came.
    ///
    /// # Errors
    /// As for [`get`](Specs::get); [`Error::Decode`] for an answer that is no UTF-8 text.
    pub fn body(&self, id: &str) -> Result<SpecBody, Error> {
        let path = entity_path("/specs", id)? + "/spec";
        let request = Request::get(path).without_login().long_answer();
        let (head, body) = self.client.exchange(&request)?;
        SpecBody::read(&request.operation(), head.content_type, body)
    }
}
