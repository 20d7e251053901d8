//! The C face of failed posture checks.

#![allow(
    unsafe_code,
    non_camel_case_types,
    missing_docs,
    clippy::missing_safety_doc,
    reason = "a C face: names, comments and rules are those of the header"
)]

use std::ffi::c_char;
use std::mem::MaybeUninit;

use super::{FailedCheck, FailedPolicy, read};
use crate::ffi::{Arena, Root, View, arg, clear, guard, guard_or, publish, release, zec_error};

/// A posture check that stands in the way of a session.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_failed_check {
    /// The id, which is also that of the query in the service's posture queries; or NULL.
    pub id: *const c_char,
    /// What is checked: "OS", "DOMAIN", "MAC", "PROCESS", "PROCESS_MULTI" or "MFA"; other words may come. Or NULL.
    pub type_id: *const c_char,
    /// False in all that was seen so far.
    pub is_passing: bool,
    /// Whatever else the controller tells of the check, as a JSON object; nothing so far.
    pub details_json: *const c_char,
}

/// A policy that would allow the session, if the device passed its posture checks.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_failed_policy {
    pub policy_id: *const c_char,
    /// Its checks that stand in the way.
    pub checks: *const *const zec_failed_check,
    pub checks_len: usize,
}

impl View for zec_failed_check {
    type Model = FailedCheck;

    fn view(model: &FailedCheck, arena: &mut Arena) -> Self {
        let FailedCheck { id, type_id, is_passing, details } = model;
        Self {
            id: arena.optional_str(id.as_deref()),
            type_id: arena.optional_str(type_id.as_deref()),
            is_passing: *is_passing,
            details_json: arena.json(details),
        }
    }
}

impl View for zec_failed_policy {
    type Model = FailedPolicy;

    fn view(model: &FailedPolicy, arena: &mut Arena) -> Self {
        let FailedPolicy { policy_id, checks } = model;
        Self { policy_id: arena.str(policy_id), checks: arena.views(checks), checks_len: checks.len() }
    }
}

/// Policies whose posture checks failed; passing those of any one of them is enough.
#[repr(C)]
pub struct zec_failed_policy_list {
    pub items: *const *const zec_failed_policy,
    pub len: usize,
}

impl Root for zec_failed_policy_list {
    type Kept = Arena;
}

/// The posture checks that a session failed for: an error with the code "INVALID_POSTURE". Empty for every other error,
/// and for NULL.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_error_failed_posture(
    error: Option<&zec_error>,
    out: Option<&mut MaybeUninit<*mut zec_failed_policy_list>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let answer = error.and_then(zec_error::code_and_cause);
        let policies = answer.map_or_else(Vec::new, |(code, cause)| read(code, cause));
        out.write(publish(Arena::new(), |arena: &mut Arena| zec_failed_policy_list {
            items: arena.views(&policies),
            len: policies.len(),
        }));
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn zec_failed_policy_list_free(list: *mut zec_failed_policy_list) {
    guard_or((), || {
        // SAFETY: a root is NULL or was not freed yet (header, "Ownership").
        unsafe { release(list) };
    });
}
