//! What a device tells about itself, so that policies can decide.

use crate::client::Client;

/// What a client's device tells about itself.
#[derive(Debug, Clone, Copy)]
pub struct Posture<'a> {
    client: &'a Client,
}

impl<'a> Posture<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }
}
