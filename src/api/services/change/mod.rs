//! What a service is changed to.

#[cfg(feature = "capi")]
pub(crate) mod ffi;

use serde::Serialize;
use serde_json::{Map, Value};

/// All that can be said of a service: what is not given here is gone, or back at its default, afterwards.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ServiceUpdate {
    /// The name.
    pub name: String,
    /// The ids of its configs.
    pub configs: Vec<String>,
    /// Whether data has to be encrypted from end to end.
    pub encryption_required: bool,
    /// After how long without data a connection is closed, in milliseconds; 0 is never.
    pub max_idle_time_millis: i64,
    /// The attributes that policies select the service by.
    pub role_attributes: Vec<String>,
    /// What is attached to it.
    pub tags: Map<String, Value>,
    /// How the network picks among the terminators, such as `smartrouting`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terminator_strategy: Option<String>,
}

impl ServiceUpdate {
    /// A service with this name, and the default of all else.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }
}

/// What is changed of a service: `None` leaves as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ServicePatch {
    /// The name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The ids of its configs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub configs: Option<Vec<String>>,
    /// Whether data has to be encrypted from end to end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encryption_required: Option<bool>,
    /// After how long without data a connection is closed, in milliseconds; 0 is never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_idle_time_millis: Option<i64>,
    /// The attributes that policies select the service by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_attributes: Option<Vec<String>>,
    /// What is attached to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Map<String, Value>>,
    /// How the network picks among the terminators, such as `smartrouting`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terminator_strategy: Option<String>,
}
