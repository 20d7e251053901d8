//! What a device tells about itself, so that policies can decide.
//!
//! | operation | Rust | C |
//! |---|---|---|
//! | `POST /posture-response` | [`Posture::submit`] | `zec_posture_submit` |
//! | `POST /posture-response-bulk` | [`Posture::submit_bulk`] | `zec_posture_submit_bulk` |
//!
//! Which facts are wanted is said by the posture queries of the services. A controller remembers a response as long as
//! the session, so responses are due after each login and after each change. A query of type `PROCESS_MULTI` is
//! answered by one [`PostureResponse::Process`] for each of its paths, all with the id of the query. A query of type
//! `MFA` has no response: it is passed by a TOTP code.

#[cfg(feature = "capi")]
pub(crate) mod ffi;
mod model;
#[cfg(test)]
pub(super) mod recorded;

pub use model::{PostureAnswer, PostureResponse, PostureService};

use serde::Serialize;

use crate::client::Client;
use crate::error::Error;
use crate::transport::Call;
use crate::wire::{Body, Request, envelope};

/// What a client's device tells about itself.
#[derive(Debug, Clone, Copy)]
pub struct Posture<'a> {
    client: &'a Client,
}

impl<'a> Posture<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// Answers one posture query. The answer names the services whose timeouts that has changed.
    ///
    /// `POST /posture-response` (createPostureResponse). A query that the controller does not know is no error.
    ///
    /// # Errors
    /// Any of a call.
    pub fn submit(&self, response: &PostureResponse) -> Result<PostureAnswer, Error> {
        self.send(&self.client.call(), "/posture-response", response)
    }

    /// Answers several posture queries, within one deadline; without any it does nothing.
    ///
    /// `POST /posture-response-bulk` (createPostureResponseBulk). To a controller that does not have it (status 404,
    /// 405 or 501) the responses are sent one by one; if one of them fails, those before it count.
    ///
    /// # Errors
    /// Any of a call.
    pub fn submit_bulk(&self, responses: &[PostureResponse]) -> Result<PostureAnswer, Error> {
        if responses.is_empty() {
            return Ok(PostureAnswer::default());
        }
        let call = self.client.call();
        match self.send(&call, "/posture-response-bulk", responses) {
            Err(error) if is_missing(&error) => self.one_by_one(&call, responses),
            outcome => outcome,
        }
    }

    fn one_by_one(&self, call: &Call, responses: &[PostureResponse]) -> Result<PostureAnswer, Error> {
        let mut answer = PostureAnswer::default();
        for response in responses {
            answer.update(self.send(call, "/posture-response", response)?);
        }
        Ok(answer)
    }

    fn send(&self, call: &Call, path: &str, body: &(impl Serialize + ?Sized)) -> Result<PostureAnswer, Error> {
        let mut request = Request::post(path).body(Body::json(&body));
        // The same facts twice are the same facts.
        request.idempotent = true;
        let mut body = Vec::new();
        self.client.send(call, &request, &mut body)?;
        envelope::data(&request.operation(), &body)
    }
}

/// True if the controller does not have the operation.
fn is_missing(error: &Error) -> bool {
    match error {
        Error::Api(answer) => matches!(answer.status, 404 | 405),
        Error::Unsupported(_) => true,
        _ => false,
    }
}
