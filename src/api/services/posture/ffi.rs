//! The C face of posture queries.

#![allow(
    unsafe_code,
    non_camel_case_types,
    missing_docs,
    clippy::missing_safety_doc,
    reason = "a C face: names, comments and rules are those of the header"
)]

use std::ffi::c_char;
use std::mem::MaybeUninit;

use super::{PostureQuery, PostureQueryProcess, PostureQuerySet, can_use, read};
use crate::api::services::Permission;
use crate::api::services::ffi::zec_service;
use crate::error::Error;
use crate::ffi::{Arena, Root, View, arg, clear, guard, guard_or, publish, release, text, zec_error};

/// A process that a check looks for, on one operating system. Each text may be NULL.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_posture_query_process {
    /// "Windows", "WindowsServer", "Android", "iOS", "Linux" or "macOS".
    pub os_type: *const c_char,
    /// The path of the program.
    pub path: *const c_char,
}

impl View for zec_posture_query_process {
    type Model = PostureQueryProcess;

    fn view(model: &PostureQueryProcess, arena: &mut Arena) -> Self {
        let PostureQueryProcess { os_type, path } = model;
        Self { os_type: arena.optional_str(os_type.as_deref()), path: arena.optional_str(path.as_deref()) }
    }
}

/// One check of the device, and how it went. Each text but `id` and `tags_json` may be NULL.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_posture_query {
    /// By which responses name the check.
    pub id: *const c_char,
    /// "OS", "PROCESS", "PROCESS_MULTI", "DOMAIN", "MAC" or "MFA"; other words may come.
    pub query_type: *const c_char,
    /// True if the device passes the check.
    pub is_passing: bool,
    /// True if an "MFA" check wants a code again after the device slept.
    pub prompt_on_wake: bool,
    /// True if an "MFA" check wants a code again after the device was locked.
    pub prompt_on_unlock: bool,
    /// How many seconds there are for that code, or -1. Known from the API document only.
    pub prompt_grace_period_seconds: i64,
    /// For how many seconds a pass holds; -1 without an end.
    pub timeout: i64,
    /// For how many seconds the pass still held when the controller answered; -1 without an end.
    pub timeout_remaining: i64,
    /// When the pass ends, by the controller's clock. This and the times below are as the controller wrote them
    /// (RFC 3339).
    pub timeout_at: *const c_char,
    /// The process that is looked for, of a "PROCESS" check, or NULL.
    pub process: *const zec_posture_query_process,
    /// The processes that are looked for, of a "PROCESS_MULTI" check.
    pub processes: *const *const zec_posture_query_process,
    pub processes_len: usize,
    pub created_at: *const c_char,
    pub updated_at: *const c_char,
    /// What an administrator attached to the check, as a JSON object.
    pub tags_json: *const c_char,
}

impl View for zec_posture_query {
    type Model = PostureQuery;

    fn view(model: &PostureQuery, arena: &mut Arena) -> Self {
        let PostureQuery {
            id,
            query_type,
            is_passing,
            timeout,
            timeout_remaining,
            timeout_at,
            process,
            processes,
            prompt_on_wake,
            prompt_on_unlock,
            prompt_grace_period_seconds,
            created_at,
            updated_at,
            tags,
        } = model;
        Self {
            id: arena.str(id),
            query_type: arena.optional_str(query_type.as_deref()),
            is_passing: *is_passing,
            prompt_on_wake: *prompt_on_wake,
            prompt_on_unlock: *prompt_on_unlock,
            prompt_grace_period_seconds: prompt_grace_period_seconds.unwrap_or(-1),
            timeout: timeout.unwrap_or(-1),
            timeout_remaining: timeout_remaining.unwrap_or(-1),
            timeout_at: arena.time(timeout_at.as_ref()),
            process: arena.optional_view(process.as_ref()),
            processes: arena.views(processes),
            processes_len: processes.len(),
            created_at: arena.time(created_at.as_ref()),
            updated_at: arena.time(updated_at.as_ref()),
            tags_json: arena.json(tags),
        }
    }
}

/// What one policy asks of the device before it grants what it grants.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_posture_query_set {
    /// Where a policy checks nothing, controllers may send a sentence in place of its id.
    pub policy_id: *const c_char,
    /// What the policy grants, "Dial" or "Bind"; or NULL.
    pub policy_type: *const c_char,
    /// True if all queries pass, or there is none.
    pub is_passing: bool,
    pub queries: *const *const zec_posture_query,
    pub queries_len: usize,
}

impl View for zec_posture_query_set {
    type Model = PostureQuerySet;

    fn view(model: &PostureQuerySet, arena: &mut Arena) -> Self {
        let PostureQuerySet { policy_id, policy_type, is_passing, queries } = model;
        Self {
            policy_id: arena.str(policy_id),
            policy_type: arena.optional_str(policy_type.as_deref()),
            is_passing: *is_passing,
            queries: arena.views(queries),
            queries_len: queries.len(),
        }
    }
}

/// The posture checks of a service by policy, in no particular order.
#[repr(C)]
pub struct zec_posture_query_set_list {
    pub items: *const *const zec_posture_query_set,
    pub len: usize,
}

impl Root for zec_posture_query_set_list {
    type Kept = Arena;
}

/// Name and posture queries of a service.
fn parts(service: &zec_service) -> Result<(&str, &str), Error> {
    // SAFETY: the texts of a record end with NUL and live as long as it does (header, "Strings").
    let name = unsafe { text(service.name, "service.name") }?;
    // SAFETY: as above.
    let queries = unsafe { text(service.posture_queries_json, "service.posture_queries_json") }?;
    Ok((name, queries))
}

/// The posture checks of a service by policy, with how they went when the controller answered. No I/O.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_service_posture_queries(
    service: Option<&zec_service>,
    out: Option<&mut MaybeUninit<*mut zec_posture_query_set_list>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let (name, queries) = parts(arg(service, "service")?)?;
        let sets = read(name, queries)?;
        out.write(publish(Arena::new(), |arena: &mut Arena| zec_posture_query_set_list {
            items: arena.views(&sets),
            len: sets.len(),
        }));
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn zec_posture_query_set_list_free(list: *mut zec_posture_query_set_list) {
    guard_or((), || {
        // SAFETY: a root is NULL or was not freed yet (header, "Ownership").
        unsafe { release(list) };
    });
}

fn give_can_use(
    service: Option<&zec_service>,
    is_permitted: impl Fn(&zec_service) -> bool,
    permission: Permission,
    out: Option<&mut MaybeUninit<bool>>,
) -> Result<(), Error> {
    let out = arg(out, "out")?;
    out.write(false);
    let service = arg(service, "service")?;
    let (name, queries) = parts(service)?;
    out.write(can_use(name, queries, is_permitted(service), permission)?);
    Ok(())
}

/// Whether this identity may connect to the service from this device, as it was when the controller answered: it is
/// permitted, and of the policies that grant it at least one has all its posture checks passed. One that checks
/// nothing counts as passed, and so does having none. `*out` is false after a failure. No I/O.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_service_can_use_dial(
    service: Option<&zec_service>,
    out: Option<&mut MaybeUninit<bool>>,
) -> Option<Box<zec_error>> {
    guard(|| give_can_use(service, |service| service.can_dial, Permission::Dial, out))
}

/// Whether this identity may host the service, by the same rule. `*out` is false after a failure. No I/O.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_service_can_use_bind(
    service: Option<&zec_service>,
    out: Option<&mut MaybeUninit<bool>>,
) -> Option<Box<zec_error>> {
    guard(|| give_can_use(service, |service| service.can_bind, Permission::Bind, out))
}
