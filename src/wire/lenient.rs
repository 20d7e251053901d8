//! Field readers for answers in which `null` means the same as nothing.

use serde::{Deserialize, Deserializer};

/// Reads `null` as the default. Goes with `#[serde(default)]`, which does the same for a missing field.
pub(crate) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
