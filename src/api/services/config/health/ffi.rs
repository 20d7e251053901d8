//! The C face of health checks.

#![allow(
    unsafe_code,
    non_camel_case_types,
    missing_docs,
    clippy::missing_safety_doc,
    reason = "a C face: names, comments and rules are those of the header"
)]

use std::ffi::c_char;

use super::{CheckAction, HttpCheck, PortCheck};
use crate::ffi::{Arena, View};

/// What follows from the outcome of a check. Each text may be NULL.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_check_action {
    /// "pass", "fail" or "change".
    pub trigger: *const c_char,
    /// How often it has to happen in a row, or -1.
    pub consecutive_events: i32,
    /// For how long it has to be so, such as "10s".
    pub duration: *const c_char,
    /// "mark healthy", "mark unhealthy", "increase cost 10", "decrease cost 10" or "send event".
    pub action: *const c_char,
}

impl View for zec_check_action {
    type Model = CheckAction;

    fn view(model: &CheckAction, arena: &mut Arena) -> Self {
        let CheckAction { trigger, consecutive_events, duration, action } = model;
        Self {
            trigger: arena.optional_str(trigger.as_deref()),
            consecutive_events: consecutive_events.map_or(-1, i32::from),
            duration: arena.optional_str(duration.as_deref()),
            action: arena.optional_str(action.as_deref()),
        }
    }
}

/// A check that opens a connection. Each text may be NULL; durations are such as "5s" or "500ms".
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_port_check {
    /// "host:port".
    pub address: *const c_char,
    /// How much time lies between two checks.
    pub interval: *const c_char,
    /// How long one check may take.
    pub timeout: *const c_char,
    /// What follows from its outcome.
    pub actions: *const *const zec_check_action,
    pub actions_len: usize,
}

impl View for zec_port_check {
    type Model = PortCheck;

    fn view(model: &PortCheck, arena: &mut Arena) -> Self {
        let PortCheck { address, interval, timeout, actions } = model;
        Self {
            address: arena.optional_str(address.as_deref()),
            interval: arena.optional_str(interval.as_deref()),
            timeout: arena.optional_str(timeout.as_deref()),
            actions: arena.views(actions),
            actions_len: actions.len(),
        }
    }
}

/// A check that makes an HTTP request. Each text may be NULL; durations are such as "5s" or "500ms".
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_http_check {
    pub url: *const c_char,
    /// "GET", "POST", "PUT" or "PATCH".
    pub method: *const c_char,
    /// What is sent.
    pub body: *const c_char,
    /// The HTTP status of a good answer, or -1.
    pub expect_status: i32,
    /// A text that a good answer holds.
    pub expect_in_body: *const c_char,
    /// How much time lies between two checks.
    pub interval: *const c_char,
    /// How long one check may take.
    pub timeout: *const c_char,
    /// What follows from its outcome.
    pub actions: *const *const zec_check_action,
    pub actions_len: usize,
}

impl View for zec_http_check {
    type Model = HttpCheck;

    fn view(model: &HttpCheck, arena: &mut Arena) -> Self {
        let HttpCheck { url, method, body, expect_status, expect_in_body, interval, timeout, actions } = model;
        Self {
            url: arena.optional_str(url.as_deref()),
            method: arena.optional_str(method.as_deref()),
            body: arena.optional_str(body.as_deref()),
            expect_status: expect_status.map_or(-1, i32::from),
            expect_in_body: arena.optional_str(expect_in_body.as_deref()),
            interval: arena.optional_str(interval.as_deref()),
            timeout: arena.optional_str(timeout.as_deref()),
            actions: arena.views(actions),
            actions_len: actions.len(),
        }
    }
}
