//! Enrollment, operation by operation.

use crate::client::Client;

/// The enrollment operations as the API has them.
#[derive(Debug, Clone, Copy)]
pub struct Enrollments<'a> {
    client: &'a Client,
}

impl<'a> Enrollments<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }
}

/// The tokens by which anybody may join a network.
#[derive(Debug, Clone, Copy)]
pub struct NetworkJwts<'a> {
    client: &'a Client,
}

impl<'a> NetworkJwts<'a> {
    pub(crate) fn new(client: &'a Client) -> Self {
        Self { client }
    }
}
