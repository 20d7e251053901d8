//! What one entity says of another.

use super::fields::{Fields, Model};

/// A reference to another entity of the network.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct EntityRef {
    /// The id.
    pub id: Option<String>,
    /// The name.
    pub name: Option<String>,
    /// What kind of entity it is, such as `identities`.
    pub entity: Option<String>,
}

impl Model for EntityRef {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self { id: fields.get("id"), name: fields.get("name"), entity: fields.get("entity") }
    }
}
