//! The second factor: TOTP and recovery codes.

use crate::client::Client;

/// The second factor of a client's identity.
#[derive(Debug, Clone, Copy)]
pub struct Mfa<'a> {
    client: &'a Client,
}

impl<'a> Mfa<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }
}
