//! What `GET /network-jwts` answers.

use crate::wire::fields::{Fields, Model};

/// A token by which anybody may join a network.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NetworkJwt {
    /// The name.
    pub name: Option<String>,
    /// The token, for [`Enrollment::parse`](crate::Enrollment::parse). No secret: it names the network and gives no
    /// rights, and the controller hands it to everybody.
    pub token: String,
}

impl Model for NetworkJwt {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self { name: fields.get("name"), token: fields.get("token") }
    }
}
