//! The C face of posture.

#![allow(
    unsafe_code,
    non_camel_case_types,
    missing_docs,
    clippy::missing_safety_doc,
    reason = "a C face: names, comments and rules are those of the header"
)]

use std::ffi::c_char;
use std::mem::{MaybeUninit, offset_of};

use super::{PostureAnswer, PostureResponse, PostureService};
use crate::error::Error;
use crate::ffi::{
    Arena, Options, Root, View, arg, clear, give, guard, guard_or, optional_text, pointers, read_options, release,
    text, texts, zec_client, zec_error,
};

/// The operating system, to a query of type "OS": `os_type`, `os_version`, and if it is known `os_build`.
pub const ZEC_POSTURE_OS: u32 = 1;
/// The Windows domain, to a query of type "DOMAIN": `domain`.
pub const ZEC_POSTURE_DOMAIN: u32 = 2;
/// The hardware addresses, to a query of type "MAC": `mac_addresses`.
pub const ZEC_POSTURE_MAC: u32 = 3;
/// A process, to a query of type "PROCESS", and for each path to one of type "PROCESS_MULTI": `path`, `is_running`, and
/// if they are known `hash` and `signer_fingerprints`.
pub const ZEC_POSTURE_PROCESS: u32 = 4;
/// What the device went through, of its own accord, with the id of a query of type "MFA": `woken`, `unlocked`.
pub const ZEC_POSTURE_ENDPOINT_STATE: u32 = 5;

/// The answer of a device to one posture query. Fields of another kind are not looked at. Begin with
/// ZEC_POSTURE_RESPONSE_INIT.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_posture_response {
    /// Set by the _INIT macro.
    pub size: usize,
    /// What is told: one of ZEC_POSTURE_….
    pub kind: u32,
    /// Other than 0: the process runs.
    pub is_running: u32,
    /// Other than 0: the device has just woken up.
    pub woken: u32,
    /// Other than 0: the device has just been unlocked.
    pub unlocked: u32,
    /// The id of the query.
    pub id: *const c_char,
    /// "Windows", "WindowsServer", "Linux", "macOS", "iOS" or "Android".
    pub os_type: *const c_char,
    /// The version as three numbers, such as "6.1.0": a check of versions does not pass with any other form.
    pub os_version: *const c_char,
    /// May be NULL.
    pub os_build: *const c_char,
    pub domain: *const c_char,
    /// Such as "00:11:22:33:44:55"; one that fits is enough.
    pub mac_addresses: *const *const c_char,
    pub mac_addresses_len: usize,
    /// The path that the query names.
    pub path: *const c_char,
    /// The SHA-512 of the program, in hexadecimal. May be NULL.
    pub hash: *const c_char,
    /// The SHA-1 of the certificates that signed the program, in hexadecimal.
    pub signer_fingerprints: *const *const c_char,
    pub signer_fingerprints_len: usize,
}

// SAFETY: integers and pointers; the last field ends where the struct ends.
unsafe impl Options for zec_posture_response {
    const END: usize = offset_of!(Self, signer_fingerprints_len) + size_of::<usize>();
}

impl zec_posture_response {
    /// # Safety
    /// As for [`read_options`], and the strings in it are valid or NULL.
    unsafe fn rust(response: *const Self, name: &str) -> Result<PostureResponse, Error> {
        let response = (!response.is_null()).then_some(response);
        // SAFETY: the same promise is asked of the caller.
        let response = unsafe { read_options(arg(response, name)?, name) }?;
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let owned = |pointer, field: &str| unsafe { text(pointer, &format!("{name}.{field}")) }.map(str::to_owned);
        // SAFETY: as above.
        let optional = |pointer, field: &str| unsafe { optional_text(pointer, &format!("{name}.{field}")) };
        // SAFETY: as above, and an array is as long as its length says.
        let list = |pointer, len, field: &str| unsafe { texts(pointer, len, &format!("{name}.{field}")) };
        let owned_list = |texts: Vec<&str>| texts.into_iter().map(str::to_owned).collect();
        let id = owned(response.id, "id")?;
        Ok(match response.kind {
            ZEC_POSTURE_OS => PostureResponse::OperatingSystem {
                id,
                os_type: owned(response.os_type, "os_type")?,
                version: owned(response.os_version, "os_version")?,
                build: optional(response.os_build, "os_build")?.map(str::to_owned),
            },
            ZEC_POSTURE_DOMAIN => PostureResponse::Domain { id, domain: owned(response.domain, "domain")? },
            ZEC_POSTURE_MAC => {
                let addresses = list(response.mac_addresses, response.mac_addresses_len, "mac_addresses")?;
                PostureResponse::MacAddresses { id, mac_addresses: owned_list(addresses) }
            }
            ZEC_POSTURE_PROCESS => {
                let signers =
                    list(response.signer_fingerprints, response.signer_fingerprints_len, "signer_fingerprints")?;
                PostureResponse::Process {
                    id,
                    path: owned(response.path, "path")?,
                    is_running: response.is_running != 0,
                    hash: optional(response.hash, "hash")?.map(str::to_owned),
                    signer_fingerprints: owned_list(signers),
                }
            }
            ZEC_POSTURE_ENDPOINT_STATE => {
                PostureResponse::EndpointState { id, woken: response.woken != 0, unlocked: response.unlocked != 0 }
            }
            kind => {
                let message = format!("argument {name}.kind is {kind}; set it to one of ZEC_POSTURE_…");
                return Err(Error::InvalidArgument(message));
            }
        })
    }
}

