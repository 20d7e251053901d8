//! The ways in which the own identity can log in.

use crate::client::Client;

/// The ways in which a client's identity can log in.
#[derive(Debug, Clone, Copy)]
pub struct Authenticators<'a> {
    client: &'a Client,
}

impl<'a> Authenticators<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }
}
