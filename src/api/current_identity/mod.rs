//! The identity that is logged in.

use crate::client::Client;

/// The identity that a client is logged in as.
#[derive(Debug, Clone, Copy)]
pub struct CurrentIdentity<'a> {
    client: &'a Client,
}

impl<'a> CurrentIdentity<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }
}
