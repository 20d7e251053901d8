//! What a service asks of the device, and whether that is met.

#[cfg(feature = "capi")]
pub(crate) mod ffi;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

use super::Permission;
use crate::error::Error;
use crate::wire::Timestamp;
use crate::wire::envelope::kept;
use crate::wire::fields::{Fields, Model};

/// What one policy asks of the device before it grants what it grants.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PostureQuerySet {
    /// The id of the policy. Where a policy checks nothing, controllers may send a sentence in its place.
    pub policy_id: String,
    /// What the policy grants, in the controller's words: `Dial` or `Bind`.
    pub policy_type: Option<String>,
    /// True if all queries pass, or there is none.
    pub is_passing: bool,
    /// The checks.
    pub queries: Vec<PostureQuery>,
}

impl Model for PostureQuerySet {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self {
            policy_id: fields.get("policyId"),
            policy_type: fields.get("policyType"),
            is_passing: fields.get("isPassing"),
            queries: fields.get("postureQueries"),
        }
    }
}

/// One check of the device, and how it went.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PostureQuery {
    /// The id, by which responses name the check.
    pub id: String,
    /// What is checked: `OS`, `PROCESS`, `PROCESS_MULTI`, `DOMAIN`, `MAC` or `MFA`; other words may come.
    pub query_type: Option<String>,
    /// True if the device passes the check.
    pub is_passing: bool,
    /// For how many seconds a pass holds; -1 without an end.
    pub timeout: Option<i64>,
    /// For how many seconds the pass still held when the controller answered; -1 without an end.
    pub timeout_remaining: Option<i64>,
    /// When the pass ends, by the controller's clock. From controller 2.0 on, where there is an end.
    pub timeout_at: Option<Timestamp>,
    /// The process that is looked for, of a `PROCESS` check.
    pub process: Option<PostureQueryProcess>,
    /// The processes that are looked for, of a `PROCESS_MULTI` check.
    pub processes: Vec<PostureQueryProcess>,
    /// True if an `MFA` check wants a code again after the device slept.
    pub prompt_on_wake: bool,
    /// True if an `MFA` check wants a code again after the device was locked.
    pub prompt_on_unlock: bool,
    /// How many seconds there are for that code. Known from the API document only.
    pub prompt_grace_period_seconds: Option<i64>,
    /// When the check was made.
    pub created_at: Option<Timestamp>,
    /// When the check was last changed, or what is known of the device in its respect.
    pub updated_at: Option<Timestamp>,
    /// What an administrator attached to the check.
    pub tags: Map<String, Value>,
}

impl Model for PostureQuery {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self {
            id: fields.get("id"),
            query_type: fields.get("queryType"),
            is_passing: fields.get("isPassing"),
            timeout: fields.get("timeout"),
            timeout_remaining: fields.get("timeoutRemaining"),
            timeout_at: fields.get("timeoutAt"),
            process: fields.get("process"),
            processes: fields.get("processes"),
            prompt_on_wake: fields.get("promptOnWake"),
            prompt_on_unlock: fields.get("promptOnUnlock"),
            prompt_grace_period_seconds: fields.get("promptGracePeriodSeconds"),
            created_at: fields.get("createdAt"),
            updated_at: fields.get("updatedAt"),
            tags: fields.get("tags"),
        }
    }
}

/// A process that a check looks for, on one operating system.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PostureQueryProcess {
    /// `Windows`, `WindowsServer`, `Android`, `iOS`, `Linux` or `macOS`.
    pub os_type: Option<String>,
    /// The path of the program.
    pub path: Option<String>,
}

impl Model for PostureQueryProcess {
    fn from_fields(fields: &mut Fields<'_>) -> Self {
        Self { os_type: fields.get("osType"), path: fields.get("path") }
    }
}

/// Reads the posture queries of a service.
pub(super) fn read(service: &str, queries: &str) -> Result<Vec<PostureQuerySet>, Error> {
    kept(&format!("the posture queries of service {service}"), "postureQueries", queries)
}

/// Whether a service may be used in this way, if it is permitted at all.
pub(super) fn can_use(service: &str, queries: &str, is_permitted: bool, permission: Permission) -> Result<bool, Error> {
    Ok(is_permitted && lets_through(&read(service, queries)?, permission))
}

/// True if the policies of this type let the device through: there is none that asks for anything, or one that is met.
fn lets_through(sets: &[PostureQuerySet], permission: Permission) -> bool {
    let mut of_type = sets.iter().filter(|set| set.policy_type.as_deref() == Some(permission.as_str())).peekable();
    of_type.peek().is_none() || of_type.any(|set| set.is_passing)
}
