//! The C face of the raw door.

#![allow(
    unsafe_code,
    non_camel_case_types,
    missing_docs,
    clippy::missing_safety_doc,
    reason = "a C face: names, comments and rules are those of the header"
)]

use std::ffi::c_char;
use std::mem::{MaybeUninit, offset_of};

use zeroize::Zeroizing;

use super::{Answer, RequestBody};
use crate::error::Error;
use crate::ffi::{
    Arena, Options, Root, arg, bytes, clear, guard, guard_or, optional_text, publish, read_options, release, text,
    texts, zec_client, zec_error,
};

/// A request for zec_client_request(). Begin with ZEC_REQUEST_INIT.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct zec_request {
    /// Set by the _INIT macro.
    pub size: usize,
    /// "GET", "POST", "PUT", "PATCH" or "DELETE".
    pub method: *const c_char,
    /// Below the base path of the API and escaped, such as "/services/a%20b".
    pub path: *const c_char,
    /// Names and values in turn, not escaped.
    pub query: *const *const c_char,
    /// How many names and values; an even number.
    pub query_len: usize,
    /// May be NULL.
    pub body: *const u8,
    pub body_len: usize,
    /// What the body is. Default: "application/json".
    pub media_type: *const c_char,
}

// SAFETY: integers and pointers; the last field ends where the struct ends.
unsafe impl Options for zec_request {
    const END: usize = offset_of!(Self, media_type) + size_of::<*const c_char>();
}

/// The answer to zec_client_request().
#[repr(C)]
pub struct zec_answer {
    /// 200 to 299.
    pub http_status: u16,
    /// What the body is, or NULL.
    pub content_type: *const c_char,
    /// The body as it came, and a NUL that `body_len` does not count. Wiped when the answer is freed.
    pub body: *const u8,
    pub body_len: usize,
}

impl Root for zec_answer {
    type Kept = Kept;
}

/// What an answer points to.
pub(crate) struct Kept {
    arena: Arena,
    /// Wiped in the end, as nobody knows what is in it.
    body: Zeroizing<Vec<u8>>,
}

impl zec_answer {
    fn publish(answer: Answer) -> *mut Self {
        let Answer { status, content_type, body } = answer;
        let mut body = Zeroizing::new(body);
        body.push(0);
        publish(Kept { arena: Arena::new(), body }, |kept: &mut Kept| Self {
            http_status: status,
            content_type: kept.arena.optional_str(content_type.as_deref()),
            body: kept.body.as_ptr(),
            body_len: kept.body.len() - 1,
        })
    }
}

/// Sends any request below the base path of the API, for operations that are newer than this library. It is a call
/// like any other: with the login, within the client's time limit, and a refusal is the same error. Only a GET is
/// sent again after a lost connection.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn zec_client_request(
    client: Option<&zec_client>,
    request: *const zec_request,
    out: Option<&mut MaybeUninit<*mut zec_answer>>,
) -> Option<Box<zec_error>> {
    guard(|| {
        let out = clear(arg(out, "out")?);
        let request = (!request.is_null()).then_some(request);
        // SAFETY: a request begins with its size (header, "Ownership").
        let request = unsafe { read_options(arg(request, "request")?, "request") }?;
        let zec_request { size: _, method: name, path, query, query_len, body, body_len, media_type } = request;
        // SAFETY: a string is NULL or NUL-terminated (header, "Strings").
        let name = unsafe { text(name, "request.method") }?;
        // SAFETY: as above.
        let path = unsafe { text(path, "request.path") }?;
        // SAFETY: as above, and the array is as long as its length says.
        let query = unsafe { texts(query, query_len, "request.query") }?;
        let (query, rest) = query.as_chunks::<2>();
        if !rest.is_empty() {
            return Err(Error::InvalidArgument(
                "argument request.query_len is odd; names and values take turns".into(),
            ));
        }
        let query: Vec<(&str, &str)> = query.iter().map(|[name, value]| (*name, *value)).collect();
        // SAFETY: as above.
        let media_type = unsafe { optional_text(media_type, "request.media_type") }?.unwrap_or("application/json");
        // SAFETY: the body is as long as its length says.
        let body = unsafe { bytes(body, body_len, "request.body") }?.map(|bytes| RequestBody::new(media_type, bytes));
        let client = arg(client, "client")?;
        let answer = client.client.request(name.parse()?, path, &query, body)?;
        out.write(zec_answer::publish(answer));
        Ok(())
    })
}

#[unsafe(no_mangle)]
pub unsafe extern "C" fn zec_answer_free(answer: *mut zec_answer) {
    guard_or((), || {
        // SAFETY: a root is NULL or was not freed yet (header, "Ownership").
        unsafe { release(answer) };
    });
}
