//! Sessions with services: what lets a data plane dial or host one.

use crate::client::Client;

/// The sessions of a client's identity with services.
#[derive(Debug, Clone, Copy)]
pub struct Sessions<'a> {
    client: &'a Client,
}

impl<'a> Sessions<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }
}
