//! The C face of a diagnosis.

#![allow(
    unsafe_code,
    non_camel_case_types,
    missing_docs,
    clippy::missing_safety_doc,
    reason = "a C face: names, comments and rules are those of the header"
)]

use std::ffi::c_char;
use std::mem::MaybeUninit;

use super::{ControllerDiagnosis, DiagnosedClient, Diagnosis, DiagnosisStep};
use crate::client::ffi::zec_client;
use crate::ffi::{
    Arena, Root, View, arg, clear, give, guard, guard_or, milliseconds, release, unix_seconds, zec_error,
    zec_identity_description,
};
use crate::trust::display_time;

/// One step of a diagnosis.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_diagnosis_step {
    /// "resolve", "connect", "proxy", "tls", "name", "chain", "version", "clock", "certificate" or "login"; other words
    /// may come.
    pub kind: *const c_char,
    /// "ok", "failed", or "skipped" as something before it failed or it is not needed.
    pub outcome: *const c_char,
    /// What was found, or why the step failed or was skipped.
    pub detail: *const c_char,
    /// What to do, if the step failed and the detail does not say; or NULL.
    pub advice: *const c_char,
}

impl View for zec_diagnosis_step {
    type Model = DiagnosisStep;

    fn view(step: &DiagnosisStep, arena: &mut Arena) -> Self {
        let DiagnosisStep { kind, outcome, detail, advice } = step;
        Self {
            kind: arena.str(kind.as_str()),
            outcome: arena.str(outcome.as_str()),
            detail: arena.str(detail),
            advice: arena.optional_str(advice.as_deref()),
        }
    }
}

/// The way to one controller, step by step.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_controller_diagnosis {
    /// As `https://host:port`.
    pub url: *const c_char,
    /// In the order in which they were taken.
    pub steps: *const *const zec_diagnosis_step,
    pub steps_len: usize,
}

impl View for zec_controller_diagnosis {
    type Model = ControllerDiagnosis;

    fn view(diagnosis: &ControllerDiagnosis, arena: &mut Arena) -> Self {
        let ControllerDiagnosis { url, steps } = diagnosis;
        Self { url: arena.str(url), steps: arena.views(steps), steps_len: steps.len() }
    }
}

/// The client that was diagnosed: what it is, where it runs, and how it was set up. No secrets.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_diagnosed_client {
    /// The version of this library.
    pub version: *const c_char,
    /// What it was built with, such as "ring".
    pub features: *const *const c_char,
    pub features_len: usize,
    /// Operating system, its release where it is known, and architecture.
    pub system: *const c_char,
    /// When the diagnosis began, by the local clock, as RFC 3339.
    pub time: *const c_char,
    /// The same in seconds since 1970.
    pub time_unix: i64,
    /// The identity, with the file that it is kept in. It is freed with the diagnosis.
    pub identity: *const zec_identity_description,
    /// True if a signer has the identity's key.
    pub is_key_in_signer: bool,
    /// By what the client logs in: "certificate", "password" or "external_jwt"; other words may come.
    pub credentials: *const c_char,
    /// Which kind of login it was told to make: "auto", "legacy" or "oidc"; other words may come.
    pub login_flow: *const c_char,
    /// The proxy, without its password, or NULL; some hosts may be excepted from it.
    pub proxy: *const c_char,
    /// True if the system's roots are trusted, too.
    pub trusts_system_roots: bool,
    /// The time limit of a call.
    pub timeout_ms: u64,
    /// The time limit of opening one connection.
    pub connect_timeout_ms: u64,
}

impl View for zec_diagnosed_client {
    type Model = DiagnosedClient;

    fn view(client: &DiagnosedClient, arena: &mut Arena) -> Self {
        let DiagnosedClient {
            version,
            features,
            system,
            time,
            identity,
            is_key_in_signer,
            credentials,
            login_flow,
            proxy,
            trusts_system_roots,
            timeout,
            connect_timeout,
        } = client;
        let identity = zec_identity_description::view(identity, arena);
        Self {
            version: arena.str(version),
            features: arena.strs(features.iter().map(String::as_str)),
            features_len: features.len(),
            system: arena.str(system),
            time: arena.str(&display_time(*time)),
            time_unix: unix_seconds(*time),
            identity: arena.one(identity),
            is_key_in_signer: *is_key_in_signer,
            credentials: arena.str(credentials),
            login_flow: arena.str(login_flow),
            proxy: arena.optional_str(proxy.as_deref()),
            trusts_system_roots: *trusts_system_roots,
            timeout_ms: milliseconds(*timeout),
            connect_timeout_ms: milliseconds(*connect_timeout),
        }
    }
}

/// Which step on the way to a login fails, and why.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_diagnosis {
    /// The way to each controller.
    pub controllers: *const *const zec_controller_diagnosis,
    pub controllers_len: usize,
    /// The identity's certificate and its login.
    pub identity: *const *const zec_diagnosis_step,
    pub identity_len: usize,
    /// Whether no step failed.
    pub is_ok: bool,
    /// All of this for people, in lines.
    pub text: *const c_char,
    /// All of this as one JSON object, in one line.
    pub json: *const c_char,
    /// What was diagnosed, and where.
    pub client: *const zec_diagnosed_client,
}

impl Root for zec_diagnosis {
    type Kept = Arena;
}

impl View for zec_diagnosis {
    type Model = Diagnosis;

    fn view(diagnosis: &Diagnosis, arena: &mut Arena) -> Self {
        let (text, json) = (arena.str(&diagnosis.to_string()), arena.str(&diagnosis.to_json()));
        let is_ok = diagnosis.is_ok();
        let Diagnosis { client, controllers, identity } = diagnosis;
        let client = zec_diagnosed_client::view(client, arena);
        Self {
            controllers: arena.views(controllers),
            controllers_len: controllers.len(),
            identity: arena.views(identity),
            identity_len: identity.len(),
            is_ok,
            text,
            json,
            client: arena.one(client),
        }
    }
}

/// Tries each step on the way to a login, at every controller, and says which fails, why, and what to do. It takes no
/// longer than one call may; each controller has its share of that. Nothing is spent and nothing changed, but that a
/// client without a login logs in, as its next call would, and waits for nothing that may come later. What fails, by a cancel token, too, is in the diagnosis and is
/// no error.
#[unsafe(no_mangle)]
#[must_use]
pub extern "C" fn zec_client_diagnose(
    client: Option<&zec_client>,
    out: Option<&mut MaybeUninit<*mut zec_diagnosis>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let client = arg(client, "client")?;
        out.write(give::<zec_diagnosis>(&client.client.diagnose()));
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn zec_diagnosis_free(diagnosis: *mut zec_diagnosis) {
    guard_or((), || {
        // SAFETY: a root is NULL or was not freed yet (header, "Ownership").
        unsafe { release(diagnosis) };
    });
}