/// A service with a posture query whose timeout has changed. Each text but `id` may be NULL.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_posture_service {
    pub id: *const c_char,
    pub name: *const c_char,
    /// Such as "MFA".
    pub posture_query_type: *const c_char,
    /// How many seconds the query stays passed; -1 for ever, or not told.
    pub timeout: i64,
    /// How many of them are left; 0 if it is over, -1 if there is no end, or not told.
    pub timeout_remaining: i64,
}

impl View for zec_posture_service {
    type Model = PostureService;

    fn view(model: &PostureService, arena: &mut Arena) -> Self {
        let PostureService { id, name, posture_query_type, timeout, timeout_remaining } = model;
        Self {
            id: arena.str(id),
            name: arena.optional_str(name.as_deref()),
            posture_query_type: arena.optional_str(posture_query_type.as_deref()),
            timeout: timeout.unwrap_or(-1),
            timeout_remaining: timeout_remaining.unwrap_or(-1),
        }
    }
}

/// What posture responses have changed: the services whose timeouts are new, most often none.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_posture_answer {
    pub services: *const *const zec_posture_service,
    pub services_len: usize,
}

impl Root for zec_posture_answer {
    type Kept = Arena;
}

impl View for zec_posture_answer {
    type Model = PostureAnswer;

    fn view(model: &PostureAnswer, arena: &mut Arena) -> Self {
        let PostureAnswer { services } = model;
        Self { services: arena.views(services), services_len: services.len() }
    }
}

/// Answers one posture query. Responses are due after each login and after each change; a query that the controller
/// does not know is no error.
/// POST /posture-response (createPostureResponse)
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_posture_submit(
    client: Option<&zec_client>,
    response: *const zec_posture_response,
    out: Option<&mut MaybeUninit<*mut zec_posture_answer>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        // SAFETY: a response begins with its size and holds valid strings (header, "Ownership").
        let response = unsafe { zec_posture_response::rust(response, "response") }?;
        let client = arg(client, "client")?;
        out.write(give(&client.client.posture().submit(&response)?));
        Ok(())
    })
}

/// Answers several posture queries, within one time limit; without any it does nothing. To a controller that does not
/// have this operation the responses are sent one by one; if one of them fails, those before it count. `responses` may
/// be NULL if `responses_len` is 0.
/// POST /posture-response-bulk (createPostureResponseBulk)
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_posture_submit_bulk(
    client: Option<&zec_client>,
    responses: *const *const zec_posture_response,
    responses_len: usize,
    out: Option<&mut MaybeUninit<*mut zec_posture_answer>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        // SAFETY: the array is as long as its length says (header, "Ownership").
        let responses = unsafe { pointers(responses, responses_len, "responses") }?;
        // SAFETY: as above, and a response begins with its size and holds valid strings.
        let one = |(at, &response)| unsafe { zec_posture_response::rust(response, &format!("responses[{at}]")) };
        let responses: Vec<PostureResponse> = responses.iter().enumerate().map(one).collect::<Result<_, _>>()?;
        let client = arg(client, "client")?;
        out.write(give(&client.client.posture().submit_bulk(&responses)?));
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn zec_posture_answer_free(answer: *mut zec_posture_answer) {
    guard_or((), || {
        // SAFETY: a root is NULL or was not freed yet (header, "Ownership").
        unsafe { release(answer) };
    });
}
