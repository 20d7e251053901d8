//! Health checks, which the configs of the hosting side have in common.

#[cfg(feature = "capi")]
pub(crate) mod ffi;

use crate::wire::fields::{Fields, Model};

/// A check that opens a connection. Durations are texts such as `5s` or `500ms`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PortCheck {
    /// `host:port`.
    pub address: Option<String>,
    /// How much time lies between two checks.
    pub interval: Option<String>,
    /// How long one check may take.
    pub timeout: Option<String>,
    /// What follows from its outcome.
    pub actions: Vec<CheckAction>,
}

impl Model for PortCheck {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self {
            address: fields.get("address"),
            interval: fields.get("interval"),
            timeout: fields.get("timeout"),
            actions: fields.get("actions"),
        }
    }
}

/// A check that makes an HTTP request. Durations are texts such as `5s` or `500ms`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpCheck {
    /// The address to ask.
    pub url: Option<String>,
    /// `GET`, `POST`, `PUT` or `PATCH`.
    pub method: Option<String>,
    /// What is sent.
    pub body: Option<String>,
    /// The HTTP status of a good answer.
    pub expect_status: Option<u16>,
    /// A text that a good answer holds.
    pub expect_in_body: Option<String>,
    /// How much time lies between two checks.
    pub interval: Option<String>,
    /// How long one check may take.
    pub timeout: Option<String>,
    /// What follows from its outcome.
    pub actions: Vec<CheckAction>,
}

impl Model for HttpCheck {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self {
            url: fields.get("url"),
            method: fields.get("method"),
            body: fields.get("body"),
            expect_status: fields.get("expectStatus"),
            expect_in_body: fields.get("expectInBody"),
            interval: fields.get("interval"),
            timeout: fields.get("timeout"),
            actions: fields.get("actions"),
        }
    }
}

/// What follows from the outcome of a check.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckAction {
    /// `pass`, `fail` or `change`.
    pub trigger: Option<String>,
    /// How often it has to happen in a row.
    pub consecutive_events: Option<u16>,
    /// For how long it has to be so, such as `10s`.
    pub duration: Option<String>,
    /// `mark healthy`, `mark unhealthy`, `increase cost 10`, `decrease cost 10` or `send event`.
    pub action: Option<String>,
}

impl Model for CheckAction {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self {
            trigger: fields.get("trigger"),
            consecutive_events: fields.get("consecutiveEvents"),
            duration: fields.get("duration"),
            action: fields.get("action"),
        }
    }
}
